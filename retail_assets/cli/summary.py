"""The summary of the demo: books, datasets, best sellers and checks."""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from retail_assets.cli.forecast_summary import print_forecasts
from retail_assets.cli.output import Column, Table, grouped, human_bytes, plural, print_table, say, some, stdout
from retail_assets.cli.sales_summary import print_sales
from retail_assets.inspection.records import CheckState, check_states
from retail_assets.inspection.views import open_views
from retail_assets.questions.findings import KEPT

if TYPE_CHECKING:
    import dagster as dg
    from duckdb import DuckDBPyConnection

    from retail_assets.assets.platform import Platform
    from retail_assets.sources.synthetic_shop import ShopTruth

LEVELS = "▁▂▃▄▅▆▇█"
ASCII_LEVELS = "_.:-=+*#"
MOST_FINDINGS = 3
WIDTH_BESIDE_SPARKLINE = 20
"""What the number of purchases and the gaps between columns take."""
LABELS = {"duplicate": "duplicates"}
BestSeller = tuple[str, str, int, list[int]]

BOOKS = "SELECT date, stage, reason, rows FROM data_quality WHERE rows > 0"
SERIES = "SELECT key_type, count(DISTINCT key_value) FROM daily_aggregates GROUP BY key_type ORDER BY key_type"
BEST_SELLERS = """
    WITH totals AS (
        SELECT key_type, key_value, sum(purchases_t)::BIGINT AS purchases FROM daily_aggregates GROUP BY ALL
    ),
    best AS (
        SELECT * FROM totals
        QUALIFY row_number() OVER (PARTITION BY key_type ORDER BY purchases DESC, key_value) <= 3
    ),
    days AS (SELECT DISTINCT date FROM daily_aggregates),
    sold AS (
        SELECT best.key_type, best.key_value, best.purchases, days.date, coalesce(found.purchases_t, 0) AS purchases_t
        FROM best
        CROSS JOIN days
        LEFT JOIN daily_aggregates AS found USING (key_type, key_value, date)
    )
    SELECT key_type, key_value, purchases, list(purchases_t ORDER BY date) FROM sold
    GROUP BY ALL ORDER BY key_type, purchases DESC, key_value
"""


@dataclass(frozen=True)
class Books:
    """What came in and what became of it: rows by date, stage and reason."""

    rows: dict[tuple[date | None, str, str], int]

    def total(self, stage: str, reason: str) -> int:
        """Rows of a stage with this outcome, over all dates."""
        return sum(count for (_, at, why), count in self.rows.items() if (at, why) == (stage, reason))

    @property
    def rejected(self) -> Counter[tuple[str, str]]:
        """Rejected rows by stage and reason."""
        found: Counter[tuple[str, str]] = Counter()
        for (_, stage, reason), count in self.rows.items():
            if reason not in KEPT:
                found[stage, reason] += count
        return found

    @property
    def outcome(self) -> dict[str, int]:
        """What came in, and the four things that can become of it."""
        kept = {reason: self.total("cleaning", reason) for reason in ("clean", "excluded", "duplicate")}
        return {"received": self.total("landing", "received"), **kept, "rejected": self.rejected.total()}

    @property
    def balance(self) -> bool:
        """Whether every row that came in is accounted for once."""
        received, *others = self.outcome.values()
        return received == sum(others)

    def differences(self, truth: ShopTruth) -> list[str]:
        """Where the books differ from the generator's, which knows nothing of how cleaning works."""
        expected = {(entry.date, str(entry.stage), entry.reason): entry.rows for entry in truth.books if entry.rows}
        found = {key: count for key, count in self.rows.items() if key[1:] != ("landing", "clean")}
        return [
            f"{day or 'no date'}, {stage}, {reason}: {found.get((day, stage, reason), 0)} instead of "
            f"{expected.get((day, stage, reason), 0)}"
            for day, stage, reason in sorted({**expected, **found}, key=str)
            if found.get((day, stage, reason), 0) != expected.get((day, stage, reason), 0)
        ]


def print_summary(
    platform: Platform, instance: dg.DagsterInstance, definitions: dg.Definitions, truth: ShopTruth
) -> None:
    """Print what the platform holds now."""
    with open_views(platform) as connection:
        books = Books({(day, stage, reason): rows for day, stage, reason, rows in _all(connection, BOOKS)})
        _print_books(books)
        _compare(books, platform, truth)
        _print_datasets(platform)
        _print_series(dict(_all(connection, SERIES)), _all(connection, BEST_SELLERS))
        if platform.settings.has_sales:
            print_sales(connection)
        print_forecasts(connection, has_sales=platform.settings.has_sales)
    _print_checks(check_states(instance, definitions), truth)


