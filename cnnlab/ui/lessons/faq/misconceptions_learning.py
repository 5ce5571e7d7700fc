"""What do students believe about learning and about answers? Each belief beside numbers that test it.

As in `misconceptions`: every demonstration draws itself and returns the right statement, then pairs of what
the article says and what is right. The numbers are those of the network that comes with the app.
"""

import numpy as np
import streamlit as st

from cnnlab import ops
from cnnlab.data import photos
from cnnlab.data.datasets import class_name
from cnnlab.figures.curves import curve
from cnnlab.i18n import _, in_epochs, number, percent
from cnnlab.ops.optimizers import gradient_descent
from cnnlab.runs import Evaluation, RunError
from cnnlab.ui.lessons.faq.misconceptions import cat, figures, shipped
from cnnlab.ui.session import context, widget_state
from cnnlab.ui.widgets import network_choice
from cnnlab.ui.widgets.chart import chart

LOWEST, START, STEPS = 2.0, -1.0, 5  # of the one weight whose loss is (w - LOWEST)^2
SURE = (0.5, 0.7, 0.9, 0.95, 0.99, 0.999)
FACTORS = (0.25, 0.5, 1.0, 2.0, 4.0)
PEOPLE = ("astronaut", "photographer")
RATES = (0.1, 0.3, 0.6, 0.9, 1.0, 1.1, 1.3)


def measured(net: network_choice.Network) -> Evaluation:
    """Return what the network's test set said. Raises RunError where it is sealed."""
    evaluation = net.run.evaluation()
    if evaluation is None:
        raise RunError(_("The test set of this network is still sealed."))
    return evaluation


def sure_is_right() -> tuple[str, ...]:
    net = shipped()
    evaluation = measured(net)
    widget_state.default("faq.sure", 0.9, SURE)
    least = st.select_slider(
        _("At least so sure"), SURE, format_func=lambda p: f"{100 * p:g}\u00a0%", key="faq.sure"
    )
    sure = evaluation.probabilities.max(axis=1) >= least
    wrong = sure & (evaluation.probabilities.argmax(axis=1) != evaluation.labels)
    figures(
        {
            _("Test images it is so sure about"): number(sure.sum()),
            _("Wrong among them"): number(wrong.sum()),
        }
    )
    foreign = [
        name
        for name in photos.SAMPLES
        if name not in (net.spec.samples or {})
        and name not in PEOPLE  # nobody is called a frog, not even as an example
    ]
    answers = [net.probabilities(photos.resize(photos.square(photos.sample(name)))) for name in foreign]
    order = sorted(range(len(foreign)), key=lambda n: -answers[n].max())[:4]
    said = [class_name(net.classes[answers[n].argmax()]) for n in order]
    st.markdown(_("Photos that show **none** of its ten classes, and what it says:"))
    table = {
        _("photo"): [photos.samples()[foreign[n]] for n in order],
        _("it says"): said,
        _("probability"): [percent(answers[n].max()) for n in order],
    }
    st.table(table, border="horizontal", hide_index=True)
    text = _(
        "Softmax shares 100\u00a0% among the classes that the network **has**; “none of these” is not among "
        "them. So for “{photo}” it answers {said} with {p}: sure is not right."
    )
    words = {
        "photo": photos.samples()[foreign[order[0]]],
        "said": said[0],
        "p": percent(answers[order[0]].max()),
    }
    return (text.format(**words),)


def loss_is_error_rate() -> tuple[str, ...]:
    evaluation = measured(shipped())
    widget_state.default("faq.factor", 2.0, FACTORS)
    label = _("Multiply all scores by")
    factor = st.select_slider(label, FACTORS, format_func=lambda f: f"{f:g}", key="faq.factor")
    before = evaluation.probabilities.astype(float)
    after = before**factor  # e^(factor * z) = (e^z)^factor, so the probabilities are enough
    after /= after.sum(axis=1, keepdims=True)
    rows = np.arange(len(before))
    errors = [float(np.mean(p.argmax(axis=1) != evaluation.labels)) for p in (before, after)]
    losses = [float(-np.log(p[rows, evaluation.labels]).mean()) for p in (before, after)]
    table = {
        _("{n} test images").format(n=number(len(rows))): [
            _("as trained"),
            _("scores × {f}").format(f=f"{factor:g}"),
        ],
        _("error rate"): [percent(error) for error in errors],
        _("loss, mean cross-entropy"): [number(loss, 3) for loss in losses],
    }
    st.table(table, border="horizontal", hide_index=True)
    text = _(
        "The error rate counts wrong answers; the loss also asks **how sure** each was. Here the error rate "
        "goes from {e0} to {e1}, the loss from {l0} to {l1}."
    )
    words = {"e0": percent(errors[0]), "e1": percent(errors[1])}
    words |= {"l0": number(losses[0], 3), "l1": number(losses[1], 3)}
    article = (
        _("Losses are named without formulas; cross-entropy is a “difference”."),
        _("Cross-entropy = −Σ y ln p = −ln p of the true class, averaged over the images."),
    )
    return text.format(**words), *article


