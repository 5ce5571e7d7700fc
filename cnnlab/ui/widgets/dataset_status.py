"""Which images does a training run use for what, and how do they get here?"""

import streamlit as st

from cnnlab.config import TrainConfig
from cnnlab.data import datasets
from cnnlab.data.spec import DatasetError, Spec
from cnnlab.i18n import _, number


def data_sentence(config: TrainConfig) -> None:
    """Say which images are used for what, with their numbers."""
    data = datasets.load(config.dataset)
    try:
        parts = datasets.split(len(data.train_images), config.validation, config.limit, config.seed)
    except ValueError as error:
        st.error(str(error))
        return
    text = _(
        "**{title}**: {training} images to learn from, {validation} held out for validation, "
        "{test} sealed until the test."
    )
    training, validation = (number(len(part)) for part in parts)
    test = number(len(data.test_images))
    st.markdown(text.format(title=data.title, training=training, validation=validation, test=test))


def words() -> None:
    """Explain the words of the page in a line."""
    st.caption(
        _(
            "An *epoch* is once through all images to learn from. *Validation* images are never learned "
            "from: they judge each epoch. *Sealed* images wait for one final test."
        ),
        width=760,
    )


def download(spec: Spec) -> None:
    """Offer the download of a dataset, show how it goes, and say what to do when it fails."""
    size = number(spec.download_bytes / 1e6)
    st.warning(_("{title} is not on this computer yet.").format(title=spec.title))
    label = _("Download it ({size} MB)").format(size=size)
    if not st.button(label, key="_train.download", icon=":material/download:"):
        return
    bar = st.progress(0.0, text=_("Downloading"))

    def show(done: int, total: int) -> None:
        text = _("{done} of {size} MB").format(done=number(done / 1e6), size=number(total / 1e6))
        bar.progress(min(1.0, done / total), text=text)

    try:
        spec.load(show)
    except DatasetError as error:
        bar.empty()
        st.error(str(error))
    else:
        st.rerun()
