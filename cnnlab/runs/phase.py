"""The phases of a training run, and what can be done with a run in each of them."""

from enum import StrEnum


class Phase(StrEnum):
    """What a run is doing; the values stand in state.json.

    It is queued until an attempt has claimed it, starting until that attempt's worker has begun, then
    running. A student or teacher pauses it (to go on) or stops it (for good, as far as they know now); it
    finishes by its plan, fails by an error, and is interrupted where its worker has fallen silent.
    """

    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    FINISHED = "finished"
    FAILED = "failed"
    INTERRUPTED = "interrupted"

    @property
    def at_work(self) -> bool:
        """Whether an attempt has it."""
        return self in (Phase.STARTING, Phase.RUNNING)

    @property
    def active(self) -> bool:
        """Whether it has a place in the queue or at a worker: then it can be paused."""
        return self.at_work or self is Phase.QUEUED

    @property
    def ended(self) -> bool:
        """Whether its plan or somebody has ended it: its network can be tested, or train an epoch more."""
        return self in (Phase.FINISHED, Phase.STOPPED)

    @property
    def changes_by_itself(self) -> bool:
        """Whether it may soon be in another phase with nobody's doing: a lost worker is replaced, too."""
        return self.active or self is Phase.INTERRUPTED

    @property
    def can_stop(self) -> bool:
        """Whether somebody can end it."""
        return self.active or self is Phase.PAUSED

    @property
    def can_resume(self) -> bool:
        """Whether it rests before its last epoch: then somebody can let it go on."""
        return not self.active and self is not Phase.FINISHED

    @property
    def is_suspended(self) -> bool:
        """Whether it rests, and nobody and no error has ended it."""
        return self in (Phase.PAUSED, Phase.INTERRUPTED)
