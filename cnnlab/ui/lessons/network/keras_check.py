"""Does Keras get the same numbers? Asked of the *look* worker, shown when it has answered."""

import numpy as np
import streamlit as st

from cnnlab.evaluation.keras_parity import difference
from cnnlab.i18n import _, number
from cnnlab.runs import RunError
from cnnlab.ui.widgets.layer_view import View
from cnnlab.ui.widgets.layer_words import heading
from cnnlab.workers import pool

JOB = "_network.check"  # session key: what was asked, and the future that answers


def check(see: View) -> None:
    """Draw the largest difference from Keras at every layer, once the worker has it."""
    st.caption(_("Keras is the library that trained this network; this page computes everything anew."))
    if pool.current() is None:
        st.caption(_("The workers are not running, so Keras cannot be asked."))
        return
    asked = (str(see.net.run.folder), see.net.stamp, see.image.tobytes())
    if st.session_state.get(JOB, (None,))[0] != asked:
        st.session_state[JOB] = (asked, None)
    future = _ask(see, asked)
    if future is not None and future.done():
        _answer(see, future)
    else:
        st.fragment(_wait, run_every=1)(see, asked)


def _ask(see: View, asked: tuple):
    """Return the future, handed to the worker now if it was not yet; None while there is no connection."""
    future = st.session_state[JOB][1]
    if future is None:
        root, run = str(see.net.run.folder.parent), see.net.run.id
        try:
            future = pool.current().look(difference, root, run, np.array(see.image))
        except RunError:
            return None  # the next second may do
        st.session_state[JOB] = (asked, future)
    return future


def _wait(see: View, asked: tuple) -> None:
    """Look once a second; when the answer is there the page is drawn again, without this."""
    if st.session_state.get(JOB, (None,))[0] != asked:
        return
    future = _ask(see, asked)
    if future is not None and future.done():
        st.rerun()
    if trouble := pool.current().lost("look"):
        st.warning(_("Keras cannot be asked. {trouble}").format(trouble=trouble), icon=":material/error:")
        return
    st.caption(":material/sync: " + _("Keras is computing the same photo …"))


def _answer(see: View, future) -> None:
    if future.status != "finished":
        error = future.exception() if future.status == "error" else None
        known = isinstance(error, RunError)
        st.warning(str(error) if known else _("The worker could not compare: it gave up on this network."))
        return
    rows = future.result()
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
