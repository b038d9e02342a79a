"""The files of a report are those that its certificate states, signed with it; and the page names the certificate."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

import xinzhi
from xinzhi.core.files import SET
from xinzhi.report import write_assessment
from xinzhi.report.certificate import certify, public_key, read_certificate, signing_key, verify, write_certificate
from xinzhi.report.certificate.schema import digest, identity, without

SHOWN = ["report.html", "assessment.xlsx", "assessment-data.xlsx", "growth.csv", "levels.csv", "assessment.json"]
SHOWN += ["growth.csv-metadata.json", "levels.csv-metadata.json", "assessment.datapackage.json"]
PROOF = ["certificate.json", "prov.json", "ro-crate-metadata.json"]


@pytest.fixture(scope="module")
def made(package, pair, tmp_path_factory):
    out, study = tmp_path_factory.mktemp("assessed"), xinzhi.study("assess", package, only=("none",))
    proof = certify(study.measurement, package)
    paths = study.write(out, key=signing_key(pair / "one.pem"))
    return SimpleNamespace(out=out, paths=paths, proof=proof, measurement=study.measurement)


@pytest.fixture(scope="module")
def again(tmp_path_factory):
    """Return `assess` as `verify` calls it to make the files again: what would be written alike is written once."""
    written = {}

    def assess(package, *, protocol, only, **more):
        def write(folder, language, *, options):
            told = (package.name, package.version, package.title, package.findings, package.issuers)
            key = repr((told, protocol.fingerprint, protocol.departs, only, language, options))
            if key not in written:
                kept = tmp_path_factory.mktemp("again")
                made = xinzhi.studies.assess(package, protocol=protocol, only=only, **more)
                made.write(kept, language, options=options)
                written[key] = kept
            return [Path(shutil.copy(path, folder)) for path in written[key].iterdir()]

        return SimpleNamespace(write=write, more={})

    return assess


@pytest.fixture
def out(made, again, tmp_path, monkeypatch):
    monkeypatch.setattr("xinzhi.yardstick.measure", lambda *_: made.measurement)
    monkeypatch.setattr(sys.modules["xinzhi.report.certificate.verify"], "assess", again)
    return shutil.copytree(made.out, tmp_path / "out")


def rules(out, package):
    found = verify(out / PROOF[0], package, files=out).differences
    assert all(one.sentence("zh") and one.sentence("en") for one in found)
    return {(one.rule, one.file) for one in found}


def test_the_files_are_one_set(made, out, package, pair):
    assert [path.name for path in made.paths] == [*SHOWN, *PROOF]
    result = verify(out / PROOF[0], package, files=out, key=public_key(pair / "one.pub"))
    assert (result.equal, result.files) == (True, 12)
    assert "12 files" in result.summary("en")
    assert result.to_dict()["files"] == 12


def test_the_page_and_the_workbook_name_the_certificate(made, out):
    import fastexcel

    stated = read_certificate(out / PROOF[0])
    assert stated.id == made.proof.id == identity(stated.document())
    assert f'<dd id="certificate">{stated.id}</dd>' in (out / "report.html").read_text(encoding="utf-8")
    cover = fastexcel.read_excel(out / "assessment.xlsx").load_sheet(0, header_row=None).to_polars()
    assert stated.id in cover.to_series(0).to_list()


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


def page(old, new):
    return lambda content: content.replace(old, new)


def book(content):
    """Return a workbook with another word in its strings, written as soundly as before."""
    read, made = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
    with zipfile.ZipFile(made, "w") as written:
        for name in read.namelist():
            written.writestr(name, read.read(name).replace(b"Qinghai", b"Qinghai A"))
    return made.getvalue()


FORGED = {
    "report.html": page(b"Qinghai", b"Qinghai A"),
    "assessment.xlsx": book,
    "assessment-data.xlsx": book,
    "assessment.json": page(b"Qinghai", b"Qinghai A"),
    "growth.csv-metadata.json": page(b"% per year", b"per mille"),
    "levels.csv-metadata.json": page(b"mean = 1", b"mean = 2"),
    "assessment.datapackage.json": page(b"% per year", b"per mille"),
    "growth.csv": page(b"630000,1998", b"630000,1999"),
    "levels.csv": page(b"630000,1998", b"630000,1999"),
}


def forged(out, reseal, files, change=lambda _: None):
    """Forge files and renew whatever vouches for them: digests, id, seals, the id that the page names."""
    certificate, crate = out / PROOF[0], out / PROOF[2]
    document = json.loads(certificate.read_text("utf-8")) | {"signature": None}
    old = document["id"]
    change(document)
    reseal(document)
    for name in SHOWN:
        content = FORGED[name]((out / name).read_bytes()) if name in files else (out / name).read_bytes()
        assert name not in files or content != (out / name).read_bytes()
        if name == "report.html":
            content = content.replace(old.encode(), document["id"].encode())
        (out / name).write_bytes(content)
        document["files"][name] = hashlib.sha256(content).hexdigest()
    reseal(document)
    certificate.write_text(json.dumps(document), "utf-8")
    listed = json.loads(crate.read_text("utf-8"))
    for entry in listed["@graph"]:
        if entry.get("@type") == "File":
            entry["sha256"] = hashlib.sha256((out / entry["@id"]).read_bytes()).hexdigest()
    crate.write_text(json.dumps(listed), "utf-8")


@pytest.mark.parametrize("name", FORGED)
def test_a_file_that_was_forged_with_all_that_vouches_for_it(out, package, reseal, name):
    forged(out, reseal, {name})
    assert rules(out, package) == {("file-forged", name)}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_file_is_not_excused_by_other_versions_of_packages(out, package, reseal, name):
    forged(out, reseal, {name}, lambda document: document["dependencies"].update(fastexcel="0.1"))
    assert ("file-forged", name) in rules(out, package)


def test_a_page_drawn_by_other_versions_is_told(out, package, reseal, monkeypatch):
    monkeypatch.setitem(FORGED, "report.html", page(b"<svg ", b"<svg  "))
    forged(out, reseal, {"report.html"}, lambda document: document["dependencies"].update(fastexcel="0.1"))
    result = verify(out / PROOF[0], package, files=out)
    assert ("file-unproved", "report.html") in {(one.rule, one.file) for one in result.notes}
    assert {one.file for one in result.differences} <= {
        "assessment.xlsx",
        "assessment-data.xlsx",
    }  # they name the old certificate


@pytest.mark.parametrize("name", ["growth.csv", "levels.csv"])
def test_figures_of_another_xinzhi_are_compared_all_the_same(out, package, reseal, name):
    forged(out, reseal, {name, "report.html"}, lambda document: document["software"].update(version="0.0.9"))
    assert rules(out, package) == {("file-forged", name)}


def test_the_same_data_in_another_form_give_the_same_report(tmp_path, copy):
    xinzhi.studies.assess(copy, only=("none",)).write(tmp_path / "out")
    header, *lines = (copy / "accounts.csv").read_bytes().splitlines(keepends=True)
    (copy / "accounts.csv").write_bytes(b"\xef\xbb\xbf" + header + b"".join(reversed(lines)))
    result = verify(tmp_path / "out" / PROOF[0], xinzhi.load(copy), files=tmp_path / "out")
    assert (result.equal, result.files) == (True, 12), result.differences


def forge_text(place):
    def change(document):
        *names, last = place
        for name in names:
            document = document[name]
        document[last] = [{"title": "NBS", "where": "-"}] if last == "reference" else "NBS"

    return change


DEPRECIATION = ("protocol", "document", "parameters", "capital.depreciation")


@pytest.mark.parametrize(
    ("place", "rule", "key"),
    [
        (("approved_by",), "member-unknown", "approved_by"),
        (("results", "tables", "growth", "remark"), "member-unknown", "results.tables.growth.remark"),
        (("results", "tables", "growth", "columns", 0, "x"), "member-unknown", "results.tables.growth.columns.0.x"),
        (("protocol", "document", "title", "zh"), "protocol-text", "title"),
        (("protocol", "document", "authority", "en"), "protocol-text", "authority"),
        (("protocol", "document", "approved_by"), "protocol-text", "approved_by"),
        ((*DEPRECIATION, "reference"), "protocol-text", "capital.depreciation"),
        ((*DEPRECIATION, "description", "zh"), "protocol-text", "capital.depreciation"),
        ((*DEPRECIATION, "approved_by"), "protocol-text", "capital.depreciation"),
    ],
)
def test_words_that_nothing_vouches_for(certificate, package, forge, place, rule, key):
    found = verify(forge(certificate, forge_text(place)), package).differences
    assert [(one.rule, one.key) for one in found] == [(rule, key)]


def test_what_was_set_is_what_the_protocol_has(certificate, package, forge):
    def state(*settings):
        return lambda document: document["options"].update(set=list(settings))

    assert verify(forge(certificate, state("capital.depreciation=0.096")), package).equal
    for bad in ("capital.depreciation=0.2", "capital.colour=red", "nonsense"):
        (found,) = verify(forge(certificate, state(bad)), package).differences
        assert (found.rule, found.key) == ("stated", f"set {bad.partition('=')[0]}")


def test_another_title_of_the_data_is_told(certificate, package, forge):
    result = verify(forge(certificate, lambda document: document["package"].update(title_zh="审定数据")), package)
    assert [one.rule for one in result.notes] == ["package"]
    assert "审定数据" in result.notes[0].sentence("zh")


@pytest.mark.parametrize(
    "settings", [{"shares.averaging": "current", "capital.depreciation": 0.06}, {"index.formula": "fisher"}]
)
def test_a_report_by_a_protocol_that_departs_is_made_again(package, tmp_path, settings):
    rules_ = xinzhi.protocol.load("xinzhi-cn-2026").replace(settings)
    made = xinzhi.studies.assess(package, protocol=rules_, only=("none",))
    made.write(tmp_path, "zh", options={"set": [f"{path}={value}" for path, value in settings.items()]})
    result = verify(tmp_path / PROOF[0], package, files=tmp_path)
    assert (result.equal, result.files) == (True, 12), result.differences
