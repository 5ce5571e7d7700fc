"""What does everybody ask about the article? Each question with a demonstration computed as one looks."""

from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st

from cnnlab import ops
from cnnlab.config.presets import ARTICLE
from cnnlab.data import photos
from cnnlab.data.spec import SIDE
from cnnlab.figures import tiles
from cnnlab.figures.colours import signed
from cnnlab.figures.descent import descent
from cnnlab.i18n import _, fine, number, percent
from cnnlab.ops.optimizers import gradient_descent
from cnnlab.ui.session import widget_state
from cnnlab.ui.widgets import lesson
from cnnlab.ui.widgets.chart import chart

PHOTO = (SIDE, SIDE, 3)
ROOM = 8  # pixels that the photo of the first question can move


def why_kernels() -> None:
    st.markdown(
        _(
            "Because the same small pattern can lie anywhere. A kernel uses its few weights at **every** "
            "place; a dense layer that computes as many numbers needs a weight for each pixel and number."
        )
    )
    layers = ARTICLE.layers(10)
    conv = next(layer.name for layer in layers if isinstance(layer, ops.Conv))
    names = [layer.name for layer in layers]
    cells = int(np.prod(ops.output_shapes(layers, PHOTO)[names.index(conv)]))
    dense = [ops.Flatten("flatten"), ops.Dense("dense", cells)]
    left, right = st.columns(2)
    left.metric(_("Parameters of the Baseline's first convolution"), number(_parameters(layers)[conv]))
    right.metric(_("Parameters of a dense layer instead"), number(_parameters(dense)["dense"]))

    widget_state.default("faq.shift", 3)
    shift = st.slider(_("Move the photo by so many pixels"), 0, ROOM, key="faq.shift")
    photo = photos.resize(photos.square(photos.sample("cat")), SIDE + ROOM)
    crops = [photos.crop(photo, 0, col, SIDE, SIDE) for col in (0, shift)]
    kernel = ops.KERNELS["sobel_x"](3)[:, :, np.newaxis, np.newaxis]
    before, after = (ops.conv2d(photos.grey(crop)[..., np.newaxis], kernel)[..., 0] for crop in crops)
    same = np.mean(before[:, shift:] == after[:, : after.shape[1] - shift])
    limit = float(np.abs(before).max())
    pictures = (crops[0], signed(before, limit), crops[1], signed(after, limit))
    captions = (_("photo"), _("its map: vertical edges"), _("photo, moved"), _("its map"))
    with st.container(horizontal=True):
        for picture, caption in zip(pictures, captions, strict=True):
            st.image(tiles.enlarge(picture, 128), caption, width=132)
    text = _(
        "**{same}** of the values that are still in the picture are the same: the map moves with the photo."
    )
    st.markdown(text.format(same=percent(same, 0)))
    lesson.article(
        _("y(x, y) = Σ x(p, q) h(p, q): no position of the window; x and y name functions and coordinates."),
        _(
            "z(i, j, k) = b(k) + Σ x(s·(i − 1) + d·(p − 1) + 1 − P, s·(j − 1) + d·(q − 1) + 1 − P, c) · "
            "W(p, q, c, k), summed over p, q and c, all counted from 1, with zeros outside (P rows above, P "
            "columns on the left): cross-correlation, which networks call convolution."
        ),
        _("A filter is a two-dimensional matrix, and the layer learns by convolving."),
        _(
            "A kernel has height × width × input channels, one such block for each output map. Convolution "
            "computes; training learns. Without ReLU between them, stacked convolutions are one linear map."
        ),
    )


