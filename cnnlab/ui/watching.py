"""What does a run in progress say, in plain words and on pictures it has never learned from?"""

import streamlit as st

from cnnlab import datasets
from cnnlab.config import TrainConfig
from cnnlab.diagnosis import Finding, diagnose, silence, silent_shares
from cnnlab.figures.probe import panel
from cnnlab.presets import PRESETS
from cnnlab.runs import Recipe, Run, State
from cnnlab.text import _
from cnnlab.ui import browser, form, projector
from cnnlab.ui.network import class_name, layer_title, load

LOOKED_AT = 100  # photos on which silent outputs are looked for


def findings(run: Run, state: State, rows: list[dict[str, float]]) -> None:
    """Draw what the curves say, with the evidence and what to try."""
    recipe = run.recipe()
    for finding in diagnose(rows, recipe.config, len(recipe.classes), failed=state.phase == "failed"):
        _card(finding, recipe)


def silent_parts(run: Run, epochs: int) -> None:
    """Draw a word on layers whose outputs are mostly 0, where there are such."""
    recipe = run.recipe()
    if (
        epochs
        and not run.shipped
        and run.has_weights()
        and datasets.DATASETS[recipe.config.dataset].present()
    ):
        finding = silence(_shares(str(run.folder), epochs, run), recipe.config, LOOKED_AT)
        if finding is not None:
            _card(finding, recipe)


def _card(finding: Finding, recipe: Recipe) -> None:
    with st.container(border=True):
        st.markdown(f"**{finding.says}** {finding.evidence}")
        st.markdown(finding.advice)
        config = recipe.config.model_copy(update=finding.change)
        st.button(
            _("Open the form with this change"),
            key=f"_train.try.{finding.kind}",
            on_click=_open_form,
            args=(recipe.preset, config),
        )


def _open_form(preset: str, config: TrainConfig) -> None:
    """Fill the form and leave the run; the page sees the mark and draws itself anew."""
    form.fill(preset if preset in PRESETS else "article", config)
    st.session_state["train.dataset"] = config.dataset
    st.query_params.pop("run", None)
    st.session_state["_train.left"] = True


@st.cache_data(max_entries=64, show_spinner=False)
def _shares(folder: str, epochs: int, _run: Run) -> dict[str, float]:
    network = load(_run)
    images = datasets.load(network.dataset).train_images[:LOOKED_AT]  # never the sealed test set
    shares = silent_shares(network.layers, network.weights, images)
    titles = {spec["name"]: layer_title(spec).split(" · ")[0] for spec in network.layers}
    return {titles[name]: share for name, share in shares.items()}


def probe(run: Run) -> None:
    """Draw the network's newest answers for a few held-out pictures."""
    recipe = run.recipe()
    answers = run.probe()
    if answers is None or not datasets.DATASETS[recipe.config.dataset].present():
        return
    data = datasets.load(recipe.config.dataset)
    names = [class_name(name) for name in recipe.classes]
    theme = browser.theme()
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
