"""Examines Redshift as the platform uses it: each step of a load and of a reading, on a table that nobody sees."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from retail_assets.cli.examination import Finding
from retail_assets.engine.s3_errors import S3Error
from retail_assets.settings import Settings
from retail_assets.warehouse.redshift import RedshiftError, RedshiftStore
from retail_assets.warehouse.redshift.connecting import Session
from retail_assets.warehouse.redshift.load_errors import DETAILS
from retail_assets.warehouse.redshift.sql import encryption_of, literal, role_of
from retail_assets.warehouse.redshift.staging_area import StagingFolder

TABLE = "retail_doctor"
"""Temporary: the session's own, and gone with it."""


def examine_redshift(settings: Settings) -> Iterator[Finding]:
    """Try what loads and readings need; what is written to S3 is removed again."""
    store = RedshiftStore(settings)
    try:
        with store.redshift.session() as session:
            yield Finding("Redshift: connect", "ok", f"as {_user(session)} at {session.place}")
            yield _schema(session, store.namespace)
            yield from _examine_loading(session, store)
            yield _load_errors(session)
    except (RedshiftError, S3Error, ValueError) as error:
        told, _, mend = str(error).partition(": ")
        yield Finding("Redshift: connect", "wrong", told, mend)


def _examine_loading(session: Session, store: RedshiftStore) -> Iterator[Finding]:
    role = role_of(store.settings.redshift)
    with tempfile.TemporaryDirectory() as local, store.staging_area.folder() as folder:
        looks: dict[str, Callable[[], str]] = {
            "staging prefix (s3:PutObject for us)": lambda: _put(folder, Path(local)),
            "COPY (s3:GetObject, s3:ListBucket for its role)": lambda: _copy(session, folder, role),
            "UNLOAD (s3:PutObject for its role)": lambda: _unload(session, folder, store.settings),
        }
        for what, look in looks.items():
            finding = _tried(f"Redshift: {what}", look)
            yield finding
            if finding.state == "wrong":
                return  # each needs the one before


def _tried(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, "ok", look())
    except (RedshiftError, S3Error) as error:
        return Finding(what, "wrong", str(error), "see the roles of Redshift in docs/cloud.md")


def _user(session: Session) -> str:
    ((user,),) = session.rows("asking who we are", "SELECT current_user")
    return str(user)


def _schema(session: Session, namespace: str) -> Finding:
    what = f"Redshift: schema {namespace}"
    known = f"SELECT has_schema_privilege(nspname, 'CREATE') FROM pg_namespace WHERE nspname = {literal(namespace)}"
    found = session.rows("looking at the schema", known)
    if found:
        mend = "" if found[0][0] else f"GRANT CREATE, USAGE ON SCHEMA {namespace} TO our user"
        return Finding(what, "wrong" if mend else "ok", "not ours to write" if mend else "there", mend)
    ((may,),) = session.rows("asking for rights", "SELECT has_database_privilege(current_database(), 'CREATE')")
    mend = "" if may else f"CREATE SCHEMA {namespace} AUTHORIZATION our user"
    return Finding(what, "ok" if may else "wrong", "not there yet; the first load makes it" if may else "missing", mend)


def _put(folder: StagingFolder, local: Path) -> str:
    import duckdb

    file = local / "probe.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT 42::BIGINT AS number) TO {literal(str(file))} (FORMAT parquet)")
    folder.put_manifest([folder.put(file, "probe.parquet")], "probe.manifest")
    return f"{folder.place.bucket}: written"


def _copy(session: Session, folder: StagingFolder, role: str) -> str:
    session.run("making a temporary table", f"CREATE TEMPORARY TABLE {TABLE} (number BIGINT NOT NULL)")
    manifest = literal(str(folder.place / "probe.manifest"))
    session.run("COPY", f"COPY {TABLE} FROM {manifest} IAM_ROLE {role} FORMAT AS PARQUET MANIFEST")
    ((number,),) = session.rows("reading", f"SELECT number FROM {TABLE}")
    return f"it reads {number}"


def _unload(session: Session, folder: StagingFolder, settings: Settings) -> str:
    target = literal(str(folder.place / "unloaded_"))
    how = f"IAM_ROLE {role_of(settings.redshift)} FORMAT AS PARQUET{encryption_of(settings.s3)}"
    session.run("UNLOAD", f"UNLOAD ('SELECT number FROM {TABLE}') TO {target} {how}")
    return "written"


def _load_errors(session: Session) -> Finding:
    what = "Redshift: system tables of load errors"
    for details in DETAILS:
        try:
            session.rows("asking for load errors", details)
        except RedshiftError:
            continue
        return Finding(what, "ok", "errors of COPY can name row and column")
    return Finding(what, "hint", "not readable: errors of COPY name no row", "GRANT ROLE sys:monitor TO our user")
