"""What has the student set, is it valid, and how does it get into the form: from a preset, a link, a button?

Each setting stands in the session under `train.<field>`; those of a block under `train.blocks.<id>.<field>`,
where `train.blocks` lists the ids in order. `cnnlab.ui.train.fields` draws them.
"""

import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import streamlit as st
from pydantic import ValidationError

from cnnlab import ops
from cnnlab.access import teaching
from cnnlab.config import INNER, OPTIMIZERS, Augmentation, ModelConfig, TrainConfig, faults, settings_link
from cnnlab.config.presets import PRESETS
from cnnlab.data import datasets
from cnnlab.data.spec import Dataset
from cnnlab.i18n import _, number
from cnnlab.training import cost
from cnnlab.training.speed import INPUT
from cnnlab.ui.session import browser, context, widget_state

LISTS = ("blocks", "dense")
PLAIN = {
    TrainConfig: [
        name for name in TrainConfig.model_fields if name not in ("model", "dataset", "augmentation")
    ],
    ModelConfig: [name for name in ModelConfig.model_fields if name not in LISTS],
    Augmentation: list(Augmentation.model_fields),
}
LINK_SETTLES = 2.0  # seconds after which the browser has surely put our last link into its address


@dataclass(frozen=True)
class Checked:
    """What the form amounts to: a configuration, or sentences that say why it cannot be trained.

    `layers` are the network's as far as they fit, with their `shapes`; `misfit` names the one that does not.
    """

    config: TrainConfig | None = None
    faults: list[str] = field(default_factory=list)
    layers: list[ops.Layer] = field(default_factory=list)
    shapes: list[tuple[int, ...]] = field(default_factory=list)
    misfit: str = ""

    @property
    def trainable(self) -> bool:
        return self.config is not None and not self.faults


def settle() -> None:
    """Fill the form where it is empty, or where the address brings a link that has not been followed yet."""
    widget_state.default("train.dataset", datasets.usable().name, datasets.known())
    if "train.blocks" not in st.session_state:
        fill(st.session_state.get("train.preset", "article"))
    text, session = None if held() else st.query_params.get("config"), st.session_state
    known, before, since = session.get("_train.link", (None, None, 0.0))
    late = text == before and time.monotonic() - since < LINK_SETTLES  # a click that crossed our last link
    if text is None or text == known or late:
        return
    try:
        preset, config = settings_link.read(text)
    except settings_link.LinkError as error:
        fill("article")
        session["_train.bad_link"] = (str(error), text)
    else:
        fill(preset, config)
        session["train.dataset"] = config.dataset
    session["_train.link"] = (text, known, time.monotonic())


def held() -> bool:
    """Whether a lesson link holds the preset: then every setting of the form stays as the preset has it."""
    return widget_state.locked("train.preset")


def usual(preset: str) -> TrainConfig:
    """Return a preset as this browser's form has it: in a class with a seed of its own.

    With one seed for all, a class that trains the same preset would train the same network thirty times.
    """
    config = PRESETS[preset].config
    if not teaching():
        return config
    return config.model_copy(update={"seed": int(browser.owner()[:4], 16)})


def fill(preset: str, config: TrainConfig | None = None) -> None:
    """Put a configuration, else the preset's own, into the form; the choice of data stays."""
    config, session = config or usual(preset), st.session_state
    session["train.preset"] = preset
    session.pop("_train.bad_link", None)
    for part in (config, config.model, config.augmentation):
        session.update({f"train.{name}": getattr(part, name) for name in PLAIN[type(part)]})
    for name in LISTS:
        for key in [key for key in session if str(key).startswith(f"train.{name}.")]:
            del session[key]
        session[f"train.{name}"] = [_put(name, block.model_dump()) for block in getattr(config.model, name)]


def _put(name: str, values: dict[str, Any]) -> int:
    """Put a block's settings into the session under a new id, and return the id."""
    id: int = st.session_state.get("train.last_id", 0) + 1
    st.session_state["train.last_id"] = id
    st.session_state.update({f"train.{name}.{id}.{field}": value for field, value in values.items()})
    return id


def add(name: str) -> None:
    """Add a block at the end, like the last one."""
    ids, session = st.session_state[f"train.{name}"], st.session_state
    first = {"blocks": {"filters": 32}, "dense": {"units": 64}}[name]
    values = block(name, ids[-1]) if ids else INNER[name](**first).model_dump()
    session[f"train.{name}"] = [*ids, _put(name, values)]


