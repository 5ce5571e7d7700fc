"""Where does a network err, once its test set has been opened?"""

import numpy as np
import streamlit as st

from cnnlab import datasets, metrics
from cnnlab.figures import tiles
from cnnlab.figures.confusion import confusion_matrix
from cnnlab.text import _, number, percent
from cnnlab.ui import network

STATIC = {"displayModeBar": False}
WORST = 8


def mistakes(net: network.Network) -> None:
    """Show which classes the network takes for which, once its test set has been opened."""
    evaluation = net.run.evaluation()
    if evaluation is None:
        text = _("The test set of this network is still sealed, so nobody has counted its mistakes yet.")
        return st.info(text, icon=":material/lock:")
    classes = [network.class_name(name) for name in net.classes]
    counts = metrics.confusion(evaluation.probabilities, evaluation.labels)
    left, right = st.columns([1, 3], gap="large")
    with left:
        st.metric(_("Test images named rightly"), percent(evaluation.accuracy))
        text = _(
            "{right} of {all}. A row is a true class: of 100 of its images, so many get each answer. "
            "Right answers are framed."
        )
        st.caption(text.format(right=number(np.trace(counts)), all=number(counts.sum())))
    with right:
        st.plotly_chart(confusion_matrix(counts, classes), config=STATIC, key="_inside.confusion")
    st.markdown(_("**Worst mistakes**: what it said, and how sure it was; after ✓ the truth"))
    if not datasets.DATASETS[net.dataset].present():
        return st.caption(_("Their pictures are part of the dataset, which is not on this computer."))
    worst = metrics.worst_mistakes(evaluation.probabilities, evaluation.labels, WORST)
    if not len(worst):
        return st.caption(_("There are none."))
    pictures, _labels = datasets.test_pictures(net.dataset, worst)
    with st.container(horizontal=True):
        for i, picture in zip(worst, pictures, strict=True):
            p, truth = evaluation.probabilities[i], evaluation.labels[i]
            said = f"{classes[p.argmax()]} {percent(p.max(), 0)}"
            st.image(
                tiles.enlarge(picture, 96),
                f"{said}  \n✓ {classes[truth]} {percent(p[truth], 0)}",
                width=112,
            )
