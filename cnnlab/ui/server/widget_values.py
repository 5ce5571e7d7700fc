"""Which of the values that a browser reports are taken? Those that the widget could have sent.

Streamlit 1.67 keeps what comes and reads it whenever it needs the widget's value. A text where a number
belongs, NaN for a whole number, or an option that there is none of then stops every further run of the
session, for the value stays. Here each value is tried before it is kept, and what does not fit is left out:
the widget keeps the value that it had. It is tried twice: by what the widget was when it was last drawn,
before anything reads the value, and by what it is now, when it is drawn again.
"""

import json
import logging
import math
from collections.abc import Mapping
from functools import wraps

from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.runtime.state import SessionState
from streamlit.runtime.state.common import WidgetMetadata, unpack_widget_state_value

NUMBERS = {"int_value", "double_value"}  # a number field may report either
DEPTH = 8  # lists and objects within each other that a view of ours may report, and more


def take_only_what_fits(states: type = SessionState) -> None:
    """Let all sessions of this class leave out what does not fit; to be called once.

    Where Streamlit is built otherwise than known here, the app runs without it and the log says so.
    """
    parts = ("set_widgets_from_proto", "register_widget")
    fields = getattr(states, "__dataclass_fields__", {})
    if not all(hasattr(states, part) for part in parts) or "_new_widget_state" not in fields:
        logging.getLogger(__name__).warning("This Streamlit takes widgets' values untried: see %s", __file__)
        return
    set_all, register = (getattr(states, part) for part in parts)

    @wraps(set_all)
    def set_widgets_from_proto(session, widget_states: WidgetStates) -> None:
        known = session._new_widget_state.widget_metadata
        taken = [one for one in widget_states.widgets if one.id not in known or fits(known[one.id], one)]
        set_all(session, WidgetStates(widgets=taken))

    @wraps(register)
    def register_widget(session, metadata: WidgetMetadata, user_key: str | None):
        held = getattr(session._new_widget_state.states.get(metadata.id), "value", None)
        if isinstance(held, WidgetState) and not fits(metadata, held):
            del session._new_widget_state[metadata.id]
        return register(session, metadata, user_key)

    states.set_widgets_from_proto, states.register_widget = set_widgets_from_proto, register_widget


def fits(widget: WidgetMetadata, reported: WidgetState) -> bool:
    """Whether this widget could have reported this value."""
    field = reported.WhichOneof("value")
    if field is None:
        return True  # cleared
    if field != widget.value_type and not {field, widget.value_type} <= NUMBERS:
        return False
    try:
        raw = unpack_widget_state_value(reported)
        if field.startswith("json") and not _told(json.loads(getattr(reported, field))):
            return False
        widget.deserializer(raw)
    except Exception:  # whatever Streamlit raises for it, now or in another version
        return False
    given = raw if field.endswith("_array_value") else [raw]
    labels = getattr(widget, "formatted_options", None)  # None where a word of one's own may be typed, too
    if labels is not None:
        most = widget.max_array_length or len(given)
        return len(given) <= most and all(label in labels for label in given)
    knows = getattr(widget.deserializer, "__self__", None)
    if hasattr(knows, "min_value"):
        return all(math.isfinite(n) and knows.min_value <= n <= knows.max_value for n in given)
    return True


def _told(value) -> bool:
    """Whether a view could have told this: what it keeps is an object, what passes a list of them."""
    objects = value if isinstance(value, list) else [value]
    return all(isinstance(each, Mapping) for each in objects) and _shallow(value)


def _shallow(value, room: int = DEPTH) -> bool:
    """Whether lists and objects stand within each other no deeper than `room`."""
    if not isinstance(value, list | Mapping):
        return True
    inner = value.values() if isinstance(value, Mapping) else value
    return room > 0 and all(_shallow(each, room - 1) for each in inner)
