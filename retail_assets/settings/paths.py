"""Paths of settings, made absolute where they are read, and what URLs of S3 look like."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

AbsolutePath = Annotated[Path, AfterValidator(lambda path: path.expanduser().absolute())]
S3_URL = r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^/?#*]+)*/?$"
