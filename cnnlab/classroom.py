"""Who is in the class, what are its rules, and what have its students answered?

Everything lies in files below the folder of the runs, so that every page server of the class shows the same:

    .class/rules.json              the teacher's settings                       written by the teacher alone
    .class/names/<nickname>        the hash of the browser that has the name; its time: when it was last seen
    .class/answers/<hash>.jsonl    one first answer a line                      written by that student alone
    .class/votes/<vote>/<hash>     which option                                 written by that student alone

A browser is known by the hash of its token (`cnnlab.ui.identity`); the hash never leaves these files.
"""

import json
import os
import re
import secrets
import threading
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from cnnlab.config import Frozen, TrainConfig, faults
from cnnlab.names import nicknames
from cnnlab.rights import teaching
from cnnlab.runs import Run, RunError, Store, write_text
from cnnlab.text import _, number

FOLDER = ".class"
_changing = threading.Lock()


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


class Rules(Frozen):
    """What the teacher has set for the class. A limit of None is no limit; limits are each student's."""

    waiting: int | None = Field(default=None, ge=1, le=100, title="Training runs waiting at once")
    epochs: int | None = Field(default=None, ge=1, le=1000, title="Epochs of a training run")
    minutes: float | None = Field(default=None, gt=0, le=1440, title="Minutes of a training run")
    images: int | None = Field(default=None, ge=10, le=1_000_000, title="Training images of a training run")
    queue_paused: bool = False
    names_hidden: bool = False
    pair_mode: bool = False  # two at a computer: both predict before the answer is revealed
    students_open: bool = False  # whether students may open the sealed test set themselves
    following: str | None = None  # the training run that the whole class follows
    envelope_opened: str | None = None  # when the board revealed the test accuracies
    vote: Vote | None = None


CLASS_RULES = Rules(waiting=2, epochs=30, minutes=15)  # where there is a teacher who has changed nothing yet
HOME_RULES = Rules(students_open=True)  # where there is none


class LimitError(RunError):
    """Which of the class's limits a training run would exceed, as a sentence to show."""


@dataclass(frozen=True)
class Student:
    """A browser of the class. `owner` is its hash, for use within the server alone; `seen` is in seconds."""

    owner: str
    nickname: str
    seen: float


@dataclass(frozen=True)
class Answer:
    """A first answer: to which question, about which settings, of which partner where two work together."""

    at: str
    question: str
    settings: str
    answer: str
    right: bool
    partner: int = 1


