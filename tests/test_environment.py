"""A setting that cannot be used ends the start with one sentence, before anything runs."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cnnlab import environment, files
from cnnlab.environment import SettingError
from cnnlab.runs import Store
from cnnlab.training import command_line
from tests.conftest import ROOT


@pytest.fixture(autouse=True)
def unset(monkeypatch, tmp_path):
    for name in ("CNNLAB_WORKERS", "CNNLAB_SCHEDULER", "CNNLAB_TEACHER_PIN", "CNNLAB_CIFAR10"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CNNLAB_RUNS", str(tmp_path / "new" / "runs"))


def test_without_settings_one_run_is_trained_at_a_time_and_here(tmp_path):
    environment.check()
    assert (environment.trainers(), environment.scheduler()) == (1, None)
    assert (tmp_path / "new" / "runs").is_dir()


@pytest.mark.parametrize(("text", "number"), [("", 1), ("1", 1), ("3", 3), ("12", 12), ("99", 99)])
def test_how_many_train_at_once(monkeypatch, text, number):
    monkeypatch.setenv("CNNLAB_WORKERS", text)
    environment.check()
    assert environment.trainers() == number


@pytest.mark.parametrize("text", ["tcp://10.0.0.5:8786", "tls://pc-7.school.example:1", "tcp://[::1]:65535"])
def test_a_cluster_is_named_by_its_address(monkeypatch, text):
    monkeypatch.setenv("CNNLAB_SCHEDULER", text)
    environment.check()
    assert environment.scheduler() == text
    monkeypatch.setenv("CNNLAB_SCHEDULER", "")
    assert environment.scheduler() is None


@pytest.mark.parametrize("pin", ["", "  ", "4711", " Kürbis-42 "])
def test_no_pin_is_a_choice_and_a_long_one_is_well(monkeypatch, pin):
    monkeypatch.setenv("CNNLAB_TEACHER_PIN", pin)
    environment.check()


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        *(
            ("CNNLAB_WORKERS", text, "must be a whole number from 1 to 99")
            for text in ("two", "0", "-1", "1.5", "100", "1 ", "٣")
        ),
        *(
            ("CNNLAB_SCHEDULER", text, "must be an address such as tcp://")
            for text in (
                "10.0.0.5:8786",
                "tcp://10.0.0.5",
                "http://a:1",
                "tcp://a:0",
                "tcp://a:65536",
                "tcp://a b:1",
            )
        ),
        ("CNNLAB_TEACHER_PIN", "7", "4 characters or more, and has 1"),
        ("CNNLAB_TEACHER_PIN", " 123 ", "4 characters or more, and has 3"),
        ("CNNLAB_RUNS", __file__, "cannot be stored in"),
        ("CNNLAB_RUNS", f"{__file__}/runs", "cannot be stored in"),
        ("CNNLAB_RUNS", "~nobody-here/runs", "there is no home folder '~nobody-here' on this computer"),
        ("CNNLAB_RUNS", "/tmp/\udcff", "that is no name in UTF-8"),
        ("CNNLAB_CIFAR10", "~nobody-here/x", "there is no home folder '~nobody-here' on this computer"),
    ],
)
def test_what_cannot_be_used_is_told_in_a_sentence(monkeypatch, name, text, sentence):
    monkeypatch.setenv(name, text)
    with pytest.raises(SettingError, match=sentence) as told:
        environment.check()
    assert name in str(told.value) and "\n" not in str(told.value)


def test_a_tilde_is_the_home_folder_in_every_folder_that_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("CNNLAB_RUNS", "~/of class")
    monkeypatch.setenv("CNNLAB_CIFAR10", "~/photos")
    environment.check()
    assert Store().root == environment.runs() == tmp_path / "of class"
    assert (tmp_path / "of class").is_dir() and environment.cifar10() == tmp_path / "photos"


FAILS = [  # what a disk refuses, by which call, and what is told of it
    (Path, "write_bytes", "no file can be written there"),
    (os, "replace", "no file can be written there"),
    (files, "append", "nothing can be added to a file there"),
    (os, "rename", "a name cannot be taken there"),
    (os, "utime", "when somebody was seen last cannot be noted there"),
    (os, "rmdir", "nothing can be removed there"),
]


def refused(*_arguments, **_more):
    raise OSError(errno.EINVAL, "Invalid argument")


@pytest.mark.parametrize(("place", "name", "sentence"), FAILS, ids=lambda one: getattr(one, "__name__", one))
def test_what_the_folder_of_the_runs_cannot_do_is_told_at_the_start(monkeypatch, place, name, sentence):
    environment.runs().mkdir(parents=True)
    monkeypatch.setattr(os, "link", refused)  # not needed, but then folders must be moved
    environment.check()
    monkeypatch.setattr(place, name, refused)
    with pytest.raises(SettingError, match=f"{sentence} .Invalid argument.; name another folder"):
        environment.check()


def test_a_disk_that_gives_one_name_to_two_is_told_at_the_start(monkeypatch):
    monkeypatch.setattr(files, "create", lambda path, text: bool(files.write_text(path, text)) or True)
    with pytest.raises(SettingError, match="two who take the same name there both get it"):
        environment.check()


def test_a_full_disk_may_start_so_that_something_can_be_deleted(monkeypatch):
    def full(*_arguments, **_more):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    environment.check()


def test_the_check_leaves_nothing_behind():
    environment.check()
    assert not any(environment.runs().iterdir())


def test_the_command_line_says_which_folder_it_does_not_find(monkeypatch, capsys):
    monkeypatch.setenv("CNNLAB_RUNS", "~nobody-here/runs")
    assert command_line.main(["--dataset", "digits"]) == 2
    assert "no home folder '~nobody-here'" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        command_line.main(["--dataset", "digits", "--runs", "~nobody-here/runs"])
    assert "~nobody-here/runs" in capsys.readouterr().err


def test_the_app_says_the_sentence_and_nothing_more():
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", "0"]
    command += ["--server.headless", "true", "--server.address", "127.0.0.1"]
    variables = {**os.environ, "CNNLAB_WORKERS": "two"}
    done = subprocess.run(
        command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.stderr == "CNNLAB_WORKERS is 'two'; it must be a whole number from 1 to 99.\n"
    assert done.returncode == 1
    assert "Traceback" not in done.stdout
