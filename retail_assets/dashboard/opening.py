"""Opens what all pages share: the platform, and the reader of its warehouse."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime

import streamlit as st

from retail_assets.assets.platform import Platform
from retail_assets.questions.reader import FileReader
from retail_assets.settings import Settings, settings


@st.cache_resource
def warehouse() -> FileReader:
    """The reader that all sessions of this server share."""
    return FileReader(settings())


def open_platform() -> Platform:
    """The platform of the settings in force."""
    return Platform.local(settings())


def command_line(command: str) -> str:
    """The command as it must be written to work on this platform, from any folder."""
    chosen = settings()
    is_default = chosen.data_dir == Settings.model_fields["data_dir"].default.absolute()
    return f"retail {command}" if is_default else f"retail --data-dir {shlex.quote(str(chosen.data_dir))} {command}"


def published_at() -> datetime | None:
    """When the warehouse was last published, or None where there is none."""
    try:
        return datetime.fromtimestamp(settings().warehouse_file.stat().st_mtime, UTC)
    except FileNotFoundError:
        return None
