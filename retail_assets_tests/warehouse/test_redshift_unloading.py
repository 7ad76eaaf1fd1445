"""UNLOAD by the stand-in of Redshift: what it is told of encryption, which it has no keys for itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from retail_assets.contracts import contract
from retail_assets.engine.partition import Partition
from retail_assets.warehouse.redshift import RedshiftStore
from retail_assets.warehouse.redshift.reading import unload
from retail_assets_tests.servers.dropping import DroppingLine
from retail_assets_tests.warehouse.staged import output_of, publication

BOOKS = contract("data_quality")
ROW = "SELECT NULL AS date, 'landing' AS stage, 'it''s' AS reason, 7 AS rows"
KEY = "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        ({}, "FORMAT AS PARQUET"),
        ({"encryption": "sse-s3"}, "FORMAT AS PARQUET"),  # as UNLOAD does by itself
        ({"encryption": "kms"}, "FORMAT AS PARQUET ENCRYPTED AUTO"),
        ({"encryption": "kms", "kms_key_id": KEY}, f"FORMAT AS PARQUET KMS_KEY_ID '{KEY}' ENCRYPTED"),
    ],
)
def test_rows_are_unloaded_with_the_key_of_the_settings(
    overheard: RedshiftStore, line: DroppingLine, tmp_path: Path, chosen: dict[str, str], told: str
) -> None:
    overheard.publish(output_of(BOOKS), [publication(BOOKS, Partition(), ROW, tmp_path)])
    s3 = overheard.settings.s3.model_copy(update=chosen)

    found = unload(RedshiftStore(overheard.settings.model_copy(update={"s3": s3})), BOOKS).to_arrow().to_pylist()

    (statement,) = [text for text in line.statements if text.startswith("UNLOAD")]
    assert statement.endswith(told)
    assert found == [{"date": None, "stage": "landing", "reason": "it's", "rows": 7}]
