"""Does CIFAR-10 come whole, and does each fault end in a sentence and leave nothing half behind?

The download code that the app uses is tried against a small server on this machine. The archive is small
too: batches of 100 images in place of 10,000.
"""

import contextlib
import errno
import gzip
import hashlib
import http.server
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import textwrap
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pooch
import pytest

from cnnlab.data import cifar10, datasets, download
from cnnlab.data.cifar10 import BATCHES, FOLDER, RECORD
from cnnlab.data.spec import Dataset, DatasetError

IMAGES = 100
PATIENCE = 300  # seconds that a test waits for what should come at once


# ---- A small CIFAR-10 and a server for it


@pytest.fixture(scope="module")
def records() -> dict[str, np.ndarray]:
    """Six batches of random records, (100, 3073) uint8 each."""
    random = np.random.default_rng(0)
    batches = {}
    for name in BATCHES:
        batches[name] = random.integers(0, 256, (IMAGES, RECORD), dtype=np.uint8)
        batches[name][:, 0] %= 10
    return batches


@pytest.fixture(scope="module")
def packed(records) -> bytes:
    return pack({f"{FOLDER}/{name}": batch.tobytes() for name, batch in records.items()})


def pack(members: dict[str, bytes]) -> bytes:
    """Return a tar.gz with these files and a few that the official archive has beside them."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in {f"{FOLDER}/readme.html": b"<html>", "../../escaped": b"no", **members}.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


class Server(http.server.ThreadingHTTPServer):
    """Serves `body` and counts; what goes wrong is set by the attributes."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.body, self.status, self.sent_share, self.tells_length = b"", 200, 1.0, True
        self.requests = 0
        self.asked = threading.Semaphore(0)  # released for each request
        self.go_on = threading.Event()  # the second half is sent when this is set
        self.go_on.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/cifar-10-binary.tar.gz"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self):
        self.server.requests += 1
        body = self.server.body
        self.send_response(self.server.status)
        if self.server.tells_length:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        body = body[: int(self.server.sent_share * len(body))]
        with contextlib.suppress(OSError):  # the client may have gone
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            self.server.asked.release()
            self.server.go_on.wait(PATIENCE)
            self.wfile.write(body[len(body) // 2 :])

    def log_message(self, *args):
        pass


@pytest.fixture
def server(packed):
    with Server() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        server.body = packed
        yield server
        server.go_on.set()
        server.shutdown()


def md5(body: bytes) -> str:
    return "md5:" + hashlib.md5(body, usedforsecurity=False).hexdigest()


@pytest.fixture
def cache(server, packed, monkeypatch, tmp_path) -> Path:
    """Point the download code at the server and at a cache of its own; return the cache folder."""
    monkeypatch.delenv("CNNLAB_CIFAR10", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(pooch, "os_cache", lambda name: tmp_path / "caches" / name)
    archive = replace(cifar10.ARCHIVE, url=server.url, hash=md5(packed), size=len(packed))
    monkeypatch.setattr(cifar10, "ARCHIVE", archive)
    monkeypatch.setattr(cifar10, "BATCH_IMAGES", IMAGES)
    return tmp_path / "caches" / "cnnlab"


@pytest.fixture
def folder(cache, records, monkeypatch, tmp_path) -> Path:
    """A folder that the user has, named by CNNLAB_CIFAR10."""
    folder = tmp_path / FOLDER
    folder.mkdir()
    for name, batch in records.items():
        batch.tofile(folder / name)
    monkeypatch.setenv("CNNLAB_CIFAR10", str(folder))
    return folder


def agrees(dataset: Dataset, records) -> bool:
    """Compare with a reading of the records pixel by pixel, written from the format's description."""
    images = [*dataset.train_images, *dataset.test_images]
    labels = [*dataset.train_labels, *dataset.test_labels]
    rows = [row for name in BATCHES for row in records[name]]
    assert len(images) == len(labels) == len(rows) and len(dataset.test_labels) == len(
        records["test_batch.bin"]
    )
    for image, label, row in zip(images, labels, rows, strict=True):
        red, green, blue = row[1:1025], row[1025:2049], row[2049:]
        planes = [plane.reshape(32, 32) for plane in (red, green, blue)]
        if label != row[0] or not all((image[..., c] == planes[c]).all() for c in range(3)):
            return False
    return True


def failure(progress=None) -> str:
    """Load CIFAR-10, which must fail with a sentence that names all ways on."""
    with pytest.raises(DatasetError) as caught:
        datasets.load("cifar10", progress)
    sentence = str(caught.value)
    for way in ("CNNLAB_CIFAR10", FOLDER, "download", "Digits", "offline"):
        assert way in sentence
    return sentence


# ---- Downloading


def test_the_archive_is_downloaded_once_and_read(server, cache, records):
    spec = datasets.find("cifar10")
    assert not spec.present()
    calls = []
    dataset = datasets.load("cifar10", lambda done, total: calls.append((done, total)))
    assert agrees(dataset, records)
    assert "official archive" in dataset.source and "500 training and 100 test" in dataset.source
    assert calls[-1] == (len(server.body), len(server.body))
    assert [done for done, _total in calls] == sorted(done for done, _total in calls)
    assert spec.present()
    assert [path.name for path in cache.iterdir()] == [FOLDER]  # no archive, nothing temporary
    assert not list(cache.parent.parent.rglob("escaped"))
    cifar10._read.cache_clear()
    assert agrees(datasets.load("cifar10"), records)
    assert server.requests == 1


@pytest.mark.parametrize("tells_length", [True, False])
def test_progress_is_seen_while_it_downloads(server, cache, tells_length):
    server.tells_length = tells_length
    server.go_on.clear()
    calls = []

    def progress(done, total):
        calls.append((done, total))
        if done:
            server.go_on.set()

    datasets.load("cifar10", progress)
    half = [done for done, _total in calls if 0 < done < len(server.body)]
    assert half and max(half) <= 0.6 * len(server.body)
    assert {total for _done, total in calls} == {len(server.body)}


def test_progress_never_exceeds_the_total():
    bar = download.Bar(10)
    bar.total = 12  # as pooch does on seeing the server's answer
    for _ in range(2):
        bar.update(8)  # pooch reports whole chunks, also for the last one
    seen = []
    bar.show(lambda done, total: seen.append((done, total)))
    assert seen == [(12, 12)]


def test_a_reloaded_page_finds_the_download_going_on(server, cache, records):
    class Reloaded(BaseException):
        """As Streamlit ends a script from within its own calls."""

    server.go_on.clear()

    def leave(done, total):
        if done:
            raise Reloaded

    with pytest.raises(Reloaded):
        datasets.load("cifar10", leave)
    seen = []

    def stay(done, total):
        seen.append(done)
        server.go_on.set()

    assert agrees(datasets.load("cifar10", stay), records)
    assert seen[0] > 0  # it did not start anew
    assert server.requests == 1


def test_two_sessions_share_one_download(server, cache, records):
    server.go_on.clear()
    both = threading.Barrier(2, action=server.go_on.set)
    results = []

    def session():
        met = []

        def progress(done, total):
            if not met:
                met.append(both.wait(PATIENCE))

        results.append(datasets.load("cifar10", progress))

    threads = [threading.Thread(target=session) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    first, second = results
    assert agrees(first, records)
    assert first.train_images is second.train_images or np.shares_memory(
        first.train_images, second.train_images
    )
    assert server.requests == 1


def script(cache: Path) -> str:
    """A program that loads CIFAR-10 as another process of the app would, and says how it went."""
    return textwrap.dedent(f"""
        import pathlib, pooch
        from cnnlab.data import cifar10, datasets, download
        pooch.os_cache = lambda name: pathlib.Path({str(cache.parent)!r}) / name
        cifar10.ARCHIVE = download.{cifar10.ARCHIVE!r}
        cifar10.BATCH_IMAGES = {IMAGES}
        try:
            dataset = datasets.load("cifar10")
            print("loaded", int(dataset.train_images.sum()) + int(dataset.test_images.sum()))
        except cifar10.DatasetError as error:
            print(error)
        """)


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "NO_PROXY": "127.0.0.1"}


def test_two_processes_do_not_disturb_each_other(server, cache, records):
    server.go_on.clear()
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script(cache)], env=environment(), stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for _ in processes:
        assert server.asked.acquire(timeout=PATIENCE)  # both hold half an archive now
    server.go_on.set()
    pixels = sum(int(batch[:, 1:].sum()) for batch in records.values())
    for process in processes:
        output, _errors = process.communicate(timeout=PATIENCE)
        assert output == f"loaded {pixels}\n"
    assert [path.name for path in cache.iterdir()] == [FOLDER]
    assert agrees(datasets.load("cifar10"), records)


def spoil(server: Server, how: str) -> None:
    if how == "another file":
        server.body = b"<html>Please sign in to the school's network</html>"
    elif how == "cut off":
        server.sent_share = 0.7
    elif how == "cut off, length unknown":
        server.sent_share, server.tells_length = 0.7, False
    elif how == "not found":
        server.status = 404
    elif how == "server error":
        server.status = 503
    elif how == "closed port":
        server.server_close()


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("another file", "is not the CIFAR-10 archive"),
        ("cut off", "could not be downloaded"),
        ("cut off, length unknown", "is not the CIFAR-10 archive"),
        ("not found", "could not be downloaded"),
        ("server error", "could not be downloaded"),
        ("closed port", "Is this computer on the internet?"),
    ],
)
def test_a_failed_download_says_so_and_leaves_nothing(server, cache, packed, records, how, words):
    spoil(server, how)
    sentence = failure()
    assert words in sentence and server.url in sentence
    assert list(cache.iterdir()) == []
    assert not datasets.find("cifar10").present()
    if how != "closed port":
        server.body, server.status, server.sent_share, server.tells_length = packed, 200, 1.0, True
        assert agrees(datasets.load("cifar10"), records)  # the next try is a whole one


