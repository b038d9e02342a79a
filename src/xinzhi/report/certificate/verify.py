"""Verify a certificate: recompute everything from the data and name what differs."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from xinzhi import words
from xinzhi.core.arrays import AnyPackage
from xinzhi.core.errors import InputError, XinzhiError
from xinzhi.core.finding import Finding, finding
from xinzhi.core.signature_checks import Demand, check_signatures
from xinzhi.core.text import Language, Text
from xinzhi.data import Package, load
from xinzhi.protocol import Protocol, registry_files
from xinzhi.protocol.internal import adoption_findings
from xinzhi.report.certificate.agreement import compare_independently
from xinzhi.report.certificate.certify import dependencies, form, package_part, software
from xinzhi.report.certificate.remake import compare_folder, compare_report, remake
from xinzhi.report.certificate.results import compare_results
from xinzhi.report.certificate.schema import Certificate, digest, identity, layout, parse, read_document, without
from xinzhi.report.certificate.tables import compare_protocol, compare_tables, mismatch, settings
from xinzhi.studies.internal import Study
from xinzhi.yardstick.internal import is_complete, is_registered

if TYPE_CHECKING:
    from xinzhi.core.keys import TrustList
    from xinzhi.core.signatures import PublicKey

UNPROVED = {"version", "package", "form", "file-unproved", "release-unproved"}  # what nobody can make again here
REGIONS = ("regions_declared_by", "regions_declared", "regions_missing")


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
        How many files of the report were made again and are the same; None where the folder was not looked at.
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
        """Return what was verified and the outcome, a line each."""
        return "\n".join(text.lang(language) for text in (*self.head(), self.outcome()))

    def head(self) -> list[Text]:
        """Return which package was verified under which protocol; first of all that no file was looked at."""
        stated = self.certificate
        titles = (stated.package.title_zh, stated.package.title_en)
        head = words.certificate.sentence_head(
            package=Text(*(title or stated.package.name for title in titles)),
            protocol=stated.protocol.label,
            fingerprint=stated.protocol.fingerprint[:12],
            version=stated.software.version,
        )
        return [*([words.certificate.sentence_no_files()] if self.files is None else []), head]

    def outcome(self) -> Text:
        """Return whether all is as the certificate says, and how much was compared."""
        if self.differences:
            return words.certificate.sentence_differs(count=len(self.differences))
        tables = self.certificate.results.tables.values()
        return words.certificate.sentence_equal(
            tables=len(self.certificate.tables),
            results=sum(len(table.columns) * sum(map(len, table.rows.values())) for table in tables),
            files=self.files or 0,
            unproved=sum(entry.rule in UNPROVED for entry in self.notes),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        return {
            "equal": self.equal,
            "certificate": self.certificate.sha256,
            "package": self.certificate.package.model_dump(),
            "protocol": {
                "id": self.certificate.protocol.id,
                "version": self.certificate.protocol.version,
                "fingerprint": self.certificate.protocol.fingerprint,
            },
            "files": self.files,
            "differences": [entry.to_dict() for entry in self.differences],
            "notes": [entry.to_dict() for entry in self.notes],
        }


def verify(  # noqa: PLR0913 - the data, what to trust, and what to look at
    certificate: str | PathLike[str],
    package: AnyPackage,
    *,
    key: PublicKey | None = None,
    trust: TrustList | None = None,
    require_signature: bool = False,
    protocol: Protocol | None = None,
    files: str | PathLike[str] | Literal[False] | None = None,
    cells: Study | Path | str | None = None,
    encoding: str | None = None,
    allow_unproved: bool = False,
    independent: bool = False,
) -> Verification:
    """Make everything again that a certificate states, and name what differs.

    Parameters
    ----------
    certificate
        The path of the certificate.
    package
        The data at hand: a package, its name or its path. Files are read again at the end: they must not have changed.
    key
        The public key of whoever must have signed, from `xinzhi.core.keys.public_key`.
    trust, require_signature
        The keys that are trusted, from `xinzhi.core.keys.read_trust`, and whether one of them must have signed.
    protocol
        The protocol that the certificate has to be made by, to the letter. Without it, the registered protocol of the
        same id, from which the certificate may depart where it says so.
    files
        The folder of the report, by default that of the certificate: the report is made again from the data, and every
        file compared. A file that is missing or does not belong there is a difference. False: no file is looked at.
    cells
        The cells of firms that the report was made with, where it was: a folder, or a study of firms.
    encoding
        The encoding of the files of the data, where it is given.
    allow_unproved
        Whether what cannot be made again here is only noted: other versions, other names or form of the data.
    independent
        Compute the growth accounts a second time by the reference implementation, which shares no formula with
        `xinzhi.measure`, and compare every printed digit. What it does not cover is a difference.

    Raises
    ------
    InputError
        When the certificate cannot be read, is damaged, or is of another format; when the data changed meanwhile.

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
    path = Path(certificate)
    stated = parse(read_document(path), path.name)
    demand = Demand(trust=trust, key=key, required=require_signature)
    data = package if isinstance(package, Package) else load(package, encoding=encoding)
    findings = [
        *certificate_findings(path, stated),
        *check_signatures(stated.vouched(), "certificate", stated.signatures, demand, file=path.name),
        *compare_tables(stated.tables, data),
    ]
    rules, differing = compare_protocol(stated.protocol, protocol, path.name)
    findings += differing
    if rules is not None:
        rules = _departing(rules, stated)
        findings += _adopted(rules, trust, path.name)
        findings += _of_release(rules, data)
        findings += _recompute(stated, data, rules)
    if independent:
        findings += compare_independently(stated, data)
    findings += [
        *compare_software(stated, path.name),
        *mismatch("package", data_label(data), stated.package.label, rule="package"),
        *mismatch("encoding", encoding, stated.options.encoding, rule="form"),
    ]
    versions = {str(entry.key) for entry in findings if entry.rule == "version"}
    unproved = UNPROVED | ({"protocol-text"} if "xinzhi" in versions else set())
    count = None
    if files is not False:
        is_refuted = rules is None or any(_is_error(entry, unproved) for entry in findings)
        remade = None if is_refuted or rules is None else remake(stated, data, rules, cells)
        if isinstance(remade, Text):
            findings.append(_not_reproduced(data, remade))
            remade = None
        findings += [] if remade is None else compare_report(stated, remade)
        forms = {"form"} if any(entry.rule in {"form", "package"} for entry in findings) else set()
        folder = path.parent if files is None else Path(files)
        count, differing = compare_folder(stated, path, folder, remade, versions | forms)
        findings += differing
    if not isinstance(package, Package):
        _require_unchanged(data, load(package, encoding=encoding))
    notes = [entry for entry in findings if not _is_error(entry, unproved if allow_unproved else ())]
    return Verification(
        certificate=stated,
        differences=tuple(entry for entry in findings if entry not in notes),
        notes=tuple(replace(entry, severity="note") for entry in notes),
        files=count,
    )


