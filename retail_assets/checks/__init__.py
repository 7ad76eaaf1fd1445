"""Checks beyond a dataset's own contract. Those that SQL decides live in ``sql/checks``; here are the others."""
