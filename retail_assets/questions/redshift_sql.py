"""The questions' SQL, which is DuckDB's, as Redshift takes it."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=256)
def redshift_sql(sql: str) -> str:
    """The query in Redshift's dialect, its ``$names`` as places that psycopg2 fills.

    Names are in lower case, as Redshift keeps even quoted ones.
    """
    import sqlglot
    from sqlglot import expressions

    tree = sqlglot.parse_one(sql, read="duckdb")
    for place in list(tree.find_all(expressions.Parameter)):
        place.replace(expressions.Placeholder(this=place.name))
    for name in tree.find_all(expressions.Identifier):
        name.set("this", name.this.lower())
    return tree.sql(dialect="redshift", identify=True, comments=False)
