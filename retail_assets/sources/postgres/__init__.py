"""A shop's PostgreSQL as a source: its tables, extracted from one snapshot under their contracts."""
