"""Was the network right about one's own photos? Counted in the session; the numbers can be taken home."""

import csv
import io
from typing import Any

import numpy as np
import streamlit as st

from cnnlab.i18n import _, ngettext, number, percent
from cnnlab.ui.classify.subject import Look
from cnnlab.ui.widgets import photo_choice

TALLY = "classify.tally"  # session key: (network, photo) -> what was rated
NONE = "none"
Rating = dict[str, Any]  # network, own, answer, probability, rating, truth


@st.fragment
def rate(look: Look) -> None:
    """Ask whether the answer is right; of one picture and network, the last word counts."""
    tally: dict[tuple[str, int], Rating] = st.session_state.setdefault(TALLY, {})
    about = (look.net.run.id, look.about)
    key = f"_classify.rated.{look.net.run.id}.{look.about}"
    names = {"right": _("Right"), "wrong": _("Wrong"), NONE: _("None of the ten")}
    st.session_state.setdefault(key, tally.get(about, {}).get("rating"))
    rating = st.segmented_control(
        _("Is the answer right?"), list(names), format_func=names.__getitem__, key=key
    )
    truth = look.answer if rating == "right" else None
    if rating == "wrong":
        others = [i for i in range(len(look.classes)) if i != look.answer]
        kept = f"{key}.truth"
        st.session_state.setdefault(kept, tally.get(about, {}).get("truth"))
        truth = st.pills(_("It is a …"), others, format_func=look.classes.__getitem__, key=kept)
    if rating is None:
        tally.pop(about, None)
    else:
        tally[about] = {
            "network": look.net.run.id,
            "own": st.session_state.get("photo.choice") == photo_choice.OWN,
            "answer": look.answer,
            "probability": float(look.probabilities[look.answer]),
            "rating": rating,
            "truth": truth,
        }
    rated = [row for row in tally.values() if row["network"] == look.net.run.id]
    if rated:
        right = sum(row["rating"] == "right" for row in rated)
        foreign = sum(row["rating"] == NONE for row in rated)
        text = _("So far in this session: {right} of {all} right, {foreign} of none of the ten.")
        st.caption(text.format(right=right, all=number(len(rated)), foreign=number(foreign)))


def tally(look: Look) -> None:
    """Show what was rated as a small table, truth against answer, and offer it as CSV."""
    rows = [row for row in st.session_state.get(TALLY, {}).values() if row["network"] == look.net.run.id]
    if not rows:
        st.info(_("Rate answers above (right, wrong, none of the ten): they are counted here."))
        return
    counts = confusion(rows, len(look.classes))
    names = [*look.classes, _("none of the ten")]
    shown = np.flatnonzero(counts.sum(axis=1))
    answers = np.flatnonzero(counts.sum(axis=0))
    table = {_("it is"): [names[i] for i in shown]}
    table |= {
        _("called {name}").format(name=names[j]): [str(counts[i, j] or "") for i in shown] for j in answers
    }
    st.table(table, border="horizontal", hide_index=True)
    unknown = sum(row["rating"] == "wrong" and row["truth"] is None for row in rows)
    if unknown:
        text = ngettext(
            "{count} wrong answer is missing in the table: nobody said what the photo shows.",
            "{count} wrong answers are missing in the table: nobody said what the photo shows.",
            unknown,
        )
        st.caption(text.format(count=number(unknown)))
    sure = np.mean([row["probability"] for row in rows])
    right = np.mean([row["rating"] == "right" for row in rows])
    text = _("On average it was {sure} sure, and right in {right} of them ({all} in all).")
    st.markdown(text.format(sure=percent(float(sure), 0), right=percent(float(right), 0), all=len(rows)))
    st.download_button(
        _("Take the results home (CSV, without the photos)"), as_csv(rows, look.classes), "classified.csv",
        "text/csv", icon=":material/download:", key="_classify.csv", on_click="ignore",
    )  # fmt: skip


def confusion(rows: list[Rating], classes: int) -> np.ndarray:
    """Count truth (row; the last is none of the classes) against answer: (classes + 1, classes)."""
    counts = np.zeros((classes + 1, classes), int)
    for row in rows:
        truth = classes if row["rating"] == NONE else row["truth"]
        if truth is not None:
            counts[truth, row["answer"]] += 1
    return counts


def as_csv(rows: list[Rating], classes: list[str]) -> str:
    """Write the ratings, a row each; photos are numbers, in the order in which they were rated."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["photo", "network", "own", "answer", "probability", "rating", "truth"])
    for place, row in enumerate(rows, start=1):
        truth = "none of the ten" if row["rating"] == NONE else ""
        truth = classes[row["truth"]] if row["truth"] is not None else truth
        probability = f"{row['probability']:.4f}"
        answer = classes[row["answer"]]
        writer.writerow([place, row["network"], row["own"], answer, probability, row["rating"], truth])
    return text.getvalue()
