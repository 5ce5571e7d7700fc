"""In which language, and with which signs, does the app speak to a learner?

The language belongs to a session, so it is looked up at each call and never at import.
"""

import gettext
from contextvars import ContextVar
from functools import cache
from pathlib import Path

import numpy as np

LOCALES = Path(__file__).parent / "locale"
language: ContextVar[str] = ContextVar("language", default="en")


@cache
def _catalogue(name: str) -> gettext.NullTranslations:
    return gettext.translation("cnnlab", LOCALES, languages=[name], fallback=True)


def _(message: str) -> str:
    """Return the message in the session's language, or as it stands where no translation exists."""
    return _catalogue(language.get()).gettext(message)


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


def percent(share: float, digits: int = 1) -> str:
    """Write a share between 0 and 1 as a percentage: 0.7012 -> '70.1 %', which no line break tears apart."""
    return f"{number(100 * share, digits)}\u00a0%"
