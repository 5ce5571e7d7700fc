"""What is the server about to answer?"""

from collections.abc import Mapping
from typing import Any


def is_page(message: Mapping[str, Any]) -> bool:
    """Whether this start of an answer (ASGI: "http.response.start") begins an HTML page."""
    return any(n.lower() == b"content-type" and v.startswith(b"text/html") for n, v in message["headers"])
