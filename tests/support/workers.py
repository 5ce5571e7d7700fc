"""Runs for real worker processes: a long one, a short one, and where they have got to."""

import psutil

from cnnlab.config import ConvBlock, ModelConfig, TrainConfig
from cnnlab.runs import Run, Store
from tests.support.runs import create

LONG = TrainConfig(model=ModelConfig(blocks=(ConvBlock(filters=4, stride=2),)), dataset="digits", epochs=1000)
SHORT = LONG.model_copy(update={"epochs": 2})


def queue(store: Store, config: TrainConfig) -> Run:
    """Put a run of Anna's into the queue."""
    return create(store, config, owner="anna")


def at_work_beyond(run: Run, epochs: int) -> bool:
    """Say whether a run is at work and has finished more than so many epochs."""
    state = run.state()
    assert state.phase != "failed", state.message
    return state.phase == "running" and state.epoch > epochs


def computing(nanny: int) -> list[int]:
    """Return the processes that compute for a nanny: one, or none while it is being started again."""
    return [p.pid for p in psutil.Process(nanny).children() if "spawn_main" in " ".join(p.cmdline())]


def alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
