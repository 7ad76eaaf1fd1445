"""What moves data without a hand: the Dagster instance, backfills, and the freshness of dates."""
