"""How the results were made, as W3C PROV: entities, one activity, the software that carried it out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from xinzhi.report.certificate.schema import Certificate


def prov(certificate: Certificate, files: Mapping[str, str], created: dt.datetime | None) -> dict[str, Any]:
    """Return the PROV-JSON document of an assessment.

    Parameters
    ----------
    certificate
        What the results rest on.
    files
        The sha256 of every file that was written, by name.
    created
        When the computation ended; left out where it is not given.

    Notes
    -----
    Huynh et al. (2013), "The PROV-JSON Serialization", W3C Member Submission of 24 April 2013. Names are local to the
    certificate: its sha256 is part of their namespace.
    """
    tables = [f"x:table-{name}" for name, table in certificate.tables.items() if table.read]
    outputs = [f"x:file-{name}" for name in files]
    ended = {"prov:endTime": created.isoformat()} if created else {}
    return {
        "prefix": {"x": f"urn:x-xinzhi:{certificate.sha256}:", "xsd": "http://www.w3.org/2001/XMLSchema#"},
        "entity": {**_tables(certificate), **_protocol(certificate), **_files(files)},
        "activity": {"x:assess": {"prov:label": "xinzhi assess", **ended}},
        "agent": {
            "x:software": {
                "prov:type": _name("prov:SoftwareAgent"),
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


def _tables(certificate: Certificate) -> dict[str, Any]:
    return {
        f"x:table-{name}": {"prov:label": f"{certificate.package['name']}: {name}", "x:sha256": table.sha256}
        for name, table in certificate.tables.items()
        if table.read
    }


def _protocol(certificate: Certificate) -> dict[str, Any]:
    about = certificate.protocol
    return {
        "x:protocol": {
            "prov:type": _name("prov:Plan"),
            "prov:label": f"{about.id} {about.version}",
            "x:fingerprint": about.fingerprint,
        }
    }


def _files(files: Mapping[str, str]) -> dict[str, Any]:
    return {f"x:file-{name}": {"prov:label": name, "x:sha256": sha256} for name, sha256 in files.items()}


def _name(name: str) -> dict[str, str]:
    return {"$": name, "type": "xsd:QName"}
