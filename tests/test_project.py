"""The project keeps its own rules: style, the direction of imports, README's commands, what may be said."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import ROOT

INSTALL = "python3 -m venv .venv && .venv/bin/pip install -r {needs} -c constraints.txt && .venv/bin/{start}"
COMMANDS = (
    INSTALL.format(needs="requirements.txt", start="streamlit run app.py"),
    INSTALL.format(needs="requirements-dev.txt", start="pytest"),
)
REFRESH = (
    "rm -rf .venv && python3 -m venv .venv && .venv/bin/pip install -r requirements-dev.txt && "
    ".venv/bin/pip freeze > constraints.txt && .venv/bin/pytest"
)
PLAIN = {"pip", "setuptools", "wheel"}  # come with Python; `pip freeze` leaves them out


@pytest.mark.parametrize("arguments", [["check"], ["format", "--check"]])
def test_style(arguments):
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *arguments, "."], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_types():
    """mypy, strict, over the whole app."""
    done = subprocess.run([sys.executable, "-m", "mypy"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_imports_run_one_way():
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_test_imports_from_another_test():
    """What several need is in tests/support; a module may name itself, for a process of its own."""
    for path in (ROOT / "tests").rglob("*.py"):
        own = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
            tests = [name for name in names if re.search(r"(^|\.)test_", name) and name.startswith("tests.")]
            assert all(name == own or name.startswith(f"{own}.") for name in tests), (own, tests)


DOCUMENTED = ("ops", "evaluation", "inspection", "training", "runs")
Function = ast.FunctionDef | ast.AsyncFunctionDef


def definitions(body: list[ast.stmt], within: str = "") -> Iterator[tuple[str, Function | ast.ClassDef]]:
    """Yield the functions, classes and methods of a module's body with their dotted names."""
    for node in body:
        if isinstance(node, Function | ast.ClassDef):
            yield within + node.name, node
        if isinstance(node, ast.ClassDef):
            yield from definitions(node.body, f"{within}{node.name}.")


def exceptions(
    node: ast.AST, functions: dict[str, Function], seen: frozenset[str] = frozenset()
) -> Iterator[str]:
    """Yield the exceptions that leave this code by a `raise` here, or in a private helper that it calls.

    functions: whatever may be called, by name. `raise missing(...)` raises what that function says it
    returns; a bare `raise` passes on what somebody else has raised.
    """
    if isinstance(node, ast.Raise) and node.exc is not None:
        raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        name = ast.unparse(raised).split(".")[-1]
        maker = functions.get(name)
        yield ast.unparse(maker.returns) if maker and maker.returns else name
    if isinstance(node, ast.Call):
        name = ast.unparse(node.func).removeprefix("self.")
        if name.startswith("_") and name in functions and name not in seen:
            yield from exceptions(functions[name], functions, seen | {name})
    caught = set()
    if isinstance(node, ast.Try):
        kinds = [handler.type for handler in node.handlers if handler.type]
        kinds = [one for kind in kinds for one in (kind.elts if isinstance(kind, ast.Tuple) else [kind])]
        caught = {ast.unparse(kind).split(".")[-1] for kind in kinds}
    for child in ast.iter_child_nodes(node):
        tried = isinstance(node, ast.Try) and child in node.body
        yield from (name for name in exceptions(child, functions, seen) if not (tried and name in caught))


def test_docstrings_name_what_is_raised():
    """Everything public in these packages has a docstring, which names the exceptions that it raises."""
    paths = [path for room in DOCUMENTED for path in sorted((ROOT / "cnnlab" / room).rglob("*.py"))]
    modules = {path: dict(definitions(ast.parse(path.read_text()).body)) for path in paths}
    own = {
        path: {node.name: node for node in everything.values() if isinstance(node, Function)}
        for path, everything in modules.items()
    }
    anywhere = {name: node for functions in own.values() for name, node in functions.items()}
    wrong, found = [], 0
    for path, everything in modules.items():
        functions = anywhere | own[path]
        for name, node in everything.items():
            if any(part.startswith("_") for part in name.split(".")):
                continue
            text = ast.get_docstring(node) or ""
            raised = set(exceptions(node, functions)) if isinstance(node, Function) else set()
            unnamed = [one for one in sorted(raised) if not re.search(rf"\b{one}\b", text)]
            found += len(raised)
            if not text or unnamed:
                wrong.append((str(path.relative_to(ROOT)), name, unnamed or "no docstring"))
    assert not wrong, wrong
    assert found > 50, "the search for `raise` finds next to nothing"


def test_the_readme_holds_the_two_commands():
    text = (ROOT / "README.md").read_text()
    lines = [line.strip() for line in text.splitlines()]
    assert [line for line in lines if line.startswith("python3 -m venv")] == list(COMMANDS)
    assert REFRESH in lines
    ci = (ROOT / ".ci" / "run").read_text()
    assert COMMANDS[1] in ci and ci.count("pip install") == ci.count("-c constraints.txt") == 2


def test_every_dependency_is_bounded_on_both_sides():
    for name in ("requirements.txt", "requirements-dev.txt"):
        lines = [line.split("#")[0].strip() for line in (ROOT / name).read_text().splitlines()]
        for line in filter(None, lines):
            assert line == "-r requirements.txt" or (">=" in line and ",<" in line), f"{name}: {line}"


def needed(file: str) -> dict[str, str]:
    """Return what a file asks for, and all that this asks for here: name -> installed version."""
    lines = [line.split("#")[0].strip() for line in (ROOT / file).read_text().splitlines()]
    found = {} if file == "requirements.txt" else needed("requirements.txt")
    todo = [Requirement(line) for line in lines if line and not line.startswith("-r")]
    seen = set()
    while todo:
        one = todo.pop()
        name, extras = canonicalize_name(one.name), one.extras or {""}
        if (name, *extras) in seen:
            continue
        seen.add((name, *extras))
        package = distribution(name)
        found[name] = package.version
        wanted = map(Requirement, package.requires or [])
        todo += [r for r in wanted if not r.marker or any(r.marker.evaluate({"extra": e}) for e in extras)]
    return found


def test_the_tests_run_with_the_constrained_versions():
    """constraints.txt holds every package that is needed, in the version that is installed here."""
    pins = [Requirement(line) for line in (ROOT / "constraints.txt").read_text().splitlines()]
    pinned = {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in pins}
    assert len(pinned) == len(pins)
    needs = needed("requirements-dev.txt")
    assert len(needs) > 80
    assert {name: pinned.get(name) for name in needs if name not in PLAIN} == {
        name: version for name, version in needs.items() if name not in PLAIN
    }, "the one-liner under *Test it* in README.md makes constraints.txt anew"


@pytest.mark.parametrize("name", ["dask", "distributed", "starlette", "streamlit"])
def test_what_is_used_beyond_its_public_interface_is_held_to_one_minor(name):
    [line] = [
        line for line in (ROOT / "requirements.txt").read_text().splitlines() if line.startswith(f"{name}>=")
    ]
    major, minor = map(int, line.removeprefix(f"{name}>=").split(",")[0].split("."))
    assert line == f"{name}>={major}.{minor},<{major}.{minor + 1}"


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
