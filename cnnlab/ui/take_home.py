"""What can a student take home of a training run, and how does one from elsewhere come in?"""

from collections.abc import Callable
from contextvars import copy_context
from functools import partial

import streamlit as st

from cnnlab.export import ArchiveError, export_archive, import_archive, notebook, report, script
from cnnlab.export.archive import LARGEST, MEGABYTE
from cnnlab.runs import Run, RunError, Store
from cnnlab.text import _
from cnnlab.ui import class_state, identity


def take_home(run: Run) -> None:
    """Draw the downloads of a run; each is made when it is asked for. Then the way in for an archive."""
    with st.container(horizontal=True):
        for label, icon, ending, kind, make in _downloads(class_state.as_seen(run)):
            st.download_button(
                label,
                data=make,
                file_name=f"{run.id}{ending}",
                mime=kind,
                icon=icon,
                key=f"_take_home.{ending}",
                on_click="ignore",
            )
    st.caption(
        _(
            "Script and notebook repeat the training run with plain Keras, without this app. The report "
            "opens in any browser. The archive is for another student's app; it does not say whose it was."
        )
    )
    bring_in()


def bring_in() -> None:
    """Draw the way in: an archive becomes a run of this student, which is then looked at."""
    data = st.file_uploader(
        _("Bring in an archive"),
        type="zip",
        key=f"_take_home.archive.{st.session_state.get('take_home.taken', 0)}",
        max_upload_size=LARGEST // MEGABYTE,
    )
    if data is None:
        return
    key = "_take_home.refused"  # the file stays in the field while the page is drawn again and again
    known = st.session_state.get(key, ("", ""))[0] == data.file_id
    run = None if known else _taken_in(data.getvalue(), key, data.file_id)
    if run:
        st.session_state["take_home.taken"] = st.session_state.get("take_home.taken", 0) + 1  # a new field
        st.query_params["run"] = run.id
        st.rerun()
    st.error(st.session_state[key][1], icon=":material/folder_off:")


def _taken_in(data: bytes, key: str, file_id: str) -> Run | None:
    """Import the archive; where that fails, keep the reason under `key` together with the file's id."""
    try:
        return import_archive(data, Store(), identity.owner())
    except ArchiveError as error:
        reason = str(error)
    except OSError as error:
        text = _("The archive could not be stored: {why}.")
        reason = text.format(why=error.strerror or type(error).__name__)
    st.session_state[key] = (file_id, reason)
    return None


def _downloads(run: Run) -> list[tuple[str, str, str, str, Callable | bytes]]:
    """Return what there is: label, icon, ending of the file's name, type of the content, and its maker."""
    page, python = "text/html", "text/x-python"
    downloads = [
        (_("Python script"), ":material/code:", ".py", python, _later(script, run)),
        (_("Notebook"), ":material/menu_book:", ".ipynb", "application/x-ipynb+json", _later(notebook, run)),
        (_("Report"), ":material/article:", ".html", page, _later(report, run)),
    ]
    if run.history():
        make = _later(_read, run, "history.csv")
        downloads.append((_("History"), ":material/table:", ".csv", "text/csv", make))
    if run.history() and run.has_weights():
        make = _later(export_archive, run)
        downloads.append((_("Archive"), ":material/folder_zip:", ".zip", "application/zip", make))
    if (run.folder / "model.keras").exists():
        make = _later(_read, run, "model.keras")
        downloads.append((_("Keras model"), ":material/hub:", ".keras", "application/octet-stream", make))
    return downloads


def _later(make: Callable, *arguments) -> Callable[[], bytes]:
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


def _read(run: Run, name: str) -> bytes:
    try:
        return (run.folder / name).read_bytes()
    except OSError as error:
        text = _("The file {file} of training run {run} cannot be read.")
        raise RunError(text.format(file=name, run=run.id)) from error
