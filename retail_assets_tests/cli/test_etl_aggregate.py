"""A folder of files in, features of one key type out, and nothing else left behind."""

from __future__ import annotations

import errno
import gzip
import hashlib
import os
import shutil
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from retail_assets.contracts import contract
from retail_assets_tests.bad_inputs.verdicts import deliver
from retail_assets_tests.building import build, csv_text, event
from retail_assets_tests.cli.conftest import ROOT, Retail
from retail_assets_tests.cli.test_main import assert_is_one_clear_error
from retail_assets_tests.oracles.clickstream import Oracle, ReceivedFile
from retail_assets_tests.oracles.comparison import assert_same, keyed
from retail_assets_tests.oracles.verdicts import Rules

KEY_TYPES = contract("features").column("key_type").accepted
DAYS = ("2019-10-01", "2019-10-02", "2019-10-05")
BAD_DAY = [event(price="free", event_time=f"2019-10-02 0{hour}:00:00 UTC") for hour in range(9)]


def events_of(day: str) -> list[dict[str, str | None]]:
    """Views, a cart, purchases, a repeat and rows to reject, of two brands."""
    times = [f"{day} {hour:02d}:00:00 UTC" for hour in range(12)]
    seen = [event(event_time=at, user_id=str(n)) for n, at in enumerate(times)]
    bought = [event(event_time=times[0], event_type="purchase", brand=brand, price="9.9") for brand in ("A", "b", None)]
    return [*seen, *bought, bought[0], event(event_time=times[1], event_type="cart"), event(event_time=day, price="0")]


@pytest.fixture
def inbox(data_dir: Path, tmp_path: Path) -> Path:
    """A folder of three days, each in a file of its own kind."""
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.csv").write_text(csv_text(events_of(DAYS[0])))
    (folder / "b.csv.gz").write_bytes(gzip.compress(csv_text(events_of(DAYS[1])).encode()))
    (folder / "c.csv").write_text(csv_text(events_of(DAYS[2])))
    return folder


def arguments(inbox: Path, output: Path, key_type: str = "brand") -> tuple[str | Path, ...]:
    return "etl-aggregate", "--input_data", inbox, "--key_type", key_type, "--output_path", output


def contents(folder: Path) -> dict[str, str]:
    """The digest of every file that is not hidden, by path."""
    shown = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")]
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in shown}


@pytest.mark.parametrize("key_type", KEY_TYPES)
def test_it_writes_what_the_platform_would_byte_for_byte(
    retail: Retail, platform: Any, tmp_path: Path, key_type: str
) -> None:
    inbox = platform.settings.landing_dir
    for day, form in zip(DAYS, ("csv", "csv.gz", "parquet"), strict=True):
        deliver(platform, form, events_of(day), name=day)

    result = retail(*arguments(inbox, tmp_path / "out", key_type))
    build(platform, "raw_events", "clean_events", "daily_aggregates", "features")

    assert result.code == 0
    written = contents(tmp_path / "out")
    assert written == {
        f"key_type={key_type}/{path}": digest
        for path, digest in contents(platform.settings.lake_dir / "features" / f"key_type={key_type}").items()
    }
    assert len(written) == len(DAYS)


def test_it_agrees_with_the_oracle(retail: Retail, inbox: Path, tmp_path: Path) -> None:
    assert retail(*arguments(inbox, tmp_path / "out")).code == 0

    files = tuple(ReceivedFile(day, tuple(events_of(day))) for day in DAYS)
    expected = Oracle(files, Rules(as_of=datetime(2020, 1, 1))).features
    assert_same("features", {g: row for g, row in expected.items() if g.key_type == "brand"}, keyed(tmp_path, "out"))


