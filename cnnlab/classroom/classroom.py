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
import secrets
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from cnnlab import files, moments, reading
from cnnlab.access import TeacherPass, Who
from cnnlab.classroom import limits
from cnnlab.classroom.answers import Answers
from cnnlab.classroom.ballots import Ballots
from cnnlab.classroom.class_folder import FOLDER, changing, make_folder
from cnnlab.config import TrainConfig
from cnnlab.i18n import _
from cnnlab.runs import ARCHIVE, Run, RunError, Store
from cnnlab.runs.survey import sound, survey

TEACHERS = 20  # browsers of teachers that are remembered, the latest
_queueing = threading.Lock()


class Classroom(Answers, Ballots):
    """The class that uses this folder of runs: its rules, names, answers, votes, and training runs.

    Raises RunError with a sentence where a file is damaged, and OSError where the disk fails.
    """

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
        classes: Sequence[str],
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
        classes: Sequence[str],
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
        with changing:
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
