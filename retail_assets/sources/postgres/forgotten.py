"""Customers who were forgotten: marks by which they are known again, and what becomes of rows that are about them.

What a forgotten customer paid and rented stays, as that of nobody: books and sums do not change. The customer's own row
goes, and with it every address that no customer, member of staff or store has.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from retail_assets.contracts import Contract
from retail_assets.contracts.contract import quote_literal
from retail_assets.sources.postgres.connection import SourceError

FORGOTTEN = "forgotten"
"""Who paid and rented instead."""
PSEUDONYMOUS = "pseudonymous"
CUSTOMERS, ADDRESSES = "raw_customer", "raw_address"
WITH_ADDRESSES = (CUSTOMERS, "raw_staff", "raw_store")


@dataclass(frozen=True)
class Forgotten:
    """The marks of forgotten customers: hashes of their identifiers, salted so that each platform has others.

    A mark is no secret: identifiers are few, so whoever has the file can try them all. It names nobody by itself.
    """

    salt: str = ""
    marks: tuple[str, ...] = ()

    def mark(self, customer_id: str) -> str:
        """The mark of a customer."""
        return hashlib.sha256(f"{self.salt}{customer_id}".encode()).hexdigest()

    def with_customer(self, customer_id: str) -> Forgotten:
        """These and another customer."""
        salted = Forgotten(self.salt or secrets.token_hex(16), self.marks)
        return Forgotten(salted.salt, tuple(sorted({*self.marks, salted.mark(customer_id)})))

    def concerns(self, contract: Contract) -> bool:
        """Whether rows of this table change or go for them."""
        return bool(self.marks) and (self.leaves_out(contract) or bool(_references(contract)))

    def leaves_out(self, contract: Contract) -> bool:
        """Whether rows of this table go for them."""
        return bool(self.marks) and contract.name in (CUSTOMERS, ADDRESSES)

    def select(self, contract: Contract, rows: str, tables: Mapping[str, str]) -> str:
        """The rows of a table without them, in DuckDB's SQL. ``tables`` are those with addresses, as relations."""
        if contract.name == ADDRESSES:
            used = " UNION ALL ".join(f"SELECT address_id FROM {tables[name]}" for name in WITH_ADDRESSES)
            return f"SELECT * FROM ({rows}) WHERE address_id IN ({used})"
        if contract.name == CUSTOMERS:
            return f"SELECT * FROM ({rows}) WHERE NOT {self._includes('customer_id')}"
        replaced = ", ".join(
            f"CASE WHEN {self._includes(name)} THEN {quote_literal(FORGOTTEN)} ELSE {name} END AS {name}"
            for name in _references(contract)
        )
        return f"SELECT * REPLACE ({replaced}) FROM ({rows})"

    def _includes(self, column: str) -> str:
        """Whether the customer that a text column names is one of them."""
        listed = ", ".join(map(quote_literal, self.marks))
        return f"coalesce(sha256({quote_literal(self.salt)} || {column}) IN ({listed}), false)"


def forgotten_of(content: bytes, place: object) -> Forgotten:
    """The marks that ``text_of`` has written at a place.

    Raises:
        SourceError: they are damaged; without them the customers would come back, so they must be restored.
    """
    try:
        document = json.loads(content)
        return Forgotten(document["salt"], tuple(document["customers"]))
    except (ValueError, KeyError, TypeError) as error:
        raise SourceError(
            f"{place}, which keeps forgotten customers from coming back, is damaged ({error}). "
            "Restore it from a backup."
        ) from error


def text_of(forgotten: Forgotten) -> str:
    """The marks as the text of their file."""
    return json.dumps({"salt": forgotten.salt, "customers": forgotten.marks}, indent=1) + "\n"


def _references(contract: Contract) -> list[str]:
    """The columns by which rows name the customer that they are about, without being the customer's own."""
    return [column.quoted for column in contract.columns if column.classification == PSEUDONYMOUS]
