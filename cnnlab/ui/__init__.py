"""Everything that is drawn in a browser, by Streamlit."""