def damaged_archive(how: str, records) -> bytes:
    members = {f"{FOLDER}/{name}": batch.tobytes() for name, batch in records.items()}
    batch = f"{FOLDER}/data_batch_3.bin"
    if how == "lacks a batch":
        del members[batch]
    elif how == "short batch":
        members[batch] = members[batch][:-1]
    whole = pack(members)
    if how == "half":
        return whole[: len(whole) // 2]
    if how == "no archive":
        return b"text"
    if how == "wrong sum within":  # two gzip streams, of which the first fails its checksum
        plain = gzip.decompress(whole)
        first = bytearray(gzip.compress(plain[:700_000]))
        first[-8] ^= 1
        return bytes(first) + gzip.compress(plain[700_000:])
    if how == "no tar":
        return gzip.compress(b"text")
    return whole


@pytest.mark.parametrize(
    "how", ["half", "no archive", "no tar", "wrong sum within", "lacks a batch", "short batch"]
)
def test_a_damaged_archive_with_the_right_sum_is_not_taken(server, cache, records, monkeypatch, how):
    server.body = damaged_archive(how, records)
    monkeypatch.setattr(cifar10, "ARCHIVE", replace(cifar10.ARCHIVE, hash=md5(server.body)))
    sentence = failure()
    words = "307,299 bytes" if how == "short batch" else "could not be unpacked"
    assert words in sentence
    assert list(cache.iterdir()) == []


def test_a_damaged_cache_is_replaced(server, cache, records):
    datasets.load("cifar10")
    (cache / FOLDER / "data_batch_2.bin").unlink()
    assert not datasets.find("cifar10").present()
    assert agrees(datasets.load("cifar10"), records)
    with (cache / FOLDER / "test_batch.bin").open("r+b") as file:
        file.truncate(1000)
    assert agrees(datasets.load("cifar10"), records)
    assert server.requests == 3
    assert [path.name for path in cache.iterdir()] == [FOLDER]


def test_what_a_killed_download_left_is_removed_after_a_day(cache):
    for name, age in (("fetching-old", 3 * 24 * 3600), ("fetching-new", 3600)):
        (cache / name).mkdir(parents=True)
        (cache / name / "archive.tar.gz").write_bytes(b"half")
        then = (cache / name).stat().st_mtime - age
        os.utime(cache / name, (then, then))
    datasets.load("cifar10")
    assert {path.name for path in cache.iterdir()} == {FOLDER, "fetching-new"}


# ---- A full disk, no permission


@pytest.mark.parametrize("share", [0.5, 1.5], ids=["downloading", "unpacking"])
def test_a_full_disk(server, cache, share):
    """On a real file system that is too small, mounted in a name space of its own."""
    size = int(share * len(server.body))
    command = f'mount -t tmpfs -o size={size} tmpfs "$0" && exec "$1" -c "$2"'
    cache.mkdir(parents=True)
    inner = script(cache) + f"print(list(pathlib.Path({str(cache)!r}).iterdir()))\n"
    unshare = ["unshare", "--user", "--map-root-user", "--mount"]
    try:
        allowed = subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        allowed = False
    if not allowed:
        pytest.skip("this system does not let a user mount a small file system")
    done = subprocess.run(
        [*unshare, "sh", "-c", command, str(cache), sys.executable, inner],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE,
        check=False,
    )
    assert f"the disk that holds {cache} is full" in done.stdout, done.stderr
    assert "Digits" in done.stdout and done.stdout.endswith("\n[]\n")


def test_a_disk_that_fills_while_unpacking(server, cache, records, monkeypatch):
    """As above, for systems where no file system can be mounted."""
    copy = shutil.copyfileobj

    def fill(source, sink):
        sink.write(source.read(1000))
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(shutil, "copyfileobj", fill)
    assert f"the disk that holds {cache} is full" in failure()
    assert list(cache.iterdir()) == []
    monkeypatch.setattr(shutil, "copyfileobj", copy)
    assert agrees(datasets.load("cifar10"), records)


@pytest.fixture
def unprivileged():
    """Give up the rights of root, to whom nothing is forbidden; return a folder that others may enter."""
    base = Path(tempfile.mkdtemp())
    base.chmod(0o755)
    root = os.geteuid() == 0

    @contextlib.contextmanager
    def without_rights():
        if root:
            os.seteuid(65534)
        try:
            yield
        finally:
            if root:
                os.seteuid(0)

    yield base, without_rights
    for path in base.rglob("*"):
        path.chmod(0o755)
    shutil.rmtree(base)


def test_a_folder_that_may_not_be_read(cache, unprivileged, monkeypatch):
    base, without_rights = unprivileged
    folder = base / "closed" / FOLDER
    folder.mkdir(parents=True)
    folder.parent.chmod(0)
    monkeypatch.setenv("CNNLAB_CIFAR10", str(folder))
    with without_rights():
        assert f"The folder {folder} cannot be read: Permission denied." in failure()


def test_a_batch_that_may_not_be_read(folder, unprivileged, monkeypatch):
    base, without_rights = unprivileged
    shutil.copytree(folder, base / FOLDER)
    (base / FOLDER / "data_batch_5.bin").chmod(0)
    monkeypatch.setenv("CNNLAB_CIFAR10", str(base / FOLDER))
    with without_rights():
        sentence = failure()
    assert "data_batch_5.bin" in sentence and "Permission denied" in sentence


def test_a_cache_that_may_not_be_written(cache, unprivileged, monkeypatch):
    base, without_rights = unprivileged
    (base / "caches").mkdir()
    (base / "caches").chmod(0o555)
    monkeypatch.setattr(pooch, "os_cache", lambda name: base / "caches" / name)
    with without_rights():
        assert f"the app may not write to {base / 'caches' / 'cnnlab'}" in failure()


# ---- A folder of the user's own


def test_the_users_folder_is_read_and_nothing_downloaded(server, folder, records):
    assert datasets.find("cifar10").present()
    dataset = datasets.load("cifar10")
    assert agrees(dataset, records)
    assert "CNNLAB_CIFAR10" in dataset.source and "500 training and 100 test" in dataset.source
    assert datasets.load("cifar10").train_images is dataset.train_images  # read once, held once
    with pytest.raises(ValueError):
        dataset.train_images[0] = 0
    assert server.requests == 0


def damage(folder: Path, how: str) -> None:
    batch = folder / "data_batch_4.bin"
    if how == "missing":
        shutil.rmtree(folder)
    elif how == "a file":
        shutil.rmtree(folder)
        folder.write_bytes(b"")
    elif how == "lacks":
        batch.unlink()
    elif how == "half":
        os.truncate(batch, 150_000)
    elif how == "empty":
        os.truncate(batch, 0)
    elif how == "long":
        os.truncate(batch, IMAGES * RECORD + 1)
    elif how == "label":
        content = bytearray(batch.read_bytes())
        content[7 * RECORD] = 10
        batch.write_bytes(content)
    elif how == "a folder":
        batch.unlink()
        batch.mkdir()


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("missing", ["does not exist"]),
        ("a file", ["cannot be read: Not a directory"]),
        ("lacks", ["lacks the file data_batch_4.bin"]),
        ("half", ["data_batch_4.bin", "150,000 bytes", "307,300"]),
        ("empty", ["data_batch_4.bin", "0 bytes", "307,300"]),
        ("long", ["307,301 bytes", "307,300"]),
        ("label", ["data_batch_4.bin", "label 10", "from 0 to 9"]),
        ("a folder", ["data_batch_4.bin", "bytes"]),
    ],
)
def test_a_damaged_folder_is_named_with_its_fault(server, folder, how, words):
    damage(folder, how)
    sentence = failure()
    assert str(folder) in sentence
    for word in words:
        assert word in sentence
    assert datasets.find("cifar10").present() == (how == "label")  # labels are looked at in loading only
    assert server.requests == 0  # the user named a folder, so the app does not go elsewhere


