"""Keys: made, stored, listed, revoked; what is wrong with one is named in both languages, and nothing is written."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import hashlib
import stat
import sys

import pytest
import yaml

from xinzhi.core.errors import InputError, UsageError, XinzhiError
from xinzhi.core.keys import KeyFile, new_key, public_key, read_key_file, read_trust, revoke, signing_key, trust
from xinzhi.core.signature_checks import Demand, check_signatures
from xinzhi.core.signatures import ALGORITHMS, PrivateKey, PublicKey, Signature, sign_document
from xinzhi.core.text import Text

serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
asymmetric = pytest.importorskip("cryptography.hazmat.primitives.asymmetric")

PASSWORD = "a long password"  # noqa: S105 - of keys made here
OWNER = Text(zh="吉林省统计局", en="Statistics Bureau of Jilin")
DAY = dt.date(2026, 12, 3)
NOW = dt.datetime(2027, 1, 15, 12, tzinfo=dt.UTC)
DOCUMENT = {"region": "吉林", "growth": 0.1}
# openssl genpkey -algorithm SM2 | openssl pkey -pubout (OpenSSL 3.5)
SM2 = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoEcz1UBgi0DQgAEserKK8d1aToxMOLemj3mzgJwGllv
W4ZnqOZS2FyM0jKaFQc6KdRAIAPYCw/gl0BsxCOB4FOtaMF2P/50UOxAXA==
-----END PUBLIC KEY-----
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return the paths of a key and its list, and the private key."""
    folder = tmp_path_factory.mktemp("keys")
    private, public, entry = new_key(
        folder / "jilin", owner=OWNER, password=PASSWORD, valid_from=DAY, valid_until=dt.date(2028, 12, 31)
    )
    trust(folder / "trust.yaml", entry)
    native = serialization.load_pem_private_key(private.read_bytes(), PASSWORD.encode())
    return private, public, folder / "trust.yaml", PrivateKey("Ed25519", native)


def refused(call, code, *parts, kind=InputError):
    """Say what a call is refused with, in English; the sentence is there in both languages."""
    with pytest.raises(kind) as caught:
        call()
    assert caught.value.code == code
    texts = [caught.value.text, *(entry.text for entry in getattr(caught.value, "findings", ()))]
    assert all(text.zh != text.en and text.zh and text.en for text in texts)
    said = " ".join(text.en for text in texts)
    assert all(part in said for part in parts), said
    return said


def verdicts(signatures, *, document=DOCUMENT, purpose="certificate", now=NOW, **demand):
    """Return rule and severity of what is said of signatures, each of which has both languages."""
    findings = check_signatures(document, purpose, signatures, Demand(**demand), file="f", now=now)
    assert all(entry.sentence("zh") and entry.sentence("en") for entry in findings)
    return [(entry.rule, entry.severity) for entry in findings]


# -- keys on disk ------------------------------------------------------------------------------------------------------


def test_a_key_is_encrypted_and_for_its_owner_alone(made):
    private, public, _, _ = made
    assert private.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    if sys.platform != "win32":
        assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert "PRIVATE" not in public.read_text(encoding="utf-8")


def test_the_key_id_is_the_sha256_of_the_public_key_in_der(made):
    private, public, _, key = made
    der = key.native.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert read_key_file(public).key_id == hashlib.sha256(der).hexdigest() == public_key(public).id
    assert private.stem == public.stem


def test_the_head_of_a_key_of_sm2_is_that_of_the_standard():
    der = base64.b64decode("".join(line for line in SM2.splitlines() if "-" not in line))
    head, size = ALGORITHMS["SM2-SM3"].head, ALGORITHMS["SM2-SM3"].size
    assert der.startswith(head)
    assert len(der) == len(head) + size


def test_a_password_opens_the_key(made, tmp_path):
    private, _, _, key = made
    alone = tmp_path / "alone.pem"  # without its key file it signs on any day
    alone.write_bytes(private.read_bytes())
    for password in (PASSWORD, PASSWORD.encode(), PASSWORD.encode):
        assert signing_key(alone, password=password).public == key.public


@pytest.mark.parametrize(
    ("password", "code"),
    [("another password", "keys.wrong-password"), (None, "keys.needs-password"), (lambda: b"", "keys.needs-password")],
)
def test_a_wrong_password(made, password, code):
    said = refused(lambda: signing_key(made[0], password=password), code, "password")
    assert "another password" not in said


def other_keys():
    from cryptography.hazmat.primitives.asymmetric import ec, ed448, x25519

    yield "x25519", x25519.X25519PrivateKey.generate(), "X25519"
    yield "ed448", ed448.Ed448PrivateKey.generate(), "Ed448"
    yield "ec", ec.generate_private_key(ec.SECP256R1()), "E"


