"""Real training in this process, in seconds."""

from pathlib import Path

from cnnlab.config import ConvBlock, ModelConfig, TrainConfig
from cnnlab.runs import Run, Store
from cnnlab.training.run_attempt import train
from tests.support.runs import create

# Small, and with everything that has a state of its own: normalisation, dropout, Adam.
SMALL = TrainConfig(
    model=ModelConfig(blocks=(ConvBlock(filters=4, stride=3, normalise=True, dropout=0.3),)),
    dataset="digits",
    limit=400,
    epochs=4,
    learning_rate=0.01,
)


def make(folder: Path, config: TrainConfig = SMALL) -> Run:
    """Put a run of Anna's into the queue of a new store in this folder."""
    return create(Store(folder / "runs"), config, owner="anna")


def work(run: Run, reason: str = "queued", should_stop=lambda: False) -> None:
    """Train a run until it ends or is to stop."""
    train(run, run.claim(reason), should_stop)