def _all(connection: DuckDBPyConnection, sql: str) -> list[Any]:
    return connection.execute(sql).fetchall()


def _print_books(books: Books) -> None:
    received = books.outcome["received"]
    rows = [(LABELS.get(name, name), count, _share(count, received)) for name, count in books.outcome.items()]
    reasons = sorted(books.rejected.items())
    rows += [(f"  {reason} (at {stage})", count, _share(count, received)) for (stage, reason), count in reasons]
    print_table(Table([Column("events"), Column("rows", look=grouped), Column("share")], rows))
    parts = " + ".join(f"{count:,} {LABELS.get(name, name)}" for name, count in list(books.outcome.items())[1:])
    verdict = "The books balance" if books.balance else "The books do NOT balance"
    say(f"{verdict}: {received:,} received = {parts}.")


def _share(count: int, whole: int) -> str:
    return f"{count / whole:.2%}" if whole else ""


def _compare(books: Books, platform: Platform, truth: ShopTruth) -> None:
    """Hold the books against the generator's truth, where nothing else has landed."""
    names = {entry.name for entry in platform.landing.files().values() if entry.state == "landed"}
    others = names - {file.name for file in truth.files}
    if others:
        say(f"{plural(len(others), 'other file')} landed too, so the truth file does not cover everything.")
        return
    different = books.differences(truth)
    if different:
        say(f"They differ from the generator's truth file: {some(different, MOST_FINDINGS, '; ')}")
    else:
        say("They equal the generator's truth file, date by date and reason by reason.")


def _print_datasets(platform: Platform) -> None:
    from retail_assets.assets.catalogue import is_on_demand, steps_of

    rows = []
    for step in steps_of(platform.settings):
        for item in step.contracts():
            entries = platform.store(step).published(item).values()
            if is_on_demand(step) and not entries:
                continue
            name = step.label(item.name)
            rows.append((name, len(entries), sum(e.rows for e in entries), sum(e.bytes for e in entries)))
    columns = [Column("dataset"), Column("partitions", look=grouped), Column("rows", look=grouped)]
    print_table(Table([*columns, Column("bytes", "size", human_bytes)], rows))


def _print_series(series: dict[str, int], best: Sequence[BestSeller]) -> None:
    say(f"Series: {', '.join(f'{count:,} by {kind}' for kind, count in series.items())}. The best sellers, day by day:")
    console = stdout()
    levels = LEVELS if _can_print(LEVELS) else ASCII_LEVELS
    longest = max((len(kind) + len(key) for kind, key, _, _ in best), default=0)
    width = max(10, console.width - longest - WIDTH_BESIDE_SPARKLINE)
    rows = [(kind, key, total, sparkline(sold, width, levels)) for kind, key, total, sold in best]
    columns = [Column("by"), Column("key"), Column("purchases", look=grouped), Column("purchases a day")]
    print_table(Table(columns, rows))


def _can_print(text: str) -> bool:
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def sparkline(values: Sequence[int], width: int, levels: str = LEVELS) -> str:
    """The values as a row of bars, the tallest for the greatest; several days share a bar where room is short."""
    size = max(1, math.ceil(len(values) / width))
    slices = [values[start : start + size] for start in range(0, len(values), size)]
    bars = [sum(days) / len(days) for days in slices]
    top = max(bars, default=0)
    return "".join(levels[round(bar / top * (len(levels) - 1))] if top else levels[0] for bar in bars)


def _print_checks(checks: Sequence[CheckState], truth: ShopTruth) -> None:
    states = Counter(check.state for check in checks)
    counted = [f"{states[state]:,} {state}" for state in ("passed", "warned", "failed", "not run") if states[state]]
    say(f"Checks: {', '.join(counted)}.")
    if waiting := sorted({check.dataset for check in checks if check.state == "not run"}):
        say(f"Not run, for want of data that is made on demand: {', '.join(waiting)}.", indent=2)
    for check in checks:
        if check.findings:
            told = [_explained(finding.partition, finding.detail, truth) for finding in check.findings]
            say(f"{check.dataset}, {check.check} {check.state}: {some(told, MOST_FINDINGS, '; ')}", indent=2)
    if states["warned"]:
        say("A warning blocks nothing: it points at days unlike those before. A shop with promotions has such days.")


def _explained(partition: str | None, detail: str, truth: ShopTruth) -> str:
    """The finding, with what the shop did on that day."""
    day = (partition or "").partition("|")[0]
    occasion = next((name for at, name in truth.occasions.items() if at.isoformat() == day), "")
    return f"{partition or 'all'}: {detail}" + (f" ({occasion})" if occasion else "")
