"""Choosing keys: what kind, and which, among as many as there are."""

from __future__ import annotations

import streamlit as st

from retail_assets.dashboard.help import helpful
from retail_assets.dashboard.opening import warehouse
from retail_assets.questions.numbers import compact

KEY_TYPES = {"product_id": "Products", "brand": "Brands", "category_code": "Categories"}
SHOWN = 12
MOST_CHOSEN = 6
"""More lines in one chart than this cannot be told apart, nor their colours."""
AT_FIRST = 3


def choose_key_type(key: str, default: str = "product_id") -> str:
    """Products, brands or categories."""
    chosen = st.segmented_control(
        "By",
        list(KEY_TYPES),
        default=default,
        format_func=KEY_TYPES.__getitem__,
        key=key,
        required=True,
        bind="query-params",
        label_visibility="collapsed",
    )
    return chosen or default


def chosen_keys(key_type: str) -> list[str]:
    """The keys that the user has chosen, at first the best sellers."""
    chosen = st.session_state.setdefault("chosen keys", {})
    if key_type not in chosen:
        found = warehouse().ask("search_keys", key_type=key_type, text="", limit=AT_FIRST).to_pylist()
        chosen[key_type] = [row["key_value"] for row in found]
    keys: list[str] = chosen[key_type]
    return keys


@st.fragment
def choose_keys(key_type: str) -> None:
    """A search that answers as one types, and the keys that it finds, to be taken and left."""
    with helpful():
        text = st.text_input(
            f"Search {KEY_TYPES[key_type].lower()}",
            key="search",
            live="200ms",
            placeholder="Part of a name, a brand, a category",
            icon=":material/search:",
        )
        found = warehouse().ask("search_keys", key_type=key_type, text=text.strip(), limit=SHOWN).to_pylist()
        taken = chosen_keys(key_type)
        known = warehouse().ask("known_keys", key_type=key_type, keys=taken).to_pylist()
        labels = {row["key_value"]: _label(row) for row in [*known, *found]}
        options = [*taken, *(row["key_value"] for row in found if row["key_value"] not in taken)]
        widget = f"keys of {key_type}"
        st.session_state[widget] = taken
        st.pills(
            f"Up to {MOST_CHOSEN} to compare" if found else "Nothing is called that",
            options,
            selection_mode="multi",
            format_func=lambda key: labels.get(key, key),
            key=widget,
            on_change=_take,
            args=(key_type, widget),
        )
        if st.session_state.pop("choice changed", False):
            st.rerun()


def _take(key_type: str, widget: str) -> None:
    """Keep the choice, the latest ones where there are too many."""
    chosen = list(st.session_state[widget])
    st.session_state["chosen keys"][key_type] = chosen[-MOST_CHOSEN:]
    st.session_state["choice changed"] = True


def _label(row: dict[str, object]) -> str:
    more = " · ".join(str(row[name]) for name in ("brand", "category_code") if row[name])
    sold = compact(float(str(row["purchases"])))
    return f"{row['key_value']} ({more}, {sold} sold)" if more else f"{row['key_value']} ({sold} sold)"
