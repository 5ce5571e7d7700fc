"""What is the server about to answer?"""


def is_page(message: dict) -> bool:
    """Whether this start of an answer (ASGI: "http.response.start") begins an HTML page."""
    return any(n.lower() == b"content-type" and v.startswith(b"text/html") for n, v in message["headers"])
