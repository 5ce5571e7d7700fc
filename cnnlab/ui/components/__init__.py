"""Views that step, play and answer in the browser, without asking the server."""
