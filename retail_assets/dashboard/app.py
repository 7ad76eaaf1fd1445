"""The app that Streamlit runs: the list of pages, and the one place where their errors become help.

Their files are not in a folder called pages: Streamlit would run one by itself when the first visitor asks for it.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from retail_assets.dashboard.help import helpful
from retail_assets.dashboard.live import follow

ICON = Path(__file__).with_name("icon.svg")
"""Of our own: Streamlit would fetch the picture of a named one from the network."""
PAGES = {
    "Shop": [
        st.Page("views/overview.py", title="Overview", icon=":material/monitoring:", default=True),
        st.Page("views/demand.py", title="Demand explorer", icon=":material/search_insights:"),
        st.Page("views/funnel.py", title="Funnel", icon=":material/filter_alt:"),
        st.Page("views/forecast.py", title="Forecast", icon=":material/trending_up:"),
        st.Page("views/sales.py", title="Sales", icon=":material/point_of_sale:"),
    ],
    "Data": [
        st.Page("views/quality.py", title="Data quality", icon=":material/fact_check:"),
        st.Page("views/catalogue.py", title="Catalogue", icon=":material/menu_book:"),
    ],
}

st.set_page_config(page_title="Retail dashboard", page_icon=ICON, layout="wide")
page = st.navigation(PAGES)
st.title(page.title)
with helpful():
    follow()
    page.run()
