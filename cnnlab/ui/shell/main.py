"""What does every page share: its frame, the way round the app, and the session's language."""

import streamlit as st

from cnnlab.access import teaching
from cnnlab.i18n import _
from cnnlab.lessons.page_list import PAGES
from cnnlab.ui.session import lesson_link_state, projector, student, widget_state
from cnnlab.ui.shell import class_banner
from cnnlab.ui.shell.top_line import top_line
from cnnlab.ui.widgets import lesson


def navigation() -> dict[str, list[st.Page]]:
    """Return the pages by section, in the order of the lessons; at home there is no class."""
    sections: dict[str, list[st.Page]] = {}
    for page in PAGES.values():
        shown = st.Page(
            page.file,
            title=_(page.title),
            url_path=page.url or None,  # Streamlit's default page has none
            default=not page.url,
            visibility="hidden" if page.needs_class and not teaching() else "visible",
        )
        sections.setdefault(_(page.section), []).append(shown)
    return sections


# A 3x3 kernel and the app's name, in a teal that reads on the light and on the dark theme.
LOGO = """<svg xmlns="http://www.w3.org/2000/svg" width="150" height="32" viewBox="0 0 150 32">
<g fill="#2a9387">
<path d="M2 5h7v7H2zM10 13h7v7h-7zM18 21h7v7h-7z"/>
<path opacity=".45" d="M10 5h7v7h-7zM2 13h7v7H2zM18 13h7v7h-7zM10 21h7v7h-7z"/>
<path opacity=".2" d="M18 5h7v7h-7zM2 21h7v7H2z"/>
<text x="35" y="24" font-family="sans-serif" font-size="21" font-weight="700">CNN Lab</text></g></svg>"""

# For a Material symbol every browser would ask a server of Google's.
ICON = LOGO.replace('width="150" height="32" viewBox="0 0 150 32"', 'viewBox="0 3 27 27"')

st.set_page_config(page_title="CNN Lab", page_icon=ICON, layout="wide", initial_sidebar_state=250)
st.logo(LOGO, size="large")
widget_state.keep()
trouble = lesson_link_state.follow()
projector.follow()
link = lesson_link_state.current()
alone = projector.on() or link is not None
page = st.navigation(navigation(), position="hidden" if alone else "sidebar", expanded=True)
if link and page.url_path not in (PAGES[link.page].url, PAGES["vote"].url):
    st.switch_page(PAGES[link.page].file, query_params={"lesson": st.query_params["lesson"]})
if alone:
    top_line()
if not projector.on():
    student.badge(sidebar=not alone)
if not alone:
    lesson.level_switch()
if trouble:
    lesson_link_state.refused(trouble)
class_banner.banner(page.url_path)
page.run()
