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
from xinzhi.report.certificate.certify import declared, dependencies, software
from xinzhi.report.certificate.folder import check_signature, compare_files
from xinzhi.report.certificate.results import compare_results
from xinzhi.report.certificate.schema import FORMATS, Certificate, digest, identity, parse, read_document, without
from xinzhi.report.certificate.tables import compare_protocol, compare_tables, otherwise
from xinzhi.report.document import BRIEFS
from xinzhi.studies import TOPICS, Study, assess, check

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

TOLERANCE = 1e-9  # of a figure: another version of xinzhi may add up in another order


def compare_remade(
    stated: Certificate,
    package: Package,
    rules: Protocol,
    folder: Path,
    versions: set[str],
    cells: Study | Path | str | None = None,
) -> Iterator[Finding]:
    """Yield the files of a folder that the data do not give; `versions` names the packages that are others here."""
    told, language = _told(folder)
    topics = tuple(one for one in TOPICS if one in told.get("topics", ()))
    called = {name: value or "" for name, value in stated.package.items()}
    as_told = replace(
        package,
        name=called.get("name", ""),
        version=stated.package.get("version"),
        title=Text(zh=called.get("title_zh", ""), en=called.get("title_en", "")),
        findings=_as_told(check(package), told.get("findings", ())),
        issuers=_offices(told),
    )
    briefs = (folder / BRIEFS).is_dir()  # the report leads to them
    if cells is None and stated.options.get("cells"):
        yield _not_remade(package, words.certificate.other_cells(given=False))
        return
    with tempfile.TemporaryDirectory() as name:
        try:
            made = assess(
                as_told, protocol=_departing(rules, stated), only=topics or ("none",), cells=cells, briefs=briefs
            )
            if made.more.get("cells") != stated.options.get("cells"):
                yield _not_remade(package, words.certificate.other_cells(given=True))
                return
            paths = made.write(name, language, options=dict(stated.options))
        except XinzhiError as error:
            yield _not_remade(package, error.text)
            return
        made_id = str(json.loads((Path(name) / "certificate.json").read_bytes())["id"])
        for path in paths:
            if path.name not in stated.files:
                continue
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
            if sha256 == stated.files[path.name]:
                continue
            there = folder / path.name
            excused = versions and _says_the_same(path, there, (made_id, stated.id), mended="xinzhi" in versions)
            code = "certificate.file-unproved" if excused else "certificate.file-forged"
            yield finding(code, file=path.name, value=sha256, expected=stated.files[path.name])


def _not_remade(package: Package, problem: Text) -> Finding:
    return finding("certificate.not-recomputed", words={"problem": problem}, file=package.name)


def _says_the_same(made: Path, told: Path, ids: tuple[str, str], *, mended: bool) -> bool:
    """Return whether a file may be the work of other versions: the packages draw, xinzhi itself does the rest."""
    if made.suffix == ".csv":
        return mended and _figures_agree(made, told)
    if mended:  # another xinzhi: what is told of its files is that they may differ
        return True
    if made.suffix == ".html":
        pages = [re.sub(rb"<svg.*?</svg>", b"", path.read_bytes(), flags=re.DOTALL) for path in (made, told)]
        return pages[0].replace(ids[0].encode(), ids[1].encode()) == pages[1]
    return made.suffix == ".xlsx" and _cells(made, ids) == _cells(told, ids)


def _figures_agree(made: Path, told: Path) -> bool:
    """Return whether two tables have the same rows and, in the columns of both, the same figures."""
    try:
        one, other = pl.read_csv(made, infer_schema=False), pl.read_csv(told, infer_schema=False)
    except pl.exceptions.PolarsError:
        return False
    names = [name for name in one.columns if name in other.columns]
    if one.height != other.height or not {"region", "year", "tfp_level"} <= set(names):
        return False
    for name in names:
        values = [frame[name].cast(pl.Float64, strict=False) for frame in (one, other)]
        scale: Any = values[0].abs().max() or 0.0
        far = (values[0] - values[1]).abs() > TOLERANCE * scale
        if far.any() or not one[name].filter(values[0].is_null()).equals(other[name].filter(values[1].is_null())):
            return False
    return True


