"""How does an address reach a phone? As a QR code, black on white in light and dark theme alike."""

from io import BytesIO

import segno

QUIET = 4  # modules of white around the code, as ISO/IEC 18004 asks: some readers fail with less


def svg(text: str) -> str:
    """Draw text as the SVG of a QR code that fills any size; show it with `st.image(svg(text), width=...)`.

    A phone still reads it with 15 % of it covered (level M). ValueError: more than about 2,300 characters.
    """
    code = segno.make_qr(text, error="m", boost_error=False)
    picture = BytesIO()
    code.save(picture, "svg", border=QUIET, dark="#000", light="#fff", omitsize=True, xmldecl=False)
    return picture.getvalue().decode()
