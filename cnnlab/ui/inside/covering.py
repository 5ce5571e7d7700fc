"""What becomes of the answer when a part of the photo is covered? Played in the browser."""

import numpy as np
import streamlit as st

from cnnlab.data import datasets
from cnnlab.data.spec import SIDE
from cnnlab.figures import tiles
from cnnlab.figures.overlay import overlay
from cnnlab.i18n import _, number, percent
from cnnlab.inspection.attribution import attribute
from cnnlab.inspection.occlusion import Covers, Occlusion, covered
from cnnlab.ui.components.film import Cells, Cover, film
from cnnlab.ui.inside import sanity_check
from cnnlab.ui.inside.picture import Picture
from cnnlab.ui.session import widget_state
from cnnlab.ui.widgets import background_job, lesson, network_choice, number_text

WINDOWS, STRIDES = (4, 8, 12, 16), (2, 4, 8)  # pixels
WRITTEN = 12  # up to so many columns there is room for a number on each cell
CLEAR = 1.25  # a quarter of the photo matters most when it does so by this factor


def settings(_net: network_choice.Network) -> Occlusion:
    """Draw the choice of the cover's size and stride."""
    widget_state.default("why.window", 8)
    window = st.select_slider(_("Side of the cover, of 32 pixels"), WINDOWS, key="why.window")
    strides = [stride for stride in STRIDES if stride <= window]
    widget_state.default("why.stride", 4, strides)
    stride = st.select_slider(_("It moves by, in pixels"), strides, key="why.stride")
    return Occlusion(window, stride)


def covering(
    net: network_choice.Network, shown: Picture, target: int, method: Occlusion, probabilities: np.ndarray
) -> None:
    """Ask for a prediction, then let the cover move. probabilities: the network's, for the whole photo."""
    about = (net.run.id, net.mark, shown.about, method)
    where = str(net.run.folder.parent), net.run.id, shown.seen
    asked = *where, 0, method  # of any class: the answers hold all of them
    doing = _("Covering: {done} of {all} places")
    covers: Covers | None = background_job.answer("inside.covering", about, attribute, *asked, doing=doing)
    if covers is None:
        return
    name = datasets.class_name(net.classes[target])
    per_pixel = covers.per_pixel(target)
    if target == int(probabilities.argmax()) and not _predicted(per_pixel, name, about):
        return
    _film(shown, covers, target, name)

    def draw(map: np.ndarray) -> np.ndarray:
        return overlay(tiles.enlarge(shown.square, 256), map, float(np.abs(map).max()), smooth=True)

    one, two = st.columns([1, 2])
    one.image(draw(per_pixel), _("Each pixel: the mean over all covers that lay on it"), width="stretch")
    two.markdown(_told(covers, target, name))
    with lesson.more(_("The same as text")):
        title = _("Probability of “{name}” in percent, by the cover's row and column").format(name=name)
        number_text.grids(title, {shown.name: 100 * covers.probabilities[..., target]})
    sanity_check.trust((*about, target), (*where, target, method), per_pixel, draw)


def _predicted(per_pixel: np.ndarray, name: str, about: tuple[object, ...]) -> bool:
    """Ask where covering costs most, where that is clear; return whether the map may be shown."""
    half = SIDE // 2
    quarters = {
        _("top left"): per_pixel[:half, :half],
        _("top right"): per_pixel[:half, half:],
        _("bottom left"): per_pixel[half:, :half],
        _("bottom right"): per_pixel[half:, half:],
    }
    means = {where: float(values.mean()) for where, values in quarters.items()}
    first, second, *_rest = sorted(means, key=means.__getitem__, reverse=True)
    if means[first] <= 0.005 or means[first] < CLEAR * means[second]:
        return True
    text = _("Covers there cost {first} points of the probability on average; {second}: {less}.")
    points = {where: number(100 * mean, 1) for where, mean in means.items()}
    reveal = text.format(first=points[first], second=second, less=points[second])
    question = _("In which quarter of the photo does a cover cost “{name}” most?").format(name=name)
    return lesson.predict("why.cover", question, list(quarters), first, reveal, about=about)


def _film(shown: Picture, covers: Covers, target: int, name: str) -> None:
    """Let the cover move, with the class's probability at each place."""
    shares = covers.probabilities[..., target]
    drops = covers.drops(target)
    whole = percent(covers.uncovered[target])
    boxes, facts = [], []
    for i, row in enumerate(covers.places):
        for j, col in enumerate(covers.places):
            rows, cols = covered(int(row), int(col), covers.window)
            bottom, right = min(rows.stop, SIDE), min(cols.stop, SIDE)
            boxes.append([rows.start, cols.start, bottom - rows.start, right - cols.start])
            text = _(
                "Rows {top}–{bottom}, columns {left}–{right} covered: “{name}” {share} instead of {whole}"
            )
            place = {"top": rows.start + 1, "bottom": bottom, "left": cols.start + 1, "right": right}
            facts.append(text.format(**place, name=name, share=percent(shares[i, j]), whole=whole))
    note = _("Orange: covering here lowers it, blue: raises it. Uncovered it is {whole}.").format(whole=whole)
    written = covers.places.size <= WRITTEN
    film(
        _("A cover moves over the photo"),
        shown.square[np.newaxis],
        facts,
        key="_inside.film",
        title=_("“{photo}”, covered piece by piece").format(photo=shown.name),
        note=_("The cover has the photo's mean colour. The network sees 32 × 32 pixels."),
        cover=Cover(np.array(boxes) / SIDE, covers.colour.tolist()),
        cells=Cells(
            _("Probability of “{name}”, in percent").format(name=name),
            note,
            drops,
            float(np.abs(drops).max()),
            [number(100 * share) for share in shares.ravel()] if written else (),
        ),
        speed=4 if written else 16,
    )


def _told(covers: Covers, target: int, name: str) -> str:
    """Say which cover cost the class most, and what the network said then."""
    drops = covers.drops(target)
    i, j = np.unravel_index(drops.argmax(), drops.shape)
    rows, cols = covered(int(covers.places[i]), int(covers.places[j]), covers.window)
    text = _(
        "The costliest cover lies on rows {top} to {bottom} and columns {left} to {right}: “{name}” falls "
        "from {whole} to {share}. Covers that change the answer: {turned} of {count}."
    )
    if drops[i, j] <= 0:
        text = _("No cover makes “{name}” less likely. Covers that change the answer: {turned} of {count}.")
    answers = covers.probabilities.argmax(-1)
    return text.format(
        top=rows.start + 1,
        bottom=min(rows.stop, SIDE),
        left=cols.start + 1,
        right=min(cols.stop, SIDE),
        name=name,
        whole=percent(covers.uncovered[target]),
        share=percent(covers.probabilities[i, j, target]),
        count=number(answers.size),
        turned=number((answers != covers.uncovered.argmax()).sum()),
    )
