"""What does a student see of a training run: live, at rest, and beside the others?"""

import math
import statistics
from collections.abc import Callable

import numpy as np
import streamlit as st

from cnnlab.config import losses
from cnnlab.data import datasets
from cnnlab.data.spec import DatasetError
from cnnlab.figures import static
from cnnlab.figures.contact_sheet import sheet
from cnnlab.figures.curves import curve, kept
from cnnlab.figures.tiles import colour_tiles
from cnnlab.i18n import _, in_epochs, number, percent, plain
from cnnlab.runs import Phase, Run, RunError, State, Store
from cnnlab.runs.history import Row
from cnnlab.ui.session import class_state, context
from cnnlab.ui.session import widget_state as page_state
from cnnlab.ui.train import controls, findings, sample
from cnnlab.ui.train.test_set import test_set
from cnnlab.ui.widgets import damaged_run, dataset_status, download, layer_words, lesson, network_table
from cnnlab.ui.widgets.chart import chart
from cnnlab.ui.widgets.run_status import before, duration, in_words, name_of, phase_text, title_of

SETTLED = 1_000  # steps after which running averages of batch normalisation have long settled (momentum 0.99)


def watch(run: Run) -> None:
    """Draw the run, and keep drawing it while it waits or works."""
    try:
        headline(run)
        pace = _pace(run, run.state())
    except RunError as error:
        st.error(str(error), icon=":material/broken_image:")
        damaged_run.offer(run)
        return
    st.fragment(_live, run_every=pace)(run, pace)


def _pace(run: Run, state: State) -> float | None:
    """Return the seconds between two looks at a run: few until its first figures come, None once it rests.

    What waits begins by itself, and so does what was interrupted: its worker is replaced, or was only slow.
    """
    if not state.phase.changes_by_itself:
        return None
    return 2 if run.history() or (state.phase is Phase.QUEUED and before(run)) else 0.5


def headline(run: Run) -> None:
    """Name the run and its network, and say which images it uses for what."""
    recipe = run.recipe()
    text = f"**{name_of(run)}**"
    if not run.shipped:
        text = _("Training run **{run}** · {network}").format(run=run.id, network=title_of(recipe.preset))
    remarks = (class_state.shown_names().get(recipe.owner), _(recipe.note) if recipe.note else None)
    text = " · ".join([text, *filter(None, remarks)])
    st.markdown(text, help=_("A training run gets a name by lot, so that you find it again."))
    try:
        if datasets.find(recipe.config.dataset).present():
            dataset_status.data_sentence(recipe.config)
    except DatasetError as error:
        st.warning(str(error))


def _live(run: Run, drawn_at: float | None) -> None:
    """Draw curve, progress, controls and kernels; where another pace is due, draw the page again at that."""
    if st.session_state.pop("_train.left", False):
        st.rerun()
    try:
        state, rows = run.state(), run.history()
        if _pace(run, state) != drawn_at:
            st.rerun()
        if state.phase is Phase.FAILED:
            st.error(state.message, icon=":material/error:")
        left, right = st.columns([2.3, 1], gap="medium")
        with left.container(border=True):
            _progress(run, state)
            if state.phase.ended and run.has_weights():
                controls.look_inside(run)
            controls.controls(run, state)
            _curve(run, state, rows)
        with right:
            findings.findings(run, state, rows)
            _kernels(run)
            _explain(run, rows)
            findings.silent_parts(run, len(rows))
        findings.answer_panel(run)
        if state.phase.ended and run.has_weights():
            test_set(run)
    except RunError as error:
        st.error(str(error), icon=":material/broken_image:")
        damaged_run.offer(run)


def _curve(run: Run, state: State, rows: list[Row]) -> None:
    recipe = run.recipe()
    names = kept(rows, recipe.config)
    page_state.default("train.curve", "accuracy", names)
    st.segmented_control(
        _("Curve"), list(names), format_func=names.__getitem__, key="train.curve", required=True
    )
    what: str = st.session_state["train.curve"]
    running = getattr(state, what, None) if state.phase is Phase.RUNNING else None
    theme = context.theme()
    figure = curve(rows, what, max(state.epochs, len(rows)), running, 1 / len(recipe.classes), theme)
    chart(figure, key="_train.chart")
    if rows and not state.phase.changes_by_itself:  # a curve that still grows is drawn every two seconds
        words = {"title": names[what], "note": in_words(run)}
        name = f"{run.id}-{what.replace('_', '-')}"
        download.figure(name, static.curve, rows, what, 1 / len(recipe.classes), **words)
    if what == "loss":
        st.caption(losses.explained(recipe.config, rows[-1]["l2"] if rows else math.nan))
    elif what == "cross_entropy":
        st.caption(_("Of the answers alone: it compares with that of any run, whatever its loss is."))


