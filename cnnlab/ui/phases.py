"""What is a training run called, and what is it doing, in one sentence?"""

import time
from itertools import islice
from pathlib import Path

import streamlit as st

from cnnlab import datasets, estimate, speed, turns, worker_log, workers
from cnnlab.limits import stopped_after
from cnnlab.presets import PRESETS
from cnnlab.runs import Run, State, Store
from cnnlab.survey import sound
from cnnlab.text import _, number
from cnnlab.ui import class_state

LONG = 120.0  # seconds after which it is no longer usual that a worker is still starting
MEASURED = 50  # newest runs that the speed is measured on, at most


def duration(seconds: float) -> str:
    """Write a time with one unit: 0.4 s, 5 s, 25 s, 3 min, 2.5 h."""
    if seconds < 100:
        return f"{number(seconds, 1 if seconds < 2 else 0)} s"
    return f"{number(seconds / 60)} min" if seconds < 6000 else f"{number(seconds / 3600, 1)} h"


def title_of(preset: str) -> str:
    return _(PRESETS[preset].title) if preset in PRESETS else preset


def name_of(run: Run) -> str:
    """Return what a run is called everywhere: the name drawn by lot, of a shipped one its network's title."""
    return title_of(run.id) if run.shipped else run.id


def before(run: Run) -> int:
    """Return how many runs are trained before this one; 0 for one that does not wait."""
    return _queue(str(Store().root)).get(run.id, (0, 0.0))[0]


@st.cache_data(ttl=1, max_entries=4, show_spinner=False)
def _queue(root: str) -> dict[str, tuple[int, float]]:
    """Return for each waiting run how many come before it, and in about how many seconds it begins.

    The queue is read once a second, however many runs and students ask for their place in it.
    """
    store = Store(Path(root))
    places = turns.places(store)

    def read(run: Run) -> float | None:
        counts = run.id in places or run.state().phase in turns.AT_WORK
        return _seconds_left(store, run) if counts else None

    found = sound(store.runs() if places else [], read)
    left = {run.id: seconds for run, seconds in found if seconds is not None}
    at_work = [left[id] for id in left if id not in places]
    ahead = [left.get(id, 0.0) for id in places]
    return {id: (place, estimate.wait(at_work, ahead[:n])) for n, (id, place) in enumerate(places.items())}


def _seconds_left(store: Store, run: Run) -> float:
    name = run.recipe().config.dataset
    images = datasets.DATASETS[name].train_images
    return estimate.seconds_left(run, images, known(str(store.root), name, images))


@st.cache_data(ttl=30, max_entries=20, show_spinner=False)
def known(root: str, dataset: str, images: int) -> estimate.Known:
    """Return what is known of this machine's speed: its own layers, and the newest runs with this data."""
    here, timed = speed.of_trainers(Path(root))

    def read(run: Run) -> estimate.Measured | None:
        return estimate.measure(run, dataset, images, here)

    found = (one for _run, one in sound(Store(Path(root)).runs(), read) if one)
    return estimate.Known(here, timed, list(islice(found, MEASURED)))


def phase_text(run: Run, state: State) -> str:
    """Return what the run is doing, as one sentence."""
    match state.phase:
        case "queued":
            return _waiting(run)
        case "starting":
            return _("A worker is about to begin.")
        case "running" if run.claimed(state.attempt)["reason"] == "recovery":
            text = _(
                "Its worker was lost; the run went on by itself from its last finished epoch (attempt {n})."
            )
            return text.format(n=state.attempt)
        case "running":
            return state.message or _("The training run goes on when you close this page.")
        case "finished":
            text = _("Finished after {epochs} epochs.").format(epochs=state.epoch)
            return f"{text} {state.message}"
        case "paused":
            text = _("Paused in epoch {epoch}; it goes on from there, and lets others train meanwhile.")
            return text.format(epoch=state.epoch + 1)
        case "stopped" if (minutes := stopped_after(run)) is not None:
            text = _(
                "Stopped: in this class a training run takes at most {minutes} min. {epochs} finished epochs "
                "are kept."
            )
            return text.format(minutes=f"{minutes:g}", epochs=state.epoch)
        case "stopped":
            return _("Stopped; {epochs} finished epochs are kept.").format(epochs=state.epoch)
        case "interrupted":
            text = _("Interrupted: its worker was lost. {epochs} finished epochs are kept; *Resume* goes on.")
            return text.format(epochs=state.epoch)
    return state.message or _("Training failed.")


def _waiting(run: Run) -> str:
    """Say the run's place in the queue, and about when its turn comes."""
    count, seconds = _queue(str(Store().root)).get(run.id, (0, 0.0))
    if class_state.rules().queue_paused:
        if not count:
            return _("Your teacher has paused the queue; this run is the first to go on.")
        text = _("Your teacher has paused the queue; this run keeps its place, with {count} before it.")
        return text.format(count=number(count))
    crew = workers.current()
    if crew is not None and crew.trouble:
        text = _("Waiting: training runs cannot be given to a worker now. {trouble}")
        return text.format(trouble=crew.trouble)
    if not count:
        return _waiting_for_a_worker()
    text = _("Waiting for its turn: {count} before it, about {time}.")
    return text.format(count=count, time=duration(seconds))


def _waiting_for_a_worker() -> str:
    crew = workers.current()
    if crew is not None and not crew.ready("train"):
        if crew.scheduler is not None:
            return _("Waiting: no worker that trains is connected to the cluster yet.")
        waited = time.monotonic() - crew.began if crew.began else 0.0
        if waited < LONG:
            return _("The worker is still starting; that takes some seconds.")
        text = _("The worker has been starting for {time}, longer than usual. Its log is `{file}`.")
        return text.format(time=duration(waited), file=worker_log.path(crew.store.root, "train"))
    return _("Waiting for a worker.")
