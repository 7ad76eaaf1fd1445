"""The dashboard: a Streamlit app over the warehouse, started by `retail dashboard`."""
