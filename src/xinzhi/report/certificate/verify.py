"""Verify a certificate: recompute everything from the data and name what differs."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi import words
from xinzhi.core.errors import XinzhiError
from xinzhi.core.extras import require
from xinzhi.core.finding import Finding, Place, finding
from xinzhi.core.text import LANGUAGES, Language, Text, Values
from xinzhi.data import Package
from xinzhi.protocol import Protocol, registry_files, spell
from xinzhi.report.certificate.agreement import compare_independently
from xinzhi.report.certificate.certify import dependencies, region_set, software
from xinzhi.report.certificate.folder import check_signature, compare_files
from xinzhi.report.certificate.results import compare_results
from xinzhi.report.certificate.schema import FORMATS, Certificate, digest, identity, parse, read_document, without
from xinzhi.report.certificate.tables import compare_protocol, compare_tables, mismatch
from xinzhi.report.document import BRIEFS
from xinzhi.studies import Study, assess, check
from xinzhi.studies.internal import TOPICS

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

TOLERANCE = 1e-9  # of a figure: another version of xinzhi may add up in another order


def compare_reproduction(
    stated: Certificate,
    package: Package,
    rules: Protocol,
    folder: Path,
    versions: set[str],
    cells: Study | Path | str | None = None,
) -> Iterator[Finding]:
    """Yield the files of a folder that the data do not give; `versions` names the packages that are others here."""
    report, language = _read_report(folder)
    topics = tuple(topic for topic in TOPICS if topic in report.get("topics", ()))
    titles = {name: value or "" for name, value in stated.package.items()}
    as_told = replace(
        package,
        name=titles.get("name", ""),
        version=stated.package.get("version"),
        title=Text(zh=titles.get("title_zh", ""), en=titles.get("title_en", "")),
        findings=_with_report_lines(check(package), report.get("findings", ())),
        issuers=_offices(report),
    )
    briefs = (folder / BRIEFS).is_dir()  # the report leads to them
    if cells is None and stated.options.get("cells"):
        yield _not_reproduced(package, words.certificate.other_cells(given=False))
        return
    with tempfile.TemporaryDirectory() as name:
        try:
            study = assess(
                as_told, protocol=_departing(rules, stated), only=topics or ("none",), cells=cells, briefs=briefs
            )
            if study.more.get("cells") != stated.options.get("cells"):
                yield _not_reproduced(package, words.certificate.other_cells(given=True))
                return
            paths = study.write(name, language, options=dict(stated.options))
        except XinzhiError as error:
            yield _not_reproduced(package, error.text)
            return
        made_id = str(json.loads((Path(name) / "certificate.json").read_bytes())["id"])
        for path in paths:
            if path.name not in stated.files:
                continue
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
            if sha256 == stated.files[path.name]:
                continue
            original = folder / path.name
            excused = versions and _says_the_same(path, original, (made_id, stated.id), mended="xinzhi" in versions)
            code = "certificate.file-unproved" if excused else "certificate.file-forged"
            yield finding(code, file=path.name, value=sha256, expected=stated.files[path.name])


def _not_reproduced(package: Package, problem: Text) -> Finding:
    return finding("certificate.not-recomputed", words={"problem": problem}, file=package.name)


def _says_the_same(reproduced: Path, original: Path, ids: tuple[str, str], *, mended: bool) -> bool:
    """Return whether a file may be the work of other versions: the packages draw, xinzhi itself does the rest."""
    if reproduced.suffix == ".csv":
        return mended and _figures_agree(reproduced, original)
    if mended:  # another xinzhi: what is told of its files is that they may differ
        return True
    if reproduced.suffix == ".html":
        pages = [re.sub(rb"<svg.*?</svg>", b"", path.read_bytes(), flags=re.DOTALL) for path in (reproduced, original)]
        return pages[0].replace(ids[0].encode(), ids[1].encode()) == pages[1]
    return reproduced.suffix == ".xlsx" and _cells(reproduced, ids) == _cells(original, ids)


def _figures_agree(reproduced: Path, original: Path) -> bool:
    """Return whether two tables have the same rows and, in the columns of both, the same figures."""
    try:
        new, old = pl.read_csv(reproduced, infer_schema=False), pl.read_csv(original, infer_schema=False)
    except pl.exceptions.PolarsError:
        return False
    names = [name for name in new.columns if name in old.columns]
    if new.height != old.height or not {"region", "year", "tfp_level"} <= set(names):
        return False
    for name in names:
        values = [frame[name].cast(pl.Float64, strict=False) for frame in (new, old)]
        scale: Any = values[0].abs().max() or 0.0
        deviates = (values[0] - values[1]).abs() > TOLERANCE * scale
        if deviates.any() or not new[name].filter(values[0].is_null()).equals(old[name].filter(values[1].is_null())):
            return False
    return True


def _cells(book: Path, ids: tuple[str, str]) -> list[Any]:
    """Return the cells of every sheet of a workbook, with one id for the other."""
    require("fastexcel")
    import fastexcel

    workbook = fastexcel.read_excel(book)
    sheets = [workbook.load_sheet(name, header_row=None).to_polars().rows() for name in workbook.sheet_names]
    return [
        workbook.sheet_names,
        [[[ids[1] if cell == ids[0] else cell for cell in row] for row in rows] for rows in sheets],
    ]


def _departing(rules: Protocol, stated: Certificate) -> Protocol:
    """Return the protocol of a certificate with what it departs in, in the order of the call, as the report says it."""
    set_paths = [str(option).partition("=")[0] for option in stated.options.get("set") or ()]
    replaced = [path for path, parameter in rules.parameters.items() if parameter.origin == f"{rules.id} (replaced)"]
    registered = rules.id in {file.stem for file in registry_files()}
    paths = dict.fromkeys([*(path for path in set_paths if path in replaced), *replaced])
    return replace(rules, departs=tuple(path for path in paths if not registered or path in stated.protocol.departures))


def _read_report(folder: Path) -> tuple[dict[str, Any], Language]:
    """Return the document and the language of the report in a folder; whoever changes them changes the files too."""
    document, head = {}, ""
    with suppress(OSError, ValueError, RecursionError):
        document = json.loads((folder / "assessment.json").read_bytes())
        head = (folder / "report.html").read_bytes()[:200].decode(errors="replace")
    match = re.search(r'<html lang="(\w\w)', head)
    language = next((code for code in LANGUAGES if match and code == match[1]), LANGUAGES[0])
    return document if isinstance(document, dict) else {}, language


def _offices(report: Mapping[str, Any]) -> dict[str, tuple[Text, ...]]:
    """Return the offices that the report names, for the same data may be kept in a form that does not name them."""
    try:
        issuers = report["package"]["issuers"]
        return {
            str(table): tuple(Text(zh=office["zh"], en=office["en"]) for office in offices)
            for table, offices in issuers.items()
        }
    except (AttributeError, KeyError, TypeError):
        return {}


def _with_report_lines(findings: tuple[Finding, ...], report_rows: Sequence[dict[str, Any]]) -> tuple[Finding, ...]:
    """Return findings with the files and lines of the report, for the same data may be kept in another form."""

    def same(rows: Iterable[Mapping[str, Any]]) -> list[list[str]]:
        names = ("rule", "severity", "table", "column", "key", "value", "message_zh", "message_en")
        # What is said of a whole file, such as its line ends, is of that form of the data.
        return sorted([str(row[name]) for name in names] for row in rows if row["column"] or row["key"])

    try:
        if same(report_rows) != same(entry.to_dict() for entry in findings):
            return findings
        return tuple(
            Finding(
                message=Text(zh=row["message_zh"], en=row["message_en"]),
                hint=Text(zh=row["hint_zh"], en=row["hint_en"]),
                **{name: row[name] for name in ("rule", "severity", *Place.__annotations__)},
            )
            for row in report_rows
        )
    except (KeyError, TypeError):
        return findings


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
        return f"{self.head().lang(language)}\n{self.outcome().lang(language)}"

    def head(self) -> Text:
        """Return which package was verified under which protocol."""
        stated = self.certificate
        names = (stated.package.get(f"title_{code}") or stated.package.get("name") for code in ("zh", "en"))
        return words.certificate.sentence_head(
            package=Text(*map(str, names)),
            protocol=stated.protocol.label,
            fingerprint=stated.protocol.fingerprint[:12],
            version=stated.software.get("version", "-"),
        )

    def outcome(self) -> Text:
        """Return whether all is as the certificate says, and how much was compared."""
        if self.differences:
            return words.certificate.sentence_differs(count=len(self.differences))
        tables = self.certificate.results.tables.values()
        results = sum(len(table.columns) * sum(map(len, table.rows.values())) for table in tables)
        counts: Values = {"tables": len(self.certificate.tables), "results": results, "files": self.files}
        return (
            words.certificate.sentence_equal(**counts)
            if self.files is None
            else words.certificate.sentence_equal_files(**counts)
        )

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
            "differences": [entry.to_dict() for entry in self.differences],
            "notes": [entry.to_dict() for entry in self.notes],
        }


def verify(
    certificate: str | PathLike[str],
    package: Package,
    *,
    key: Ed25519PublicKey | None = None,
    protocol: Protocol | None = None,
    files: str | PathLike[str] | None = None,
    cells: Study | Path | str | None = None,
    independent: bool = False,
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
    cells
        The cells of firms that the report was made with, where it was: a folder, or a study of firms.
    independent
        Compute the growth accounts a second time by the reference implementation, which shares no formula with
        `xinzhi.measure`, and compare every printed digit. What it does not cover is a difference.

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
    findings = [
        *_certificate(document, stated, file),
        *check_signature(document, stated.signature, key, file),
        *compare_tables(stated.tables, package),
    ]
    versions = list(compare_software(stated.software, stated.dependencies, file))
    changed = {str(note.key) for note in versions}
    rules, differing = compare_protocol(
        stated.protocol, protocol, file, texts="note" if "xinzhi" in changed else "error"
    )
    findings += differing
    if rules is not None:
        findings += _recompute(stated, package, rules)
    if independent:
        findings += compare_independently(stated, package)
    count = None
    if files is not None:
        count, differing = compare_files(stated, Path(certificate), Path(files))
        findings += differing
        if rules is not None and not any(entry.severity == "error" for entry in findings):
            findings += compare_reproduction(stated, package, rules, Path(files), changed, cells)
    findings += [*versions, *_package(stated, package, file)]
    return Verification(
        certificate=stated,
        differences=tuple(entry for entry in findings if entry.severity == "error"),
        notes=tuple(entry for entry in findings if entry.severity != "error"),
        files=count,
    )


def _certificate(document: dict[str, Any], stated: Certificate, file: str) -> Iterator[Finding]:
    for name, now in (("sha256", digest(without(document, "sha256", "signature"))), ("id", identity(document))):
        expected = getattr(stated, name)
        if now != expected and name in document:  # the first format had no id
            yield finding("certificate.certificate-altered", file=file, key=name, value=now, expected=expected)
    for place in _extra(document, stated.document()):
        is_known = stated.format_version in FORMATS  # a later one may have members of its own
        yield finding("certificate.member-unknown", severity="error" if is_known else "note", file=file, key=place)


def _extra(document: object, parsed: object, place: str = "") -> Iterator[str]:
    """Yield the places of the members of a document that the certificate read from it has not."""
    if isinstance(document, list) and isinstance(parsed, list):
        for at, (part, counterpart) in enumerate(zip(document, parsed, strict=False)):
            yield from _extra(part, counterpart, f"{place}.{at}")
    if isinstance(document, dict) and isinstance(parsed, dict):
        for name, part in document.items():
            inside = f"{place}.{name}" if place else name
            if name not in parsed:
                yield inside
            else:
                yield from _extra(part, parsed[name], inside)


def _recompute(stated: Certificate, package: Package, rules: Protocol) -> Iterator[Finding]:
    from xinzhi.studies import study

    try:
        result: Any = study("measure", package, protocol=rules).results["measurement"]
    except XinzhiError as error:
        yield _not_reproduced(package, error.text)
        return
    digits = int(rules.value("reporting.result_digits"))
    yield from _set(stated, rules)
    yield from mismatch("digits", str(digits), str(stated.results.digits))
    for name, table in stated.tables.items():
        is_input = name in result.provenance.inputs
        if table.read != is_input or (is_input and table.key and table.cells is None):
            yield finding(
                "certificate.stated",
                table=name,
                key="read",
                value=str(is_input).lower(),
                expected=str(table.read).lower(),
            )
    for name, value in region_set(result).items():
        yield from mismatch(name, value, stated.package.get(name))
    yield from compare_results(stated.results, result)


def _set(stated: Certificate, rules: Protocol) -> Iterator[Finding]:
    """Yield what the options say was set and is not in the protocol."""
    for option in stated.options.get("set") or ():
        path, _, value = option.partition("=")
        try:
            agrees = str(rules.value(path)) == value or rules.replace({path: value}).fingerprint == rules.fingerprint
        except (XinzhiError, TypeError):
            agrees = False
        if not agrees:
            actual = spell(rules.parameters[path].value) if path in rules.parameters else None
            yield finding("certificate.stated", key=f"set {path}", value=actual or "-", expected=value)


def _package(stated: Certificate, package: Package, file: str) -> Iterator[Finding]:
    names, title = ("name", "version", "title_zh", "title_en"), package.title
    old = " ".join(filter(None, (stated.package.get(name) for name in names)))
    new = " ".join(filter(None, (package.name, package.version, title.zh, title.en)))
    if old != new:
        yield finding("certificate.package", file=file, key="package", value=new, expected=old)


def compare_software(stated: Mapping[str, str], used: Mapping[str, str], file: str) -> Iterator[Finding]:
    """Yield a note for every version that is another one now: results are compared, versions only told."""
    installed = {**dependencies(), "xinzhi": software()["version"]}
    for name, version in {**used, "xinzhi": stated.get("version", "-")}.items():
        if installed.get(name) != version:
            yield finding("certificate.version", file=file, key=name, value=installed.get(name, "-"), expected=version)
