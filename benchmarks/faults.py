"""Does one student's damaged file stop anybody else?

    python benchmarks/faults.py [--cases N] [--seed N]

Damages the run folder of one student, or a file of the class, in many ways (`benchmarks/damage.py`), each
time beside a healthy run of another student that waits for its worker; then lets everything read that reads
run folders: a dispatcher with a stand-in for its worker, limits, lists, places in the queue, the board, the
teacher's overview, the class's functions, and all parts and exports of the damaged run itself. The last line
is one JSON object: cases; sentences (cases in which some reader said what is wrong); other_errors (anything
but a sentence raised); stopped_the_queue (the healthy run was not handed out); lost (finished epochs or
settings of the healthy run that are gone or different).
"""

import argparse
import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.damage import Case, cases
from cnnlab.access import PIN, TeacherPass
from cnnlab.classroom import Classroom, leaderboard, limits
from cnnlab.classroom.limits import LimitError
from cnnlab.config import ConvBlock, ModelConfig, TrainConfig
from cnnlab.evaluation import reliability_record
from cnnlab.evaluation.comparison import entry
from cnnlab.export import export_archive, report
from cnnlab.export.code.notebook import notebook
from cnnlab.export.code.script import script
from cnnlab.runs import Checkpoint, Phase, Run, RunError, Store, disk_usage, queue
from cnnlab.runs.attempt import Attempt
from cnnlab.runs.history import COLUMNS
from cnnlab.training import speed
from cnnlab.training.cost import measure
from cnnlab.workers import pool
from tests.support.networks import random_weights

OWNERS = {"anna": "a" * 32, "ben": "b" * 32}  # Anna's run is damaged, Ben's waits beside it
CLASSES = tuple("0123456789")
CONFIG = TrainConfig(
    model=ModelConfig(blocks=(ConvBlock(filters=4, stride=3), ConvBlock(filters=3, stride=2))),
    dataset="digits",
    epochs=3,
)
HANG = 20  # seconds after which a reader counts as hanging


def build(root: Path) -> tuple[str, str]:
    """Make a class with two students; return the names of the run to damage and of the healthy one."""
    os.environ[PIN] = "2718"
    store, classroom = Store(root), Classroom(root)
    for owner in OWNERS.values():
        classroom.nickname(owner)
        classroom.record(owner, "pooling.shift", "k=2", "60 %", right=owner == OWNERS["anna"])
        classroom.record(owner, "layer.count", "k=3", "27", right=True)
    vote = classroom.ask("brightest").vote
    for option, owner in enumerate(OWNERS.values()):
        classroom.cast(owner, option, vote)
    damaged, healthy = (
        store.create(CONFIG, CLASSES, preset="article", owner=owner) for owner in OWNERS.values()
    )
    for run in (damaged, healthy):
        _train(run)
    damaged.command("rate", OWNERS["anna"], 0.002)
    _finish(damaged)
    Attempt(healthy, 1).enter(Phase.PAUSED)
    healthy.command("epochs", OWNERS["ben"], 4)
    healthy.command("resume", OWNERS["ben"])
    leaderboard.reveal(classroom, leaderboard.standings(store.runs(), OWNERS.values()), {damaged.id: 0.5})
    (root / ".mark").write_text("0123456789abcdef")
    return damaged.id, healthy.id


def _train(run: Run) -> None:
    """Leave what a trainer leaves after two epochs."""
    attempt = Attempt(run, run.claim("queued"))
    weights = random_weights(run.recipe().layers())
    kernels = {name: array for name, array in weights.items() if array.ndim == 4}
    attempt.update(steps=26, epoch=2, epochs=3, step=0, images_per_second=900.0, learning_rate=0.001)
    values = {"loss": 1.5, "accuracy": 0.5, "val_loss": 1.6, "val_accuracy": 0.4}
    rows = [values | {"epoch": epoch, "learning_rate": 0.001, "seconds": 2.5} for epoch in (1, 2)]
    attempt.write_history([dict.fromkeys(COLUMNS, 0.5) | row for row in rows])
    for epoch in (0, 1, 2):
        attempt.write_kernels(epoch, kernels)
    rest = {"optimizer/0": np.zeros(3)}
    attempt.write_checkpoint(Checkpoint(2, weights, rest))
    attempt.write_checkpoint(Checkpoint(2, weights, rest, step=5, so_far=(1.4, 0.5, 1.4)))
    attempt.write_answer_panel(2, np.arange(8), np.full((8, 10), 0.1))
    attempt.enter(Phase.RUNNING)


def _finish(run: Run) -> None:
    attempt = Attempt(run, 1)
    attempt.update(steps=26, epoch=2, epochs=3)
    attempt.write_result(random_weights(run.recipe().layers()))
    run.save_evaluation(np.full((20, 10), 0.1), np.arange(20) % 10)
    attempt.enter(Phase.STOPPED)


