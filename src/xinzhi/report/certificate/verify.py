"""Verify a certificate: recompute everything from the data and name what differs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xinzhi.core.errors import XinzhiError
from xinzhi.core.finding import finding
from xinzhi.core.text import words
from xinzhi.protocol import spell
from xinzhi.report.certificate.certify import declared, dependencies, software
from xinzhi.report.certificate.folder import compare_files
from xinzhi.report.certificate.protocol import compare_protocol
from xinzhi.report.certificate.remade import compare_remade
from xinzhi.report.certificate.results import compare_results
from xinzhi.report.certificate.schema import FORMATS, Certificate, digest, identity, parse, read_document, without
from xinzhi.report.certificate.signature import check_signature
from xinzhi.report.certificate.tables import compare_tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from os import PathLike

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from xinzhi.core.finding import Finding
    from xinzhi.core.text import Language, Text
    from xinzhi.data import Package
    from xinzhi.protocol import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What verifying a certificate found.

    Parameters
    ----------
    certificate
        The certificate.
    differences
        Everything that is not as the certificate says: cells, rows, columns, units and tables of the data, parameters
        of the protocol, results, the certificate itself and its signature. Each names its place.
    notes
        What is to be told and is no difference: other versions, declared departures, whose signature it is.
    files
        How many files of the folder are as the certificate says; None where it was not asked.
    """

    certificate: Certificate
    differences: tuple[Finding, ...]
    notes: tuple[Finding, ...]
    files: int | None = None

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        return not self.differences

    def summary(self, language: Language = "en") -> str:
        """Return what was verified and the outcome, in two lines."""
        stated = self.certificate
        head = words(
            "certificate.sentence.head",
            package=stated.package.get(f"title_{language}") or stated.package.get("name"),
            protocol=f"{stated.protocol.id} {stated.protocol.version}",
            fingerprint=stated.protocol.fingerprint[:12],
            version=stated.software.get("version", "-"),
        )
        return f"{head.lang(language)}\n{self._outcome().lang(language)}"

    def _outcome(self) -> Text:
        if self.differences:
            return words("certificate.sentence.differs", count=len(self.differences))
        tables = self.certificate.results.tables.values()
        results = sum(len(table.columns) * sum(map(len, table.rows.values())) for table in tables)
        counts = {"tables": len(self.certificate.tables), "results": results, "files": self.files}
        return words(f"certificate.sentence.{'equal' if self.files is None else 'equal-files'}", **counts)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        return {
            "equal": self.equal,
            "certificate": self.certificate.sha256,
            "package": self.certificate.package,
            "protocol": {
                "id": self.certificate.protocol.id,
                "version": self.certificate.protocol.version,
                "fingerprint": self.certificate.protocol.fingerprint,
            },
            "files": self.files,
            "differences": [found.to_dict() for found in self.differences],
            "notes": [found.to_dict() for found in self.notes],
        }


def verify(
    certificate: str | PathLike[str],
    package: Package,
    *,
    key: Ed25519PublicKey | None = None,
    protocol: Protocol | None = None,
    files: str | PathLike[str] | None = None,
) -> Verification:
    """Recompute everything that a certificate states, and name what differs.

    Parameters
    ----------
    certificate
        The path of the certificate.
    package
        The data at hand.
    key
        The public key of whoever should have signed, from `public_key`.
    protocol
        The protocol that the certificate has to be made by, to the letter. Without it, the registered protocol of the
        same id, from which the certificate may depart where it says so.
    files
        The folder of the report: its files are compared with the digests in the certificate and in the metadata of the
        folder, and where nothing differs so far, with those that the data give when the report is made again.

    Raises
    ------
    InputError
        When the certificate cannot be read, is damaged, or is of a newer major version.

    Examples
    --------
    >>> import pathlib, tempfile, xinzhi
    >>> from xinzhi.report.certificate import certify, write_certificate
    >>> package = xinzhi.load("china-provinces")
    >>> made = certify(xinzhi.measure(package), package)
    >>> path, *_ = write_certificate(made, package, pathlib.Path(tempfile.mkdtemp()))
    >>> verify(path, package).equal
    True
    """
    file = Path(certificate).name
    document = read_document(certificate)
    stated = parse(document, file)
    found = [
        *_certificate(document, stated, file),
        *check_signature(document, stated.signature, key, file),
        *compare_tables(stated.tables, package),
    ]
    versions = list(compare_software(stated.software, stated.dependencies, file))
    others = {str(one.key) for one in versions}
    rules, differing = compare_protocol(
        stated.protocol, protocol, file, texts="note" if "xinzhi" in others else "error"
    )
    found += differing
    if rules is not None:
        found += _recompute(stated, package, rules)
    count = None
    if files is not None:
        count, differing = compare_files(stated, Path(certificate), Path(files))
        found += differing
        if rules is not None and not any(one.severity == "error" for one in found):
            found += compare_remade(stated, package, rules, Path(files), others)
    found += [*versions, *_package(stated, package, file)]
    return Verification(
        certificate=stated,
        differences=tuple(one for one in found if one.severity == "error"),
        notes=tuple(one for one in found if one.severity != "error"),
        files=count,
    )


