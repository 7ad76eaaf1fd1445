"""Files that are blocked."""

from __future__ import annotations

UNREADABLE = "unreadable_file"
"""The code of files that may not be read: they are tried again, since others can change that."""


class BlockedFile(Exception):
    """A file that cannot be read without guessing: nothing of it is taken in."""

    def __init__(self, code: str, name: str, cause: str, mend: str) -> None:
        super().__init__(f"{code}: {name}: {cause}. {mend}")
        self.code = code
