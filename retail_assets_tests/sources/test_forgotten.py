"""Forgotten customers in what is extracted: gone from what is held, and not brought back by any later extraction."""

from __future__ import annotations

from pathlib import Path

import pytest

from retail_assets.engine.parallel import at_once
from retail_assets.engine.s3_location import S3Location
from retail_assets.engine.s3_objects import S3
from retail_assets.settings import Settings
from retail_assets.sources.postgres.connection import SourceError
from retail_assets.sources.postgres.marks import Marks
from retail_assets.sources.postgres.snapshot import Snapshot
from retail_assets_tests.servers.shop_database import ShopDatabase
from retail_assets_tests.sources.reading import extracted

CUSTOMER, CLERK = "5", "8"


def content(snapshot: Snapshot) -> dict[str, str]:
    """A digest of the rows of each table."""
    return {name: table.digest for name, table in snapshot.tables.items()}


def addresses(snapshot: Snapshot) -> dict[str, str]:
    """The address of each customer."""
    return dict(extracted(snapshot, "raw_customer", "customer_id, address_id"))


@pytest.mark.parametrize("incremental_rows", [0, 1_000_000])
def test_what_is_held_and_what_is_extracted_later_are_alike(
    incremental_rows: int, shop: ShopDatabase, tmp_path: Path
) -> None:
    shop.run(
        "UPDATE customer SET address_id = (SELECT address_id FROM staff WHERE staff_id = 1) "
        f"WHERE customer_id = {CLERK}"
    )
    extraction = shop.extraction(tmp_path, incremental_rows=incremental_rows)
    before = shop.extraction(tmp_path / "of others").take()
    extraction.take()
    extraction.forget(CUSTOMER)
    extraction.forget(CLERK)
    held = extraction.latest()

    assert content(extraction.take()) == content(held)
    assert set(addresses(before)) - set(addresses(held)) == {CUSTOMER, CLERK}
    left = {address for (address,) in extracted(held, "raw_address", "address_id")}
    assert addresses(before)[CUSTOMER] not in left
    assert addresses(before)[CLERK] in left  # where somebody works
    for name in ("raw_payment", "raw_rental"):
        count = f"count(*), count(*) FILTER (WHERE customer_id IN ('{CUSTOMER}', '{CLERK}', 'forgotten'))"
        assert extracted(held, name, count) == extracted(before, name, count)
        assert extracted(held, name, f"count(*) FILTER (WHERE customer_id = '{CUSTOMER}')") == [(0,)]
    assert {path.name for path in (extraction.folder / "objects").iterdir()} == {
        table.file for table in held.tables.values()
    }

    shop.run(
        "INSERT INTO payment (payment_id, customer_id, staff_id, rental_id, amount, payment_date) "
        f"VALUES (1000001, {CUSTOMER}, 1, 1, 9.99, '2007-03-03')",
        f"UPDATE customer SET address_id = 3 WHERE customer_id = {CUSTOMER}",
    )
    after = extraction.take()
    assert ("1000001", "forgotten") in extracted(after, "raw_payment", "payment_id, customer_id")
    assert CUSTOMER not in addresses(after)


def test_whoever_was_never_extracted_does_not_come(shop: ShopDatabase, tmp_path: Path) -> None:
    extraction = shop.extraction(tmp_path)
    extraction.forget(CUSTOMER)

    assert extraction.latest().tables == {}
    assert CUSTOMER not in addresses(extraction.take())


def test_the_list_names_nobody_and_each_platform_has_another(shop: ShopDatabase, tmp_path: Path) -> None:
    lists = []
    for name in ("one", "other"):
        extraction = shop.extraction(tmp_path / name)
        extraction.forget("customer@example.com")
        lists.append(extraction.settings.forgotten_file.read_text())

    assert "example" not in "".join(lists)
    assert lists[0] != lists[1]


def test_a_damaged_list_stops_extractions(shop: ShopDatabase, tmp_path: Path) -> None:
    extraction = shop.extraction(tmp_path)
    before = extraction.take()
    extraction.settings.forgotten_file.write_text("{")

    with pytest.raises(SourceError, match=r"forgotten.json.* Restore it from a backup"):
        extraction.take()

    assert extraction.latest() == before


def test_what_cannot_be_forgotten_for_want_of_its_object_is_an_error(shop: ShopDatabase, tmp_path: Path) -> None:
    extraction = shop.extraction(tmp_path)
    table = extraction.take().tables["raw_payment"]
    (extraction.folder / "objects" / table.file).unlink()

    with pytest.raises(SourceError, match="is gone"):
        extraction.forget(CUSTOMER)

    extraction.take()  # knows of it already
    assert CUSTOMER not in addresses(extraction.latest())


def test_a_lake_on_s3_keeps_the_marks_of_all_machines(on_s3: Settings, tmp_path: Path) -> None:
    """Each adds to what the others have written, at the same time too, and forgets none of it."""
    customers = [str(number) for number in range(8)]

    def forget(customer: str) -> None:
        Marks(on_s3.model_copy(update={"data_dir": tmp_path / customer})).remember(customer)

    at_once(forget, customers)

    known = Marks(on_s3.model_copy(update={"data_dir": tmp_path / "another"})).read()
    assert set(known.marks) == {known.mark(customer) for customer in customers}
    assert list(tmp_path.rglob("*forgotten*")) == []


def test_marks_from_before_the_lake_was_on_s3_hold(on_s3: Settings) -> None:
    on_s3.data_dir.mkdir(parents=True)
    Marks(on_s3.model_copy(update={"lake_url": None})).remember(CUSTOMER)

    known = Marks(on_s3).remember(CLERK)

    assert set(known.marks) == {known.mark(CUSTOMER), known.mark(CLERK)}
    on_s3.forgotten_file.unlink()
    assert Marks(on_s3).read() == known


def test_a_damaged_list_on_s3_is_an_error(on_s3: Settings) -> None:
    S3(on_s3.s3).put(S3Location.of(str(on_s3.lake_url)) / "_forgotten.json", b"{")

    with pytest.raises(SourceError, match=r"s3://.*_forgotten.json.* Restore it from a backup"):
        Marks(on_s3).read()
