"""What does a student see of a training run: live, at rest, and beside the others?"""

import statistics
from collections.abc import Callable

import numpy as np
import streamlit as st

from cnnlab import datasets, workers
from cnnlab.config import TrainConfig
from cnnlab.figures.curves import curve
from cnnlab.figures.sheet import sheet
from cnnlab.figures.tiles import colour_tiles
from cnnlab.presets import PRESETS
from cnnlab.runs import RESTING, Run, RunError, State, Store
from cnnlab.text import _, number, percent
from cnnlab.ui import identity, layers, lesson, watching
from cnnlab.ui import state as page_state
from cnnlab.ui.envelope import envelope
from cnnlab.ui.network import layer_title
from cnnlab.ui.preflight import duration


def title_of(preset: str) -> str:
    return _(PRESETS[preset].title) if preset in PRESETS else preset


def watch(run: Run) -> None:
    """Draw the run, and keep drawing it while it waits or works."""
    try:
        headline(run)
        pace = _pace(run, run.state())
    except RunError as error:
        st.error(str(error), icon=":material/broken_image:")
        return
    st.fragment(_live, run_every=pace)(run, pace)


def _pace(run: Run, state: State) -> float | None:
    """Return the seconds between two looks at a run: few until its first figures come, None once it rests."""
    if state.phase in RESTING and state.phase != "queued":
        return None
    return 2 if run.history() or (state.phase == "queued" and _before(run)) else 0.5


def headline(run: Run) -> None:
    """Name the run and its network, and say which images it uses for what."""
    recipe = run.recipe()
    text = _("Training run **{run}** · {network}").format(run=run.id, network=title_of(recipe.preset))
    text = f"{text} · {_(recipe.note)}" if recipe.note else text
    st.markdown(text, help=_("A training run gets a name by lot, so that you find it again."))
    try:
        if datasets.DATASETS[recipe.config.dataset].present():
            data_sentence(recipe.config)
    except datasets.DatasetError as error:
        st.warning(str(error))


def data_sentence(config: TrainConfig) -> None:
    """Say which images are used for what, with their numbers."""
    data = datasets.load(config.dataset)
    try:
        parts = datasets.split(len(data.train_images), config.validation, config.limit, config.seed)
    except ValueError as error:
        st.error(str(error))
        return
    text = _(
        "**{title}**: {training} images to learn from, {validation} held out for validation, "
        "{test} sealed until the test."
    )
    training, validation = (number(len(part)) for part in parts)
    test = number(len(data.test_images))
    st.markdown(text.format(title=data.title, training=training, validation=validation, test=test))


def words() -> None:
    """Explain the words of the page in a line."""
    st.caption(
        _(
            "An *epoch* is once through all images to learn from. *Validation* images are never learned "
            "from: they judge each epoch. *Sealed* images wait for one final test."
        ),
        width=760,
    )


def _live(run: Run, drawn_at: float | None) -> None:
    """Draw curve, progress, controls and kernels; where another pace is due, draw the page again at that."""
    if st.session_state.pop("_train.left", False):
        st.rerun()
    try:
        state, rows = run.state(), run.history()
        if _pace(run, state) != drawn_at:
            st.rerun()
        if state.phase == "failed":
            st.error(state.message, icon=":material/error:")
        left, right = st.columns([2.3, 1], gap="medium")
        with left.container(border=True):
            _progress(run, state)
            if state.phase in ("finished", "stopped") and run.has_weights():
                _look_inside(run)
            _controls(run, state)
            _curve(state, rows, len(run.recipe().classes))
        with right:
            watching.findings(run, state, rows)
            _kernels(run)
            _explain(run, rows)
            watching.silent_parts(run, len(rows))
        watching.probe(run)
        if state.phase in ("finished", "stopped") and run.has_weights():
            envelope(run)
    except RunError as error:
        st.error(str(error), icon=":material/broken_image:")


def _curve(state: State, rows: list[dict[str, float]], classes: int) -> None:
    names = {"accuracy": _("Accuracy"), "loss": _("Loss")}
    page_state.default("train.curve", "accuracy", names)
    what = st.segmented_control(
        _("Curve"), list(names), format_func=names.get, key="train.curve", required=True
    )
    running = getattr(state, what) if state.phase == "running" else None
    figure = curve(rows, what, max(state.epochs, len(rows)), running, chance=1 / classes)
    st.plotly_chart(figure, key="_train.chart", config={"displayModeBar": False})


