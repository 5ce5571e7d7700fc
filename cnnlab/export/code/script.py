"""How is a training run repeated with plain Keras, without this app? Step by step, in words and code.

`cells` gives the steps; `script` joins them to a Python file, `cnnlab.export.code.notebook` to a notebook.
The same layers, first weights, division of the images, order, batches and learning rates give the same
numbers, but for the rounding of another machine.
"""

import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from cnnlab.config import OPTIMIZERS, Augmentation, TrainConfig, losses
from cnnlab.config.schedules import SCHEDULES
from cnnlab.data import datasets
from cnnlab.export.code import plots
from cnnlab.export.code.network import network
from cnnlab.export.code.rates import rates
from cnnlab.export.code.sources import augmentation, source
from cnnlab.i18n import _, fine, in_epochs, number, percent
from cnnlab.runs import Recipe, Run, precision
from cnnlab.training import trainer

WIDTH = 100  # characters a line of prose


@dataclass(frozen=True)
class Cell:
    """One step: a title, what it is for, and its code."""

    title: str
    words: str
    code: str


def script(run: Run) -> str:
    """Return the run as a Python file."""
    parts = [
        f"{_heading(cell)}\n{cell.code}\n" if cell.code else f"{_heading(cell)}\n" for cell in cells(run)
    ]
    return "\n\n".join(parts)


def cells(run: Run) -> list[Cell]:
    """Return the steps that repeat this run. Raises RunError where its files are damaged."""
    recipe, state, rows = run.recipe(), run.state(), run.history()
    config = recipe.config
    over = not state.phase.active and bool(rows)
    epochs = len(rows) if over else state.epochs
    plan = rates(config, run.commands(), [row["learning_rate"] for row in rows], state.steps, epochs)
    loading = datasets.find(config.dataset).loading_code()
    title = _("Training run {run}, with plain Keras").format(run=run.id)
    parts = [
        Cell(title, " ".join(filter(None, [_recorded(rows), _how(), _precision(run)])), ""),
        Cell(_("Libraries"), _("What the steps below use."), _libraries(config, loading.modules)),
        _settings(config, epochs),
        Cell(_("The images"), loading.words, loading.code),
        _split(config),
        Cell(_("The network"), *network(recipe.layers(), config.model.l2, precision.of_run(run))),
    ]
    if config.augmentation != Augmentation():
        parts.append(Cell(_("New pictures from old"), *augmentation(config.augmentation)))
    parts += [
        _batches(config),
        _goal(config, _batches_at_once(recipe)),
        _rate(config, plan),
        _training(config),
        Cell(_("Curves"), *plots.curves(config.validation > 0)),
    ]
    if shown := plots.kernels(recipe.layers()):
        parts.append(Cell(_("The first layer's kernels"), *shown))
    parts.append(_test(run))
    if run.evaluation() is not None:
        parts.append(Cell(_("Confusion matrix"), *plots.confusion()))
    return parts


def _heading(cell: Cell) -> str:
    lines = [f"# ---- {_flat(cell.title)} ".ljust(WIDTH, "-")]
    return "\n".join(
        [*lines, *textwrap.wrap(_flat(cell.words), WIDTH, initial_indent="# ", subsequent_indent="# ")]
    )


def _flat(text: str) -> str:
    """Return the text in one line, so that as a comment it can never become code."""
    return " ".join(text.split())


def _how() -> str:
    return _(
        "This file repeats it without the app. It needs Python with keras, tensorflow, numpy, matplotlib, "
        "pillow and scikit-learn (pip install keras tensorflow numpy matplotlib pillow scikit-learn). On the "
        "same kind of machine the numbers of the first epoch agree to three digits or more. Rounding differs "
        "a little, and the network learns on from each difference, so later epochs drift apart: in training "
        "by little, in validation sometimes by several points."
    )


