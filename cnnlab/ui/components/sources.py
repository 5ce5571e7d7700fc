"""Where does a component's JavaScript and CSS come from?

Every step-through view starts with the same two files, the player (buttons, keys, announcements).
The text is read here and handed to Streamlit in full: it takes a string without line breaks for a path.
"""

from pathlib import Path

from cnnlab.figures.colours import NEGATIVE, POSITIVE
from cnnlab.i18n import _

HERE = Path(__file__).parent
COLOURS = f"""
:host {{ --positive: {POSITIVE}; --negative: {NEGATIVE}; }}
"""


def sources(name: str) -> dict[str, str]:
    """The `js` and `css` of the component in the folder `name`, behind the shared player's."""
    return {
        "js": (HERE / "player.js").read_text("utf-8") + (HERE / name / f"{name}.js").read_text("utf-8"),
        "css": COLOURS
        + (HERE / "player.css").read_text("utf-8")
        + (HERE / name / f"{name}.css").read_text("utf-8"),
    }


def player_labels() -> dict[str, str]:
    """What the player's controls say, in the session's language."""
    return {
        "first": _("To the start"),
        "back": _("Back"),
        "play": _("Play"),
        "pause": _("Pause"),
        "forward": _("Step"),
        "last": _("To the end"),
        "jump": _("Go to step"),
        "speed": _("Speed"),
    }
