"""The folder as a research object (RO-Crate 1.1), and how it was made (W3C PROV)."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xinzhi import words
from xinzhi.core.text import read_words
from xinzhi.data import Package
from xinzhi.report.certificate.schema import Certificate

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
    def from_bytes(cls, name: str, content: bytes) -> File:
        """Return the file of this name and content."""
        return cls(name, len(content), hashlib.sha256(content).hexdigest())


def crate(
    certificate: Certificate, package: Package, files: Sequence[File], published: dt.date, created: dt.datetime | None
) -> dict[str, object]:
    """Return the RO-Crate metadata of a folder with an assessment."""
    # Sefton et al., "RO-Crate Metadata Specification 1.1", sections 6 (root data entity), 7 (files) and 9 (software
    # used to create files).
    terms, entities = licence(package)
    return {
        "@context": _CONTEXT,
        "@graph": [
            {"@id": NAME, "@type": "CreativeWork", "conformsTo": {"@id": CRATE}, "about": {"@id": "./"}},
            _root(certificate, package, files, published, terms),
            *(_file(file) for file in files),
            _action(certificate, files, created),
            {"@id": "#xinzhi", "@type": "SoftwareApplication", **certificate.software.model_dump()},
            *_inputs(certificate),
            *entities,
        ],
    }


def _root(
    certificate: Certificate, package: Package, files: Sequence[File], published: dt.date, terms: object
) -> dict[str, object]:
    protocol = certificate.protocol.label
    name = words.certificate.dataset(package=package.title, protocol=protocol)
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": name.en,
        "alternateName": name.zh,
        "description": (
            f"Growth accounts and levels of productivity, computed by xinzhi {certificate.software.version} "
            f"under the protocol {protocol} (sha256 {certificate.protocol.fingerprint})."
        ),
        "datePublished": published.isoformat(),
        "license": terms,
        "identifier": f"sha256:{certificate.sha256}",
        "hasPart": [{"@id": file.name} for file in files],
        "mentions": {"@id": "#assess"},
    }


def licence(package: Package) -> tuple[object, list[dict[str, object]]]:
    """Return what the crate says of its licence, and the entity behind it: the first one of the data package."""
    entry = next(iter(package.descriptor.get("licenses") or ()), None)
    if not isinstance(entry, dict):
        return _TERMS, []
    name = str(entry.get("title") or entry.get("name") or "licence of the data package")
    address = str(entry.get("path") or "")
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
    package, about = certificate.package.name, certificate.protocol
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
                "prov:label": f"xinzhi {certificate.software.version}",
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
    package, about = certificate.package.name, certificate.protocol
    tables = {
        f"x:table-{name}": {"prov:label": f"{package}: {name}", "x:sha256": sha256}
        for name, sha256 in certificate.read.items()
    }
    plan = {"prov:type": _qualified_name("prov:Plan"), "prov:label": about.label, "x:fingerprint": about.fingerprint}
    outputs = {f"x:file-{name}": {"prov:label": name, "x:sha256": sha256} for name, sha256 in files.items()}
    return {**tables, "x:protocol": plan, **outputs}


def _qualified_name(name: str) -> dict[str, str]:
    return {"$": name, "type": "xsd:QName"}
