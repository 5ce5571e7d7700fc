"""Who is in the class, what are its rules, and what have its students answered?

Everything lies in files below the folder of the runs, so that every page server of the class shows the same:

    .class/rules.json              the teacher's settings                       written by the teacher alone
    .class/names/<nickname>        the hash of the browser that has the name; its time: when it was last seen
    .class/answers/<hash>.jsonl    one first answer a line                      written by that student alone
    .class/votes/<vote>/<hash>     which option                                 written by that student alone
    .teachers/<hash>               an empty file: this browser has had the teacher's PIN right before

A browser is known by the hash of its token (`cnnlab.ui.session.browser`); the hash never leaves these files.
One that is damaged costs what it held, and nobody else anything: what cannot be read is passed over, and
where it is written anew it is moved out of the way.
"""

import contextlib
import json
import os
import re
import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from cnnlab import files, moments, reading
from cnnlab.access import TeacherPass, Who, teaching
from cnnlab.classroom import limits
from cnnlab.classroom.limits import LimitError as LimitError
from cnnlab.config import TrainConfig, faults
from cnnlab.config.class_rules import CLASS_RULES, HOME_RULES, Rules, Vote
from cnnlab.i18n import _
from cnnlab.names import nicknames
from cnnlab.runs import ARCHIVE, ASIDE, Run, RunError, Store
from cnnlab.runs.survey import sound, survey

FOLDER = ".class"
TEACHERS = 20  # browsers of teachers that are remembered, the latest
LONG_AWAY = 1800.0  # seconds after which a name of which nothing is kept may go to somebody else
FURTHER = 20  # candidates for a name that are looked at behind a free one
ANSWERS = 1000  # first answers of a student that are kept; there are some dozens of questions
_changing, _queueing = threading.Lock(), threading.Lock()


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
    answer: reading.Text
    right: bool
    partner: int = 1


_ANSWER, _RULES, _OBJECT = TypeAdapter(Answer), TypeAdapter(Rules), TypeAdapter(dict)
_OWNER, _NICKNAME = re.compile(r"[\w-]{1,100}"), re.compile(r"[A-Z][a-z]+-[A-Z][a-z]+")


