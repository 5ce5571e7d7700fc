"""Are the downloads made at the click, do they hold the run, and does an archive come in through the page?"""

import json
import zipfile
from io import BytesIO

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from cnnlab import export
from cnnlab.export import export_archive
from cnnlab.runs import Store
from cnnlab.ui.session import class_state
from cnnlab.ui.train import take_home
from tests.support.pages import ME, open_part
from tests.support.runs import trained


def page():
    import streamlit as st

    from cnnlab.runs import Store
    from cnnlab.ui.train.take_home import take_home

    take_home(Store().get(st.query_params["run"]))


@pytest.fixture
def run(store):
    return trained(store, owner="anna", evaluated=True)


def opened(run) -> AppTest:
    return open_part(page, query={"run": run.id})


@pytest.fixture
def downloads(monkeypatch):
    """What the page hands to Streamlit's download buttons: file name -> maker."""
    made, real = {}, st.download_button

    def download_button(label, data, file_name, **settings):
        made[file_name] = data
        return real(label, data=data, file_name=file_name, **settings)

    monkeypatch.setattr(st, "download_button", download_button)
    return made


def test_each_file_is_made_when_it_is_asked_for(run, downloads, monkeypatch):
    calls = []
    for name in ("script", "notebook", "report", "export_archive"):
        real = getattr(export, name)
        monkeypatch.setattr(
            take_home, name, lambda run, name=name, real=real: calls.append(name) or real(run)
        )
    at = opened(run)
    assert not at.exception and calls == []
    assert len(at.get("download_button")) == 5
    contents = {name.removeprefix(run.id): make() for name, make in downloads.items()}
    assert calls == ["script", "notebook", "report", "export_archive"]
    compile(contents[".py"], "script", "exec")
    assert json.loads(contents[".ipynb"])["nbformat"] == 4
    assert contents[".html"].startswith(b"<!doctype html>")
    assert contents[".csv"] == (run.folder / "history.csv").read_bytes()
    assert "weights.npz" in zipfile.ZipFile(BytesIO(contents[".zip"])).namelist()


def test_the_keras_model_is_there_when_the_run_has_one(run, downloads):
    (run.folder / "model.keras").write_bytes(b"model")
    opened(run)
    assert downloads[f"{run.id}.keras"]() == b"model"


def test_a_run_that_has_only_begun_offers_what_it_has(store, downloads):
    run = trained(store, owner="anna", rows=0)
    opened(run)
    assert {name.removeprefix(run.id) for name in downloads} == {".py", ".ipynb", ".html"}


def test_what_cannot_be_made_says_why(run, downloads):
    opened(run)
    (run.folder / "weights.npz").write_bytes(b"rubbish")
    text = downloads[f"{run.id}.zip"]().decode()
    assert "weights.npz" in text and "damaged" in text


def test_an_archive_comes_in_as_my_own_run_and_is_shown(run):
    at = opened(run)
    at.file_uploader[0].set_value(("a.zip", export_archive(run), "application/zip")).run()
    assert not at.exception and not at.error
    (mine,) = [other for other in Store().runs() if other.id != run.id]
    assert mine.recipe().owner == ME and mine.recipe().note == "Imported"
    assert at.query_params["run"] in (mine.id, [mine.id])
    at.run()
    assert len(Store().runs()) == 2, "once is enough"


def test_a_wrong_archive_is_refused_on_the_page_and_read_once(run, monkeypatch):
    calls = []
    real = take_home.import_archive
    monkeypatch.setattr(take_home, "import_archive", lambda *given: calls.append(1) or real(*given))
    at = opened(run)
    at.file_uploader[0].set_value(("a.zip", b"no zip at all", "application/zip")).run()
    assert "cannot be unpacked" in at.error[0].value
    at.run()
    assert "cannot be unpacked" in at.error[0].value and calls == [1]
    assert [other.id for other in Store().runs()] == [run.id]


def test_who_has_no_name_in_the_class_brings_nothing_in(run, monkeypatch):
    monkeypatch.setenv("CNNLAB_TEACHER_PIN", "4711")
    monkeypatch.setattr(class_state._newcomers, "admit", lambda *_browser: False)
    at = opened(run)
    at.file_uploader[0].set_value(("a.zip", export_archive(run), "application/zip")).run()
    assert "You have no name in the class yet" in at.error[0].value
    assert [other.id for other in Store().runs()] == [run.id]


def test_a_full_disk_is_spoken_of(run, monkeypatch):
    def full(*_given):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(take_home, "import_archive", full)
    at = opened(run)
    at.file_uploader[0].set_value(("a.zip", b"x", "application/zip")).run()
    assert "No space left on device" in at.error[0].value
