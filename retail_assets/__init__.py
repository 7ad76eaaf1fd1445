"""An open retail data platform on Dagster: clickstream and sales, from raw files to warehouse tables."""