class Classroom:
    """The class that uses this folder of runs.

    Raises RunError with a sentence where a file is damaged, and OSError where the disk fails.
    """

    def __init__(self, root: Path):
        self.root, self.folder = root, root / FOLDER

    # Rules

    def rules(self) -> Rules:
        """Return the rules; the usual ones until the teacher has changed some, and no limits without one.

        RunError where they are damaged: that is for the teacher to read. All else goes by `in_force`.
        """
        if not teaching():
            return HOME_RULES
        try:
            return reading.value(self.folder / "rules.json", _RULES)
        except FileNotFoundError:
            return CLASS_RULES
        except reading.Damaged as error:
            text = _(
                "The rules of the class cannot be read, so the usual ones hold: look at *Rules* and set anew "
                "what should be otherwise."
            )
            raise RunError(text) from error

    def in_force(self) -> Rules:
        """Return the rules that hold now: where they are damaged, the usual ones for what cannot be read."""
        try:
            return self.rules()
        except RunError:
            return self._rest_of_the_rules()

    def _rest_of_the_rules(self) -> Rules:
        """Return the rules with what is whole in their file, as where a later version has added some."""
        try:
            found = reading.value(self.folder / "rules.json", _OBJECT)
            return Rules.model_validate(CLASS_RULES.model_dump(by_alias=True) | _sound_fields(found))
        except (FileNotFoundError, reading.Damaged, ValidationError):
            return CLASS_RULES

    def change(self, **fields) -> Rules:
        """Set some of the rules; RunError says what is wrong with a value, and nothing is changed."""
        with _changing:
            try:
                rules = Rules.model_validate(self.in_force().model_dump() | fields)
            except ValidationError as error:
                raise RunError(" ".join(faults(error, Rules))) from error
            make_room(self.folder / "rules.json")
            files.write_text(self.folder / "rules.json", rules.model_dump_json(indent=1, by_alias=True))
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
        found: dict[str, Student] = {}
        for path in sorted((self.folder / "names").glob("[A-Z]*")):
            owner = _owner_of(path)
            if owner is not None and owner not in found:
                with contextlib.suppress(OSError):  # the class has just begun anew
                    found[owner] = Student(owner, path.name.replace("-", " "), path.stat().st_mtime)
        return sorted(found.values(), key=lambda student: -student.seen)

    def here(self, within: float = 120.0) -> list[Student]:
        """Return who was seen in the last so many seconds."""
        now = time.time()
        return [student for student in self.students() if now - student.seen <= within]

    def has_name(self, owner: str) -> bool:
        return self._places(owner)[0] is not None

    def give_back(self) -> None:
        """Free the names of browsers that were not seen for long and of which nothing is kept.

        One that comes back gets the same name again, unless another has got it meanwhile.
        """
        away = [one for one in self.students() if time.time() - one.seen > LONG_AWAY]
        if not away:
            return
        kept = {path.stem for path in (self.folder / "answers").glob("*.jsonl")}
        kept |= {path.name for path in (self.folder / "votes").glob("*/*")}
        kept |= {owner for _run, owner in sound(Store(self.root).runs(), Run.owner)}
        for one in away:
            if one.owner not in kept:
                files.take_away(self.folder / "names" / one.nickname.replace(" ", "-"))

    def _name(self, owner: str) -> Path:
        """Return the file of the student's name: theirs, else the first of their candidates that is free."""
        while True:
            own, free = self._places(owner)
            if own is not None:
                return own
            if free is None:
                raise RunError(_("There are no names left: let the teacher begin a new class."))
            make_folder(free.parent)
            if files.create(free, owner):
                return free  # else another student or another tab was quicker

    def _places(self, owner: str) -> tuple[Path | None, Path | None]:
        """Return the file of the student's name, and of their candidates the first free one; None for none.

        A candidate that was taken when the student came may have been given back since: hence the look at
        those that follow a free one.
        """
        free, left = None, FURTHER
        for name in nicknames(owner + self.in_force().began):
            path = self.folder / "names" / name.replace(" ", "-")
            if _owner_of(path) == owner:
                return path, free
            if not (path.is_symlink() or reading.there(path)):
                free = free or path
            left -= free is not None
            if not left:
                break
        # With damaged rules the mark of the class is lost, and so is the order: a name that was given holds.
        theirs = [one.nickname for one in self.students() if one.owner == owner]
        return (self.folder / "names" / theirs[0].replace(" ", "-") if theirs else None), free

    # Teachers

    def was_teacher(self, owner: str) -> None:
        """Remember that this browser has had the PIN right, whatever class comes next."""
        folder = self.root / ".teachers"
        make_folder(folder)
        (folder / owner).touch()
        latest = sorted(folder.iterdir(), key=lambda path: -path.stat().st_mtime)
        for path in latest[TEACHERS:]:
            files.remove(path)

    def has_been_teacher(self, owner: str) -> bool:
        return reading.there(self.root / ".teachers" / owner)

    # Training runs

    def submit(
        self,
        store: Store,
        config: TrainConfig,
        classes,
        *,
        preset: str,
        owner: str,
        seconds: float | None = None,
    ) -> Run:
        """Put a training run into the queue, within the limits. LimitError, or OSError of a full disk."""
        return self.submit_all(store, [config], classes, preset=preset, owner=owner, seconds=seconds)[0]

    def submit_all(
        self,
        store: Store,
        configs: Sequence[TrainConfig],
        classes,
        *,
        preset: str,
        owner: str,
        seconds: float | None = None,
    ) -> list[Run]:
        """Put several training runs into the queue, or none of them where the limits allow fewer.

        seconds: how long one of them takes, as far as that was measured.
        """
        with _queueing:  # so that two tabs do not both take the last place
            for config in configs:
                self.allow(store, config, owner, len(configs), seconds)
            return [store.create(config, classes, preset=preset, owner=owner) for config in configs]

    def allow(
        self,
        store: Store,
        config: TrainConfig,
        owner: str,
        count: int = 1,
        seconds: float | None = None,
    ) -> None:
        """Raise LimitError unless the student may put `count` training runs like this into the queue."""
        rules = self.in_force()
        limits.check_run(rules, config, seconds)
        limits.check_place(store, rules, owner, count)

    @contextlib.contextmanager
    def importing(self, store: Store, owner: str, size: int) -> Iterator[None]:
        """Let a student bring in an archive of so many bytes meanwhile; LimitError where they may not."""
        with _queueing:
            limits.check_import(store, self.in_force(), owner, size)
            yield

    def command(self, store: Store, run: Run, who: Who, commands: dict[str, float | None]) -> None:
        """Leave these commands (`Run.command`), all or none; the owner's within the limits."""
        run.require(who)
        if not isinstance(who, TeacherPass):
            limits.check_commands(store, self.in_force(), run, who, commands)
        for command, value in commands.items():
            run.command(command, who, value)

    def may_open(self, run: Run, who: Who) -> None:
        """Raise RunError unless this is somebody who may open the sealed test set of the run."""
        run.require(who)
        if not isinstance(who, TeacherPass) and not self.in_force().students_open:
            raise limits.LimitError(_("In this class the teacher opens the envelopes, for all at once."))

    # Answers

    def record(
        self, owner: str, question: str, settings: str, answer: str, right: bool, partner: int = 1
    ) -> None:
        """Keep a student's first answer to a question about these settings; a later one is not kept."""
        entry, kept = (
            Answer(moments.now(), question, settings, answer, right, partner),
            self.answers_of(owner),
        )
        if len(kept) >= ANSWERS or any(_same_question(one, entry) for one in kept):
            return
        path = self.folder / "answers" / f"{owner}.jsonl"
        make_room(path)
        files.append(path, json.dumps(asdict(entry)))

    def answers(self) -> list[tuple[str, Answer]]:
        """Return (nickname, answer) for every first answer of the class, in the order of time."""
        found = [(one.nickname, answer) for one in self.students() for answer in self.answers_of(one.owner)]
        return sorted(found, key=lambda pair: pair[1].at)

    def answers_of(self, owner: str) -> list[Answer]:
        """Return a student's first answers in their order; lines that are damaged are passed over."""
        try:
            lines = reading.content(self.folder / "answers" / f"{owner}.jsonl").splitlines()
        except (FileNotFoundError, reading.Damaged):
            return []
        found: list[Answer] = []
        for line in lines:
            try:
                answer = _ANSWER.validate_json(line, strict=True)
            except ValidationError:
                continue
            if not any(_same_question(one, answer) for one in found):  # two tabs may have written at once
                found.append(answer)
        return found

    # Votes

    def ask(self, question: str) -> Rules:
        """Begin a vote on a question of the register."""
        return self.change(vote={"id": secrets.token_hex(4), "question": question})

    def cast(self, owner: str, option: int, vote: Vote) -> None:
        """Vote, or vote otherwise, as long as the vote that was on show is open; RunError after that."""
        if not vote.is_open or self.in_force().vote != vote:
            raise RunError(_("This vote is closed."))
        folder = self.folder / "votes" / f"{vote.id}-{vote.round}"
        make_room(folder / owner)
        files.write_text(folder / owner, str(int(option)))

    def cast_by(self, owner: str, vote: Vote) -> int | None:
        """Return what the student has voted in this round, None where they have not."""
        return _ballot(self.folder / "votes" / f"{vote.id}-{vote.round}" / owner)

    def ballots(self, vote: Vote, round: str) -> dict[str, int]:
        """Return which option each student chose in a round ("first" or "second")."""
        folder = self.folder / "votes" / f"{vote.id}-{round}"
        found = {path.name: _ballot(path) for path in folder.iterdir()} if folder.is_dir() else {}
        return {
            owner: option for owner, option in found.items() if option is not None and _OWNER.fullmatch(owner)
        }

    # The end

    def new_class(self) -> Path:
        """Put names, answers, votes and all training runs of the class away; return the folder they are in.

        The rules stay, but for what belonged to the old class. What is being trained has to be stopped first.
        """
        store, rules = Store(self.root), self.in_force()
        busy = [run.id for run, state in sound(store.runs(), Run.state) if state.phase.at_work]
        if busy:
            raise RunError(_("Stop these training runs first: {runs}.").format(runs=", ".join(busy)))
        mark = secrets.token_hex(4)
        changed = {
            "following": None,
            "offered": None,
            "test_sets_wait": False,
            "test_sets_opened": None,
            "vote": None,
            "queue_paused": False,
            "began": mark,
        }
        with _changing:
            # All that needs room on the disk comes first: where there is none, the old class stays whole.
            fresh = self.root / f"{FOLDER}-{mark}"
            fresh.mkdir(parents=True)
            files.write_text(
                fresh / "rules.json",
                rules.model_copy(update=changed).model_dump_json(indent=1, by_alias=True),
            )
            archive = self.root / f"{ARCHIVE}{moments.in_name()}-{mark}"
            archive.mkdir()
            for one in survey(store.runs(), lambda run: files.move(run.folder, archive / run.id)):
                if one.fault:  # one that may not be moved to another folder is hidden where it is
                    one.run.set_aside(TeacherPass())
            self._replace(fresh, archive)
        return archive

    def _replace(self, fresh: Path, archive: Path) -> None:
        """Put a folder in place of the class's, which goes into the archive."""
        name = "class"
        while True:
            with contextlib.suppress(FileNotFoundError):
                files.move(self.folder, archive / name)
            if files.place(fresh, self.folder):
                return
            name = f"class-{secrets.token_hex(2)}"  # a student has come in between: their page made it anew


