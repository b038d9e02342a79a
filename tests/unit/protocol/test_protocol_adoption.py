"""A protocol is adopted where a key signed it that the reader trusts for protocols; every departure drops that."""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import replace

import pytest
import yaml

import xinzhi
from xinzhi import protocol
from xinzhi.core.errors import InputError, ProtocolError, UsageError
from xinzhi.core.keys import new_key, read_trust, revoke, signing_key, trust
from xinzhi.core.signatures import sign_document
from xinzhi.core.text import Text
from xinzhi.report.certificate import certify, verify, write_certificate

pytest.importorskip("cryptography.hazmat.primitives.serialization")

PASSWORD = "a sentence as a password"  # noqa: S105 - of keys made here
OWNER = Text(zh="吉林省统计局", en="Statistics Bureau of Jilin")
ACT = Text(zh="吉统字〔2026〕9号", en="Order 9 of 2026")
NOW, LATER = dt.datetime(2025, 12, 3, 12, tzinfo=dt.UTC), dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
RULE = """\
id: jilin-2027
version: "1"
title: {zh: 吉林协议, en: Protocol of Jilin}
status: adopted
authority: {zh: 吉林省统计局, en: Statistics Bureau of Jilin}
description: {zh: 试, en: trial}
extends: xinzhi-cn-2026
"""


def key_of(folder, name, *, purpose=("protocol",), until=dt.date(2028, 12, 31)):
    """Make a key and a list that trusts it; return the private key and the path of the list."""
    private, _, entry = new_key(
        folder / name,
        owner=OWNER,
        password=PASSWORD,
        purpose=purpose,
        valid_from=dt.date(2025, 12, 1),
        valid_until=until,
    )
    trust(folder / f"{name}-list.yaml", entry)
    alone = folder / f"{name}-alone.pem"  # without its key file it signs whatever it is told to
    alone.write_bytes(private.read_bytes())
    return signing_key(alone, password=PASSWORD), folder / f"{name}-list.yaml"


@pytest.fixture(scope="module")
def signed(tmp_path_factory):
    """Return a folder with a signed protocol, its list, and a list with other keys."""
    folder = tmp_path_factory.mktemp("adopted")
    (folder / "rule.yaml").write_text(RULE, encoding="utf-8")
    key, listed = key_of(folder, "jilin")
    protocol.sign(folder / "rule.yaml", key, in_force=dt.date(2026, 1, 1), act=ACT, now=NOW)
    listed.rename(folder / "trusted.yaml")
    return folder


@pytest.fixture
def here(signed, tmp_path):
    """Return a copy of the folder to change."""
    return shutil.copytree(signed, tmp_path / "copy")


def judged(folder, listed="trusted.yaml", *, now=LATER):
    """Return the judgement and the rule of the finding; every sentence is there in both languages."""
    verdict = protocol.judge(protocol.load(folder / "rule.yaml"), listed and folder / listed, now=now)
    if verdict is None:
        return None
    assert all(ACT.lang(language) in verdict.text.lang(language) for language in ("zh", "en"))
    return verdict.judgement, verdict.findings[0].rule


