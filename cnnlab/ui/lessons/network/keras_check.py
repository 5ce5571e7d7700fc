"""Does Keras get the same numbers? Asked of the *look* worker, shown when it has answered."""

import numpy as np
import streamlit as st

from cnnlab.evaluation.keras_parity import difference
from cnnlab.i18n import _, number
from cnnlab.ui.widgets import background_job
from cnnlab.ui.widgets.layer_view import View
from cnnlab.ui.widgets.layer_words import heading


def check(see: View) -> None:
    """Draw the largest difference from Keras at every layer, once the worker has it."""
    st.caption(_("Keras is the library that trained this network; this page computes everything anew."))
    about = str(see.net.run.folder), see.net.stamp, see.image.tobytes()
    asked = str(see.net.run.folder.parent), see.net.run.id, np.array(see.image)
    meanwhile = _("Keras is computing the same photo …")
    rows = background_job.answer("network.check", about, difference, *asked, meanwhile=meanwhile)
    if rows is not None:
        _compared(see, rows)


def _compared(see: View, rows: list[tuple[str, float, float]]) -> None:
    worst = max(relative for _name, _absolute, relative in rows)
    text = _("Keras and this page agree: the largest relative difference at any layer is {worst}.")
    if worst >= 1e-4:
        text = _("Keras and this page do **not** agree: the largest relative difference is {worst}.")
    st.markdown(text.format(worst=f"{worst:.1e}".replace("-", "−")))
    names = (_("Layer"), _("Largest value (ours)"), _("Largest difference"), _("Relative"))
    largest = [number(float(np.abs(output.values).max()), 2) for output in see.outputs]
    columns = [[heading(output.layer) for output in see.outputs], largest]
    columns += [[f"{row[i]:.1e}".replace("-", "−") if row[i] else "0" for row in rows] for i in (1, 2)]
    st.table(dict(zip(names, columns, strict=True)), border="horizontal", hide_index=True)