def test_it_tells_of_files_dates_keys_dropped_rows_and_checks(retail: Retail, inbox: Path, tmp_path: Path) -> None:
    shutil.copy(inbox / "a.csv", inbox / "again.csv")
    (inbox / "notes.txt").write_text("hello")
    result = retail(*arguments(inbox, tmp_path / "out"))

    assert result.code == 0
    squeezed = [" ".join(line.split()) for line in result.lines]
    assert "3 files read, 0 blocked." in squeezed
    assert "1 file ignored, because another file holds the same bytes." in squeezed
    assert "2019-10-05 17 16 3 3 yes" in squeezed
    assert "rows in 54 100.00%" in squeezed
    assert "dropped: exact duplicates 3 5.56%" in squeezed
    assert "dropped: rejected 3 5.56%" in squeezed
    assert "bad_event_time 3 5.56%" in squeezed
    assert "features features_match_aggregates passed 3 0" in squeezed
    assert "3 dates written, 2019-10-01 to 2019-10-05: 3 unique keys, 9 rows." in squeezed
    assert "ignored, for their names are none of event files: notes.txt" in result.err


def test_its_json_balances(retail: Retail, inbox: Path, tmp_path: Path) -> None:
    told = retail(*arguments(inbox, tmp_path / "out"), "--format", "json").json

    assert told["succeeded"] is True
    assert told["rows"].pop("received") == 54 == sum(told["rows"].values())
    assert told["dates"][0] == {
        "date": DAYS[0], "rows": 17, "clean": 16, "keys": 3, "features": 3, "is_written": True,
    }  # fmt: skip
    assert {check["result"] for check in told["checks"]} == {"passed"}
    assert [file["state"] for file in told["files"]] == ["landed"] * 3


