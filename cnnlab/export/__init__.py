"""What can a student take home of a training run, and bring in from another one?

A Python script and a notebook that repeat the run with plain Keras, a report that opens in any browser, and
an archive from which this app, on another computer, rebuilds the network without trusting the archive.
"""

from .archive import export_archive, import_archive
from .notebook import notebook
from .report import report
from .script import script
from .unpack import ArchiveError

__all__ = ["ArchiveError", "export_archive", "import_archive", "notebook", "report", "script"]