def _cells(book: Path, ids: tuple[str, str]) -> list[Any]:
    """Return the cells of every sheet of a workbook, with one id for the other."""
    require("fastexcel")
    import fastexcel

    read = fastexcel.read_excel(book)
    sheets = [read.load_sheet(name, header_row=None).to_polars().rows() for name in read.sheet_names]
    return [read.sheet_names, [[[ids[1] if one == ids[0] else one for one in row] for row in rows] for rows in sheets]]


def _departing(rules: Protocol, stated: Certificate) -> Protocol:
    """Return the protocol of a certificate with what it departs in, in the order of the call, as the report says it."""
    told = [str(one).partition("=")[0] for one in stated.options.get("set") or ()]
    replaced = [path for path, one in rules.parameters.items() if one.origin == f"{rules.id} (replaced)"]
    registered = rules.id in {file.stem for file in registry_files()}
    paths = dict.fromkeys([*(path for path in told if path in replaced), *replaced])
    return replace(rules, departs=tuple(path for path in paths if not registered or path in stated.protocol.departures))


def _told(folder: Path) -> tuple[dict[str, Any], Language]:
    """Return the document and the language of the report in a folder; whoever changes them changes the files too."""
    document, head = {}, ""
    with suppress(OSError, ValueError, RecursionError):
        document = json.loads((folder / "assessment.json").read_bytes())
        head = (folder / "report.html").read_bytes()[:200].decode(errors="replace")
    told = re.search(r'<html lang="(\w\w)', head)
    language = next((one for one in LANGUAGES if told and one == told[1]), LANGUAGES[0])
    return document if isinstance(document, dict) else {}, language


def _offices(told: Mapping[str, Any]) -> dict[str, tuple[Text, ...]]:
    """Return the offices that the report names, for the same data may be kept in a form that does not name them."""
    try:
        known = told["package"]["issuers"]
        return {str(table): tuple(Text(zh=one["zh"], en=one["en"]) for one in some) for table, some in known.items()}
    except (AttributeError, KeyError, TypeError):
        return {}


def _as_told(found: tuple[Finding, ...], told: Sequence[dict[str, Any]]) -> tuple[Finding, ...]:
    """Return findings with the files and lines of the report, for the same data may be kept in another form."""

    def same(rows: Iterable[Mapping[str, Any]]) -> list[list[str]]:
        names = ("rule", "severity", "table", "column", "key", "value", "message_zh", "message_en")
        # What is said of a whole file, such as its line ends, is of that form of the data.
        return sorted([str(row[name]) for name in names] for row in rows if row["column"] or row["key"])

    try:
        if same(told) != same(one.to_dict() for one in found):
            return found
        return tuple(
            Finding(
                message=Text(zh=row["message_zh"], en=row["message_en"]),
                hint=Text(zh=row["hint_zh"], en=row["hint_en"]),
                **{name: row[name] for name in ("rule", "severity", *Place.__annotations__)},
            )
            for row in told
        )
    except (KeyError, TypeError):
        return found


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
        head = words.certificate.sentence_head(
            package=str(stated.package.get(f"title_{language}") or stated.package.get("name")),
            protocol=stated.protocol.label,
            fingerprint=stated.protocol.fingerprint[:12],
            version=stated.software.get("version", "-"),
        )
        return f"{head.lang(language)}\n{self._outcome().lang(language)}"

    def _outcome(self) -> Text:
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
    cells: Study | Path | str | None = None,
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
            found += compare_remade(stated, package, rules, Path(files), others, cells)
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
        yield _not_remade(package, error.text)
        return
    digits = int(rules.value("reporting.result_digits"))
    yield from _set(stated, rules)
    yield from otherwise("digits", str(digits), str(stated.results.digits))
    for name, table in stated.tables.items():
        read = name in result.provenance.inputs
        if table.read != read or (read and table.key and table.cells is None):
            yield finding(
                "certificate.stated", table=name, key="read", value=str(read).lower(), expected=str(table.read).lower()
            )
    for name, here in declared(result).items():
        yield from otherwise(name, here, stated.package.get(name))
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
            said = spell(rules.parameters[path].value) if path in rules.parameters else None
            yield finding("certificate.stated", key=f"set {path}", value=said or "-", expected=value)


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
