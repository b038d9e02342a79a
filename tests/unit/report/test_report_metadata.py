"""What describes the CSV files of a study, held against the files: every column, its type, unit and key."""

from __future__ import annotations

import csv
import json
import re

import pytest

import xinzhi
from xinzhi.report import write_assessment

CSVW = {"string", "integer", "double", "boolean", "date", "dateTime"}  # datatypes that occur, of CSV on the Web
FIELDS = {"string", "integer", "number", "boolean", "date", "datetime", "list"}  # types that occur, of Table Schema 2.0


@pytest.fixture(scope="module")
def out(tmp_path_factory, measurement, protocol, package):
    folder = tmp_path_factory.mktemp("described")
    write_assessment(measurement, protocol, package, folder, language="zh")
    return folder


def lines(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def reads(text, kind):
    """Say whether a cell is of a type, by the lexical rules of XML Schema that both vocabularies share."""
    patterns = {"integer": r"[+-]?\d+", "boolean": "true|false", "date": r"\d{4}-\d\d-\d\d"}
    patterns |= dict.fromkeys(("number", "double"), r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|NaN|-?INF")
    return not text or kind not in patterns or re.fullmatch(patterns[kind], text) is not None


@pytest.mark.parametrize("name", ["growth.csv", "levels.csv"])
def test_csv_on_the_web_metadata_describe_the_file_beside_them(out, name):
    # W3C, Metadata Vocabulary for Tabular Data: @context (5.2), url and tableSchema (5.4), columns (5.5), titles (5.6)
    told = json.loads((out / f"{name}-metadata.json").read_text("utf-8"))
    assert told["@context"][0] == "http://www.w3.org/ns/csvw"
    assert told["url"] == name
    head, *rows = lines(out / name)
    columns = told["tableSchema"]["columns"]
    assert [one["name"] for one in columns] == head
    assert all(re.fullmatch(r"[A-Za-z0-9][\w.]*", one["name"]) for one in columns)
    assert all(head[at] in one["titles"]["und"] for at, one in enumerate(columns))  # a header matches by a title
    assert all(one["titles"]["zh"] and one["titles"]["en"] for one in columns)
    assert {one["datatype"] for one in columns} <= CSVW
    assert all(reads(row[at], one["datatype"]) for row in rows for at, one in enumerate(columns))
    key = [head.index(one) for one in told["tableSchema"]["primaryKey"]]
    assert len({tuple(row[at] for at in key) for row in rows}) == len(rows)


def test_the_data_package_describes_every_csv_file(out):
    # Data Package 2.0: resources (required); name, path, schema of each; Table Schema 2.0: fields, primaryKey
    told = json.loads((out / "assessment.datapackage.json").read_text("utf-8"))
    assert told["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
    assert {one["path"] for one in told["resources"]} == {path.name for path in out.glob("*.csv")}
    names = [one["name"] for one in told["resources"]]
    assert len(set(names)) == len(names)
    for resource in told["resources"]:
        assert re.fullmatch(r"[a-z0-9._-]+", resource["name"])
        head, *rows = lines(out / resource["path"])
        fields = resource["schema"]["fields"]
        assert [one["name"] for one in fields] == head
        assert {one["type"] for one in fields} <= FIELDS
        assert all(isinstance(one["title"], str) and one["title"] == one["titles"]["zh"] for one in fields)
        assert all(reads(row[at], one["type"]) for row in rows for at, one in enumerate(fields))
        assert set(resource["schema"]["primaryKey"]) <= set(head)
    assert told["xinzhi"]["protocol_fingerprint"]


def test_a_unit_is_that_of_the_figures_in_the_file_not_of_the_page(out):
    told = json.loads((out / "growth.csv-metadata.json").read_text("utf-8"))
    units = {one["name"]: one.get("schema:unitText") for one in told["tableSchema"]["columns"]}
    assert units["tfp_growth"][0] == {"@value": "% per year, stored as a fraction (0.01 is 1)", "@language": "en"}
    assert units["tfp_growth"][1]["@value"] == "每年%，按小数存储（0.01为1）"
    assert units["tfp_level"][0]["@value"] == "mean = 1"
    assert units["region"] is None


def test_every_file_of_a_study_has_its_description(tmp_path):
    made = xinzhi.study("plan", "china-provinces").write(tmp_path)
    names = {path.name for path in made}
    assert {f"{path.name}-metadata.json" for path in made if path.suffix == ".csv"} <= names
    assert "plan.datapackage.json" in names
    assert "datapackage.json" not in names  # the folder may be a data package itself


def test_a_folder_that_is_a_data_package_keeps_its_descriptor(tmp_path):
    (tmp_path / "datapackage.json").write_text("{}", "utf-8")
    xinzhi.study("plan", "china-provinces").write(tmp_path)
    assert (tmp_path / "datapackage.json").read_text("utf-8") == "{}"
