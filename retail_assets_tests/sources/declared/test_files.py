"""What becomes of the files of a declared source: every row in the dataset or the quarantine, or a clear verdict."""

from __future__ import annotations

import gzip
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from retail_assets.landing.arrival import Arrival
from retail_assets.settings import Settings
from retail_assets.sources.declared import intake
from retail_assets.sources.declared.errors import SourceUnavailable
from retail_assets.sources.files.reading import FileReading, Terms, read_file
from retail_assets_tests.sources.declared.declaring import AMOUNT, AT, ID, Declared, named

NAME = {"name": "name", "physicalType": "VARCHAR"}


class TestFormats:
    def test_csv_with_another_delimiter_and_encoding(self, declared: Declared) -> None:
        declared.source("shops", ID, NAME, AMOUNT, delimiter=";", encoding="cp1252")
        declared.deliver("a.csv", 'id;name;amount\n007;"Café; Zoë, Nîmes";12.50\n8;;\n'.encode("cp1252"))

        declared.make("shops")

        assert declared.rows("shops") == [("007", "Café; Zoë, Nîmes", Decimal("12.50")), ("8", None, None)]

    def test_gzip_byte_order_mark_and_windows_newlines(self, declared: Declared) -> None:
        declared.source("shops", ID, NAME)
        declared.deliver("a.csv.gz", gzip.compress("\ufeffid,name\r\n1,Ünal\r\n2,b\r\n".encode()))

        declared.make("shops")

        assert declared.rows("shops") == [("1", "Ünal"), ("2", "b")]

    def test_json_lines_with_nested_keys_arrays_and_odd_lines(self, declared: Declared) -> None:
        tags = {"name": "tags", "physicalType": "VARCHAR[]"}
        declared.source("shops", ID, named(NAME, aliases=["owner.name"]), AMOUNT, tags, max_rejected_share=1)
        lines = ['{"id":"1","owner":{"name":"A \\"b\\""},"amount":2.50,"tags":["x","y, z"]}', "", "no json", "[1]"]
        declared.deliver("a.jsonl", "\n".join([*lines, '{"id":"2","amount":null}']))

        declared.make("shops")

        assert declared.rows("shops") == [("1", 'A "b"', Decimal("2.50"), ["x", "y, z"]), ("2", None, None, None)]
        assert declared.rejected("shops") == [(3, "bad_json"), (4, "bad_json")]

    def test_parquet_whose_types_differ_from_the_contract(self, declared: Declared) -> None:
        declared.source("shops", ID, AMOUNT, AT)
        path = declared.folder / "in" / "a.parquet"
        times = "TIMESTAMPTZ '2024-03-01 10:00:00+02' AS moment"
        duckdb.sql(f"COPY (SELECT 7.0::DOUBLE AS id, 0.1::DOUBLE + 0.2 AS amount, {times}) TO '{path}'")

        declared.make("shops")

        assert declared.rows("shops") == [("7", Decimal("0.30"), datetime(2024, 3, 1, 8))]

    def test_a_file_of_another_form_than_its_name_says_is_blocked(self, declared: Declared) -> None:
        declared.source("shops", ID)
        path = declared.folder / "in" / "a.csv"
        duckdb.sql(f"COPY (SELECT 1 AS id) TO '{path}' (FORMAT parquet)")

        with pytest.raises(SourceUnavailable, match=r"unsupported_format: in/a\.csv: it is Parquet"):
            declared.make("shops")


