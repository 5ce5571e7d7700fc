import streamlit as st

st.title("faq")
