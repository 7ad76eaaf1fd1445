"""Names and values in Redshift's SQL, and its types for those of contracts."""

from __future__ import annotations

import re
from collections.abc import Iterable

from retail_assets.contracts import Column, Contract
from retail_assets.engine.partition import Partition
from retail_assets.settings import RedshiftSettings, S3Settings

LONGEST_VARCHAR = 65_535
"""In bytes, as Redshift counts."""
BYTES_PER_CHARACTER = 4
TYPES = {
    "BIGINT": "BIGINT",
    "INTEGER": "INTEGER",
    "SMALLINT": "SMALLINT",
    "TINYINT": "SMALLINT",
    "BOOLEAN": "BOOLEAN",
    "DOUBLE": "DOUBLE PRECISION",
    "FLOAT": "REAL",
    "DATE": "DATE",
    "TIMESTAMP": "TIMESTAMP",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ",
}


def identifier(name: str) -> str:
    """A name as Redshift keeps it: quoted, and folded to lower case, which it does even to quoted ones."""
    return '"' + name.lower().replace('"', '""') + '"'


def literal(value: str | int) -> str:
    """A value; in Redshift's plain literals, unlike in standard SQL, a backslash escapes what follows it."""
    if isinstance(value, int):
        return str(value)
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def role_of(settings: RedshiftSettings) -> str:
    """The role of COPY and UNLOAD, as it stands after IAM_ROLE."""
    return "default" if settings.iam_role == "default" else literal(settings.iam_role)


def encryption_of(settings: S3Settings) -> str:
    """What UNLOAD is told of encryption: by itself it never uses a key of KMS, whatever the bucket's default says."""
    if settings.encryption != "kms":
        return ""
    return f" KMS_KEY_ID {literal(settings.kms_key_id)} ENCRYPTED" if settings.kms_key_id else " ENCRYPTED AUTO"


def type_of(column: Column) -> str:
    """Redshift's type for a column of a contract.

    Raises:
        ValueError: there is none.
    """
    if column.type == "VARCHAR":
        width = column.max_length * BYTES_PER_CHARACTER if column.max_length else LONGEST_VARCHAR
        return f"VARCHAR({min(width, LONGEST_VARCHAR)})"
    if re.fullmatch(r"DECIMAL\(\d+, ?\d+\)", column.type):
        return column.type.replace(" ", "")
    if column.type not in TYPES:
        raise ValueError(f"column {column.name}: Redshift has no type for {column.type}")
    return TYPES[column.type]


def require_distinct_names(contract: Contract) -> None:
    """Refuse columns that are one to Redshift.

    Raises:
        ValueError: two differ in nothing but upper and lower case.
    """
    names: dict[str, str] = {}
    for column in contract.columns:
        if (other := names.setdefault(column.name.lower(), column.name)) != column.name:
            raise ValueError(f"{contract.name}: columns {other} and {column.name} would be one column in Redshift")


def is_one_of(contract: Contract, partitions: Iterable[Partition]) -> str:
    """The condition that a row is of one of the partitions: in constants, so that Redshift skips blocks by them."""
    names = [column.name for column in contract.partition_columns]
    if not names:
        return "true"
    *outer, inner = sorted(names, key=lambda name: name == "date")
    groups: dict[tuple[str, ...], list[str]] = {}
    for partition in partitions:
        values = dict(partition.values)
        groups.setdefault(tuple(values[name] for name in outer), []).append(values[inner])
    conditions = []
    for outer_values, inner_values in groups.items():
        same = [f"{identifier(name)} = {literal(value)}" for name, value in zip(outer, outer_values, strict=True)]
        listed = ", ".join(literal(value) for value in inner_values)
        conditions.append(" AND ".join([*same, f"{identifier(inner)} IN ({listed})"]))
    return "(" + ") OR (".join(conditions) + ")"
