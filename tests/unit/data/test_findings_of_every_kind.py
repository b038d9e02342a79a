from __future__ import annotations

import csv
import re
from pathlib import Path

import polars as pl
import pytest
import yaml

from xinzhi.core.errors import InputError
from xinzhi.data import check, load
from xinzhi.data.rules import rules

CASES = yaml.safe_load((Path(__file__).parents[2] / "cases" / "data" / "findings.yaml").read_text("utf-8"))
ELSEWHERE = {  # kinds whose input is bytes, a workbook or more rows than a case should hold: checked below
    "encoding-gb18030",
    "encoding-unknown",
    "byte-order-mark",
    "mixed-line-ends",
    "unended-line",
    "spreadsheet-error",
    "more-findings",
    "unit-unused",
    "formula-without-value",
    "decimal-char-unread",
    "header-of-two-rows",  # of plain tables: test_frontier_table_cli.py
    "slip-in-series",
    "slip-beside",
    "common-step",  # test_plausible.py
    "step-apart",  # those of single years and series: test_identities.py
    "step-of-all",
    "series-shifted",
    "figure-repeated",
    "series-alike",
    "file-changed",  # test_hostile_sources.py
    "connector-unused",  # those of downloads: test_downloads.py
    "connector-absent",
    "connector-twice",
    "connector-nation",
    "connector-sums",
    "connector-units",
    "missing-value",  # those of a single table: test_tidy.py
    "infinite",
    "negative",
    "not-a-date",
    "period-order",
}


def write(folder, case):
    resources = []
    for table, text in case["tables"].items():
        (folder / f"{table}.csv").write_text(text, "utf-8")
        first = text.split("\n", 1)[0]
        header = next(csv.reader([first], delimiter=";" if ";" in first else ","))
        names = case.get("fields", {}).get(table) or dict.fromkeys(name for name in header if name)
        units, codes = case.get("units", {}).get(table, {}), case.get("codes", {}).get(table, {})
        fields = [
            {"name": name}
            | ({"unit": units[name]} if name in units else {})
            | ({"codes": codes[name]} if name in codes else {})
            for name in names
        ]
        resources.append({"name": table, "path": f"{table}.csv", "schema": {"fields": fields}})
    (folder / "datapackage.yaml").write_text(yaml.safe_dump({"name": "case", "resources": resources}), "utf-8")
    return folder


def matches(found, wanted):
    says = wanted.get("says", "")
    return says in found.message.en and all(
        getattr(found, name) == value for name, value in wanted.items() if name != "says"
    )


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_case(case, tmp_path):
    findings = check(write(tmp_path, case))
    for wanted in case["expect"]:
        assert any(matches(found, wanted) for found in findings), (wanted, [found.sentence() for found in findings])
    unexpected = [
        found.sentence()
        for found in findings
        if found.severity != "note" and not any(matches(found, wanted) for wanted in case["expect"])
    ]
    assert not unexpected


def test_every_rule_has_a_case():
    covered = {wanted["rule"] for case in CASES for wanted in case["expect"]}
    assert covered | ELSEWHERE == set(rules())


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_each_language_speaks_for_itself(case, tmp_path):
    for found in check(write(tmp_path, case)):
        for language in ("zh", "en"):
            said = found.message.lang(language) + found.hint.lang(language)
            assert "None" not in said
            assert "{" not in said
        # Units, names and lists of names are no sentences.
        chinese = re.sub(r"“[^”]*”|[\w ]+=1|hours per person|at constant prices", "", found.message.zh + found.hint.zh)
        assert not re.search(r"[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}", chinese), chinese
        assert not re.search("[\u4e00-\u9fff]", found.hint.en.replace(str(found.expected), ""))


DESCRIPTOR = """
name: case
resources:
  - {name: regions, path: regions.csv, schema: {fields: [{name: region}, {name: name_zh}]}}
"""


def regions(folder, data):
    (folder / "regions.csv").write_bytes(data)
    (folder / "datapackage.yaml").write_text(DESCRIPTOR, "utf-8")
    return folder


def test_gb18030_is_named_and_read_on_demand(tmp_path):
    folder = regions(tmp_path, "region,name_zh\n210000,Liaoning\n220000,吉林\n".encode("gb18030"))
    (found,) = check(folder)
    assert (found.rule, found.severity, found.file, found.line) == ("encoding-gb18030", "error", "regions.csv", 3)
    assert found.value == "220000,吉林"
    package = load(folder, encoding="gb18030")
    assert not package.findings
    assert package.tables["regions"]["name_zh"].to_list() == ["Liaoning", "吉林"]


def test_encoding_leaves_utf8_files_alone(tmp_path):
    folder = regions(tmp_path, "region,name_zh\n220000,吉林\n".encode())
    assert load(folder, encoding="gb18030").tables["regions"]["name_zh"].to_list() == ["吉林"]


def test_bytes_of_no_known_encoding(tmp_path):
    (found,) = check(regions(tmp_path, b"region,name_zh\n220000,\xff\xff\xff\n"))
    assert (found.rule, found.line, found.value) == ("encoding-unknown", 2, "0xFF")


def test_utf16_is_named(tmp_path):
    folder = regions(tmp_path, "region,name_zh\n220000,吉林\n".encode("utf-16"))
    (found,) = check(folder)
    assert (found.rule, found.value) == ("encoding-unknown", "UTF-16")
    assert load(folder, encoding="utf-16").tables["regions"]["name_zh"].to_list() == ["吉林"]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le"])
def test_utf16_without_its_mark_is_read_when_told(tmp_path, encoding):
    folder = regions(tmp_path, "region,name_zh\n220000,吉林\n".encode(encoding))
    with pytest.raises(InputError, match="not a text file"):
        load(folder)
    assert load(folder, encoding=encoding).tables["regions"]["name_zh"].to_list() == ["吉林"]
    folder = regions(tmp_path, "region,name_zh\n220000,吉\0林\n".encode(encoding))
    with pytest.raises(InputError):
        load(folder, encoding=encoding)


def test_byte_order_mark_and_mixed_line_ends_are_notes(tmp_path):
    folder = regions(tmp_path, b"\xef\xbb\xbfregion,name_zh\r\n210000,a\n220000,b\r\n230000,c")
    package = load(folder)
    assert [(found.rule, found.severity) for found in package.findings] == [
        ("mixed-line-ends", "note"),
        ("byte-order-mark", "note"),
        ("unended-line", "note"),
    ]
    assert package.findings[2].line == 4
    assert package.tables["regions"].columns == ["region", "name_zh"]
    assert package.tables["regions"]["region"].to_list() == ["210000", "220000", "230000"]


def test_past_the_limit_findings_are_counted():
    frame = pl.DataFrame({"region": [f"r{number:03d}" for number in range(500)], "year": 2000, "employment": "none"})
    findings = check({"accounts": frame}, units={"accounts": {"employment": "万人"}})
    assert sum(found.rule == "text-in-number" for found in findings) == 200
    (rest,) = [found for found in findings if found.rule == "more-findings"]
    assert (rest.severity, rest.value, rest.column) == ("error", "300", "employment")


def test_unit_for_no_column():
    frame = pl.DataFrame({"region": ["a"], "year": [2000], "employment": [1.0]})
    units = {"accounts": {"employment": "persons", "employed": "persons"}}
    (found,) = check({"accounts": frame}, units=units)
    assert (found.rule, found.severity, found.column) == ("unit-unused", "warning", "employed")
