"""Dataset versions as a Dagster asset: each materialization publishes features, unless nothing has changed."""

import dagster as dg

from retail_assets.assets import documentation
from retail_assets.assets.platform import Platform
from retail_assets.assets.versioning import NAME, publish_features
from retail_assets.contracts import contract
from retail_assets.versions.publishing import Outcome

DESCRIPTION = """Immutable, numbered snapshots of features: retail_aggregates:1, :2 and so on.

A version is a folder of plain Parquet with a manifest of its files, rows, dates, columns, source files and code. The
same content is the same version again. `retail versions` lists them, `retail diff 1 2` compares two."""


@dg.asset(
    name=NAME,
    description=DESCRIPTION,
    deps=[dg.AssetDep("features", partition_mapping=dg.AllPartitionMapping())],
    group_name=contract("features").domain,
    owners=[f"team:{contract('features').owner}"],
    kinds={"parquet"},
    tags={"domain": contract("features").domain, "partitions": "none"},
    metadata={"dagster/column_schema": documentation.column_schema(contract("features"))},
    required_resource_keys={"platform"},
)
def retail_aggregates(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    """Publish features as they are now; the error says why where that cannot be."""
    platform: Platform = context.resources.platform
    try:
        outcome = publish_features(platform)
    except ValueError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    version = outcome.version
    if outcome.is_new and version.origin.stale_dates:
        context.log.warning(f"features were not up to date on {', '.join(version.origin.stale_dates)}")
    return dg.MaterializeResult(metadata=_metadata(outcome), data_version=dg.DataVersion(version.digest))


def _metadata(outcome: Outcome) -> dict[str, dg.MetadataValue | str | int | bool]:
    version = outcome.version
    return {
        "version": version.reference,
        "is_new": outcome.is_new,
        "dagster/row_count": version.rows,
        "dates": len(version.dates),
        "first_date": version.dates[0],
        "last_date": version.dates[-1],
        "files": len(version.files),
        "bytes": version.bytes,
        "source_files": len(version.origin.sources),
        "stale_dates": len(version.origin.stale_dates),
        "digest": version.digest,
        "path": dg.MetadataValue.path(str(version.folder)),
    }
