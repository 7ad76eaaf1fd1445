"""Clients of S3, with the credentials of the standard AWS chain."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from retail_assets.engine.s3_errors import explained
from retail_assets.settings import S3Settings

if TYPE_CHECKING:
    from botocore.credentials import ReadOnlyCredentials
    from botocore.session import Session

CONNECTIONS = 16
"""Of one client at once: enough for a publication's PUTs, and for reading the manifests beside it."""
SOME_REGION = "us-east-1"
"""For servers that know no regions, whose requests are signed for one all the same."""


def s3_client(settings: S3Settings) -> Any:
    """The process's S3 client for these settings; threads may share it.

    It sends a request up to ``attempts`` times with growing pauses, where the server is busy or the line is bad.

    Raises:
        S3Error: there are no credentials, or the profile does not exist.
    """
    return _connected(settings, os.getpid()).client


def s3_credentials(settings: S3Settings) -> ReadOnlyCredentials:
    """The credentials that the chain has at this moment, renewed where they expire.

    Raises:
        S3Error: there are none, or they cannot be renewed.
    """
    from botocore.exceptions import NoCredentialsError

    with explained("reading credentials"):
        found = _connected(settings, os.getpid()).session.get_credentials()
        if found is None:
            raise NoCredentialsError()
        return found.get_frozen_credentials()


class _Connected(NamedTuple):
    session: Session
    client: Any


@lru_cache(maxsize=16)
def _connected(settings: S3Settings, _process: int) -> _Connected:
    """Per process, since a fork must not share its parent's sockets."""
    import botocore.session
    from botocore.config import Config

    with explained("opening a client"):
        session = botocore.session.Session(profile=settings.profile)
        if settings.role_arn:
            session = _as_role(session, settings.role_arn)
        config = Config(
            connect_timeout=settings.connect_timeout_seconds,
            read_timeout=settings.read_timeout_seconds,
            retries={"mode": "standard", "total_max_attempts": settings.attempts},
            max_pool_connections=CONNECTIONS,
            s3={"addressing_style": "path" if settings.path_style else "auto"},
            user_agent_extra="retail-assets",
        )
        client = session.create_client(
            "s3",
            region_name=settings.region or session.get_config_variable("region") or SOME_REGION,
            endpoint_url=settings.endpoint_url,
            verify=str(settings.ca_bundle) if settings.ca_bundle else None,
            config=config,
        )
    return _Connected(session, client)


def _as_role(session: Session, role_arn: str) -> Session:
    """A session with the credentials of the role, renewed before they expire."""
    from botocore.credentials import (
        AssumeRoleCredentialFetcher,
        CredentialProvider,
        CredentialResolver,
        DeferredRefreshableCredentials,
    )
    from botocore.exceptions import NoCredentialsError

    own = session.get_credentials()
    if own is None:
        raise NoCredentialsError()
    fetcher = AssumeRoleCredentialFetcher(
        session.create_client, own, role_arn, extra_args={"RoleSessionName": "retail-assets"}
    )

    class Assumed(CredentialProvider):  # type: ignore[misc]
        METHOD = "assume-role"

        def load(self) -> DeferredRefreshableCredentials:
            return DeferredRefreshableCredentials(fetcher.fetch_credentials, self.METHOD)

    assumed = type(session)(profile=session.profile)
    assumed.register_component("credential_provider", CredentialResolver([Assumed()]))
    return assumed
