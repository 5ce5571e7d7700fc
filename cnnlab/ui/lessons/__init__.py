"""The lessons: a folder a page."""