def test_a_mended_folder_is_read_without_a_restart(folder, records):
    batch = folder / "data_batch_1.bin"
    whole = batch.read_bytes()
    batch.write_bytes(bytes([200]) + whole[1:])
    failure()
    batch.write_bytes(whole)
    assert agrees(datasets.load("cifar10"), records)


def test_home_is_understood_and_an_empty_name_is_none(folder, cache, server, records, monkeypatch):
    monkeypatch.setenv("HOME", str(folder.parent))
    monkeypatch.setenv("CNNLAB_CIFAR10", f"~/{FOLDER}")
    assert agrees(datasets.load("cifar10"), records)
    assert server.requests == 0
    monkeypatch.setenv("CNNLAB_CIFAR10", "")
    assert agrees(datasets.load("cifar10"), records)
    assert server.requests == 1


# ---- The real CIFAR-10


@pytest.mark.skipif(not os.environ.get("CNNLAB_CIFAR10"), reason="CNNLAB_CIFAR10 names no copy of CIFAR-10")
def test_the_real_cifar10():
    dataset = datasets.load("cifar10")
    assert dataset.train_images.shape == (50_000, 32, 32, 3) and dataset.train_images.dtype == np.uint8
    assert dataset.test_images.shape == (10_000, 32, 32, 3)
    assert (np.bincount(dataset.train_labels) == 5_000).all() and len(np.bincount(dataset.train_labels)) == 10
    assert (np.bincount(dataset.test_labels) == 1_000).all()
    assert len(dataset.classes) == 10
    assert "50,000 training and 10,000 test images" in dataset.source
    # Ships and airplanes stand before blue, frogs and deer do not: the planes are in order.
    red, _green, blue = (
        [dataset.train_images[dataset.train_labels == label][..., c].mean() for label in range(10)]
        for c in range(3)
    )
    surplus = dict(zip(dataset.classes, np.subtract(blue, red), strict=True))
    assert min(surplus["airplane"], surplus["ship"]) > 0 > max(surplus["frog"], surplus["deer"])
    # Neighbouring pixels of photos resemble each other: rows and columns are where they belong.
    photos = dataset.test_images[:1000].astype(int)
    assert np.abs(np.diff(photos, axis=1)).mean() < 20 and np.abs(np.diff(photos, axis=2)).mean() < 20
    assert np.abs(photos - photos[::-1]).mean() > 40


# ---- A few test images


@pytest.mark.parametrize("name", ["cifar10", "digits"])
def test_a_few_test_images_are_those_of_the_whole(folder, name):
    whole = datasets.load(name)
    images, labels = datasets.test_pictures(name, [7, 0, 99])
    assert (images == whole.test_images[[7, 0, 99]]).all()
    assert labels.tolist() == whole.test_labels[[7, 0, 99]].tolist()
    with pytest.raises(DatasetError, match=r"test images, so there is no number 5,001"):
        datasets.test_pictures(name, [0, 5000])


def test_a_few_images_of_a_damaged_batch_get_a_sentence(folder, records):
    spoilt = records["test_batch.bin"].copy()
    spoilt[3, 0] = 77
    spoilt.tofile(folder / "test_batch.bin")
    with pytest.raises(DatasetError, match="holds the label 77"):
        datasets.test_pictures("cifar10", [3])
    (folder / "test_batch.bin").unlink()
    with pytest.raises(DatasetError, match=r"lacks the file test_batch.bin"):
        datasets.test_pictures("cifar10", [3])