def _precision(run: Run) -> str:
    """Say where the app has not computed in the precision asked for, or not all the time in this file's."""
    used, here, asked = precision.of_epochs(run), precision.of_run(run), run.recipe().config.precision
    if set(used) <= {here}:
        text = _("The settings ask for {asked}; the app computed in {here}, and so does this file.")
        return text.format(asked=asked, here=here) if here != asked else ""
    text = _("The app computed in {used}; this file computes in {here} from beginning to end.")
    return text.format(used=precision.words(run), here=here)


def _recorded(rows: list[dict[str, float]]) -> str:
    if not rows:
        return _("In the app, this run has not finished an epoch yet.")
    text = _("In the app, epoch {epoch} ended with a loss of {loss} and an accuracy of {accuracy}.")
    shown = [rows[0]] if len(rows) == 1 else [rows[0], rows[-1]]
    return " ".join(
        text.format(epoch=int(row["epoch"]), loss=fine(row["loss"], 4), accuracy=percent(row["accuracy"]))
        for row in shown
    )


def _libraries(config: TrainConfig, modules: Iterable[str]) -> str:
    modules = {*modules, "math"} if config.schedule != "constant" else modules
    lines = [f"import {module}" for module in sorted(modules)]
    used = [
        "import keras",
        "import matplotlib.pyplot as plt",
        "import numpy as np",
        "from keras import layers",
    ]
    return "\n".join([*lines, "", *used]).strip()


def _settings(config: TrainConfig, epochs: int) -> Cell:
    words = _(
        "A seed makes random choices repeatable: the division of the images, the first weights, the order in "
        "which images are seen. LIMIT is how many of the training images are used (None: all of them), "
        "VALIDATION the share of them held out."
    )
    code = f"""\
SEED = {config.seed}
LIMIT = {config.limit}
VALIDATION = {config.validation}
BATCH_SIZE = {config.batch_size}
EPOCHS = {epochs}"""
    return Cell(_("Settings"), words, code)


def _split(config: TrainConfig) -> Cell:
    words = _(
        "Shuffle the training images once and hold some out: the network is judged by images that it never "
        "learned from. A label becomes a row of zeros with a one at its class."
    )
    code = """\
chosen = np.random.default_rng(SEED).permutation(len(train_images))[:LIMIT]
held_out = round(VALIDATION * len(chosen))
validation, training = chosen[:held_out], chosen[held_out:]
one_hot = np.eye(len(CLASSES), dtype=np.float32)[train_labels]
STEPS = -(-len(training) // BATCH_SIZE)  # batches an epoch"""
    return Cell(_("Which images to learn from"), words, code)


# ---- Training


def _batches_at_once(recipe: Recipe) -> int:
    return trainer.steps_per_execution(recipe, steps=10**9)


def _batches(config: TrainConfig) -> Cell:
    words = _("Keras asks for one batch after the other: some images and their labels.")
    changes = ""
    if config.augmentation != Augmentation():
        words += " " + _("Only images to learn from are changed, those of validation never.")
        changes = """
        if self.epoch is not None:
            images = augment(images, np.random.default_rng([SEED, self.epoch, step]))"""
    code = f'''\
class Batches(keras.utils.PyDataset):
    """Images in this order, BATCH_SIZE at a time. epoch: counted from 0, None for validation."""

    def __init__(self, order, epoch=None):
        super().__init__()
        self.order, self.epoch = order, epoch

    def __len__(self):
        return -(-len(self.order) // BATCH_SIZE)

    def __getitem__(self, step):
        taken = self.order[step * BATCH_SIZE : (step + 1) * BATCH_SIZE]
        images = train_images[taken]{changes}
        return images, one_hot[taken]'''
    return Cell(_("Batches"), words, code)


def _goal(config: TrainConfig, at_once: int) -> Cell:
    words = _(
        "The loss says how wrong the answers are ({loss}), the optimiser how the weights follow from it. "
        "steps_per_execution is how many batches Keras computes before it comes back to Python."
    ).format(loss=losses.name(config))
    loss = "MeanSquaredError()"
    if config.loss == "cross_entropy":
        smoothing = f"label_smoothing={config.label_smoothing}" if config.label_smoothing else ""
        loss = f"CategoricalCrossentropy({smoothing})"
    code = f"""\
model.compile(
    optimizer={OPTIMIZERS[config.optimizer].source(config.learning_rate)},
    loss=keras.losses.{loss},
    metrics=["accuracy"],
    steps_per_execution=min({at_once}, STEPS),
    jit_compile=False,
)"""
    return Cell(_("Loss and optimiser"), words, code)


