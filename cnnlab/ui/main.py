"""What does every page share: its frame, the way round the app, and the session's language."""

import streamlit as st

from cnnlab.text import _
from cnnlab.ui import lesson, state


def navigation() -> dict[str, list]:
    """Return the pages by section, in the order of the lessons."""

    def page(name: str, title: str, **options):
        return st.Page(
            lesson.PAGES / f"{name}.py", title=title, url_path=None if name == "home" else name, **options
        )

    return {
        _("Learn"): [
            page("home", _("Can it tell?"), default=True),
            page("convolution", _("One kernel")),
            page("pooling", _("Pooling")),
            page("answer", _("From maps to an answer")),
        ],
        _("Do"): [
            page("train", _("Train")),
            page("inside", _("What it learned")),
            page("classify", _("Classify a photo")),
        ],
        _("More"): [page("faq", _("Common questions"))],
    }


st.set_page_config(page_title="CNN Lab", page_icon=":material/grid_view:", layout="wide")
state.keep()
page = st.navigation(navigation())
lesson.level_switch()
page.run()
