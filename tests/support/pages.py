"""A page of the app as one browser of a class sees it, without a browser."""

import base64
import hashlib
import json
from collections.abc import Callable

import numpy as np
from PIL import Image
from streamlit.testing.v1 import AppTest

from tests.conftest import PATIENCE, ROOT


def owner(token: str) -> str:
    """Return the hash by which the app knows the browser with this token."""
    return hashlib.sha256(token.encode()).hexdigest()[:32]


ME = owner("me")


def open_page(page: str, token: str = "me", query: dict | None = None, state: dict | None = None) -> AppTest:
    """Open a page of the app in the browser with this token, its session holding `state`."""
    at = AppTest.from_file(str(ROOT / "cnnlab/ui/shell/main.py"), default_timeout=PATIENCE)
    _prepare(at, token, query, state)
    return again(at) if page == "home" else go(at, page)


def open_part(part: Callable, *args, token: str = "me", query: dict | None = None, state=None) -> AppTest:
    """Open one part of a page alone: a function that imports what it needs."""
    at = AppTest.from_function(part, args=args, default_timeout=PATIENCE)
    _prepare(at, token, query, state)
    return again(at)


def _prepare(at: AppTest, token: str, query: dict | None, state: dict | None) -> None:
    for key, value in {"identity.token": token, **(state or {})}.items():
        at.session_state[key] = value
    at.query_params.update(query or {})


def go(at: AppTest, page: str) -> AppTest:
    """Go on to another page."""
    return again(at.switch_page(str(ROOT / f"pages/{page}.py")))


def again(at: AppTest) -> AppTest:
    """Run the page again; one that fails fails the test."""
    return sound(at.run())


def sound(at: AppTest) -> AppTest:
    """Return the page, which must not have failed."""
    assert not at.exception, "\n".join(f"{error.message}\n{error.stack_trace}" for error in at.exception)
    return at


# ---- what it says


def words(at: AppTest) -> str:
    """Return what the page says, in Streamlit's own elements."""
    boxes = (at.info, at.success, at.warning, at.error, at.toast)
    kinds = (at.title, at.header, at.subheader, at.markdown, at.caption, *boxes, at.latex, at.code)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def number(text: str) -> float:
    """Read a number as the app writes it: ≈ 1,234.5, −3, 42 %."""
    return float("".join(sign for sign in text if sign not in "≈,+% \N{NO-BREAK SPACE}").replace("−", "-"))


def captions(at: AppTest) -> list[str]:
    """Return what stands below the pictures."""
    return [image.caption for element in at.get("image") for image in element.proto.imgs]


def charts(at: AppTest) -> list[dict]:
    """Return the Plotly charts of a page as plain data, packed arrays unpacked."""

    def plain(thing):
        if isinstance(thing, dict) and "bdata" in thing:
            array = np.frombuffer(base64.b64decode(thing["bdata"]), np.dtype(thing["dtype"]))
            return array.reshape([int(side) for side in str(thing.get("shape", len(array))).split(",")])
        if isinstance(thing, dict):
            return {name: plain(part) for name, part in thing.items()}
        return [plain(part) for part in thing] if isinstance(thing, list) else thing

    return [plain(json.loads(chart.proto.spec)) for chart in at.get("plotly_chart")]


def sent(at: AppTest, name: str) -> list[dict]:
    """Return what the components of this name were sent."""
    views = [view.proto for view in at.get("bidi_component")]
    return [json.loads(view.json) for view in views if view.component_name == f"cnnlab.{name}"]


def unpacked(array: dict) -> np.ndarray:
    """Return an array that was packed for a component."""
    kind = {"int16": "<i2", "int32": "<i4"}[array["type"]]
    numbers = np.frombuffer(base64.b64decode(array["base64"]), kind)
    return numbers.reshape(array.get("shape", -1)) / 10 ** array["digits"]


def galleries(at: AppTest) -> list[list[np.ndarray]]:
    """Return for each gallery the large grids of its chosen tile, as they are at the last step."""
    return [[unpacked(grid["values"])[-1] for grid in view["grids"]] for view in sent(at, "gallery")]


# ---- what one does


def drawn(at: AppTest) -> list:
    """Return the widgets on the page that hold a value or can be pressed."""
    kinds = (at.selectbox, at.select_slider, at.slider, at.button_group, at.toggle, at.radio)
    return [one for kind in (*kinds, at.number_input, at.button) for one in kind]


def widget(at: AppTest, key: str):
    """Return the widget with a key, whatever its kind."""
    found = [one for one in drawn(at) if one.key == key]
    assert len(found) == 1, f"{key}: {len(found)} widgets"
    return found[0]


def button(at: AppTest, which: str):
    """Return the button with this key or label, or else the one whose label holds it."""
    exact = [one for one in at.button if which in (one.key, one.label)]
    [found] = exact or [one for one in at.button if which in one.label]
    return found


def press(at: AppTest, which: str) -> AppTest:
    """Press a button and run the page again."""
    button(at, which).click()
    return again(at)


def asked(at: AppTest, question: str):
    """Return the options of the prediction whose key begins with this; None where it is not asked."""
    return next((pills for pills in at.button_group if str(pills.key).startswith(f"_{question}")), None)


def answer(at: AppTest, question: str, option: str) -> AppTest:
    """Commit to an option of a prediction."""
    asked(at, question).set_value(option)
    return again(at)


# ---- what it is given


def centre(image: np.ndarray, side: int = 32) -> np.ndarray:
    """Return the central square at `side` x `side`, as a network gets it, written out once more."""
    rows, cols = image.shape[:2]
    whole = min(rows, cols)
    left, top = (cols - whole) // 2, (rows - whole) // 2
    square = Image.fromarray(image).crop((left, top, left + whole, top + whole))
    return np.asarray(square.resize((side, side), Image.Resampling.BOX))
