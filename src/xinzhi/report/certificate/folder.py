"""The folder as a research object (RO-Crate 1.1), and how the results were made (W3C PROV)."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xinzhi.core.files import unfinished
from xinzhi.core.finding import Finding, finding
from xinzhi.core.text import read_words, words
from xinzhi.data import Package
from xinzhi.report.certificate.schema import Certificate

PROOF = "certificate.json"
CRATE, NAME = "https://w3id.org/ro/crate/1.1", "ro-crate-metadata.json"
# RO-Crate 1.1 has no term for a checksum; its profile for runs of workflows defines this one.
_CONTEXT = [f"{CRATE}/context", {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}]
_TERMS = "The figures belong to those who published them, under the terms of the data package."


@dataclass(frozen=True, slots=True)
class File:
    """A file of the folder: its name, size in bytes and sha256."""

    name: str
    size: int
    sha256: str

    @classmethod
    def of(cls, name: str, content: bytes) -> File:
        """Return the file of this name and content."""
        return cls(name, len(content), hashlib.sha256(content).hexdigest())


def crate(
    certificate: Certificate, package: Package, files: Sequence[File], published: dt.date, created: dt.datetime | None
) -> dict[str, Any]:
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
) -> dict[str, Any]:
    protocol = f"{certificate.protocol.id} {certificate.protocol.version}"
    name = words("certificate.dataset", package=package.title, protocol=protocol)
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


def _license(package: Package) -> tuple[object, list[dict[str, Any]]]:
    """Return what the crate says of its licence, and the entity behind it: the first one of the data package."""
    given = next(iter(package.descriptor.get("licenses") or ()), None)
    if not isinstance(given, dict):
        return _TERMS, []
    name = str(given.get("title") or given.get("name") or "licence of the data package")
    address = str(given.get("path") or "")
    if not address.startswith(("https://", "http://")):
        return name, []
    return {"@id": address}, [{"@id": address, "@type": "CreativeWork", "name": name, "description": name}]


def _file(file: File) -> dict[str, Any]:
    known = read_words("pages/certificate.yaml")["files"].get(file.name)
    about = {"description": known["about"], "encodingFormat": known["type"]} if known else {}
    named = {"@id": file.name, "@type": "File", "name": file.name}
    return {**named, **about, "contentSize": str(file.size), "sha256": file.sha256}


def _action(certificate: Certificate, files: Sequence[File], created: dt.datetime | None) -> dict[str, Any]:
    read = [name for name, table in certificate.tables.items() if table.read]
    return {
        "@id": "#assess",
        "@type": "CreateAction",
        "name": "xinzhi assess",
        "instrument": {"@id": "#xinzhi"},
        "object": [*({"@id": f"#table-{name}"} for name in read), {"@id": "#protocol"}],
        "result": [{"@id": file.name} for file in files],
        **({"endTime": created.isoformat()} if created else {}),
    }


def _inputs(certificate: Certificate) -> list[dict[str, Any]]:
    tables = [
        _work(f"#table-{name}", f"{certificate.package['name']}: {name}", table.sha256)
        for name, table in certificate.tables.items()
        if table.read
    ]
    about = certificate.protocol
    return [*tables, _work("#protocol", about.id, about.fingerprint, version=about.version)]


def _work(name: str, title: str, sha256: str, **more: str) -> dict[str, Any]:
    return {"@id": name, "@type": "CreativeWork", "name": title, "identifier": f"sha256:{sha256}", **more}


def prov(certificate: Certificate, files: Mapping[str, str], created: dt.datetime | None) -> dict[str, Any]:
    """Return the PROV-JSON document of an assessment."""
    # Huynh et al. (2013), "The PROV-JSON Serialization", W3C Member Submission of 24 April 2013. Names are local to the
    # certificate: its sha256 is part of their namespace.
    tables = [f"x:table-{name}" for name, table in certificate.tables.items() if table.read]
    outputs = [f"x:file-{name}" for name in files]
    ended = {"prov:endTime": created.isoformat()} if created else {}
    return {
        "prefix": {"x": f"urn:x-xinzhi:{certificate.sha256}:", "xsd": "http://www.w3.org/2001/XMLSchema#"},
        "entity": _entities(certificate, files),
        "activity": {"x:assess": {"prov:label": "xinzhi assess", **ended}},
        "agent": {
            "x:software": {
                "prov:type": _qualified("prov:SoftwareAgent"),
                "prov:label": f"xinzhi {certificate.software['version']}",
                **{f"x:{name}": version for name, version in certificate.dependencies.items()},
            }
        },
        "wasAssociatedWith": {
            "_:assessed": {"prov:activity": "x:assess", "prov:agent": "x:software", "prov:plan": "x:protocol"}
        },
        "used": {
            f"_:used-{number}": {"prov:activity": "x:assess", "prov:entity": name}
            for number, name in enumerate([*tables, "x:protocol"])
        },
        "wasGeneratedBy": {
            f"_:made-{number}": {"prov:entity": name, "prov:activity": "x:assess"}
            for number, name in enumerate(outputs)
        },
    }


def _entities(certificate: Certificate, files: Mapping[str, str]) -> dict[str, Any]:
    """Return the tables that were read, the protocol, and the files that were made."""
    read = {
        f"x:table-{name}": {"prov:label": f"{certificate.package['name']}: {name}", "x:sha256": table.sha256}
        for name, table in certificate.tables.items()
        if table.read
    }
    about, label = certificate.protocol, f"{certificate.protocol.id} {certificate.protocol.version}"
    plan = {"prov:type": _qualified("prov:Plan"), "prov:label": label, "x:fingerprint": about.fingerprint}
    made = {f"x:file-{name}": {"prov:label": name, "x:sha256": sha256} for name, sha256 in files.items()}
    return {**read, "x:protocol": plan, **made}


def _qualified(name: str) -> dict[str, str]:
    return {"$": name, "type": "xsd:QName"}


def compare_files(stated: Certificate, certificate: Path, folder: Path) -> tuple[int, list[Finding]]:
    """Return how many files of a folder are those of a certificate, and which are not."""
    found, expected = [], dict(stated.files)
    if unfinished(folder):
        found.append(finding("certificate.set-unfinished", file=str(folder)))
    listed = _listed(folder / NAME)
    if listed is None:
        found.append(finding("certificate.file-missing", file=NAME))
    for name, sha256 in (listed or {}).items():
        told = expected.setdefault(name, sha256)
        if told != sha256:
            found.append(finding("certificate.file-listed", file=NAME, key=name, value=sha256, expected=told))
    equal = 0
    for name, sha256 in sorted(expected.items()):
        problem = _compare_file(folder, name, sha256)
        found += [] if problem is None else [problem]
        equal += problem is None
    proof = _sha256(certificate)
    if expected.get(PROOF, proof) != proof:  # the folder may hold another certificate than the one that is verified
        found.append(finding("certificate.file-differs", file=PROOF, value=proof, expected=expected[PROOF]))
    known = read_words("pages/certificate.yaml")["files"]
    loose = [name for name in known if name not in expected and name != PROOF and (folder / name).exists()]
    found += [finding("certificate.file-unlisted", file=name) for name in loose]
    return equal + (listed is not None), found


def _compare_file(folder: Path, name: str, sha256: str) -> Finding | None:
    here = _sha256(folder / name) if name == Path(name).name and "\\" not in name else None
    if here is None:
        return finding("certificate.file-missing", file=name)
    return None if here == sha256 else finding("certificate.file-differs", file=name, value=here, expected=sha256)


def _sha256(path: Path) -> str | None:
    try:
        with path.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError:
        return None


def _listed(path: Path) -> dict[str, str] | None:
    """Return the sha256 of every file that the metadata of a folder list; None where they cannot be read."""
    try:
        graph = json.loads(path.read_bytes())["@graph"]
        return {str(one["@id"]): str(one["sha256"]) for one in graph if one.get("@type") == "File"}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
