"""Which runs are there? The folder in which each appears whole, and the shipped networks beside it."""

import json
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path

from cnnlab import environment, files, moments
from cnnlab.config import TrainConfig
from cnnlab.names import run_name
from cnnlab.runs import records
from cnnlab.runs.folder import NAME, missing
from cnnlab.runs.run import Run


class Store:
    """The folder of all runs (CNNLAB_RUNS, else runs/), and the shipped networks beside it."""

    def __init__(self, root: Path | str | None = None):
        self.root = Path(root).absolute() if root else environment.runs()

    def create(
        self, config: TrainConfig, classes: Sequence[str], *, preset: str, owner: str, note: str = ""
    ) -> Run:
        """Put a run into the queue; its folder appears whole, under a name not used before.

        It counts as created after all others, even where a clock was set back meanwhile. Raises OSError where
        there is no room for it.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        created = moments.later_than(run.created() for run in self.runs())
        recipe = {"schema": records.SCHEMA, "preset": preset, "owner": owner, "created": created}
        recipe |= {"classes": list(classes), "note": note, "config": config.model_dump(mode="json")}
        part = self.root / f".new-{secrets.token_hex(8)}"
        try:
            part.mkdir()
            files.write_text(part / "config.json", json.dumps(recipe, indent=1))
            return self.adopt(part)
        except OSError:
            shutil.rmtree(part, ignore_errors=True)
            raise

    def adopt(self, part: Path) -> Run:
        """Move a whole run folder in, under a name not used before; it must lie on the same disk.

        Raises OSError where it cannot be moved.
        """
        while not files.place(part, folder := self.root / run_name()):
            pass
        return Run(folder)

    def get(self, id: str) -> Run:
        """Return the run of that name, trained here or shipped; RunError where there is none."""
        if isinstance(id, str) and NAME.fullmatch(id):
            for root in (self.root, records.SHIPPED):
                if _is_folder(root / id):
                    return Run(root / id)
        raise missing(self.root, str(id)[:40])

    def runs(self) -> list[Run]:
        """Return all runs trained here, newest first (by creation; damaged ones last).

        A folder that does not have a run's name is none. Whoever reads these runs one after the other does so
        by `cnnlab.runs.survey`, so that none of them can spoil it for the others.
        """
        if not self.root.is_dir():
            return []
        runs = [Run(path) for path in self.root.iterdir() if NAME.fullmatch(path.name) and _is_folder(path)]
        return sorted(runs, key=Run.created, reverse=True)

    def shipped(self) -> list[Run]:
        """Return the networks that come with the app."""
        return [Run(path) for path in sorted(records.SHIPPED.glob("*/")) if (path / "config.json").exists()]


def _is_folder(path: Path) -> bool:
    """Say whether this is a folder of its own: a link may lead to another's run, or to the whole disk."""
    try:
        return path.is_dir() and not path.is_symlink()
    except OSError:  # one that may not even be looked at
        return False