@pytest.mark.parametrize("case", [*other_keys()], ids=lambda case: case[0])
def test_a_key_of_another_type(tmp_path, case):
    _, key, name = case
    pem = serialization.Encoding.PEM
    (tmp_path / "k.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (tmp_path / "k.pub").write_bytes(
        key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    refused(lambda: signing_key(tmp_path / "k.pem"), "keys.wrong-type", name)
    refused(lambda: public_key(tmp_path / "k.pub"), "keys.wrong-type", name)


def test_a_key_of_sm2_says_what_is_missing(tmp_path):
    (tmp_path / "sm2.pem").write_text(SM2, encoding="utf-8")
    refused(lambda: public_key(tmp_path / "sm2.pem"), "keys.algorithm-missing", "SM2-SM3")
    refused(
        lambda: new_key(tmp_path / "k", owner=OWNER, password=PASSWORD, algorithm="SM2-SM3"),
        "keys.algorithm-missing",
        "SM3",
    )
    assert [path.name for path in tmp_path.iterdir()] == ["sm2.pem"]


@pytest.mark.parametrize(
    ("options", "code", "kind"),
    [
        ({"password": "short"}, "keys.short-password", InputError),
        ({"purpose": ("tax",)}, "keys.unknown-purpose", UsageError),
        ({"algorithm": "RSA"}, "keys.unknown-algorithm", UsageError),
        ({"owner": Text(zh="", en="x")}, "keys.no-owner", UsageError),
        ({"valid_from": DAY, "valid_until": dt.date(2026, 1, 1)}, "keys.days-reversed", UsageError),
    ],
)
def test_a_key_that_cannot_be_made(tmp_path, options, code, kind):
    call = {"owner": OWNER, "password": PASSWORD} | options
    refused(lambda: new_key(tmp_path / "k", **call), code, kind=kind)
    assert not list(tmp_path.iterdir())


def test_a_key_is_never_overwritten(made):
    before = made[0].read_bytes()
    refused(lambda: new_key(made[0], owner=OWNER, password=PASSWORD), "keys.exists")
    assert made[0].read_bytes() == before


@pytest.mark.parametrize(
    ("days", "code"),
    [((dt.date(2020, 1, 1), dt.date(2021, 1, 1)), "keys.expired"), ((dt.date(2999, 1, 1), None), "keys.not-yet-valid")],
)
def test_a_key_does_not_sign_outside_its_days(tmp_path, days, code):
    private, _, _ = new_key(tmp_path / "k", owner=OWNER, password=PASSWORD, valid_from=days[0], valid_until=days[1])
    refused(lambda: signing_key(private, password=PASSWORD), code)


def test_a_key_does_not_sign_what_it_is_not_for(tmp_path):
    private, public, _ = new_key(tmp_path / "k", owner=OWNER, password=PASSWORD, purpose=("protocol",))
    assert signing_key(private, password=PASSWORD, purpose="protocol")
    refused(lambda: signing_key(private, password=PASSWORD), "keys.purpose", "certificate")
    _, other, _ = new_key(tmp_path / "other", owner=OWNER, password=PASSWORD)
    other.replace(public)
    refused(lambda: signing_key(private, password=PASSWORD), "keys.other-key")


def test_files_that_are_no_keys(tmp_path):
    (tmp_path / "text.pem").write_text("no key", encoding="utf-8")
    refused(lambda: signing_key(tmp_path / "text.pem"), "keys.no-private-key")
    refused(lambda: public_key(tmp_path / "text.pem"), "keys.other-file")
    refused(lambda: signing_key(tmp_path / "absent.pem"), "keys.unreadable")
    refused(lambda: read_trust(tmp_path / "absent.yaml"), "keys.malformed")


# -- key files and lists -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("member", [name for name in KeyFile.model_fields if name != "format"])
def test_each_member_of_a_key_file_is_needed_and_closed(made, tmp_path, member):
    content = yaml.safe_load(made[1].read_text(encoding="utf-8"))
    path = tmp_path / "key.yaml"
    for value in ({}, [], 7, "another", None):
        path.write_text(yaml.safe_dump({**content, member: value}, allow_unicode=True), encoding="utf-8")
        with pytest.raises(XinzhiError) as caught:
            read_key_file(path)
        assert caught.value.code in {"keys.malformed", "keys.altered"}
    del content[member]
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    code = "keys.other-file" if member == "format_version" else "keys.malformed"
    refused(lambda: read_key_file(path), code, "" if member == "format_version" else member)


def test_an_unknown_member_is_named_with_its_line(made, tmp_path):
    path = tmp_path / "key.yaml"
    path.write_text(made[1].read_text(encoding="utf-8") + "approved_by: nobody\n", encoding="utf-8")
    refused(lambda: read_key_file(path), "keys.malformed", "approved_by", "no such member", "line")


def test_a_list_is_no_key_file_and_a_key_file_no_list(made):
    refused(lambda: read_trust(made[1]), "keys.other-file", "list of trusted keys")
    refused(lambda: read_key_file(made[2]), "keys.other-file", "public key file")


def test_a_flipped_bit_of_a_key_file_is_refused_or_changes_nothing(made, tmp_path):
    content, entry = made[1].read_bytes(), read_key_file(made[1])
    path = tmp_path / "key.yaml"
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1 << place % 8]) + content[place + 1 :])
        with contextlib.suppress(InputError):
            assert read_key_file(path) == entry


