"""The command as a whole: help, exit codes, and errors that are one clear line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from retail_assets.cli import opening, status
from retail_assets_tests.cli.conftest import ROOT, Result, Retail

HEAVY = {"dagster", "duckdb", "pandas", "pyarrow", "numpy", "pydantic", "sqlglot", "holidays", "yaml", "rich.table"}
COMMANDS = (
    *("demo", "generate", "land", "backfill", "status", "query", "rejected", "replay", "withdraw"),
    *("publish", "versions", "diff", "lineage", "doctor", "dev", "etl-aggregate"),
)


def assert_is_one_clear_error(result: Result, *parts: str, code: int = 1) -> None:
    assert result.code == code
    assert result.out == ""
    assert "Traceback" not in result.err
    for part in parts:
        assert part in result.err


def test_help_lists_every_command_and_imports_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "retail_assets.cli.program", "--help"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}

    assert "typer" in imported
    assert not imported & HEAVY
    assert all(f"\n  {command} " in done.stdout for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(retail: Retail, command: str) -> None:
    result = retail(command, "--help")

    assert result.code == 0
    assert f"Usage: retail {command}" in result.out
    assert "..." not in result.out.partition("Options:")[0].replace("}...", "").replace("]...", "")


def test_the_first_line_of_each_help_fits_a_narrow_terminal(retail: Retail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    listed = retail("--help").out.partition("Commands:")[2]

    assert "..." not in listed


def test_without_a_command_help_is_shown_and_nothing_succeeds(retail: Retail) -> None:
    assert retail().code == 2
    assert retail("--version").code == 0
    assert_is_one_clear_error(retail("frobnicate"), "No such command 'frobnicate'", code=2)
    assert_is_one_clear_error(retail("land"), "Missing argument", code=2)


def test_a_wrong_setting_is_named_and_its_value_is_not_repeated(
    retail: Retail, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETAIL_THREADS", "-7")

    result = retail("status")

    assert_is_one_clear_error(result, "RETAIL_THREADS", "greater than 0")
    assert "-7" not in result.err

    monkeypatch.setenv("RETAIL_THREADS", "2")
    monkeypatch.setenv("RETAIL_RETAIL_CALENDAR", "tomorrow")
    assert_is_one_clear_error(retail("status"), "RETAIL_RETAIL_CALENDAR is no JSON")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("RETAIL_SOURCE_TIMEZONE", "Berlin", "there is no time zone 'Berlin': use an IANA name such as Europe/Berlin"),
        ("RETAIL_SOURCE_TIMEZONE", "localtime", "there is no time zone 'localtime'"),
        ("RETAIL_SALES_TIMEZONE", "Berlin", "there is no time zone 'Berlin'"),
        ("RETAIL_SALES_TIMEZONE", "posix/Europe/Berlin", "there is no time zone 'posix/Europe/Berlin'"),
        ("RETAIL_SOURCE_ENCODING", "utf-9", "there is no encoding 'utf-9': use one such as utf-8, cp1252 or utf-16"),
        ("RETAIL_SOURCE_ENCODING", "hex", "there is no encoding 'hex'"),
        ("RETAIL_REDSHIFT_STAGING_URL", "s3://UPPER", "String should match pattern"),
    ],
)
def test_a_zone_or_an_encoding_that_is_none_is_refused_before_it_blames_a_file(
    retail: Retail, data_dir: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(name, value)

    assert_is_one_clear_error(retail("status"), f"error: {name}: {told}", "Correct the environment.")


def _raise(error: BaseException) -> Any:
    raise error


def test_an_unforeseen_error_is_a_line_with_its_place(
    retail: Retail, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status, "open_platform", lambda: _raise(LookupError("no such thing\nat all")))

    assert_is_one_clear_error(
        retail("status"), "unexpected LookupError: no such thing (test_main.py, line", "RETAIL_DEBUG=1"
    )


def test_debug_shows_the_traceback(retail: Retail, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETAIL_DEBUG", "")
    monkeypatch.setattr(status, "open_platform", lambda: _raise(LookupError("no such thing")))

    with pytest.raises(LookupError):
        retail("--debug", "status")


def test_a_full_disk_and_a_forbidden_folder_are_clear(
    retail: Retail, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status, "open_platform", lambda: _raise(OSError(28, "No space left on device", "/data/lake")))

    assert_is_one_clear_error(retail("status"), "error: No space left on device: /data/lake")


def test_ctrl_c_ends_with_130(retail: Retail, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "open_platform", lambda: _raise(KeyboardInterrupt()))

    assert_is_one_clear_error(retail("status"), "interrupted", code=130)


def test_ctrl_c_ends_a_long_query_at_once(data_dir: Path) -> None:
    endless = "SELECT count(*) FROM range(10000000) AS a, range(100000000) AS b WHERE a.range * b.range % 7 = 3"
    command = [sys.executable, "-m", "retail_assets.cli.program", "query", endless]
    with subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # background jobs start with it ignored
    ) as running:
        assert running.stderr
        assert "Nothing has been built" in running.stderr.readline()  # said just before the query starts
        time.sleep(0.5)
        running.send_signal(signal.SIGINT)
        try:
            assert running.wait(30) == 130
        finally:
            running.kill()
        assert running.stderr.read() == "error: interrupted; what was published stays.\n"


def test_a_terminal_without_unicode_is_no_reason_to_fail(shell: Retail, data_dir: Path) -> None:
    result = shell("query", "SELECT 'Nestlé' AS brand", PYTHONIOENCODING="ascii")

    assert result.code == 0
    assert "Nestl?" in result.out


def test_the_console_script_gives_clean_json_and_no_traceback(shell: Retail, data_dir: Path) -> None:
    good = shell("query", "SELECT 1 AS one", "--format", "json")
    bad = shell("--data-dir", data_dir, "query", "SELECT * FROM nowhere")

    assert (good.code, good.json) == (0, [{"one": 1}])
    assert_is_one_clear_error(bad, "nowhere does not exist", "SHOW TABLES")


def test_two_folders_are_two_platforms(retail: Retail, built: Path, tmp_path: Path) -> None:
    count = ("query", "SELECT count(*) AS events FROM clean_events", "--format", "json")

    assert retail(*count).json[0]["events"] > 0
    assert retail("--data-dir", tmp_path / "other", *count).json == [{"events": 0}]
    assert os.environ["RETAIL_DATA_DIR"] == str(tmp_path / "other")


def test_advice_names_the_platform_that_was_chosen(retail: Retail, data_dir: Path, tmp_path: Path) -> None:
    other = tmp_path / "my shop"

    assert "`retail land FILE...`" in retail("backfill").err
    assert f"`retail --data-dir '{other}' land FILE...`" in retail("--data-dir", other, "backfill").err
    assert opening.command_line("status").endswith("status")


def test_nobody_reading_the_output_is_no_traceback(data_dir: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "retail_assets.cli.program", "query", "FROM range(200000)"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout
        assert running.stderr
        running.stdout.close()
        assert "Traceback" not in running.stderr.read()
        assert running.wait(60) != 0


def test_without_an_output_nothing_fails() -> None:
    command = f"exec {sys.executable} -m retail_assets.cli.program --version >&-"

    done = subprocess.run(
        ["sh", "-c", command], env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
