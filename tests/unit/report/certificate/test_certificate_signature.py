from __future__ import annotations

import sys
from functools import partial

import pytest

from xinzhi.core.errors import InputError, UsageError
from xinzhi.report.certificate import signing_key
from xinzhi.report.certificate import verify as verify_all
from xinzhi.report.certificate.keys import public_key

verify = partial(verify_all, files=False)  # certificates that are forged here stand alone

serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")


def rules(result):
    return {found.rule for found in result.differences}


def flipped(text):
    return ("B" if text[0] == "A" else "A") + text[1:]


def test_signed(signed, package, pair):
    assert verify(signed, package, key=public_key(pair / "one.pub")).notes == ()
    result = verify(signed, package)
    assert result.equal
    assert [found.rule for found in result.notes] == ["signed-by"]


def test_signed_by_somebody_else(signed, package, pair):
    result = verify(signed, package, key=public_key(pair / "other.pub"))
    assert [(found.rule, found.key) for found in result.differences] == [("signature-other", "signature")]


def test_not_signed(certificate, package, pair):
    result = verify(certificate, package, key=public_key(pair / "one.pub"))
    assert rules(result) == {"signature-missing"}


@pytest.mark.parametrize("with_key", [False, True])
@pytest.mark.parametrize(
    "change",
    [
        lambda document: document["signature"].update(value=flipped(document["signature"]["value"])),
        lambda document: document["signature"].update(value="not base64"),
        lambda document: document["signature"].update(public_key="AAAA"),
        lambda document: document["options"].update(set=["a=1"]),
    ],
)
def test_a_signature_that_does_not_fit(signed, package, pair, forge, change, with_key):
    path = forge(signed, change)
    key = public_key(pair / "one.pub") if with_key else None
    assert rules(verify(path, package, key=key)) - {"stated"} == {"signature-wrong"}


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


def test_keys_that_are_none(pair, tmp_path):
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    text = tmp_path / "text.pem"
    text.write_text("no key", encoding="utf-8")
    for read in (signing_key, public_key):
        with pytest.raises(UsageError, match="no Ed25519"):
            read(text)
        with pytest.raises(InputError, match="cannot be read"):
            read(tmp_path / "absent.pem")
    with pytest.raises(UsageError, match="no Ed25519 public"):
        public_key(pair / "one.pem")
    other = X25519PrivateKey.generate()
    kinds = {
        "x.pem": other.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
        "locked.pem": signing_key(pair / "one.pem").private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        ),
        "x.pub": other.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ),
    }
    for name, content in kinds.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match="no Ed25519 private"):
        signing_key(tmp_path / "x.pem")
    with pytest.raises(UsageError, match="no Ed25519 public"):
        public_key(tmp_path / "x.pub")
    with pytest.raises(UsageError, match="encrypted"):
        signing_key(tmp_path / "locked.pem")
