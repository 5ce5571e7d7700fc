"""How does a run read on paper? One HTML file that opens offline: no scripts, nothing fetched, all inside.

`report.html` is its template. Each part of it is a list of paragraphs (texts), tables, figures and answers;
whatever is no figure of ours is escaped.
"""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from cnnlab import ops
from cnnlab.config import Augmentation, ModelConfig, TrainConfig, losses
from cnnlab.config.presets import PRESETS
from cnnlab.data import datasets
from cnnlab.data.spec import SIDE, DatasetError
from cnnlab.evaluation import metrics
from cnnlab.export.code.rates import rates
from cnnlab.figures import static
from cnnlab.figures.contact_sheet import sheet
from cnnlab.figures.curves import kept
from cnnlab.figures.tiles import colour_tiles, data_uri, enlarge
from cnnlab.i18n import _, in_epochs, language, number, percent, plain
from cnnlab.runs import Run, RunError, precision

TEMPLATE = Path(__file__).with_name("report.html")
BAR = 6  # rem: the width of a certainty


@dataclass(frozen=True)
class Table:
    """Rows of cells, and a row of titles above them where there is one."""

    rows: list[tuple[str, ...]]
    head: tuple[str, ...] = ()
    kind: ClassVar = "table"


@dataclass(frozen=True)
class Figures:
    """<svg> elements beside each other, each "half" or "whole" the page wide."""

    figures: list[str]
    size: str
    kind: ClassVar = "figures"


@dataclass(frozen=True)
class Answer:
    """An image (a data: address), its true class, and (class, share, bar's width in rem) of the likeliest."""

    picture: str
    true: str
    likeliest: list[tuple[str, str, str]]


@dataclass(frozen=True)
class Answers:
    """Images beside each other, each with its likeliest classes."""

    answers: list[Answer]
    kind: ClassVar = "answers"


Part = str | Table | Figures | Answers


def report(run: Run) -> str:
    """Return the report as one HTML page. Raises RunError where config.json is damaged.

    Any other damaged file costs its own part only, which says so.
    """
    from jinja2 import Environment, StrictUndefined

    recipe = run.recipe()
    network = _(PRESETS[recipe.preset].title) if recipe.preset in PRESETS else recipe.preset
    facts = filter(None, [network, recipe.created[:10], _(recipe.note) if recipe.note else ""])
    sections: dict[str, Callable[[Run], list[Part]]] = {
        _("How it went"): _summary,
        _("Curves"): _curves,
        _("The first layer's kernels"): _kernels,
        _("The test set"): _test,
        _("Some answers"): _answers,
        _("Settings"): _settings,
        _("The network"): _network,
    }
    templates = Environment(autoescape=True, undefined=StrictUndefined)
    return templates.from_string(TEMPLATE.read_text("utf-8")).render(
        language=language.get(),
        title=_("Training run {run}").format(run=run.id),
        facts=" · ".join(facts),
        sections={heading: _safely(parts, run) for heading, parts in sections.items()},
    )


def _safely(parts: Callable[[Run], list[Part]], run: Run) -> list[Part]:
    try:
        return parts(run)
    except (RunError, DatasetError) as error:
        return [str(error)]


# ---- What happened


def _summary(run: Run) -> list[Part]:
    recipe, rows, state = run.recipe(), run.history(), run.state()
    if not rows:
        return [_("No epoch is finished yet.")]
    last = rows[-1]
    facts: list[tuple[str, ...]] = [(_("Data"), datasets.find(recipe.config.dataset).title)]
    facts.append((_("Finished epochs"), number(len(rows))))
    facts.append((_("Accuracy in training"), percent(last["accuracy"])))
    if math.isfinite(last["val_accuracy"]):
        facts.append((_("Accuracy in validation"), percent(last["val_accuracy"])))
    if math.isfinite(last["sample_accuracy"]):
        text = _("Accuracy on {n} training images as they are, at the end")
        facts.append((text.format(n=number(last["sample_images"])), percent(last["sample_accuracy"])))
    seconds = sum(row["seconds"] for row in rows)
    facts.append((_("Time"), _("{seconds} s").format(seconds=number(seconds, 1))))
    parameters = sum(ops.parameters(recipe.layers(), (SIDE, SIDE, 3)))
    facts.append((_("Parameters"), number(parameters)))
    return [Table(facts), *filter(None, [state.message])]


def _curves(run: Run) -> list[Part]:
    rows, recipe = run.history(), run.recipe()
    if not rows:
        return [_("No epoch is finished yet.")]
    curves = [
        static.inline(static.curve(rows, what, 1 / len(recipe.classes), title=name, on=static.PAGE), name)
        for what, name in kept(rows, recipe.config).items()
    ]
    return [Figures(curves, "half"), losses.explained(recipe.config, rows[-1]["l2"])]


def _kernels(run: Run) -> list[Part]:
    epochs = run.kernel_epochs()
    if not epochs:
        return [_("This network has no convolution, or its kernels were not kept.")]
    pictures = {}
    for epoch in sorted({epochs[0], epochs[-1]}):
        when = _("before training") if epoch == 0 else _("after epoch {epoch}").format(epoch=epoch)
        kernels = next(iter(run.kernels(epoch).values())).astype(np.float32)
        pictures[when] = sheet(colour_tiles(kernels), columns=8)
    drawn = static.kernel_sheets(pictures, on=static.strip(pictures))
    return [Figures([static.inline(drawn, _("The first layer's kernels"))], "whole")]