def _is_error(entry: Finding, excused: Collection[str]) -> bool:
    return entry.severity == "error" and entry.rule not in excused


def certificate_findings(path: Path, stated: Certificate) -> Iterator[Finding]:
    """Yield where a certificate does not have the digests and the form that it should."""
    document, file = stated.document(), path.name
    for name, now in (("sha256", digest(without(document, "sha256", "signatures"))), ("id", identity(document))):
        expected = getattr(stated, name)
        if now != expected:
            yield finding("certificate.certificate-altered", file=file, key=name, value=now, expected=expected)
    if path.read_bytes() != (layout(document) + "\n").encode():
        yield finding("certificate.reordered", file=file, key="certificate")


def _require_unchanged(before: Package, after: Package) -> None:
    """Refuse data that are others at the end than they were at the start."""
    names = sorted({*before.tables, *after.tables})
    sides = [{name: data.fingerprint(name) for name in data.tables} for data in (before, after)]
    changed = [name for name in names if sides[0].get(name) != sides[1].get(name)]
    if changed or form(before) != form(after):
        raise InputError("certificate.data-changed", name=before.name, tables=changed or names)


def _departing(rules: Protocol, stated: Certificate) -> Protocol:
    """Return the protocol of a certificate with what it departs in, in the order of the call, as the report says it."""
    replaced = {path for path, parameter in rules.parameters.items() if parameter.origin == f"{rules.id} (replaced)"}
    is_registered = rules.id in {file.stem for file in registry_files()}
    set_paths = [option.partition("=")[0] for option in stated.options.set]
    order = dict.fromkeys([*stated.protocol.departures] if is_registered else [*set_paths, *sorted(replaced)])
    return replace(rules, departs=tuple(path for path in order if path in replaced))


def _adopted(rules: Protocol, trust: TrustList | None, file: str) -> Iterator[Finding]:
    """Yield what the keys that a reader trusts say of the signature that the protocol was adopted by."""
    if rules.adoption is not None:
        yield from adoption_findings(rules.adoption, trust, file=file)


def _of_release(rules: Protocol, package: Package) -> Iterator[Finding]:
    """Yield a difference where a release is not the registered one and the data lack regions to make it again."""
    release = rules.release
    if release is not None and not is_registered(rules) and not is_complete(release, package):
        yield finding("certificate.release-unproved", key=release.mark)


def _not_reproduced(package: Package, problem: Text) -> Finding:
    return finding("certificate.not-recomputed", words={"problem": problem}, file=package.name)


def _recompute(stated: Certificate, package: Package, rules: Protocol) -> Iterator[Finding]:
    """Yield where the results, and what they were made from, are not those that the data give."""
    from xinzhi.studies import study

    try:
        result: Any = study("measure", package, protocol=rules).results["measurement"]
    except XinzhiError as error:
        yield _not_reproduced(package, error.text)
        return
    digits = int(rules.value("reporting.result_digits"))
    yield from mismatch("set", settings(rules), stated.options.set)
    yield from mismatch("digits", digits, stated.results.digits)
    for name, table in stated.tables.items():
        is_input = name in result.provenance.inputs
        if table.read != is_input or (is_input and table.key and table.cells is None):
            value, expected = str(is_input).lower(), str(table.read).lower()
            yield finding("certificate.stated", table=name, key="read", value=value, expected=expected)
    part = package_part(result, package)
    for name in REGIONS:
        yield from mismatch(name, getattr(part, name), getattr(stated.package, name))
    yield from compare_results(stated.results, result)


def data_label(package: Package) -> str:
    """Return name, version and titles of a package, as a certificate states them."""
    names = (package.name, package.version, package.title.zh, package.title.en)
    return " ".join(name for name in names if name)


def compare_software(stated: Certificate, file: str) -> Iterator[Finding]:
    """Yield every version that is another one now: what it made cannot be made again here for certain."""
    installed = {**dependencies(), "xinzhi": software().version}
    used = {**stated.dependencies, "xinzhi": stated.software.version}
    for name in dict.fromkeys([*used, *installed]):
        value, expected = installed.get(name, "-"), used.get(name, "-")
        if value != expected:
            yield finding("certificate.version", file=file, key=name, value=value, expected=expected)
    if used.keys() == installed.keys() and [*used] != [*installed]:
        yield finding("certificate.reordered", file=file, key="dependencies")
