"""How is one setting of a page drawn? As its record in `cnnlab.lessons.page_list` says.

Streamlit's own `bind="query-params"` would keep a setting in the address, but in another one than links have:
the parameter is called as the key in the session, its value is the option's words in the session's language
(`?lesson.level=%2B+Formulas` for `?level=formulas`), the first value is left out, nothing but the widget may
write it, and of a lock it knows nothing.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnnlab.i18n import _
from cnnlab.lessons.page_list import CONTROLS, Control, Kind, Numbers, Value, written
from cnnlab.ui.session import widget_state


def value(key: str, also: Mapping[Any, str] | None = None) -> Any:
    """Return what is set, without drawing it; at first it is what the address asks for, or the record's.

    also: as for `draw`. KeyError: the page itself has to set it first.
    """
    control = CONTROLS[key]
    asked = control.texts().get(st.query_params.get(control.parameter, "")) if control.parameter else None
    first = control.first if asked is None else asked
    if first is not None:
        # What stands on a slider lies within its limits, but a browser may be a rounding away from a step.
        allowed = None if control.kind == "slider" else _words(control, also)
        widget_state.default(key, first, allowed)
    return st.session_state[key]


def draw(
    key: str,
    *,
    place: DeltaGenerator | None = None,
    kind: Kind | None = None,
    label: str = "",
    also: Mapping[Any, str] | None = None,
    only: Iterable[Value] | None = None,
    **options: Any,
) -> Any:
    """Draw a setting in its place, or here, and return its value; what a lesson link locks stays as it is.

    kind, label: where they are not the record's. also: options, with words, that no lesson link can set.
    only: the options on show. Other options are Streamlit's, for the widget.
    """
    control = CONTROLS[key]
    value(key, also)
    words = _words(control, also)
    widget: dict[str, Any] = {"key": key, "disabled": widget_state.locked(key)} | options
    label, here, shown = label or _(control.label or control.title), place or st, list(only or words)
    match kind or control.kind:
        case "switch":
            here.toggle(label, **widget)
        case "slider":
            steps = control.options
            assert isinstance(steps, Numbers), f"{key} is a slider: its options are numbers a step apart"
            form = f"%.{steps.digits}f" if steps.digits else None
            here.slider(label, steps.low, steps.high, step=steps.step, format=form, **widget)
        case "steps":
            here.select_slider(label, shown, format_func=words.__getitem__, **widget)
        case "list":
            here.selectbox(label, shown, format_func=words.__getitem__, **widget)
        case "radio":
            here.radio(label, shown, format_func=words.__getitem__, **widget)
        case "segments":
            here.segmented_control(label, shown, format_func=words.__getitem__, required=True, **widget)
    if control.parameter:
        st.query_params[control.parameter] = written(st.session_state[key])
    return st.session_state[key]


def _words(control: Control, also: Mapping[Any, str] | None) -> dict[Value, str]:
    return {**control.options(), **(also or {})}