# ---- What it can do


def _test(run: Run) -> list[Part]:
    evaluation, before = run.evaluation(), run.last_evaluation()
    if before is None:
        return [_("The test set is still sealed for this training run.")]
    if evaluation is None:
        text = _(
            "The test set was opened after {epochs}. Training has gone on since, so that result was "
            "another network's."
        )
        return [text.format(epochs=in_epochs(before.epochs or 0))]
    text = _(
        "After {epochs} the network named {accuracy} of {count} test images rightly. In this training "
        "run the test set was opened {times}×."
    )
    words = {"accuracy": percent(evaluation.accuracy), "count": number(len(evaluation.labels))}
    words |= {"epochs": in_epochs(run.trained_epochs())}
    config = run.recipe().config
    penalty = losses.penalty(run.weights() if config.model.l2 else {}, config.model.l2)
    found = losses.of(evaluation.probabilities, evaluation.labels, config, penalty)
    loss = _("Its loss on them is {loss}, the cross-entropy of its answers {cross_entropy}.")
    loss = loss.format(loss=losses.written(found.loss), cross_entropy=losses.written(found.cross_entropy))
    counts = metrics.confusion(evaluation.probabilities, evaluation.labels)
    drawn = static.confusion_matrix(counts, run.recipe().classes, on=static.MATRIX)
    text = text.format(times=number(evaluation.openings), **words)
    caption = _(
        "One row a true class, one column an answer, in per cent of the row; right answers are framed."
    )
    return [f"{text} {loss}", caption, Figures([static.inline(drawn, _("Confusion matrix"))], "whole")]


def _answers(run: Run) -> list[Part]:
    panel, config, classes = run.answer_panel(), run.recipe().config, run.recipe().classes
    if panel is None:
        return [_("No answers for single images were kept.")]
    if not datasets.find(config.dataset).present():
        return [_("The images are not on this computer, so the answers cannot be shown.")]
    data = datasets.load(config.dataset)
    if not ((panel.index >= 0) & (panel.index < len(data.train_labels))).all():
        return [_("The answers belong to images that are not there.")]
    text = _("Held-out images and the three likeliest classes after epoch {epoch}; ✓ marks the true one.")
    shown = [
        _answer(data.train_images[index], classes, int(data.train_labels[index]), probabilities)
        for index, probabilities in zip(panel.index, panel.probabilities, strict=True)
    ]
    return [text.format(epoch=panel.epoch), Answers(shown)]


def _answer(
    image: NDArray[np.uint8], classes: tuple[str, ...], true: int, probabilities: NDArray[np.floating]
) -> Answer:
    likeliest = []
    for place in np.argsort(-probabilities, kind="stable")[:3]:
        share = float(probabilities[place])
        name = f"{classes[place]} ✓" if place == true else classes[place]
        likeliest.append((name, percent(share), f"{BAR * share:.2f}"))
    words = _("true class: {name}").format(name=classes[true])
    return Answer(data_uri(enlarge(image, 96)), words, likeliest)


# ---- How it was made


def _settings(run: Run) -> list[Part]:
    config, used = run.recipe().config, {"precision": precision.words(run)}
    rows: list[tuple[str, ...]] = [
        (_title(TrainConfig, name), used.get(name) or _written(getattr(config, name)))
        for name in TrainConfig.model_fields
        if name not in ("model", "augmentation")
    ]
    rows.append((_title(ModelConfig, "l2"), _written(config.model.l2)))
    for name in Augmentation.model_fields:
        rows.append((_title(Augmentation, name), _written(getattr(config.augmentation, name))))
    recorded = [row["learning_rate"] for row in run.history()]
    plan = rates(config, run.commands(), recorded, run.state().steps, len(recorded))
    changes = [(first, rate) for first, (rate, _epochs) in plan.items()][1:]
    text = _("From epoch {epoch} on, the learning rate was set to {rate}.")
    return [Table(rows), *(text.format(epoch=e, rate=_written(rate)) for e, rate in changes)]


def _title(model: type[BaseModel], name: str) -> str:
    return _(model.model_fields[name].title or name.replace("_", " "))


def _written(value: object) -> str:
    match value:
        case bool():
            return _("yes") if value else _("no")
        case None:
            return "–"
        case float():
            return plain(value, 6)
        case int():
            return number(value)
    return str(value)


def _network(run: Run) -> list[Part]:
    layers = run.recipe().layers()
    shapes = ops.output_shapes(layers, (SIDE, SIDE, 3))
    counts = ops.parameters(layers, (SIDE, SIDE, 3))
    rows: list[tuple[str, ...]] = [
        (layer.name, _details(layer), "×".join(map(number, shape)), number(count) if count else "")
        for layer, shape, count in zip(layers, shapes, counts, strict=True)
    ]
    rows.append(("", "", "", number(sum(counts))))
    return [Table(rows, (_("Layer"), _("Settings"), _("Output"), _("Parameters")))]


def _details(layer: ops.Layer) -> str:
    shown = {name: value for name, value in asdict(layer).items() if name != "name"}
    return ", ".join(f"{name} {_written(value)}" for name, value in shown.items())
