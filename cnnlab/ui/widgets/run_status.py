"""What is a training run called, and what is it doing, in one sentence?"""

import time
from itertools import islice
from pathlib import Path

import streamlit as st

from cnnlab.classroom.limits import stopped_after
from cnnlab.config.presets import PRESETS
from cnnlab.data import datasets
from cnnlab.i18n import _, finished_epochs, in_epochs, number
from cnnlab.runs import Phase, Run, State, Store, queue
from cnnlab.runs.survey import sound
from cnnlab.training import cost, speed
from cnnlab.ui.session import class_state
from cnnlab.workers import pool, worker_log

LONG = 120.0  # seconds after which it is no longer usual that a worker is still starting
MEASURED = 50  # newest runs that the speed is measured on, at most


def duration(seconds: float) -> str:
    """Write a time with one unit: 0.4 s, 5 s, 25 s, 3 min, 2.5 h; never none at all."""
    seconds = max(seconds, 0.1)
    if seconds < 99.5:
        return f"{number(seconds, 1 if seconds < 2 else 0)} s"
    return f"{number(seconds / 60)} min" if seconds < 5970 else f"{number(seconds / 3600, 1)} h"


def title_of(preset: str) -> str:
    return _(PRESETS[preset].title) if preset in PRESETS else preset


def name_of(run: Run) -> str:
    """Return what a run is called everywhere: the name drawn by lot, of a shipped one its network's title."""
    return title_of(run.id) if run.shipped else run.id


def in_words(run: Run) -> str:
    """Return a run, its network and its data in a line, to stand under a figure's title."""
    recipe = run.recipe()
    names = [name_of(run), title_of(recipe.preset), datasets.find(recipe.config.dataset).title]
    return " · ".join(dict.fromkeys(names))


def before(run: Run) -> int:
    """Return how many runs are trained before this one; 0 for one that does not wait."""
    return _queue(str(Store().root)).get(run.id, (0, 0.0, False))[0]


@st.cache_data(ttl=1, max_entries=4, show_spinner=False)
def _queue(root: str) -> dict[str, tuple[int, float, bool]]:
    """Return for each waiting run how many come before it, and in about how many seconds it begins.

    Last comes whether these seconds are nothing but a guess. The queue is read once a second, however many
    runs and students ask for their place in it.
    """
    store = Store(Path(root))
    places = queue.places(store)

    def read(run: Run) -> tuple[float, bool] | None:
        counts = run.id in places or run.state().phase.at_work
        return _seconds_left(store, run) if counts else None

    found = sound(store.runs() if places else [], read)
    left = {run.id: one for run, one in found if one is not None}
    at_work = [left[id] for id in left if id not in places]
    ahead = [left.get(id, (0.0, False)) for id in places]
    waits = {}
    for n, (id, place) in enumerate(places.items()):
        seconds = cost.wait([one for one, _guess in at_work], [one for one, _guess in ahead[:n]])
        waits[id] = place, seconds, any(guess for _one, guess in (*at_work, *ahead[:n]))
    return waits


def _seconds_left(store: Store, run: Run) -> tuple[float, bool]:
    """Return how long the run will still be trained, and whether that is nothing but a guess."""
    name = run.recipe().config.dataset
    images = datasets.find(name).train_count
    here = known(str(store.root), name, images)
    guess = not (run.history() or here.timed or here.runs)
    return cost.seconds_left(run, images, here), guess


@st.cache_data(ttl=30, max_entries=20, show_spinner=False)
def known(root: str, dataset: str, images: int) -> cost.Known:
    """Return what is known of this machine's speed: its own layers, and the newest runs with this data."""
    here, timed = speed.of_trainers(Path(root))

    def read(run: Run) -> cost.Measured | None:
        return cost.measure(run, dataset, images, here)

    found = (one for _run, one in sound(Store(Path(root)).runs(), read) if one)
    return cost.Known(here, timed, list(islice(found, MEASURED)))


def phase_text(run: Run, state: State) -> str:
    """Return what the run is doing, as one sentence."""
    match state.phase:
        case Phase.QUEUED:
            return _waiting(run)
        case Phase.STARTING:
            return _("A worker is about to begin.")
        case Phase.RUNNING if run.claimed(state.attempt).reason == "recovery":
            text = _(
                "Its worker was lost; the run went on by itself from its last finished epoch (attempt {n})."
            )
            return text.format(n=state.attempt)
        case Phase.RUNNING:
            return state.message or _("The training run goes on when you close this page.")
        case Phase.FINISHED:
            text = _("Finished after {epochs}.").format(epochs=in_epochs(state.epoch))
            return f"{text} {state.message}"
        case Phase.PAUSED:
            text = _("Paused in epoch {epoch}; it goes on from there, and lets others train meanwhile.")
            return text.format(epoch=min(state.epoch + 1, state.epochs or state.epoch + 1))
        case Phase.STOPPED if (minutes := stopped_after(run)) is not None:
            text = _("Stopped: in this class a training run takes at most {minutes} min. {kept}")
            return text.format(minutes=f"{minutes:g}", kept=finished_epochs(state.epoch))
        case Phase.STOPPED:
            return _("Stopped; {kept}").format(kept=finished_epochs(state.epoch))
        case Phase.INTERRUPTED:
            text = _("Interrupted: its worker was lost. {kept} *Resume* goes on.")
            return text.format(kept=finished_epochs(state.epoch))
        case Phase.FAILED:
            return state.message or _("Training failed.")


def _waiting(run: Run) -> str:
    """Say the run's place in the queue, and about when its turn comes."""
    count, seconds, guess = _queue(str(Store().root)).get(run.id, (0, 0.0, False))
    if class_state.rules().queue_paused:
        if not count:
            return _("Your teacher has paused the queue; this run is the first to go on.")
        text = _("Your teacher has paused the queue; this run keeps its place, with {count} before it.")
        return text.format(count=number(count))
    crew = pool.current()
    if crew is not None and crew.trouble:
        text = _("Waiting: training runs cannot be given to a worker now. {trouble}")
        return text.format(trouble=crew.trouble)
    if not count:
        return _waiting_for_a_worker()
    text = _("Waiting for its turn: {count} before it, about {time}.")
    if guess:
        text = _(
            "Waiting for its turn: {count} before it, at a guess {time}: this computer is not measured yet."
        )
    return text.format(count=count, time=duration(seconds))


def _waiting_for_a_worker() -> str:
    crew = pool.current()
    if crew is not None and not crew.ready("train"):
        if crew.scheduler is not None:
            return _("Waiting: no worker that trains is connected to the cluster yet.")
        waited = time.monotonic() - crew.began if crew.began else 0.0
        if waited < LONG:
            return _("The worker is still starting; that takes some seconds.")
        text = _("The worker has been starting for {time}, longer than usual. Its log is `{file}`.")
        return text.format(time=duration(waited), file=worker_log.path(crew.store.root, "train"))
    return _("Waiting for a worker.")