def _progress(run: Run, state: State) -> None:
    if state.phase != "running":
        st.markdown(phase_text(run, state))
        return
    parts = [_("Epoch {now} of {all}").format(now=min(state.epoch + 1, state.epochs), all=state.epochs)]
    if state.accuracy is not None:
        parts.append(_("accuracy so far {accuracy}").format(accuracy=percent(state.accuracy)))
    if state.learning_rate is not None:
        parts.append(_("learning rate {rate}").format(rate=f"{state.learning_rate:.4g}"))
    if state.images_per_second:
        parts.append(_("{speed} photos a second").format(speed=number(state.images_per_second)))
    if (left := _seconds_left(run, state)) is not None:
        parts.append(_("about {time} left").format(time=duration(left)))
    done = (state.epoch + state.step / max(1, state.steps)) / max(1, state.epochs)
    st.progress(min(1.0, done), text=" · ".join(parts))
    st.caption(phase_text(run, state))


def _seconds_left(run: Run, state: State) -> float | None:
    """Return how long the rest takes if its epochs are like the last ones; None before the first."""
    seconds = [row["seconds"] for row in run.history()][-3:]
    if not seconds:
        return None
    return statistics.median(seconds) * (state.epochs - state.epoch - state.step / max(1, state.steps))


def _look_inside(run: Run) -> None:
    label, query = _("Look inside this very network"), {"run": run.id}
    st.page_link(lesson.PAGES / "inside.py", label=label, icon=":material/visibility:", query_params=query)


def _controls(run: Run, state: State) -> None:
    """Draw what the owner can do now; others are told why they cannot."""
    if run.shipped:
        st.caption(_("This network comes with the app: it has been trained already."))
        return
    if run.recipe().owner != identity.owner():
        st.caption(_("This training run is not yours: you can look at it, not steer it."))
        return
    active = state.phase in ("queued", "starting", "running")
    rested = not active and run.can_go_on()
    buttons = {
        "pause": (active, _("Pause"), ":material/pause:"),
        "resume": (rested and state.phase != "finished", _("Resume"), ":material/play_arrow:"),
        "stop": (active or state.phase == "paused", _("Stop and keep"), ":material/stop:"),
        "more": (
            rested and state.phase in ("finished", "stopped"),
            _("One more epoch"),
            ":material/plus_one:",
        ),
    }
    with st.container(horizontal=True):
        for wish, (possible, label, icon) in buttons.items():
            if possible:
                st.button(label, icon=icon, key=f"_train.{wish}", on_click=_wish, args=(run, wish))
        if active or state.phase == "paused":
            with st.popover(_("Learning rate"), icon=":material/tune:"):
                _change_rate(run)
    if problem := st.session_state.pop("_train.problem", None):
        st.error(problem)


def _change_rate(run: Run) -> None:
    """Let the owner set another learning rate for what follows; a schedule goes on multiplying it."""
    now, key = run.wished("rate", run.recipe().config.learning_rate), f"train.new_rate.{run.id}"
    page_state.default(key, now)
    rate = st.number_input(_("From now on"), 0.0, 10.0, step=0.0005, format="%.4f", key=key)
    idle = rate == now or not rate
    st.button(_("Set it"), key="_train.rate", disabled=idle, on_click=_wish, args=(run, "rate", rate))


def _wish(run: Run, wish: str, value: float | None = None) -> None:
    """Carry out a click. A callback comes before the page is drawn again, so no click is lost to a redraw."""
    try:
        if wish == "more":
            run.wish("epochs", identity.owner(), len(run.history()) + 1)
        run.wish("resume" if wish == "more" else wish, identity.owner(), value)
    except RunError as error:
        st.session_state["_train.problem"] = str(error)
    if workers.current():
        workers.current().wake()


def _kernels(run: Run) -> None:
    """Show the first layer's kernels as they are now, in their colours."""
    newest = run.kernel_epochs()[-1:]
    if not newest:
        return
    kernels = run.kernels(newest[0])
    name, values = next(iter(kernels.items()))
    with st.container(border=True):
        when = _("before training") if newest[0] == 0 else _("after epoch {epoch}").format(epoch=newest[0])
        st.markdown(_("**The first layer's kernels**, {when}").format(when=when))
        spec = next(spec for spec in run.recipe().layers() if spec["name"] == name.split("/")[0])
        alt = _("{count} kernels of {layer}").format(count=values.shape[-1], layer=layer_title(spec))
        picture = sheet(colour_tiles(values.astype("float32")), columns=8, zoom=10)
        st.image(picture, width="stretch", caption=alt)
        if newest[0]:
            begun = next(iter(run.kernels(0).values())).astype("float32")
            moved = float(np.linalg.norm(values - begun) / np.linalg.norm(begun))
            text = _("They began as random numbers and have moved by {share} of their size since.")
            st.caption(text.format(share=percent(moved, 0)))