def _rate(config: TrainConfig, plan: dict[int, tuple[float, int]]) -> Cell:
    words = _("From which epoch on (counted from 1) which learning rate holds.")
    if len(plan) > 1:
        words += " " + _(
            "It was changed while the network trained; the change is repeated at that epoch's start."
        )
    if config.schedule == "constant":
        code = f"""\
RATES = { ({epoch: rate for epoch, (rate, _epochs) in plan.items()}) }


def learning_rate(epoch):
    return RATES[max(first for first in RATES if first <= epoch + 1)]"""
        return Cell(_("The learning rate"), words, code)
    words += " " + _(
        "Beside it stands over how many epochs the schedule is spread: the rate is multiplied by a factor "
        "that depends on the share of training done."
    )
    schedule = SCHEDULES[config.schedule]
    code = f"""\
RATES = {plan}


{_joined([*schedule.uses, schedule.factor])}


def learning_rate(epoch, step):
    rate, epochs = RATES[max(first for first in RATES if first <= epoch + 1)]
    return rate * {schedule.factor.__name__}(min(1.0, (epoch + step / STEPS) / epochs))


class SetRate(keras.callbacks.Callback):
    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_train_batch_begin(self, batch, logs=None):
        self.model.optimizer.learning_rate = learning_rate(self.epoch, batch)"""
    return Cell(_("The learning rate"), words, code)


def _joined(functions: Iterable[Callable[..., object]]) -> str:
    return "\n\n\n".join(map(source, functions))


def _training(config: TrainConfig) -> Cell:
    words = _("Once through all images is an epoch. Each begins with a new order.")
    judge = stop = ""
    if config.validation:
        judge = """
    judged = model.evaluate(Batches(validation), return_dict=True, verbose=0)
    row |= {f"val_{name}": value for name, value in judged.items()}"""
    if config.patience:
        words += " " + _("It ends early when the validation loss has not improved for so many epochs.")
        stop = f"""
    losses = [row["val_loss"] for row in history]
    if epoch - losses.index(min(losses)) >= {config.patience}:
        break"""
    rate, callbacks = "    model.optimizer.learning_rate = learning_rate(epoch)\n", ""
    if config.schedule != "constant":
        rate, callbacks = "", "callbacks=[SetRate(epoch)], "
    code = f"""\
history = []
for epoch in range(EPOCHS):
    order = np.random.default_rng([SEED, epoch]).permutation(training)
{rate}    fitted = model.fit(Batches(order, epoch), {callbacks}shuffle=False, verbose=0)
    row = {{name: values[0] for name, values in fitted.history.items()}}{judge}
    history.append(row)
    print("epoch", epoch + 1, *(f"{{name}} {{value:.4f}}" for name, value in row.items())){stop}"""
    return Cell(_("Training"), words, code)


def _test(run: Run) -> Cell:
    evaluation, before = run.evaluation(), run.last_evaluation()
    if evaluation is not None:
        words = _("In the app, {accuracy} of the {count} test images were named rightly.")
        words = words.format(accuracy=percent(evaluation.accuracy), count=number(len(evaluation.labels)))
    elif before is not None and before.epochs is not None:
        words = _(
            "In the app the test set was opened after {epochs}. Training has gone on since: nobody "
            "has asked this network yet. To do it, take away the sign # before the last two lines."
        ).format(epochs=in_epochs(before.epochs))
    else:
        words = _(
            "In the app the test set of this run is still sealed, so it stays sealed here. When you are sure "
            "that this is your network, take away the sign # before the last two lines."
        )
    sign = "# " if evaluation is None else ""
    code = f"""\
{sign}answers = model.predict(test_images, verbose=0).argmax(axis=1)
{sign}print("test accuracy", (answers == test_labels).mean())"""
    return Cell(_("The test set"), words, code)
