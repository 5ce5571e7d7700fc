"""Run folders: what has been trained, what is being trained, and what waits."""

from cnnlab.runs.folder import ARCHIVE, NAME
from cnnlab.runs.phase import Phase
from cnnlab.runs.records import (
    SHIPPED,
    AnswerPanel,
    Checkpoint,
    Command,
    Evaluation,
    Recipe,
    RunError,
    State,
)
from cnnlab.runs.run import ASIDE, Run
from cnnlab.runs.store import Store

__all__ = [
    "ARCHIVE",
    "ASIDE",
    "NAME",
    "SHIPPED",
    "AnswerPanel",
    "Checkpoint",
    "Command",
    "Evaluation",
    "Phase",
    "Recipe",
    "Run",
    "RunError",
    "State",
    "Store",
]
