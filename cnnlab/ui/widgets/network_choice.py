"""Which trained network is the student looking at? One choice for the whole session, kept in the address."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st

from cnnlab import ops
from cnnlab.data import datasets, photos
from cnnlab.data.datasets import class_name
from cnnlab.data.spec import SIDE, Spec
from cnnlab.evaluation.reliability_record import checksum
from cnnlab.i18n import _, in_epochs, percent
from cnnlab.runs import Recipe, Run, RunError, Store
from cnnlab.runs.survey import sound
from cnnlab.ui.session import browser
from cnnlab.ui.widgets import lesson
from cnnlab.ui.widgets.run_status import name_of

CHOICE, LINK = "network.run", "network.link"


@dataclass(frozen=True, eq=False)
class Network:
    """A trained network, ready to compute: its flat list of layers and its arrays (read-only)."""

    run: Run
    recipe: Recipe
    layers: list[ops.Layer]
    weights: dict[str, np.ndarray]
    epochs: int  # finished ones behind these weights
    stamp: int  # when the weights were written, in nanoseconds: what caches go by
    checksum: int  # of the weights

    @property
    def classes(self) -> tuple[str, ...]:
        return self.recipe.classes

    @property
    def mark(self) -> str:
        """What people and other servers know these weights by: "weights 3fa2b1c0"."""
        return f"weights {self.checksum:08x}"

    @property
    def dataset(self) -> str:
        return self.recipe.config.dataset

    @property
    def spec(self) -> Spec:
        """What is known of the data set that it was trained on."""
        return datasets.find(self.dataset)

    def forward(self, image: np.ndarray) -> list[ops.LayerOutput]:
        """Return every layer's output for one picture (32, 32, 3) uint8; a millisecond or two."""
        return ops.forward(self.layers, self.weights, image)

    def probabilities(self, image: np.ndarray) -> np.ndarray:
        """Return the probability of each class, (classes,)."""
        return self.forward(image)[-1].values


def choose() -> Network | None:
    """Draw the choice among all networks that have weights; None (and a way on) where there are none.

    A link's `?run=` decides first. A run that was deleted, is damaged, or has no weights yet gets a sentence,
    and the choice falls back: to one's own newest, else to a shipped network, else to anybody's.
    """
    runs = {run.id: run for run in trained()}
    asked = st.query_params.get("run", "")[:80]  # longer than any name
    wanted = asked if asked and asked != st.session_state.get(LINK) else st.session_state.get(CHOICE)
    network = _first_sound(wanted, runs)
    if network is None:
        st.info(_("No network has been trained here yet. Train one: on Digits it takes seconds."))
        lesson.page_link("train", _("Train a network"), ":material/model_training:")
        return None
    runs.setdefault(network.run.id, network.run)  # its first epoch may have ended this very moment
    st.session_state[CHOICE] = network.run.id
    labels = {id: label(run) for id, run in runs.items()}
    st.selectbox(_("Network"), list(labels), format_func=labels.__getitem__, key=CHOICE)
    st.query_params["run"] = st.session_state[LINK] = network.run.id
    _follow(network)
    return network


def trained() -> list[Run]:
    """Return the runs with weights: one's own, then those of others, then the shipped; newest first."""
    me = browser.owner()
    runs = [run for run, there in sound(Store().runs(), Run.has_weights) if there]
    return [*sorted(runs, key=lambda run: _owner(run) != me), *Store().shipped()]


def load(run: Run) -> Network:
    """Read a run's network. Raises RunError where a file is missing, damaged, or does not fit the others."""
    return _load(str(run.folder), run.written())


@st.cache_data(max_entries=16, show_spinner=False)
def changed_by_use(folder: str, stamp: int, _network: Network) -> int:
    """Let the network answer for 100 crops of the sample photos; count the weights that differ afterwards.

    folder, stamp: what the answer depends on, for the cache.
    """
    before = {name: array.copy() for name, array in _network.weights.items()}
    rng = np.random.default_rng(0)
    samples = [photos.sample(name) for name in photos.samples()]
    for turn in range(100):
        image = samples[turn % len(samples)]
        size = int(rng.integers(SIDE, min(image.shape[:2]) + 1))
        _network.forward(photos.resize(photos.square(image, size=size)))
    return sum(int(np.count_nonzero(before[name] != array)) for name, array in _network.weights.items())


