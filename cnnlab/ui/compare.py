"""Which settings made the difference? Several runs side by side, and a race of optimisers as one click."""

from collections.abc import Callable

import streamlit as st

from cnnlab import workers
from cnnlab.comparison import Entry, differences, entry, race, ranked
from cnnlab.config import title
from cnnlab.datasets import DATASETS
from cnnlab.figures.compare import cost, overlaid
from cnnlab.runs import Run, RunError, Store
from cnnlab.text import _, number, percent
from cnnlab.ui import class_state, identity, preflight, state
from cnnlab.ui.chart import chart

MOST = 6  # runs that one chart can tell apart


def compare(shown: Run) -> None:
    """Draw the choice of runs to compare with the one on show, and the comparison."""
    sound, marks = _sound(Store().runs() + Store().shipped()), class_state.shown_names()
    names = sorted(sound, key=lambda id: sound[id].owner != identity.owner())  # one's own first

    def name(id: str) -> str:
        mark = marks.get(sound[id].owner)
        return f"{id} ({mark})" if mark else id

    state.default("compare.runs", [shown.id])
    wanted = st.session_state.pop("compare.wanted", st.session_state["compare.runs"])  # a race just begun
    st.session_state["compare.runs"] = [id for id in wanted if id in names]
    left, right = st.columns([2.2, 1], vertical_alignment="bottom")
    label, options = _("Training runs to compare"), {"format_func": name, "max_selections": MOST}
    left.multiselect(label, names, key="compare.runs", **options)
    if right.button(_("Race the optimisers"), icon=":material/flag:", key="_compare.race", width="stretch"):
        _start_race(shown)
    chosen = ranked([sound[id] for id in st.session_state["compare.runs"]])
    if len(chosen) < 2:
        st.caption(
            _(
                "Choose two or more training runs. The race trains this network once with each of four "
                "optimisers, from the same initial weights, on the same batches."
            )
        )
        return
    _charts(chosen)
    _table(chosen, name)


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
    if workers.current():
        workers.current().wake()
    st.rerun()


def _sound(runs: list[Run]) -> dict[str, Entry]:
    """Return the runs that can be compared: those that are whole."""
    entries = {}
    for run in runs:
        try:
            entries[run.id] = entry(run)
        except RunError:
            continue  # the list of runs says what is wrong with it
    return entries


def _charts(entries: list[Entry]) -> None:
    names = [entry.run.id for entry in entries]
    charts = {  # key -> the chart, and what it says to who cannot see it; its numbers stand in the table
        "accuracy": (overlaid(entries, names, "val_accuracy"), _("Validation accuracy over the epochs")),
        "loss": (overlaid(entries, names, "loss"), _("Training loss over the epochs")),
        "seconds": (cost(entries, names, "seconds"), _("Best validation accuracy over training time")),
        "parameters": (cost(entries, names, "parameters"), _("Best validation accuracy over parameters")),
    }
    columns = st.columns(2)
    for place, (key, (figure, alt)) in enumerate(charts.items()):
        with columns[place % 2]:
            chart(figure, key=f"_compare.{key}", alt=alt)


def _table(entries: list[Entry], name: Callable[[str], str]) -> None:
    """Draw what differs, one column a run, the best validation accuracy first."""
    rows = {
        _("best validation accuracy"): [percent(e.best) if e.best == e.best else "–" for e in entries],
        _("epochs"): [number(len(e.rows)) for e in entries],
        _("training time (s)"): [number(e.seconds) for e in entries],
        _("parameters"): [number(e.parameters) for e in entries],
    }
    for setting, values in differences([e.config for e in entries]).items():
        place = tuple(int(step) - 1 if step.isdigit() else step for step in setting.split("."))
        if setting == "dataset":
            values = [DATASETS[value].title for value in values]
        rows[title(place)] = [preflight.in_words(value) for value in values]
    table = {_("What differs"): list(rows)}
    table |= {
        name(entry.run.id): [values[place] for values in rows.values()] for place, entry in enumerate(entries)
    }
    st.table(table, border="horizontal", hide_index=True)
    st.caption(_("Ranked by validation. The test set stays out of it: who chooses by it has trained on it."))
