"""Files on their way in: made, copied, refused."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from retail_assets.sources.synthetic_shop import ShopTruth
from retail_assets_tests.building import csv_text, event
from retail_assets_tests.cli.conftest import Retail
from retail_assets_tests.cli.test_main import assert_is_one_clear_error

DAYS = ("--from", "2019-10-01", "--to", "2019-10-02")


def _landed(data_dir: Path) -> list[str]:
    inbox = data_dir / "landing"
    return sorted(path.relative_to(inbox).as_posix() for path in inbox.rglob("*") if path.is_file())


def _event_file(path: Path, **changes: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(csv_text([event(**changes)]))
    return path


def test_generate_writes_files_and_the_truth(retail: Retail, data_dir: Path) -> None:
    result = retail("generate", "--events", "600", *DAYS, "--seed", "7", "--bad-share", "0.05")

    truth = ShopTruth.read(data_dir / "generated" / "events_2019-10-01_2019-10-02.truth.json")
    assert result.code == 0
    assert "600 rows in 2 files" in result.out
    assert (truth.rows, truth.plan.seed, truth.plan.bad_share) == (600, 7, 0.05)
    assert not (data_dir / "landing").exists()
    assert f"retail land {data_dir / 'generated'}" in result.err


@pytest.mark.parametrize("form", ["csv", "csv.gz", "parquet"])
def test_generated_files_land_in_every_format(retail: Retail, data_dir: Path, tmp_path: Path, form: str) -> None:
    result = retail("generate", "--events", "300", *DAYS, "--format", form, "--output", tmp_path / "out", "--land")

    assert result.code == 0
    assert _landed(data_dir) == [f"events_2019-10-0{day}.{form}" for day in (1, 2)]
    assert "2 files copied into" in result.out


def test_months_and_hours(retail: Retail, data_dir: Path) -> None:
    assert "in 1 file," in retail("generate", "--events", "300", *DAYS, "--per", "month").out
    assert "in 48 files" in retail("generate", "--events", "300", *DAYS, "--per", "hour").out


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("--from", "2019-10-02", "--to", "2019-10-01"), "before"),
        (("--from", "October"), "is no date"),
        (("--events", "0"), "events"),
        (("--bad-share", "0.9"), "bad_share"),
        (("--format", "xlsx"), "xlsx"),
    ],
)
def test_a_shop_that_cannot_be_is_refused(retail: Retail, data_dir: Path, wrong: tuple[str, ...], said: str) -> None:
    assert_is_one_clear_error(retail("generate", *wrong), said, code=2)
    assert not data_dir.exists()


def test_land_copies_once(retail: Retail, data_dir: Path, tmp_path: Path) -> None:
    source = _event_file(tmp_path / "day.csv")

    first, again = retail("land", source), retail("land", source)

    assert (first.code, again.code) == (0, 0)
    assert "1 file copied" in first.out
    assert "1 file in landing already, byte for byte: day.csv" in again.out
    _event_file(source, brand="apple")
    assert "1 file copied" in retail("land", source).out
    assert (data_dir / "landing" / "day.csv").read_bytes() == source.read_bytes()


def test_files_of_a_folder_keep_their_place(retail: Retail, data_dir: Path, tmp_path: Path) -> None:
    for name in ("shop/2019/10/01.csv", "shop/2019/11/01.csv"):
        _event_file(tmp_path / name)
    (tmp_path / "shop" / "notes.txt").write_text("hello")
    (tmp_path / "shop" / "01.csv.part").write_text("half")

    result = retail("land", tmp_path / "shop")

    assert result.code == 0
    assert _landed(data_dir) == ["2019/10/01.csv", "2019/11/01.csv"]


def test_gzip_is_told_by_its_content(retail: Retail, data_dir: Path, tmp_path: Path) -> None:
    packed = tmp_path / "day.csv"
    packed.write_bytes(gzip.compress(csv_text([event()]).encode()))

    assert retail("land", packed).code == 0


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("notes.txt", b"hello", "is no event file"),
        ("customers.csv", b"name,age\nAda,36\n", "header_mismatch"),
        ("few.csv", b"event_time,price\n2019,1\n", "missing_column"),
        ("empty.csv", b"", "empty_file"),
        ("day.parquet", b"event_time\n", "corrupt_parquet"),
        ("latin.csv", b"event_time,caf\xe9\n", "encoding"),
        ("cut.csv.gz", b"\x1f\x8b\x08\x00", "corrupt_gzip"),
        ("_hidden.csv", b"event_time\n", "Rename it"),
    ],
)
def test_what_is_no_event_file_is_refused_and_nothing_is_copied(
    retail: Retail, data_dir: Path, tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)

    assert_is_one_clear_error(retail("land", _event_file(tmp_path / "good.csv"), tmp_path / name), said, name)
    assert not data_dir.exists()


def test_files_that_are_not_there_or_would_overwrite_each_other(retail: Retail, data_dir: Path, tmp_path: Path) -> None:
    one, two = _event_file(tmp_path / "a" / "day.csv"), _event_file(tmp_path / "b" / "day.csv")
    (tmp_path / "nothing").mkdir()

    assert_is_one_clear_error(retail("land", one, two), "would both land as day.csv")
    assert_is_one_clear_error(retail("land", tmp_path / "no.csv"), "there is no", "no.csv")
    assert_is_one_clear_error(retail("land", tmp_path / "nothing"), "holds no event file")
    assert not data_dir.exists()


def test_a_whole_shop_is_written_with_its_declaration(
    retail: Retail, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = retail("generate-shop", "--orders", "200", "--customers", "20", "--products", "10", *DAYS)

    assert result.code == 0
    assert "customers: 20 rows" in result.out
    declaration = data_dir / "shop" / "sources.yaml"
    assert f"RETAIL_SOURCES_FILE={declaration} retail backfill" in result.err
    monkeypatch.setenv("RETAIL_SOURCES_FILE", str(declaration))
    made = retail("backfill")
    assert made.code == 0, made.err
    counted = retail("query", "SELECT count(*) AS n FROM warehouse.customers", "--format", "json")
    assert counted.json == [{"n": 20}]


def test_a_database_that_cannot_be_reached_is_one_clear_error(retail: Retail, data_dir: Path) -> None:
    result = retail("generate-shop", "--orders", "10", "--into", "postgresql://nobody@127.0.0.1:1/none")

    assert_is_one_clear_error(result, "the database cannot be reached")
    assert not (data_dir / "shop").exists()


def test_an_address_that_is_none_is_one_clear_error_without_its_password(retail: Retail, data_dir: Path) -> None:
    result = retail("generate-shop", "--orders", "10", "--into", "postgresql://me:geheim@[::1/none")

    assert_is_one_clear_error(result, "--into is no address of a database")
    assert "geheim" not in result.err


@pytest.mark.parametrize("dataset", ["events", "mkechinov/..", "a/b/c", "mkechinov/"])
def test_what_is_no_kaggle_data_set_is_refused(retail: Retail, data_dir: Path, dataset: str) -> None:
    assert_is_one_clear_error(retail("kaggle", dataset), "is no data set", code=2)


def test_event_files_of_a_kaggle_data_set_land(retail: Retail, data_dir: Path) -> None:
    _event_file(data_dir / "kaggle" / "mkechinov" / "events" / "2019-Oct.csv")

    result = retail("kaggle", "mkechinov/events", "--land")

    assert result.code == 0
    assert _landed(data_dir) == ["2019-Oct.csv"]
