"""What can a teacher set for the class?"""

from typing import Literal

from pydantic import ConfigDict, Field

from cnnlab.config import Frozen


class Vote(Frozen):
    """The question that the class votes on now, and how far the vote is.

    Votes are counted twice: a `first` time, hidden until `first_shown`; then, after talking to neighbours, a
    `second` time, hidden until `second_shown` reveals the right answer as well.
    """

    id: str = Field(pattern=r"^[a-z0-9]{8}$")
    question: str = Field(max_length=60)  # its name in the register of questions
    stage: Literal["first", "first_shown", "second", "second_shown"] = "first"

    @property
    def round(self) -> Literal["first", "second"]:
        return "first" if self.stage.startswith("first") else "second"

    @property
    def is_open(self) -> bool:
        return not self.stage.endswith("shown")

    @property
    def is_over(self) -> bool:
        return self.stage == "second_shown"


class Rules(Frozen):
    """What the teacher has set for the class. A limit of None is no limit; limits are each student's.

    In the file of the rules a field stands under its alias, where it has one.
    """

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    waiting: int | None = Field(default=None, ge=1, le=100, title="Training runs waiting or at work")
    epochs: int | None = Field(default=None, ge=1, le=1000, title="Epochs of a training run")
    minutes: float | None = Field(default=None, gt=0, le=1440, title="Minutes of a training run")
    images: int | None = Field(default=None, ge=10, le=1_000_000, title="Training images of a training run")
    imports: int | None = Field(default=None, ge=0, le=1000, title="Archives brought in")
    import_megabytes: int | None = Field(default=None, ge=1, le=100_000, title="Megabytes of these together")
    queue_paused: bool = False
    names_hidden: bool = False
    pair_mode: bool = False  # two at a computer: both predict before the answer is revealed
    students_open: bool = False  # whether students may open the sealed test set themselves
    following: str | None = None  # the training run that the whole class follows
    # The test sets open by themselves once nothing waits or is trained any more.
    test_sets_wait: bool = Field(default=False, alias="envelopes_wait")
    # When the board revealed the test accuracies.
    test_sets_opened: str | None = Field(default=None, alias="envelope_opened")
    offered: str | None = None  # the lesson link that the class is offered: a text for `lesson_links.read`
    vote: Vote | None = None
    began: str = ""  # a mark of its own for each class that was begun: with it everybody gets a new name


# Where there is a teacher who has changed nothing yet. Four runs: so many make a race of the optimisers.
CLASS_RULES = Rules(waiting=4, epochs=30, minutes=15, imports=5, import_megabytes=100)
HOME_RULES = Rules(students_open=True)  # where there is none