def move(name: str, place: int, by: int) -> None:
    """Exchange a block with its neighbour."""
    ids = list(st.session_state[f"train.{name}"])
    ids[place], ids[place + by] = ids[place + by], ids[place]
    st.session_state[f"train.{name}"] = ids


def remove(name: str, place: int) -> None:
    ids = st.session_state[f"train.{name}"]
    st.session_state[f"train.{name}"] = ids[:place] + ids[place + 1 :]


def propose_rate() -> None:
    """Set the learning rate that the chosen optimiser usually starts from."""
    st.session_state["train.learning_rate"] = OPTIMIZERS[st.session_state["train.optimizer"]].rate


def block(name: str, id: int) -> dict[str, Any]:
    """Return a block's settings."""
    before = f"train.{name}.{id}."
    return {
        str(key).removeprefix(before): value
        for key, value in st.session_state.items()
        if str(key).startswith(before)
    }


def values() -> dict[str, Any]:
    """Return everything that is set, as `TrainConfig` takes it; nothing has been checked."""
    session = st.session_state
    plain = {kind: {name: session[f"train.{name}"] for name in names} for kind, names in PLAIN.items()}
    lists = {name: [block(name, id) for id in session[f"train.{name}"]] for name in LISTS}
    return plain[TrainConfig] | {
        "dataset": session["train.dataset"],
        "augmentation": plain[Augmentation],
        "model": plain[ModelConfig] | lists,
    }


def check(data: Dataset | None) -> Checked:
    """Check the form as a whole, with the data it is for; without data the rest is checked."""
    try:
        config = TrainConfig.model_validate(values())
    except ValidationError as error:
        return Checked(faults=faults(error))
    layers, found, misfit = config.model.layers(len(datasets.find(config.dataset).classes)), [], ""
    try:
        shapes = ops.output_shapes(layers, INPUT)
    except ops.GeometryError as error:
        misfit = error.numbers["layer"]
        layers = layers[: [layer.name for layer in layers].index(misfit)]
        shapes = ops.output_shapes(layers, INPUT)
        found.append(_does_not_fit(error))
    else:
        needed, free = cost.memory(config, layers), cost.free_memory()
        if needed > free:
            text = _(
                "Training this needs about {needed} GB of memory, but only {free} GB are free. Smaller "
                "batches or fewer kernels and units need less."
            )
            found.append(text.format(needed=number(needed / 1e9, 1), free=number(free / 1e9, 1)))
    if data:
        try:
            datasets.split(len(data.train_images), config.validation, config.limit, config.seed)
        except ValueError as error:
            found.append(str(error))
    return Checked(config, found, layers, shapes, misfit)


def _does_not_fit(error: ops.GeometryError) -> str:
    """Say which block is impossible, and what would help."""
    kind, _under, place = error.numbers["layer"].partition("_")
    if kind not in ("conv", "pool") or "k" not in error.numbers:
        return _(error.template).format(**error.numbers)
    text = {
        "conv": _(
            "Convolution block {place} is impossible: a kernel of {k}×{k} does not fit on maps of {n}×{n}. "
            "Make it smaller, give it a zero border, or take away a pooling before it."
        ),
        "pool": _(
            "Convolution block {place} is impossible: its pooling window of {k}×{k} does not fit on maps of "
            "{n}×{n}. Take this pooling away, or one before it."
        ),
    }[kind]
    return text.format(place=place, **error.numbers)


def keep_link(config: TrainConfig | None, watching: bool) -> str | None:
    """Keep the address up to date with the form, and return the text of its link, None where it has none.

    While a run is watched the address names that run, not the form. Setting it starts no further run of the
    page, and what we have set ourselves is not followed.
    """
    session, address = st.session_state, st.query_params
    known, _before, _since = session.get("_train.link", (None, None, 0.0))
    try:
        text = settings_link.write(config, session["train.preset"]) if config else None
    except settings_link.LinkError:
        text = None
    if text is None or held():
        return None
    session.setdefault("_train.first", text)
    if watching:
        address.pop("config", None)
    elif text != session["_train.first"] or "config" in address:
        address["config"] = text
    if known not in (text, session.get("_train.bad_link", (None, known))[1]):
        session.pop("_train.bad_link", None)  # the student has gone on
    if text != known:
        session["_train.link"] = (text, known, time.monotonic())
    return text


def address_of(text: str) -> str:
    """Return the whole address that opens the form with these settings."""
    return f"{context.address().split('?')[0]}?{urlencode({'config': text})}"
