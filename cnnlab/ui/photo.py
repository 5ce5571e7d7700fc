"""Which photo is the student looking at? One choice for the whole session."""

import streamlit as st
from starlette.formparsers import MultiPartParser

from cnnlab import images
from cnnlab.text import _
from cnnlab.ui import state

OWN = "own"

MultiPartParser.spool_max_size = 2 * images.MAX_BYTES  # else an upload over 1 MB lies in a temporary file


def current():
    """Return the session's photo as `choose` would, (name, image (h, w, 3) uint8), and draw nothing."""
    samples = images.samples()
    choice = st.session_state.get("photo.choice")
    if choice == OWN and "photo.own" in st.session_state:
        return _("Your photo"), st.session_state["photo.own"]
    name = choice if choice in samples else next(iter(samples))
    return samples[name], images.sample(name)


def choose(label: str | None = None):
    """Draw the choice of a photo; return (name, image (h, w, 3) uint8).

    The samples need no download; an upload stays in the session's memory. A file that is no photo gets a
    sentence, and the last valid photo stays.
    """
    samples = images.samples()
    names = {**samples, OWN: _("A photo of yours …")}
    state.default("photo.choice", next(iter(samples)), names)
    choice = st.selectbox(label or _("Photo"), list(names), format_func=names.get, key="photo.choice")
    if choice != OWN:
        return samples[choice], images.sample(choice)
    upload = st.file_uploader(
        _("Your photo (it stays in memory and is gone when you close the page)"),
        type=["jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff"],
        key="_photo.upload",
    )
    if upload is not None:
        try:
            st.session_state["photo.own"] = images.read(upload.getvalue())
        except images.ImageError as error:
            st.error(str(error))
    if "photo.own" in st.session_state:
        return _("Your photo"), st.session_state["photo.own"]
    st.info(_("Until you choose a file you see the sample."))
    first = next(iter(samples))
    return samples[first], images.sample(first)
