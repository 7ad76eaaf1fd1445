"""Why events are rejected, in words."""

from __future__ import annotations

from retail_assets.contracts.loader import contract


def reject_meanings() -> dict[str, str]:
    """Every reason with its meaning, in the order of the contracts."""
    rules = [rule for name in ("raw_events", "clean_events") for rule in contract(name).reject_reasons]
    return {rule.name: rule.description for rule in rules}
