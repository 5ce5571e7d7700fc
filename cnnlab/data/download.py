"""An archive from elsewhere becomes a folder on this computer: whole and checked, or not at all."""

import contextvars
import errno
import gzip
import shutil
import tarfile
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cnnlab import files
from cnnlab.data.spec import DatasetError, Progress
from cnnlab.i18n import _

ABANDONED = 24 * 3600  # seconds after which what is left of a download is nobody's any more
PATIENCE = 30  # seconds without a byte
CHUNK = 2**18  # bytes


@dataclass(frozen=True)
class Archive:
    """A tar archive with a data set.

    title: its name in sentences. hash: a checksum as pooch writes them, "md5:...". size: bytes. members: the
    files in it that are wanted, by their paths.
    """

    title: str
    url: str
    hash: str
    size: int
    members: tuple[str, ...]


def cache_folder() -> Path:
    """Return where downloads are kept on this computer."""
    import pooch

    return Path(pooch.os_cache("cnnlab"))


class Bar:
    """What pooch's HTTPDownloader reports to: the names are pooch's."""

    def __init__(self, total: int) -> None:
        self.total = self.expected = total
        self.done = 0

    def update(self, size: int) -> None:
        """Count the bytes of a chunk."""
        self.done += size

    def reset(self) -> None:
        """Begin anew."""
        self.done = 0

    def close(self) -> None:
        """Nothing is open."""

    def show(self, progress: Progress | None) -> None:
        """Tell how far it is; never more than all."""
        total = self.total or self.expected  # a server need not state the length
        if progress:
            progress(min(self.done, total), total)


_under_way: dict[Path, tuple[Future[None], Bar]] = {}
_starting = threading.Lock()


def fetch(
    archive: Archive, folder: Path, fault: Callable[[Path], str], progress: Progress | None = None
) -> None:
    """Download an archive and make `folder` of its members; when that is under way already, join in waiting.

    The download runs in a thread of its own: whoever asked for it may reload the page and find it further on.
    fault: says what is wrong with a folder, "" when it is whole. Raises DatasetError.
    """
    with _starting:
        future, bar = _under_way.get(folder, (None, None))
        if future is None or bar is None or future.done():
            future, bar = _under_way[folder] = Future(), Bar(archive.size)
            context = contextvars.copy_context()  # errors speak the language of the session
            arguments = (_download, archive, folder, fault, future, bar)
            threading.Thread(target=context.run, args=arguments, daemon=True).start()
    while not future.done():
        bar.show(progress)
        wait([future], timeout=0.2)
    future.result()
    bar.show(progress)


def _download(
    archive: Archive, folder: Path, fault: Callable[[Path], str], future: Future[None], bar: Bar
) -> None:
    """Fetch, check and unpack the archive beside `folder`, and move it there whole or not at all."""
    import pooch

    beside = folder.parent
    try:
        beside.mkdir(parents=True, exist_ok=True)
        _tidy(beside)
        with tempfile.TemporaryDirectory(prefix="fetching-", dir=beside) as temporary:
            fetched = pooch.retrieve(
                archive.url,
                archive.hash,
                fname="archive.tar.gz",
                path=temporary,
                downloader=pooch.HTTPDownloader(progressbar=bar, chunk_size=CHUNK, timeout=PATIENCE),
            )
            unpacked = Path(temporary) / folder.name
            _unpack(Path(fetched), archive.members, unpacked)
            if wrong := fault(unpacked):
                raise DatasetError(wrong)
            if fault(folder):
                with suppress(FileNotFoundError):
                    files.move(folder, Path(temporary) / "damaged")
            if not files.place(unpacked, folder) and (wrong := fault(folder)):
                raise DatasetError(wrong)  # else another process was faster, and its copy serves as well
    except DatasetError as error:
        future.set_exception(error)
    except Exception as error:
        failure = DatasetError(_in_words(error, archive, beside))
        failure.__cause__ = error
        future.set_exception(failure)
    else:
        future.set_result(None)


def _tidy(folder: Path) -> None:
    """Remove what a download left behind whose process was killed over a day ago."""
    for left in folder.glob("fetching-*"):
        with suppress(FileNotFoundError):  # another process tidies too
            if time.time() - left.stat().st_mtime > ABANDONED:
                shutil.rmtree(left, ignore_errors=True)


def _unpack(archive: Path, members: tuple[str, ...], target: Path) -> None:
    """Write the members to `target`. Nothing else in the archive is touched, whatever paths it names."""
    target.mkdir()
    with tarfile.open(archive) as tar:
        for member in members:
            source = tar.extractfile(member)
            if source is None:
                raise tarfile.ExtractError(f"{member} is no file")
            with source, (target / Path(member).name).open("wb") as sink:
                shutil.copyfileobj(source, sink)


def _in_words(error: Exception, archive: Archive, folder: Path) -> str:
    """Say why a download failed."""
    code = getattr(error, "errno", None)  # requests' own errors carry none
    if code in (errno.ENOSPC, errno.EDQUOT):
        text = _("{title} could not be stored: the disk that holds {folder} is full.")
    elif code in (errno.EACCES, errno.EPERM, errno.EROFS):
        text = _("{title} could not be stored: the app may not write to {folder}.")
    elif code is not None:
        text = _("{title} could not be stored in {folder}: {reason}.")
    elif isinstance(error, OSError) and not isinstance(error, gzip.BadGzipFile):
        text = _("{title} could not be downloaded from {url} ({kind}). Is this computer on the internet?")
    elif isinstance(error, ValueError):  # pooch's word for a wrong hash
        text = _(
            "What came from {url} is not the {title} archive (its checksum differs), so it was thrown away. "
            "A network that wants a sign-in first does this."
        )
    else:
        text = _("The archive from {url} could not be unpacked ({kind}).")
    return text.format(
        title=archive.title,
        url=archive.url,
        folder=folder,
        kind=type(error).__name__,
        reason=getattr(error, "strerror", None),
    )
