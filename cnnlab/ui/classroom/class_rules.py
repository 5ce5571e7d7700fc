"""What may students do? Limits on their training runs, names, pairs, and who opens the test sets."""

from typing import Any

import streamlit as st

from cnnlab.config.class_rules import Rules
from cnnlab.i18n import _, ngettext, number
from cnnlab.ui.classroom import actions
from cnnlab.ui.session import class_state, teacher_pass
from cnnlab.ui.widgets.number_field import decimal_field

PLACE = "rules"
LIMITS = {"waiting": int, "epochs": int, "minutes": float, "images": int}
LIMITS |= {"imports": int, "import_megabytes": int}


def class_rules() -> None:
    """Draw the rules as they are; each change holds at once. It is not drawn by itself while one types."""
    rules = class_state.rules()
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown(_("**Limits for each student.** An empty field is no limit. Yours are not limited."))
        for name, kind in LIMITS.items():
            _limit(rules, name, kind)
    with right:
        st.markdown(_("**In the class**"))
        for name, label in _switches().items():
            _switch(rules, name, label)
    teacher_pass.word(PLACE)
    st.caption(_now(rules))


def _limit(rules: Rules, name: str, kind: type) -> None:
    key = f"_teacher.rule.{name}"
    value = getattr(rules, name)
    st.session_state[key] = None if value is None else kind(value)
    label = _(Rules.model_fields[name].title or name)
    options: dict[str, Any] = {"placeholder": _("no limit"), "on_change": _set, "args": (name,), "width": 320}
    if kind is float:
        decimal_field(label, None, None, step=1.0, key=key, **options)
    else:
        st.number_input(label, value=None, step=1, key=key, **options)


def _switches() -> dict[str, str]:
    return {
        "names_hidden": _("Hide the names, on the board as well"),
        "pair_mode": _("Pairs: both predict before the answer shows"),
        "students_open": _("Students may open the sealed test set themselves"),
    }


def _switch(rules: Rules, name: str, label: str) -> None:
    key = f"_teacher.rule.{name}"
    st.session_state[key] = getattr(rules, name)
    st.toggle(label, key=key, on_change=_set, args=(name,))


def _set(name: str) -> None:
    """Make what a field says the rule; where that is impossible, the field shows the old rule again."""
    value = st.session_state[f"_teacher.rule.{name}"]
    teacher_pass.carry_out(PLACE, actions.change, {name: value})


def _now(rules: Rules) -> str:
    """Say what holds for a student now, in a sentence."""
    waiting = ngettext(
        "{limit} training run waiting or at work",
        "{limit} training runs waiting or at work",
        rules.waiting or 0,
    )
    parts = [
        (rules.waiting, waiting),
        (rules.epochs, ngettext("{limit} epoch", "{limit} epochs", rules.epochs or 0)),
        (rules.minutes, _("{limit} min")),
        (rules.images, _("{limit} training images")),
        (rules.imports, ngettext("{limit} archive", "{limit} archives", rules.imports or 0)),
        (rules.import_megabytes, _("{limit} MB of archives")),
    ]
    held = [text.format(limit=_plain(limit)) for limit, text in parts if limit is not None]
    if not held:
        return _("Now: no limits.")
    return _("Now, for each student at most: {limits}.").format(limits=" · ".join(held))


def _plain(limit: float) -> str:
    return number(limit, 0 if limit == round(limit) else 1)
