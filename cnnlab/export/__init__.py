"""What can a student take home of a training run, and bring in from another one?

A Python script and a notebook that repeat the run with plain Keras, a report that opens in any browser, and
an archive from which this app, on another computer, rebuilds the network without trusting the archive.
"""

from cnnlab.export.archive import export_archive, import_archive
from cnnlab.export.code.notebook import notebook
from cnnlab.export.code.script import script
from cnnlab.export.report import report
from cnnlab.export.safe_zip import ArchiveError

__all__ = ["ArchiveError", "export_archive", "import_archive", "notebook", "report", "script"]
