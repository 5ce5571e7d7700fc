"""May a student's training run go into the queue, go on, or last longer? The class's limits, as sentences.

A LimitError is what the student reads. The teacher's own commands are not limited.
"""

import math

from cnnlab import files
from cnnlab.access import TeacherPass
from cnnlab.config import TrainConfig, title
from cnnlab.config.class_rules import Rules
from cnnlab.data import datasets
from cnnlab.i18n import _, in_epochs, ngettext, number
from cnnlab.runs import Phase, Run, RunError, State, Store
from cnnlab.runs.survey import sound

MEGABYTE = 2**20


class LimitError(RunError):
    """Which of the class's limits is in the way, as a sentence to show."""


def check_run(rules: Rules, config: TrainConfig, seconds: float | None = None) -> None:
    """Raise LimitError where such a run is more than a student may train.

    seconds: how long it will take at the least; None where that was never measured: a guess is no reason to
    refuse it.
    """
    _check_epochs(rules, config.epochs)
    wanted = datasets.find(config.dataset).used(config.limit)
    if rules.images and wanted > rules.images:
        text = _(
            "In this class a training run uses at most {limit} training images, those held out included; "
            "this one would use {wanted}. Set *{field}* to {limit} or less."
        )
        words = {"limit": number(rules.images), "wanted": number(wanted), "field": title(("limit",))}
        raise LimitError(text.format(**words))
    if rules.minutes and seconds is not None and seconds > 60 * rules.minutes:
        text = _(
            "In this class a training run takes at most {limit} min; this one would take {minutes} min "
            "or more here. Fewer epochs, fewer images or a smaller network are quicker."
        )
        raise LimitError(
            text.format(limit=_minutes(rules.minutes), minutes=_more(seconds / 60, rules.minutes))
        )
    if config.open_test and not rules.students_open:
        text = _("In this class the teacher opens the sealed test set: switch *{field}* off.")
        raise LimitError(text.format(field=title(("open_test",))))


def within(rules: Rules, config: TrainConfig) -> dict[str, int | bool]:
    """Return the settings that have to change, and to what, for the run to keep to the class's limits."""
    changes: dict[str, int | bool] = {}
    if rules.epochs and config.epochs > rules.epochs:
        changes["epochs"] = rules.epochs
    if rules.images and datasets.find(config.dataset).used(config.limit) > rules.images:
        changes["limit"] = rules.images
    if config.open_test and not rules.students_open:
        changes["open_test"] = False
    return changes


def check_place(store: Store, rules: Rules, owner: str, count: int = 1, but: str = "") -> None:
    """Raise LimitError where `count` more runs of the student (not counting run `but`) are too many."""
    if rules.waiting is None:
        return

    def read(run: Run) -> bool:
        return run.id != but and run.recipe().owner == owner and run.state().phase.active

    mine = sum(waits for _run, waits in sound(store.runs(), read))
    if mine + count > rules.waiting:
        texts = [_("In this class a student has at most {limit} training runs waiting or at work.")]
        if rules.waiting == 1:
            texts = [_("In this class a student has one training run waiting or at work, not more.")]
        texts += [_("You have {mine}, and this would add {count}.")] if count > 1 else [_("You have {mine}.")]
        text = " ".join([*texts, _("Wait for one to end, or stop one.")])
        raise LimitError(text.format(limit=rules.waiting, mine=mine, count=count))


def check_commands(
    store: Store, rules: Rules, run: Run, owner: str, commands: dict[str, float | None]
) -> None:
    """Raise LimitError where the owner may not have these commands for the run (command -> value)."""
    if epochs := commands.get("epochs"):
        _check_epochs(rules, int(epochs))
    if "resume" in commands:
        check_place(store, rules, owner, but=run.id)
        trained = seconds_trained(run, run.state())
        if rules.minutes and trained >= 60 * rules.minutes:
            text = _(
                "In this class a training run takes at most {limit} min; this one has trained for {minutes} "
                "min already."
            )
            raise LimitError(text.format(limit=_minutes(rules.minutes), minutes=_minutes(trained / 60)))


def check_import(store: Store, rules: Rules, owner: str, size: int) -> None:
    """Raise LimitError where the student may not bring in another archive, of so many bytes."""

    def read(run: Run) -> int | None:
        recipe = run.recipe()
        return files.size(run.folder) if recipe.foreign and recipe.owner == owner else None

    sizes = [size for _run, size in sound(store.runs(), read) if size is not None]
    if rules.imports is not None and len(sizes) >= rules.imports:
        text = ngettext(
            "In this class a student brings in one archive, not more. Delete yours first.",
            "In this class a student brings in at most {limit} archives. Delete one of yours first.",
            rules.imports,
        )
        if not rules.imports:
            text = _("In this class nobody brings in archives.")
        raise LimitError(text.format(limit=number(rules.imports)))
    if rules.import_megabytes is not None and sum(sizes) + size > rules.import_megabytes * MEGABYTE:
        text = _(
            "In this class a student's archives have at most {limit} MB together; yours would have {wanted} "
            "MB with this one. Delete one of yours first."
        )
        words = {
            "limit": number(rules.import_megabytes),
            "wanted": number(math.ceil((sum(sizes) + size) / MEGABYTE)),
        }
        raise LimitError(text.format(**words))


def stop_overdue(store: Store, rules: Rules) -> None:
    """Ask each run that has trained for longer than the limit to stop; what it has learned is kept.

    The run that the whole class follows may go on. Called once a second by whoever hands out the runs.
    """
    minutes = rules.minutes
    if minutes is None:
        return

    def stop(run: Run) -> None:
        state = run.state()
        late = state.phase is Phase.RUNNING and seconds_trained(run, state) >= 60 * minutes
        if late and run.id != rules.following and "stop" not in run.new_commands():
            run.command("stop", TeacherPass(), minutes)

    for _run in sound(store.runs(), stop):
        pass  # one that is damaged, or deleted this very moment, is passed over


def stopped_after(run: Run) -> float | None:
    """Return the limit in minutes that has stopped the run, None where somebody did."""
    stops = [command.value for command in run.commands() if command.name == "stop"]
    return stops[-1] if stops else None


def seconds_trained(run: Run, state: State) -> float:
    """Return how long the run has been trained: its finished epochs, and what is done of the next one."""
    before = sum(row["seconds"] for row in run.history())
    if state.phase is not Phase.RUNNING or not state.images_per_second:
        return before
    return before + state.step * run.recipe().config.batch_size / state.images_per_second


def _check_epochs(rules: Rules, epochs: int) -> None:
    if rules.epochs and epochs > rules.epochs:
        text = _("In this class a training run has at most {limit}; this one would have {epochs}.")
        raise LimitError(text.format(limit=in_epochs(rules.epochs), epochs=number(epochs)))


def _more(minutes: float, limit: float) -> str:
    """Write what is more than a limit so that it reads as more, too."""
    text = _minutes(minutes)
    return number(minutes, 2) if text == _minutes(limit) else text


def _minutes(minutes: float) -> str:
    return number(minutes, 0 if minutes >= 10 or minutes == round(minutes) else 1)
