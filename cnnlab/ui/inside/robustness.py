"""Does a network still see when the photo is dark, blurred, noisy or moved?"""

import numpy as np
import streamlit as st

from cnnlab.data import datasets
from cnnlab.evaluation.robustness import CHANGES, IMAGES, Robustness, measure
from cnnlab.figures import static
from cnnlab.figures.contact_sheet import sheet
from cnnlab.figures.robustness import panels
from cnnlab.i18n import _, number, percent
from cnnlab.ui.inside.mistakes import opened
from cnnlab.ui.widgets import background_job, download, lesson, network_choice
from cnnlab.ui.widgets.chart import chart
from cnnlab.ui.widgets.run_status import in_words


def robustness(net: network_choice.Network) -> None:
    """Measure the accuracy on changed test images, on a button."""
    evaluation = opened(net)
    if evaluation is None:
        return
    if not net.spec.present():
        st.info(_("This needs the test images, and the dataset is not on this computer."))
        return
    text = _(
        "A person hardly notices; a network that has never seen such photos may. The first {count} test "
        "images, changed in four ways, are shown to it again."
    )
    st.markdown(text.format(count=number(min(IMAGES, len(evaluation.labels)))))
    found = background_job.answer(
        "inside.robustness",
        (str(net.run.folder), net.stamp),
        measure,
        str(net.run.folder.parent),
        net.run.id,
        ask=_("Measure"),
        doing=_("Photos judged: {done} of {all}"),
        long=True,
        shared=True,
    )
    _examples(net)
    if found is not None:
        _result(net, found)
    lesson.code(*(change.apply for change in CHANGES.values()))


def titles() -> dict[str, str]:
    """Name the changes with their units."""
    return {
        "brightness": _("Brightness: values times …"),
        "blur": _("Blur: spread in pixels"),
        "noise": _("Noise: spread, of 255"),
        "shift": _("Shift to the right, pixels"),
    }


def _examples(net: network_choice.Network) -> None:
    """Show one test image at every strength, a row a change."""
    picture, _label = datasets.test_pictures(net.dataset, [0])
    rows = [
        change.apply(picture, strength)[0] for change in CHANGES.values() for strength in change.strengths
    ]
    width = len(next(iter(CHANGES.values())).strengths)
    alt = _("One test image at each strength")
    st.image(sheet(rows, columns=width, gap=2, zoom=2), width=340, caption=alt, alt=alt)


def _result(net: network_choice.Network, found: Robustness) -> None:
    names = titles()
    curves = {names[name]: (CHANGES[name].strengths, values) for name, values in found.accuracy.items()}
    title, shown = _("Accuracy on changed photos"), (curves, found.images, 1 / len(net.classes))
    chart(panels(*shown), key="_inside.robustness", alt=title)
    words = {"title": title, "note": in_words(net.run)}
    download.figure(f"{net.run.id}-robustness", static.panels, *shown, **words)
    short = {
        "brightness": _("brightness"),
        "blur": _("blur"),
        "noise": _("noise"),
        "shift": _("a shift"),
    }
    worst = min(found.accuracy, key=lambda name: min(found.accuracy[name]))
    plain = found.accuracy["blur"][0]
    text = _(
        "Unchanged: **{plain}** of these {count} images. It falls lowest, to **{lowest}**, through {change}. "
        "The dotted line is guessing; the bars are 95 % intervals."
    )
    lowest = float(np.min(found.accuracy[worst]))
    count = number(found.images)
    st.markdown(text.format(plain=percent(plain), count=count, lowest=percent(lowest), change=short[worst]))
    with lesson.more(_("The same as text")):
        for title, (strengths, values) in curves.items():
            shares = [f"{number(s, 2)}: {percent(a)}" for s, a in zip(strengths, values, strict=True)]
            st.markdown(f"**{title}** — " + " · ".join(shares))
