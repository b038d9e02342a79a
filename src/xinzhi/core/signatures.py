"""Signatures: algorithms, keys, the text that a signature covers, and its check against that text alone.

Whether the key may be trusted is another matter: `xinzhi.core.keys`. Nothing here computes a signature itself; the
package `cryptography` does. An algorithm that no package at hand offers has a name and a key id, and is refused.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from xinzhi.core.errors import InputError, UsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

Purpose = Literal["certificate", "protocol"]
AlgorithmName = Literal["Ed25519", "SM2-SM3"]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Moment = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$")]


@dataclass(frozen=True, slots=True)
class Algorithm:
    """An algorithm: the head of its public keys in DER (SubjectPublicKeyInfo), and what computes it."""

    head: bytes
    library: str | None

    @property
    def size(self) -> int:
        """How many bytes a key has: the second byte of the head counts all that follow it."""
        return self.head[1] - len(self.head[2:])


# RFC 8410, section 4; GM/T 0009-2012 and RFC 8998, section 3.2.1: OID 1.2.156.10197.1.301, a point without compression.
ALGORITHMS: Mapping[str, Algorithm] = {
    "Ed25519": Algorithm(bytes.fromhex("302a300506032b6570032100"), "cryptography"),
    "SM2-SM3": Algorithm(bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200"), None),
}


class Signature(BaseModel):
    """A signature of a document: by which key, when by the word of the signer, and its value; bytes in base64."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    algorithm: AlgorithmName
    key_id: Sha256
    public_key: str
    signed_at: Moment
    value: str

    @property
    def time(self) -> dt.datetime:
        """When it was made, as the signer says."""
        return dt.datetime.fromisoformat(self.signed_at)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key: the bytes of its algorithm."""

    algorithm: str
    content: bytes

    @classmethod
    def from_text(cls, algorithm: str, text: str) -> PublicKey:
        """Return a key written in base64; a `ValueError` says that it is none of this algorithm."""
        content = _bytes(text)
        if len(content) != ALGORITHMS[algorithm].size:
            raise ValueError(text)
        return cls(algorithm, content)

    @property
    def text(self) -> str:
        """The key in base64."""
        return base64.b64encode(self.content).decode()

    @property
    def der(self) -> bytes:
        """The key as SubjectPublicKeyInfo, which ``openssl pkey -pubin -outform DER`` writes too."""
        return ALGORITHMS[self.algorithm].head + self.content

    @property
    def id(self) -> str:
        """The key id: the sha256 of the DER form."""
        return hashlib.sha256(self.der).hexdigest()

    def is_signed(self, message: bytes, value: str) -> bool:
        """Whether a value in base64 is a signature of a message by this key."""
        require_algorithm(self.algorithm)
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(self.content).verify(_bytes(value), message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A private key that signs."""

    algorithm: AlgorithmName
    native: Ed25519PrivateKey

    @property
    def public(self) -> PublicKey:
        """The public key that belongs to it."""
        return PublicKey(self.algorithm, self.native.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> str:
        """Return the signature of a message in base64."""
        return base64.b64encode(self.native.sign(message)).decode()


def new_private_key(algorithm: str) -> PrivateKey:
    """Return a new key of an algorithm."""
    require_algorithm(algorithm)
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return PrivateKey("Ed25519", Ed25519PrivateKey.generate())


def require_algorithm(name: str) -> None:
    """Raise for an algorithm that cannot be computed here."""
    if name not in ALGORITHMS:
        raise UsageError("keys.unknown-algorithm", given=name, names=[*ALGORITHMS])
    if ALGORITHMS[name].library is None:
        raise InputError("keys.algorithm-missing", algorithm=name)
    require_cryptography()


def require_cryptography() -> None:
    """Raise where the package that computes signatures is not installed."""
    try:
        import cryptography.hazmat.primitives.serialization  # noqa: F401 - imported to see that it is there
    except ImportError as error:
        raise UsageError("keys.needs-cryptography") from error


def sign_document(document: Mapping[str, object], purpose: Purpose, key: PrivateKey, now: dt.datetime) -> Signature:
    """Return the signature of a document with its purpose and time."""
    moment, public = now.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), key.public
    unsigned = Signature(algorithm=key.algorithm, key_id=public.id, public_key=public.text, signed_at=moment, value="")
    return unsigned.model_copy(update={"value": key.sign(statement(document, purpose, unsigned))})


def statement(document: Mapping[str, object], purpose: Purpose, signature: Signature) -> bytes:
    """Return the text that a signature covers: the document, what it is signed as, by which key, and when."""
    about = signature.model_dump(include={"algorithm", "key_id", "signed_at"})
    return canonical({"document": document, "purpose": purpose, **about})


def is_genuine(document: Mapping[str, object], purpose: Purpose, signature: Signature) -> bool:
    """Whether a signature is by the key that it names, of this document and purpose."""
    try:
        key, _ = PublicKey.from_text(signature.algorithm, signature.public_key), signature.time
    except ValueError:
        return False
    return key.id == signature.key_id and key.is_signed(statement(document, purpose, signature), signature.value)


def canonical(document: object) -> bytes:
    """Return the canonical text of a JSON document, in UTF-8."""
    # Keys are sorted by code point, there is no space, text is not escaped beyond what JSON asks, and a number has the
    # shortest form that reads back to the same double, as Python writes it.
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode()


def _bytes(text: str) -> bytes:
    """Return the bytes of base64 in its one canonical form: a bit of padding would else be free."""
    try:
        content = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(text) from error
    if base64.b64encode(content).decode() != text:
        raise ValueError(text)
    return content
