"""Is all declared that is imported, and is all needed that is declared?"""

import ast
import re
import sys
from collections.abc import Iterable
from importlib.metadata import packages_distributions
from pathlib import Path

from tests.conftest import ROOT

APP = [ROOT / "app.py", *(ROOT / "cnnlab").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]
CHECKS = [*(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")]
COMMANDS = {"import-linter", "mypy", "pytest-xdist", "ruff"}  # used by the test command, imported by nobody
OWN = {"cnnlab", "pages", "tests", "benchmarks", *(path.stem for path in (ROOT / "benchmarks").glob("*.py"))}


def imported(files: Iterable[Path]) -> set[str]:
    """Return the names of the distributions whose modules these files import, wherever in them."""
    modules: set[str] = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                modules |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules.add(node.module.split(".")[0])
    known = packages_distributions()
    return {normal(known[module][0]) for module in modules - sys.stdlib_module_names - OWN}


def declared(name: str) -> set[str]:
    """Return the names of the distributions that a requirements file lists itself."""
    lines = (ROOT / name).read_text("utf-8").splitlines()
    return {normal(found[0]) for line in lines if (found := re.match(r"[A-Za-z][\w.-]*", line))}


def normal(name: str) -> str:
    """Return a distribution's name as PEP 503 normalises it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_app_declares_what_it_imports_and_nothing_else():
    assert imported(APP) == declared("requirements.txt")


def test_so_do_tests_and_benchmarks():
    assert imported(CHECKS) - declared("requirements.txt") == declared("requirements-dev.txt") - COMMANDS
