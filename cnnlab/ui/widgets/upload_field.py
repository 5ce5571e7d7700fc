"""How do files come in? A field that says how large they may be, what has come, and why one was not taken."""

import io
from collections.abc import Callable
from typing import Any

import streamlit as st

from cnnlab.i18n import _, number
from cnnlab.ui.server import uploads
from cnnlab.ui.server.upload_account import FILES, LARGEST, MEGABYTE, OF_ONE


def field(
    label: str, types: list[str], largest: int, key: str, take: Callable[[str], None], **options: Any
) -> None:
    """Draw a field for files of at most so many bytes, whose key `take` gets when there are some.

    Browsers themselves keep back what is too large, with a mark and not a word.
    """
    size = largest // MEGABYTE
    st.file_uploader(label, types, key=key, max_upload_size=size, on_change=take, args=(key,), **options)
    text = _("A red mark at a file: it has more than {limit} MB or is of another kind, so it was not taken.")
    st.caption(text.format(limit=number(size)))


def taken(key: str) -> tuple[list[io.BytesIO], list[str]]:
    """Return the files in a field, and a sentence where one is gone (it lay here unread for too long)."""
    given = st.session_state.get(key) or []
    given = given if isinstance(given, list) else [given]
    files = [file for file in given if isinstance(file, io.BytesIO)]
    return files, [_("A file did not arrive. Choose it once more.")] if len(files) < len(given) else []


def refusal(field: str) -> str | None:
    """Return why files of this session were not taken, as a sentence, for the field that asks first."""
    why = uploads.refused(field)
    if why is None:
        return None
    return {
        "large": _("A file has more than {largest} MB, so it was not taken."),
        "many": _("Not all files were taken: {most} MB fit at once, in at most {files} files. Choose fewer."),
        "room": _("The whole class is sending files, so there was no room for yours. Try again in a minute."),
        "stalled": _("A file stopped on its way here. Try again."),
    }[why].format(largest=number(LARGEST / MEGABYTE), most=number(OF_ONE / MEGABYTE), files=FILES)
