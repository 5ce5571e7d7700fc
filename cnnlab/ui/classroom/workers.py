"""Is everything there that training needs: the pictures, and workers that are well?"""

import streamlit as st

from cnnlab.data import datasets
from cnnlab.i18n import _
from cnnlab.ui.classroom.storage import bytes_text
from cnnlab.ui.widgets import dataset_status
from cnnlab.workers import pool


def data() -> None:
    """Draw which pictures are on this computer, and how to get those that are not."""
    st.subheader(_("The pictures to learn from"), anchor=False)
    for spec in datasets.known().values():
        if not spec.present():
            dataset_status.download(spec)
            st.caption(spec.words().by_hand)
            continue
        place = spec.folder()
        text = _("**{title}** is here: {place}.") if place else _("**{title}** comes with the app.")
        words = text.format(title=spec.title, place=f"`{place}`")
        st.markdown(f":green[:material/check_circle:] {words}")


@st.fragment(run_every=3)
def machines() -> None:
    """Draw each worker process: what it does, its memory, what is wrong with it."""
    st.subheader(_("The workers"), anchor=False)
    crew = pool.current()
    if crew is None:
        st.caption(_("The workers are not running: nothing can be trained."))
        return
    try:
        found = crew.health()
    except OSError:
        st.error(_("The workers do not answer; try again in a few seconds."), icon=":material/error:")
        return
    if not found:
        st.warning(_("No worker is connected yet: training runs wait until one is."))
        return
    kinds = {
        "train": _("trains"),
        "look": _("looks into networks"),
        "long": _("takes long questions"),
    }
    st.table(
        {
            _("Worker"): [one.name for one in found],
            _("What for"): [", ".join(kinds.get(kind, kind) for kind in one.kinds) for one in found],
            _("Now"): [", ".join(one.doing) or _("idle") if one.address else "–" for one in found],
            _("Memory"): [bytes_text(one.memory) if one.address else "–" for one in found],
            _("State"): [one.trouble or _("well") for one in found],
        },
        border="horizontal",
        hide_index=True,
    )
    for one in found:
        if one.why:
            st.warning(f"**{one.name}**: {one.trouble} {one.why}", icon=":material/error:")
    text = _(
        "When a worker dies, its training run goes on by itself from its last finished epoch. The workers' "
        "own words stand in the folder of the runs, in the files that end in `.log`."
    )
    st.caption(text)
