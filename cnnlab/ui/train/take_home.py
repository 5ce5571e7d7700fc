"""What can a student take home of a training run, and how does one from elsewhere come in?"""

from collections.abc import Callable

import streamlit as st

from cnnlab import reading
from cnnlab.export import ArchiveError, export_archive, import_archive, report
from cnnlab.export.archive import LARGEST
from cnnlab.export.code.notebook import notebook
from cnnlab.export.code.script import script
from cnnlab.i18n import _
from cnnlab.runs import Run, RunError, Store
from cnnlab.ui.server import uploads
from cnnlab.ui.session import browser, class_state
from cnnlab.ui.widgets import upload_field
from cnnlab.ui.widgets.download import later


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
            "Script and notebook repeat the training run with plain Keras, without this app: the first epoch "
            "to three digits or more; later ones drift apart, as a network learns on from every rounding. "
            "The report opens in any browser. The archive is for another student's app; it does not say "
            "whose it was."
        )
    )
    bring_in()


def bring_in() -> None:
    """Draw the way in: an archive becomes a run of this student, which is then looked at."""
    key = f"_take_home.archive.{st.session_state.get('take_home.taken', 0)}"
    upload_field.field(_("Bring in an archive"), [".zip"], LARGEST, key, _take_in)
    for sentence in (*st.session_state.get("_take_home.refused", []), upload_field.refusal("archive")):
        if sentence:
            st.error(sentence, icon=":material/folder_off:")
    if come := st.session_state.pop("_take_home.come", None):
        st.query_params["run"] = come
        st.rerun()


def _take_in(key: str) -> None:
    """Import the archive that has come; where that fails, keep the reason until another comes."""
    files, refused = upload_field.taken(key)
    for file in files:
        try:
            data = file.getvalue()
            with class_state.importing(len(data)):
                run = import_archive(data, Store(), browser.owner())
            st.session_state["_take_home.come"] = run.id
        except (ArchiveError, RunError) as error:
            refused.append(str(error))
        except OSError as error:
            text = _("The archive could not be stored: {why}.")
            refused.append(text.format(why=error.strerror or type(error).__name__))
    uploads.let_go(files)
    st.session_state["_take_home.refused"] = refused
    st.session_state["take_home.taken"] = st.session_state.get("take_home.taken", 0) + 1  # a new, empty field


def _downloads(run: Run) -> list[tuple[str, str, str, str, Callable[[], bytes]]]:
    """Return what there is: label, icon, ending of the file's name, type of the content, and its maker."""
    page, python = "text/html", "text/x-python"
    downloads = [
        (_("Python script"), ":material/code:", ".py", python, later(script, run)),
        (_("Notebook"), ":material/menu_book:", ".ipynb", "application/x-ipynb+json", later(notebook, run)),
        (_("Report"), ":material/article:", ".html", page, later(report, run)),
    ]
    if run.history():
        make = later(_read, run, "history.csv")
        downloads.append((_("History"), ":material/table:", ".csv", "text/csv", make))
    if run.history() and run.has_weights():
        make = later(export_archive, run)
        downloads.append((_("Archive"), ":material/folder_zip:", ".zip", "application/zip", make))
    if reading.there(run.folder / "model.keras"):
        make = later(_read, run, "model.keras")
        downloads.append((_("Keras model"), ":material/hub:", ".keras", "application/octet-stream", make))
    return downloads


def _read(run: Run, name: str) -> bytes:
    try:
        return reading.content(run.folder / name, reading.ARRAYS)
    except (FileNotFoundError, reading.Damaged) as error:
        text = _("The file {file} of training run {run} cannot be read.")
        raise RunError(text.format(file=name, run=run.id)) from error
