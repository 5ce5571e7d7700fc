"""How does the same script become a Jupyter notebook? A cell of words and a cell of code for each step."""

from cnnlab.export.code.script import Cell, cells
from cnnlab.runs import Run


def notebook(run: Run) -> str:
    """Return the run as a notebook, checked against its format's schema (nbformat 4.5)."""
    import nbformat
    from nbformat import v4

    entries = []
    for place, cell in enumerate(cells(run), start=1):
        words = _markdown(cell, "#" if place == 1 else "##")
        entries.append(v4.new_markdown_cell(words, id=f"words-{place}"))
        if cell.code:
            entries.append(v4.new_code_cell(cell.code, id=f"code-{place}"))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    book = v4.new_notebook(cells=entries, metadata=metadata)
    nbformat.validate(book)
    return str(nbformat.writes(book))


def _markdown(cell: Cell, sign: str) -> str:
    return f"{sign} {cell.title}\n\n{cell.words}"
