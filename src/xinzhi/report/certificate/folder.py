"""The folder as a research object (RO-Crate 1.1), how it was made (W3C PROV), and who signs it."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xinzhi import words
from xinzhi.core.errors import InputError, UsageError, system_reason
from xinzhi.core.files import has_interrupted_write
from xinzhi.core.finding import Finding, finding
from xinzhi.core.text import read_words
from xinzhi.data import Package
from xinzhi.report.certificate.schema import Certificate, Signature, canonical, without

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

PROOF = "certificate.json"
CRATE, NAME = "https://w3id.org/ro/crate/1.1", "ro-crate-metadata.json"
# RO-Crate 1.1 has no term for a checksum; its profile for runs of workflows defines this one.
_CONTEXT = [f"{CRATE}/context", {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}]
_TERMS = "The figures belong to those who published them, under the terms of the data package."


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


@dataclass(frozen=True, slots=True)
class File:
    """A file of the folder: its name, size in bytes and sha256."""

    name: str
    size: int
    sha256: str

    @classmethod
    def from_bytes(cls, name: str, content: bytes) -> File:
        """Return the file of this name and content."""
        return cls(name, len(content), hashlib.sha256(content).hexdigest())


def crate(
    certificate: Certificate, package: Package, files: Sequence[File], published: dt.date, created: dt.datetime | None
) -> dict[str, object]:
    """Return the RO-Crate metadata of a folder with an assessment."""
    # Sefton et al., "RO-Crate Metadata Specification 1.1", sections 6 (root data entity), 7 (files) and 9 (software
    # used to create files).
    license_, terms = _license(package)
    return {
        "@context": _CONTEXT,
        "@graph": [
            {"@id": NAME, "@type": "CreativeWork", "conformsTo": {"@id": CRATE}, "about": {"@id": "./"}},
            _root(certificate, package, files, published, license_),
            *(_file(file) for file in files),
            _action(certificate, files, created),
            {"@id": "#xinzhi", "@type": "SoftwareApplication", **certificate.software},
            *_inputs(certificate),
            *terms,
        ],
    }


def _root(
    certificate: Certificate, package: Package, files: Sequence[File], published: dt.date, license_: object
) -> dict[str, object]:
    protocol = certificate.protocol.label
    name = words.certificate.dataset(package=package.title, protocol=protocol)
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": name.en,
        "alternateName": name.zh,
        "description": (
            f"Growth accounts and levels of productivity, computed by xinzhi {certificate.software['version']} "
            f"under the protocol {protocol} (sha256 {certificate.protocol.fingerprint})."
        ),
        "datePublished": published.isoformat(),
        "license": license_,
        "identifier": f"sha256:{certificate.sha256}",
        "hasPart": [{"@id": file.name} for file in files],
        "mentions": {"@id": "#assess"},
    }


def _license(package: Package) -> tuple[object, list[dict[str, object]]]:
    """Return what the crate says of its licence, and the entity behind it: the first one of the data package."""
    licence = next(iter(package.descriptor.get("licenses") or ()), None)
    if not isinstance(licence, dict):
        return _TERMS, []
    name = str(licence.get("title") or licence.get("name") or "licence of the data package")
    address = str(licence.get("path") or "")
    if not address.startswith(("https://", "http://")):
        return name, []
    return {"@id": address}, [{"@id": address, "@type": "CreativeWork", "name": name, "description": name}]


def _file(file: File) -> dict[str, object]:
    entry_words = read_words("pages/certificate.yaml")["files"].get(file.name)
    about = {"description": entry_words["about"], "encodingFormat": entry_words["type"]} if entry_words else {}
    entity = {"@id": file.name, "@type": "File", "name": file.name}
    return {**entity, **about, "contentSize": str(file.size), "sha256": file.sha256}


def _action(certificate: Certificate, files: Sequence[File], created: dt.datetime | None) -> dict[str, object]:
    return {
        "@id": "#assess",
        "@type": "CreateAction",
        "name": "xinzhi assess",
        "instrument": {"@id": "#xinzhi"},
        "object": [*({"@id": f"#table-{name}"} for name in certificate.read), {"@id": "#protocol"}],
        "result": [{"@id": file.name} for file in files],
        **({"endTime": created.isoformat()} if created else {}),
    }


def _inputs(certificate: Certificate) -> list[dict[str, object]]:
    package, about = certificate.package["name"], certificate.protocol
    tables = [_work(f"#table-{name}", f"{package}: {name}", sha256) for name, sha256 in certificate.read.items()]
    return [*tables, _work("#protocol", about.id, about.fingerprint, version=about.version)]


def _work(name: str, title: str, sha256: str, **more: str) -> dict[str, object]:
    return {"@id": name, "@type": "CreativeWork", "name": title, "identifier": f"sha256:{sha256}", **more}


def prov(certificate: Certificate, files: Mapping[str, str], created: dt.datetime | None) -> dict[str, object]:
    """Return the PROV-JSON document of an assessment."""
    # Huynh et al. (2013), "The PROV-JSON Serialization", W3C Member Submission of 24 April 2013. Names are local to the
    # certificate: its sha256 is part of their namespace.
    inputs = [*(f"x:table-{name}" for name in certificate.read), "x:protocol"]
    ended = {"prov:endTime": created.isoformat()} if created else {}
    return {
        "prefix": {"x": f"urn:x-xinzhi:{certificate.sha256}:", "xsd": "http://www.w3.org/2001/XMLSchema#"},
        "entity": _entities(certificate, files),
        "activity": {"x:assess": {"prov:label": "xinzhi assess", **ended}},
        "agent": {
            "x:software": {
                "prov:type": _qualified_name("prov:SoftwareAgent"),
                "prov:label": f"xinzhi {certificate.software['version']}",
                **{f"x:{name}": version for name, version in certificate.dependencies.items()},
            }
        },
        "wasAssociatedWith": {
            "_:assessed": {"prov:activity": "x:assess", "prov:agent": "x:software", "prov:plan": "x:protocol"}
        },
        "used": {
            f"_:used-{number}": {"prov:activity": "x:assess", "prov:entity": name} for number, name in enumerate(inputs)
        },
        "wasGeneratedBy": {
            f"_:made-{number}": {"prov:entity": f"x:file-{name}", "prov:activity": "x:assess"}
            for number, name in enumerate(files)
        },
    }


def _entities(certificate: Certificate, files: Mapping[str, str]) -> dict[str, object]:
    """Return the tables that were read, the protocol, and the files that were made."""
    package, about = certificate.package["name"], certificate.protocol
    tables = {
        f"x:table-{name}": {"prov:label": f"{package}: {name}", "x:sha256": sha256}
        for name, sha256 in certificate.read.items()
    }
    plan = {"prov:type": _qualified_name("prov:Plan"), "prov:label": about.label, "x:fingerprint": about.fingerprint}
    outputs = {f"x:file-{name}": {"prov:label": name, "x:sha256": sha256} for name, sha256 in files.items()}
    return {**tables, "x:protocol": plan, **outputs}


def _qualified_name(name: str) -> dict[str, str]:
    return {"$": name, "type": "xsd:QName"}


def compare_files(stated: Certificate, certificate: Path, folder: Path) -> tuple[int, list[Finding]]:
    """Return how many files of a folder are those of a certificate, and which are not."""
    findings, expected = [], dict(stated.files)
    if has_interrupted_write(folder):
        findings.append(finding("certificate.set-unfinished", file=str(folder)))
    listed = _listed_digests(folder / NAME)
    if listed is None:
        findings.append(finding("certificate.file-missing", file=NAME))
    for name, sha256 in (listed or {}).items():
        digest = expected.setdefault(name, sha256)
        if digest != sha256:
            findings.append(finding("certificate.file-listed", file=NAME, key=name, value=sha256, expected=digest))
    equal = 0
    for name, sha256 in sorted(expected.items()):
        problem = _compare_file(folder, name, sha256)
        findings += [] if problem is None else [problem]
        equal += problem is None
    proof = _sha256(certificate)
    if expected.get(PROOF, proof) != proof:  # the folder may hold another certificate than the one that is verified
        findings.append(finding("certificate.file-differs", file=PROOF, value=proof, expected=expected[PROOF]))
    catalogue = read_words("pages/certificate.yaml")["files"]
    loose = [name for name in catalogue if name not in expected and name != PROOF and (folder / name).exists()]
    findings += [finding("certificate.file-unlisted", file=name) for name in loose]
    return equal + (listed is not None), findings


def _compare_file(folder: Path, name: str, sha256: str) -> Finding | None:
    actual = _sha256(folder / name) if name == Path(name).name and "\\" not in name else None
    if actual is None:
        return finding("certificate.file-missing", file=name)
    return None if actual == sha256 else finding("certificate.file-differs", file=name, value=actual, expected=sha256)


def _sha256(path: Path) -> str | None:
    try:
        with path.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError:
        return None


def _listed_digests(path: Path) -> dict[str, str] | None:
    """Return the sha256 of every file that the metadata of a folder list; None where they cannot be read."""
    try:
        graph = json.loads(path.read_bytes())["@graph"]
        return {str(entry["@id"]): str(entry["sha256"]) for entry in graph if entry.get("@type") == "File"}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
