"""Who signs a certificate: keys, signatures, and what is to be said of them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xinzhi.core.errors import InputError, UsageError, system_reason
from xinzhi.core.finding import Finding, finding
from xinzhi.report.certificate.schema import Signature, canonical, without

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


def signing_key(path: str | PathLike[str]) -> Ed25519PrivateKey:
    """Return the private key of a PEM file (PKCS #8, not encrypted), as ``openssl genpkey -algorithm ed25519`` writes.

    Raises
    ------
    UsageError
        When `cryptography` is not installed, or the file holds no such key.
    InputError
        When the file cannot be read.
    """
    key: Ed25519PrivateKey = _key(path, private=True)
    return key


def public_key(path: str | PathLike[str]) -> Ed25519PublicKey:
    """Return the public key of a PEM file, as ``openssl pkey -in key.pem -pubout`` writes it.

    Raises
    ------
    UsageError, InputError
        As `signing_key`.
    """
    key: Ed25519PublicKey = _key(path, private=False)
    return key


def _key(path: str | PathLike[str], *, private: bool) -> Any:  # noqa: ANN401 - a key of one of two kinds
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
    except ImportError as error:
        raise UsageError("certificate.needs-cryptography") from error
    content = _bytes(path)
    key, why = None, None
    try:
        key = load_pem_private_key(content, password=None) if private else load_pem_public_key(content)
    except TypeError as error:
        raise UsageError("certificate.encrypted-key", path=path) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        why = error
    if not isinstance(key, Ed25519PrivateKey if private else Ed25519PublicKey):
        raise UsageError("certificate.no-private-key" if private else "certificate.no-public-key", path=path) from why
    return key


def sign(document: Mapping[str, object], key: Ed25519PrivateKey) -> Signature:
    """Return the signature of a certificate: of the canonical text of everything but `signature`."""
    value = key.sign(canonical(without(document, "signature")))
    return Signature(
        algorithm="Ed25519",
        public_key=base64.b64encode(key.public_key().public_bytes_raw()).decode(),
        value=base64.b64encode(value).decode(),
    )


def check_signature(
    document: Mapping[str, object], signature: Signature | None, key: Ed25519PublicKey | None, file: str
) -> Iterator[Finding]:
    """Yield what is to be said of the signature of a certificate."""
    if signature is None:
        if key is not None:
            yield finding("certificate.signature-missing", file=file, key="signature")
        return
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        yield finding("certificate.signature-unchecked", file=file, key="signature")
        return
    try:
        signer = Ed25519PublicKey.from_public_bytes(base64.b64decode(signature.public_key, validate=True))
        signer.verify(base64.b64decode(signature.value, validate=True), canonical(without(document, "signature")))
    except (InvalidSignature, ValueError, binascii.Error):
        yield finding("certificate.signature-wrong", file=file, key="signature")
        return
    if key is None:
        yield finding("certificate.signed-by", file=file, key="signature", value=signature.public_key)
    elif signer.public_bytes_raw() != key.public_bytes_raw():
        yield finding("certificate.signature-other", file=file, key="signature", value=signature.public_key)


def _bytes(path: str | PathLike[str]) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InputError("certificate.unreadable-key", path=path, why=system_reason(error)) from error
