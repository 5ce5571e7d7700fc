"""What does the network not know, and how much are its percentages worth? As measured."""

import numpy as np
import streamlit as st

from cnnlab import ops
from cnnlab.data import datasets
from cnnlab.evaluation import calibration, out_of_distribution
from cnnlab.evaluation.reliability_record import ReliabilityRecord, Strange
from cnnlab.i18n import _, number, percent
from cnnlab.ui.classify.subject import Look
from cnnlab.ui.components.bars import Answer, bars
from cnnlab.ui.widgets import lesson, network_choice

LIFT = 10  # what is taken from all scores to show that softmax does not notice


def none_of_these(look: Look, reliability: ReliabilityRecord | None) -> None:
    """Explain why softmax cannot say it, and show how well the familiarity does."""
    lower = look.scores - LIFT
    same = np.abs(ops.softmax(lower) - look.probabilities).max()
    name, share = look.classes[look.answer], percent(float(look.probabilities[look.answer]))
    text = _(
        "**Why the bars cannot say it.** Softmax divides 100\u00a0% among the ten, whatever is on the photo. "
        "For this one the largest score is {score}, which makes {share} for {name}. Take {lift} from *all* "
        "ten scores, as if nothing spoke for any class: the bars stay as they are (largest difference "
        "computed: {same}). Only differences between scores count."
    )
    score = number(float(look.scores.max()), 2)
    st.markdown(
        text.format(score=score, share=share, name=name, lift=LIFT, same=percent(float(same))), width=760
    )
    if reliability is None:
        st.info(unavailable(look.net))
        return
    st.markdown(
        _(
            "**What can say something.** *Familiarity* adds up two things that softmax throws away: how loud "
            "the ten scores are together (their energy), and how ordinary the means of the feature maps are "
            "(their distance from those of the training images). Below a threshold the photo is called "
            "strange. The threshold was set so that {wanted} of {fitted} held-out images lie below it; of "
            "{measured} others {alarms} do: false alarms."
        ).format(
            wanted=percent(out_of_distribution.FALSE_ALARMS, 0),
            fitted=number(reliability.fitted_on),
            measured=number(reliability.measured_on),
            alarms=percent(reliability.false_alarms),
        ),
        width=760,
    )
    rows = reliability.strange
    table = {
        _("pictures of none of the ten"): [title(row) for row in rows],
        _("images"): [number(row.images) for row in rows],
        _("noticed"): [percent(row.noticed) for row in rows],
        _("AUROC"): [number(row.auroc, 2) for row in rows],
        _("AUROC of softmax alone"): [number(row.softmax, 2) for row in rows],
    }
    st.table(table, border="horizontal", hide_index=True)
    st.caption(
        _(
            "AUROC: how often an ordinary image looks more familiar than one of these; 0.50 is guessing, "
            "1.00 always. A network that was never shown a class knows little of not knowing it."
        ),
        width=760,
    )
    lesson.formula(r"E = \ln \sum_k e^{z_k}, \qquad D = (m - \mu)^\top \Sigma^{-1} (m - \mu)")
    lesson.code(out_of_distribution.energy, out_of_distribution.nearness, out_of_distribution.auroc)


def confidence(look: Look, reliability: ReliabilityRecord | None) -> None:
    """Show the fitted temperature, what it does to the calibration error, and to this answer."""
    if reliability is None:
        st.info(unavailable(look.net))
        return
    text = _(
        "When a network says 90\u00a0%, it should be right nine times in ten. On {measured} held-out images "
        "confidence and accuracy lie {before} apart on average (expected calibration error). Dividing all "
        "scores by a temperature of {temperature} before softmax makes that {after}. It was fitted on "
        "{fitted} other images. No answer changes; only how sure it sounds."
    )
    text = text.format(
        measured=number(reliability.measured_on),
        before=percent(reliability.error_before),
        after=percent(reliability.error_after),
        fitted=number(reliability.fitted_on),
        temperature=number(reliability.temperature, 2),
    )
    st.markdown(text, width=760)
    tempered = ops.softmax(look.scores, reliability.temperature)
    titles = _("As it is"), _("At temperature {t}").format(t=number(reliability.temperature, 2))
    answers = [
        Answer(p, heading, network_choice.verdict(p, look.net.classes))
        for p, heading in zip((look.probabilities, tempered), titles, strict=True)
    ]
    bars(answers, look.classes, key="_classify.tempered", true=look.truth)
    lesson.formula(r"P(c) = \frac{e^{z_c / T}}{\sum_k e^{z_k / T}}")
    lesson.code(calibration.fit_temperature, calibration.negative_log_likelihood)


def title(row: Strange) -> str:
    """Name a set of strange pictures."""
    if row.twin:
        names = _(" and ").join(datasets.class_name(name) for name in row.twin)
        text = _("{names}, for a twin of this network trained without them")
        return text.format(names=names)
    words = {
        "digits": _("handwritten digits"),
        "textures": _("bricks, grass, gravel, cut from photos"),
    }
    return words.get(row.name, row.name)


def unavailable(net: network_choice.Network) -> str:
    """Say why nothing was measured about this network."""
    if not net.recipe.config.validation:
        return _("Not available: this network was trained without held-out images to measure with.")
    return _(
        "Not available for this network: it takes its held-out images, a finished training run, and a worker "
        "to measure with. For the networks that come with the app it was measured."
    )
