"""Which of the values that a browser reports are taken? Those that the widget could have sent.

Streamlit keeps what comes and reads it whenever it needs the widget's value. A text where a number belongs,
NaN for a whole number, or an option that there is none of then stops every further run of the session, for
the value stays. Here each value is tried before it is kept, and what does not fit is left out: the widget
keeps the value that it had. It is tried twice: by what the widget was when it was last drawn, before anything
reads the value, and by what it is now, when it is drawn again.
"""

import json
import math
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from cnnlab.ui.server.patch import Inside, Patch

NUMBERS = {"int_value", "double_value"}  # a number field may report either
DEPTH = 8  # lists and objects within each other that a view of ours may report, and more


def take_only_what_fits(sessions: Any, one: type, all_of_them: Any, unpack: Callable[[Any], Any]) -> None:
    """Let the states of all `sessions` leave out what does not fit; to be called once.

    one, all_of_them: the messages that report the value of a widget, and of several. unpack: returns what
    the widget makes its value of, given such a message.
    """
    set_all, register = sessions.set_widgets_from_proto, sessions.register_widget

    @wraps(set_all)
    def set_widgets_from_proto(session: Any, widget_states: Any) -> None:
        known = session._new_widget_state.widget_metadata
        taken = [
            state
            for state in widget_states.widgets
            if state.id not in known or fits(known[state.id], state, unpack)
        ]
        set_all(session, all_of_them(widgets=taken))

    @wraps(register)
    def register_widget(session: Any, metadata: Any, user_key: str | None) -> Any:
        held = getattr(session._new_widget_state.states.get(metadata.id), "value", None)
        if isinstance(held, one) and not fits(metadata, held, unpack):
            del session._new_widget_state[metadata.id]
        return register(session, metadata, user_key)

    sessions.set_widgets_from_proto, sessions.register_widget = set_widgets_from_proto, register_widget


def fits(widget: Any, reported: Any, unpack: Callable[[Any], Any]) -> bool:
    """Whether this widget (Streamlit's WidgetMetadata) could have reported this value (its WidgetState)."""
    field = reported.WhichOneof("value")
    if field is None:
        return True  # cleared
    if field != widget.value_type and not {field, widget.value_type} <= NUMBERS:
        return False
    try:
        raw = unpack(reported)
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
    if knows is not None and hasattr(knows, "min_value"):
        return all(math.isfinite(n) and knows.min_value <= n <= knows.max_value for n in given)
    return True


def _told(value: object) -> bool:
    """Whether a view could have told this: what it keeps is an object, what passes a list of them."""
    objects = value if isinstance(value, list) else [value]
    return all(isinstance(each, Mapping) for each in objects) and _shallow(value)


def _shallow(value: object, room: int = DEPTH) -> bool:
    """Whether lists and objects stand within each other no deeper than `room`."""
    if not isinstance(value, list | Mapping):
        return True
    inner = value.values() if isinstance(value, Mapping) else value
    return room > 0 and all(_shallow(each, room - 1) for each in inner)


PATCH = Patch(
    without="A session does not survive a value that its widget could not have sent.",
    made_for="Streamlit 1.67",
    needs={
        "sessions": Inside(
            "streamlit.runtime.state:SessionState",
            {
                "set_widgets_from_proto": "self widget_states",
                "register_widget": "self metadata user_key",
                "_new_widget_state": None,
            },
        ),
        "one": Inside("streamlit.proto.WidgetStates_pb2:WidgetState", {"WhichOneof": None}),
        "all_of_them": Inside("streamlit.proto.WidgetStates_pb2:WidgetStates"),
        "unpack": Inside("streamlit.runtime.state.common:unpack_widget_state_value"),
        "states": Inside(
            "streamlit.runtime.state.session_state:WStates",
            {"states": None, "widget_metadata": None, "__delitem__": "self k"},
        ),
        "metadata": Inside(
            "streamlit.runtime.state.common:WidgetMetadata",
            {
                "id": None,
                "value_type": None,
                "deserializer": None,
                "formatted_options": None,
                "max_array_length": None,
            },
        ),
    },
    put_in=take_only_what_fits,
)