def why_pooling() -> None:
    st.markdown(
        _("It makes the maps smaller, so that what follows needs fewer weights. Pooling itself has **none**.")
    )
    choices = {2: _("both"), 1: _("the first"), 0: _("none")}
    widget_state.default("faq.pools", 2, choices)
    st.segmented_control(
        _("Keep these poolings of the Baseline"),
        list(choices),
        format_func=choices.__getitem__,
        key="faq.pools",
        required=True,
    )
    kept: int = st.session_state["faq.pools"]
    blocks = [
        block if place < kept else block.model_copy(update={"pool": "none"})
        for place, block in enumerate(ARTICLE.blocks)
    ]
    layers = ARTICLE.model_copy(update={"blocks": tuple(blocks)}).layers(10)
    names = [layer.name for layer in layers]
    flat = ops.output_shapes(layers, PHOTO)[names.index("flatten")][0]
    left, right = st.columns(2)
    left.metric(_("Numbers that Flatten lays out"), number(flat))
    right.metric(_("Parameters of the dense layer behind it"), number(_parameters(layers)["dense_1"]))
    units = ARTICLE.dense[0].units
    text = _("{flat} × {units} weights + {units} biases = {sum}")
    st.markdown(text.format(flat=number(flat), units=units, sum=number(flat * units + units)))
    lesson.article(
        _("The window runs from −k to k; the result is the maximum of the image."),
        _(
            "It is the maximum of **each window**, for each channel: k × k, from 1 to k. From −k to k it "
            "would be 2k + 1 wide, never 2 × 2. Average pooling divides the same window's sum by k²."
        ),
        _("Pooling reduces overfitting."),
        _(
            "It has no weights; it shrinks what follows. Whether that means less overfitting is a "
            "measurement: train both networks, compare training with validation."
        ),
    )
    lesson.next_lesson("pooling", _("Step through pooling"))


def why_dense() -> None:
    st.markdown(
        _(
            "A feature map says **where** something was found; an answer needs **all** findings together. "
            "A dense layer weighs every finding for every class. The findings and weights here are made up."
        )
    )
    classes = (_("cat"), _("dog"), _("truck"))
    findings = (_("pointed ears"), _("fur"), _("wheels"))
    weights, no_bias = np.array([[2.0, -1.0, -1.0], [1.0, 1.5, -2.0], [-2.0, -1.5, 3.0]]), np.zeros(3)
    inputs = _sliders("faq.finding", findings, (1.5, 1.0, 0.0), 0.0, 3.0)
    table = {_("finding"): [*findings, f"**{_('score: their sum')}**", f"**{_('probability')}**"]}
    probabilities = ops.softmax(ops.dense(inputs, weights, no_bias))
    for unit, name in enumerate(classes):
        step = ops.contributions(inputs, weights, no_bias, unit)
        terms = zip(step.inputs, step.weights, step.products, strict=True)
        cells = [f"{number(x, 1)} × {number(w, 1)} = {number(product, 2)}" for x, w, product in terms]
        table[name] = [*cells, f"**{number(step.output, 2)}**", f"**{percent(probabilities[unit])}**"]
    st.table(table, border="horizontal", hide_index=True)
    score = step.output
    lesson.article(
        _("The fully connected layer is the output layer."),
        _("The article's own network has a hidden Dense {units} before it.").format(
            units=ARTICLE.dense[0].units
        ),
        _("A “software threshold”, a matrix of thresholds, does the classification."),
        _(
            "A mistranslation of **softmax**, which has neither thresholds nor parameters; the matrix is the "
            "dense layer's weights. Soft thresholding is another operation."
        ),
        _("P(c) = softmax(Σ w a + b), of one number."),
        _(
            "Softmax takes all scores: of a single one, say {score}, it makes {alone}, as of any. Its inputs "
            "are scores, not probabilities."
        ).format(score=number(score, 2), alone=percent(ops.softmax([score])[0], 0)),
    )
    lesson.next_lesson("answer", _("Step from maps to an answer"))


def what_is_gradient_descent() -> None:
    best, start, steps = 2.0, -3.0, 8

    def loss(weight: float) -> float:
        return (weight - best) ** 2

    st.markdown(
        _(
            "A walk downhill on the loss: every weight moves against its slope, **w ← w − rate × gradient**. "
            "Here there is one weight, its loss is (w − {best})², and the walk starts at {start}."
        ).format(best=number(best), start=number(start))
    )
    widget_state.default("faq.rate", 0.2)
    rate = st.slider(_("Learning rate"), 0.05, 1.2, step=0.05, key="faq.rate")
    path = ops.descend(gradient_descent, [start], lambda w: 2 * (w - best), rate, steps)
    weights: list[float] = path[:, 0].tolist()
    figure = descent(loss, weights, low=-5.0, high=9.0)
    text = _("The walk on the loss: from w = {start} to w = {end}")
    alt = text.format(start=number(start), end=number(weights[-1], 2))
    chart(figure, key="_faq.descent", alt=alt)
    if loss(weights[1]) >= loss(start):
        words = _("Each step is **too long**: it lands as high on the other side, or higher.")
    elif weights[1] > best:
        words = _("It **jumps to and fro** over the lowest point, and comes nearer.")
    else:
        words = _("It **walks down**; the flatter the slope, the shorter the step.")
    text = _(
        "First step: {weight} − {rate} × ({gradient}) = **{next}**. "
        "The loss was {before} and is **{after}** after {steps} steps."
    )
    values = {"weight": start, "rate": rate, "gradient": 2 * (start - best), "next": weights[1]}
    values |= {"before": loss(start), "after": loss(weights[-1])}
    written = {name: fine(value, 2) for name, value in values.items()}
    st.markdown(words + " " + text.format(**written, steps=steps))
    lesson.article(
        _("Gradient descent reduces the gradient and finds the optimum; Adam is a dynamic learning rate."),
        _(
            "It reduces the loss, moves biases too, and promises no optimum. SGD estimates the gradient from "
            "a batch. Adam is adaptive moment estimation: w ← w − rate × m̂ / (√v̂ + ε)."
        ),
    )


