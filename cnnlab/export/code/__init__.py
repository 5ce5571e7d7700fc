"""A run as code that anybody can read: plain Keras in a script or a notebook."""

from cnnlab.export.code.notebook import notebook
from cnnlab.export.code.script import script

__all__ = ["notebook", "script"]
