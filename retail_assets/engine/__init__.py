"""What runs SQL: DuckDB sessions, queries over datasets, staging and the audit of what was staged."""
