"""Errors of declared sources."""

from __future__ import annotations


class SourceUnavailable(Exception):
    """A source cannot be declared or read; the message says what happened, to what, and what to do."""
