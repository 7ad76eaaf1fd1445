"""Sources: the rows of a file as SELECTs over text columns, whatever form the file has."""

from __future__ import annotations

from dataclasses import dataclass

from retail_assets.contracts import contract
from retail_assets.contracts.contract import quote_identifier
from retail_assets.landing.layout import FileLayout

NO_DAMAGE = "NULL::VARCHAR AS damage, NULL::VARCHAR AS line"


@dataclass(frozen=True)
class Source:
    """A SELECT with the contract's received columns and ``extra_columns``, all text, and what is known of its rows.

    Beside them stand ``damage`` and ``line`` (the reason and the text of a line that is no record), ``was_cleaned``
    and, unless ``row_number`` is computed from the order of rows, ``source_row``.
    """

    sql: str
    layout: FileLayout
    rows: int
    """How many rows it must yield: what is read is held against it."""
    row_number: str
    """Expression of the line or row number in the file, over a table that keeps the order of rows."""


def select_received(layout: FileLayout, values: list[str], texts: list[str], source: str, others: str = "") -> str:
    """Received columns of ``source``; where one of ``texts`` holds control characters, they are taken out.

    Without ``texts`` there is nothing to look for, and it costs nothing.
    """
    if not texts:
        return f"SELECT {layout.select_list(values)}, false AS was_cleaned{others} FROM {source}"
    cleaned = [_cleaned(value) if value in texts else value for value in values]
    judged = f"SELECT *, has_control_characters(concat({', '.join(texts)})) AS was_cleaned FROM {source}"
    return f"SELECT {layout.select_list(cleaned)}, was_cleaned{others} FROM ({judged})"


def _cleaned(value: str) -> str:
    return f"CASE WHEN was_cleaned THEN printable({value}) ELSE {value} END"


def damaged_rows(source: str) -> str:
    """Lines that are no records, in the shape of received rows: ``source`` has number, reason and text."""
    names = [column.name for column in contract("raw_events").received_columns]
    nothing = ", ".join(f"NULL::VARCHAR AS {quote_identifier(name)}" for name in [*names, "extra_columns"])
    return f"SELECT {nothing}, false AS was_cleaned, reason AS damage, text AS line, number AS source_row FROM {source}"