class Classroom:
    """The class that uses this folder of runs. Raises RunError with a sentence where a file is damaged."""

    def __init__(self, root: Path):
        self.root, self.folder = root, root / FOLDER

    # Rules

    def rules(self) -> Rules:
        """Return the rules; the default ones until the teacher has changed some."""
        try:
            return Rules.model_validate_json((self.folder / "rules.json").read_text())
        except FileNotFoundError:
            return CLASS_RULES if teaching() else HOME_RULES
        except (OSError, ValueError) as error:
            raise RunError(_("The file with the rules of the class is damaged.")) from error

    def change(self, **fields) -> Rules:
        """Set some of the rules; RunError says what is wrong with a value, and nothing is changed."""
        with _changing:
            try:
                rules = Rules.model_validate(self.rules().model_dump() | fields)
            except ValidationError as error:
                raise RunError(" ".join(faults(error))) from error
            self.folder.mkdir(parents=True, exist_ok=True)
            write_text(self.folder / "rules.json", rules.model_dump_json(indent=1))
        return rules

    # Students

    def nickname(self, owner: str) -> str:
        """Return the student's name in this class, giving one at first sight."""
        return self._name(owner).name.replace("-", " ")

    def seen(self, owner: str) -> None:
        """Note that the student is here now."""
        os.utime(self._name(owner))

    def students(self) -> list[Student]:
        """Return everybody who has a name, whoever was seen last first."""
        found = []
        for path in (self.folder / "names").glob("[A-Z]*"):
            try:
                owner, seen = path.read_text(), path.stat().st_mtime
            except FileNotFoundError:
                continue  # the class has just begun anew
            found.append(Student(owner, path.name.replace("-", " "), seen))
        return sorted(found, key=lambda student: -student.seen)

    def here(self, within: float = 120.0) -> list[Student]:
        """Return who was seen in the last so many seconds."""
        now = time.time()
        return [student for student in self.students() if now - student.seen <= within]

    def _name(self, owner: str) -> Path:
        """Return the file of the student's name: the first of their candidates that is theirs or free."""
        names = self.folder / "names"
        for name in nicknames(owner):
            path = names / name.replace(" ", "-")
            try:
                if path.read_text() == owner:
                    return path
            except FileNotFoundError:
                names.mkdir(parents=True, exist_ok=True)
                if _write_once(path, owner):
                    return path
                if path.read_text() == owner:  # another tab of the same browser was quicker
                    return path
        raise RunError(_("There are no names left: let the teacher begin a new class."))

    # Training runs

    def submit(self, store: Store, config: TrainConfig, classes, *, preset: str, owner: str) -> Run:
        """Put a training run into the queue, within the limits. LimitError, or OSError of a full disk."""
        self.allow(store, config, owner)
        return store.create(config, classes, preset=preset, owner=owner)

    def allow(self, store: Store, config: TrainConfig, owner: str, count: int = 1) -> None:
        """Raise LimitError unless the student may put `count` training runs like this into the queue."""
        rules = self.rules()
        if rules.epochs and config.epochs > rules.epochs:
            text = _("In this class a training run has at most {limit} epochs; this one has {epochs}.")
            raise LimitError(text.format(limit=number(rules.epochs), epochs=number(config.epochs)))
        if rules.images and (config.limit is None or config.limit > rules.images):
            text = _("In this class a training run learns from at most {limit} images: set that limit.")
            raise LimitError(text.format(limit=number(rules.images)))
        if rules.waiting:
            mine = sum(1 for run in store.runs() if _waits_for(run, owner))
            if mine + count > rules.waiting:
                text = _(
                    "In this class a student has at most {limit} training runs waiting or at work; you have "
                    "{mine}. Wait for one to end, or stop one."
                )
                raise LimitError(text.format(limit=rules.waiting, mine=mine))

    # Answers

    def record(
        self, owner: str, question: str, settings: str, answer: str, right: bool, partner: int = 1
    ) -> None:
        """Keep a student's first answer to a question about these settings; a later one is not kept."""
        if any(
            (one.question, one.settings, one.partner) == (question, settings, partner)
            for one in self._answers(owner)
        ):
            return
        entry = Answer(_now(), question, settings, answer, right, partner)
        folder = self.folder / "answers"
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f"{owner}.jsonl").open("a") as file:
            file.write(json.dumps(asdict(entry)) + "\n")

    def answers(self) -> list[tuple[str, Answer]]:
        """Return (nickname, answer) for every first answer of the class, in the order of time."""
        found = [(one.nickname, answer) for one in self.students() for answer in self._answers(one.owner)]
        return sorted(found, key=lambda pair: pair[1].at)

    def _answers(self, owner: str) -> list[Answer]:
        try:
            lines = (self.folder / "answers" / f"{owner}.jsonl").read_text().split("\n")[:-1]
            return [Answer(**json.loads(line)) for line in lines]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, TypeError) as error:
            raise RunError(_("The file with a student's answers is damaged.")) from error

    # Votes

    def ask(self, question: str) -> Rules:
        """Begin a vote on a question of the register."""
        return self.change(vote={"id": secrets.token_hex(4), "question": question})

    def cast(self, owner: str, option: int) -> None:
        """Vote, or vote otherwise, as long as the vote is open; RunError after that."""
        vote = self.rules().vote
        if vote is None or not vote.is_open:
            raise RunError(_("This vote is closed."))
        folder = self.folder / "votes" / f"{vote.id}-{vote.round}"
        folder.mkdir(parents=True, exist_ok=True)
        write_text(folder / owner, str(int(option)))

    def cast_by(self, owner: str, vote: Vote) -> int | None:
        """Return what the student has voted in this round, None where they have not."""
        return self.ballots(vote, vote.round).get(owner)

    def ballots(self, vote: Vote, round: str) -> dict[str, int]:
        """Return which option each student chose in a round ("first" or "second")."""
        found = {}
        for path in (self.folder / "votes" / f"{vote.id}-{round}").glob("[0-9a-f]*"):
            text = path.read_text()
            if re.fullmatch(r"\d{1,2}", text):
                found[path.name] = int(text)
        return found

    # The end

    def new_class(self) -> Path:
        """Put names, answers, votes and all training runs of the class away; return the folder they are in.

        The rules stay, but for what belonged to the old class. What is being trained has to be stopped first.
        """
        store, rules = Store(self.root), self.rules()
        busy = [run.id for run in store.runs() if _at_work(run)]
        if busy:
            raise RunError(_("Stop these training runs first: {runs}.").format(runs=", ".join(busy)))
        archive = self.root / f".archive-{datetime.now(UTC):%Y-%m-%d-%H%M%S}-{secrets.token_hex(2)}"
        archive.mkdir(parents=True)
        if self.folder.exists():
            self.folder.rename(archive / "class")
        for run in store.runs():
            run.folder.rename(archive / run.id)
        fresh = {"following": None, "envelope_opened": None, "vote": None, "queue_paused": False}
        self.change(**(rules.model_dump() | fresh))
        return archive


def _waits_for(run: Run, owner: str) -> bool:
    try:
        return run.recipe().owner == owner and run.state().phase in ("queued", "starting", "running")
    except RunError:
        return False


def _at_work(run: Run) -> bool:
    try:
        return run.state().phase in ("starting", "running")
    except RunError:
        return False


def _write_once(path: Path, text: str) -> bool:
    """Create a file with its content in one step; return False where it exists."""
    part = path.with_name(f".{secrets.token_hex(6)}")
    part.write_text(text)
    try:
        os.link(part, path)
        return True
    except FileExistsError:
        return False
    finally:
        part.unlink()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
