"""A page of the app as one browser of a class sees it, without a browser."""

import hashlib

from streamlit.testing.v1 import AppTest

from tests.conftest import ROOT


def owner(token: str) -> str:
    """Return the hash by which the app knows the browser with this token."""
    return hashlib.sha256(token.encode()).hexdigest()[:32]


def open_page(token: str, page: str, **query: str) -> AppTest:
    at = AppTest.from_file(str(ROOT / "cnnlab/ui/shell/main.py"), default_timeout=300)
    at.session_state["identity.token"] = token
    at.query_params.update(query)
    at.switch_page(f"../../../pages/{page}.py")
    return run(at)


def run(at: AppTest) -> AppTest:
    """Run the page again; one that fails fails the test."""
    at.run()
    assert not at.exception, at.exception
    return at


def words(at: AppTest) -> str:
    """Return what the page says, in Streamlit's own elements."""
    kinds = (at.markdown, at.caption, at.info, at.warning, at.error, at.success)
    return "\n".join(element.value for kind in kinds for element in kind)


def drawn(at: AppTest) -> list:
    """Return the widgets on the page that hold a value or can be pressed."""
    kinds = (at.selectbox, at.select_slider, at.slider, at.button_group, at.toggle, at.radio)
    return [one for kind in (*kinds, at.number_input, at.button) for one in kind]


def widget(at: AppTest, key: str):
    """Return the widget with a key, whatever its kind."""
    found = [one for one in drawn(at) if one.key == key]
    assert len(found) == 1, f"{key}: {len(found)} widgets"
    return found[0]
