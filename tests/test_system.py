"""Does the app start with few open files, and where the names of POSIX are missing, as on Windows?"""

import ast
import json
import subprocess
import sys

import pytest

from tests.conftest import ROOT

resource = pytest.importorskip("resource", reason="Windows has no limits of this kind")


def run(script: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# A worker whose Keras is a stub: what it asks of the system is what counts here.
START = """
import json, os, resource, sys, types
from types import SimpleNamespace as Made
keras = types.ModuleType("keras")
keras.utils = Made(disable_interactive_logging=lambda: None)
sys.modules["keras"] = keras
import psutil
from cnnlab.workers import preload_worker as worker
worker._warm_up, worker._shall_time = lambda: None, lambda *_: False
state = Made(total_resources={"train": 1}, available_resources={"train": 1})
there = Made(name="train", state=state, http_server=Made(stop=lambda: None))
"""


def test_the_soft_limit_of_open_files_rises_as_far_as_it_may():
    """A worker's start raises it; a hard limit is kept to, and what is higher already is left alone."""
    script = """
from cnnlab import system
found = []
for files in (10**5, 2000):
    system.FILES = files
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, 3000))
    worker.dask_setup(there)
    found.append(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
resource.setrlimit(resource.RLIMIT_NOFILE, (2500, 3000))
system.allow_open_files()
print([*found, *resource.getrlimit(resource.RLIMIT_NOFILE)])
"""
    assert json.loads(run(START + script)) == [3000, 2000, 2500, 3000]


def test_the_app_raises_it_at_its_start(tmp_path):
    script = f"""
import os, resource
os.environ["CNNLAB_RUNS"] = {str(tmp_path)!r}
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 4096))
import app
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""
    assert int(run(script)) == 4096


# Windows

NAMES = """
chown chroot fchmod fchown fork forkpty getegid geteuid getgid getgroups getloadavg getpgid getpgrp
getpriority getsid getuid initgroups killpg lchown lockf mkfifo mknod nice openpty pathconf pipe2
posix_spawn pread pwrite sched_getaffinity sched_setaffinity sched_yield sendfile setegid seteuid setgid
setpgid setpriority setsid setuid statvfs sync sysconf ttyname uname wait wait3 wait4 waitid WNOHANG
SIGALRM SIGBUS SIGCHLD SIGHUP SIGKILL SIGPIPE SIGQUIT SIGSTOP SIGTSTP SIGUSR1 SIGUSR2 alarm setitimer
"""
NOT_THERE = NAMES.split()  # in os and signal
MODULES = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "termios", "tty", "syslog"}
ASKED = {
    ("cnnlab/workers/preload_worker.py", "setsid"),
    ("cnnlab/workers/preload_worker.py", "getsid"),
}  # for the first they look whether it is there


def test_no_call_is_made_that_windows_does_not_have():
    found = set()
    for path in [ROOT / "app.py", *(ROOT / "cnnlab").rglob("*.py"), *(ROOT / "pages").glob("*.py")]:
        place = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Attribute(value=ast.Name(id="os" | "signal"), attr=name) if name in NOT_THERE:
                    found.add((place, name))
                case ast.Import(names=names):
                    found |= {(place, one.name) for one in names if one.name in MODULES}
                case ast.ImportFrom(module=name) if name in MODULES:
                    found.add((place, name))
    assert found == ASKED | {("cnnlab/system.py", "resource")}


def test_a_worker_starts_and_files_are_written_where_the_names_of_posix_are_missing(tmp_path):
    script = f"""
sys.modules.update(dict.fromkeys({sorted(MODULES)!r}))  # importing them fails
import signal
for name in {NOT_THERE!r} + ["link"]:
    for module in (os, signal):
        if hasattr(module, name): delattr(module, name)
for name in [name for name in sys.modules if name.startswith("cnnlab")]:
    del sys.modules[name]
from pathlib import Path
from cnnlab import environment as settings
from cnnlab.workers import preload_worker as worker
worker._warm_up, worker._shall_time = lambda: None, lambda *_: False
os.environ["CNNLAB_RUNS"] = {str(tmp_path)!r}
before = psutil.Process().nice()
settings.check()
worker.dask_setup(there)
nicer, offered = psutil.Process().nice() - before, sorted(state.available_resources)
print(json.dumps([nicer, offered, os.listdir({str(tmp_path)!r})]))
"""
    nicer, [_train, resource], written = json.loads(run(START + script))
    assert nicer == 10 and resource.startswith("train|") and written == [".mark"]
