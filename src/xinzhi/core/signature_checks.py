"""What is to be said of the signatures of a document: genuine or not, by a key that the reader trusts or not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from xinzhi.core.errors import UsageError
from xinzhi.core.finding import Finding, finding
from xinzhi.core.keys import CONVENTIONS, KeyEntry, Revocation, TrustList
from xinzhi.core.parameters import setting
from xinzhi.core.signatures import ALGORITHMS, PublicKey, Purpose, Signature, is_genuine, require_cryptography

GOOD = frozenset(("signature-good", "signature-of-key", "signature-before-revocation", "signature-before-expiry"))
FORGED = frozenset(("signature-wrong", "signature-repeated", "signature-future"))  # errors whoever else has signed


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What a reader asks of signatures: the keys that they trust, one key that must have signed, or any of the list.

    Without a list or a key nobody is trusted, and `required` is never met.
    """

    trust: TrustList | None = None
    key: PublicKey | None = None
    required: bool = False

    @property
    def is_strict(self) -> bool:
        """Whether a document without a signature that counts is refused."""
        return self.required or self.key is not None

    def is_met_by(self, rule: str, signature: Signature) -> bool:
        """Whether a signature of this verdict is what is asked for."""
        return rule in GOOD and (self.key is None or signature.key_id == self.key.id)


def check_signatures(
    document: Mapping[str, object],
    purpose: Purpose,
    signatures: Sequence[Signature],
    demand: Demand,
    *,
    file: str,
    now: dt.datetime | None = None,
) -> list[Finding]:
    """Return a finding for each signature of a document.

    A signature that is not genuine, there twice or from the future is an error. One by a key that expired, was revoked
    or is not trusted is an error unless another one is what is asked for; where nothing is asked, an unknown key is
    noted.
    """
    if not signatures:
        return [finding("keys.signature-missing", file=file, key="signatures")] if demand.is_strict else []
    try:
        require_cryptography()
    except UsageError:
        if demand.is_strict or demand.trust is not None:
            raise
        return [finding("keys.signature-unchecked", file=file, key="signatures")]
    clock, seen, findings, is_met = now or dt.datetime.now(dt.UTC), set[str](), [], False
    for number, signature in enumerate(signatures):
        code, words = _verdict(document, purpose, signature, demand, clock)
        code = "signature-repeated" if signature.key_id in seen else code
        seen.add(signature.key_id)
        is_met |= demand.is_met_by(code, signature)
        place = f"signatures.{number}"
        findings.append(finding(f"keys.{code}", words=words, file=file, key=place, value=signature.key_id))
    if is_met:
        return [entry if entry.rule in FORGED else replace(entry, severity="note") for entry in findings]
    if not demand.is_strict:
        return findings
    if demand.key is not None and all(entry.rule in GOOD for entry in findings):
        findings.append(finding("keys.signature-other", file=file, key="signatures", value=demand.key.id))
    return [entry if entry.rule in GOOD else replace(entry, severity="error") for entry in findings]


def _verdict(
    document: Mapping[str, object], purpose: Purpose, signature: Signature, demand: Demand, now: dt.datetime
) -> tuple[str, dict[str, object]]:
    """Return what holds of a signature, and the words of its sentence."""
    words: dict[str, object] = {"signed": signature.signed_at, "purpose": purpose, "algorithm": signature.algorithm}
    if ALGORITHMS[signature.algorithm].library is None:
        return "signature-algorithm", words
    if not is_genuine(document, purpose, signature):
        return "signature-wrong", words
    if (signature.time - now).total_seconds() > setting(CONVENTIONS, "clock_seconds"):
        return "signature-future", {**words, "now": now.strftime("%Y-%m-%dT%H:%M:%SZ")}
    entry = None if demand.trust is None else demand.trust.entry(signature.key_id)
    revocation = None if demand.trust is None else demand.trust.revocation(signature.key_id)
    if entry is not None:
        code, more = _verdict_of_entry(entry, revocation, purpose, signature, now)
        return code, {**words, **more}
    if demand.key is None:
        return "signature-untrusted", words
    return ("signature-of-key" if signature.key_id == demand.key.id else "signature-other-key"), words


def _verdict_of_entry(
    entry: KeyEntry, revocation: Revocation | None, purpose: Purpose, signature: Signature, now: dt.datetime
) -> tuple[str, dict[str, object]]:
    """Return what a list of trusted keys says of a genuine signature by one of its keys."""
    day = signature.time.date()
    words: dict[str, object] = {
        "owner": entry.owner.text,
        "first": entry.valid_from.isoformat(),
        "last": entry.valid_until.isoformat(),
        "revoked": "" if revocation is None else revocation.date.isoformat(),
    }
    if reason := entry.refusal(purpose, day):
        return reason, words
    if revocation is not None and revocation.reason == "compromised":
        return "signature-compromised", words
    if revocation is not None and day >= revocation.date:
        return "signature-revoked", words
    if revocation is not None:
        return "signature-before-revocation", words
    return ("signature-before-expiry" if now.date() > entry.valid_until else "signature-good"), words
