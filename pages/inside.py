"""What has the network learned? Its kernels, what they make of a photo, and where it errs."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from cnnlab import ops
from cnnlab.data.spec import DatasetError
from cnnlab.evaluation import metrics
from cnnlab.i18n import _, in_epochs, number, percent
from cnnlab.inspection import kernel_history
from cnnlab.runs import RunError
from cnnlab.ui.inside import embedding, kernels, maps, measures, mistakes, parts, patterns, robustness, why
from cnnlab.ui.session import class_state
from cnnlab.ui.widgets import lesson, network_choice

Part = Callable[[network_choice.Network], None]


def measured(net: network_choice.Network) -> str:
    """Say how good the network is on its test set, or that nobody has looked yet."""
    try:
        evaluation = class_state.as_seen(net.run).evaluation()
    except RunError as error:
        return str(error)
    if evaluation is None:
        return _(
            "A result has to be measured, on images kept apart. This network's test set is still sealed."
        )
    text = _("Measured for the network on show: {accuracy} of {count} test images, after {epochs}.")
    count = number(len(evaluation.labels))
    return text.format(accuracy=percent(evaluation.accuracy), count=count, epochs=in_epochs(net.epochs))


@st.fragment
def section(title: str, part: Part, net: network_choice.Network) -> None:
    """Draw one part, on its own; a damaged file or a missing dataset spoils that part alone."""
    with st.container(border=True):
        st.subheader(title, anchor=False)
        shown(part, net)


def shown(part: Part, net: network_choice.Network) -> None:
    try:
        part(net)
    except (RunError, DatasetError) as error:
        st.warning(str(error), icon=":material/broken_image:")


lesson.opening(
    _("What has the network learned?"),
    _(
        "Its **kernels** are the patterns that it looks for. A **feature map** shows where in a photo a "
        "kernel found its pattern. Nobody drew them: training found every number."
    ),
)
net = network_choice.choose()
if net is None:
    st.stop()
SIGHT = {
    _("Kernels: what it looks for"): kernels.kernels,
    _("Feature maps: where it finds it"): maps.maps,
    _("Mistakes: where it errs"): mistakes.mistakes,
}
MORE = {
    _("Which parts mattered?"): why.why,
    _("Made to please a kernel"): patterns.patterns,
    _("Switch parts off"): parts.parts,
    _("Class by class"): measures.by_class,
    _("Darker, blurred, noisy"): robustness.robustness,
    _("How sure is it rightly? · University"): measures.confidence,
    _("The space · University"): embedding.arranged,
}
for title, part in SIGHT.items():
    section(title, part, net)
lesson.unfold({title: partial(shown, part, net) for title, part in MORE.items()}, key="_inside.more")
lesson.article(
    _("Outlook: interpretability."),
    _("Look for yourself, here: at the kernels, at their maps, and at the mistakes."),
    _("No result is stated."),
    measured(net),
)
lesson.code(kernel_history.norms, kernel_history.change, ops.forward, metrics.confusion)
lesson.way_on("inside")