def edited(path, **members):
    """Change members of a YAML file, by their dotted paths with two underscores."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    for name, value in members.items():
        *places, last = name.split("__")
        part = document
        for place in places:
            part = part[place]
        part[last] = value
    path.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), encoding="utf-8")


def test_a_trusted_signature_adopts_from_the_day_in_force(signed):
    assert judged(signed) == ("adopted", "signature-good")
    assert judged(signed, now=NOW) == ("pending", "signature-good")
    rules = protocol.load(signed / "rule.yaml")
    soon, then = (protocol.judge(rules, signed / "trusted.yaml", now=now).text for now in (NOW, LATER))
    assert soon.en == "adopted, in force from 2026-01-01: Statistics Bureau of Jilin, Order 9 of 2026"
    assert then.en == "adopted: Statistics Bureau of Jilin, Order 9 of 2026, in force from 2026-01-01"
    assert then.zh == "已采用：吉林省统计局，吉统字〔2026〕9号，自2026-01-01起施行"


def test_who_does_not_trust_the_key_hears_what_the_protocol_says_of_itself(signed, here):
    assert judged(signed, None) == ("untrusted", "signature-untrusted")
    key_of(here, "other")
    assert judged(here, "other-list.yaml") == ("untrusted", "signature-untrusted")
    rules = protocol.load(here / "rule.yaml")
    assert rules.state == "signed"
    assert "says of itself: adopted (Order 9 of 2026), in force from 2026-01-01, signed by key" in rules.standing.en
    (here / "rule.adoption.yaml").unlink()
    assert (protocol.load(here / "rule.yaml").state, judged(here)) == ("unsigned", None)


@pytest.mark.parametrize(
    ("reason", "date", "expected"),
    [
        ("compromised", dt.date(2026, 5, 1), ("refused", "signature-compromised")),
        ("retired", dt.date(2025, 12, 2), ("refused", "signature-revoked")),
        ("superseded", dt.date(2026, 5, 1), ("adopted", "signature-before-revocation")),
    ],
)
def test_a_revoked_key_adopts_nothing(here, reason, date, expected):
    revoke(here / "trusted.yaml", read_trust(here / "trusted.yaml").keys[0].key_id, date=date, reason=reason)
    assert judged(here) == expected


@pytest.mark.parametrize(
    ("terms", "now", "rule"),
    [
        ({"purpose": ("certificate",)}, NOW, "signature-purpose"),
        ({"until": dt.date(2025, 12, 2)}, NOW, "signature-expired"),
        ({}, dt.datetime(2025, 11, 3, tzinfo=dt.UTC), "signature-not-yet-valid"),
        ({}, dt.datetime(2029, 1, 1, tzinfo=dt.UTC), "signature-future"),
    ],
)
def test_a_key_adopts_only_for_its_purpose_and_in_its_days(here, terms, now, rule):
    (here / "rule.adoption.yaml").unlink()
    key, listed = key_of(here, "late", **terms)
    protocol.sign(here / "rule.yaml", key, in_force=dt.date(2026, 1, 1), act=ACT, now=now)
    assert judged(here, listed.name) == ("refused", rule)


def test_every_departure_drops_the_adoption(signed):
    rules = protocol.load(signed / "rule.yaml")
    changed = rules.replace({"capital.depreciation": 0.05})
    assert (changed.adoption, changed.state) == (None, "altered")
    assert "adopted by no authority" in changed.standing.en
    assert protocol.judge(changed, signed / "trusted.yaml") is None
    assert replace(rules, version="2").state == "unsigned"
    assert rules.replace({"capital.depreciation": rules.value("capital.depreciation")}).state == "signed"


def test_what_extends_an_adopted_protocol_is_not_adopted(here):
    child = RULE.replace("jilin-2027", "changchun-2027").replace("xinzhi-cn-2026", "rule.yaml")
    (here / "child.yaml").write_text(child, encoding="utf-8")
    assert protocol.load(here / "child.yaml").state == "unsigned"


@pytest.mark.parametrize(
    ("file", "members"),
    [
        ("rule.yaml", {"version": "2"}),
        ("rule.yaml", {"parameters": {"capital": {"depreciation": {"value": 0.05}}}}),
        ("rule.adoption.yaml", {"in_force": dt.date(2020, 1, 1)}),
        ("rule.adoption.yaml", {"act__en": "Order 10"}),
        ("rule.adoption.yaml", {"fingerprint": "0" * 64}),
        ("rule.adoption.yaml", {"signature__signed_at": "2025-12-04T12:00:00Z"}),
        ("rule.adoption.yaml", {"signature__key_id": "0" * 64}),
    ],
)
def test_an_edited_rule_or_signature_adopts_nothing(here, file, members):
    edited(here / file, **members)
    assert (protocol.load(here / "rule.yaml").state, judged(here)) == ("unsigned", None)
    assert "adoption-other" in {entry.rule for entry in protocol.check(here / "rule.yaml")}


def test_a_signature_made_for_a_certificate_adopts_nothing(here):
    key, _ = key_of(here, "both", purpose=("certificate", "protocol"))
    document = protocol.load(here / "rule.yaml").adoption.document()
    forged = sign_document(document, "certificate", key, NOW).model_dump()
    edited(here / "rule.adoption.yaml", signature=forged)
    assert judged(here) is None


def test_a_signature_of_another_form_is_refused_by_name(here):
    edited(here / "rule.adoption.yaml", colour="red")
    with pytest.raises(InputError) as caught:
        protocol.load(here / "rule.yaml")
    assert (caught.value.code, caught.value.findings[0].key) == ("keys.malformed", "colour")
    (here / "rule.adoption.yaml").write_text("format: other", encoding="utf-8")
    with pytest.raises(InputError, match="signature of a protocol"):
        protocol.load(here / "rule.yaml")


def test_only_a_whole_protocol_that_is_called_adopted_is_signed_and_once(here):
    key = signing_key(here / "jilin-alone.pem", password=PASSWORD)

    def refused(name, kind, code, *, act=ACT):
        with pytest.raises(kind) as caught:
            protocol.sign(here / name, key, in_force=dt.date(2026, 1, 1), act=act)
        assert caught.value.code == code
        assert caught.value.text.zh != caught.value.text.en

    refused("rule.yaml", InputError, "protocol.adoption-exists")
    (here / "proposed.yaml").write_text(RULE.replace("status: adopted", "status: proposed"), encoding="utf-8")
    refused("proposed.yaml", ProtocolError, "protocol.adoption-status")
    (here / "blank.yaml").write_text(RULE.replace("xinzhi-cn-2026", "shan-2008"), encoding="utf-8")
    refused("blank.yaml", ProtocolError, "protocol.leaves-blank")
    (here / "silent.yaml").write_text(RULE, encoding="utf-8")
    refused("silent.yaml", InputError, "protocol.adoption-act", act=Text(zh=" ", en=" "))
    assert not (here / "silent.adoption.yaml").exists()
    with pytest.raises(UsageError):
        protocol.load("no-such")


def test_a_certificate_carries_the_adoption_and_its_verifier_judges_it(signed, here):
    package, rules = xinzhi.load("china-provinces"), protocol.load(signed / "rule.yaml")
    made = certify(xinzhi.measure(package, protocol=rules), package)
    path, *_ = write_certificate(made, package, here / "out")
    (here / "late.yaml").write_bytes((here / "trusted.yaml").read_bytes())
    revoke(here / "late.yaml", rules.adoption.signature.key_id, date=dt.date(2025, 12, 1), reason="compromised")

    def said(listed):
        keys = read_trust(here / listed) if listed else None
        result = verify(path, package, trust=keys, protocol=rules, files=False)
        found = {entry.rule for entry in [*result.differences, *result.notes] if entry.key == "adoption"}
        return result.equal, found

    assert said(None) == (True, {"signature-untrusted"})
    assert said("trusted.yaml") == (True, {"signature-good"})
    assert said("late.yaml") == (False, {"signature-compromised"})
    stripped = replace(rules, adoption=None)
    assert not verify(path, package, protocol=stripped, files=False).equal
