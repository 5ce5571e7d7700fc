"""Which settings made the difference? Several runs side by side, and a race of optimisers as one click."""

import math
from collections.abc import Callable, Hashable
from typing import Any

import streamlit as st

from cnnlab.config import ModelConfig, losses, title
from cnnlab.data import datasets
from cnnlab.evaluation.comparison import Entry, data, differences, entry, grouped, loss, race, ranked
from cnnlab.figures import static
from cnnlab.figures.compare import cost, overlaid
from cnnlab.i18n import _, fine, number, percent
from cnnlab.runs import Run, RunError, Store
from cnnlab.runs.survey import sound
from cnnlab.ui.session import browser, class_state, widget_state
from cnnlab.ui.train import preflight
from cnnlab.ui.widgets import download
from cnnlab.ui.widgets.chart import chart
from cnnlab.ui.widgets.run_status import name_of
from cnnlab.workers import pool

MOST = 6  # runs that one chart can tell apart


def compare(shown: Run) -> None:
    """Draw the choice of runs to compare with the one on show, and the comparison."""
    whole = {run.id: one for run, one in sound(Store().runs() + Store().shipped(), entry)}
    names = sorted(whole, key=lambda id: whole[id].owner != browser.owner())  # one's own first
    marks = class_state.shown_names()

    here = data(shown.recipe().config)

    def name(id: str) -> str:
        one = whole[id]
        words = [name_of(one.run), marks.get(one.owner)]
        if data(one.config) != here:
            words.append(_data_title(one))
        return " · ".join(filter(None, words))

    widget_state.default("compare.runs", [shown.id])
    wanted = st.session_state.pop("compare.wanted", st.session_state["compare.runs"])  # a race just begun
    st.session_state["compare.runs"] = [id for id in wanted if id in names]
    left, right = st.columns([2.2, 1], vertical_alignment="bottom")
    label = _("Training runs to compare")
    left.multiselect(label, names, format_func=name, max_selections=MOST, key="compare.runs")
    if right.button(_("Race the optimisers"), icon=":material/flag:", key="_compare.race", width="stretch"):
        _start_race(shown)
    chosen = ranked([whole[id] for id in st.session_state["compare.runs"]])
    if len(chosen) < 2:
        st.caption(
            _(
                "Choose two or more training runs. The race trains this network once with each of four "
                "optimisers, from the same initial weights, on the same batches."
            )
        )
        return
    groups = grouped(chosen, data)
    if len(groups) > 1:
        st.caption(
            _("Accuracies on different pictures do not compare, so each kind of data has its own charts.")
        )
    for kind, entries in groups.items():
        if len(groups) > 1:
            st.markdown(f"### {_data_title(entries[0])}")
        _charts(entries, kind)
        _table(entries, name)
        if text := _held_out(entries):
            st.caption(text)
    st.caption(_("Ranked by validation. The test set stays out of it: who chooses by it has trained on it."))


def _start_race(shown: Run) -> None:
    """Put the four racers into the queue, or none of them where the class's limits allow fewer."""
    recipe = shown.recipe()
    racers, most = race(recipe.config), class_state.rules().waiting
    if most is not None and most < len(racers) and not class_state.is_teacher():
        text = _("A race is {count} training runs at once; in this class a student has at most {most}.")
        st.error(text.format(count=len(racers), most=most), icon=":material/front_hand:")
        return
    try:
        seconds = preflight.seconds(recipe.config, recipe.layers())
        runs = class_state.submit(racers, recipe.classes, preset=recipe.preset, seconds=seconds)
    except OSError as error:
        st.error(_("The training runs could not be stored: {why}.").format(why=error.strerror or error))
        return
    except RunError as error:
        st.error(str(error), icon=":material/front_hand:")
        return
    st.session_state["compare.wanted"] = [run.id for run in runs]
    if workers := pool.current():
        workers.wake()
    st.rerun()


