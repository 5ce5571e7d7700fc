"""How does the same script become a Jupyter notebook? Its format is JSON (nbformat 4.5), written by hand."""

import json

from cnnlab.export.code.script import Cell, cells
from cnnlab.runs import Run


def notebook(run: Run) -> str:
    """Return the run as a notebook: for each step a cell with its words and one with its code."""
    entries = []
    for place, cell in enumerate(cells(run), start=1):
        entries.append(_entry(f"words-{place}", "markdown", _markdown(cell, "#" if place == 1 else "##")))
        if cell.code:
            code = _entry(f"code-{place}", "code", cell.code)
            entries.append(code | {"execution_count": None, "outputs": []})
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    book = {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": entries}
    return json.dumps(book, indent=1, ensure_ascii=False)


def _markdown(cell: Cell, sign: str) -> str:
    return f"{sign} {cell.title}\n\n{cell.words}"


def _entry(id: str, kind: str, text: str) -> dict:
    return {"id": id, "cell_type": kind, "metadata": {}, "source": text.splitlines(keepends=True)}
