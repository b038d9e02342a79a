"""A small package of provinces, its certificate, and a way to forge one."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from forgeries import reseal_results

import xinzhi
from xinzhi.core.keys import signing_key
from xinzhi.data import export, load
from xinzhi.report.certificate import certify, write_certificate
from xinzhi.report.certificate.schema import digest, identity, layout, without

KEPT = ("regions", "accounts", "investment", "vintages")


@pytest.fixture(scope="module")
def package():
    whole = load("china-provinces")
    return replace(whole, tables={name: whole.tables[name] for name in KEPT})


@pytest.fixture(scope="module")
def folder(package, tmp_path_factory):
    return export(package, tmp_path_factory.mktemp("data") / "china-provinces")


@pytest.fixture(scope="module")
def certificate(package, tmp_path_factory):
    made = certify(xinzhi.measure(package), package)
    return write_certificate(made, package, tmp_path_factory.mktemp("certificate"))[0]


@pytest.fixture
def copy(folder, tmp_path):
    return Path(shutil.copytree(folder, tmp_path / "china-provinces"))


@pytest.fixture
def reseal():
    def seal(document):
        reseal_results(document)
        if "id" in document:
            document["id"] = identity(document)
        document["sha256"] = digest(without(document, "sha256", "signatures"))

    return seal


@pytest.fixture
def forge(tmp_path):
    """Return a maker of changed certificates; `restate` gives every digest anew."""

    def make(path, change, *, restate=True):
        document = json.loads(path.read_text(encoding="utf-8"))
        change(document)
        if restate:
            reseal_results(document)
            if "id" in document and document["id"] != "0" * 64:
                document["id"] = identity(document)
            document["sha256"] = digest(without(document, "sha256", "signatures"))
        target = tmp_path / "certificate.json"
        target.write_text(layout(document) + "\n", encoding="utf-8")
        return target

    return make


@pytest.fixture(scope="session")
def studied():
    """Return what `remake` asks for, computed once: studies by their options, files by these, language and id."""
    studies, written = {}, {}

    def assess(package, *, protocol, **options):
        about = (package.name, package.version, package.title, package.findings, package.issuers)
        tables = [package.fingerprint(name) for name in package.tables]
        key = repr((about, tables, protocol.fingerprint, protocol.departs, options))
        if key not in studies:
            studies[key] = xinzhi.studies.assess(package, protocol=protocol, **options)
        return studies[key]

    def write_study(study, folder, *, language, certificate):
        key = (id(study), language, certificate.id)
        if key not in written:
            xinzhi.report.write_study(study, folder, language=language, certificate=certificate)
            written[key] = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for name, content in written[key].items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(content)

    return assess, write_study


@pytest.fixture
def once(studied, monkeypatch):
    """Let `verify` make no report twice that must come out the same."""
    remake = sys.modules["xinzhi.report.certificate.remake"]
    for name, function in zip(("assess", "write_study"), studied, strict=True):
        monkeypatch.setattr(remake, name, function)


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    folder = tmp_path_factory.mktemp("keys")
    for name in ("one", "other"):
        key = Ed25519PrivateKey.generate()
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        (folder / f"{name}.pem").write_bytes(private)
        (folder / f"{name}.pub").write_bytes(public)
    return folder


@pytest.fixture(scope="module")
def signed(package, pair, tmp_path_factory):
    made = certify(xinzhi.measure(package), package, key=signing_key(pair / "one.pem"))
    return write_certificate(made, package, tmp_path_factory.mktemp("signed"))[0]
