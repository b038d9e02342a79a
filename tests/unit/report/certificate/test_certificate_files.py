"""The files of a report are those that its certificate states, signed with it; and the page names the certificate."""

from __future__ import annotations

import json
import shutil
from types import SimpleNamespace

import pytest

import xinzhi
from xinzhi.core.files import SET
from xinzhi.report import write_assessment
from xinzhi.report.certificate import certify, public_key, read_certificate, signing_key, verify, write_certificate
from xinzhi.report.certificate.schema import digest, identity, without

SHOWN = ["report.html", "assessment.xlsx", "growth.csv", "levels.csv", "assessment.json"]
PROOF = ["certificate.json", "prov.json", "ro-crate-metadata.json"]


@pytest.fixture(scope="module")
def made(package, pair, tmp_path_factory):
    out, measurement = tmp_path_factory.mktemp("assessed"), xinzhi.measure(package)
    proof = certify(measurement, package)
    key = signing_key(pair / "one.pem")
    paths = write_assessment(measurement, measurement.protocol, package, out, certificate=proof, key=key)
    return SimpleNamespace(out=out, paths=paths, proof=proof, measurement=measurement)


@pytest.fixture
def out(made, tmp_path, monkeypatch):
    monkeypatch.setattr("xinzhi.yardstick.measure", lambda *_: made.measurement)
    return shutil.copytree(made.out, tmp_path / "out")


def rules(out, package):
    found = verify(out / PROOF[0], package, files=out).differences
    assert all(one.sentence("zh") and one.sentence("en") for one in found)
    return {(one.rule, one.file) for one in found}


def test_the_eight_files_are_one_set(made, out, package, pair):
    assert [path.name for path in made.paths] == [*SHOWN, *PROOF]
    result = verify(out / PROOF[0], package, files=out, key=public_key(pair / "one.pub"))
    assert (result.equal, result.files) == (True, 8)
    assert "8 files" in result.summary("en")
    assert result.to_dict()["files"] == 8


def test_the_page_and_the_workbook_name_the_certificate(made, out):
    import fastexcel

    stated = read_certificate(out / PROOF[0])
    assert stated.id == made.proof.id == identity(stated.document())
    assert f'<dd id="certificate">{stated.id}</dd>' in (out / "report.html").read_text(encoding="utf-8")
    cover = fastexcel.read_excel(out / "assessment.xlsx").load_sheet(0, header_row=None).to_polars()
    assert stated.id in cover.to_series(3).to_list()


@pytest.mark.parametrize("name", [*SHOWN, *PROOF[1:]])
def test_a_file_that_was_changed_or_is_gone(out, package, name):
    with (out / name).open("ab") as content:
        content.write(b" ")
    differs = {("file-differs", name)}
    assert rules(out, package) == (set() if name == PROOF[2] else differs)  # of the metadata, what they list counts
    (out / name).unlink()
    assert ("file-missing", name) in rules(out, package)


def test_a_page_whose_digests_are_renewed_breaks_the_signature(out, package):
    (out / "report.html").write_text("forged", encoding="utf-8")
    import hashlib

    document = json.loads((out / PROOF[0]).read_text(encoding="utf-8"))
    document["files"]["report.html"] = hashlib.sha256(b"forged").hexdigest()
    document["sha256"] = digest(without(document, "sha256", "signature"))
    (out / PROOF[0]).write_text(json.dumps(document), encoding="utf-8")
    found = {one.rule for one in verify(out / PROOF[0], package, files=out).differences}
    assert {"signature-wrong", "file-listed", "file-differs"} <= found


def test_metadata_of_another_run(out, package):
    path = out / PROOF[2]
    document = json.loads(path.read_text(encoding="utf-8"))
    for entry in document["@graph"]:
        if entry["@id"] == "growth.csv":
            entry["sha256"] = "0" * 64
    document["@graph"].append({"@id": "../../etc/passwd", "@type": "File", "sha256": "0" * 64})
    path.write_text(json.dumps(document), encoding="utf-8")
    assert {("file-listed", PROOF[2]), ("file-missing", "../../etc/passwd")} <= rules(out, package)
    path.write_text("[]", encoding="utf-8")
    assert rules(out, package) == {("file-missing", PROOF[2]), ("file-unlisted", PROOF[1])}


def test_a_certificate_of_another_run(out, package, made):
    write_certificate(certify(made.measurement, package, options={"set": ["a=1"]}), package, out / "other")
    shutil.copy(out / "other" / PROOF[0], out / PROOF[0])
    assert ("file-differs", PROOF[0]) in rules(out, package)


def test_a_set_that_was_cut_short(out, package):
    (out / SET).mkdir()
    (out / "report.html").unlink()
    assert rules(out, package) == {("set-unfinished", str(out)), ("file-missing", "report.html")}


def test_a_report_without_certificate_takes_the_old_one_away(out, package, made):
    write_assessment(made.measurement, made.measurement.protocol, package, out)
    assert sorted(path.name for path in out.iterdir()) == sorted(SHOWN)


def test_a_certificate_of_the_first_format_is_read(certificate, package, forge):
    def change(document):
        document["format_version"] = "1.0"
        del document["id"], document["files"]

    result = verify(forge(certificate, change), package)
    assert result.equal
    assert result.files is None


def test_the_id_does_not_depend_on_the_files(certificate, package, forge):
    def change(document):
        document["files"] = {"report.html": "0" * 64}

    assert verify(forge(certificate, change), package).equal

    def altered(document):
        document["id"] = "0" * 64

    assert [one.key for one in verify(forge(certificate, altered), package).differences] == ["id"]
