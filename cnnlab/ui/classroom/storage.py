"""What fills the disk, and what may go?"""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from cnnlab.access import TeacherPass
from cnnlab.i18n import _, ngettext, number
from cnnlab.runs import Store, disk_usage
from cnnlab.ui.session import teacher_pass

PLACE = "storage"
SCARCE = 2 * 2**30  # bytes of free disk below which the page warns


def storage() -> None:
    """Draw what the folder of the runs holds, with a way to clean up each part that need not stay."""
    store = Store()
    st.subheader(_("The disk"), anchor=False)
    try:
        found = _usage(str(store.root))
    except OSError as error:
        st.error(_("The folder of the runs cannot be read: {why}.").format(why=error.strerror))
        return
    with st.container(horizontal=True):
        st.metric(_("Free disk"), bytes_text(found.free), width=160)
        st.metric(_("All of the runs' folder"), bytes_text(found.total), width=200)
        count, size = len(found.runs), sum(bytes for _id, bytes in found.runs)
        label = ngettext("{count} training run", "{count} training runs", count).format(count=number(count))
        st.metric(label, bytes_text(size), width=180)
    st.caption(_("The folder is {folder}.").format(folder=f"`{store.root}`"))
    if found.free < SCARCE:
        st.warning(_("The disk is nearly full: training runs stop with a sentence when it is."))
    teacher_pass.word(PLACE)
    if found.runs:
        largest = ", ".join(f"{id} {bytes_text(size)}" for id, size in found.runs[:3])
        st.caption(_("The largest: {runs}. *Training runs* deletes single ones.").format(runs=largest))
    text = _(
        "**Checkpoints of finished training runs.** Without them these runs cannot train one more epoch. "
        "Networks, curves, kernels and tests stay."
    )
    _clean("checkpoints", text, found.checkpoints, _delete_checkpoints)
    for archive in found.archives:
        text = ngettext(
            "**Class put away on {when}**, {runs} training run. Its names, answers and network go too.",
            "**Class put away on {when}**, {runs} training runs. Its names, answers and networks go too.",
            archive.runs,
        )
        words = text.format(when=f"{archive.put_away.astimezone():%Y-%m-%d %H:%M}", runs=number(archive.runs))
        _clean(archive.name, words, archive.bytes, _delete_archive, archive.name)
    if found.aside:
        text = _("**Damaged training runs that were set aside.** Perhaps somebody can still repair one.")
        _clean("aside", text, found.aside, _delete_aside)
    if found.left:
        text = _("**Left behind** by a crash or a full disk: half-made folders that nobody uses.")
        _clean("left", text, found.left, _delete_left)


@st.cache_data(ttl=5, max_entries=2, show_spinner=False)
def _usage(root: str) -> disk_usage.Usage:
    return disk_usage.usage(Store(Path(root)))


def _clean(name: str, text: str, size: int, action: Callable[..., str], *arguments: object) -> None:
    """Draw a part that may go: what would be lost, its size, and the button with its confirmation."""
    with st.container(horizontal=True, vertical_alignment="center", border=True, wrap=False):
        st.markdown(text, width="stretch")
        with st.popover(bytes_text(size), icon=":material/delete:", disabled=not size):
            st.markdown(_("This cannot be undone."))
            st.button(
                _("Delete {size}").format(size=bytes_text(size)),
                key=f"_teacher.clean.{name}",
                type="primary",
                on_click=teacher_pass.carry_out,
                args=(PLACE, action, *arguments),
            )


def _delete_checkpoints(teacher: TeacherPass) -> str:
    return _freed(disk_usage.delete_checkpoints(Store(), teacher))


def _delete_aside(teacher: TeacherPass) -> str:
    return _freed(disk_usage.delete_aside(Store(), teacher))


def _delete_left(teacher: TeacherPass) -> str:
    return _freed(disk_usage.delete_left(Store(), teacher))


def _delete_archive(teacher: TeacherPass, name: str) -> str:
    return _freed(disk_usage.delete_archive(Store(), name, teacher))


def _freed(size: int) -> str:
    _usage.clear()
    return _("Freed: {size}.").format(size=bytes_text(size))


def bytes_text(size: int) -> str:
    """Write a number of bytes in kilobytes, megabytes or gigabytes."""
    if size >= 1e9:
        return f"{number(size / 1e9, 1)} GB"
    if size < 1e6:
        return f"{number(size / 1e3)} kB"
    return f"{number(size / 1e6, 1 if size < 10e6 else 0)} MB"
