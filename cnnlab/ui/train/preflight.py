"""What should one know before pressing Train: what was changed, how long it takes, how to pass it on?"""

from typing import Any

import streamlit as st

from cnnlab import ops
from cnnlab.classroom.limits import within
from cnnlab.config import TrainConfig, settings_link, title
from cnnlab.config.presets import PRESETS
from cnnlab.data import datasets
from cnnlab.i18n import _, ngettext, number, plain
from cnnlab.runs import Store
from cnnlab.training import cost
from cnnlab.ui.session import class_state
from cnnlab.ui.train import fields, form
from cnnlab.ui.widgets import lesson
from cnnlab.ui.widgets.run_status import duration, known


def changes(config: TrainConfig | None) -> None:
    """Say why a link was not followed, what differs from the preset, and offer the way back."""
    if "_train.bad_link" in st.session_state:
        text = _("The link was not followed: {why} The form shows the usual settings.")
        st.warning(text.format(why=st.session_state["_train.bad_link"][0]), icon=":material/link_off:")
    preset = st.session_state["train.preset"]
    changed = _changed(form.usual(preset), config) if config else []
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

    def walk(old: dict[str, Any], new: dict[str, Any], place: tuple[str, ...]) -> list[str]:
        found = []
        for name, value in new.items():
            if isinstance(value, dict):
                found += walk(old[name], value, (*place, name))
            elif isinstance(value, list | tuple):
                found.append(title((*place, name)))
            else:
                empty = {"limit": _("all"), "patience": _("never")}
                words = [empty[name] if v is None else in_words(v) for v in (old[name], value)]
                found.append(f"{title((*place, name))} {' → '.join(words)}")
        return found

    old = before.model_dump()
    new = settings_link.differences(old, after.model_dump())
    return walk(old, {name: value for name, value in new.items() if name != "dataset"}, ())


def in_words(value: bool | float | str | None) -> str:
    """Return a setting's value as the form calls it; None, where there is none, is a dash."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return _("on") if value else _("off")
    if isinstance(value, str):
        return fields.option_words().get(value, value)
    return plain(value, 6) if isinstance(value, float) else number(value)


def estimates(checked: form.Checked) -> None:
    """Say about how long training will take here and how much memory it needs."""
    config = checked.config
    if config is None:  # the form's own sentences say why
        return
    images = datasets.find(config.dataset).train_count
    here = known(str(Store().root), config.dataset, images)
    epoch, basis = cost.epoch_seconds(config, checked.layers, images, here)
    all, _basis = cost.seconds(config, checked.layers, images, here)
    sources = {
        "same": _("measured with this network on this computer"),
        "other": _("measured with other networks on this computer"),
        "timed": _("from single layers that were timed on this computer"),
        "guess": _(
            "a guess: this computer has not been measured yet, and may be several times as fast or slow"
        ),
    }
    text = _("About {epoch} an epoch, {all} in all ({source}); {memory} MB of memory.")
    memory = number(max(1, cost.memory(config, checked.layers) / 1e6))
    words = [text.format(epoch=duration(epoch), all=duration(all), source=sources[basis], memory=memory)]
    if here.speed.used(config.precision) != config.precision:
        words.append(_("This processor has no bfloat16 of its own, so training will use float32."))
    limit = class_state.rules().minutes
    if limit is not None and all > 60 * limit and not class_state.is_teacher():
        text = _("In this class training stops after {limit} min and keeps what it has learned.")
        words.append(text.format(limit=f"{limit:g}"))
    st.caption(" ".join(words))


def seconds(config: TrainConfig, layers: list[ops.Layer]) -> float | None:
    """Return how long training will take here at the least; None where that is nothing but a guess."""
    images = datasets.find(config.dataset).train_count
    here = known(str(Store().root), config.dataset, images)
    all, basis = cost.seconds(config, layers, images, here)
    unsure = cost.UNSURE[basis]
    return all / unsure if unsure else None


def limits(config: TrainConfig) -> None:
    """Say which limits of the class hold for a student's training run, and offer to keep to them."""
    rules = class_state.rules()
    if class_state.is_teacher():
        return
    if changes := within(rules, config):
        st.button(
            _("Keep to the limits"),
            icon=":material/front_hand:",
            key="_train.within",
            width="stretch",
            disabled=form.held(),
            on_click=lambda: st.session_state.update({f"train.{name}": to for name, to in changes.items()}),
        )
    words = {
        ngettext("{count} epoch", "{count} epochs", rules.epochs or 0): rules.epochs,
        _("{count} min of training"): rules.minutes,
        _("{count} training images, those held out included"): rules.images,
        _("{count} of your training runs waiting or at work"): rules.waiting,
    }
    told = [text.format(count=f"{limit:,g}") for text, limit in words.items() if limit is not None]
    if told:
        st.caption(_("In this class at most: {limits}.").format(limits=" · ".join(told)))


def link(text: str | None) -> None:
    """Show the address that opens the form with these very settings."""
    if text:
        with lesson.more(_("Link to these settings")):
            st.code(form.address_of(text), language=None, wrap_lines=True)
            st.caption(_("Whoever opens it finds this form, seed included."))
