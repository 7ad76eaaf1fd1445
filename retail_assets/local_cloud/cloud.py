"""The whole local cloud: an S3 server, PostgreSQL and the stand-in of Redshift in front of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from retail_assets.local_cloud.postgres_server import PostgresServer, postgres_server
from retail_assets.local_cloud.redshift.server import RedshiftServer, redshift_server
from retail_assets.local_cloud.s3_server import BUCKET, S3Server, s3_server


@dataclass(frozen=True)
class LocalCloud:
    """Running servers on 127.0.0.1: S3 and PostgreSQL are real, Redshift is simulated."""

    s3: S3Server
    postgres: PostgresServer
    redshift: RedshiftServer

    def credentials(self) -> dict[str, str]:
        """The environment in which the AWS chain finds the S3 server's credentials."""
        return {
            "AWS_ACCESS_KEY_ID": self.s3.key,
            "AWS_SECRET_ACCESS_KEY": self.s3.secret,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def variables(self, prefix: str, namespace: str = "retail") -> dict[str, str]:
        """The environment of a platform whose inbox and lake are below the prefix, and whose tables in the schema."""
        found = {
            "RETAIL_ENV": "cloud",
            "RETAIL_LAKE_URL": f"s3://{BUCKET}/{prefix}/lake",
            "RETAIL_INBOX_URL": f"s3://{BUCKET}/{prefix}/landing",
            "RETAIL_S3_ENDPOINT_URL": self.s3.endpoint,
            "RETAIL_S3_REGION": self.s3.region,
            "RETAIL_S3_PATH_STYLE": "true",
            "RETAIL_REDSHIFT_HOST": self.redshift.host,
            "RETAIL_REDSHIFT_PORT": str(self.redshift.port),
            "RETAIL_REDSHIFT_DATABASE": self.redshift.database,
            "RETAIL_REDSHIFT_NAMESPACE": namespace,
            "RETAIL_REDSHIFT_USER": self.redshift.user,
            "RETAIL_REDSHIFT_PASSWORD": self.redshift.password,
            "RETAIL_REDSHIFT_IAM_ROLE": self.redshift.role,
            "RETAIL_REDSHIFT_STAGING_URL": f"s3://{BUCKET}/{prefix}/redshift",
        }
        if self.redshift.ca_bundle:
            found["RETAIL_REDSHIFT_CA_BUNDLE"] = str(self.redshift.ca_bundle)
        return found


@contextmanager
def local_cloud(folder: Path) -> Iterator[LocalCloud]:
    """The servers from start to end; what they held before is there again."""
    with (
        s3_server(folder / "s3") as s3,
        postgres_server(folder / "postgres") as postgres,
        redshift_server(folder / "redshift", postgres, s3) as redshift,
    ):
        yield LocalCloud(s3, postgres, redshift)
