"""Opens what commands work on: the settings, and the platform that they describe."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retail_assets.assets.platform import Platform

_named: Path | None = None
"""The folder that --data-dir named, where it was given."""


def choose_data_dir(folder: Path | None) -> None:
    """Make this folder, where one is named, the platform of this process and of all that it starts."""
    global _named
    _named = folder
    if folder:
        os.environ["RETAIL_DATA_DIR"] = str(folder.expanduser().absolute())


def command_line(command: str) -> str:
    """The command as the user must write it to stay on the same platform."""
    return f"retail --data-dir {shlex.quote(str(_named))} {command}" if _named else f"retail {command}"


def forget_settings() -> None:
    """Read the settings anew: the environment may have changed since they were last read."""
    if "retail_assets.settings" in sys.modules:
        from retail_assets.settings import settings

        settings.cache_clear()


def open_platform() -> Platform:
    """The platform of the settings in force."""
    from retail_assets.assets.platform import Platform
    from retail_assets.settings import settings

    return Platform.of(settings())