def _charts(entries: list[Entry], kind: Hashable) -> None:
    """Draw the curves of runs with the same data, and what accuracy has cost. The table has the numbers."""
    names = [name_of(entry.run).partition(" (")[0] for entry in entries]
    axis = _("validation accuracy (%)")
    curves, costs = (overlaid, static.overlaid), (cost, static.cost)  # here, and on a slide
    drawn: dict[str, tuple[Callable[..., Any], Callable[..., Any], *tuple[str, ...]]]
    drawn = {_("Validation accuracy"): (*curves, "val_accuracy", axis)}
    losses_alike = len(grouped(entries, loss)) == 1
    if losses_alike:
        title, column, axis = _("Training loss"), "loss", losses.name(entries[0].config)
    else:  # losses of different kinds have no common axis; the answers' cross-entropy is one quantity
        title, column, axis = _("Training cross-entropy"), "cross_entropy", _("cross-entropy")
    drawn[title] = (*curves, column, axis)
    drawn[_("Accuracy and training time")] = (*costs, "seconds")
    drawn[_("Accuracy and parameters")] = (*costs, "parameters")
    charts = {}
    columns = st.columns(2)
    for place, (title, (plot, draw, *what)) in enumerate(drawn.items()):
        figure = charts[title] = plot(entries, names, *what)
        with columns[place % 2]:
            st.markdown(f"**{title}**")
            if figure.data:
                chart(figure, key=f"_compare.{kind}.{place}", alt=title)
                words = {"title": title, "note": _data_title(entries[0])}
                download.figure(f"compare-{kind}-{what[0]}", draw, entries, names, *what, **words)
            else:
                st.caption(_("Not known of these runs, or measured on another computer."))
    if not losses_alike:
        kept = {trace.name for trace in charts[_("Training cross-entropy")].data}
        text = _(
            "These runs made losses of different kinds smaller, and those do not compare. The "
            "cross-entropy of their answers does."
        )
        if missing := [name for name in names if name not in kept]:
            text += " " + _("Not kept of: {runs}.").format(runs=", ".join(missing))
        st.caption(text)


def _held_out(entries: list[Entry]) -> str:
    """Say how far validation compares where the runs were judged by different images; "" by the same."""
    images = {(e.config.limit, e.config.validation, e.config.seed) for e in entries if e.config.validation}
    if len(images) < 2:
        return ""
    specs = [datasets.find(e.config.dataset) for e in entries]
    counts = [
        spec.held_out(e.config.limit, e.config.validation) for spec, e in zip(specs, entries, strict=True)
    ]
    fewest = max(1, min(count for count, e in zip(counts, entries, strict=True) if e.config.validation))
    text = _(
        "These runs held out different images for validation, at the fewest {count}. So differences of less "
        "than about {points} points may be chance."
    )
    known = [e.validation for e in entries if 0 < e.validation < 1]
    spread = max((math.sqrt(2 * p * (1 - p) / fewest) for p in known), default=0.0)
    return text.format(count=number(fewest), points=fine(200 * spread, 1)) if spread else ""


def _data_title(one: Entry) -> str:
    return datasets.find(one.config.dataset).title


def _table(entries: list[Entry], name: Callable[[str], str]) -> None:
    """Draw what came out and what differs, one column a run, the highest validation accuracy first."""
    rows = {
        _("validation accuracy"): [
            percent(e.validation) if e.validation == e.validation else "–" for e in entries
        ],
        _("epochs"): [number(len(e.rows)) for e in entries],
        _("training time (s)"): [
            fine(e.seconds, 0) if e.seconds == e.seconds else _("elsewhere") for e in entries
        ],
        _("parameters"): [number(e.parameters) for e in entries],
    }
    for setting, values in differences([e.config for e in entries], [e.precision for e in entries]).items():
        place = tuple(int(step) - 1 if step.isdigit() else step for step in setting.split("."))
        in_words = _network_in_words if setting == "model" else preflight.in_words
        rows[_("Network") if setting == "model" else title(place)] = [in_words(value) for value in values]
    table = {_("What came out, and what differs"): list(rows)}
    table |= {
        name(entry.run.id): [values[place] for values in rows.values()] for place, entry in enumerate(entries)
    }
    st.table(table, border="horizontal", hide_index=True)


def _network_in_words(model: ModelConfig) -> str:
    """Return a network in a line: its convolutions by their numbers of kernels, its dense layers by units."""
    kernels = " · ".join(f"{block.filters}@{block.kernel}×{block.kernel}" for block in model.blocks)
    parts = [_("convolutions {kernels}").format(kernels=kernels)] if kernels else []
    if any(block.normalise for block in model.blocks):
        parts.append(_("batch normalisation"))
    if any([block.dropout for block in model.blocks] + [layer.dropout for layer in model.dense]):
        parts.append(_("dropout"))
    parts.append(preflight.in_words(model.head))
    if model.dense:
        parts.append(_("dense {units}").format(units=" · ".join(str(block.units) for block in model.dense)))
    return "; ".join(parts)
