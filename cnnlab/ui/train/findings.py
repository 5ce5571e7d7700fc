"""What does a run in progress say, in plain words and on pictures it has never learned from?"""

import streamlit as st

from cnnlab.classroom.limits import within
from cnnlab.config import TrainConfig
from cnnlab.config.presets import PRESETS
from cnnlab.data import datasets
from cnnlab.data.datasets import class_name
from cnnlab.evaluation.diagnosis import Finding, diagnose, silence, silent_shares
from cnnlab.export.code.rates import held_since
from cnnlab.figures.answer_panel import panel
from cnnlab.i18n import _
from cnnlab.runs import Run, State
from cnnlab.ui.session import class_state, context, projector
from cnnlab.ui.train import form
from cnnlab.ui.widgets.layer_words import title
from cnnlab.ui.widgets.network_choice import load

LOOKED_AT = 100  # photos on which silent outputs are looked for


def findings(run: Run, state: State, rows: list[dict[str, float]]) -> None:
    """Draw what the curves say, with the evidence and what to try."""
    recipe, config = run.recipe(), _config_now(run)
    since = held_since(recipe.config, run.commands(), [row["learning_rate"] for row in rows], state.steps)
    for finding in diagnose(rows, config, len(recipe.classes), state.undefined, since):
        _card(finding, recipe.preset, config)


def _config_now(run: Run) -> TrainConfig:
    """Return the run's configuration with the learning rate that holds now, whatever it began with."""
    config = run.recipe().config
    return config.model_copy(update={"learning_rate": run.commanded("rate", config.learning_rate)})


def silent_parts(run: Run, epochs: int) -> None:
    """Draw a word on layers whose outputs are mostly 0, where there are such."""
    recipe = run.recipe()
    if epochs and not run.shipped and run.has_weights() and datasets.find(recipe.config.dataset).present():
        titles = {layer.name: title(layer).split(" · ")[0] for layer in recipe.layers()}
        shares, config = _shares(str(run.folder), run.written(), run), _config_now(run)
        if finding := silence(shares, config, LOOKED_AT, titles.__getitem__):
            _card(finding, recipe.preset, config)


def _card(finding: Finding, preset: str, config: TrainConfig) -> None:
    """Draw a finding; where it has a change, and no lesson link holds the form, with a button for that."""
    with st.container(border=True):
        st.markdown(f"**{finding.says}** {finding.evidence}")
        if finding.advice:
            st.markdown(finding.advice)
        if finding.change and not form.held():
            st.button(
                _("Open the form with this change"),
                key=f"_train.try.{finding.kind}",
                on_click=_open_form,
                args=(preset, config.model_copy(update=finding.change)),
            )


def _open_form(preset: str, config: TrainConfig) -> None:
    """Fill the form and leave the run; the page sees the mark and draws itself anew.

    A student's form keeps to the class's limits, which may be others than when the run was made.
    """
    if not class_state.is_teacher():
        config = config.model_copy(update=within(class_state.rules(), config))
    form.fill(preset if preset in PRESETS else "article", config)
    st.session_state["train.dataset"] = config.dataset
    st.query_params.pop("run", None)
    st.session_state["_train.left"] = True


@st.cache_data(max_entries=64, show_spinner=False)
def _shares(folder: str, written: int, _run: Run) -> dict[str, float]:
    network = load(_run)
    images = datasets.load(network.dataset).train_images[:LOOKED_AT]  # never the sealed test set
    return silent_shares(network.layers, network.weights, images)


def answer_panel(run: Run) -> None:
    """Draw the network's newest answers for a few held-out pictures."""
    recipe = run.recipe()
    answers = run.answer_panel()
    if answers is None or not datasets.find(recipe.config.dataset).present():
        return
    data = datasets.load(recipe.config.dataset)
    names = [class_name(name) for name in recipe.classes]
    theme = context.theme()
    with st.container(border=True):
        text = _(
            "**Pictures it does not learn from**, as it names them after epoch {epoch}; ✓ marks the truth"
        )
        st.markdown(text.format(epoch=answers.epoch))
        with st.container(horizontal=True, gap="small"):
            for index, probabilities in zip(answers.index, answers.probabilities, strict=True):
                true = int(data.train_labels[index])
                picture = panel(data.train_images[index], probabilities, names, true, theme)
                st.image(picture, width=240 if projector.on() else 150)  # on a phone two side by side
