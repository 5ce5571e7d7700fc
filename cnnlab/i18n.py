"""In which language, and with which signs, does the app speak to a learner?

The language belongs to a session, so it is looked up at each call and never at import.
"""

import gettext
import math
import re
import unicodedata
from contextvars import ContextVar
from functools import cache
from pathlib import Path

import numpy as np

LOCALES = Path(__file__).parent / "locale"
language: ContextVar[str] = ContextVar("language", default="en")
FULL_WIDTH = 0xFEE0  # from a sign to its wide form, which looks alike and means nothing
# What makes a picture, a link, a tag, a formula or an icon of a text; the rest is written as it is.
MEANT = re.compile(r"[<>\[\]$@]|:(?=//|[a-z_+-][\w/+-]*:)|(?<=\bwww)\.", re.IGNORECASE)
BREAKS, UNSEEN = ("Cc", "Zl", "Zp"), ("Cf", "Cs")  # kinds of signs: ends of lines and the like; invisible
LONGEST = 1000  # characters of a sentence
FINEST = 9  # decimal places, at most
NOISE = {0: 1e-12, 1: 5e-7}  # by which a share may miss nothing or all, as computers add (float32, too)


@cache
def _catalogue(name: str) -> gettext.NullTranslations:
    return gettext.translation("cnnlab", LOCALES, languages=[name], fallback=True)


def _(message: str) -> str:
    """Return the message in the session's language, or as it stands where no translation exists."""
    return _catalogue(language.get()).gettext(message)


def N_(message: str) -> str:
    """Mark a message that stands in a list, to be translated by `_` where it is shown."""
    return message


def ngettext(one: str, many: str, count: int) -> str:
    """Return the message for one thing or that for several, as the session's language has it."""
    return _catalogue(language.get()).ngettext(one, many, count)


def foreign(text: str, most: int = LONGEST) -> str:
    """Return a text from elsewhere so that it is nothing but text wherever it is shown, cut to `most` signs.

    >>> foreign("![cat](http://a.b/c) <img>")
    '!［cat］(http：//a.b/c) ＜img＞'
    """
    text = text if len(text) <= most else text[: most - 1] + "…"
    kinds = [(sign, unicodedata.category(sign)) for sign in text]
    line = "".join(" " if kind in BREAKS else sign for sign, kind in kinds if kind not in UNSEEN)
    return MEANT.sub(lambda found: chr(ord(found[0]) + FULL_WIDTH), line)


class Sentence(Exception):
    """Why something cannot be done, as a sentence to show; what it quotes is nothing but text."""

    def __init__(self, text: str = ""):
        super().__init__(foreign(str(text)))


def number(value: float, digits: int = 0) -> str:
    """Write a number for reading: thousands separated, a true minus sign, no negative zero.

    >>> number(-1234.5, 1)
    '−1,234.5'
    """
    text = f"{value:,.{digits}f}"
    if text.startswith("-"):
        text = text[1:] if not text.strip("-0.,") else "−" + text[1:]
    return text


def plain(value: float, digits: int = 4) -> str:
    """Write a number of any size with so many digits that count, and without an exponent.

    >>> plain(0.00001), plain(0.00025000001), plain(30)
    ('0.00001', '0.00025', '30')
    """
    text = np.format_float_positional(value, precision=digits, fractional=False, trim="-")
    return text.replace("-", "−")


def fine(value: float, digits: int) -> str:
    """Write a number with so many decimal places; one that would hide as 0 there, with two of its digits.

    >>> fine(12.345, 2), fine(0.00432, 2), fine(0, 2)
    ('12.35', '0.0043', '0.00')
    """
    hides = 0 < abs(value) < 10.0**-digits
    places = 1 - math.floor(math.log10(abs(value))) if hides else digits
    return number(value, places if places <= FINEST else digits)


def percent(share: float, digits: int = 1) -> str:
    """Write a share between 0 and 1 as a percentage: 0.7012 -> '70.1 %', which no line break tears apart.

    Only all is written as 100 %, and only nothing as 0 %: what comes near gets up to two digits more, then ≈.

    >>> percent(0.9996), percent(1), percent(0.00004), percent(1e-9)
    ('99.96\\xa0%', '100.0\\xa0%', '0.004\\xa0%', '≈\\xa00.0\\xa0%')
    """
    whole = {number(100 * end, digits): end for end in (0, 1)}
    text = number(100 * share, digits)
    if 0 < share < 1 and text in whole and abs(share - whole[text]) > NOISE[whole[text]]:
        apart = 100 * abs(share - whole[text]) * 10 ** (digits + 1)
        finer = number(100 * share, digits + (1 if apart > 0.95 else 2))
        text = f"≈\u00a0{text}" if float(finer) in (0, 100) else finer
    return f"{text}\u00a0%"


def in_epochs(count: int) -> str:
    """Write a number of epochs: "1 epoch", "12 epochs"."""
    return ngettext("{count} epoch", "{count} epochs", count).format(count=number(count))


def finished_epochs(count: int) -> str:
    """Say that so many finished epochs are kept, in a sentence."""
    text = ngettext("{count} finished epoch is kept.", "{count} finished epochs are kept.", count)
    return text.format(count=number(count))
