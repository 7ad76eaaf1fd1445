"""Redshift's SQL as PostgreSQL runs it: what to rewrite, what to drop, what to refuse."""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST_VARCHAR = 65_535
TOKEN = re.compile(
    r"""
    (?P<string>'(?:[^'\\]|\\.|'')*')
    | (?P<identifier>"(?:[^"]|"")*")
    | (?P<comment>--[^\n]*|/\*.*?\*/)
    """,
    re.VERBOSE | re.DOTALL,
)
HELD = re.compile("\0(\\d+)\0")
NAME = "(?:\0\\d+\0|\\w+)"
TABLE_STATEMENT = re.compile(r"\s*(CREATE\s+(LOCAL\s+)?(TEMP\s+|TEMPORARY\s+)?TABLE|ALTER\s+TABLE)\b", re.IGNORECASE)
ATTRIBUTES = re.compile(
    r"""
    \bDISTSTYLE\s+(?:AUTO|EVEN|KEY|ALL)\b
    | \bDISTKEY\b(?:\s*\((?P<distkey>[^()]*)\))?
    | \b(?:(?:COMPOUND|INTERLEAVED)\s+)?SORTKEY\b(?:\s*\((?P<sortkey>[^()]*)\)|\s+AUTO\b)?
    | \bENCODE\s+\w+
    | \bBACKUP\s+(?:YES|NO)\b
    """,
    re.VERBOSE | re.IGNORECASE,
)
VARCHAR = re.compile(
    rf"(?!AS\b)({NAME})\s+(?:CHARACTER\s+VARYING|VARCHAR|TEXT)\b(?:\s*\(\s*(\w+)\s*\))?", re.IGNORECASE
)
REFUSED = {
    r"\bRETURNING\b": "RETURNING",
    r"\bON\s+CONFLICT\b": "ON CONFLICT",
    r"\bCREATE\s+(UNIQUE\s+)?INDEX\b": "CREATE INDEX",
    r"\bFILTER\s*\(": "FILTER (WHERE …)",
    r"\bLATERAL\b": "LATERAL",
    r"(\bFROM|\bUSING|\bJOIN|,)\s*\(\s*VALUES\b": "VALUES as a table",
    r"\bDISTINCT\s+ON\b": "DISTINCT ON",
    r"\b(BIG|SMALL)?SERIAL\b": "SERIAL",
    r"\bTINYINT\b": "the type TINYINT",
    r"\bGENERATE_SERIES\b": "generate_series",
    r"\bCREATE\s+(DOMAIN|TRIGGER|TYPE|EXTENSION|RULE)\b": "CREATE DOMAIN, TRIGGER, TYPE, EXTENSION, RULE",
    r"\bFOR\s+UPDATE\b": "FOR UPDATE",
    r"\bADVISORY_\w*LOCK": "advisory locks",
    r"\bSET\s+LOCK_TIMEOUT\b": "lock_timeout",
    r"\bSTRING_AGG\b": "string_agg",
    r"\bADD\s+COLUMN\s+IF\b": "ADD COLUMN IF NOT EXISTS",
    r"\bADD\s+COLUMN\b.*,\s*ADD\b": "several ADD COLUMN in one ALTER TABLE",
    r"\bSELECT\b.*\bINTO\s+STRICT\b": "INTO STRICT",
}
REFUSALS = {re.compile(pattern, re.IGNORECASE | re.DOTALL): name for pattern, name in REFUSED.items()}


class Refused(ValueError):
    """Redshift, or this stand-in for it, would not run the statement."""


@dataclass(frozen=True)
class Protected:
    """A statement whose strings and quoted identifiers stand aside, so that patterns see only what is code."""

    code: str
    held: tuple[str, ...]

    @classmethod
    def of(cls, sql: str) -> Protected:
        """The statement with quoted identifiers in lower case, as Redshift folds them, and without comments."""
        held: list[str] = []

        def hold(found: re.Match[str]) -> str:
            if found["comment"]:
                return " "
            text = found["string"] or found["identifier"].lower()
            held.append(text)
            return f"\0{len(held) - 1}\0"

        return cls(TOKEN.sub(hold, sql), tuple(held))

    def restored(self, code: str) -> str:
        """A part of the code, or what it was made into, with strings and identifiers in their places."""
        return HELD.sub(lambda found: self.held[int(found[1])], code)

    def statements(self) -> list[str]:
        """The statements, still protected."""
        return [part.strip() for part in self.code.split(";") if part.strip()]


def rewritten(sql: str) -> str:
    """The statement or statements as PostgreSQL takes them.

    Raises:
        Refused: Redshift would not take it.
    """
    protected = Protected.of(sql)
    for pattern, name in REFUSALS.items():
        if pattern.search(protected.code):
            raise Refused(f"Amazon Redshift does not support {name}")
    parts = [_rewritten(protected, part) for part in protected.statements()]
    return protected.restored("; ".join(parts))


def plain_name(text: str) -> str:
    """An identifier as the catalogue has it."""
    return text[1:-1].replace('""', '"') if text.startswith('"') else text.lower()


def _rewritten(protected: Protected, part: str) -> str:
    if not TABLE_STATEMENT.match(part):
        return part
    body = ATTRIBUTES.sub("", part)
    columns = {plain_name(protected.restored(name)) for name in re.findall(NAME, body)}
    for found in ATTRIBUTES.finditer(part):
        listed = f"{found['distkey'] or ''},{found['sortkey'] or ''}".split(",")
        for key in (protected.restored(name.strip()) for name in listed if name.strip()):
            if plain_name(key) not in columns:
                raise Refused(f"column {key} named in a distribution or sort key does not exist")
    return VARCHAR.sub(_in_bytes, body)


def _in_bytes(found: re.Match[str]) -> str:
    """A VARCHAR that counts bytes; without a width it has 256, as on Redshift."""
    name, width = found[1], (found[2] or "256").upper()
    bytes_ = LONGEST_VARCHAR if width == "MAX" else int(width)
    if bytes_ > LONGEST_VARCHAR:
        raise Refused(f"length for type varchar cannot exceed {LONGEST_VARCHAR}")
    return f"{name} varchar({bytes_}) CHECK (octet_length({name}) <= {bytes_})"
