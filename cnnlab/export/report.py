"""How does a run read on paper? One HTML file that opens offline: no scripts, nothing fetched, all inside."""

import math
from collections.abc import Callable
from html import escape

import numpy as np

from cnnlab import ops
from cnnlab.config import Augmentation, ModelConfig, TrainConfig, losses
from cnnlab.config.presets import PRESETS
from cnnlab.data import datasets
from cnnlab.evaluation import metrics
from cnnlab.export.chart import Line, chart
from cnnlab.export.code.rates import rates
from cnnlab.figures.colours import text_on
from cnnlab.figures.confusion import DARK, PALE
from cnnlab.figures.contact_sheet import sheet
from cnnlab.figures.curves import TRAINING, VALIDATION, kept
from cnnlab.figures.tiles import colour_tiles, data_uri, enlarge
from cnnlab.i18n import _, in_epochs, language, number, percent, plain
from cnnlab.runs import Run, RunError, precision
from cnnlab.runs.history import Row
from cnnlab.training.models import SIDE

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #22303c; background: #fcfaf6; margin: 2rem auto;
       max-width: 60rem; padding: 0 1rem; }
h1 { font-size: 1.9rem; margin-bottom: .3rem; } h2 { font-size: 1.3rem; margin-top: 2.2rem; }
table { border-collapse: collapse; } td, th { padding: .25rem .7rem; text-align: left; }
tr + tr { border-top: 1px solid #e3ddd1; } .quiet { color: #55606b; }
.side { display: flex; flex-wrap: wrap; gap: 1.5rem; } svg { width: 100%; }
.curve { flex: 1 1 26rem; }
.wide { overflow-x: auto; } .pixels { image-rendering: pixelated; }
.matrix td { text-align: center; min-width: 2.2rem; border: 1px solid #e3ddd1; }
.matrix .right { outline: 2px solid #000; outline-offset: -2px; }
.bar { display: inline-block; height: .7em; background: #55606b; vertical-align: baseline; }
figure { margin: 0; } @media print { body { background: none; } h2 { break-after: avoid; } }
"""


def report(run: Run) -> str:
    """Return the report as one HTML page. Raises RunError where config.json is damaged.

    Any other damaged file costs its own part only, which says so.
    """
    recipe = run.recipe()
    network = _(PRESETS[recipe.preset].title) if recipe.preset in PRESETS else recipe.preset
    title = _("Training run {run}").format(run=run.id)
    facts = " · ".join(filter(None, [network, recipe.created[:10], _(recipe.note) if recipe.note else ""]))
    parts: dict[str, Callable[[Run], str]] = {
        _("How it went"): _summary,
        _("Curves"): _curves,
        _("The first layer's kernels"): _kernels,
        _("The test set"): _test,
        _("Some answers"): _answers,
        _("Settings"): _settings,
        _("The network"): _network,
    }
    body = [f"<h1>{escape(title)}</h1>", f'<p class="quiet">{escape(facts)}</p>']
    body += [
        f"<section><h2>{escape(heading)}</h2>{_safely(part, run)}</section>"
        for heading, part in parts.items()
    ]
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
    head += '<meta name="viewport" content="width=device-width, initial-scale=1">'
    lang = escape(language.get())
    return f'<!doctype html>\n<html lang="{lang}"><head>{head}</head>\n<body>{"".join(body)}</body></html>\n'


def _safely(part: Callable[[Run], str], run: Run) -> str:
    try:
        return part(run)
    except (RunError, datasets.DatasetError) as error:
        return _paragraph(str(error))


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _table(rows: list[tuple[str, ...]], head: tuple[str, ...] = ()) -> str:
    lines = ["".join(f"<th>{escape(cell)}</th>" for cell in head)] if head else []
    lines += ["".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows]
    return f'<div class="wide"><table>{"".join(f"<tr>{line}</tr>" for line in lines)}</table></div>'


# ---- What happened


def _summary(run: Run) -> str:
    recipe, rows, state = run.recipe(), run.history(), run.state()
    if not rows:
        return _paragraph(_("No epoch is finished yet."))
    last = rows[-1]
    facts = [(_("Data"), datasets.DATASETS[recipe.config.dataset].title)]
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
    return _table(facts) + (_paragraph(state.message) if state.message else "")


def _curves(run: Run) -> str:
    rows = run.history()
    if not rows:
        return _paragraph(_("No epoch is finished yet."))
    config = run.recipe().config
    curves = "".join(_curve(rows, what, name) for what, name in kept(rows, config).items())
    return f'<div class="side">{curves}</div>{_paragraph(losses.explained(config, rows[-1]["l2"]))}'


def _curve(rows: list[Row], what: str, name: str) -> str:
    points = {
        column: [(row["epoch"], row[column]) for row in rows if math.isfinite(row[column])]
        for column in (what, f"val_{what}")
    }
    lines = [
        Line(_("training"), TRAINING, False, points[what]),
        Line(_("validation"), VALIDATION, True, points[f"val_{what}"]),
    ]
    drawing = chart(lines, name, _("epoch"), percent if what == "accuracy" else losses.written)
    return f'<figure class="curve"><figcaption>{escape(name)}</figcaption>{drawing}</figure>'


def _kernels(run: Run) -> str:
    epochs = run.kernel_epochs()
    if not epochs:
        return _paragraph(_("This network has no convolution, or its kernels were not kept."))
    pictures = []
    for epoch in sorted({epochs[0], epochs[-1]}):
        when = _("before training") if epoch == 0 else _("after epoch {epoch}").format(epoch=epoch)
        kernels = next(iter(run.kernels(epoch).values())).astype(np.float32)
        pictures.append(_picture(sheet(colour_tiles(kernels), columns=8, zoom=10), when))
    return f'<div class="side">{"".join(pictures)}</div>'


def _picture(image: np.ndarray, words: str) -> str:
    height, width = image.shape[:2]
    place = f'class="pixels" width="{width}" height="{height}" alt="{escape(words)}"'
    return f'<figure><img {place} src="{data_uri(image)}"><figcaption>{escape(words)}</figcaption></figure>'


# ---- What it can do


def _test(run: Run) -> str:
    evaluation, before = run.evaluation(), run.last_evaluation()
    if before is None:
        return _paragraph(_("The test set is still sealed for this training run."))
    if evaluation is None:
        text = _(
            "The test set was opened after {epochs}. Training has gone on since, so that result was "
            "another network's."
        )
        return _paragraph(text.format(epochs=in_epochs(before.epochs)))
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
    caption = _(
        "One row a true class, one column an answer, in per cent of the row; right answers are framed."
    )
    matrix = _matrix(counts, run.recipe().classes)
    text = text.format(times=number(evaluation.openings), **words)
    return _paragraph(f"{text} {loss}") + _paragraph(caption) + matrix


def _matrix(counts: np.ndarray, classes: tuple[str, ...]) -> str:
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    lines = ["<tr><th></th>" + "".join(f"<th>{escape(name)}</th>" for name in classes) + "</tr>"]
    for row, name in enumerate(classes):
        cells = [_cell(shares[row, col], counts[row, col], row == col) for col in range(len(classes))]
        lines.append(f"<tr><th>{escape(name)}</th>{''.join(cells)}</tr>")
    return f'<div class="wide"><table class="matrix">{"".join(lines)}</table></div>'


def _cell(share: float, count: int, right: bool) -> str:
    fill = np.rint(np.add(PALE, share * np.subtract(DARK, PALE))).astype(int)
    style = f"background:rgb({fill[0]},{fill[1]},{fill[2]});color:{text_on(fill)}"
    frame = ' class="right"' if right else ""
    return f'<td{frame} style="{style}">{number(100 * share) if count else ""}</td>'


def _answers(run: Run) -> str:
    panel, config, classes = run.answer_panel(), run.recipe().config, run.recipe().classes
    if panel is None:
        return _paragraph(_("No answers for single images were kept."))
    if not datasets.DATASETS[config.dataset].present():
        return _paragraph(_("The images are not on this computer, so the answers cannot be shown."))
    data = datasets.load(config.dataset)
    if not ((panel.index >= 0) & (panel.index < len(data.train_labels))).all():
        return _paragraph(_("The answers belong to images that are not there."))
    text = _("Held-out images and the three likeliest classes after epoch {epoch}; ✓ marks the true one.")
    shown = [
        _answer(data.train_images[index], classes, int(data.train_labels[index]), probabilities)
        for index, probabilities in zip(panel.index, panel.probabilities, strict=True)
    ]
    return f'{_paragraph(text.format(epoch=panel.epoch))}<div class="side">{"".join(shown)}</div>'


def _answer(image: np.ndarray, classes: tuple[str, ...], true: int, probabilities: np.ndarray) -> str:
    rows = []
    for place in np.argsort(-probabilities, kind="stable")[:3]:
        share = float(probabilities[place])
        bar = f'<span class="bar" style="width:{6 * share:.2f}rem"></span> {percent(share)}'
        mark = " ✓" if place == true else ""
        rows.append(f"<tr><td>{escape(classes[place])}{mark}</td><td>{bar}</td></tr>")
    words = _("true class: {name}").format(name=classes[true])
    return f"<div>{_picture(enlarge(image, 96), words)}<table>{''.join(rows)}</table></div>"


# ---- How it was made


def _settings(run: Run) -> str:
    config, used = run.recipe().config, {"precision": precision.words(run)}
    rows = [
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
    return _table(rows) + "".join(
        _paragraph(text.format(epoch=e, rate=_written(rate))) for e, rate in changes
    )


def _title(model: type, name: str) -> str:
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


def _network(run: Run) -> str:
    layers = run.recipe().layers()
    shapes = ops.output_shapes(layers, (SIDE, SIDE, 3))
    counts = ops.parameters(layers, (SIDE, SIDE, 3))
    rows = [
        (layer["name"], _details(layer), "×".join(map(number, shape)), number(count) if count else "")
        for layer, shape, count in zip(layers, shapes, counts, strict=True)
    ]
    rows.append(("", "", "", number(sum(counts))))
    return _table(rows, (_("Layer"), _("Settings"), _("Output"), _("Parameters")))


def _details(layer: dict) -> str:
    shown = {name: value for name, value in layer.items() if name not in ("kind", "name")}
    return ", ".join(f"{name} {_written(value)}" for name, value in shown.items())
