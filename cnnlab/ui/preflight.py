"""What should one know before pressing Train: what was changed, how long it takes, how to pass it on?"""

from pathlib import Path

import streamlit as st

from cnnlab import datasets, estimate, links
from cnnlab.config import TrainConfig, title
from cnnlab.presets import PRESETS
from cnnlab.runs import Store
from cnnlab.text import _, number
from cnnlab.ui import form, lesson, settings

NEWEST = 50  # finished runs that the speed is measured on, at most


def changes(config: TrainConfig | None) -> None:
    """Say why a link was not followed, what differs from the preset, and offer the way back."""
    if "_train.bad_link" in st.session_state:
        text = _("The link was not followed: {why} The form shows the usual settings.")
        st.warning(text.format(why=st.session_state["_train.bad_link"][0]), icon=":material/link_off:")
    preset = st.session_state["train.preset"]
    changed = _changed(PRESETS[preset].config, config) if config else []
    if config is None or changed:
        if changed:
            text = _("Changed from *{preset}*: {changes}")
            st.caption(text.format(preset=_(PRESETS[preset].title), changes=" · ".join(changed)))
        st.button(
            _("Back to the preset"),
            icon=":material/undo:",
            key="_train.back",
            on_click=form.fill,
            disabled=form.held(),
            args=[preset],
        )


def _changed(before: TrainConfig, after: TrainConfig) -> list[str]:
    """Return each difference in words, but for the choice of data: "Epochs 10 → 3"."""

    def walk(old: dict, new: dict, place: tuple[str, ...]) -> list[str]:
        found = []
        for name, value in new.items():
            if isinstance(value, dict):
                found += walk(old[name], value, (*place, name))
            elif isinstance(value, list | tuple):
                found.append(title((*place, name)))
            else:
                found.append(f"{title((*place, name))} {_value(old[name])} → {_value(value)}")
        return found

    old = before.model_dump()
    new = links.differences(old, after.model_dump())
    return walk(old, {name: value for name, value in new.items() if name != "dataset"}, ())


def _value(value) -> str:
    if isinstance(value, bool):
        return _("on") if value else _("off")
    if isinstance(value, str):
        return settings.option_words().get(value, value)
    return "–" if value is None else f"{value:,.6g}"


def estimates(checked: form.Checked, data: datasets.Dataset) -> None:
    """Say about how long training will take here and how much memory it needs."""
    config = checked.config
    training, held = datasets.split(len(data.train_images), config.validation, config.limit, config.seed)
    runs = measured(str(Store().root), data.name, len(data.train_images))
    speed, basis = estimate.speed(checked.layers, config.precision, runs)
    seconds = estimate.epoch_operations(checked.layers, len(training), len(held)) / speed
    sources = {
        "same": _("measured with this network on this computer"),
        "other": _("measured with other networks on this computer"),
        "default": _("a typical speed: nothing has been measured here yet"),
    }
    text = _("About {epoch} an epoch, {all} in all ({source}); {memory} MB of memory.")
    st.caption(
        text.format(
            epoch=duration(seconds),
            all=duration(estimate.PREPARING + seconds * config.epochs),
            source=sources[basis],
            memory=number(max(1, estimate.memory(config, checked.layers) / 1e6)),
        )
    )


def duration(seconds: float) -> str:
    """Write a time with one unit: 0.4 s, 25 s, 3 min, 2.5 h."""
    if seconds < 100:
        return f"{number(seconds, 1 if seconds < 10 else 0)} s"
    return f"{number(seconds / 60)} min" if seconds < 6000 else f"{number(seconds / 3600, 1)} h"


@st.cache_data(ttl=30, max_entries=20, show_spinner=False)
def measured(root: str, dataset: str, images: int) -> list[estimate.Measured]:
    """Return what the newest runs with this data have shown of this machine's speed."""
    runs = Store(Path(root)).runs()[:NEWEST]
    found = [estimate.measure(run, dataset, images) for run in runs]
    return [one for one in found if one]


def link(text: str | None) -> None:
    """Show the address that opens the form with these very settings."""
    if text:
        with lesson.more(_("Link to these settings")):
            st.code(form.address_of(text), language=None, wrap_lines=True)
            st.caption(_("Whoever opens it finds this form, seed included."))
