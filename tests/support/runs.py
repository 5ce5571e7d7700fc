"""Runs as a trainer leaves them, without one: at once, and in any phase."""

from collections.abc import Iterable

import numpy as np

from cnnlab.config import ModelConfig, TrainConfig
from cnnlab.data import datasets
from cnnlab.runs import Checkpoint, Phase, Run, Store
from cnnlab.runs.attempt import Attempt
from cnnlab.runs.history import COLUMNS
from tests.support.networks import SMALL, random_weights
from tests.support.pages import ME

DIGITS = TrainConfig(model=SMALL, dataset="digits", epochs=3)
CIFAR10 = DIGITS.model_copy(update={"dataset": "cifar10"})
ROW = dict.fromkeys(COLUMNS, 0.5)


def create(store: Store, config: TrainConfig = DIGITS, owner: str = ME, classes=None, **about) -> Run:
    """Put a run into the queue."""
    classes = classes or datasets.find(config.dataset).classes
    return store.create(config, classes, owner=owner, **({"preset": "article"} | about))


def begin(run: Run, reason: str = "queued", **state) -> int:
    """Claim an attempt and write its state once, as a worker that died right afterwards would leave it."""
    attempt = Attempt(run, run.claim(reason))
    attempt.update(**state)
    attempt.enter(Phase.RUNNING)
    return attempt.number


def table(rows: int | Iterable[dict]) -> list[dict]:
    """Return the history of so many epochs, or of one for each of these rows; what they do not say is 0.5."""
    given = [{}] * rows if isinstance(rows, int) else rows
    return [ROW | {"epoch": epoch} | row for epoch, row in enumerate(given, start=1)]


def leave(
    run: Run,
    phase: str = "finished",
    rows: int | Iterable[dict] | None = None,
    seed: int = 0,
    kernels: bool = True,
    evaluated: bool = False,
    message: str = "",
    **state,
) -> Run:
    """Leave in a run's folder what a trainer leaves there in this phase, with random weights.

    `rows` are its epochs: their number (all by default), or what is to stand in the history of each. Without
    `kernels` none were kept. One that is evaluated has answered all test pictures of its data set, at random.
    """
    recipe = run.recipe()
    history = table(recipe.config.epochs if rows is None else rows)
    weights = random_weights(recipe.layers(), seed=seed)
    attempt = Attempt(run, run.claim("queued"))
    attempt.write_history(history)
    for epoch in range(len(history) + 1) if kernels else ():
        attempt.write_kernels(epoch, kernels_of(weights))
    if history:
        attempt.write_checkpoint(Checkpoint(len(history), weights, {}))
        if phase in ("finished", "stopped"):
            attempt.write_result(weights)
    attempt.update(**{"epoch": len(history), "epochs": recipe.config.epochs, **state})
    attempt.enter(Phase(phase), message)
    if evaluated:
        labels = datasets.load(recipe.config.dataset).test_labels
        answers = np.random.default_rng(seed).dirichlet(np.ones(len(recipe.classes)), len(labels))
        run.save_evaluation(answers, labels)
    return run


def trained(store: Store, config: TrainConfig = DIGITS, owner: str = ME, classes=None, **how) -> Run:
    """Return a new run as a trainer leaves it (`leave` says how it may be)."""
    return leave(create(store, config, owner, classes), **how)


def kernels_of(weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the kernels of the convolutions among a network's weights."""
    return {name: array for name, array in weights.items() if array.ndim == 4}


def network(store: Store, model: ModelConfig = SMALL, dataset: str = "cifar10", **how) -> Run:
    """Return a trained run of this model; no kernels of earlier epochs were kept."""
    config = TrainConfig(model=model, dataset=dataset, epochs=3)
    return trained(store, config, **({"kernels": False} | how))
