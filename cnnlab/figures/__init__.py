"""Arrays in, figures out: pictures and Plotly charts, without Streamlit."""
