"""Where does a network err, once its test set has been opened?"""

import numpy as np
import streamlit as st

from cnnlab.data import datasets
from cnnlab.evaluation import metrics
from cnnlab.figures import static, tiles
from cnnlab.i18n import _, ngettext, number, percent
from cnnlab.runs import Evaluation
from cnnlab.ui.components.matrix import matrix
from cnnlab.ui.session import class_state, projector, widget_state
from cnnlab.ui.widgets import download, lesson, network_choice
from cnnlab.ui.widgets.run_status import in_words

WORST = 8
OPENED = 12  # pictures of a cell of the matrix
OPTIONS = 4


def mistakes(net: network_choice.Network) -> None:
    """Ask for a prediction, then show which classes the network takes for which, with the pictures."""
    evaluation = opened(net)
    if evaluation is None:
        return
    classes = [datasets.class_name(name) for name in net.classes]
    counts = metrics.confusion(evaluation.probabilities, evaluation.labels)
    text = _("**{accuracy}** of the {all} test images were named rightly, {wrong} were not.")
    wrong = counts.sum() - np.trace(counts)
    all = number(counts.sum())
    st.markdown(text.format(accuracy=percent(evaluation.accuracy), all=all, wrong=number(wrong)))
    if not _predicted(net, counts, classes):
        st.caption(_("The mistakes appear when you have predicted."))
        return
    left, right = st.columns([1.25, 1], gap="large")
    cell = _chosen(counts)
    with left:
        st.caption(
            _(
                "A row is a true class: of 100 of its images, so many got each answer. Right answers are "
                "framed; an empty cell means: not once. Pick a cell to see its pictures."
            )
        )
        matrix(counts, classes, key="_inside.confusion", chosen=cell, on_pick=_pick)
        text = _("{accuracy} of {count} test images, in per cent of each row")
        accuracy = text.format(accuracy=percent(evaluation.accuracy), count=all)
        words = {"title": _("Confusion matrix"), "note": f"{accuracy} · {in_words(net.run)}"}
        download.figure(f"{net.run.id}-confusion", static.confusion_matrix, counts, classes, **words)
    with right:
        _pictures_of(net, evaluation, classes, cell, counts[cell])
    _worst(net, evaluation, classes)
    with lesson.more(_("The same as text")):
        columns = {name: [number(n) for n in counts[:, place]] for place, name in enumerate(classes)}
        st.table({_("true class"): classes, **columns}, border="horizontal", hide_index=True)
        st.caption(_("Number of test images: a row a true class, a column an answer."))


def opened(net: network_choice.Network) -> Evaluation | None:
    """Return what the test set said; None, with a sentence, while it is sealed."""
    evaluation = class_state.as_seen(net.run).evaluation()
    if evaluation is None:
        text = _("The test set of this network is still sealed, so nobody has counted its mistakes yet.")
        st.info(text, icon=":material/lock:")
    return evaluation


def question(counts: np.ndarray, classes: list[str]) -> tuple[str, list[str], str, str] | None:
    """Return question, options, answer and explanation from the confusion matrix; None without a clear one.

    Asked is about the answer that is wrong most often: which class is most often behind it?
    """
    off = counts - np.diag(np.diag(counts))
    answer = int(off.sum(axis=0).argmax())
    column = off[:, answer]
    first, second = (np.argsort(-column, kind="stable")[:2]).tolist()
    if len(classes) < 3 or column[first] == column[second]:
        return None
    others = [c for c in range(len(classes)) if c not in (answer, first)]
    rng = np.random.default_rng(counts.ravel())
    chosen = sorted([first, *rng.permutation(others)[: OPTIONS - 1].tolist()])
    asked = _("Which class is most often taken for **{answer}**?").format(answer=classes[answer])
    text = _("{count} of its {all} test images were called {answer}; next is {second} with {next}.")
    reveal = text.format(
        count=number(column[first]),
        all=number(counts[first].sum()),
        answer=classes[answer],
        second=classes[second],
        next=number(column[second]),
    )
    return asked, [classes[c] for c in chosen], classes[first], reveal


def _predicted(net: network_choice.Network, counts: np.ndarray, classes: list[str]) -> bool:
    asked = question(counts, classes)
    return asked is None or lesson.predict("inside.mistakes", *asked, about=(net.run.id, net.mark))


def _chosen(counts: np.ndarray) -> tuple[int, int]:
    """Return the chosen cell of the matrix; at first the most frequent mistake."""
    size = len(counts)
    off = counts - np.diag(np.diag(counts))
    first = tuple(int(place) for place in np.unravel_index(off.argmax(), off.shape))
    widget_state.default("inside.cell", first, [(row, col) for row in range(size) for col in range(size)])
    chosen: tuple[int, int] = st.session_state["inside.cell"]
    return chosen


def _pick(row: int, col: int) -> None:
    st.session_state["inside.cell"] = (row, col)


def _pictures_of(
    net: network_choice.Network, evaluation: Evaluation, classes: list[str], cell: tuple[int, int], count: int
) -> None:
    """Show the test images of one cell of the matrix, the surest answers first."""
    true, answer = cell
    text = ngettext(
        "**{true}, called {answer}**: {count} image", "**{true}, called {answer}**: {count} images", count
    )
    if true == answer:
        text = _("**{true}, rightly**: {count}")
    st.markdown(text.format(true=classes[true], answer=classes[answer], count=number(count)))
    places = metrics.confused(evaluation.probabilities, evaluation.labels, true, answer, OPENED)
    if count > OPENED:
        st.caption(_("The {shown} of which it was surest.").format(shown=OPENED))
    _show(net, evaluation, classes, places)


def _worst(net: network_choice.Network, evaluation: Evaluation, classes: list[str]) -> None:
    st.markdown(_("**Worst mistakes**: ✗ what it said, and how sure it was; then the truth, and its share"))
    worst = metrics.worst_mistakes(evaluation.probabilities, evaluation.labels, WORST)
    _show(net, evaluation, classes, worst)
    st.caption(
        _(
            "Look at the picture before you blame the network: people labelled the dataset, and among the "
            "surest mistakes there are now and then wrong labels."
        )
    )


def _show(
    net: network_choice.Network, evaluation: Evaluation, classes: list[str], places: np.ndarray
) -> None:
    """Show test images with both probabilities: of the answer, and of the true class."""
    if not len(places):
        st.caption(_("There are none."))
        return
    if not net.spec.present():
        st.caption(_("Their pictures are part of the dataset, which is not on this computer."))
        return
    pictures, labels = datasets.test_pictures(net.dataset, places.tolist())
    if not np.array_equal(labels, evaluation.labels[places]):
        st.caption(_("The dataset on this computer is another one than the network was tested on."))
        return
    with st.container(horizontal=True, gap="small"):
        for place, picture in zip(places, pictures, strict=True):
            p, truth = evaluation.probabilities[place], evaluation.labels[place]
            said = f"{classes[p.argmax()]} {percent(p.max(), 0)}"
            words = f"✓ {said}"
            if p.argmax() != truth:
                words = f"✗ {said}  \n" + _("truth: {name}").format(
                    name=f"{classes[truth]} {percent(p[truth], 0)}"
                )
            st.image(tiles.enlarge(picture, 160), words, width=150 if projector.on() else 88)
