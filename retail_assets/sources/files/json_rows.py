"""The objects of a text in JSON Lines: a line that is none is damaged, and the others go on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from retail_assets.contracts import Contract
from retail_assets.contracts.contract import quote_identifier, quote_literal
from retail_assets.landing.blocked import BlockedFile
from retail_assets.landing.csv_source import NUMBERED, read_csv
from retail_assets.landing.records import MAX_RECORD_BYTES
from retail_assets.sources.files.layout import names_read
from retail_assets.sources.files.rows import ReceivedRows
from retail_assets.sources.files.unpacking import Unpacked

LINES_LOOKED_AT = 1000
"""Keys that none of the first lines has are not known of."""


def json_rows(file: Unpacked, contract: Contract, folder: Path) -> ReceivedRows:
    """The rows of the text; blank lines are none. An alias ``a.b`` is the key ``b`` of the object in ``a``.

    Raises:
        BlockedFile: it is one JSON array, it was cut off, or no object has a key that the contract reads.
    """
    paths = names_read(contract)
    notes = _look(file, contract, {path.partition(".")[0] for found in paths.values() for path in found})
    numbered = folder / "numbered.csv"
    rows = _number(file, numbered)
    columns = NUMBERED | {"line": "VARCHAR"}
    lines = read_csv(numbered, columns, parallel=False, is_ours=True)
    values = ", ".join(f"{_value(found)} AS {quote_identifier(wanted)}" for wanted, found in paths.items())
    sql = (
        f"SELECT {values}, number AS source_row, CASE WHEN object IS NULL THEN 'bad_json' END AS _damage, "
        "CASE WHEN object IS NULL THEN line END AS _line FROM ("
        "SELECT *, CASE WHEN json_valid(line) THEN CASE json_type(line) WHEN 'OBJECT' THEN line END END AS object "
        f"FROM {lines})"
    )
    return ReceivedRows(sql, frozenset(paths), rows, notes)


def _value(aliases: Sequence[str]) -> str:
    found = [f"json_extract_string(object, {quote_literal(_path(alias))})" for alias in aliases]
    return found[0] if len(found) == 1 else f"coalesce({', '.join(found)})"


def _path(alias: str) -> str:
    return "$" + "".join(f'."{part}"' for part in alias.split("."))


def _look(file: Unpacked, contract: Contract, wanted: set[str]) -> dict[str, str]:
    """Which keys the first objects have that nothing reads; BlockedFile where nothing reads any."""
    keys: dict[str, None] = {}
    with file.path.open("rb") as text:
        for line in islice(_lines(text, file.name), LINES_LOOKED_AT):
            found = _parsed(line)
            keys |= dict.fromkeys(found if isinstance(found, dict) else ())
    if not keys:
        return {}
    added = [key for key in keys if key not in wanted]
    if len(added) == len(keys):
        mend = f"The contract {contract.path} reads {', '.join(sorted(wanted))}: correct that, or the file."
        raise BlockedFile("header_mismatch", file.name, f"its keys are {', '.join(keys)}", mend)
    return {"schema_added": f"{len(added)} unknown keys, not read: {', '.join(added)}"} if added else {}


def _lines(text: BinaryIO, name: str) -> Iterator[bytes]:
    """The lines of a text, of which none is held that is too long to be an object.

    Raises:
        BlockedFile: ``not_json_lines`` where the first one begins an array, ``line_too_long``.
    """
    is_first = True
    for number, line in enumerate(iter(lambda: text.readline(MAX_RECORD_BYTES + 1), b""), 1):
        if is_first and line.lstrip().startswith(b"["):
            mend = "Write one object a line, with no brackets around them and no commas between them."
            raise BlockedFile("not_json_lines", name, "it is a JSON array", mend)
        is_first = is_first and not line.strip()
        if len(line) > MAX_RECORD_BYTES:
            cause = f"line {number} is longer than {MAX_RECORD_BYTES:,} bytes"
            raise BlockedFile("line_too_long", name, cause, "Find out what the file is.")
        yield line


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None


def _number(file: Unpacked, target: Path) -> int:
    """Write each line that is not blank as a CSV record with its number; returns how many there are.

    Raises:
        BlockedFile: ``cut_json``, ``not_json_lines``, ``line_too_long``.
    """
    rows, last = 0, b"\n"
    with file.path.open("rb") as text, target.open("wb") as numbered:
        for number, line in enumerate(_lines(text, file.name), 1):
            last = line
            if content := line.strip():
                numbered.write(b'%d,"%b"\n' % (number, content.replace(b'"', b'""')))
                rows += 1
    if not last.endswith(b"\n") and last.strip() and _parsed(last) is None:
        raise BlockedFile("cut_json", file.name, "it ends in the middle of an object", "Deliver it again, whole.")
    return rows