def every_step_improves() -> tuple[str, ...]:
    widget_state.default("faq.step", 1.1, RATES)
    rate = st.select_slider(_("Learning rate"), RATES, key="faq.step")
    weights = ops.descend(gradient_descent, [START], lambda w: 2 * (w - LOWEST), rate, STEPS)[:, 0]
    losses = (weights - LOWEST) ** 2
    names = {1: _("↑ worse"), -1: _("↓ better"), 0: _("as before")}
    signs = [int(np.sign(np.round(change, 9))) for change in np.diff(losses)]
    table = {
        _("step"): [_("start"), *(str(n) for n in range(1, STEPS + 1))],
        _("weight w"): [number(w, 2) for w in weights],
        _("loss (w − {n})²").format(n=number(LOWEST)): [number(loss, 2) for loss in losses],
        "": ["", *(names[sign] for sign in signs)],
    }
    st.table(table, border="horizontal", hide_index=True)
    rows = shipped().run.history()
    rises = {what: int(np.sum(np.diff([row[what] for row in rows]) > 0)) for what in ("loss", "val_loss")}
    text = _(
        "The slope is that of the place where the step **begins**; too long a step climbs the other side. A "
        "real run has ups and downs too: in {count} of the Baseline the training loss rose {loss}× and the "
        "validation loss {val_loss}×."
    )
    article = (
        _("Gradient descent reduces the gradient and finds the optimum."),
        _("It reduces the **loss**, if the step is short enough; no optimum is promised."),
    )
    return text.format(count=in_epochs(len(rows)), **rises), *article


def it_learns_while_used() -> tuple[str, ...]:
    net = shipped()
    all_weights = sum(array.size for array in net.weights.values())
    widget_state.default("faq.used", 0.01, (0.001, 0.01, 0.1))
    st.segmented_control(_("Learning rate"), (0.001, 0.01, 0.1), key="faq.used", required=True)
    rate: float = st.session_state["faq.used"]
    x = next(out.values for out in net.forward(cat()) if out.name == "dense_1_relu")
    weights, bias = net.weights["scores/kernel"], net.weights["scores/bias"]
    truth = net.classes.index("cat")
    step = ops.update(x, weights, bias, truth, rate)
    pairs = ((step.weights, step.new_weights), (step.bias, step.new_bias))
    trained = sum(int(np.count_nonzero(new != old)) for old, new in pairs)
    p, q = (float(values[truth]) for values in (step.probabilities, step.new_probabilities))
    unchanged = network_choice.changed_by_use(str(net.run.folder), net.stamp, net)
    still = float(net.probabilities(cat())[truth])  # computed anew, after the hundred
    table = {
        "": [_("it classified 100 photos"), _("one training step of its last layer, on the cat")],
        _("weights and biases"): [number(all_weights), number(weights.size + bias.size)],
        _("of these changed"): [number(unchanged), number(trained)],
        _("probability of cat before → after"): [
            f"{percent(p)} → {percent(still)}",
            f"{percent(p)} → {percent(q)}",
        ],
    }
    st.table(table, border="horizontal", hide_index=True)
    text = _(
        "Using a network changes **{unchanged}** of its {all} weights. Only training does: it needs the true "
        "class, a loss and a gradient. (Weights whose input was 0 stay even then.)"
    )
    return (text.format(unchanged=number(unchanged), all=number(all_weights)),)


def more_epochs_are_better() -> tuple[str, ...]:
    net = shipped()
    rows = net.run.history()
    widget_state.default("faq.epochs", len(rows), range(2, len(rows) + 1))
    done = st.slider(_("Stop after epoch"), 2, len(rows), key="faq.epochs")
    figure = curve(rows[:done], "loss", len(rows), None, 1 / len(net.classes), context.theme())
    alt = _("Loss in training and in validation, epoch by epoch")
    chart(figure, key="_faq.history", alt=alt)
    best = min(rows[:done], key=lambda row: row["val_loss"])
    last = rows[done - 1]
    text = _(
        "Training loss goes on falling; whether more epochs **help** is for validation to say. Up to epoch "
        "{done} it was best after epoch **{best}** ({a}) and ends at {b}; training went from {c} to {d}."
    )
    losses = {"a": best["val_loss"], "b": last["val_loss"], "c": best["loss"], "d": last["loss"]}
    return (text.format(done=done, best=int(best["epoch"]), **{k: number(v, 3) for k, v in losses.items()}),)


def training_accuracy_counts() -> tuple[str, ...]:
    net = shipped()
    rows, evaluation = net.run.history(), measured(net)
    widget_state.default("faq.trained", len(rows), range(1, len(rows) + 1))
    row = rows[st.slider(_("After epoch"), 1, len(rows), key="faq.trained") - 1]
    test = percent(evaluation.accuracy)
    figures(
        {
            _("Training images"): percent(row["accuracy"]),
            _("Validation images, held out"): percent(row["val_accuracy"]),
            _("Test images, after the last epoch"): test,
        }
    )
    gap = number(100 * (row["accuracy"] - row["val_accuracy"]), 1)
    text = _(
        "Only images that it did **not** learn from tell how good it is. Training minus validation is {gap} "
        "points here. Early on it can be negative: training is an average over the epoch, while the weights "
        "still change."
    )
    article = (
        _("It trains and evaluates, without validation data; no result is stated."),
        _(
            "Overfitting then stays invisible: hold out validation data, and open the test set once. "
            "Measured here: {test} of {count} test images after {epochs} ({note})."
        ).format(
            test=test,
            count=number(len(evaluation.labels)),
            epochs=in_epochs(len(rows)),
            note=_(net.recipe.note) or "–",
        ),
    )
    return text.format(gap=gap), *article
