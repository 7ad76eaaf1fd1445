"""Paths of settings, made absolute where they are read."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

AbsolutePath = Annotated[Path, AfterValidator(lambda path: path.expanduser().absolute())]
