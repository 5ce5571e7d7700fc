"""Which photo is the student looking at? One choice for the whole session.

Photos of one's own live in this session's memory alone: they go with the session, and no cache, file or log
ever holds them.
"""

from collections.abc import Callable
from urllib.parse import urlsplit

import numpy as np
import streamlit as st

from cnnlab.data import decode_photo, photos
from cnnlab.data.picture_kinds import ENDINGS
from cnnlab.figures.tiles import shrink
from cnnlab.i18n import _, number
from cnnlab.ui.components.sheet import sheet
from cnnlab.ui.server import uploads
from cnnlab.ui.session import context, widget_state
from cnnlab.ui.widgets import page_control, upload_field

OWN = "own"  # the choice among one's own photos; the one on show lies under "photo.own"
MOST = 8  # photos of one's own that are kept; a megapixel each
MINE, WHICH, PAPER, TURN, TROUBLE = (
    "photo.mine",
    "photo.which",
    "photo.paper",
    "_photo.turn",
    "_photo.trouble",
)
HTTPS = "https://docs.streamlit.io/develop/concepts/configuration/https-support"


def current() -> tuple[str, np.ndarray]:
    """Return the session's photo as `choose` would, (name, image (h, w, 3) uint8), and draw nothing."""
    samples = photos.samples()
    choice = st.session_state.get("photo.choice")
    if choice == OWN and "photo.own" in st.session_state:
        return _("Your photo"), st.session_state["photo.own"]
    name = choice if choice in samples else next(iter(samples))
    return samples[name], photos.sample(name)


def choose(*, camera: bool = False) -> tuple[str, np.ndarray]:
    """Draw the choice of a photo; return (name, image (h, w, 3) uint8).

    The samples need no download. A file that is no photo gets a sentence, and the last valid photo stays.
    camera: offer the camera too.
    """
    if page_control.draw("photo.choice", also={OWN: _("A photo of yours …")}) == OWN:
        own(camera=camera)
    return current()


def own(*, camera: bool = False) -> None:
    """Draw how photos of one's own come in, and the choice among them; it comes first once there are some."""
    mine = st.session_state.get(MINE, [])
    if mine:
        _choose_mine(mine)
        with st.container(horizontal=True):
            with st.popover(_("More photos"), icon=":material/add_a_photo:"):
                _let_in(camera)
            _removal(mine)
    else:
        _let_in(camera)
    for sentence in (*st.session_state.get(TROUBLE, []), upload_field.refusal("photo")):
        if sentence:
            st.error(sentence)
    if "photo.own" not in st.session_state:
        st.info(_("Until you choose a file you see the sample."))


def add(files: list[bytes]) -> None:
    """Take files into the session's photos; those that are none leave a sentence each."""
    before, trouble = st.session_state.get(MINE, []), []
    mine = before
    for place, data in list(enumerate(files, start=1))[-MOST:]:
        try:
            mine = [*mine, decode_photo.decode(data)]
        except photos.ImageError as error:
            which = _("File {place} of {all}: ").format(place=place, all=len(files)) if len(files) > 1 else ""
            trouble.append(which + str(error))
    if max(len(mine), len(files)) > MOST:
        text = _("At most {count} photos are kept: the first ones have left.")
        trouble.append(text.format(count=MOST))
        mine = mine[-MOST:]
    st.session_state[TROUBLE] = trouble
    if mine is not before:
        st.session_state[MINE], st.session_state[WHICH] = mine, len(mine) - 1
        _show(mine)


def _let_in(camera: bool) -> None:
    """Draw the upload, and the camera; what is read is let go, so that only the shrunk pictures stay."""
    turn = st.session_state.setdefault(TURN, 0)
    key = f"_photo.upload.{turn}"

    def take(key: str) -> None:
        files, lost = upload_field.taken(key)
        if files or lost:
            add([file.getvalue() for file in files])
            st.session_state[TROUBLE] += lost
            uploads.let_go(files)
            st.session_state[TURN] = turn + 1  # new, empty widgets

    upload_field.field(
        _("Your photos (they stay in memory and are gone when you close the page)"),
        ["image/*", *ENDINGS],  # a phone then offers its camera too; content decides later
        photos.MAX_BYTES,
        key,
        take,
        accept_multiple_files=True,
    )
    if camera:
        _camera(f"_photo.camera.{turn}", take)


def camera_allowed(address: str) -> bool:
    """Say whether browsers let a page at this address use the camera."""
    parts = urlsplit(address)
    return parts.scheme == "https" or parts.hostname in ("localhost", "127.0.0.1", "::1")


def _camera(key: str, take: Callable[[str], None]) -> None:
    """Offer the camera where browsers allow one, else say why there is none."""
    if not camera_allowed(context.address()):
        text = _(
            "On a phone, the upload offers the camera. Within this page browsers allow it only over HTTPS: "
            "whoever runs the app can set `server.sslCertFile` and `server.sslKeyFile` ([how]({link}))."
        )
        st.caption(text.format(link=HTTPS))
        return
    if st.toggle(_("Use the camera"), key="_photo.camera"):
        st.camera_input(_("The picture stays in memory"), key=key, on_change=take, args=(key,))


def _choose_mine(mine: list[np.ndarray]) -> None:
    """Draw the choice among several photos of one's own, and the paper under a transparent one."""
    widget_state.default(WHICH, len(mine) - 1, range(len(mine)))
    if len(mine) > 1:
        captions = [_("Photo {number}").format(number=number(i + 1)) for i in range(len(mine))]
        small = [shrink(decode_photo.over(picture, "white"), 96) for picture in mine]
        sheet(_("Your photos"), small, captions, key="_photo.sheet", chosen=WHICH, side=72)
    if mine[st.session_state[WHICH]].shape[2] == 4:
        papers = {"white": _("on white"), "black": _("on black")}
        widget_state.default(PAPER, "white", papers)
        st.segmented_control(
            _("This picture is transparent"),
            list(papers),
            format_func=papers.__getitem__,
            key=PAPER,
            required=True,
        )
    _show(mine)


def _removal(mine: list[np.ndarray]) -> None:
    """Draw the button that removes the photo on show."""

    def remove() -> None:
        rest = [picture for i, picture in enumerate(mine) if i != st.session_state[WHICH]]
        st.session_state[MINE], st.session_state[WHICH] = rest, max(0, len(rest) - 1)
        if not rest:
            del st.session_state["photo.own"], st.session_state["_photo.shown"]

    st.button(_("Remove this photo"), icon=":material/delete:", key="_photo.remove", on_click=remove)


def _show(mine: list[np.ndarray]) -> None:
    """Put the chosen photo on show; the same array as long as the choice stays."""
    picture, paper = mine[st.session_state[WHICH]], st.session_state.get(PAPER, "white")
    before, on, shown = st.session_state.get("_photo.shown", (None, None, None))
    if before is not picture or on != paper:
        shown = decode_photo.over(picture, paper)
        st.session_state["_photo.shown"] = (picture, paper, shown)
    st.session_state["photo.own"] = shown