def test_a_list_has_a_key_once(made, tmp_path):
    entry = read_key_file(made[1])
    path = tmp_path / "trust.yaml"
    trust(path, entry)
    before = path.read_bytes()
    refused(lambda: trust(path, entry), "keys.listed-twice")
    content, again = yaml.safe_load(before), yaml.safe_load(before)
    content["keys"] += again["keys"]
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    refused(lambda: read_trust(path), "keys.listed-twice")


def test_a_revocation(made, tmp_path):
    path, key_id = tmp_path / "trust.yaml", read_key_file(made[1]).key_id
    path.write_bytes(made[2].read_bytes())
    for given in (key_id[:7], "00000000", ""):
        refused(lambda given=given: revoke(path, given, date=DAY, reason="retired"), "keys.no-such-key")
    refused(lambda: revoke(path, key_id, date=DAY, reason="bored"), "keys.unknown-reason", kind=UsageError)
    assert path.read_bytes() == made[2].read_bytes()
    assert revoke(path, key_id[:8], date=DAY, reason="retired") == read_trust(path)
    refused(lambda: revoke(path, key_id, date=DAY, reason="retired"), "keys.listed-twice")


# -- signatures --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def signature(made):
    return sign_document(DOCUMENT, "certificate", made[3], NOW)


def test_a_signature_of_a_trusted_key(made, signature):
    assert verdicts([signature], trust=read_trust(made[2]), required=True) == [("signature-good", "note")]
    assert verdicts([signature], key=made[3].public) == [("signature-of-key", "note")]


def test_nobody_is_trusted_without_a_list(signature):
    assert verdicts([signature]) == [("signature-untrusted", "note")]
    assert verdicts([signature], required=True) == [("signature-untrusted", "error")]
    (entry,) = check_signatures(DOCUMENT, "certificate", [signature], Demand(required=True), file="f", now=NOW)
    assert "signed, but by a key that you have not told me to trust" in entry.message.en


def test_no_signature(made):
    assert verdicts([]) == []
    assert verdicts([], trust=read_trust(made[2])) == []
    assert verdicts([], required=True) == verdicts([], key=made[3].public) == [("signature-missing", "error")]


def listed(made, tmp_path, **changes):
    """Return a list with a key whose entry it signed itself after changes."""
    native, entry = made[3], read_key_file(made[1]).model_copy(update={"signature": "", **changes})
    entry = entry.model_copy(update={"signature": native.sign(entry.statement())})
    path = tmp_path / f"list-{len(list(tmp_path.iterdir()))}.yaml"
    trust(path, entry)
    return path


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"valid_until": dt.date(2027, 1, 14)}, "signature-expired"),
        ({"valid_until": dt.date(2027, 1, 15)}, "signature-good"),
        ({"valid_from": dt.date(2027, 1, 16)}, "signature-not-yet-valid"),
        ({"valid_from": dt.date(2027, 1, 15)}, "signature-good"),
        ({"purpose": ["protocol"]}, "signature-purpose"),
    ],
)
def test_what_a_list_says_of_a_key(made, signature, tmp_path, changes, rule):
    severity = "note" if rule == "signature-good" else "error"
    trusted = read_trust(listed(made, tmp_path, **changes))
    assert verdicts([signature], trust=trusted) == [(rule, severity)]


def test_a_key_that_expired_since(made, signature):
    later = NOW.replace(year=2030)
    assert verdicts([signature], trust=read_trust(made[2]), now=later, required=True) == [
        ("signature-before-expiry", "note")
    ]


