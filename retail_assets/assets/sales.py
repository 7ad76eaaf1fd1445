"""Sales: from the tables of the shop's database to sales by category and region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from retail_assets.assets.sales_days import cut_by_day
from retail_assets.assets.step import Upstream, step
from retail_assets.checks.drift import VOLUME
from retail_assets.contracts import contract
from retail_assets.engine.audit import Audit
from retail_assets.engine.dataset import Dataset, Rows
from retail_assets.engine.query import Query, query
from retail_assets.settings import Settings
from retail_assets.sources.postgres.shop import RAW
from retail_assets.sources.postgres.snapshot import Snapshot

EXTRACTION_TOTALS = Audit(
    "extraction_totals", "Rows of every table, and the sum of all payments, equal the source's in the same snapshot."
)
SOURCE_SCHEMA = Audit(
    "source_schema", "The database has the columns that the contracts know, and no others. Warns only.", blocking=False
)
SOURCE_DUPLICATES = Audit(
    "source_duplicates", "No two customers share an e-mail but for case. Warns only.", blocking=False
)
SALES_BOOKS = Audit("sales_books", "Payments in = joined + rejected, in rows and to the cent.")
REJECTED_SALES = Audit("rejected_sales", "No payment or rental was rejected. Warns only.", blocking=False)
ORPHANS = Audit("orphans", "Every payment leads to a region, a film and a category. Warns only.", blocking=False)
TOO_MANY_ORPHANS = Audit("too_many_orphans", "No more than the set share of payments are orphans.")
PLAUSIBLE_SALES = Audit(
    "plausible_sales", "Amounts and times are plausible, and no payment repeats another. Warns only.", blocking=False
)
AMOUNT_DISTRIBUTION = Audit(
    "amount_distribution", "The mean payment of a day is that of the four weeks before. Warns only.", blocking=False
)
SALES_CUTS = Audit("sales_cuts", "By category, by region and by both, a day sums to its payments, to the cent.")
CUSTOMER_TOTALS = Audit("customer_totals", "What customers are worth sums to all payments, to the cent.")

JOINED = (
    "raw_payment", "raw_rental", "raw_inventory", "raw_film", "raw_film_category", "raw_category", "raw_customer",
    "raw_address", "raw_city", "raw_country", "raw_staff",
)  # fmt: skip
CUSTOMERS = ("raw_customer", "raw_address", "raw_city", "raw_country")


def _whole(*names: str) -> tuple[Upstream, ...]:
    return tuple(Upstream(name, "none") for name in names)


@step(
    *RAW,
    partitioning="none",
    extracts=True,
    audits=(EXTRACTION_TOTALS, SOURCE_SCHEMA, SOURCE_DUPLICATES),
)
def shop_tables(snapshot: Snapshot) -> Mapping[str, Query]:
    """The tables of the shop's database, all from one snapshot."""
    measured, notes = _measured(snapshot), _notes(snapshot)
    return {
        name: query(
            "sales/raw_table",
            extracted=snapshot.dataset(contract(name)),
            source_totals=measured,
            source_notes=notes,
            same_as="extracted",
        )
        for name in RAW
    }


shop_tables = replace(shop_tables, sql_files=("sales/raw_table",))  # one for all of them


def _measured(snapshot: Snapshot) -> Rows:
    """What the database itself counted."""
    kinds = {"table_name": "VARCHAR", "rows": "BIGINT", "amount": "DECIMAL(38,4)"}
    rows = []
    for name, table in sorted(snapshot.tables.items()):
        paid = table.measures.get("amount")
        rows.append((name.removeprefix("raw_"), table.rows, paid.total if paid else Decimal(0)))
    return Rows.of(kinds, rows)


def _notes(snapshot: Snapshot) -> Rows:
    """What people should know of the source."""
    notes = [(kind, detail) for kind, detail in sorted(snapshot.findings.items())]
    for name, table in sorted(snapshot.tables.items()):
        told = (("without", table.absent), ("with the unknown", table.added))
        notes += [
            ("schema", f"{name.removeprefix('raw_')} comes {how} {', '.join(found)}") for how, found in told if found
        ]
        notes += [
            ("unreadable", f"{name.removeprefix('raw_')}.{column} has {measure.unreadable:,} values that are no number")
            for column, measure in table.measures.items()
            if measure.unreadable
        ]
    return Rows.of({"kind": "VARCHAR", "detail": "VARCHAR"}, notes)


@step(
    "joined_sales",
    "rejected_sales",
    partitioning="none",
    upstreams=_whole(*JOINED),
    shared_sql=("sales/judged_payments",),
    audits=(SALES_BOOKS, REJECTED_SALES, ORPHANS, TOO_MANY_ORPHANS, PLAUSIBLE_SALES),
)
def joined_sales(settings: Settings, **tables: Dataset) -> Mapping[str, Query]:
    """Every payment with all that is known of it, and what was rejected."""
    judging = {"sales_start": settings.sales.start_date.isoformat(), "sales_today": settings.today.isoformat()}
    limits = {
        "max_orphan_share": settings.sales.max_orphan_share,
        "most_plausible_amount": settings.sales.most_plausible_amount,
    }
    judged = query("sales/judged_payments", parameters=judging, raw_payment=tables["raw_payment"])
    joined = query("sales/joined_sales", parameters=limits)
    return {
        "joined_sales": replace(joined, inputs={"judged_payments": judged, **tables}),
        "rejected_sales": query("sales/rejected_sales", judged_payments=judged, raw_rental=tables["raw_rental"]),
    }


@step(partitioning="date", upstreams=_whole("joined_sales"), audits=(AMOUNT_DISTRIBUTION,), drifts=(VOLUME,))
def sales(joined_sales: Dataset) -> Query:
    """The payments of a day with customer, region, store, rental and film."""
    return query("sales/sales", joined_sales=cut_by_day(joined_sales))


@step(
    "sales_by_category",
    "sales_by_region",
    "sales_by_category_region",
    partitioning="date",
    upstreams=(Upstream("sales", "date"),),
    shared_sql=("sales/sale_shares",),
    audits=(SALES_CUTS,),
)
def sales_cuts(sales: Dataset) -> Mapping[str, Query]:
    """Payments, amounts and customers of a day by category, by region, and by both."""
    shares = query("sales/sale_shares", sales=sales)
    return {
        "sales_by_category": query("sales/sales_by_category", sale_shares=shares),
        "sales_by_region": query("sales/sales_by_region", sales=sales),
        "sales_by_category_region": query("sales/sales_by_category_region", sale_shares=shares),
    }


@step(partitioning="none", upstreams=_whole("joined_sales", *CUSTOMERS), audits=(CUSTOMER_TOTALS,))
def customer_value(**tables: Dataset) -> Query:
    """What every customer is worth."""
    return replace(query("sales/customer_value"), inputs=tables)
