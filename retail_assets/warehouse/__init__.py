"""Warehouse tables that people query: a DuckDB file locally."""
