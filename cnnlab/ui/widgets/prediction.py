"""Predict first, then see: one student alone, or two partners who first try to convince each other.

Two answer one after the other, the first answer covered; where they differ they talk and may change, and only
then comes the reveal (peer instruction, after Eric Mazur). First answers count, of both; in a class they are
kept for the teacher (`Classroom.record`), and a reload brings them back.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from zlib import crc32

import streamlit as st

from cnnlab.access import teaching
from cnnlab.i18n import _
from cnnlab.runs import RunError
from cnnlab.ui.session import browser, class_state, student

FIRST = "lesson.answers"  # session key: (question, settings, partner) -> whether the first answer was right
PAIRS = "lesson.pairs"  # session key: question about something -> Pair
LONGEST = 100  # characters of the text that says what a question was about


@dataclass(frozen=True)
class Question:
    """A question as it stands on the page; `asked` names it with all that it depends on."""

    asked: str
    key: str
    settings: str
    options: Sequence[str]
    answer: str
    reveal: str


@dataclass(frozen=True)
class Pair:
    """What two partners have said, the left one first; `last` after they have talked, where they differed."""

    first: tuple[str, ...] = ()
    last: tuple[str, ...] = ()


def predict(
    key: str, question: str, options: Sequence[str], answer: str, reveal: str, *, about: Hashable = None
) -> bool:
    """Ask for a prediction, then reveal; return whether the student, or both partners, have committed to one.

    `options` are texts without duplicates, `answer` is one of them; `about` names what the question depends
    on (the photo, the settings): when it changes the question is asked anew.
    """
    mark = class_state.rules().began  # a new class is asked anew
    if FIRST not in st.session_state or st.session_state.get("lesson.class") != mark:
        st.session_state.update({FIRST: _kept(), PAIRS: {}, "lesson.class": mark})
    this = Question(f"{key}:{about!r}{mark}", key, in_words(about), options, answer, reveal)
    # Under its own key another question is another element: nothing of the last one stays in the browser.
    with st.container(border=True, key=f"_asked.{crc32(this.asked.encode()):08x}"):
        st.markdown(f"**{_('Predict first')}** — {question}")
        pair = st.session_state[PAIRS].get(this.asked, Pair())
        in_pair = student.two() and (pair.first or not _answered(this, 1))
        if not (_both(this, pair) if in_pair or len(pair.first) == 2 else _alone(this)):
            return False
        right, all = sum(st.session_state[FIRST].values()), len(st.session_state[FIRST])
        text = _("Right first answers so far: {right} of {all}")
        if any(partner == 2 for _key, _settings, partner in st.session_state[FIRST]):
            text = _("Right first answers so far, of you two: {right} of {all}")
        st.caption(text.format(right=right, all=all))
        if st.session_state.pop("_lesson.unkept", False):
            st.caption(_("Your answer counts here; it could not be kept for the class."))
    return True


def in_words(about: Hashable) -> str:
    """Return a short text for what a question depends on: one text for one thing, also after a reload."""
    if about is None:
        return ""
    if is_dataclass(about):
        parts = [f"{field.name} {in_words(getattr(about, field.name))}" for field in fields(about)]
    elif hasattr(about, "_asdict"):
        parts = [f"{name} {in_words(value)}" for name, value in about._asdict().items()]
    elif isinstance(about, tuple | list):
        parts = [in_words(part) for part in about]
    else:
        parts = [f"{about:.6g}" if isinstance(about, float) else str(about)]
    text = ", ".join(parts)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 10]}… {crc32(text.encode()):08x}"


def _alone(this: Question) -> bool:
    label = _("Your prediction")
    chosen = st.pills(label, this.options, key=f"_{this.asked}", label_visibility="collapsed")
    if chosen is None and not _answered(this, 1):
        return False
    if chosen is not None:
        _count(this, chosen, 1)
    if chosen is None or chosen == this.answer:
        st.markdown(f":green[:material/check_circle:] **{this.answer}** — {this.reveal}")
    else:
        text = _("You said “{chosen}”; right is **{answer}**").format(chosen=chosen, answer=this.answer)
        st.markdown(f":material/cancel: {text} — {this.reveal}")
    return True


def _both(this: Question, pair: Pair) -> bool:
    names = (_("Left partner"), _("Right partner"))
    if len(pair.first) < 2:
        partner = len(pair.first)
        label = f"**{names[partner]}**"
        if partner:
            text = _("{name} has chosen. The answer is covered, so that it persuades nobody.")
            st.caption(f":material/visibility_off: {text.format(name=names[0])}")
        else:
            label += f" · {_('the other one looks away')}"
        key = f"_{this.asked}:{partner}"
        st.pills(label, this.options, key=key, on_change=_choose, args=(this, partner))
        return False
    if pair.first[0] != pair.first[1] and not pair.last:
        st.markdown(_("You differ! **Convince each other**: say why. Then each may change, once."))
        keys = [f"_{this.asked}:{partner}:last" for partner in range(2)]
        for name, key, said in zip(names, keys, pair.first, strict=True):
            st.session_state.setdefault(key, said)
            st.pills(f"**{name}**", this.options, key=key)
        st.button(_("Reveal"), key=f"_{this.asked}:reveal", on_click=_settle, args=(this, keys))
        return False
    said_so = []
    for name, first, last in zip(names, pair.first, pair.last or pair.first, strict=True):
        said = f"“{last}”" if first == last else _("first “{first}”, then “{last}”")
        icon = ":green[:material/check_circle:]" if last == this.answer else ":material/cancel:"
        said_so.append(f"{icon} **{name}**: {said.format(first=first, last=last)}")
    st.markdown("  \n".join(said_so))
    # Not "right is": that would stand below "right partner".
    st.markdown(_("The answer is **{answer}**").format(answer=this.answer) + f" — {this.reveal}")
    return True


def _choose(this: Question, partner: int) -> None:
    """Take the first answer of partner 0 or 1; the page is drawn after this, without it.

    A slow page may send the same choice twice, or one that was covered meanwhile: that changes nothing.
    """
    pairs, chosen = st.session_state[PAIRS], st.session_state.get(f"_{this.asked}:{partner}")
    pair = pairs.get(this.asked, Pair())
    if chosen is not None and chosen in this.options and len(pair.first) == partner:
        pairs[this.asked] = replace(pair, first=(*pair.first, chosen))
        _count(this, chosen, partner + 1)


def _settle(this: Question, keys: Sequence[str]) -> None:
    pair = st.session_state[PAIRS][this.asked]
    last = tuple(st.session_state[key] or said for key, said in zip(keys, pair.first, strict=True))
    st.session_state[PAIRS][this.asked] = replace(pair, last=last)


def _answered(this: Question, partner: int) -> bool:
    return (this.key, this.settings, partner) in st.session_state[FIRST]


def _count(this: Question, chosen: str, partner: int) -> None:
    """Count a first answer, and keep it for the class; a later answer to the same changes nothing."""
    if _answered(this, partner):
        return
    right = chosen == this.answer
    st.session_state[FIRST][this.key, this.settings, partner] = right
    if teaching() and not class_state.is_teacher():
        classroom, me = class_state.classroom(), browser.owner()
        try:
            class_state.take_part()
            classroom.record(me, this.key, this.settings, chosen, right, partner)
        except (RunError, OSError):
            st.session_state["_lesson.unkept"] = True


def _kept() -> dict[tuple[str, str, int], bool]:
    """Return the first answers that this browser has given in this class."""
    if not teaching():
        return {}
    try:
        answers = class_state.classroom().answers_of(browser.owner())
    except OSError:
        return {}
    return {(one.question, one.settings, one.partner): one.right for one in answers}
