"""How does a page wait for a long answer: a button, then a bar that can be cancelled, then the answer.

`answer` returns the answer once it is there. It is kept by what it depends on, so that going back to earlier
settings, or to this page, shows it again at once. New settings cancel what was asked with the old ones.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

import streamlit as st

from cnnlab.i18n import _, number
from cnnlab.runs import RunError
from cnnlab.workers import pool
from cnnlab.workers.job import Job, JobError

PATIENCE = 0.7  # seconds that a page waits at once: quick answers come without a bar
KEPT = 24  # answers that a session, and that all together, keep
RESULTS = "_job.results"  # session key: (kind, about) -> answer

Name = tuple[str, Hashable]  # kind, about
_for_all: OrderedDict[Name, Any] = OrderedDict()  # the answers that hold for every session
_asked_by_all: WeakValueDictionary[Name, Job] = WeakValueDictionary()


@dataclass(frozen=True, eq=False)
class _Question:
    """What a page wants to know, and its words for the time until it does: see `answer`."""

    kind: str
    about: Hashable
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    ask: str | None
    icon: str | None
    doing: str | None
    meanwhile: str | None
    long: bool
    shared: bool

    @property
    def place(self) -> str:
        """The session key of what is waited for, and how the keys of the buttons begin."""
        return _place(self.kind)


@dataclass(eq=False)
class Asked:
    """What a session waits for: `job` is None while no worker could be reached, and when it is over."""

    about: Hashable
    job: Job | None = None
    trouble: str = ""
    failed: bool = False  # or cancelled: there will be no answer, `trouble` says why


def answer(
    kind: str,
    about: Hashable,
    function: Callable[..., Any],
    *arguments: Any,
    ask: str | None = None,
    icon: str | None = None,
    doing: str | None = None,
    meanwhile: str | None = None,
    long: bool = False,
    shared: bool = False,
) -> Any:
    """Return function(*arguments) as a *look* worker computed it, or None while there is no answer yet.

    kind: names this place of the app; a session has one job of a kind at a time. about: all that the answer
    depends on (network and its stamp, settings, a checksum of the photo). The function has to be importable
    there and may call `cnnlab.progress.report`; its answer must not be None.
    ask, icon: the label of a button that starts it; without one it starts by itself. doing: a sentence that
    may contain {done} and {all}; meanwhile: one for as long as nothing was reported. long: it takes more than
    a second or two. shared: the answer depends on nothing of this session, so whoever asks the same gets the
    same; never for what comes from a student's photo.
    """
    question = _Question(kind, about, function, arguments, ask, icon, doing, meanwhile, long, shared)
    found = _found(question)
    if found is not None:
        return found
    place = question.place
    asked = st.session_state.get(place)
    if asked is None or asked.about != about:
        leave(kind)
        if pool.current() is None:
            st.caption(_("This needs the worker processes, and they are not running."))
            return None

        def begin() -> None:
            st.session_state[place] = Asked(about)

        if ask is not None:
            st.button(ask, icon=icon, key=f"{place}.ask", on_click=begin)
            return None
        begin()
    asked = st.session_state[place]
    if asked.job is None and not asked.failed:
        _start(asked, question)
        if asked.job is not None and asked.job.wait(PATIENCE):
            _finish(asked, asked.job, question)
    found = _found(question)
    if found is not None:
        return found
    if asked.failed:
        _failure(place, asked)
    else:
        _wait(asked, question)
    return None


def under_way(kind: str) -> bool:
    """Say whether this session waits for an answer of this kind that has not failed."""
    asked = st.session_state.get(_place(kind))
    return asked is not None and not asked.failed


def leave(kind: str) -> None:
    """Cancel what the session waits for in this place, if anything."""
    asked = st.session_state.pop(_place(kind), None)
    if asked is not None:
        asked.job = None  # `_wait` may still be holding `asked`


def _workers() -> pool.Workers:
    """Return the workers, which `answer` has seen: a server that has some keeps them."""
    workers = pool.current()
    assert workers is not None, "a page waits for workers that were never there"
    return workers


def _place(kind: str) -> str:
    return f"_job.{kind}"


def _found(question: _Question) -> Any:
    mine = st.session_state.setdefault(RESULTS, OrderedDict())
    for kept in (mine, _for_all if question.shared else {}):
        if (question.kind, question.about) in kept:
            return kept[question.kind, question.about]
    return None


def _start(asked: Asked, question: _Question) -> None:
    """Hand the job over, or join the one that another session has under way; else note what is in the way."""
    name = question.kind, question.about
    joined = _asked_by_all.get(name) if question.shared else None
    try:
        asked.job = joined or Job(_workers(), question.function, *question.arguments, long=question.long)
    except RunError as error:
        asked.trouble, asked.failed = str(error), bool(_workers().lost("look"))
        return
    if question.shared:
        _asked_by_all[name] = asked.job


def _finish(asked: Asked, job: Job, question: _Question) -> None:
    """Keep the answer of a finished job, or its sentence."""
    name = question.kind, question.about
    kept = _for_all if question.shared else st.session_state[RESULTS]
    try:
        kept[name] = job.result()
    except JobError as error:
        asked.trouble, asked.failed = str(error), True
        _asked_by_all.pop(name, None)  # who tries again starts anew
    else:
        st.session_state.pop(question.place, None)
        while len(kept) > KEPT:
            kept.popitem(last=False)
    asked.job = None


def _failure(place: str, asked: Asked) -> None:
    st.warning(asked.trouble, icon=":material/error:")

    def again() -> None:
        st.session_state[place] = Asked(asked.about)

    st.button(_("Try again"), key=f"{place}.again", on_click=again)


@st.fragment(run_every=1)
def _wait(asked: Asked, question: _Question) -> None:
    """Look once a second; when the answer is there the page is drawn again, without this."""
    if st.session_state.get(question.place) is not asked or asked.failed:
        st.rerun()  # cancelled, or asked anew
    if asked.job is None:
        _start(asked, question)
    if asked.job is not None and asked.job.done():
        _finish(asked, asked.job, question)
        st.rerun()
    if asked.job is not None and (trouble := _workers().lost("look")):
        asked.job, asked.failed, asked.trouble = None, True, trouble
    if asked.failed:
        st.rerun()
    share, text = _progress(asked, question)
    st.progress(share, text)

    def cancel() -> None:
        if question.ask is not None:
            return leave(question.kind)
        asked.job, asked.failed, asked.trouble = None, True, _("Cancelled.")  # it would start by itself again

    st.button(_("Cancel"), icon=":material/close:", key=f"{question.place}.cancel", on_click=cancel)


def _progress(asked: Asked, question: _Question) -> tuple[float, str]:
    """Return the share that is done and a sentence about it."""
    if asked.job is None:
        return 0.0, _("No worker can be reached yet: {reason}").format(reason=asked.trouble)
    if asked.job.progress is not None:
        done, all = asked.job.progress
        text = question.doing or _("At work: {done} of {all}")
        return min(1.0, done / max(1, all)), text.format(done=number(done), all=number(all))
    before = asked.job.before()
    if before:
        return 0.0, _("Waiting; questions that came earlier: {count}").format(count=number(before))
    if not _workers().ready("look"):
        return 0.0, _("Waiting for a worker: none is connected")
    return 0.0, question.meanwhile or _("The worker is on it …")
