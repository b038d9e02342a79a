from __future__ import annotations

import datetime as dt
import hashlib
import json
import platform
from dataclasses import replace

import polars as pl
import pytest

import xinzhi
from xinzhi.core.errors import UsageError
from xinzhi.data import load
from xinzhi.report.certificate import certify, read_certificate, write_certificate
from xinzhi.report.certificate.certify import NAMES, certificate_texts, dependencies, form, with_report
from xinzhi.report.certificate.folder import File
from xinzhi.report.certificate.schema import Report, canonical, digest, layout, without
from xinzhi.report.certificate.verify import compare_software

CREATED = dt.datetime(2027, 3, 1, 8, 30, tzinfo=dt.UTC)


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture
def written(package, tmp_path):
    file = File.from_bytes("growth.csv", b"region\n220000\n")
    (tmp_path / "growth.csv").write_bytes(b"region\n220000\n")
    terms = Report(language="zh", topics=[], briefs=False, form=form(package), files={})
    made = with_report(certify(xinzhi.measure(package), package, encoding="gb18030"), terms, [file], None)
    paths = [tmp_path / name for name in NAMES]
    for path, content in zip(paths, certificate_texts(made, package, [file], created=CREATED), strict=True):
        path.write_bytes(content)
    return paths


def test_the_whole_package_stays_small(tmp_path):
    package = load("china-provinces")
    path = write_certificate(certify(xinzhi.measure(package), package), package, tmp_path)[0]
    # results 190 kB, marks of the four tables that are read 130, the protocol with its arguments and series 85
    assert path.stat().st_size < 450_000
    made = read_certificate(path)
    assert set(made.tables) == set(package.tables)
    assert all(made.tables[name].sha256 == package.fingerprint(name) for name in package.tables)


def test_the_same_inputs_give_the_same_bytes(package, folder, tmp_path):
    made = certify(xinzhi.measure(package), package)
    first = write_certificate(made, package, tmp_path / "one", created=CREATED)
    shuffled = replace(
        package,
        tables={name: frame.sample(fraction=1, shuffle=True, seed=1) for name, frame in package.tables.items()},
    )
    for data in (package, load(folder), shuffled):
        again = certify(xinzhi.measure(data), data)
        assert again.sha256 == made.sha256
    second = write_certificate(certify(xinzhi.measure(package), package), package, tmp_path / "two", created=CREATED)
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_no_time_in_the_certificate(written, package, tmp_path):
    document = read(written[0])
    assert "2027" not in json.dumps(without(document, "protocol", "results", "tables"))
    assert "prov:endTime" in read(written[1])["activity"]["x:assess"]
    silent = write_certificate(certify(xinzhi.measure(package), package), package, tmp_path / "silent")
    assert "prov:endTime" not in read(silent[1])["activity"]["x:assess"]


def test_what_it_states(written, package):
    document = read(written[0])
    assert document["format"] == "xinzhi-certificate"
    assert document["options"] == {"encoding": "gb18030", "set": [], "cells": None}
    assert document["report"]["language"] == "zh"
    assert list(document["report"]["files"]) == ["growth.csv"]
    assert document["software"] == {"name": "xinzhi", "version": xinzhi.__version__}
    assert {"numpy", "polars", "scipy", "python"} <= document["dependencies"].keys()
    assert "pyreadstat" not in document["dependencies"]
    assert document["sha256"] == digest(without(document, "sha256", "signatures"))
    ours = xinzhi.protocol.load("xinzhi-cn-2026")
    assert document["protocol"]["fingerprint"] == ours.fingerprint
    assert document["protocol"]["document"] == json.loads(json.dumps(ours.to_dict()))
    assert {name: table["read"] for name, table in document["tables"].items()} == {
        "regions": True,
        "accounts": True,
        "investment": True,
        "vintages": False,
    }
    assert document["tables"]["accounts"]["columns"]["output_real"]["unit"] == package.units["accounts"]["output_real"]


def test_a_measurement_of_other_data_is_refused(package):
    result = xinzhi.measure(package)
    accounts = package.tables["accounts"].with_columns(pl.col("employment") + 1)
    with pytest.raises(UsageError, match="accounts differ"):
        certify(result, replace(package, tables={**package.tables, "accounts": accounts}))


