"""`retail doctor --cloud` on the stand-in of Redshift: what is there, and what is named as missing."""

from __future__ import annotations

from typing import Any

import pytest

from retail_assets.cli.redshift_examination import examine_redshift
from retail_assets.settings import Settings
from retail_assets.warehouse.redshift import RedshiftStore


def _changed(settings: Settings, **redshift: Any) -> Settings:
    return settings.model_copy(update={"redshift": settings.redshift.model_copy(update=redshift)})


def test_all_is_well_and_nothing_is_left(cloud_settings: Settings) -> None:
    findings = list(examine_redshift(cloud_settings))

    assert [finding.state for finding in findings] == ["ok"] * 6
    assert "awsuser" in findings[0].found
    area = RedshiftStore(cloud_settings).staging_area
    assert list(area.s3.listed(area.root)) == []


def test_a_schema_of_somebody_else(cloud: Any, cloud_settings: Settings) -> None:
    with cloud.postgres.connect(cloud.redshift.database).cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {cloud_settings.redshift.namespace}")

    wrong = [finding for finding in examine_redshift(cloud_settings) if finding.state == "wrong"]

    assert [(finding.what, finding.found) for finding in wrong] == [
        (f"Redshift: schema {cloud_settings.redshift.namespace}", "not ours to write")
    ]
    assert "GRANT CREATE, USAGE" in wrong[0].mend


@pytest.mark.parametrize(
    ("changed", "what", "said"),
    [
        ({"iam_role": "arn:aws:iam::123456789012:role/other"}, "COPY", "not authorized to assume IAM Role"),
        ({"port": 1}, "connect", "nobody listens there"),
        ({"staging_url": "s3://no-such-bucket/x"}, "connect", "bucket"),
        ({"user": None}, "connect", "needs RETAIL_REDSHIFT_USER"),
    ],
)
def test_what_is_missing_is_named(cloud_settings: Settings, changed: dict[str, Any], what: str, said: str) -> None:
    wrong = [finding for finding in examine_redshift(_changed(cloud_settings, **changed)) if finding.state == "wrong"]

    (finding,) = wrong
    assert what in finding.what
    assert said in f"{finding.found} {finding.mend}"
