"""What the documentation says, done."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
BUILD = """
from pathlib import Path
from retail_assets.assets.platform import Platform
from retail_assets.settings import Settings
from retail_assets_tests.building import build, event, land, rows
platform = Platform.local(Settings(data_dir=Path("data")))
land(platform, "day.csv", [event(), event(event_time="2019-10-01 17:00:00 UTC")])
build(platform)
print(rows(platform, "SELECT hour, views FROM hourly_views ORDER BY hour", "hourly_views"))
"""


def _blocks(name: str) -> dict[str, str]:
    """The first code block of each language of a page."""
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for language, block in re.findall(r"```(\w+)\n(.*?)```", text, re.DOTALL):
        found.setdefault(language, block)
    return found


def test_a_dataset_is_added_with_one_contract_one_query_and_one_function(tmp_path: Path) -> None:
    for name in ("retail_assets", "retail_assets_tests"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    package, blocks = tmp_path / "retail_assets", _blocks("adding_a_dataset.md")
    (package / "contracts/clickstream/hourly_views.yaml").write_text(blocks["yaml"])
    (package / "sql/clickstream/hourly_views.sql").write_text(blocks["sql"])
    with (package / "assets/clickstream.py").open("a") as assets:
        assets.write(f"\n\n{blocks['python']}")
    catalogue = package / "assets/catalogue.py"
    after = "    clickstream.features,\n"
    catalogue.write_text(catalogue.read_text().replace(after, f"{after}    clickstream.hourly_views,\n"))

    done = subprocess.run(
        [sys.executable, "-c", BUILD],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONSAFEPATH": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[{'hour': 0, 'views': 1}, {'hour': 17, 'views': 1}]"


def test_links_between_pages_lead_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "benchmarks").glob("*.md")]
    broken = [
        f"{page.name}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
        if not target.startswith(("http:", "https:")) and not (page.parent / target).exists()
    ]

    assert not broken