class TestDamage:
    @pytest.mark.parametrize(
        ("name", "content", "verdict"),
        [
            ("a.csv", b"", "empty_file"),
            ("a.csv.gz", gzip.compress(b"id,amount\n" + b"1,2\n" * 5000, mtime=0)[:-9], "corrupt_gzip"),
            ("a.csv", b"id;amount\n1;2\n", "header_mismatch"),
            ("a.csv", b"1,2\n3,4\n", "header_mismatch"),
            ("a.csv", b"id,ID \n1,2\n", "duplicate_column"),
            ("a.csv", b"amount\n2\n", "missing_column"),
            ("a.csv", "id,amount\né,2\n".encode("latin-1"), "encoding"),
            ("a.csv", "id,amount\n1,2\n".encode("utf-16"), "encoding"),
            ("a.parquet", b"PAR1 and no more", "corrupt_parquet"),
            ("a.jsonl", b'[{"id": 1}]', "not_json_lines"),
            ("a.jsonl", b'\n[\n{"id": 1}\n]', "not_json_lines"),
            ("a.jsonl", b"[" + b'{"id": 1},' * 300_000 + b"{}]", "not_json_lines"),
            ("a.jsonl", b'{"id": 1}\n{"id": "' + b"1" * 2**21 + b'"}\n', "line_too_long"),
            ("a.jsonl", b'{"id": 1}\n{"id": 2, "amo', "cut_json"),
            ("a.jsonl", b'{"key": 1}\n', "header_mismatch"),
            ("a.csv", b"id,amount\n1,x\n2,3\n", "too_many_rejected"),
        ],
    )
    def test_a_file_that_cannot_be_read_is_blocked(
        self, declared: Declared, name: str, content: bytes, verdict: str
    ) -> None:
        declared.source("shops", ID, AMOUNT)
        declared.deliver(name, content)

        with pytest.raises(SourceUnavailable, match=f"{verdict}: in/{name}: "):
            declared.make("shops")

    def test_what_was_unpacked_of_a_file_is_gone_before_the_next_one(
        self, declared: Declared, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        declared.source("shops", ID)
        for name in ("a", "b", "c"):
            declared.deliver(f"{name}.csv.gz", gzip.compress(f"id\n{name}\n".encode()))
        held: list[int] = []

        def read(settings: Settings, arrival: Arrival, name: str, terms: Terms, folder: Path) -> FileReading:
            held.append(sum(path.is_dir() for path in folder.parent.iterdir()))
            return read_file(settings, arrival, name, terms, folder)

        monkeypatch.setattr(intake, "read_file", read)

        declared.make("shops")

        assert declared.rows("shops", "id") == [("a",), ("b",), ("c",)]
        assert held == [1, 1, 1]

    @pytest.mark.parametrize("name", ["a.jsonl", "a.tsv"])
    def test_an_archive_is_told_what_a_source_may_deliver_instead(self, declared: Declared, name: str) -> None:
        declared.source("shops", ID)
        declared.deliver(name, b"PK\x03\x04 and so on")

        instead = "Unpack it and deliver CSV, TSV or JSON Lines, plain or gzipped, or Parquet"
        with pytest.raises(SourceUnavailable, match=f"in/{name}: it is a zip archive, whatever .*{instead}"):
            declared.make("shops")

    @pytest.mark.parametrize(
        ("declares", "encoding"),
        [({}, "latin-1"), ({}, "utf-16"), ({"encoding": "ascii"}, "latin-1"), ({"encoding": "utf-16"}, "utf-8")],
    )
    def test_another_encoding_is_told_the_option_of_its_own_source(
        self, declared: Declared, declares: dict[str, str], encoding: str
    ) -> None:
        declared.source("shops", ID, **declares)
        declared.deliver("a.csv", "id\né\n".encode(encoding))

        with pytest.raises(SourceUnavailable, match=r"for one in sources\.yaml by its `encoding`"):
            declared.make("shops")

    def test_a_blocked_file_keeps_what_it_had_and_the_others_go_on(self, declared: Declared) -> None:
        declared.source("shops", ID, AMOUNT)
        declared.deliver("a.csv", "id,amount\n1,2\n")
        declared.deliver("b.csv", "id,amount\n5,2\n")
        declared.make("shops")
        declared.deliver("a.csv", "")
        declared.deliver("b.csv", "id,amount\n6,2\n")

        made = declared.make("shops")

        assert declared.rows("shops", "id") == [("1",), ("6",)]
        (verdict,) = (v for v in made["shops_rejected"][0].verdicts if v.check == "blocked_source_files")
        assert not verdict.passed
        assert verdict.detail.startswith("empty_file: in/a.csv")

    def test_ragged_lines_and_open_quotes_are_rejected_by_line_and_the_rest_stays(self, declared: Declared) -> None:
        declared.source("shops", ID, NAME, delimiter=";", max_rejected_share=1)
        lines = ["id;name", "1;a", "2;b;c", "3", '4;"open', "5;e", '6;"two', 'lines"', "7;g;"]
        declared.deliver("a.csv", "\n".join(lines) + "\n")

        declared.make("shops")

        assert declared.rows("shops") == [("1", "a"), ("5", "e"), ("6", "two\nlines")]
        found = declared.rows("shops_rejected", "source_row, reason, received")
        assert found == [
            (3, "too_many_columns", "2;b;c"),
            (4, "too_few_columns", "3"),
            (5, "unterminated_quote", '4;"open'),
            (9, "too_many_columns", "7;g;"),
        ]

    def test_rows_that_do_not_say_their_value_plainly_are_rejected(self, declared: Declared) -> None:
        number, flag = {"name": "n", "physicalType": "INTEGER"}, {"name": "flag", "physicalType": "BOOLEAN"}
        day = {"name": "day", "physicalType": "DATE"}
        declared.source("shops", ID, AMOUNT, number, flag, day, max_rejected_share=1)
        good = ["1,1.5,7,yes,2024-02-29", "2,-3,8.0,0,2024-01-01 00:00:00", "3,,,,"]
        bad = ["4,1.239,1,,", "5,1_000,1,,", "6,nan,1,,", "7,1,1.5,,", "8,1,1,maybe,", "9,1,1,,2023-02-29",
               "10,1,1,,2024-01-01 10:00:00", ",1,1,,"]  # fmt: skip
        declared.deliver("a.csv", "\n".join(["id,amount,n,flag,day", *good, *bad]) + "\n")

        declared.make("shops")

        assert declared.rows("shops") == [
            ("1", Decimal("1.50"), 7, True, date(2024, 2, 29)),
            ("2", Decimal("-3.00"), 8, False, date(2024, 1, 1)),
            ("3", None, None, None, None),
        ]
        reasons = ["bad_amount", "bad_amount", "bad_amount", "bad_n", "bad_flag", "bad_day", "bad_day", "missing_id"]
        assert declared.rejected("shops") == list(zip(range(5, 13), reasons, strict=True))


class TestContract:
    def test_columns_are_renamed_cast_computed_and_given_defaults(self, declared: Declared) -> None:
        country = {"name": "country", "physicalType": "VARCHAR", "required": True}
        upper = {"name": "code", "physicalType": "VARCHAR", "transformLogic": "upper(received.kürzel)"}
        day = {"name": "day", "physicalType": "DATE", "transformLogic": "try_strptime(received.day, '%d.%m.%Y')"}
        declared.source(
            "shops",
            named(ID, aliases=["Kunden-Nr"]),
            named(country, default="DE"),
            upper,
            named(day, received="required"),
        )
        declared.deliver("a.csv", "Kürzel,KUNDEN-NR ,day,Country\nab,1,31.12.2024,\ncd,2,01.01.2024,FR\n")

        declared.make("shops")

        assert declared.rows("shops") == [("1", "DE", "AB", date(2024, 12, 31)), ("2", "FR", "CD", date(2024, 1, 1))]

    def test_values_outside_of_what_the_contract_accepts_are_rejected(self, declared: Declared) -> None:
        status = {"name": "status", "physicalType": "VARCHAR", "enum": [{"value": "paid"}]}
        amount = {**AMOUNT, "logicalTypeOptions": {"minimum": 0}}
        declared.source("shops", ID, amount, status, max_rejected_share=1)
        declared.deliver("a.csv", "id,amount,status\n1,1,paid\n2,-1,paid\n3,1,lost\n")

        declared.make("shops")

        assert declared.rows("shops", "id") == [("1",)]
        assert declared.rejected("shops") == [(3, "too_small_amount"), (4, "not_accepted_status")]

    def test_names_that_the_reading_itself_might_use_are_free(self, declared: Declared) -> None:
        names = ["reason", "line", "damage", "number", "text", "source_file"]
        declared.source("shops", ID, *({"name": name, "physicalType": "VARCHAR"} for name in names))
        declared.deliver("a.csv", "id,reason,line,damage,number,text\n1,a,b,c,d,e\n")
        declared.deliver("b.jsonl", '{"id": 2, "reason": "f", "line": "g", "number": 3}\n')

        declared.make("shops")

        assert declared.rows("shops") == [
            ("1", "a", "b", "c", "d", "e", "in/a.csv"),
            ("2", "f", "g", None, "3", None, "in/b.jsonl"),
        ]

    def test_sql_that_cannot_be_run_names_the_contract(self, declared: Declared) -> None:
        declared.source("shops", ID, {"name": "x", "physicalType": "INTEGER", "transformLogic": "no_such(received.id)"})
        declared.deliver("a.csv", "id\n1\n")

        with pytest.raises(SourceUnavailable, match=r"shops\.yaml: its SQL cannot be run: .*no_such"):
            declared.make("shops")
