"""Certificates for local servers: an authority of one's own and a certificate for localhost, by the openssl command."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

DAYS = "3650"
NAMES = "subjectAltName=DNS:localhost,IP:127.0.0.1"


@dataclass(frozen=True)
class Certificates:
    """The PEM files: who vouches, for what, and the server's secret."""

    authority: Path
    certificate: Path
    key: Path

    @classmethod
    def made(cls, folder: Path) -> Certificates:
        """Those of the folder, made where it has none yet."""
        made = cls(folder / "ca.pem", folder / "server.pem", folder / "server.key")
        if not made.certificate.exists():
            made._make(folder / "ca.key", folder / "server.csr", folder / "names.ext")
        return made

    def _make(self, authority_key: Path, request: Path, names: Path) -> None:
        names.write_text(f"{NAMES}\nbasicConstraints=CA:FALSE\n")
        new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        _openssl("req", "-x509", *new, "-subj", "/CN=Local authority", "-days", DAYS, "-keyout", authority_key,
                 "-out", self.authority)  # fmt: skip
        _openssl("req", *new, "-subj", "/CN=localhost", "-keyout", self.key, "-out", request)
        _openssl("x509", "-req", "-in", request, "-CA", self.authority, "-CAkey", authority_key, "-CAcreateserial",
                 "-days", DAYS, "-extfile", names, "-out", self.certificate)  # fmt: skip


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
