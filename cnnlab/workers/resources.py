"""Which work does a worker process take, and why does one get none?

A worker is started with `--resources train=1` or `--resources "look=1 long=1"`. Once warm it offers each of
these kinds once more as a resource whose name says on which folder of runs it works, and with which version
of their files. Tasks ask for such a resource, so a worker of another checkout, or one that cannot see the
runs, is never handed anything; `misfit` says why.
"""

import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from cnnlab import files, reading
from cnnlab.i18n import _
from cnnlab.runs import records

KINDS = ("train", "look", "long")
MARK = ".mark"
_marks: dict[Path, str] = {}  # folder -> what was read last


def mark(root: Path) -> str:
    """Return what is written in the folder of runs to know it by, on whatever machine; "" without a folder.

    Whoever comes first writes it. A folder of the same path that is not shared has another mark.
    """
    if not root.is_dir():
        return ""
    if not (root / MARK).exists():
        files.create(root / MARK, secrets.token_hex(8))
    found = _read_mark(root)
    if found is None and root not in _marks:
        files.move(root / MARK, root / f"{MARK}-damaged-{secrets.token_hex(4)}")
        files.create(root / MARK, secrets.token_hex(8))
        found = _read_mark(root)
    if found is not None:
        _marks[root] = found
    return _marks.get(root, "")  # while it is damaged, app and workers go on by what they have read before


def _read_mark(root: Path) -> str | None:
    """Return what stands in the folder; None where nothing does, or something else."""
    try:
        found = reading.text(root / MARK)
    except (FileNotFoundError, reading.Damaged):
        return None
    return found if re.fullmatch(r"[0-9a-f]{16}", found) else None


def resource_name(kind: str, root: Path) -> str:
    """Return the name under which work of this kind ("train", "look", "long") on this folder is taken."""
    return f"{kind}|{records.SCHEMA}|{mark(root)}|{root}"


def kinds(resources: Mapping[str, float]) -> list[str]:
    """Return the kinds of work that a worker was started for."""
    return [kind for kind in KINDS if resources.get(kind)]


def misfit(resources: Mapping[str, float], root: Path) -> str:
    """Return why a worker with these resources gets no work on this folder, as a sentence; "" if it does."""
    offered = [name for name in resources if "|" in name]
    if any(resource_name(kind, root) in offered for kind in KINDS):
        return ""
    if not offered:
        text = _("It was started without --preload {module}, or from an older version of the app.")
        return text.format(module="cnnlab.workers.preload_worker")
    _kind, schema, its_mark, its_root = offered[0].split("|", 3)
    if schema != str(records.SCHEMA):
        text = _("It was started from another version of the app (schema {theirs}, here {ours}).")
        return text.format(theirs=schema, ours=records.SCHEMA)
    if its_root != str(root):
        text = _("It works on the folder {theirs}, this app on {ours}: give both the same CNNLAB_RUNS.")
        return text.format(theirs=its_root, ours=root)
    if not its_mark:
        return _("It does not find the folder {folder}: mount it there and start it again.").format(
            folder=root
        )
    text = _("Its folder {folder} is not this app's: mount the same one on both and start it again.")
    return text.format(folder=root)
