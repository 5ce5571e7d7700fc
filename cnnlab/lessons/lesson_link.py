"""What does a teacher's lesson link open? One page, with settings of it, of which some are locked.

The text can be read by eye: `convolution~kernel:sobel_x!~relu:on~3f9a0c1d` is *One kernel* with a kernel that
is locked (!) and ReLU, and ends in a checksum. The checksum has no key, so a link in a printed guide works on
every server; it finds what was changed or torn off. What keeps foreign values out is that each value of a
link is looked up among those of `LESSONS`: nothing else can come out of `read`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from cnnlab.i18n import Sentence, _, number
from cnnlab.lessons.page_list import LESSONS, Value, written

LIMIT = 400  # characters of a link's text; the longest that `write` makes is far shorter
CHECK = 8  # hexadecimal digits of the checksum
PART, VALUE, LOCKED = "~", ":", "!"  # what stands between parts, before a value, behind a locked one


class LessonLinkError(Sentence, ValueError):
    """Why a lesson link cannot be followed, as a sentence to show."""


@dataclass(frozen=True)
class LessonLink:
    """A page, the settings that the link makes on it (name on its page -> value), and which are locked."""

    page: str
    settings: Mapping[str, Value] = field(default_factory=dict)
    locked: frozenset[str] = frozenset()

    def values(self, only: Iterable[str] | None = None) -> dict[str, Value]:
        """Return the settings (or `only` some) by their keys in the session."""
        names = self.settings if only is None else only
        controls = LESSONS[self.page].controls
        return {controls[name].key: self.settings[name] for name in names}


def write(link: LessonLink) -> str:
    """Return the text that `read` turns into the same link. LessonLinkError: it holds what no page has."""
    parts = [link.page]
    for name, value in link.settings.items():
        parts.append(name + VALUE + written(value) + LOCKED * (name in link.locked))
    body = PART.join(parts)
    text = body + PART + _checksum(body)
    if not link.locked <= set(link.settings) or read(text) != link:
        raise LessonLinkError(_("A lesson link can lock only what it sets, and set only what the page has."))
    return text


def read(text: str) -> LessonLink:
    """Return what a link's text stands for. Raises LessonLinkError, with a sentence, for any other text."""
    if len(text) > LIMIT:
        words = _("It has {length} characters; at most {limit} are read.")
        raise LessonLinkError(words.format(length=number(len(text)), limit=number(LIMIT)))
    body, _separator, checksum = text.rpartition(PART)
    if not text.isascii() or checksum != _checksum(body):
        raise LessonLinkError(_("A part of it is missing or was changed."))
    page, *items = body.split(PART)
    if page not in LESSONS:
        raise LessonLinkError(_("It asks for a page that this app does not have."))
    settings: dict[str, Value] = {}
    locked: set[str] = set()
    for item in items:
        name, _separator, value = item.removesuffix(LOCKED).partition(VALUE)
        control = LESSONS[page].controls.get(name)
        texts = control.texts() if control else {}
        if value not in texts or name in settings:
            raise LessonLinkError(_("It asks for a setting that this page does not have."))
        settings[name] = texts[value]
        if item.endswith(LOCKED):
            locked.add(name)
    return LessonLink(page, settings, frozenset(locked))


def read_or_none(text: str | None) -> LessonLink | None:
    """Return the link of a text that was kept in a file; None for one that is none, or no longer one."""
    try:
        return None if text is None else read(text)
    except LessonLinkError:
        return None


def _checksum(body: str) -> str:
    return sha256(body.encode("utf-8", "replace")).hexdigest()[:CHECK]
