"""The files of a report are those that its certificate states, signed with it; and the page names the certificate."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import sys
import zipfile
from types import SimpleNamespace

import pytest

import xinzhi
from xinzhi.core.errors import InputError
from xinzhi.core.files import SET
from xinzhi.core.keys import public_key, signing_key
from xinzhi.report import write_assessment
from xinzhi.report.certificate import certify, read_certificate, verify, write_certificate
from xinzhi.report.certificate.schema import digest, identity, layout, without

SHOWN = ["report.html", "assessment.xlsx", "assessment-data.xlsx", "growth.csv", "levels.csv", "assessment.json"]
SHOWN += ["growth.csv-metadata.json", "levels.csv-metadata.json", "assessment.datapackage.json"]
PROOF = ["certificate.json", "prov.json", "ro-crate-metadata.json"]


pytestmark = pytest.mark.usefixtures("once")


@pytest.fixture(scope="module")
def made(package, pair, tmp_path_factory):
    out, study = tmp_path_factory.mktemp("assessed"), xinzhi.study("assess", package, only=("none",))
    proof = certify(study.measurement, package)
    paths = study.write(out, key=signing_key(pair / "one.pem"))
    return SimpleNamespace(out=out, paths=paths, proof=proof, measurement=study.measurement)


@pytest.fixture
def out(made, tmp_path, monkeypatch):
    monkeypatch.setattr("xinzhi.yardstick.measure", lambda *_: made.measurement)
    return shutil.copytree(made.out, tmp_path / "out")


def rules(out, package):
    found = verify(out / PROOF[0], package, files=out).differences
    assert all(one.sentence("zh") and one.sentence("en") for one in found)
    return {(one.rule, one.file) for one in found}


def test_the_files_are_one_set(made, out, package, pair):
    assert [path.name for path in made.paths] == [*SHOWN, *PROOF]
    result = verify(out / PROOF[0], package, files=out, key=public_key(pair / "one.pub"))
    assert (result.equal, result.files) == (True, 11)
    assert "11 files" in result.summary("en")
    assert result.to_dict()["files"] == 11


def test_the_page_and_the_workbook_name_the_certificate(made, out):
    import fastexcel

    stated = read_certificate(out / PROOF[0])
    assert stated.id == made.proof.id == identity(stated.document())
    assert f'<dd id="certificate">{stated.id}</dd>' in (out / "report.html").read_text(encoding="utf-8")
    cover = fastexcel.read_excel(out / "assessment.xlsx").load_sheet(0, header_row=None).to_polars()
    assert stated.id in cover.to_series(0).to_list()


@pytest.mark.parametrize("name", [*SHOWN, *PROOF[1:]])
def test_a_file_that_was_changed_or_is_gone(out, package, name):
    content = (out / name).read_bytes()
    (out / name).write_bytes(content + b" ")
    assert rules(out, package) == {("file-forged" if name in PROOF else "file-differs", name)}
    (out / name).unlink()
    assert rules(out, package) == {("file-missing", name)}
    (out / name).symlink_to(out.with_name("elsewhere"))
    out.with_name("elsewhere").write_bytes(content)
    assert rules(out, package) == {("file-link", name)}


def test_a_page_whose_digests_are_renewed_breaks_the_signature(out, package):
    (out / "report.html").write_text("forged", encoding="utf-8")
    document = json.loads((out / PROOF[0]).read_text(encoding="utf-8"))
    document["report"]["files"]["report.html"] = hashlib.sha256(b"forged").hexdigest()
    document["sha256"] = digest(without(document, "sha256", "signatures"))
    (out / PROOF[0]).write_text(layout(document) + "\n", encoding="utf-8")
    found = {one.rule for one in verify(out / PROOF[0], package, files=out).differences}
    assert found == {"signature-wrong"}


def rewrite(path, change):
    document = json.loads(path.read_bytes())
    change(document)
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", "utf-8")


def test_metadata_of_another_run(out, package):
    def change(document):
        document["@graph"].append({"@id": "../../etc/passwd", "@type": "File", "sha256": "0" * 64})

    rewrite(out / PROOF[2], change)
    assert rules(out, package) == {("file-forged", PROOF[2])}
    (out / PROOF[2]).write_text("[]", encoding="utf-8")
    assert rules(out, package) == {("file-forged", PROOF[2])}


def test_metadata_with_two_files_of_one_name(out, package):
    rewrite(out / PROOF[2], lambda document: document["@graph"].append(document["@graph"][2]))
    assert rules(out, package) == {("file-forged", PROOF[2]), ("file-twice", PROOF[2])}
    (named,) = [one for one in verify(out / PROOF[0], package).differences if one.rule == "file-twice"]
    assert named.key == SHOWN[0]


@pytest.mark.parametrize(("day", "equal"), [("2031-02-28", True), ("2031-02-30", False), ("soon", False), (7, False)])
def test_a_day_of_publication_is_a_day(out, package, day, equal):
    rewrite(out / PROOF[2], lambda document: document["@graph"][1].update(datePublished=day))
    assert verify(out / PROOF[0], package).equal == equal


def test_a_certificate_of_another_run(out, package, made):
    write_certificate(certify(made.measurement, package), package, out / "other")
    shutil.copy(out / "other" / PROOF[0], out / "other.json")
    assert rules(out, package) == {("file-unlisted", "other"), ("file-unlisted", "other.json")}
    shutil.move(out / "other.json", out.parent)
    shutil.rmtree(out / "other")
    found = {(one.rule, one.file) for one in verify(out.with_name("other.json"), package, files=out).differences}
    assert {("file-forged", PROOF[0]), ("file-unlisted", "report.html")} <= found


def test_a_set_that_was_cut_short(out, package):
    (out / SET).mkdir()
    (out / "report.html").unlink()
    assert rules(out, package) == {("set-unfinished", str(out)), ("file-missing", "report.html")}


def test_a_report_without_certificate_takes_the_old_one_away(out, package, made):
    write_assessment(made.measurement, made.measurement.protocol, package, out)
    assert sorted(path.name for path in out.iterdir()) == sorted(SHOWN)


def test_the_id_does_not_depend_on_the_files(certificate, package, forge, made):
    assert json.loads((made.out / PROOF[0]).read_bytes())["id"] == read_certificate(certificate).id

    def altered(document):
        document["id"] = "0" * 64

    assert [one.key for one in verify(forge(certificate, altered), package, files=False).differences] == ["id"]


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
    document = json.loads(certificate.read_text("utf-8")) | {"signatures": []}
    old = document["id"]
    change(document)
    reseal(document)
    for name in SHOWN:
        content = FORGED[name]((out / name).read_bytes()) if name in files else (out / name).read_bytes()
        assert name not in files or content != (out / name).read_bytes()
        if name == "report.html":
            content = content.replace(old.encode(), document["id"].encode())
        (out / name).write_bytes(content)
        document["report"]["files"][name] = hashlib.sha256(content).hexdigest()
    reseal(document)
    certificate.write_text(layout(document) + "\n", "utf-8")
    listed = json.loads(crate.read_text("utf-8"))
    for entry in listed["@graph"]:
        if entry.get("@type") == "File":
            entry["sha256"] = hashlib.sha256((out / entry["@id"]).read_bytes()).hexdigest()
    crate.write_text(json.dumps(listed), "utf-8")


@pytest.mark.parametrize("name", FORGED)
def test_a_file_that_was_forged_with_all_that_vouches_for_it(out, package, reseal, name):
    forged(out, reseal, {name})
    assert rules(out, package) == {("file-forged", name)}


def allowed(out, package, **options):
    """Return what differs for a reader who lets pass what cannot be proved."""
    result = verify(out / PROOF[0], package, allow_unproved=True, **options)
    return {(one.rule, one.file) for one in result.differences}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_file_is_not_excused_by_other_versions_of_packages(out, package, reseal, name):
    forged(out, reseal, {name}, lambda document: document["dependencies"].update(polars="0.1"))
    assert ("file-forged", name) in allowed(out, package)


def test_a_page_drawn_by_other_versions_is_not_proved(out, package, reseal, monkeypatch):
    monkeypatch.setitem(FORGED, "report.html", page(b"<svg ", b"<svg  "))
    forged(out, reseal, {"report.html"}, lambda document: document["dependencies"].update(polars="0.1"))
    result = verify(out / PROOF[0], package)
    assert ("file-unproved", "report.html") in {(one.rule, one.file) for one in result.differences}
    # the workbooks that the forger left alone name the old certificate
    assert allowed(out, package) == {("file-forged", "assessment.xlsx"), ("file-forged", "assessment-data.xlsx")}


@pytest.mark.parametrize("name", ["growth.csv", "levels.csv"])
def test_figures_of_another_xinzhi_are_compared_all_the_same(out, package, reseal, name):
    forged(out, reseal, {name, "report.html"}, lambda document: document["software"].update(version="0.0.9"))
    assert allowed(out, package) == {("file-forged", name)}
    assert not verify(out / PROOF[0], package).equal


def test_the_same_data_in_another_form_are_not_proved(tmp_path, copy):
    xinzhi.studies.assess(copy, only=("none",)).write(tmp_path / "out")
    header, *lines = (copy / "accounts.csv").read_bytes().splitlines(keepends=True)
    (copy / "accounts.csv").write_bytes(b"\xef\xbb\xbf" + header + b"".join(reversed(lines)))
    proof = tmp_path / "out" / PROOF[0]
    result = verify(proof, copy)
    assert {one.rule for one in result.differences} <= {"form", "file-unproved"}
    assert "form" in {one.rule for one in result.differences}
    result = verify(proof, copy, allow_unproved=True)
    assert result.equal
    assert f"{len(result.notes)} not proved" in result.summary("en")
    with (tmp_path / "out" / "growth.csv").open("ab") as table:
        table.write(b" ")
    assert allowed(tmp_path / "out", copy) == {("file-differs", "growth.csv")}


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
        (("protocol", "document", "title", "zh"), "protocol-text", "title"),
        (("protocol", "document", "authority", "en"), "protocol-text", "authority"),
        (("protocol", "document", "approved_by"), "protocol-text", "approved_by"),
        ((*DEPRECIATION, "reference"), "protocol-text", "capital.depreciation"),
        ((*DEPRECIATION, "description", "zh"), "protocol-text", "capital.depreciation"),
        ((*DEPRECIATION, "approved_by"), "protocol-text", "capital.depreciation"),
    ],
)
def test_words_that_nothing_vouches_for(certificate, package, forge, place, rule, key):
    found = verify(forge(certificate, forge_text(place)), package, files=False).differences
    assert [(one.rule, one.key) for one in found] == [(rule, key)]


@pytest.mark.parametrize(
    "place",
    [
        ("approved_by",),
        ("report", "approved_by"),
        ("results", "tables", "growth", "remark"),
        ("results", "tables", "growth", "columns", 0, "x"),
        ("tables", "accounts", "columns", "population", "x"),
    ],
)
def test_members_that_the_format_has_not(made, package, forge, place):
    with pytest.raises(InputError, match=rf"damaged at {'.'.join(map(str, place))}"):
        verify(forge(made.out / PROOF[0], forge_text(place)), package)


@pytest.mark.parametrize("option", ["capital.depreciation=0.096", "capital.depreciation=0.2", "colour=red", "nonsense"])
def test_what_was_set_is_what_the_protocol_has(certificate, package, forge, option):
    path = forge(certificate, lambda document: document["options"].update(set=[option]))
    (found,) = verify(path, package, files=False).differences
    assert (found.rule, found.key, found.expected) == ("stated", "set", option)


def test_another_title_of_the_data_is_told(certificate, package, forge):
    path = forge(certificate, lambda document: document["package"].update(title_zh="审定数据"))
    (found,) = verify(path, package, files=False).differences
    assert found.rule == "package"
    assert "审定数据" in found.sentence("zh")


@pytest.mark.parametrize(
    "settings", [{"shares.averaging": "current", "capital.depreciation": 0.06}, {"index.formula": "fisher"}]
)
def test_a_report_by_a_protocol_that_departs_is_made_again(package, tmp_path, settings):
    rules_ = xinzhi.protocol.load("xinzhi-cn-2026").replace(settings)
    made = xinzhi.studies.assess(package, protocol=rules_, only=("none",))
    made.write(tmp_path, "zh")
    result = verify(tmp_path / PROOF[0], package, files=tmp_path)
    assert (result.equal, result.files) == (True, 11), result.differences


def restated(out, reseal, change):
    """Change a certificate and renew what it says of itself; return its document."""
    document = json.loads((out / PROOF[0]).read_bytes()) | {"signatures": []}
    change(document)
    reseal(document)
    (out / PROOF[0]).write_text(layout(document) + "\n", "utf-8")
    rewrite(out / PROOF[2], lambda _: None)
    return document


@pytest.mark.parametrize("name", SHOWN)
def test_a_file_that_is_taken_out_of_the_certificate(out, package, reseal, name):
    restated(out, reseal, lambda document: document["report"]["files"].pop(name))
    assert ("file-unstated", name) in rules(out, package)


def test_all_files_taken_out_of_the_certificate(out, package, reseal):
    restated(out, reseal, lambda document: document["report"]["files"].clear())
    assert {("file-unstated", name) for name in SHOWN} <= rules(out, package)
    restated(out, reseal, lambda document: document.update(report=None))
    assert {("file-unlisted", name) for name in SHOWN} <= rules(out, package)


def test_a_file_that_the_report_has_not(out, package, reseal):
    (out / "official.csv").write_bytes(b"forged")
    sha256 = hashlib.sha256(b"forged").hexdigest()
    restated(out, reseal, lambda document: document["report"]["files"].update({"official.csv": sha256}))
    assert {("file-alien", "official.csv"), ("file-unlisted", "official.csv")} <= rules(out, package)


@pytest.mark.parametrize("name", ["growth2.csv", "Report.html", "annex.xlsx", "readme.txt", "briefs"])
def test_a_file_beside_the_report_is_named(out, package, name):
    (out / name).write_text("forged", "utf-8")
    (out / ".DS_Store").write_bytes(b"")
    result = verify(out / PROOF[0], package)
    assert [(one.rule, one.file) for one in result.differences] == [("file-unlisted", name)]
    assert ("file-unlisted", ".DS_Store") in {(one.rule, one.file) for one in result.notes}


def test_without_a_look_at_the_files_the_first_line_says_so(out, package):
    (out / "report.html").write_text("forged", "utf-8")
    result = verify(out / PROOF[0], package, files=False)
    assert result.equal
    assert result.summary("en").startswith("The page and the other files were not checked.\n")
    assert result.summary("zh").startswith("未核对页面和其他文件。\n")


@pytest.mark.parametrize("member", ["offices", "hint_en", "hint_zh", "title"])
def test_nothing_is_taken_from_the_report(out, package, reseal, monkeypatch, member):
    def change(content):
        document = json.loads(content)
        if member == "offices":
            document["package"]["issuers"] = {"accounts": [{"zh": "核定无误", "en": "certified correct"}]}
        elif member == "title":
            document["package"]["title"]["en"] = "certified correct"
        else:
            document["findings"][0][member] = "certified correct"
        return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()

    monkeypatch.setitem(FORGED, "assessment.json", change)
    forged(out, reseal, {"assessment.json"})
    assert rules(out, package) == {("file-forged", "assessment.json")}


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda report: report.update(topics=["risks"]), "file-forged"),
        (lambda report: report.update(topics=["none"]), "stated"),
        (lambda report: report.update(topics=["colour"]), "not-recomputed"),
        (lambda report: report.update(briefs=True), "file-missing"),
        (lambda report: report.update(form="0" * 64), "form"),
        (lambda report: report.update(language="zh"), "file-forged"),
        (lambda report: report.update(files=dict(reversed(report["files"].items()))), "reordered"),
    ],
)
def test_how_the_report_was_written_is_what_it_says(out, package, reseal, change, rule):
    restated(out, reseal, lambda document: change(document["report"]))
    assert rule in {found for found, _ in rules(out, package)}


def test_data_that_change_meanwhile_are_named(made, copy, monkeypatch):
    module = sys.modules["xinzhi.report.certificate.verify"]

    def meddle(*_):
        (copy / "vintages.csv").write_text((copy / "vintages.csv").read_text("utf-8").replace("2017", "2018"), "utf-8")
        return ()

    monkeypatch.setattr(module, "compare_software", meddle)
    with pytest.raises(InputError, match=r"changed while they were verified.*vintages") as caught:
        verify(made.out / PROOF[0], copy)
    assert caught.value.exit_code == 3
    assert "核验期间数据有变动" in caught.value.lang("zh")
