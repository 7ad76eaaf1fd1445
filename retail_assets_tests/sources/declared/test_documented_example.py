"""The example of docs/sources.md, as it stands there."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from retail_assets.engine.s3_location import S3Location
from retail_assets.engine.s3_objects import S3
from retail_assets.local_cloud.s3_server import BUCKET
from retail_assets.settings import Settings
from retail_assets.sources.declared.source import read_sources
from retail_assets_tests.sources.declared.declaring import AMOUNT, ID, Declared

PAGE = Path(__file__).parents[3] / "docs" / "sources.md"


def _blocks() -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_documented_source_and_contract_do_what_they_say(declared: Declared) -> None:
    sources, contract = yaml.safe_load(_blocks()[0])["sources"], _blocks()[1]
    (orders,) = (entry for entry in sources if entry["name"] == "orders")
    (declared.folder / "contracts").mkdir()
    (declared.folder / "contracts" / "orders.yaml").write_text(contract)
    declared.settings.sources_file.write_text(yaml.safe_dump({"sources": [{**orders, "location": "in"}]}))
    declared.deliver("a.csv", "OrderNo,ordered_at,amount\n1,2024-03-01 00:30:00,2.50\n")
    declared.deliver(
        "b.jsonl", '{"id": 2, "ordered_at": "2024-03-01T00:30Z", "amount": 1, "customer": {"email": "A@B.c"}}\n'
    )

    declared.make("orders")

    assert declared.rows("orders", "date::VARCHAR, order_id, amount, country, email", "order_id") == [
        ("2024-02-29", "1", Decimal("2.50"), "DE", None),
        ("2024-03-01", "2", Decimal("1.00"), "DE", "a@b.c"),
    ]


def test_every_documented_key_is_one(declared: Declared) -> None:
    (declared.folder / "contracts").mkdir()
    entries = [entry for block in _blocks() for entry in yaml.safe_load(block).get("sources", ())]
    names = [entry["name"] for entry in entries]
    for name in names:
        text = _blocks()[1].replace("name: orders", f"name: {name}")
        (declared.folder / "contracts" / f"{name}.yaml").write_text(text)
    declared.settings.sources_file.write_text(yaml.safe_dump({"sources": entries}))

    found = read_sources(declared.settings.sources_file)

    assert not found.broken
    assert [source.name for source in found.sound] == names == ["customers", "orders", "reviews", "retail_events"]


@pytest.mark.usefixtures("on_s3")
def test_files_of_a_folder_and_of_s3_are_one_dataset(tmp_path: Path, on_s3: Settings) -> None:
    declared = Declared(tmp_path / "shop", on_s3.model_copy(update={"lake_url": None}))
    place = S3Location.of(f"s3://{BUCKET}/exports of {tmp_path.name}")
    declared.source("shops", ID, AMOUNT, location=["in", str(place)])
    declared.deliver("a.csv", "id,amount\n1,2\n")
    S3(on_s3.s3).put(place / "deep/b.csv", b"id,amount\n2,3\n")
    S3(on_s3.s3).put(place / "_hidden.csv", b"id,amount\n9,9\n")
    declared.make("shops")
    S3(on_s3.s3).put(place / "deep/b.csv", b"id,amount\n2,4\n")

    declared.make("shops")

    assert declared.rows("shops") == [("1", Decimal(2)), ("2", Decimal(4))]
    assert not declared.platform.intake("shops").unseen()
