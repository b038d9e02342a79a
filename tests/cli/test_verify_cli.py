from __future__ import annotations

import json
import shutil
import sys
from types import SimpleNamespace

import pytest

import xinzhi
from xinzhi.cli import main
from xinzhi.core.keys import signing_key
from xinzhi.data import export, load
from xinzhi.report.certificate import certify, write_certificate


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setenv("XINZHI_LANG", "en")


@pytest.fixture
def app(monkeypatch, capsys):
    """Return what calls `xinzhi verify` with some words."""

    def run(words):
        monkeypatch.setattr(sys, "argv", ["xinzhi", "verify", *words])
        with pytest.raises(SystemExit) as leaving:
            main()
        said = capsys.readouterr()
        return SimpleNamespace(exit_code=leaving.value.code, stdout=said.out, stderr=said.err)

    return run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return export(load("china-provinces"), tmp_path_factory.mktemp("data") / "china-provinces")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    package = load("china-provinces")
    made = certify(xinzhi.measure(package), package)
    return write_certificate(made, package, tmp_path_factory.mktemp("out"))[0]


@pytest.fixture
def altered(folder, tmp_path):
    target = tmp_path / "china-provinces"
    shutil.copytree(folder, target)
    lines = (target / "accounts.csv").read_text(encoding="utf-8").split("\n")
    at = lines[0].split(",").index("output_real")
    row = next(number for number, line in enumerate(lines) if line.startswith("220000,2017,"))
    cells = lines[row].split(",")
    cells[at] = str(float(cells[at]) + 1)
    lines[row] = ",".join(cells)
    (target / "accounts.csv").write_text("\n".join(lines), encoding="utf-8")
    return target


def test_equal(app, certificate, folder):
    result = app([str(certificate), "--data", str(folder)])
    assert result.exit_code == 0
    assert "Everything is equal: 24 tables" in result.stdout


def test_a_shipped_package_by_name(app, certificate):
    assert app([str(certificate), "--data", "china-provinces"]).exit_code == 0


def test_one_cell(app, certificate, altered):
    result = app([str(certificate), "--data", str(altered)])
    assert result.exit_code == 1
    assert "accounts.csv, line 203, column 'output_real' (220000/2017)" in result.stdout
    assert "differences." in result.stdout


def test_one_cell_in_chinese(app, certificate, altered):
    result = app([str(certificate), "--data", str(altered), "--lang", "zh"])
    assert result.exit_code == 1
    assert "accounts.csv，第203行，“output_real”列（220000/2017）" in result.stdout


def test_json(app, certificate, altered):
    result = app([str(certificate), "--data", str(altered), "--json"])
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert document["equal"] is False
    first = document["differences"][0]
    assert (first["rule"], first["table"], first["column"], first["key"]) == (
        "cell",
        "accounts",
        "output_real",
        "220000/2017",
    )


def test_another_protocol(app, certificate):
    result = app([str(certificate), "--data", "china-provinces", "--protocol", "zhang-2004"])
    assert result.exit_code == 1
    assert "protocol-differs" in result.stdout


def test_signed(app, tmp_path):
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    pem = serialization.Encoding.PEM
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (tmp_path / "pub.pem").write_bytes(
        key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    package = load("china-provinces")
    made = certify(xinzhi.measure(package), package, key=signing_key(tmp_path / "key.pem"))
    path = write_certificate(made, package, tmp_path / "out")[0]
    call = [str(path), "--data", "china-provinces", "--key", str(tmp_path / "pub.pem")]
    assert app(call).exit_code == 0
    path.write_text(path.read_text(encoding="utf-8").replace('"encoding": null', '"encoding": "x"'), "utf-8")
    result = app(call)
    assert result.exit_code == 1
    assert "signature-wrong" in result.stdout


def test_not_signed(app, certificate, tmp_path):
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    public = Ed25519PrivateKey.generate().public_key()
    pem, kind = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    (tmp_path / "pub.pem").write_bytes(public.public_bytes(pem, kind))
    call = [str(certificate), "--data", "china-provinces", "--key", str(tmp_path / "pub.pem")]
    result = app(call)
    assert result.exit_code == 1
    assert "signature-missing" in result.stdout


def test_what_cannot_be_used(app, certificate, tmp_path):
    newer = tmp_path / "certificate.json"
    newer.write_text('{"format": "xinzhi-certificate", "format_version": "2.0"}', encoding="utf-8")
    for call in (
        [str(newer), "--data", "china-provinces"],
        [str(tmp_path / "absent.json"), "--data", "china-provinces"],
        [str(certificate), "--data", str(tmp_path / "absent")],
    ):
        assert app(call).exit_code == 3


def test_misuse(app, certificate):
    result = app([str(certificate), "--data", "china-provinces", "--protocol", "unknown"])
    assert (result.exit_code, "unknown" in result.stderr) == (2, True)
    assert app([str(certificate)]).exit_code == 2
