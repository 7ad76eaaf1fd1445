"""The platform's Dagster instance: it lives in the data folder, so that two folders are two platforms."""

from __future__ import annotations

import os
from pathlib import Path

import yaml

from retail_assets.settings import Settings

PROJECT = Path(__file__).parents[2]
STORAGE_SECTIONS = ("storage", "local_artifact_storage", "compute_logs")


def use_instance_of(settings: Settings) -> Path:
    """Point ``DAGSTER_HOME`` at the platform's instance, unless the user has chosen one; returns the folder.

    Its ``dagster.yaml`` is the project's, without the storage folders: those default to the home itself. For the
    default data folder that is the very place that the project's ``dagster.yaml`` names.
    """
    home = Path(os.environ.setdefault("DAGSTER_HOME", str(settings.dagster_home)))
    home.mkdir(parents=True, exist_ok=True)
    configuration = home / "dagster.yaml"
    if home == settings.dagster_home and _project_file("dagster.yaml").exists():
        project = yaml.safe_load(_project_file("dagster.yaml").read_text(encoding="utf-8"))
        kept = {name: section for name, section in project.items() if name not in STORAGE_SECTIONS}
        _write_if_new(configuration, yaml.safe_dump(kept))
    elif not configuration.exists():
        configuration.write_text("telemetry:\n  enabled: false\n", encoding="utf-8")
    return home


def workspace_file() -> Path:
    """The project's workspace.yaml, the one source of code locations."""
    return _project_file("workspace.yaml")


def _write_if_new(path: Path, text: str) -> None:
    """Write the file whole, unless it says so already: another process may be reading it."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)


def _project_file(name: str) -> Path:
    return PROJECT / name
