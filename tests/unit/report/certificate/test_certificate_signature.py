from __future__ import annotations

import hashlib
import json
import shutil
import sys
from functools import partial

import pytest

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.keys import public_key, signing_key
from xinzhi.report.certificate import NAMES, add_signature
from xinzhi.report.certificate import verify as verify_all

verify = partial(verify_all, files=False)  # certificates that are forged here stand alone

pytest.importorskip("cryptography.hazmat.primitives.serialization")


def rules(result):
    return {found.rule for found in result.differences}


def flipped(text):
    return ("B" if text[0] == "A" else "A") + text[1:]


def test_signed(signed, package, pair):
    result = verify(signed, package, key=public_key(pair / "one.pub"))
    assert [found.rule for found in result.notes] == ["signature-of-key"]
    result = verify(signed, package)
    assert result.equal
    assert [found.rule for found in result.notes] == ["signature-untrusted"]


def test_signed_and_required_without_a_list(signed, package):
    result = verify(signed, package, require_signature=True)
    assert rules(result) == {"signature-untrusted"}


def test_signed_by_somebody_else(signed, package, pair):
    result = verify(signed, package, key=public_key(pair / "other.pub"))
    assert [(found.rule, found.key) for found in result.differences] == [("signature-other-key", "signatures.0")]


def test_not_signed(certificate, package, pair):
    assert rules(verify(certificate, package, key=public_key(pair / "one.pub"))) == {"signature-missing"}
    assert rules(verify(certificate, package, require_signature=True)) == {"signature-missing"}
    assert verify(certificate, package).equal


@pytest.mark.parametrize("with_key", [False, True])
@pytest.mark.parametrize(
    "change",
    [
        lambda document: document["signatures"][0].update(value=flipped(document["signatures"][0]["value"])),
        lambda document: document["signatures"][0].update(value="not base64"),
        lambda document: document["signatures"][0].update(public_key="AAAA"),
        lambda document: document["signatures"][0].update(signed_at="2026-01-01T00:00:00Z"),
        lambda document: document["options"].update(set=["a=1"]),
    ],
)
def test_a_signature_that_does_not_fit(signed, package, pair, forge, change, with_key):
    path = forge(signed, change)
    key = public_key(pair / "one.pub") if with_key else None
    assert rules(verify(path, package, key=key)) - {"stated"} == {"signature-wrong"}


def test_a_second_signature(signed, package, pair, tmp_path):
    folder = tmp_path / "signed"
    shutil.copytree(signed.parent, folder)
    path, keys = folder / signed.name, [signing_key(pair / f"{name}.pem") for name in ("one", "other")]
    assert len(add_signature(path, keys[1]).signatures) == 2
    for key in keys:
        assert verify(path, package, key=key.public).equal
    described = {entry["@id"]: entry for entry in json.loads((folder / NAMES[2]).read_bytes())["@graph"]}
    for name in NAMES[:2]:
        content = (folder / name).read_bytes()
        assert described[name]["sha256"] == hashlib.sha256(content).hexdigest()
        assert described[name]["contentSize"] == str(len(content))
    entities = json.loads((folder / NAMES[1]).read_bytes())["entity"]
    assert entities["x:file-certificate.json"]["x:sha256"] == described[NAMES[0]]["sha256"]
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    with pytest.raises(InputError, match="signed it already"):
        add_signature(path, keys[0])
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


@pytest.mark.parametrize("restate", [True, False])
def test_what_is_not_sound_is_not_signed(signed, pair, forge, restate):
    path = forge(signed, lambda document: document["options"].update(set=["a=1"]), restate=restate)
    before = path.read_bytes()
    with pytest.raises(InputError, match="not sound") as caught:
        add_signature(path, signing_key(pair / "other.pem"))
    assert caught.value.exit_code == 3
    assert path.read_bytes() == before


def test_a_later_format_with_more_members_is_refused(signed, package, forge):
    path = forge(signed, lambda document: document.update(format_version="1.7", later={"member": [1.5]}))
    with pytest.raises(InputError, match=r"has format 1\.7, which is newer"):
        verify(path, package)


@pytest.mark.parametrize("read", [signing_key, public_key])
def test_without_cryptography(monkeypatch, pair, read):
    monkeypatch.setitem(sys.modules, "cryptography", None)
    for name in [name for name in sys.modules if name.startswith("cryptography.")]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(UsageError, match=r"xinzhi\[sign\]"):
        read(pair / "one.pem")


def test_a_signed_certificate_without_cryptography(monkeypatch, signed, package):
    for name in [name for name in sys.modules if name.partition(".")[0] == "cryptography"]:
        monkeypatch.setitem(sys.modules, name, None)
    result = verify(signed, package)
    assert result.equal
    assert [found.rule for found in result.notes] == ["signature-unchecked"]
