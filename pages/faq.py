"""The questions that everybody asks, and the words of the field in English and Chinese."""

import streamlit as st

from cnnlab import ops
from cnnlab.text import _
from cnnlab.ui import lesson, state
from cnnlab.ui.glossary import TERMS
from cnnlab.ui.questions import questions

lesson.opening(
    _("What does everybody ask?"),
    _("Choose a question. Each answer has something to try, and every number is computed as you look."),
)
answers = questions()
state.default("faq.question", next(iter(answers)), answers)
left, right = st.columns([1, 3], gap="large")
with left:
    chosen = st.radio(
        _("Question"), list(answers), format_func=lambda name: answers[name][0], key="faq.question"
    )
with right, st.container(border=True):
    question, answer = answers[chosen]
    st.subheader(question, anchor=False)
    answer()
lesson.code(ops.conv2d, ops.parameters, ops.dense, ops.softmax, ops.cross_entropy, ops.mse)
st.subheader(_("Words in English and Chinese"), anchor=False)
english, chinese = zip(*TERMS, strict=True)
st.table({"English": english, "中文": chinese}, hide_index=True)
