"""Run folders: what has been trained, what is being trained, and what waits."""

from cnnlab.runs.records import (
    AT_WORK,
    ENDED,
    RESTING,
    SHIPPED,
    Checkpoint,
    Evaluation,
    Phase,
    Probe,
    Recipe,
    RunError,
    State,
)
from cnnlab.runs.run import ARCHIVE, ASIDE, NAME, Run
from cnnlab.runs.store import Store

__all__ = [
    "ARCHIVE",
    "ASIDE",
    "AT_WORK",
    "ENDED",
    "NAME",
    "RESTING",
    "SHIPPED",
    "Checkpoint",
    "Evaluation",
    "Phase",
    "Probe",
    "Recipe",
    "Run",
    "RunError",
    "State",
    "Store",
]
