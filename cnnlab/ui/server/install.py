"""All patches, put in by one call before the app is made."""

from functools import cache

from cnnlab.ui.server import memory, offline, rerun_order, upload_spool, uploads, widget_values

PATCHES = (
    offline.PATCH,
    rerun_order.PATCH,
    widget_values.PATCH,
    uploads.PATCH,
    upload_spool.PATCH,
    memory.PATCH,
)


@cache  # each is put in once, however often the app's script is loaded
def install() -> None:
    """Put in what fits the installed versions; the log says what does not."""
    for patch in PATCHES:
        patch.install()
