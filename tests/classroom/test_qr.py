"""Does a QR code hold what it was given, with the white around it that readers need?"""

import re
from xml.etree import ElementTree

import segno

from cnnlab.classroom import qr

ADDRESS = "http://192.168.178.20:8501/convolution?level=formulas&lesson=AbC-_123"


def drawn(picture: str) -> list[list[int]]:
    """Read the modules back from the SVG: `M` and `m` move, `h` draws to the right, in rows of one unit."""
    root = ElementTree.fromstring(picture)
    side = int(root.attrib["viewBox"].split()[2])
    cells, x, y = [[0] * side for _ in range(side)], 0, 0.0
    for command, numbers in re.findall(r"([Mmh])([-\d. ]+)", root[1].attrib["d"]):
        dx, *dy = (float(n) for n in re.findall(r"-?[\d.]+", numbers))
        if command == "h":
            for col in range(int(x), int(x + dx)):
                cells[int(y)][col] = 1
        x, y = (dx, dy[0]) if command == "M" else (x + dx, y + (dy or [0])[0])
    return cells


def test_the_picture_is_the_code_in_white():
    cells = drawn(qr.svg(ADDRESS))
    expected = segno.make_qr(ADDRESS, error="m", boost_error=False).matrix_iter(border=4)
    assert cells == [list(row) for row in expected]


def test_it_is_black_on_white_whatever_the_theme():
    light, dark = ElementTree.fromstring(qr.svg(ADDRESS))
    assert light.attrib["fill"] == "#fff" and dark.attrib["stroke"] == "#000"
    assert "currentColor" not in qr.svg(ADDRESS)


def test_text_is_not_markup():
    assert "<script" not in qr.svg("http://x/?q=<script>alert(1)</script>")