def _progress(run: Run, state: State) -> None:
    if state.phase is not Phase.RUNNING:
        st.markdown(phase_text(run, state))
        return
    parts = [_("Epoch {now} of {all}").format(now=min(state.epoch + 1, state.epochs), all=state.epochs)]
    if state.accuracy is not None:
        parts.append(_("accuracy so far {accuracy}").format(accuracy=percent(state.accuracy)))
    if state.learning_rate is not None:
        parts.append(_("learning rate {rate}").format(rate=plain(state.learning_rate, 3)))
    if state.images_per_second:
        parts.append(_("{speed} photos a second").format(speed=number(state.images_per_second)))
    if (left := seconds_left(run, state)) is not None:
        parts.append(_("about {time} left").format(time=duration(left)))
    done = (state.epoch + state.step / max(1, state.steps)) / max(1, state.epochs)
    st.progress(min(1.0, done), text=" · ".join(parts))
    st.caption(phase_text(run, state))


def seconds_left(run: Run, state: State) -> float | None:
    """Return how long the rest takes if its epochs are like the last ones; None before the first."""
    seconds = [row["seconds"] for row in run.history()][-3:]
    if not seconds:
        return None
    return statistics.median(seconds) * (state.epochs - state.epoch - state.step / max(1, state.steps))


def _kernels(run: Run) -> None:
    """Show the first layer's kernels as they are now, in their colours."""
    newest = run.kernel_epochs()[-1:]
    if not newest:
        return
    name, count, picture, moved = _drawn_kernels(str(run.folder), newest[0], len(run.history()), run)
    with st.container(border=True):
        when = _("before training") if newest[0] == 0 else _("after epoch {epoch}").format(epoch=newest[0])
        st.markdown(_("**The first layer's kernels**, {when}").format(when=when))
        layer = next(layer for layer in run.recipe().layers() if layer.name == name)
        alt = _("{count} kernels of {layer}").format(count=count, layer=layer_words.title(layer))
        st.image(picture, width="stretch", caption=alt)
        if not run.state().phase.changes_by_itself:
            words = {"title": alt, "note": in_words(run)}
            download.figure(f"{run.id}-kernels", static.kernel_sheets, {when: picture}, **words)
        if newest[0]:
            text = _("They began as random numbers and have moved by {share} of their size since.")
            st.caption(text.format(share=percent(moved, 0 if moved >= 0.01 else 2)))


@st.cache_data(max_entries=64, show_spinner=False)
def _drawn_kernels(folder: str, epoch: int, finished: int, _run: Run) -> tuple[str, int, np.ndarray, float]:
    """Return the first layer's name, its number of kernels, their picture, and how far they have moved.

    A whole class may look at one run, every two seconds. finished: an epoch that is trained once more, after
    a worker's death, is read once more.
    """
    (name, values), *_others = _run.kernels(epoch).items()
    begun = next(iter(_run.kernels(0).values())).astype("float32")
    moved = float(np.linalg.norm(values - begun) / np.linalg.norm(begun))
    picture = sheet(colour_tiles(values.astype("float32")), columns=8, zoom=10)
    return name.split("/")[0], values.shape[-1], picture, moved


def _explain(run: Run, rows: list[Row]) -> None:
    """Say why validation stands near guessing, or above training, where it does."""
    if not rows:
        return
    recipe = run.recipe()
    near_guessing = rows[-1]["val_accuracy"] < 2 / len(recipe.classes) < rows[-1]["accuracy"]
    early = len(rows) * run.state().steps <= SETTLED
    if early and near_guessing and any(block.normalise for block in recipe.config.model.blocks):
        text = _(
            "Validation is near guessing at first: batch normalisation judges by running averages of the "
            "maps, and those need some hundred steps to settle."
        )
        st.caption(text)
    sample.explain(rows[-1], recipe.config)


def network(run: Run) -> None:
    """Draw the table of the run's network."""
    network_table.layer_table(run.recipe().layers())


def folded(title: str, draw: Callable[[Run], None], run: Run) -> None:
    """Draw something of the run, folded away; what is damaged is named in its place."""
    with lesson.more(title):
        try:
            draw(run)
        except RunError as error:
            st.warning(str(error), icon=":material/broken_image:")


def article() -> None:
    """Set what the article says of training beside what is right, with the shipped run's own figures."""
    try:
        run = Store().get("article")
        epochs, evaluation = len(run.history()), run.evaluation()
    except RunError:  # no shipped network
        return
    if evaluation is None:  # its test set is sealed
        return
    measured = _("Measured here: {accuracy} of the test photos after {epochs} ({note}).")
    lesson.article(
        _("It trains and evaluates, without validation data."),
        _(
            "Then overfitting stays invisible: hold out validation data to choose by, and open the sealed "
            "test set once, when the choice is made."
        ),
        _("Adam is a dynamic learning rate."),
        _(
            "Adaptive moment estimation: each weight moves by rate × m̂ / (√v̂ + ε), where m̂ and v̂ are running "
            "means of its gradient and of the gradient's square."
        ),
        _("No result is stated."),
        measured.format(
            accuracy=percent(evaluation.accuracy), epochs=in_epochs(epochs), note=_(run.recipe().note)
        ),
    )
