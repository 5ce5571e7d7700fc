"""How does a setting look? One widget a field of the configuration, with the field's own words and limits."""

from collections.abc import Iterable
from functools import cache
from typing import Any, Literal

import numpy as np
import streamlit as st
from pydantic import BaseModel

from cnnlab.config import INNER, OPTIMIZERS, Augmentation, ModelConfig, TrainConfig
from cnnlab.config.schedules import SCHEDULES
from cnnlab.data.spec import Dataset
from cnnlab.figures.contact_sheet import sheet
from cnnlab.i18n import _, number
from cnnlab.training.augmentation import augment
from cnnlab.ui.train import form
from cnnlab.ui.widgets import lesson
from cnnlab.ui.widgets.number_field import decimal_field

STEPS = {"learning_rate": None, "l2": 0.0001, "limit": 1000, "batch_size": 16}  # None: by what stands there
PREVIEWED = 8  # images that show what augmentation does


@cache
def _schema(kind: type[BaseModel]) -> dict[str, Any]:
    properties: dict[str, Any] = kind.model_json_schema()["properties"]
    return properties


def draw(
    kind: type[BaseModel], name: str, key: str, width: int | Literal["stretch"] = "stretch", **options: Any
) -> None:
    """Draw the widget of one field; its value stands in the session under `key`, None while it is empty."""
    schema = _schema(kind)[name]
    spec = schema.get("anyOf", [schema])[0]  # a field that may be empty: number or null
    label, help = _(schema["title"]), _(schema["description"]) if "description" in schema else None
    options |= {"key": key, "help": help, "width": width}
    options["disabled"] = options.get("disabled", False) or form.held()
    if "enum" in spec:
        words = option_words()
        st.selectbox(
            label, spec["enum"], format_func=lambda name: words.get(name, name.replace("_", " ")), **options
        )
    elif spec["type"] == "boolean":
        st.toggle(label, **options | {"width": "content"})
    elif name == "validation":
        low, high = float(spec["minimum"]), float(spec["maximum"])
        st.slider(label, low, high, step=0.01, format="percent", **options)
    else:
        low, high = spec.get("minimum", spec.get("exclusiveMinimum")), spec["maximum"]
        options["placeholder"] = {"limit": _("all"), "patience": _("never")}.get(name)
        if spec["type"] == "integer":
            st.number_input(label, int(low), int(high), value=None, step=STEPS.get(name, 1), **options)
        else:
            decimal_field(label, float(low), float(high), step=STEPS.get(name, 0.05), **options)


def option_words() -> dict[str, str]:
    """Return the words for choices whose own name says too little; the others are shown as they are."""
    return {
        "valid": _("no border"),
        "same": _("zero border"),
        "none": _("no pooling"),
        "linear": _("none (linear)"),
        "flatten": _("flatten"),
        "global_average": _("average of each map"),
        "global_max": _("maximum of each map"),
        **{name: _(record.title) for name, record in (OPTIMIZERS | SCHEDULES).items()},
        "cross_entropy": _("cross-entropy"),
        "mse": _("mean squared error"),
    }


def recipe(data: Dataset | None, config: TrainConfig | None) -> None:
    """Draw everything but the network: how long, on which images, by which rule."""
    with lesson.more(_("Settings of training")):
        options = {"optimizer": {"on_change": form.propose_rate}}
        _row(TrainConfig, ("epochs", "learning_rate", "optimizer", "schedule", "batch_size"), **options)
        st.markdown(_("**Images**"))
        _row(TrainConfig, ("limit", "validation"))
        st.markdown(_("**Augmentation**: each epoch sees each image changed at random"))
        _row(Augmentation, Augmentation.model_fields)
        with st.container():
            if data and config and config.augmentation != Augmentation():
                preview(data, config)
        st.markdown(_("**Loss and the rest**"))
        _row(TrainConfig, ("loss", "label_smoothing"))
        _row(ModelConfig, ("l2",))
        _row(TrainConfig, ("patience", "seed", "precision", "open_test"))


def _row(kind: type[BaseModel], names: Iterable[str], **options: dict[str, Any]) -> None:
    """Draw fields side by side, as many as there is room for."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for name in names:
            draw(kind, name, f"train.{name}", width=168, **options.get(name, {}))


def preview(data: Dataset, config: TrainConfig) -> None:
    """Show eight training images, and what augmentation makes of them: the very code that training uses."""
    images = data.train_images[:PREVIEWED]
    draws = st.session_state.get("train.draws", 0)
    changed = augment(images, config.augmentation, np.random.default_rng([config.seed, draws]))
    pairs = [*images[:4], *changed[:4], *images[4:], *changed[4:]]
    words = _("Rows 1 and 3: training images as they are. Below each: changed.")
    alt = _("{count} training images, and each of them changed at random below it")
    picture = sheet(pairs, columns=4, zoom=4)
    st.image(picture, width=420, caption=words, alt=alt.format(count=len(images)))
    st.button(_("Other changes"), icon=":material/casino:", key="_train.draw", on_click=_draw_again)


def _draw_again() -> None:
    st.session_state["train.draws"] = st.session_state.get("train.draws", 0) + 1


def network(checked: form.Checked) -> None:
    """Draw the editor of the network: convolution blocks, the way to a row of numbers, dense layers."""
    with lesson.more(_("Build the network")):
        _blocks("blocks", _("Convolution block"), _("Add a convolution block"), checked)
        draw(ModelConfig, "head", "train.head", width=260)
        _blocks("dense", _("Dense layer"), _("Add a dense layer"), checked)


def _blocks(name: str, title: str, add: str, checked: form.Checked) -> None:
    """Draw the blocks of one kind, each with its output and, where it does not fit, the reason."""
    ids, most = st.session_state[f"train.{name}"], _schema(ModelConfig)[name]["maxItems"]
    sizes = {layer.name: shape for layer, shape in zip(checked.layers, checked.shapes, strict=True)}
    for place, id in enumerate(ids):
        made = getattr(checked.config.model, name)[place].layers(place + 1) if checked.config else []
        outputs = [sizes[layer.name] for layer in made if layer.name in sizes]
        with st.container(border=True):
            size = " → " + "×".join(number(side) for side in outputs[-1]) if outputs else ""
            with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
                st.markdown(f"**{title} {place + 1}**{size}", width="content")
                _block_buttons(name, id, place, last=place == len(ids) - 1)
            with st.container(horizontal=True, vertical_alignment="bottom"):
                for field in INNER[name].model_fields:
                    off = field == "pool_window" and form.block(name, id)["pool"] == "none"
                    draw(INNER[name], field, f"train.{name}.{id}.{field}", width=136, disabled=off)
            if checked.misfit in [layer.name for layer in made]:
                st.error(checked.faults[0])
    st.button(
        add,
        icon=":material/add:",
        key=f"_train.{name}.add",
        disabled=len(ids) >= most or form.held(),
        on_click=form.add,
        args=[name],
    )


def _block_buttons(name: str, id: int, place: int, last: bool) -> None:
    """Draw the buttons that move a block and remove it."""
    for icon, tip, off, click, args in (
        ("arrow_upward", _("Earlier"), place == 0, form.move, (name, place, -1)),
        ("arrow_downward", _("Later"), last, form.move, (name, place, 1)),
        ("delete", _("Remove"), False, form.remove, (name, place)),
    ):
        key = f"_train.{name}.{id}.{icon}"
        st.button(
            "",
            icon=f":material/{icon}:",
            type="tertiary",
            help=tip,
            disabled=off or form.held(),
            on_click=click,
            args=args,
            key=key,
        )
