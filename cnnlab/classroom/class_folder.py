"""The folder of a class, and the rules in it."""

import contextlib
import secrets
import threading
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from cnnlab import files, reading
from cnnlab.access import teaching
from cnnlab.config import faults
from cnnlab.config.class_rules import CLASS_RULES, HOME_RULES, Rules
from cnnlab.i18n import _
from cnnlab.runs import ASIDE, RunError

FOLDER = ".class"
changing = threading.Lock()  # held by whoever writes the rules
_RULES, _OBJECT = TypeAdapter(Rules), TypeAdapter(dict[str, Any])


class ClassFolder:
    """The folder of the class that uses this folder of runs."""

    def __init__(self, root: Path):
        self.root, self.folder = root, root / FOLDER

    def rules(self) -> Rules:
        """Return the rules; the usual ones until the teacher has changed some, and no limits without one.

        RunError where they are damaged: that is for the teacher to read. All else goes by `in_force`.
        """
        if not teaching():
            return HOME_RULES
        try:
            rules: Rules = reading.value(self.folder / "rules.json", _RULES)
            return rules
        except FileNotFoundError:
            return CLASS_RULES
        except reading.Damaged as error:
            text = _(
                "The rules of the class cannot be read, so the usual ones hold: look at *Rules* and set anew "
                "what should be otherwise."
            )
            raise RunError(text) from error

    def in_force(self) -> Rules:
        """Return the rules that hold now: where they are damaged, the usual ones for what cannot be read."""
        try:
            return self.rules()
        except RunError:
            return self._rest_of_the_rules()

    def _rest_of_the_rules(self) -> Rules:
        """Return the rules with what is whole in their file, as where a later version has added some."""
        try:
            found = reading.value(self.folder / "rules.json", _OBJECT)
            return Rules.model_validate(CLASS_RULES.model_dump(by_alias=True) | _sound_fields(found))
        except (FileNotFoundError, reading.Damaged, ValidationError):
            return CLASS_RULES

    def change(self, **fields: Any) -> Rules:
        """Set some of the rules; RunError says what is wrong with a value, and nothing is changed."""
        with changing:
            try:
                rules = Rules.model_validate(self.in_force().model_dump() | fields)
            except ValidationError as error:
                raise RunError(" ".join(faults(error, Rules))) from error
            make_room(self.folder / "rules.json")
            files.write_text(self.folder / "rules.json", rules.model_dump_json(indent=1, by_alias=True))
        return rules


def make_folder(folder: Path) -> None:
    """Make a folder of the class; a file or link in its place, or in that of one above, is moved away."""
    for path in (*reversed([above for above in folder.parents if FOLDER in above.parts]), folder):
        if (path.is_symlink() or reading.there(path)) and not path.is_dir():
            _move_away(path)
    folder.mkdir(parents=True, exist_ok=True)


def make_room(path: Path) -> None:
    """Move away what is in the place of a file that is to be written, and cannot be read, as a folder."""
    make_folder(path.parent)
    try:
        reading.content(path)
    except FileNotFoundError:
        return
    except reading.Damaged:
        _move_away(path)


def _move_away(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):  # another page has just done so
        files.move(path, path.with_name(f"{ASIDE}{path.name.lstrip('.')}-{secrets.token_hex(4)}"))


def _sound_fields(found: dict[str, Any]) -> dict[str, Any]:
    """Return which of these values can be rules."""
    try:
        Rules.model_validate(found)
    except ValidationError as error:
        unsound = {fault["loc"][0] for fault in error.errors(include_url=False, include_input=False)}
        return {name: value for name, value in found.items() if name not in unsound}
    return found
