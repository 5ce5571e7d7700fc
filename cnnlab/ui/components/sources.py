"""Where does a component's JavaScript and CSS come from?

A component's folder has a module with its name. Modules say at their top what they take from others, with
`import { … } from "./file.js";`, and `export` what others take. Streamlit is handed one text, in full (one
without line breaks it takes for a path), so what belongs together is joined here.
"""

import re
from pathlib import Path
from typing import TypedDict

from cnnlab.figures.colours import NEGATIVE, POSITIVE
from cnnlab.i18n import _

HERE = Path(__file__).parent
COLOURS = f"""
:host {{ --positive: {POSITIVE}; --negative: {NEGATIVE}; }}
"""
IMPORT = re.compile(r'^import \{([\w\s,]+)\} from "(\.{1,2}/[\w./]+\.js)";\n', re.MULTILINE)
DECLARED = re.compile(r"^(export )?(?:function|class|const|let) (\w+)", re.MULTILINE)


class Sources(TypedDict):
    """What Streamlit is handed of a component."""

    js: str
    css: str


def sources(name: str) -> Sources:
    """The `js` of the component in the folder `name`, and its `css` behind the shared player's."""
    css = [COLOURS, *((HERE / file).read_text("utf-8") for file in ("player.css", f"{name}/{name}.css"))]
    return {"js": joined(HERE / name / f"{name}.js"), "css": "".join(css)}


def joined(entry: Path) -> str:
    """Return one module of a file and all that it imports, each once, before whatever imports it.

    Raises ValueError where a file imports what is not exported, where two declare the same name, or where
    they import each other.
    """
    texts: dict[Path, str] = {}
    begun: set[Path] = set()
    owners: dict[str, Path] = {}

    def add(path: Path) -> set[str]:
        """Add a file behind what it imports, unless it is there; return what it exports."""
        text = path.read_text("utf-8")
        declared = DECLARED.findall(text)
        if path not in texts:
            if path in begun:
                raise ValueError(f"{path.name} and what it imports import each other.")
            begun.add(path)
            for names, other in IMPORT.findall(text):
                missing = {name.strip() for name in names.split(",")} - add((path.parent / other).resolve())
                if missing:
                    raise ValueError(
                        f"{path.name} imports {', '.join(sorted(missing))}, which {other} does not export."
                    )
            for _export, name in declared:
                if owners.setdefault(name, path) != path:
                    raise ValueError(f"{owners[name].name} and {path.name} both declare {name}.")
            texts[path] = re.sub(r"^export (?!default)", "", IMPORT.sub("", text), flags=re.MULTILINE)
        return {name for exported, name in declared if exported}

    add(entry.resolve())
    return "\n".join(texts.values())


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
