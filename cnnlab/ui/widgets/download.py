"""How does a file leave a page? It is made when it is asked for, in the language of who asks."""

from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from cnnlab.figures import static
from cnnlab.i18n import _
from cnnlab.runs import RunError

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def later(make: Callable[..., str | bytes], *arguments: object) -> Callable[[], bytes]:
    """Return a function that makes a file in its own thread, in this session's language.

    What cannot be made becomes a text file that says why: at that time no page is there to say it.
    """
    context = copy_context()

    def made() -> bytes:
        try:
            content = context.copy().run(partial(make, *arguments))
        except RunError as error:
            content = str(error)
        return content.encode() if isinstance(content, str) else content

    return made


def figure(name: str, draw: "Callable[..., Figure]", *arguments: object, **words: str) -> None:
    """Offer the figure that `draw` makes of these arguments, at the size of a slide: as PNG and as SVG.

    name: of the file, without its ending; also the widget's key.
    """
    with st.popover(_("Download this figure"), icon=":material/download:", type="tertiary"):
        st.caption(_("For a slide (16:9), to be read from the back of a room. SVG stays sharp at any size."))
        with st.container(horizontal=True):
            for title, ending, kind, write in (
                ("PNG", ".png", "image/png", static.png),
                ("SVG", ".svg", "image/svg+xml", static.svg),
            ):
                st.download_button(
                    title,
                    data=later(lambda write=write: write(draw(*arguments, **words))),
                    file_name=f"{name}{ending}",
                    mime=kind,
                    key=f"_download.{name}{ending}",
                    on_click="ignore",
                )
