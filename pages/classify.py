"""What is on this photo? A trained network answers, with probabilities on a true scale."""

import numpy as np
import streamlit as st

from cnnlab import datasets, drawing, images, ops
from cnnlab.figures import tiles
from cnnlab.figures.bars import probability_bars
from cnnlab.text import _, number, percent
from cnnlab.ui import lesson, network, photo, state
from cnnlab.ui.components.pad import pad

PREVIEW = 480  # pixels on the longer side of the photo that is shown


def photo_input(net: network.Network) -> tuple[np.ndarray, int | None, str]:
    """Draw the photo and its crop; return what the network sees, the true class if known, and a remark."""
    _name, image = photo.choose()
    for key, value in {"size": 100, "across": 50, "down": 50}.items():
        state.default(f"classify.{key}", value)
    rows, cols = image.shape[:2]
    size = max(1, round(min(rows, cols) * st.session_state["classify.size"] / 100))
    row = (rows - size) * st.session_state["classify.down"] // 100
    col = (cols - size) * st.session_state["classify.across"] // 100
    small = preview(image)
    scale = max(small.shape) / max(rows, cols)
    frame = (round(row * scale), round(col * scale), max(1, round(size * scale)))
    st.image(tiles.framed(small, *frame), _("The network gets the square."), width="stretch")
    with lesson.more(_("Move the square")):
        st.slider(_("Size, % of the largest square"), 5, 100, key="classify.size")
        st.slider(_("Left to right, %"), 0, 100, key="classify.across")
        st.slider(_("Top to bottom, %"), 0, 100, key="classify.down")
    sample = images.SAMPLES.get(st.session_state["photo.choice"])
    truth, remark = None, ""
    if sample is not None and sample.cifar10 in net.classes:
        truth = net.classes.index(sample.cifar10)
    elif sample is not None:
        remark = _(
            "This photo shows none of the ten: whatever the network says is wrong, however sure it looks."
        )
    return images.resize(images.square(image, row, col, size)), truth, remark


@st.cache_data(scope="session", max_entries=4, show_spinner=False)
def preview(image: np.ndarray) -> np.ndarray:
    return tiles.shrink(image, PREVIEW)


def digit_input() -> tuple[np.ndarray | None, int | None, str]:
    """Draw the choice of a digit; return what the network sees (None before a stroke), truth, remark."""
    text = _("This network was trained on Digits. It does not judge photos: it would call a cat a digit.")
    st.info(text, icon=":material/pin:")
    sources = {"draw": _("Draw a digit"), "test": _("From the test set")}
    state.default("classify.digit", "draw", sources)
    source = st.segmented_control(
        _("Digit"), list(sources), format_func=sources.get, key="classify.digit", required=True
    )
    if source == "draw":
        ink = pad(key="_classify.pad", drawn="classify.drawing")
        remark = _("As in the dataset, the digit fills the frame; 4 × 4 pixels of ink become one of 8 × 8.")
        return (None, None, "") if ink is None else (drawing.network_input(ink), None, remark)
    data = datasets.load("digits")
    state.default("classify.test", 1)
    count = len(data.test_labels)
    st.number_input(_("Test image, 1 to {count}").format(count=number(count)), 1, count, key="classify.test")
    place = st.session_state["classify.test"] - 1
    return data.test_images[place], int(data.test_labels[place]), ""


lesson.opening(
    _("What is on this photo?"),
    _(
        "A network answers with a probability for each of its classes. It has no answer “none of these”: "
        "the probabilities always add up to 100\u00a0%."
    ),
)
net = network.choose()
if net is None:
    st.stop()
left, right = st.columns([1, 1.9], gap="large")
with left:
    seen, truth, remark = digit_input() if net.dataset == "digits" else photo_input(net)
with right, st.container(border=True):
    if seen is None:
        st.info(_("Draw a digit, and the network says which one it is."))
    else:
        probabilities = net.probabilities(seen)
        classes = [network.class_name(name) for name in net.classes]
        picture, words = st.columns([1, 2.4], vertical_alignment="center", wrap=False)
        picture.image(tiles.enlarge(seen, 128), _("What it sees: 32 × 32"), width=128)
        with words:
            st.subheader(network.verdict(probabilities, net.classes), anchor=False)
            if remark:
                st.caption(remark)
        theme = st.context.theme.type or "light"
        bars = probability_bars(probabilities, classes, theme=theme, true=truth)
        shares = zip(classes, probabilities, strict=True)
        alt = ", ".join(f"{name} {percent(p)}" for name, p in shares)
        st.plotly_chart(bars, config={"displayModeBar": False}, key="_classify.bars", alt=alt)
if net.dataset == "cifar10":
    st.caption(
        _(
            "CIFAR-10 has no people: a selfie gets a wrong, perhaps hurtful, name. Photos stay in this "
            "server's memory, in your session alone; none is written to disk or to a log."
        ),
        width=760,
    )
weights = sum(array.size for array in net.weights.values())
changed = network.changed_by_use(str(net.run.folder), net.stamp, net)
lesson.predict(
    "classify.changed",
    _("The network classifies 100 photos. How many of its {weights} weights have changed afterwards?").format(
        weights=number(weights)
    ),
    [number(n) for n in (0, 100, net.weights["scores/kernel"].size, weights)],
    number(changed),
    _(
        "Counted: it has just classified 100 crops of the sample photos, and {changed} of {weights} weights "
        "differ. Only training changes weights. The network keeps no photo files; still, its weights can "
        "reveal something about the photos it was trained on."
    ).format(changed=number(changed), weights=number(weights)),
    about=net.run.id,
)
lesson.formula(r"P(c) = \frac{e^{z_c}}{\sum_k e^{z_k}}, \qquad z_c = \sum_i w_{ic}\, a_i + b_c")
lesson.article(
    _("Outlook: generalisation and privacy."),
    _(
        "Generalisation: give it photos unlike its training images, such as a coin or a galaxy. Privacy: a "
        "network keeps weights, no photo files; still, weights can reveal something about training photos."
    ),
)
lesson.code(ops.forward, ops.softmax)
lesson.next_lesson("faq", _("Common questions"))