def _certificate(document: dict[str, Any], stated: Certificate, file: str) -> Iterator[Finding]:
    for name, now in (("sha256", digest(without(document, "sha256", "signature"))), ("id", identity(document))):
        told = getattr(stated, name)
        if now != told and name in document:  # the first format had no id
            yield finding("certificate.certificate-altered", file=file, key=name, value=now, expected=told)
    for place in _extra(document, stated.document()):
        known = stated.format_version in FORMATS  # a later one may have members of its own
        yield finding("certificate.member-unknown", severity="error" if known else "note", file=file, key=place)


def _extra(told: object, known: object, place: str = "") -> Iterator[str]:
    """Yield the places of the members of a document that the certificate read from it has not."""
    if isinstance(told, list) and isinstance(known, list):
        for at, (one, other) in enumerate(zip(told, known, strict=False)):
            yield from _extra(one, other, f"{place}.{at}")
    if isinstance(told, dict) and isinstance(known, dict):
        for name, one in told.items():
            inside = f"{place}.{name}" if place else name
            if name not in known:
                yield inside
            else:
                yield from _extra(one, known[name], inside)


def _recompute(stated: Certificate, package: Package, rules: Protocol) -> Iterator[Finding]:
    from xinzhi.studies import study

    try:
        result: Any = study("measure", package, protocol=rules).results["measurement"]
    except XinzhiError as error:
        yield finding("certificate.not-recomputed", words={"problem": error.text}, file=package.name)
        return
    digits = int(rules.value("reporting.result_digits"))
    yield from _set(stated, rules)
    if stated.results.digits != digits:
        yield finding("certificate.stated", key="digits", value=str(digits), expected=str(stated.results.digits))
    for name, table in stated.tables.items():
        read = name in result.provenance.inputs
        if table.read != read or (read and table.key and table.cells is None):
            yield finding(
                "certificate.stated", table=name, key="read", value=str(read).lower(), expected=str(table.read).lower()
            )
    for name, here in declared(result).items():
        if (told := stated.package.get(name)) != here:
            yield finding("certificate.stated", key=name, value=here or "-", expected=told or "-")
    yield from compare_results(stated.results, result)


def _set(stated: Certificate, rules: Protocol) -> Iterator[Finding]:
    """Yield what the options say was set and is not in the protocol."""
    for one in stated.options.get("set") or ():
        path, _, value = one.partition("=")
        try:
            held = str(rules.value(path)) == value or rules.replace({path: value}).fingerprint == rules.fingerprint
        except (XinzhiError, TypeError):
            held = False
        if not held:
            said = spell(rules.parameters[path].value) if path in rules.parameters else "-"
            yield finding("certificate.stated", key=f"set {path}", value=said, expected=value)


def _package(stated: Certificate, package: Package, file: str) -> Iterator[Finding]:
    names, title = ("name", "version", "title_zh", "title_en"), package.title
    old = " ".join(filter(None, (stated.package.get(name) for name in names)))
    new = " ".join(filter(None, (package.name, package.version, title.zh, title.en)))
    if old != new:
        yield finding("certificate.package", file=file, key="package", value=new, expected=old)


def compare_software(stated: Mapping[str, str], used: Mapping[str, str], file: str) -> Iterator[Finding]:
    """Yield a note for every version that is another one now: results are compared, versions only told."""
    here = {**dependencies(), "xinzhi": software()["version"]}
    for name, version in {**used, "xinzhi": stated.get("version", "-")}.items():
        if here.get(name) != version:
            yield finding("certificate.version", file=file, key=name, value=here.get(name, "-"), expected=version)