def test_prov(written):
    document = read(written[1])
    names = {*document["entity"], *document["activity"], *document["agent"]}
    for kind in ("used", "wasGeneratedBy", "wasAssociatedWith"):
        for relation in document[kind].values():
            assert {value for part, value in relation.items() if part != "prov:time"} <= names
    assert {entry["prov:entity"] for entry in document["used"].values()} == {
        "x:table-regions",
        "x:table-accounts",
        "x:table-investment",
        "x:protocol",
    }
    made = {entry["prov:entity"] for entry in document["wasGeneratedBy"].values()}
    assert made == {"x:file-growth.csv", "x:file-certificate.json"}
    assert all(name.partition(":")[0] in {"x", "prov", "xsd", "_"} for name in names)


def test_crate(written):
    document = read(written[2])
    graph = {entry["@id"]: entry for entry in document["@graph"]}
    assert len(graph) == len(document["@graph"])
    assert graph["ro-crate-metadata.json"]["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    assert graph["ro-crate-metadata.json"]["about"] == {"@id": "./"}
    root = graph["./"]
    # The six that section 6 of the specification asks of the root.
    assert all(root[name] for name in ("@type", "@id", "name", "description", "datePublished", "license"))
    assert root["datePublished"] == "2027-03-01"
    parts = [part["@id"] for part in root["hasPart"]]
    assert parts == ["growth.csv", "certificate.json", "prov.json"]
    for name in parts:
        content = (written[0].parent / name).read_bytes()
        assert graph[name]["@type"] == "File"
        assert graph[name]["contentSize"] == str(len(content))
        assert graph[name]["sha256"] == hashlib.sha256(content).hexdigest()
    action = graph["#assess"]
    assert [entry["@id"] for entry in action["result"]] == parts
    assert all(entry["@id"] in graph for entry in [*action["object"], action["instrument"], root["mentions"]])


@pytest.mark.parametrize(
    ("licences", "expected"),
    [
        ([{"name": "CC-BY-4.0", "path": "https://example.org/by"}], {"@id": "https://example.org/by"}),
        ([{"title": "Internal use"}], "Internal use"),
        (["odd"], "The figures belong to those who published them, under the terms of the data package."),
    ],
)
def test_the_licence_of_the_package_is_that_of_the_crate(package, tmp_path, licences, expected):
    data = replace(package, descriptor={"licenses": licences})
    document = read(write_certificate(certify(xinzhi.measure(data), data), data, tmp_path)[2])
    graph = {entry["@id"]: entry for entry in document["@graph"]}
    assert graph["./"]["license"] == expected
    assert isinstance(expected, str) or graph[expected["@id"]]["name"] == "CC-BY-4.0"


def test_a_folder_that_cannot_be_written(package, tmp_path):
    file = tmp_path / "file"
    file.write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="cannot write"):
        write_certificate(certify(xinzhi.measure(package), package), package, file)


def test_frames_without_a_version_and_a_departure(country):
    data = load(country(regions=3, years=12))
    rules = xinzhi.protocol.load("xinzhi-cn-2026").replace({"capital.initial_table": []})
    made = certify(xinzhi.measure(data, rules), data)
    assert made.package.version is None
    assert made.options.set == ["capital.initial_table=[]"]
    assert list(made.protocol.departures) == ["capital.initial_table"]


def test_canonical_text():
    assert canonical({"b": [1.0, 1e-7, True, None], "a": "吉\n"}) == '{"a":"吉\\n","b":[1.0,1e-07,true,null]}'.encode()
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical(float("nan"))


@pytest.mark.parametrize("document", [{}, {"a": {}}, {"a": {"b": {"c": {"d": {"e": {"f": [1]}}}}}}, [1, "x"], "text"])
def test_layout_is_the_same_document(document):
    assert json.loads(layout(document)) == document


def test_versions_of_a_source_tree(monkeypatch, package):
    from importlib import metadata

    def absent(_):
        raise metadata.PackageNotFoundError

    monkeypatch.setattr(metadata, "requires", absent)
    assert list(dependencies()) == ["python"]
    stated = certify(xinzhi.measure(package), package).model_copy(update={"dependencies": {"numpy": "1.0"}})
    found = list(compare_software(stated, "certificate.json"))
    assert [(one.key, one.value, one.expected) for one in found] == [
        ("numpy", "-", "1.0"),
        ("python", platform.python_version(), "-"),
    ]
