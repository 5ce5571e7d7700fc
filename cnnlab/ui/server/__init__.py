"""What is changed in Streamlit and Starlette themselves. No other package touches their inside."""
