"""How good are a network's answers, class by class, and how much is its confidence worth?"""

import numpy as np
import streamlit as st

from cnnlab.data import datasets
from cnnlab.evaluation import metrics
from cnnlab.figures import static
from cnnlab.figures.reliability import reliability_diagram
from cnnlab.i18n import _, number, percent
from cnnlab.ui.inside.mistakes import opened
from cnnlab.ui.widgets import download, lesson, network_choice
from cnnlab.ui.widgets.chart import chart
from cnnlab.ui.widgets.run_status import in_words


def by_class(net: network_choice.Network) -> None:
    """Show precision and recall of each class."""
    evaluation = opened(net)
    if evaluation is None:
        return
    counts = metrics.confusion(evaluation.probabilities, evaluation.labels)
    precision, recall = metrics.precision_and_recall(evaluation.probabilities, evaluation.labels)
    classes = [datasets.class_name(name) for name in net.classes]
    text = _(
        "**Precision**: of the images that were *called* {name}, what share is one? **Recall**: of the "
        "images that *are* one, what share was called so? Who answers more often with a class gains recall "
        "and loses precision."
    )
    st.markdown(text.format(name=classes[min(3, len(classes) - 1)]))
    table = {
        _("class"): classes,
        _("precision"): [_share(value) for value in precision],
        _("recall"): [_share(value) for value in recall],
        _("answers"): [number(count) for count in counts.sum(axis=0)],
    }
    st.table(table, border="horizontal", hide_index=True)
    text = _(
        "Measured on {count} test images. A dash: never answered, so there is nothing to be right about."
    )
    st.caption(text.format(count=number(counts.sum())))
    lesson.formula(
        r"\text{precision} = \frac{\text{right}}{\text{answers}}, \quad "
        r"\text{recall} = \frac{\text{right}}{\text{images}}"
    )
    lesson.code(metrics.precision_and_recall)


def confidence(net: network_choice.Network) -> None:
    """Show the reliability diagram and the expected calibration error (University)."""
    evaluation = opened(net)
    if evaluation is None:
        return
    found = metrics.reliability(evaluation.probabilities, evaluation.labels)
    left, right = st.columns([1, 1.6], gap="large")
    with left:
        st.metric(_("Expected calibration error"), percent(found.error))
        sure = float(np.nansum(found.confidence * found.counts) / found.counts.sum())
        text = _("On average it was {sure} sure, and {right} of its answers were right.")
        st.markdown(text.format(sure=percent(sure), right=percent(evaluation.accuracy)))
        st.markdown(
            _(
                "Below the dotted line a network is **too sure** of itself, above it too modest. The error "
                "is the mean length of the grey lines, each answer counted once. It says nothing about "
                "photos of another kind: there a network can be sure and wrong."
            )
        )
        text = _("{count} test images, in {bins} bins of equal width; the larger a point, the more answers.")
        st.caption(text.format(count=number(found.counts.sum()), bins=len(found.counts)))
    with right:
        figure = reliability_diagram(found)
        chart(figure, key="_inside.reliability", alt=_("Reliability diagram"))
        note = f"{_('Expected calibration error')}: {percent(found.error)} · {in_words(net.run)}"
        words = {"title": _("Reliability diagram"), "note": note}
        download.figure(f"{net.run.id}-reliability", static.reliability_diagram, found, **words)
    with lesson.more(_("The same as text")):
        filled = np.flatnonzero(found.counts)
        edges = np.arange(len(found.counts) + 1) / len(found.counts)
        table = {
            _("bin"): [f"{percent(edges[place], 0)} – {percent(edges[place + 1], 0)}" for place in filled],
            _("answers"): [number(found.counts[place]) for place in filled],
            _("mean confidence"): [percent(found.confidence[place]) for place in filled],
            _("right"): [percent(found.accuracy[place]) for place in filled],
        }
        st.table(table, border="horizontal", hide_index=True)
    lesson.formula(
        r"\text{ECE} = \sum_b \frac{n_b}{n} \left| \text{accuracy}_b - \text{confidence}_b \right|"
    )
    lesson.code(metrics.reliability)


def _share(value: float) -> str:
    return percent(value) if np.isfinite(value) else "–"
