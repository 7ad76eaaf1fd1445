"""Opens what all pages share: the platform, and the reader of its warehouse."""

from __future__ import annotations

import shlex
from functools import cache
from threading import Lock

from retail_assets.assets.platform import Platform
from retail_assets.questions.opening import open_warehouse
from retail_assets.questions.warehouse import Warehouse
from retail_assets.settings import Settings, settings

_opening = Lock()


def warehouse() -> Warehouse:
    """The reader that all sessions of this server share."""
    with _opening:  # else two who come first open one each
        return _warehouse()


@cache
def _warehouse() -> Warehouse:
    return open_warehouse(settings())


@cache
def open_platform() -> Platform:
    """The platform of the settings in force."""
    return Platform.of(settings())


def command_line(command: str) -> str:
    """The command as it must be written to work on this platform, from any folder."""
    chosen = settings()
    is_default = chosen.data_dir == Settings.model_fields["data_dir"].default.absolute()
    return f"retail {command}" if is_default else f"retail --data-dir {shlex.quote(str(chosen.data_dir))} {command}"
