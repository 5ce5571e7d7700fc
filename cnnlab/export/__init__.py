"""What can a student take home of a training run, and bring in from another one?

A Python script and a notebook that repeat the run with plain Keras, a report that opens in any browser, and
an archive from which this app, on another computer, rebuilds the network without trusting the archive.
"""

from .notebook import notebook
from .script import script

__all__ = ["notebook", "script"]
