"""The project keeps its own rules: style, the direction of imports, README's commands, what may be said."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

COMMANDS = (
    "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt && .venv/bin/streamlit run app.py",
    "python3 -m venv .venv && .venv/bin/pip install -r requirements-dev.txt && .venv/bin/pytest",
)


@pytest.mark.parametrize("arguments", [["check"], ["format", "--check"]])
def test_style(arguments):
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *arguments, "."], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_imports_run_one_way():
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_readme_holds_the_two_commands():
    text = (ROOT / "README.md").read_text()
    lines = [line.strip() for line in text.splitlines()]
    assert [line for line in lines if line.startswith("python3 -m venv")] == list(COMMANDS)
    assert COMMANDS[1] in (ROOT / ".ci" / "run").read_text()


def test_every_dependency_is_bounded_on_both_sides():
    for name in ("requirements.txt", "requirements-dev.txt"):
        lines = [line.split("#")[0].strip() for line in (ROOT / name).read_text().splitlines()]
        for line in filter(None, lines):
            assert line == "-r requirements.txt" or (">=" in line and ",<" in line), f"{name}: {line}"


def test_opening_every_page_imports_no_tensorflow():
    pages = sorted(path.stem for path in (ROOT / "pages").glob("[a-z]*.py"))
    assert "train" in pages
    script = """
import sys
from streamlit.testing.v1 import AppTest
for page in sys.argv[1:]:
    app = AppTest.from_file("cnnlab/ui/shell/main.py", default_timeout=300)
    app.switch_page(f"../../../pages/{page}.py") if page != "home" else None
    app.run()
    assert not app.exception, (page, app.exception)
    assert app.title, page
heavy = {"tensorflow", "keras", "torch", "jax"} & set(sys.modules)
assert not heavy, heavy
"""
    command = [sys.executable, "-c", script, *pages]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]


def test_uploads_are_never_spooled_to_disk():
    script = """
import app
import tomllib
from pathlib import Path
from starlette.formparsers import MultiPartParser
most = tomllib.loads(Path(".streamlit/config.toml").read_text())["server"]["maxUploadSize"] * 2**20
assert MultiPartParser.spool_max_size > most, (MultiPartParser.spool_max_size, most)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