def what_is_cross_entropy() -> None:
    st.markdown(
        _(
            "The usual loss. For one photo it is **−ln** of the probability that the network gives to its "
            "**true** class. Sure and right costs nothing, sure and wrong costs a lot. Here class 3 is the "
            "true one."
        )
    )
    names = [_("Score of class {n}").format(n=n) for n in (1, 2, 3)]
    scores = _sliders("faq.score", names, (10.0, 0.0, 0.0), -10.0, 10.0)
    p, truth = ops.softmax(scores), 2
    left, right = st.columns(2)
    left.metric(_("Cross-entropy"), fine(ops.cross_entropy(p, truth), 3))
    right.metric(_("Mean squared error"), fine(ops.mse(p, truth), 3))
    table = {
        _("class"): ["1", "2", "3 ✓"],
        _("probability"): [percent(x, 2) for x in p],
        _("push by cross-entropy"): [fine(g, 5) for g in ops.cross_entropy_gradient(p, truth)],
        _("push by squared error"): [fine(g, 5) for g in ops.mse_gradient(p, truth)],
    }
    st.table(table, border="horizontal", hide_index=True)
    st.markdown(
        _(
            "The push is the gradient: how strongly training moves a score, down where it is positive. On a "
            "network that is sure and wrong, cross-entropy pushes hard and the squared error hardly at all."
        )
    )
    lesson.article(
        _("Losses are named without formulas; cross-entropy is a “difference”."),
        _("Cross-entropy = −Σ y ln p = −ln p of the true class; mean squared error = the mean of (p − y)²."),
    )


def outlook() -> None:
    """Say where each part of the article's outlook can be tried."""
    lesson.article(
        _("Outlook: efficiency, interpretability, generalisation and privacy."),
        _(
            "Each can be tried. Efficiency: the table of parameters in *Train*. Interpretability: *What it "
            "learned*. Generalisation: validation and the sealed test set in *Train*, foreign photos in "
            "*Classify a photo*. Privacy: the weights keep no photo files, yet can reveal something about "
            "training photos."
        ),
    )


def questions() -> dict[str, tuple[str, Callable[[], None]]]:
    """Return the questions by name: (text, function that draws the answer)."""
    return {
        "kernels": (_("Why kernels?"), why_kernels),
        "pooling": (_("Why pooling?"), why_pooling),
        "dense": (_("Why dense layers?"), why_dense),
        "descent": (_("What is gradient descent?"), what_is_gradient_descent),
        "entropy": (_("What is cross-entropy?"), what_is_cross_entropy),
    }


def _parameters(layers: Sequence[ops.Layer]) -> dict[str, int]:
    counts = ops.parameters(layers, PHOTO)
    return {layer.name: count for layer, count in zip(layers, counts, strict=True)}


def _sliders(key: str, labels: Sequence[str], first: Sequence[float], low: float, high: float) -> np.ndarray:
    """Draw sliders beside each other in half steps; return their values (n,)."""
    for place, (column, label) in enumerate(zip(st.columns(len(labels)), labels, strict=True)):
        widget_state.default(f"{key}.{place}", first[place])
        column.slider(label, low, high, step=0.5, key=f"{key}.{place}")
    return np.array([st.session_state[f"{key}.{place}"] for place in range(len(labels))])
