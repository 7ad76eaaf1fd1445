"""The report: what it tells, that it stands alone, and what is said where there is nothing to tell."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from retail_assets.assets.platform import Platform
from retail_assets.assets.report_asset import retail_report
from retail_assets.cli.main import main
from retail_assets.questions.file_reader import FileReader
from retail_assets.questions.period import Period, usual_length
from retail_assets.report.content import gather
from retail_assets.report.page import page
from retail_assets.report.svg import Point, line_charts, nice_top
from retail_assets.report.writing import write_report
from retail_assets.settings import Settings
from retail_assets.settings import settings as settings_of_process
from retail_assets_tests.building import build, event, land
from retail_assets_tests.shop import MISSING

PERIOD = Period(date(2019, 11, 25), date(2019, 12, 8))
VOID = {"meta", "circle", "line", "rect", "polyline", "wbr"}


@pytest.fixture(scope="module")
def shop(built_shop: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A copy of the built shop, which takes the reports that are written without a path."""
    folder = tmp_path_factory.mktemp("report") / "data"
    shutil.copytree(built_shop.data_dir, folder)
    return built_shop.model_copy(update={"data_dir": folder})


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, shop: Settings) -> Iterator[Callable[..., int]]:
    """Runs `retail report` on the shop; returns the exit code."""
    monkeypatch.setenv("RETAIL_DATA_DIR", str(shop.data_dir))

    def run(*arguments: str) -> int:
        with pytest.raises(SystemExit) as done:
            main(["report", *arguments])
        return int(done.value.code or 0)

    yield run
    settings_of_process.cache_clear()


class Balance(HTMLParser):
    """Follows the tags of a page; raises where one is closed that is not open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.add(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


def made(settings: Settings, period: Period = PERIOD) -> str:
    with closing(FileReader(settings)) as reader:
        return page(gather(reader, period))


def test_its_totals_are_those_of_the_warehouse(shop: Settings) -> None:
    with duckdb.connect(str(shop.warehouse_file), read_only=True) as connection:
        ((purchases, before),) = connection.execute(
            "SELECT sum(purchases_t) FILTER (date >= '2019-11-25'), sum(purchases_t) FILTER (date < '2019-11-25') "
            "FROM features WHERE key_type = 'product_id' AND date BETWEEN '2019-11-11' AND '2019-12-08'"
        ).fetchall()

    with closing(FileReader(shop)) as reader:
        content = gather(reader, Period(date(2019, 11, 25), date(2019, 12, 8)))

    assert content.now["purchases"] == purchases
    assert content.before is None, "the period before lacks a date, so it is no measure"
    assert before


def test_it_is_one_well_formed_page_without_scripts_or_links(shop: Settings) -> None:
    text = made(shop)

    balance = Balance()
    balance.feed(text)
    assert balance.open == []
    assert not balance.seen & {"script", "link", "img", "iframe"}
    assert not re.search(r"(src|href)=|url\(|https?:", text)
    for heading in ("What happened", "What is expected", "What is wrong with the data"):
        assert f"<h2>{heading}</h2>" in text


def test_a_missing_date_breaks_the_line_and_is_told(shop: Settings) -> None:
    text = made(shop, Period(date(2019, 11, 4), date(2019, 11, 24)))

    assert f"1 date is missing: {MISSING.day} Nov 2019" in text
    wide = text.split('<svg class="chart wide"')[1].split("</svg>")[0]
    assert wide.count('class="line"') == 2


def test_names_of_keys_cannot_break_out(settings: Settings) -> None:
    platform = Platform.local(settings)
    evil = "<script>alert(1)</script>&\"'"
    events = [event(event_time=f"2019-10-{day:02} 10:00:00 UTC") for day in range(1, 15)]
    land(platform, "a.csv", [*events, event(event_type="purchase", brand=evil, event_time="2019-10-14 11:00:00 UTC")])
    build(platform)

    text = made(settings, Period(date(2019, 10, 8), date(2019, 10, 14)))

    assert "<script>" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;&#x27;" in text


def test_it_is_written_whole_and_nothing_is_left_beside_it(shop: Settings, tmp_path: Path) -> None:
    first = write_report(shop, period=PERIOD, path=tmp_path / "mine.html")
    again = write_report(shop, period=PERIOD, path=tmp_path / "mine.html")

    assert first.path == again.path
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith(".")] == ["mine.html"]


@pytest.mark.parametrize(("dates", "length"), [(1, 1), (13, 13), (14, 7), (42, 14), (56, 28), (400, 28)])
def test_the_usual_period_leaves_as_much_to_compare_with(dates: int, length: int) -> None:
    assert usual_length(dates) == length


def test_the_command_prints_the_file(
    command: Callable[..., int], shop: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command() == 0

    printed = Path(capsys.readouterr().out.strip())
    assert printed == shop.reports_dir / "report_2019-11-25_2019-12-08.html"
    assert "25 Nov 2019" in printed.read_text(encoding="utf-8")


def test_the_command_takes_a_date_or_a_range(command: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert command("--date", "2019-11-30") == 0
    assert "_2019-11-30.html" in capsys.readouterr().out
    assert command("--from", "2019-11-29", "--to", "2019-11-29") == 0
    assert "report_2019-11-29_2019-11-29.html" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--date", "2019-11-30", "--from", "2019-11-01"), "--date goes without"),
        (("--from", "2019-11-01"), "go together"),
        (("--from", "2019-11-02", "--to", "2019-11-01"), "Swap"),
        (("--from", "2021-01-01", "--to", "2021-01-31"), "it has those from 2019-10-28 to 2019-12-08"),
    ],
)
def test_what_cannot_be_told_is_refused(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], told: str
) -> None:
    assert command(*arguments) != 0
    assert told in capsys.readouterr().err


def test_nothing_built_names_the_command(settings: Settings) -> None:
    with pytest.raises(ValueError, match="retail backfill"):
        write_report(settings)


def test_the_asset_writes_it_and_tells_where(shop: Settings) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize([retail_report], instance=instance, resources={"platform": Platform.local(shop)})

    (event,) = result.asset_materializations_for_node("retail_report")
    assert Path(str(event.metadata["path"].value)).exists()
    assert event.metadata["last_date"].value == "2019-12-08"


@pytest.mark.parametrize("value", [0, 0.3, 1, 7, 12, 99, 100, 101, 54_321])
def test_an_axis_ends_above_what_it_shows(value: float) -> None:
    assert value <= nice_top(value) <= max(1, value * 1.5)


def test_a_chart_of_one_date_or_of_nothing_known() -> None:
    day = date(2020, 1, 1)

    assert "<circle" in line_charts([Point(day, 3)], "sold", str)
    assert "<circle" not in line_charts([Point(day, None)], "sold", str)