@pytest.mark.parametrize(
    ("date", "reason", "rule"),
    [
        (dt.date(2027, 1, 15), "retired", "signature-revoked"),
        (dt.date(2027, 1, 16), "retired", "signature-before-revocation"),
        (dt.date(2027, 1, 16), "superseded", "signature-before-revocation"),
        (dt.date(2027, 1, 16), "compromised", "signature-compromised"),
    ],
)
def test_a_revoked_key(made, signature, tmp_path, date, reason, rule):
    path = listed(made, tmp_path)
    trusted = revoke(path, signature.key_id, date=date, reason=reason)
    severity = "note" if rule == "signature-before-revocation" else "error"
    assert verdicts([signature], trust=trusted, required=True) == [(rule, severity)]


def test_a_clock_before_the_signature(made, signature):
    trusted = read_trust(made[2])
    for seconds, rule in ((300, "signature-good"), (301, "signature-future")):
        now = NOW - dt.timedelta(seconds=seconds)
        assert verdicts([signature], trust=trusted, now=now)[0][0] == rule
    assert verdicts([signature], now=now) == [("signature-future", "error")]


def test_several_signatures(made, signature, tmp_path):
    _, other_file, other = new_key(tmp_path / "other", owner=OWNER, password=PASSWORD)
    native = serialization.load_pem_private_key((tmp_path / "other.pem").read_bytes(), PASSWORD.encode())
    second = sign_document(DOCUMENT, "certificate", PrivateKey("Ed25519", native), NOW)
    trusted = read_trust(made[2])
    assert verdicts([second, signature], trust=trusted, required=True) == [
        ("signature-untrusted", "note"),
        ("signature-good", "note"),
    ]
    assert verdicts([signature, second], trust=trusted, key=public_key(other_file))[1][0] == "signature-of-key"
    assert verdicts([signature], trust=trusted, key=public_key(other_file)) == [
        ("signature-good", "note"),
        ("signature-other", "error"),
    ]
    assert verdicts([second], key=made[3].public) == [("signature-other-key", "error")]
    assert verdicts([signature, signature], trust=trusted) == [
        ("signature-good", "note"),
        ("signature-repeated", "error"),
    ]
    broken = second.model_copy(update={"signed_at": "2027-01-15T12:00:01Z"})
    assert ("signature-wrong", "error") in verdicts([signature, broken], trust=trusted)
    assert other.key_id == second.key_id


def test_a_signature_for_one_purpose_is_none_for_another(made, signature):
    assert verdicts([signature], purpose="protocol", trust=read_trust(made[2])) == [("signature-wrong", "error")]


def test_a_flipped_bit_of_a_signature_is_refused(made, signature):
    key = made[3].public
    for name in ("algorithm", "key_id", "public_key", "signed_at", "value"):
        text = getattr(signature, name)
        for place in range(len(text)):
            flip = text[:place] + chr(ord(text[place]) ^ 1 << place % 7) + text[place + 1 :]
            try:
                changed = Signature.model_validate({**signature.model_dump(), name: flip})
            except ValueError:  # the closed form refuses it
                continue
            rules = [rule for rule, severity in verdicts([changed], key=key) if severity == "error"]
            assert rules == ["signature-wrong"], (name, place, flip)


def test_a_flipped_bit_of_the_content_is_refused(made, signature):
    text = DOCUMENT["region"].encode()
    for place in range(len(text) * 8):
        flipped = bytes(byte ^ (1 << place % 8 if place // 8 == at else 0) for at, byte in enumerate(text))
        document = {**DOCUMENT, "region": flipped.decode("latin-1")}
        assert verdicts([signature], document=document, key=made[3].public) == [("signature-wrong", "error")]


def test_a_signature_of_sm2_is_not_checked_and_not_believed(made):
    point = b"\x04" + bytes(64)
    key = PublicKey("SM2-SM3", point)
    given = Signature(
        algorithm="SM2-SM3", key_id=key.id, public_key=key.text, signed_at="2027-01-15T12:00:00Z", value="AAAA"
    )
    assert verdicts([given], trust=read_trust(made[2])) == [("signature-algorithm", "error")]
    assert verdicts([given], key=key) == [("signature-algorithm", "error")]


@pytest.fixture
def _without_cryptography(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "cryptography"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "cryptography", None)


@pytest.mark.usefixtures("_without_cryptography")
def test_without_cryptography_the_extra_is_named(made, signature, tmp_path):
    calls = [
        lambda: signing_key(made[0], password=PASSWORD),
        lambda: public_key(made[1]),
        lambda: read_key_file(made[1]),
        lambda: read_trust(made[2]),
        lambda: new_key(tmp_path / "k", owner=OWNER, password=PASSWORD),
        lambda: verdicts([signature], required=True),
    ]
    for call in calls:
        refused(call, "keys.needs-cryptography", "xinzhi[sign]", kind=UsageError)
    assert verdicts([signature]) == [("signature-unchecked", "note")]
    assert not list(tmp_path.iterdir())
