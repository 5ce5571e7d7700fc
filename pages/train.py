"""How does a network learn? Choose data and a network, press Train, watch."""

import streamlit as st

from cnnlab.config import TrainConfig
from cnnlab.config.presets import PRESETS
from cnnlab.data import datasets
from cnnlab.data.spec import Dataset
from cnnlab.i18n import _
from cnnlab.ops import optimizers
from cnnlab.runs import Run, RunError, Store
from cnnlab.training import models
from cnnlab.training.augmentation import AUGMENTATIONS, augment
from cnnlab.ui.session import class_state, widget_state
from cnnlab.ui.train import compare, fields, form, preflight, run_list, run_view
from cnnlab.ui.train.take_home import bring_in, take_home
from cnnlab.ui.widgets import dataset_status, lesson, network_table, page_control
from cnnlab.workers import pool


def choose_data() -> Dataset | None:
    """Draw the choice of data and, where it is missing, the ways to get it; return what can be used."""
    spec = datasets.find(page_control.draw("train.dataset", width="stretch"))
    st.caption(spec.description)
    if spec.present():
        return spec.load(None)
    dataset_status.download(spec)
    if not widget_state.locked("train.dataset"):
        other = datasets.usable()
        label, chosen = _("Go on with {title}").format(title=other.title), {"train.dataset": other.name}
        st.button(label, key="_train.usable", on_click=st.session_state.update, args=[chosen])
    return None


def choose_preset() -> None:
    """Draw the choice of a preset, which fills the form."""
    name = page_control.draw("train.preset", on_change=lambda: form.fill(st.session_state["train.preset"]))
    st.caption(_(PRESETS[name].purpose))


def start(config: TrainConfig, data: Dataset) -> None:
    """Put the run into the queue and watch it; where a limit of the class is in the way, say so."""
    preset = st.session_state["train.preset"]
    try:
        seconds = preflight.seconds(config, config.model.layers(len(data.classes)))
        [run] = class_state.submit([config], data.classes, preset=preset, seconds=seconds)
    except OSError as error:
        st.error(_("The training run could not be stored: {why}.").format(why=error.strerror or error))
        return
    except RunError as error:
        st.error(str(error), icon=":material/front_hand:")
        return
    if workers := pool.current():
        workers.wake()
    st.query_params["run"] = run.id
    st.rerun()


def configure(watching: bool) -> None:
    """Draw what a run is made of: on the left the few choices and Train, on the right the network.

    What comes and goes has a container of its own: whatever stands below would close when it moves.
    """
    left, right = st.columns([1, 2.4], gap="large")
    with left:
        with st.container():
            data = choose_data()
        choose_preset()
        checked = form.check(data)
        ready = checked.config if checked.trainable and data else None  # what would be trained
        link = form.keep_link(checked.config, watching)
        with st.container():
            preflight.changes(checked.config)
            for fault in checked.faults:
                st.error(fault)
        pressed = st.button(
            _("Train"),
            key="_train.start",
            type="primary",
            icon=":material/play_arrow:",
            disabled=not ready,
            width="stretch",
        )
        if pressed and ready and data:
            start(ready, data)
        with st.container():
            if ready:
                preflight.limits(ready)
                preflight.estimates(checked)
    with right:
        with st.container():
            if ready:
                dataset_status.data_sentence(ready)
                dataset_status.words()
        with st.container():
            if checked.layers:
                network_table.picture(checked.layers, checked.shapes)
        fields.network(checked)
        fields.recipe(data, checked.config)
        if checked.layers:
            with lesson.more(_("The network in numbers: shapes, parameters, FLOPs")):
                network_table.layer_table(checked.layers, whole=not checked.misfit)
        preflight.link(link)


def watched() -> Run | None:
    """Return the run that the address names; one that is not there gets a sentence."""
    if gone := st.session_state.pop("_train.gone", None):
        st.toast(_("Training run {run} has been deleted.").format(run=gone), icon=":material/delete:")
    id = st.query_params.get("run")
    try:
        return Store().get(id) if id else None
    except RunError as error:
        st.warning(str(error))
        return None


form.settle()
run = watched()
lead = _("It guesses, the loss says how wrong that was, and each weight moves a little.")
lesson.opening(_("How does a network learn from photos?"), lead if run else f"{lead} {_('Press **Train**!')}")
if run is None:
    with st.container():
        run_list.latest()
    configure(watching=False)
    if not form.held():
        with lesson.more(_("Bring in a training run from elsewhere")):
            bring_in()
else:
    run_view.watch(run)
    with lesson.more(_("Train another network"), key=f"_train.another.{run.id}"):  # a new run folds it away
        configure(watching=True)
    run_view.folded(_("Compare training runs"), compare.compare, run)
    run_view.folded(_("The network in numbers"), run_view.network, run)
    run_view.folded(_("Take it home"), take_home, run)
    lesson.way_on("train", run=run.id)
run_list.others(run)
run_view.article()
kinds = [kind.function for kind in AUGMENTATIONS.values()]
lesson.code(models.build, augment, *kinds, optimizers.adam)
