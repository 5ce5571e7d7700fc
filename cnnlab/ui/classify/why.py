"""Which parts of the photo spoke for the answer, and which for the runner-up? Grad-CAM, from a worker."""

import numpy as np
import streamlit as st

from cnnlab.data import photos
from cnnlab.figures.overlay import overlay
from cnnlab.figures.tiles import enlarge, shrink
from cnnlab.i18n import _, percent
from cnnlab.inspection.attribution import attribute
from cnnlab.inspection.grad_cam import GradCam, layers_with_maps
from cnnlab.ui.classify.subject import Look
from cnnlab.ui.widgets import background_job, lesson

SHOWN = 320  # pixels of the photo under the map


def why(look: Look) -> None:
    """Lay the map of the answer and that of the runner-up over the square."""
    layers = layers_with_maps(look.net.layers)
    if not layers:
        st.info(_("This network has no feature maps, so it cannot be asked where it looked."))
        return
    square = look.seen if look.photo is None else photos.square(look.photo, *look.crop)
    picture = enlarge(shrink(square, SHOWN), SHOWN)
    order = np.argsort(-look.probabilities)[:2]
    for place, (column, target) in enumerate(zip(st.columns(2), order, strict=False)):
        name, share = look.classes[target], percent(float(look.probabilities[target]))
        with column:
            st.markdown(f"**{name}** · {share} · " + (_("the runner-up") if place else _("the answer")))
            about = (str(look.net.run.folder), look.net.stamp, look.about, int(target))
            where = str(look.net.run.folder.parent), look.net.run.id
            asked = *where, look.seen, int(target), GradCam(layers[-1])
            found = background_job.answer(f"classify.why.{place}", about, attribute, *asked)
            if found is not None:
                limit = float(np.abs(found.map).max())
                st.image(overlay(picture, found.map, limit, smooth=True), width="stretch")
                if limit == 0:
                    st.caption(_("Nothing in the last maps speaks for this class."))
    st.caption(
        _(
            "Orange: cells of the last feature maps that speak for the class (Grad-CAM). It is coarse, and "
            "it shows where the network looked, not whether it was right to look there."
        )
    )
    _link(look, "inside", _("More ways to ask, and whether to trust them: What it learned"))


def links(look: Look) -> None:
    """Lead to the pages that show the same photo, and this network, in other ways."""
    _link(look, "convolution", _("Slide a kernel over this photo"))
    _link(look, "network", _("Follow it through all layers"))
    _link(look, "inside", _("Look inside the network"))


def _link(look: Look, page: str, label: str) -> None:
    lesson.page_link(page, label, ":material/arrow_forward:", query_params={"run": look.net.run.id})
