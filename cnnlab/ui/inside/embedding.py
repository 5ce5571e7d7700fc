"""How does the network arrange pictures before it names them, and where does a photo land among them?"""

import base64
import io
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from PIL import Image

from cnnlab.data import datasets
from cnnlab.figures import static, tiles
from cnnlab.i18n import _, number, percent
from cnnlab.inspection.embedding import IMAGES, Placed, Space, place, space
from cnnlab.ui.components import space as component
from cnnlab.ui.inside import picture
from cnnlab.ui.widgets import background_job, download, lesson, network_choice
from cnnlab.ui.widgets.run_status import in_words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIDE, COLUMNS = 24, 50  # of the small pictures, and how many of them stand in a row of what travels
QUALITY = 30  # of WebP: 2,000 pictures travel as some 280 kB


def arranged(net: network_choice.Network) -> None:
    """Show test images by PCA and t-SNE of their features, and the student's photo among them."""
    if not net.spec.present():
        st.info(_("This needs the test images, and the dataset is not on this computer."))
        return
    st.markdown(
        _(
            "Before the last layer names a picture, it is a row of numbers, its **features**: a point in a "
            "space of many dimensions. Pictures that the network finds alike lie near each other."
        )
    )
    root, about = str(net.run.folder.parent), (str(net.run.folder), net.stamp)
    found = background_job.answer(
        "inside.space",
        about,
        space,
        root,
        net.run.id,
        ask=_("Arrange the test images"),
        doing=_("Features, then t-SNE: step {done} of {all}"),
        long=True,
        shared=True,
    )
    if found is None:
        text = _("Up to {count} test images. t-SNE takes some seconds; then it is kept.")
        st.caption(text.format(count=number(IMAGES)))
        return
    shown = picture.choose(net, at="space")
    if shown is None:
        return
    placed = background_job.answer(
        "inside.place",
        (*about, shown.about),
        place,
        root,
        net.run.id,
        shown.seen,
        doing=_("Placing your photo: step {done} of {all}"),
        long=True,
    )
    _draw(net, found, shown.seen, placed)
    _neighbours(net, found, shown.name, placed)
    _alike(net, found)
    lesson.code(space)


def _draw(net: network_choice.Network, found: Space, seen: np.ndarray, placed: Placed | None) -> None:
    maps = {"t-SNE": found.tsne, "PCA": found.pca}
    own = (seen, {"t-SNE": placed.tsne, "PCA": placed.pca}) if placed else None
    left, right = st.columns([2.2, 1], gap="large")
    with left:
        component.space(
            maps,
            sprite(net.dataset, len(found.labels)),
            found.labels,
            [datasets.class_name(name) for name in net.classes],
            key="_inside.space",
            own=own,
            near=placed.nearest if placed else (),
        )
        text = _("{count} test images by the network's features")
        words = {"title": text.format(count=number(len(found.labels))), "note": in_words(net.run)}
        download.figure(f"{net.run.id}-space", _slide, maps, net.dataset, **words)
    with right:
        text = _(
            "**PCA** turns the {features} dimensions so that two axes show the largest spread: here {first} "
            "and {second} of it. The rest is not in the picture."
        )
        first, second = (percent(share, 0) for share in found.spread)
        st.markdown(text.format(features=number(found.features), first=first, second=second))
        st.markdown(
            _(
                "**t-SNE** keeps who is near whom, and nothing else. **Distances between clusters mean "
                "little** in it, and so do the clusters' sizes; another start gives another picture."
            )
        )
        text = _("The first {count} test images of {dataset}; their classes are the true ones.")
        title = net.spec.title
        st.caption(text.format(count=number(len(found.labels)), dataset=title))


def _slide(maps: Mapping[str, np.ndarray], dataset: str, *, title: str, note: str) -> "Figure":
    count = len(next(iter(maps.values())))
    pictures, _labels = datasets.test_pictures(dataset, range(count))
    return static.space(maps, list(pictures), title=title, note=note)


@st.cache_data(max_entries=4, show_spinner=False)
def sprite(dataset: str, count: int) -> dict[str, object]:
    """Return the first test images as one small picture: address, side, columns (see the component)."""
    pictures, _labels = datasets.test_pictures(dataset, range(count))
    small = [Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.BOX) for image in pictures]
    sheet = Image.new("RGB", (COLUMNS * SIDE, -(-count // COLUMNS) * SIDE))
    for n, tile in enumerate(small):
        sheet.paste(tile, (n % COLUMNS * SIDE, n // COLUMNS * SIDE))
    buffer = io.BytesIO()
    sheet.save(buffer, "WEBP", quality=QUALITY)
    address = "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()
    return {"address": address, "side": SIDE, "columns": COLUMNS}


def _neighbours(net: network_choice.Network, found: Space, name: str, placed: Placed | None) -> None:
    """Show the nearest test images of the photo, measured in the whole space."""
    if placed is None:
        return
    st.markdown(_("**The nearest test images of “{photo}”**, measured in all dimensions").format(photo=name))
    pictures, labels = datasets.test_pictures(net.dataset, placed.nearest)
    with st.container(horizontal=True, gap="small"):
        for image, label, distance in zip(pictures, labels, placed.distances, strict=True):
            words = f"{datasets.class_name(net.classes[label])}  \n{number(distance, 2)}"
            st.image(tiles.enlarge(image, 96), words, width=64)
    ratio = placed.distances[0] / found.usual if found.usual else 1.0
    text = _(
        "Below each its distance. The nearest is {ratio} times as far away as a test image usually is from "
        "its own nearest one ({usual}); far above 1, the photo is unlike all of them."
    )
    st.caption(text.format(ratio=number(ratio, 1), usual=number(found.usual, 2)))


def _alike(net: network_choice.Network, found: Space) -> None:
    """Say in numbers what the picture shows: how many neighbours are of the same class."""
    with lesson.more(_("The same as text")):
        shares = [
            (share, name) for share, name in zip(found.alike, net.classes, strict=True) if share == share
        ]
        lines = [f"{datasets.class_name(name)} {percent(share, 0)}" for share, name in sorted(shares)[::-1]]
        text = _("Of the ten nearest images of an image, so many are of its own class, on average: {list}")
        st.markdown(text.format(list=" · ".join(lines)))