def _explain(run: Run, rows: list[dict[str, float]]) -> None:
    """Say why validation can stand above training, or near guessing, where it does."""
    if not rows:
        return
    recipe = run.recipe()
    near_guessing = rows[-1]["val_accuracy"] < 2 / len(recipe.classes) < rows[-1]["accuracy"]
    if near_guessing and any(block.normalise for block in recipe.config.model.blocks):
        text = _(
            "Validation is near guessing at first: batch normalisation judges by running averages of the "
            "maps, and those need some hundred steps to settle."
        )
        st.caption(text)
    if rows[-1]["val_accuracy"] > rows[-1]["accuracy"]:
        text = _(
            "Validation stands above training here: the training value is an average over the epoch, "
            "while the weights were still changing; validation is measured at its end."
        )
        st.caption(text)


def phase_text(run: Run, state: State) -> str:
    """Return what the run is doing, as one sentence."""
    match state.phase:
        case "queued":
            if before := _before(run):
                return _("Waiting for its turn: {count} before it.").format(count=before)
            return _waiting_for_a_worker()
        case "starting":
            return _("A worker is about to begin.")
        case "running" if run.claimed(state.attempt)["reason"] == "recovery":
            text = _(
                "Its worker was lost; the run went on by itself from its last finished epoch (attempt {n})."
            )
            return text.format(n=state.attempt)
        case "running":
            return state.message or _("The training run goes on when you close this page.")
        case "finished":
            text = _("Finished after {epochs} epochs.").format(epochs=state.epoch)
            return f"{text} {state.message}"
        case "paused":
            text = _("Paused in epoch {epoch}; it goes on from there, and lets others train meanwhile.")
            return text.format(epoch=state.epoch + 1)
        case "stopped":
            return _("Stopped; {epochs} finished epochs are kept.").format(epochs=state.epoch)
        case "interrupted":
            text = _("Interrupted: its worker was lost. {epochs} finished epochs are kept; *Resume* goes on.")
            return text.format(epochs=state.epoch)
    return state.message or _("Training failed.")


def _waiting_for_a_worker() -> str:
    crew = workers.current()
    if crew is not None and crew.trouble:
        text = _("Waiting: no worker can be reached ({trouble}). The run starts when there is one.")
        return text.format(trouble=crew.trouble)
    if crew is not None and not crew.ready("train"):
        return _("The worker is still starting; that takes some seconds.")
    return _("Waiting for a worker.")


def network(run: Run) -> None:
    """Draw the table of the run's network."""
    layers.layer_table(run.recipe().layers())


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
        epochs, accuracy = len(run.history()), run.evaluation().accuracy
    except (RunError, AttributeError):  # no shipped network, or its test set is sealed
        return
    measured = _("Measured here: {accuracy} of the test photos after {epochs} epochs ({note}).")
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
        measured.format(accuracy=percent(accuracy), epochs=epochs, note=_(run.recipe().note)),
    )


def others(shown: Run | None) -> None:
    """List the training runs, the student's own first, each a link that watches it."""
    me, runs = identity.owner(), Store().runs()
    if not runs:
        return
    with st.expander(_("All training runs ({count})").format(count=len(runs)), icon=":material/list:"):
        for run in sorted(runs, key=lambda run: not _owned(run, me)):
            try:
                text = f"{run.id} · {title_of(run.recipe().preset)} · {phase_text(run, run.state())}"
            except RunError as error:
                text = str(error)
            st.page_link(
                lesson.PAGES / "train.py",
                label=text,
                icon=":material/person:" if _owned(run, me) else ":material/visibility:",
                query_params={"run": run.id},
                disabled=shown is not None and run.id == shown.id,
            )


def download(name: str, spec: datasets.Spec) -> None:
    """Offer the download of a dataset, show how it goes, and say what to do when it fails."""
    size = number(spec.download_bytes / 1e6)
    st.warning(_("{title} is not on this computer yet.").format(title=spec.title))
    label = _("Download it ({size} MB)").format(size=size)
    if not st.button(label, key="_train.download", icon=":material/download:"):
        return
    bar = st.progress(0.0, text=_("Downloading"))

    def show(done: int, total: int) -> None:
        text = _("{done} of {size} MB").format(done=number(done / 1e6), size=number(total / 1e6))
        bar.progress(min(1.0, done / total), text=text)

    try:
        datasets.load(name, show)
    except datasets.DatasetError as error:
        bar.empty()
        st.error(str(error))
    else:
        st.rerun()


def _before(run: Run) -> int:
    """Return how many runs are trained before this one."""
    return sum(_waits_before(other, run) for other in Store().runs())


def _waits_before(other: Run, run: Run) -> bool:
    try:
        active = other.state().phase in ("queued", "starting", "running")
        return active and other.recipe().created < run.recipe().created
    except RunError:
        return False


def _owned(run: Run, owner: str) -> bool:
    try:
        return run.recipe().owner == owner
    except RunError:
        return False