def test_a_day_that_fails_a_check_is_left_out_and_the_others_are_written(
    retail: Retail, inbox: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    assert retail(*arguments(inbox, output)).code == 0
    before = contents(output)
    (inbox / "bad.csv").write_text(csv_text(BAD_DAY))
    (inbox / "c.csv").write_text(csv_text([*events_of(DAYS[2]), event(event_time=f"{DAYS[2]} 23:00:00 UTC")]))

    result = retail(*arguments(inbox, output), "--format", "json")

    after = contents(output)
    assert result.code == 1
    assert "failed: clean_events: rejected_share: 2019-10-02: too_many_rejected: 34.6 % of 26 rows" in result.err
    assert "not written: 2019-10-02. What the output held of it before stays." in result.err
    assert [day["is_written"] for day in result.json["dates"]] == [True, False, True]
    assert result.json["rows"]["held_back"] == 26
    assert {path for path in after if after[path] != before[path]} == {f"key_type=brand/date={DAYS[2]}/data.parquet"}


def test_a_blocked_file_is_named_and_the_others_are_read(retail: Retail, inbox: Path, tmp_path: Path) -> None:
    packed = (inbox / "b.csv.gz").read_bytes()
    (inbox / "b.csv.gz").write_bytes(packed[: len(packed) // 2])

    result = retail(*arguments(inbox, tmp_path / "out"))

    assert result.code == 1
    assert "2 files read, 1 blocked." in result.out
    assert "blocked file: corrupt_gzip: b.csv.gz: it ends before its gzip data do" in result.err
    assert sorted(contents(tmp_path / "out")) == [
        f"key_type=brand/date={day}/data.parquet" for day in (DAYS[0], DAYS[2])
    ]  # fmt: skip


def test_a_written_partition_keeps_no_stale_file_and_no_sibling_is_touched(
    retail: Retail, inbox: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    stale = [f"key_type=brand/date={DAYS[0]}/{name}" for name in ("part-0.parquet", "old.csv", ".data.parquet.part")]
    siblings = [f"key_type=brand/date=2019-09-30/{n}.parquet" for n in range(2)] + ["key_type=product_id/x.parquet"]
    for name in (*stale, *siblings):
        (output / name).parent.mkdir(parents=True, exist_ok=True)
        (output / name).write_text("x")

    assert retail(*arguments(inbox, output)).code == 0

    objects = [f"key_type=brand/date={day}/data.parquet" for day in DAYS]
    assert sorted(contents(output)) == sorted([*objects, *siblings])
    assert [path.name for path in output.rglob(".*")] == [".key_type=brand.lock"]


def test_the_input_is_only_read_and_a_second_run_touches_nothing(retail: Retail, inbox: Path, tmp_path: Path) -> None:
    def states(folder: Path) -> dict[Path, tuple[int, int]]:
        return {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in folder.rglob("*.*[a-z]")}

    given, data_dir = states(inbox), Path(os.environ["RETAIL_DATA_DIR"])
    work = tmp_path / "work"
    spelled = ("etl-aggregate", f"--input-data={inbox}", "--key-type=brand", f"--output-path={tmp_path / 'out'}")
    assert retail(*arguments(inbox, tmp_path / "out"), "--work_dir", work).code == 0
    written = states(tmp_path / "out")

    assert retail(*spelled, "--work-dir", work).code == 0

    assert states(tmp_path / "out") == written
    assert states(inbox) == given
    assert list(work.iterdir()) == []
    assert not data_dir.exists()


def test_a_full_disk_leaves_old_data_and_nothing_temporary(
    retail: Retail, inbox: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output, work = tmp_path / "out", tmp_path / "work"
    old = output / f"key_type=brand/date={DAYS[0]}" / "data.parquet"
    old.parent.mkdir(parents=True)
    old.write_text("old")

    def fill(source: Path, target: Path) -> None:
        target.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device", str(target))

    monkeypatch.setattr("retail_assets.assets.etl_aggregate.shutil.copyfile", fill)
    result = retail(*arguments(inbox, output), "--work_dir", work)

    assert result.code == 1
    assert "No space left on device" in result.err
    assert old.read_text() == "old"
    assert [path.name for path in old.parent.iterdir()] == ["data.parquet"]
    assert list(work.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_and_nothing_temporary_stays(inbox: Path, tmp_path: Path, number: signal.Signals) -> None:
    work = tmp_path / "work"
    command = [*arguments(inbox, tmp_path / "out"), "--work_dir", work]
    with subprocess.Popen(
        [sys.executable, "-m", "retail_assets.cli.program", *map(str, command)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # background jobs start with it ignored
    ) as running:
        assert running.stderr
        assert "taking in files" in running.stderr.readline()
        running.send_signal(number)
        try:
            assert running.wait(30) == 130
        finally:
            running.kill()
        assert running.stderr.read().endswith("error: interrupted; what was published stays.\n")
    assert list(work.iterdir()) == []


def test_it_needs_no_dagster(inbox: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from retail_assets.cli.main import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit as done: assert not done.code, done.code\n"
        "assert 'dagster' not in sys.modules"
    )
    command = [sys.executable, "-c", code, *map(str, arguments(inbox, tmp_path / "out"))]

    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("changes", "said", "code"),
    [
        ({"--input_data": "no"}, "there is no folder", 1),
        ({"--input_data": "empty"}, "holds no event file", 1),
        ({"--output_path": "in/out"}, "lies inside --input_data", 1),
        ({"--output_path": "in"}, "lies inside --input_data", 1),
        ({"--output_path": "in/a.csv"}, "lies inside --input_data", 1),
        ({"--output_path": "file"}, "is no folder", 1),
        ({"--work_dir": "in/work"}, "lies inside --input_data", 1),
        ({"--input_data": "out/key_type=brand/date=2019-10-01"}, "lies among the features", 1),
        ({"--key_type": "user_id"}, "'product_id', 'category_code', 'brand'", 2),
    ],
)
def test_what_cannot_be_is_refused(
    retail: Retail, inbox: Path, tmp_path: Path, changes: dict[str, str], said: str, code: int
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "out/key_type=brand/date=2019-10-01").mkdir(parents=True)
    chosen = {"--input_data": "in", "--output_path": "out", "--key_type": "brand", **changes}
    paths = {name: value if name == "--key_type" else str(tmp_path / value) for name, value in chosen.items()}

    result = retail("etl-aggregate", *(text for pair in paths.items() for text in pair))

    assert_is_one_clear_error(result, said, code=code)
    assert contents(tmp_path / "out") == {}
    assert sorted(path.name for path in inbox.iterdir()) == ["a.csv", "b.csv.gz", "c.csv"]


def test_files_without_rows_are_no_failure(retail: Retail, data_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/day.csv").write_text(csv_text([]))

    result = retail(*arguments(tmp_path / "in", tmp_path / "out"))

    assert (result.code, contents(tmp_path / "out")) == (0, {})
    assert "0 dates written: 0 unique keys, 0 rows." in result.out
