"""Warehouse tables that people query: in a DuckDB file, or in Amazon Redshift."""
