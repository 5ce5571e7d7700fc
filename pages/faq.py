"""What everybody asks, what students believe, and the words of the field in English and Chinese."""

import streamlit as st

from cnnlab import ops
from cnnlab.i18n import _
from cnnlab.runs import RunError
from cnnlab.ui.lessons.faq.article_questions import outlook, questions
from cnnlab.ui.lessons.faq.beliefs import beliefs
from cnnlab.ui.lessons.faq.glossary import words
from cnnlab.ui.session import widget_state
from cnnlab.ui.widgets import lesson


def put_to_the_test() -> None:
    """Let the student choose a misconception; show numbers that test it, and then what is right."""
    believed = beliefs()
    widget_state.default("faq.belief", next(iter(believed)), believed)
    st.pills(
        _("Students say"),
        list(believed),
        format_func=lambda name: believed[name].short,
        key="faq.belief",
        required=True,
    )
    belief = believed[st.session_state["faq.belief"]]
    with st.container(border=True):
        st.subheader(f"“{belief.sentence}”", anchor=False)
        try:
            right, *article = belief.test()
        except RunError as error:
            st.warning(str(error), icon=":material/broken_image:")
            return
        st.markdown(f":green[:material/check_circle:] **{_('Right is')}:** {right}")
        lesson.next_lesson(belief.page, belief.link)
        if article:
            lesson.article(*article)


lesson.opening(
    _("What does everybody ask?"),
    _("Choose a question. Each answer has something to try, and every number is computed as you look."),
)
answers = questions()
widget_state.default("faq.question", next(iter(answers)), answers)
left, right = st.columns([1, 3], gap="large")
with left:
    chosen = st.radio(
        _("Question"), list(answers), format_func=lambda name: answers[name][0], key="faq.question"
    )
with right, st.container(border=True):
    question, answer = answers[chosen]
    st.subheader(question, anchor=False)
    answer()
st.subheader(_("Is that so? What students say"), anchor=False)
st.fragment(put_to_the_test)()
outlook()
lesson.code(
    ops.conv2d, ops.max_pool, ops.parameters, ops.dense, ops.softmax, ops.cross_entropy, ops.mse, ops.update
)
st.subheader(_("Words, in English and Chinese"), anchor=False)
english, meanings, chinese = zip(*words(), strict=True)
st.table({"English": english, _("What it means"): meanings, "中文": chinese}, hide_index=True)
