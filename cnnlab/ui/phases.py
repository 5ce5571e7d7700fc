"""What is a training run called, and what is it doing, in one sentence?"""

from pathlib import Path

import streamlit as st

from cnnlab import turns, workers
from cnnlab.presets import PRESETS
from cnnlab.runs import Run, State, Store
from cnnlab.text import _


def title_of(preset: str) -> str:
    return _(PRESETS[preset].title) if preset in PRESETS else preset


def before(run: Run) -> int:
    """Return how many runs are trained before this one; 0 for one that does not wait."""
    return _places(str(Store().root)).get(run.id, 0)


@st.cache_data(ttl=1, max_entries=4, show_spinner=False)
def _places(root: str) -> dict[str, int]:
    """Read the queue once a second, however many runs and students ask for their place in it."""
    return turns.places(Store(Path(root)))


def phase_text(run: Run, state: State) -> str:
    """Return what the run is doing, as one sentence."""
    match state.phase:
        case "queued":
            if count := before(run):
                return _("Waiting for its turn: {count} before it.").format(count=count)
            return _waiting_for_a_worker()
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
        case "stopped":
            return _("Stopped; {epochs} finished epochs are kept.").format(epochs=state.epoch)
        case "interrupted":
            text = _("Interrupted: its worker was lost. {epochs} finished epochs are kept; *Resume* goes on.")
            return text.format(epochs=state.epoch)
    return state.message or _("Training failed.")


def _waiting_for_a_worker() -> str:
    crew = workers.current()
    if crew is not None and crew.trouble:
        text = _("Waiting: no worker can be reached ({trouble}). The run starts when there is one.")
        return text.format(trouble=crew.trouble)
    if crew is not None and not crew.ready("train"):
        return _("The worker is still starting; that takes some seconds.")
    return _("Waiting for a worker.")
