"""Choosing keys: what kind, and which, among as many as there are."""

from __future__ import annotations

import streamlit as st

from retail_assets.dashboard.help import helpful
from retail_assets.dashboard.opening import warehouse
from retail_assets.questions.key_types import KEY_TYPES
from retail_assets.questions.numbers import compact

SHOWN = 12
MOST_CHOSEN = 6
"""More lines in one chart than this cannot be told apart, nor their colours."""
AT_FIRST = 3
CHOSEN = "chosen keys"


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


def chosen_keys(key_type: str, most: int = MOST_CHOSEN) -> list[str]:
    """The keys that the user has chosen where ``most`` may be, at first the best sellers."""
    chosen = st.session_state.setdefault(CHOSEN, {})
    if (key_type, most) not in chosen:
        limit = min(AT_FIRST, most)
        found = warehouse().ask("search_keys", key_type=key_type, text="", chosen=(), limit=limit).to_pylist()
        chosen[key_type, most] = [row["key_value"] for row in found]
    keys: list[str] = chosen[key_type, most]
    return keys


@st.fragment
def choose_keys(key_type: str, most: int = MOST_CHOSEN) -> None:
    """A search that answers as one types, and the keys that it finds, to be taken and left."""
    with helpful():
        text = st.text_input(
            f"Search {KEY_TYPES[key_type].lower()}",
            key="search",
            live="200ms",
            placeholder="Part of a name, a brand, a category",
            icon=":material/search:",
        )
        taken = chosen_keys(key_type, most)
        limit = len(taken) + SHOWN
        found = warehouse().ask("search_keys", key_type=key_type, text=text.strip(), chosen=taken, limit=limit)
        labels = {row["key_value"]: _label(row) for row in found.to_pylist()}
        options = [*taken, *(key for key in labels if key not in taken)]
        widget = f"{most} keys of {key_type}"
        st.session_state[widget] = taken
        st.pills(
            _invitation(most) if len(options) > len(taken) else "Nothing else is called that",
            options,
            selection_mode="multi",
            format_func=lambda key: labels.get(key, key),
            key=widget,
            on_change=_take,
            args=(key_type, most, widget),
        )
        if st.session_state.pop("choice changed", False):
            st.rerun()


def _invitation(most: int) -> str:
    return "Choose one" if most == 1 else f"Up to {most} to compare"


def _take(key_type: str, most: int, widget: str) -> None:
    """Keep the choice, the latest ones where there are too many."""
    st.session_state[CHOSEN][key_type, most] = list(st.session_state[widget])[-most:]
    st.session_state["choice changed"] = True


def _label(row: dict[str, object]) -> str:
    more = " · ".join(str(row[name]) for name in ("brand", "category_code") if row[name])
    sold = compact(float(str(row["purchases"])))
    return f"{row['key_value']} ({more}, {sold} sold)" if more else f"{row['key_value']} ({sold} sold)"
