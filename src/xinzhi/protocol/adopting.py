"""Adopt a protocol by a signature, and judge such a signature by the keys that a reader trusts."""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Literal

from xinzhi import words
from xinzhi.core.errors import InputError, ProtocolError
from xinzhi.core.files import whole_file
from xinzhi.core.finding import Finding
from xinzhi.core.keys import CONVENTIONS, TrustList, file_text, read_trust
from xinzhi.core.parameters import setting
from xinzhi.core.signature_checks import GOOD, Demand, check_signatures
from xinzhi.core.signatures import PrivateKey, sign_document
from xinzhi.core.text import Text
from xinzhi.protocol.adoption import Act, Adoption, adoption_path
from xinzhi.protocol.model import Protocol
from xinzhi.protocol.reading import load

Judgement = Literal["adopted", "pending", "untrusted", "refused"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reader may say of the adoption of a protocol: the judgement, its sentence, and the finding behind it."""

    judgement: Judgement
    text: Text
    findings: tuple[Finding, ...]


def sign(
    path: str | PathLike[str],
    key: PrivateKey,
    *,
    in_force: dt.date,
    act: Text,
    now: dt.datetime | None = None,
) -> Path:
    """Sign a protocol file whose status is ``adopted``; return the path of the signature, which is never overwritten.

    Parameters
    ----------
    path
        The file of the protocol. The signature, NAME.adoption.yaml, is written beside it.
    key
        The private key, from `xinzhi.core.keys.signing_key` with the purpose ``protocol``.
    in_force, act
        From which day on the protocol is in force, and by which legal act.

    Raises
    ------
    InputError, ProtocolError
        When the protocol is not valid, leaves a parameter blank or is not called adopted, when the act has no text, or
        when there is a signature already.
    """
    file, place = Path(path), adoption_path(Path(path))
    if os.path.lexists(place):
        raise InputError("protocol.adoption-exists", path=place)
    rules = load(file)
    if rules.status != "adopted":
        raise ProtocolError("protocol.adoption-status", path=file, status=rules.status)
    rules.require()
    most = setting(CONVENTIONS, "name_letters")
    if not all(0 < len(line.strip()) <= most for line in (act.zh, act.en)):
        raise InputError("protocol.adoption-act", most=most)
    stated = Act(zh=act.zh.strip(), en=act.en.strip())
    draft = Adoption.model_construct(fingerprint=rules.fingerprint, in_force=in_force, act=stated)
    signature = sign_document(draft.document(), "protocol", key, now or dt.datetime.now(dt.UTC))
    with whole_file(place) as target:
        target.write_text(file_text(draft.model_copy(update={"signature": signature})), encoding="utf-8")
    return place


def judge(
    protocol: Protocol, trust: TrustList | str | PathLike[str] | None = None, *, now: dt.datetime | None = None
) -> Verdict | None:
    """Return whether a protocol is adopted by a key of a list; None where it bears no signature of its own.

    It is ``adopted`` where a key that the list trusts for protocols has signed it, that was valid on the day stated in
    the signature and is not revoked; ``pending`` before the day on which it comes into force; ``untrusted`` where the
    list does not have the key, or none is given; else ``refused``, and the finding says why.
    """
    adoption = protocol.adoption
    if adoption is None or protocol.state != "signed":
        return None
    listed = trust if trust is None or isinstance(trust, TrustList) else read_trust(trust)
    clock = now or dt.datetime.now(dt.UTC)
    findings = adoption_findings(adoption, listed, file=protocol.id, now=clock)
    entry = None if listed is None else listed.entry(adoption.signature.key_id)
    owner = Text(zh="", en="") if entry is None else entry.owner.text
    judgement = _judgement(findings[0].rule, adoption.in_force <= clock.date())
    text = words.protocol.verdict_of(judgement, owner=owner, act=adoption.act.text, date=adoption.in_force.isoformat())
    return Verdict(judgement, text, findings)


def adoption_findings(
    adoption: Adoption, trust: TrustList | None, *, file: str, now: dt.datetime | None = None
) -> tuple[Finding, ...]:
    """Return what is to be said of the signature of an adoption."""
    checked = check_signatures(
        adoption.document(), "protocol", [adoption.signature], Demand(trust=trust), file=file, now=now
    )
    return tuple(replace(entry, key="adoption") for entry in checked)


def _judgement(rule: str, is_in_force: bool) -> Judgement:  # noqa: FBT001 - one of two facts that decide
    """Return the judgement that follows from a finding and the day."""
    if rule not in GOOD:
        return "untrusted" if rule == "signature-untrusted" else "refused"
    return "adopted" if is_in_force else "pending"
