"""How did the class predict? Its first answers as a table to take away, and how each question went."""

import csv
import io
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cnnlab.classroom import Answer
from cnnlab.i18n import _

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what makes a spreadsheet compute a cell instead of showing it
PLAIN_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)*")


@dataclass(frozen=True)
class Outcome:
    """How a question went: how many first answers, how many of them right, the commonest wrong one."""

    question: str
    answers: int
    right: int
    mistake: str  # "" where all were right
    mistaken: int  # how often that wrong one was given


def table(answers: Sequence[tuple[str, Answer]]) -> bytes:
    """Return (nickname, answer) pairs as CSV for a spreadsheet, a line each; times by this computer's clock.

    No cell can act as a formula: one that would gets an apostrophe before it (OWASP, *CSV Injection*).
    """
    text = io.StringIO()
    writer = csv.writer(text)
    names = [_("student"), _("partner"), _("question"), _("settings"), _("first answer"), _("right")]
    writer.writerow([*names, _("time")])
    for nickname, one in answers:
        right = _("yes") if one.right else _("no")
        cells = [nickname, str(one.partner), one.question, one.settings, one.answer, right, _local(one.at)]
        writer.writerow([harmless(cell) for cell in cells])
    return text.getvalue().encode("utf-8-sig")  # with its mark, by which Excel knows the encoding


def _local(at: str) -> str:
    """Write a time that was noted in UTC as this computer's clock shows it; a damaged one stays as it is."""
    try:
        return f"{datetime.fromisoformat(at).astimezone():%Y-%m-%d %H:%M:%S}"
    except ValueError:
        return at


def harmless(cell: str) -> str:
    """Return a cell that a spreadsheet shows and never computes."""
    acts = cell.lstrip(" ").startswith(FORMULA) and not PLAIN_NUMBER.fullmatch(cell)
    return f"'{cell}" if acts else cell


def outcomes(answers: Sequence[tuple[str, Answer]]) -> list[Outcome]:
    """Return how each question went, the one with the smallest share of right answers first."""
    by_question: dict[str, list[Answer]] = defaultdict(list)
    for _nickname, one in answers:
        by_question[one.question].append(one)
    found = []
    for question, given in by_question.items():
        wrong = Counter(one.answer for one in given if not one.right).most_common(1)
        mistake, mistaken = wrong[0] if wrong else ("", 0)
        found.append(Outcome(question, len(given), sum(one.right for one in given), mistake, mistaken))
    return sorted(found, key=lambda outcome: (outcome.right / outcome.answers, outcome.question))
