"""What a platform holds and what Dagster remembers of it, for people: read by commands and by the dashboard."""
