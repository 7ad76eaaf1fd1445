"""Loads a plain dump of pg_dump into a database, without psql."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any


def load_dump(connection: Any, path: Path) -> None:
    """Run the statements of the dump, and its COPY blocks through the protocol; psql's own commands are left out."""
    statements: list[str] = []
    with path.open(encoding="utf-8") as lines, connection.cursor() as cursor:
        for line in lines:
            if line.startswith("\\") or line.startswith("--"):
                continue
            if copy := re.fullmatch(r"(COPY .+ FROM stdin);\n", line):
                _run(cursor, statements)
                cursor.copy_expert(copy[1], io.StringIO(_block(lines)))
            else:
                statements.append(line)
        _run(cursor, statements)
        cursor.execute("RESET ALL")


def _block(lines: Any) -> str:
    return "".join(iter(lambda: next(lines), "\\.\n"))


def _run(cursor: Any, statements: list[str]) -> None:
    text = "".join(statements).strip()
    statements.clear()
    if text:
        cursor.execute(text)
