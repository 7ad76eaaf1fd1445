"""COPY and UNLOAD as a client writes them, read word by word: an option that is not known is refused, never ignored."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from retail_assets.local_cloud.redshift.dialect import Protected, Refused, plain_name

WORD = re.compile("\0\\d+\0|\\w+|[().,]")
ESCAPED = re.compile(r"\\(.)|''", re.DOTALL)


@dataclass(frozen=True)
class Copy:
    """COPY of Parquet into a table."""

    table: str
    columns: tuple[str, ...]
    source: str
    role: str
    has_manifest: bool = False


@dataclass(frozen=True)
class Unload:
    """UNLOAD of a query's rows to Parquet."""

    select: str
    target: str
    role: str
    overwrites: bool = False
    is_parallel: bool = True


def parsed(protected: Protected, statement: str) -> Copy | Unload | None:
    """The command, where the statement is one; None for every other statement and for COPY … FROM STDIN.

    Raises:
        Refused: it has an option that Redshift or this stand-in does not know, or lacks one that it needs.
    """
    words = _Words(protected, statement)
    if words.take("COPY"):
        if re.search(r"\b(FROM\s+STDIN|TO\s+STDOUT)\b", statement, re.IGNORECASE):
            raise Refused("COPY from the client is not supported by Amazon Redshift: put the rows to S3 first")
        return _copy(words)
    return _unload(words) if words.take("UNLOAD") else None


def is_truncate(statement: str) -> bool:
    """Whether the statement is TRUNCATE, which commits on Redshift."""
    return re.match(r"TRUNCATE\b", statement, re.IGNORECASE) is not None


class _Words:
    """The words of a statement, taken one after another."""

    def __init__(self, protected: Protected, statement: str) -> None:
        self._protected = protected
        self._left = WORD.findall(statement)

    def take(self, *words: str) -> bool:
        """Take these words, if they come next."""
        if [word.upper() for word in self._left[: len(words)]] != list(words):
            return False
        del self._left[: len(words)]
        return True

    def need(self, *words: str) -> None:
        """Take these words, which must come next."""
        if not self.take(*words):
            raise Refused(f"syntax error: {' '.join(words)} expected {self._place()}")

    def next(self) -> str:
        """The next word, as written."""
        if not self._left:
            raise Refused("syntax error at end of input")
        return self._protected.restored(self._left.pop(0))

    def text(self) -> str:
        """The value of the string that comes next."""
        word = self.next()
        if not word.startswith("'"):
            raise Refused(f"syntax error: a string expected instead of {word}")
        return ESCAPED.sub(lambda found: found[1] or "'", word[1:-1])

    def options(self) -> Iterator[None]:
        """As long as words are left."""
        while self._left:
            yield

    def refuse(self, command: str) -> None:
        """Refuse the option that comes next."""
        raise Refused(f"{command} {self._protected.restored(self._left[0])}: not supported here for Parquet")

    def _place(self) -> str:
        return f"at or near {self._protected.restored(self._left[0])}" if self._left else "at end of input"


def _copy(words: _Words) -> Copy:
    table = words.next()
    while words.take("."):
        table += "." + words.next()
    columns: list[str] = []
    if words.take("("):
        columns.append(plain_name(words.next()))
        while words.take(","):
            columns.append(plain_name(words.next()))
        words.need(")")
    words.need("FROM")
    source, role, is_parquet, has_manifest = words.text(), "", False, False
    for _ in words.options():
        if words.take("IAM_ROLE"):
            role = _role(words)
        elif words.take("FORMAT", "AS", "PARQUET") or words.take("FORMAT", "PARQUET"):
            is_parquet = True
        elif words.take("MANIFEST"):
            has_manifest = True
        else:
            words.refuse("COPY")
    if not is_parquet or not role:
        raise Refused("COPY needs FORMAT AS PARQUET and IAM_ROLE here")
    return Copy(table, tuple(columns), source, role, has_manifest)


def _unload(words: _Words) -> Unload:
    words.need("(")
    select = words.text()
    words.need(")")
    words.need("TO")
    target, role, is_parquet, overwrites, is_parallel = words.text(), "", False, False, True
    for _ in words.options():
        if words.take("IAM_ROLE"):
            role = _role(words)
        elif words.take("FORMAT", "AS", "PARQUET") or words.take("FORMAT", "PARQUET"):
            is_parquet = True
        elif words.take("ALLOWOVERWRITE"):
            overwrites = True
        elif words.take("KMS_KEY_ID"):
            words.text()
            words.need("ENCRYPTED")  # in this order, as we write it
        elif words.take("ENCRYPTED"):
            words.need("AUTO")  # else a key would be needed
        elif words.take("PARALLEL", "OFF"):
            is_parallel = False
        elif not words.take("PARALLEL", "ON"):
            words.refuse("UNLOAD")
    if not is_parquet or not role:
        raise Refused("UNLOAD needs FORMAT AS PARQUET and IAM_ROLE here")
    return Unload(select, target, role, overwrites, is_parallel)


def _role(words: _Words) -> str:
    return "default" if words.take("DEFAULT") else words.text()