def verdict(probabilities: np.ndarray, classes: tuple[str, ...]) -> str:
    """Say what a careful person would say on seeing these probabilities (classes,)."""
    order = np.argsort(-probabilities)[:3]
    first, second, third = ([class_name(classes[i]) for i in order] + ["", ""])[:3]  # two classes are enough
    top, next_best = [*probabilities[order], 0.0][:2]
    if top >= 0.9:
        text = _("Very probably {first}.")
    elif top >= 0.5 and next_best >= 0.1:
        text = _("Probably {first}, perhaps {second}.")
    elif top >= 0.5:
        text = _("Probably {first}.")
    elif top >= 0.3:
        text = _("Perhaps {first}, perhaps {second}: the network is not sure.")
    else:
        text = _("The network is at a loss: {first}, {second} or {third}, none of them likely.")
    return text.format(first=first, second=second, third=third)


def _first_sound(wanted: str | None, runs: dict[str, Run]) -> Network | None:
    """Load the wanted run, else one's own, a shipped one, any; those that cannot be loaded leave `runs`."""
    if wanted:
        try:
            return load(Store().get(wanted))
        except RunError as error:
            runs.pop(wanted, None)
            st.warning(f"{error} " + _("Another network is shown."), icon=":material/broken_image:")
    me = browser.owner()
    for run in sorted(runs.values(), key=lambda run: (_owner(run) != me, not run.shipped)):
        try:
            return load(run)
        except RunError:
            del runs[run.id]
    return None


@st.cache_resource(max_entries=16, show_spinner=False)
def _load(folder: str, stamp: int) -> Network:
    run = Run(Path(folder))
    recipe, (epochs, weights) = run.recipe(), run.trained()
    for array in weights.values():
        array.flags.writeable = False  # one network serves every session
    network = Network(run, recipe, recipe.layers(), weights, epochs, stamp, checksum(weights))
    try:
        network.forward(np.zeros((SIDE, SIDE, 3), np.uint8))
    except ops.GeometryError as error:
        text = _("The weights of training run {run} do not fit its configuration: {reason}.")
        raise RunError(text.format(run=run.id, reason=error)) from error
    return network


def label(run: Run) -> str:
    """Name a run for a choice among networks: whose it is, what it learned, how well."""
    try:
        recipe, rows = run.recipe(), run.history()[: run.trained_epochs()]
        planned = int(run.commanded("epochs", recipe.config.epochs))
    except RunError:
        return run.id
    words = [name_of(run), datasets.find(recipe.config.dataset).title]
    words.append(
        _("{done} of {all}").format(done=len(rows), all=in_epochs(planned))
        if len(rows) < planned
        else in_epochs(len(rows))
    )
    if rows and np.isfinite(rows[-1]["val_accuracy"]):
        words.append(_("validation {accuracy}").format(accuracy=percent(rows[-1]["val_accuracy"], 0)))
    if run.shipped:
        words.append(_("comes with the app"))
    elif recipe.owner == browser.owner():
        words.append(_("yours"))
    return " · ".join(words)


def _owner(run: Run) -> str:
    try:
        return run.recipe().owner
    except RunError:
        return ""


def _follow(network: Network) -> None:
    """While the network is still training, draw the page again when an epoch has brought new weights."""
    if _training(network.run):
        st.fragment(_wait_for_epoch, run_every=2)(network)


def _wait_for_epoch(network: Network) -> None:
    if network.run.written() != network.stamp or not _training(network.run):
        st.rerun()
    text = _("Still training. These are the weights of the last finished epoch; the next come by themselves.")
    st.caption(f":material/sync: {text}")


def _training(run: Run) -> bool:
    try:
        return run.state().phase.at_work
    except RunError:
        return False