# ---- The dispatcher, with a stand-in for Dask and its worker


class Ready:
    """A task that is done at once."""

    def done(self) -> bool:
        return True

    def add_done_callback(self, _function: Callable) -> None:
        pass


class Cluster:
    """Stands in for Dask's client: one idle *train* worker, which is handed runs and never trains them."""

    status, as_current = "running", staticmethod(contextlib.nullcontext)

    def __init__(self, resource: str):
        self.resource, self.keys = resource, []

    def scheduler_info(self, n_workers: int) -> dict:
        worker = {"name": "train", "resources": {"train": 1, self.resource: 1}, "metrics": {"memory": 0}}
        return {"workers": {"tcp://stand-in": worker}}

    def processing(self) -> dict[str, list[str]]:
        return {"tcp://stand-in": []}

    def submit(self, _function: Callable, *_arguments, key: str, **_options) -> Ready:
        self.keys.append(key)
        return Ready()

    def close(self, timeout: float) -> None:
        pass


class Crew(pool.Workers):
    """The real dispatcher before that stand-in."""

    def _connect(self) -> Cluster:
        from cnnlab.workers import resources

        return Cluster(resources.resource_name("train", self.store.root))


def handed_out(store: Store, id: str) -> bool:
    """Let a dispatcher work until it has handed this run out; False where it does not."""
    import distributed

    kept = distributed.Lock, distributed.fire_and_forget
    distributed.Lock = lambda _name: contextlib.nullcontext()
    distributed.fire_and_forget = lambda _future: None
    crew = Crew(store).start()
    try:
        end = time.monotonic() + 5
        while time.monotonic() < end:
            if crew.client is not None and any(
                f":{id}:" in f":{key.partition(':')[2]}" for key in crew.client.keys
            ):
                return True
            crew.wake()
            time.sleep(0.002)
        return False
    finally:
        crew.close()
        distributed.Lock, distributed.fire_and_forget = kept


# ---- What reads


def of_all(store: Store, healthy: Run) -> dict[str, Callable[[], object]]:
    """Return what reads all runs, or the class: none of it may fail, whatever one file is."""
    from cnnlab.ui.classroom import overview
    from cnnlab.ui.widgets import run_status

    classroom, ben = Classroom(store.root), OWNERS["ben"]
    rules = classroom.in_force
    vote = lambda: rules().vote  # noqa: E731
    return {
        "queue": lambda: queue.waiting(store),
        "last taken up": lambda: queue.last_taken_up(store),
        "places": lambda: queue.places(store),
        "names of all": lambda: [run.id.encode() for run in store.runs()],
        "overdue": lambda: limits.stop_overdue(store, rules()),
        "place": lambda: limits.check_place(store, rules(), ben),
        "check": lambda: limits.check_commands(store, rules(), healthy, ben, {"epochs": 5}),
        "new run": lambda: store.create(CONFIG, CLASSES, preset="article", owner=ben).delete(TeacherPass()),
        "board": lambda: leaderboard.standings(store.runs(), OWNERS.values()),
        "revealed": lambda: leaderboard.revealed(classroom),
        "teacher's rows": overview.rows,
        "teacher's students": overview.students,
        "teacher's answers": overview.answers,
        "at work": lambda: queue.at_work(store),
        "before": lambda: run_status.before(healthy),
        "phase": lambda: run_status.phase_text(healthy, healthy.state()),
        "measured": lambda: run_status.known(str(store.root), "digits", 1797),
        "disk": lambda: disk_usage.usage(store),
        "names": classroom.students,
        "name": lambda: classroom.nickname(ben),
        "seen": lambda: classroom.seen(ben),
        "answers": classroom.answers,
        "record": lambda: classroom.record(ben, "new", "k=1", "3", right=True),
        "ballots": lambda: classroom.ballots(vote(), "first") if vote() else None,
        "cast": lambda: classroom.cast(ben, 1, vote()) if vote() else None,
        "allow": lambda: classroom.allow(store, CONFIG, ben),
        "change": lambda: classroom.change(names_hidden=True),
    }


