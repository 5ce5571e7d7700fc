import streamlit as st

st.title("answer")
