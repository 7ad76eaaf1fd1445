"""Marts: datasets that users add by dropping an SQL file and its contract into a folder."""