def of_one(run: Run) -> dict[str, Callable[[], object]]:
    """Return what reads one run: all that it may raise is a sentence."""
    from cnnlab.ui.widgets import network_choice

    return {
        "recipe": run.recipe,
        "state": run.state,
        "history": run.history,
        "commands": run.commands,
        "weights": run.weights,
        "checkpoint": run.checkpoint,
        "within": run.within,
        "trained epochs": run.trained_epochs,
        "kernels": lambda: [run.kernels(epoch) for epoch in run.kernel_epochs()],
        "kernel": lambda: [run.kernel(epoch, "conv_1") for epoch in run.kernel_epochs()],
        "answer panel": run.answer_panel,
        "evaluation": lambda: (one := run.evaluation()) and (one.accuracy, one.cross_entropy),
        "needs": run.needs_attempt,
        "can go on": run.can_go_on,
        "entry": lambda: entry(run),
        "measure": lambda: measure(run, "digits", 1797, speed.load(speed.TYPICAL)),
        "trained": lambda: limits.seconds_trained(run, run.state()),
        "network": lambda: network_choice.load(run),
        "report": lambda: report(run).encode(),
        "script": lambda: compile(script(run), "script", "exec"),
        "notebook": lambda: json.loads(notebook(run)),
        "archive": lambda: export_archive(run),
        "command": lambda: run.command("rate", OWNERS["anna"], 0.001),
        "claim": lambda: run.claim("queued"),
        "reliability": lambda: reliability_record.read(run, 0),
        "test": lambda: run.save_evaluation(np.full((20, 10), 0.1), np.arange(20) % 10),
    }


class Hangs(BaseException):
    """A reader that does not come back."""


@contextlib.contextmanager
def _alarm() -> Iterator[None]:
    def ring(*_signal) -> None:
        raise Hangs

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(HANG)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


class Outcome:
    """What came of all cases so far."""

    def __init__(self):
        self.cases = self.sentences = self.other_errors = self.stopped_the_queue = self.lost = 0
        self.troubles: Counter[str] = Counter()  # what went wrong, in short -> how often

    def figures(self) -> dict[str, int]:
        names = ("cases", "sentences", "other_errors", "stopped_the_queue", "lost")
        return {name: getattr(self, name) for name in names}

    def read(self, reader: str, read: Callable[[], object], all_of: type[Exception]) -> bool:
        """Let a reader read; return whether it said a sentence. `all_of`: what it may raise."""
        try:
            with _alarm():
                read()
        except all_of as error:
            if not str(error).strip():
                self.trouble(f"{reader}: an error without words")
            return True
        except (Exception, Hangs) as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            ours = [
                frame for frame in traceback.extract_tb(error.__traceback__) if "cnnlab" in frame.filename
            ]
            at = f"{Path(ours[-1].filename).name}:{ours[-1].name}" if ours else where.name
            self.trouble(f"{reader}: {type(error).__name__} in {at}")
        return False

    def trouble(self, words: str) -> None:
        self.other_errors += 1
        self.troubles[words] += 1


def settings_and_epochs(run: Run) -> tuple:
    return run.recipe(), run.history(), run.commanded("epochs", 0), run.checkpoint().epoch, run.within().step


def suffer(case: Case, template: Path, damaged: str, healthy: str, folder: Path, outcome: Outcome) -> None:
    """Let one damage befall a copy of the class, then everything read it."""
    root = folder / "runs"
    shutil.copytree(template, root)
    os.environ["CNNLAB_RUNS"] = str(root)
    store = Store(root)
    before = settings_and_epochs(Run(root / healthy))
    case.befall(root)
    outcome.cases += 1
    said = False
    for reader, read in of_all(store, Run(root / healthy)).items():
        outcome.read(reader, read, RunError if reader == "revealed" else LimitError)  # the board has one file
    for reader, read in of_one(Run(root / damaged)).items():
        said |= outcome.read(reader, read, RunError)
    outcome.sentences += said
    if not handed_out(store, healthy):
        outcome.stopped_the_queue += 1
        outcome.troubles["the queue stood still"] += 1
    try:
        after = settings_and_epochs(Run(root / healthy))
    except RunError:
        after = None
    if repr(after) != repr(before):
        outcome.lost += 1
        outcome.troubles["the healthy run has lost something"] += 1


def torment(count: int, seed: int, folder: Path, tell: Callable[[Case, Outcome], None]) -> Outcome:
    """Go through so many cases in a folder of their own; `tell` hears of each."""
    template, outcome = folder / "template", Outcome()
    damaged, healthy = build(template)
    for number, case in enumerate(cases(template, damaged, count, seed)):
        place = folder / str(number)
        place.mkdir()
        suffer(case, template, damaged, healthy, place, outcome)
        shutil.rmtree(place, ignore_errors=True)
        tell(case, outcome)
    return outcome


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cases", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    known: Counter[str] = Counter()

    def tell(case: Case, outcome: Outcome) -> None:
        for words in outcome.troubles.keys() - known.keys():
            print(f"{case}: {words}", file=sys.stderr)
        known.update(outcome.troubles)

    with tempfile.TemporaryDirectory() as folder:
        outcome = torment(given.cases, given.seed, Path(folder), tell)
    for words, times in outcome.troubles.most_common():
        print(f"{times:5} × {words}")
    print(json.dumps(outcome.figures()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