def make_folder(folder: Path) -> None:
    """Make a folder of the class; a file or link in its place, or in that of one above, is moved away."""
    for path in (*reversed([above for above in folder.parents if FOLDER in above.parts]), folder):
        if (path.is_symlink() or reading.there(path)) and not path.is_dir():
            _move_away(path)
    folder.mkdir(parents=True, exist_ok=True)


def make_room(path: Path) -> None:
    """Move away what is in the place of a file that is to be written, and cannot be read, as a folder."""
    make_folder(path.parent)
    try:
        reading.content(path)
    except FileNotFoundError:
        return
    except reading.Damaged:
        _move_away(path)


def _move_away(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):  # another page has just done so
        files.move(path, path.with_name(f"{ASIDE}{path.name.lstrip('.')}-{secrets.token_hex(4)}"))


def _sound_fields(found: dict) -> dict:
    """Return which of these values can be rules."""
    try:
        Rules.model_validate(found)
    except ValidationError as error:
        unsound = {fault["loc"][0] for fault in error.errors(include_url=False, include_input=False)}
        return {name: value for name, value in found.items() if name not in unsound}
    return found


def _owner_of(path: Path) -> str | None:
    """Return whose name this is; None where there is no such name, or it is damaged."""
    try:
        owner = reading.text(path)
    except (FileNotFoundError, reading.Damaged):
        return None
    return owner if _OWNER.fullmatch(owner) and _NICKNAME.fullmatch(path.name) else None


def _ballot(path: Path) -> int | None:
    """Read a ballot; None where there is none (a new class has just begun), or none that we wrote."""
    try:
        text = reading.content(path)
    except (FileNotFoundError, reading.Damaged):
        return None
    return int(text) if re.fullmatch(rb"\d{1,2}", text) else None


def _same_question(one: Answer, other: Answer) -> bool:
    return (one.question, one.settings, one.partner) == (other.question, other.settings, other.partner)
