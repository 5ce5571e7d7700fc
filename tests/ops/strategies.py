"""Settings that fit together, drawn by hypothesis."""

from hypothesis import strategies as st


@st.composite
def axes(draw, count=1):
    """Draw settings shared by `count` axes, and for each axis a size n and a window k that fits into it."""
    settings = {
        "stride": draw(st.integers(1, 4)),
        "padding": draw(st.sampled_from(["valid", "same"])),
        "dilation": draw(st.integers(1, 3)),
    }
    sizes = []
    for _ in range(count):
        k = draw(st.integers(1, 5))
        smallest = settings["dilation"] * (k - 1) + 1 if settings["padding"] == "valid" else 1
        sizes.append((draw(st.integers(smallest, smallest + 7)), k))
    return sizes, settings
