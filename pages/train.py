"""How does a network learn? Choose data and a network, press Train, watch."""

import streamlit as st
from pydantic import ValidationError

from cnnlab import datasets, workers
from cnnlab.config import TrainConfig
from cnnlab.presets import PRESETS
from cnnlab.runs import Run, RunError, Store
from cnnlab.text import _
from cnnlab.ui import identity, layers, lesson, state, training


def choose_data() -> str | None:
    """Draw the choice of data and, where it is missing, the ways to get it; return what can be used."""
    usable = "cifar10" if datasets.DATASETS["cifar10"].present() else "digits"
    state.default("train.dataset", usable, datasets.DATASETS)
    titles = {name: spec.title for name, spec in datasets.DATASETS.items()}
    name = st.segmented_control(
        _("Data"), list(titles), format_func=titles.get, key="train.dataset", required=True, width="stretch"
    )
    spec = datasets.DATASETS[name]
    st.caption(spec.description)
    if spec.present():
        return name
    training.download(name, spec)
    digits = {"train.dataset": "digits"}
    st.button(_("Go on with Digits"), key="_train.digits", on_click=st.session_state.update, args=[digits])
    return None


def choose_settings(preset: str, dataset: str) -> TrainConfig | None:
    """Draw the settings that one may want to change; return the configuration, None where it is invalid."""
    base = PRESETS[preset].config
    first = {"epochs": base.epochs, "rate": base.learning_rate, "limit": 50_000, "validation": 10}
    for name, value in (first | {"seed": base.seed}).items():
        state.default(f"train.{name}", value)
    with lesson.more(_("Settings")):
        st.number_input(_("Epochs"), 1, 1000, key="train.epochs")
        hint = _("How far one step moves the weights. Too large, and the loss explodes.")
        st.number_input(
            _("Learning rate"), 0.0, 10.0, step=0.0005, format="%.4f", key="train.rate", help=hint
        )
        st.number_input(_("Training images, at most"), 10, 50_000, step=1000, key="train.limit")
        st.slider(_("Held out for validation, %"), 0, 50, key="train.validation")
        st.number_input(_("Seed of all random choices"), 0, 2**31 - 1, key="train.seed")
    chosen = st.session_state
    changes = {name: chosen[f"train.{name}"] for name in ("epochs", "limit", "seed")}
    changes |= {"learning_rate": chosen["train.rate"], "validation": chosen["train.validation"] / 100}
    try:
        return TrainConfig.model_validate(base.model_dump() | changes | {"dataset": dataset})
    except ValidationError as error:
        problem = error.errors()[0]
        text = _("This cannot be trained: {field}: {why}.")
        st.error(text.format(field=problem["loc"][0], why=problem["msg"]))
        return None


def form() -> TrainConfig | None:
    """Draw what a run is made of, and Train; return the configuration."""
    dataset = choose_data()
    titles = {name: training.title_of(name) for name in PRESETS}
    state.default("train.preset", "article", PRESETS)
    preset = st.selectbox(_("Network"), list(titles), format_func=titles.get, key="train.preset")
    st.caption(_(PRESETS[preset].purpose))
    config = choose_settings(preset, dataset) if dataset else None
    label, icon = _("Train"), ":material/play_arrow:"
    if st.button(label, type="primary", icon=icon, disabled=not config, width="stretch", key="_train.start"):
        classes = datasets.load(dataset).classes
        run = Store().create(config, classes, preset=preset, owner=identity.owner())
        if workers.current():
            workers.current().wake()
        st.query_params["run"] = run.id
        st.rerun()
    return config


def watched() -> Run | None:
    """Return the run that the address names; one that is not there gets a sentence."""
    id = st.query_params.get("run")
    try:
        return Store().get(id) if id else None
    except RunError as error:
        st.warning(str(error))
        return None


lesson.opening(
    _("How does a network learn from photos?"),
    _("It guesses, the loss says how wrong that was, and each weight moves a little. Press **Train**!"),
)
run = watched()
if run is None:
    left, right = st.columns([1, 2.4], gap="large")
    with left:
        config = form()
    if config is not None:
        with right:
            training.data_sentence(config)
            layers.layer_table(config.model.layers(len(datasets.load(config.dataset).classes)))
else:
    training.watch(run)
    left, right = st.columns(2)
    with left, lesson.more(_("Train another network")):
        form()
    with right, lesson.more(_("The network in numbers")):
        training.network(run)
    lesson.next_lesson("inside", _("Look inside this very network"), run=run.id)
training.others(run)
