"""Why does no upload touch the disk? The web server would keep what exceeds 1 MB in a temporary file."""

from typing import Any

from cnnlab.ui.server.patch import Inside, Patch
from cnnlab.ui.server.upload_account import LARGEST


def keep_in_memory(parser: Any) -> None:
    """Let requests of any size that is allowed stay in memory while they come."""
    parser.spool_max_size = 2 * LARGEST  # more than any request may have


PATCH = Patch(
    without="Uploads of more than 1 MB lie in a temporary file while they come.",
    made_for="Starlette 1.10",
    needs={"parser": Inside("starlette.formparsers:MultiPartParser", {"spool_max_size": None})},
    put_in=keep_in_memory,
)
