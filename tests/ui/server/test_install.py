"""Does each patch fit the installed version, and does the app run, saying so once, where it does not?"""

import logging
import re
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from importlib.metadata import version
from types import ModuleType

import pytest

from cnnlab.ui.server import patch as patching
from cnnlab.ui.server.install import PATCHES
from tests.conftest import ROOT

NAMES = [patch.without for patch in PATCHES]
NEEDS = [pytest.param(patch, need, id=need.where) for patch in PATCHES for need in patch.needs.values()]
USED = [one for one in NEEDS if one.values[1].members]


@pytest.fixture
def log(caplog):
    """What the log says; what other tests have had said counts for nothing."""
    patching.say_once.cache_clear()
    caplog.set_level(logging.INFO, patching.LOG.name)
    yield caplog
    patching.say_once.cache_clear()


@pytest.mark.parametrize("patch", PATCHES, ids=NAMES)
def test_each_fits_the_installed_version_which_is_the_one_it_was_made_for(patch, log):
    assert replace(patch).found is not None, log.text
    assert not log.records
    library, made_for = patch.made_for.split(" ")
    assert version(library).startswith(made_for + "."), "try again what it does, then say so"
    assert patch.needs and patch.without.endswith(".")


def stand_in(need: patching.Inside, monkeypatch, made: dict) -> object:
    """Put something else in the place of a class, a function or a module of a library."""
    module, _colon, name = need.where.partition(":")
    if name:
        other = type(name, (), made)
        monkeypatch.setattr(import_module(module), name, other)
    else:
        other = ModuleType(module)
        vars(other).update(made)
        monkeypatch.setitem(sys.modules, module, other)
    return other


@pytest.mark.parametrize(("patch", "need"), USED)
def test_a_class_that_does_not_fit_is_left_alone_and_the_log_says_it_once(patch, need, log, monkeypatch):
    for made in ({}, dict.fromkeys(need.members, lambda another: None)):
        patching.say_once.cache_clear()
        log.clear()
        other = stand_in(need, monkeypatch, made)
        before = dict(vars(other))
        if made and not any(parameters is not None for parameters in need.members.values()):
            continue  # nothing but names is counted on
        for _turn in range(2):
            replace(patch).install()
        assert dict(vars(other)) == before
        [record] = log.records
        assert patch.without in record.getMessage() and need.where in record.getMessage()


@pytest.mark.parametrize(("patch", "need"), NEEDS)
def test_a_class_that_is_gone_breaks_nothing_either(patch, need, log, monkeypatch):
    module, _colon, name = need.where.partition(":")
    if name:
        monkeypatch.delattr(import_module(module), name)
    else:
        monkeypatch.setitem(sys.modules, module, None)
    for _turn in range(2):
        replace(patch).install()
    assert [record.getMessage() for record in log.records] == [
        f"{patch.without} (made for {patch.made_for}; here there is no {need.where})"
    ]


def test_an_attribute_that_instances_get_at_their_beginning_counts(log):
    class Session:
        state: dict

        def __init__(self):
            self._open = True

    assert patching._has(Session, "state") and patching._has(Session, "_open")
    assert not patching._has(Session, "_closed")


def test_the_app_puts_each_in_once():
    script = """
import runpy
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.state import SessionState
runpy.run_path("app.py")
ours = [AppSession.request_rerun, SessionState.register_widget]
runpy.run_path("app.py")
assert ours == [AppSession.request_rerun, SessionState.register_widget]
assert all("cnnlab" in one.__code__.co_filename for one in ours)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "made for" not in done.stderr


def test_nobody_else_reaches_into_a_library():
    """What is not a public interface of Streamlit or Starlette is named in the server's room alone."""
    public = r"errors|delta_generator"
    inner = re.compile(
        rf"^\s*(from|import) (streamlit\.(?!({public})\b)|starlette\._)|\bst\.(runtime|_)", re.MULTILINE
    )
    sources = [ROOT / "app.py", *ROOT.glob("pages/*.py"), *ROOT.glob("cnnlab/**/*.py")]
    others = [path for path in sources if path.parent != ROOT / "cnnlab/ui/server"]
    assert len(others) > 100
    assert [path for path in others if inner.search(path.read_text())] == []
