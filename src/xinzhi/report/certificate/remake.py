"""Make the report of a certificate again from the data, and hold every file of its folder against it."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import re
import tempfile
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from xinzhi import words
from xinzhi.core.errors import XinzhiError
from xinzhi.core.extras import require
from xinzhi.core.files import SET, has_interrupted_write
from xinzhi.core.finding import Finding, Severity, finding
from xinzhi.core.text import Language, Text
from xinzhi.data import Package
from xinzhi.protocol import Protocol
from xinzhi.report.certificate.certify import NAMES, certificate_texts
from xinzhi.report.certificate.folder import File
from xinzhi.report.certificate.schema import Certificate, Report, parse
from xinzhi.report.certificate.tables import mismatch
from xinzhi.report.document import BRIEFS
from xinzhi.studies import assess
from xinzhi.studies.internal import Study

TOLERANCE = 1e-9  # of a figure: another version of xinzhi may add up in another order
_HIDDEN = (".", "~$", "Thumbs.db", "desktop.ini")  # what systems and editors leave in a folder begins so


@dataclass(frozen=True, slots=True, kw_only=True)
class Remade:
    """A report made again: what a certificate says of it, the package as it was read, and what its files hold."""

    report: Report | None
    package: Package
    files: Mapping[str, bytes]


def remake(stated: Certificate, package: Package, rules: Protocol, cells: Study | Path | str | None) -> Remade | Text:
    """Return the report of a certificate as the data give it, or why they do not give one."""
    terms = stated.report
    if terms is None:
        return Remade(report=None, package=package, files={})
    if cells is None and stated.options.cells is not None:
        return words.certificate.other_cells(given=False)
    try:
        study = assess(package, protocol=rules, only=tuple(terms.topics) or ("none",), cells=cells, briefs=terms.briefs)
        if study.more.get("cells") != stated.options.cells:
            return words.certificate.other_cells(given=True)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_study(study, folder, language=terms.language, certificate=stated)
            paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
            files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    except XinzhiError as error:
        return error.text
    report = parse(json.loads(files[NAMES[0]]), NAMES[0]).report
    return Remade(
        report=report,
        package=study.package,
        files={name: content for name, content in files.items() if name not in NAMES},
    )


def write_study(study: Study, folder: Path, *, language: Language, certificate: Certificate) -> None:
    """Write the report of a study with a certificate that is there already."""
    import xinzhi  # the reports issue certificates, and are known here only when they are made again

    xinzhi.report.write_study(study, folder, language=language, certificate=certificate)


def compare_report(stated: Certificate, remade: Remade) -> Iterator[Finding]:
    """Yield what a certificate says of its report that is not so."""
    old, new = stated.report, remade.report
    if old is None or new is None:
        return
    yield from mismatch("topics", new.topics, old.topics)
    yield from mismatch("form", new.form, old.form, rule="form")
    yield from (finding("certificate.file-unstated", file=name) for name in new.files if name not in old.files)
    yield from (finding("certificate.file-alien", file=name) for name in old.files if name not in new.files)
    if {*old.files} == {*new.files} and [*old.files] != [*new.files]:
        yield finding("certificate.reordered", key="files")


def compare_folder(
    stated: Certificate, certificate: Path, folder: Path, remade: Remade | None, excuses: Collection[str]
) -> tuple[int, list[Finding]]:
    """Return how many files of a folder are those made again, and what else there is to say of it.

    `remade` is None where the data already give something else. `excuses` say why an honest file may differ: names of
    other versions, and ``form`` where the data have another form.
    """
    listed = {} if stated.report is None else stated.report.files
    names = [*listed, *NAMES] if remade is None else [*remade.files, *NAMES]
    findings = [finding("certificate.set-unfinished", file=str(folder))] if has_interrupted_write(folder) else []
    findings += _strangers(folder, names, certificate, briefs=stated.report is not None and stated.report.briefs)
    present: dict[str, bytes] = {}
    for name in names:
        content = _read(folder, name)
        if isinstance(content, Finding):
            findings.append(content)
        else:
            present[name] = content
    differing = {name for name in listed if name in present and _sha256(present[name]) != listed[name]}
    findings += [
        finding("certificate.file-differs", file=name, value=_sha256(present[name]), expected=listed[name])
        for name in sorted(differing)
    ]
    if remade is None:
        return 0, findings
    equal, altered = 0, [name for name in remade.files if name not in present or name in differing]
    for name in (name for name in remade.files if name in present and name not in differing):
        if present[name] == remade.files[name]:
            equal += 1
            continue
        is_excused = _is_excused(name, remade.files[name], present[name], excuses)
        altered += [] if is_excused else [name]
        findings.append(_differs("file-unproved" if is_excused else "file-forged", name, remade.files, present))
    if altered:  # what the metadata say of such files is of no more interest
        return equal, findings
    expected = _descriptions(stated, remade, present)
    for name in (name for name in NAMES if name in present):
        if present[name] != expected[name]:
            is_excused = name == NAMES[2] and "form" in excuses  # it has the title of the data, and their licence
            findings.append(_differs("file-unproved" if is_excused else "file-forged", name, expected, present))
        else:
            equal += name != NAMES[0]
    return equal, [*findings, *_twice(present.get(NAMES[2], b""))]


def _differs(code: str, name: str, expected: Mapping[str, bytes], present: Mapping[str, bytes]) -> Finding:
    value, sha256 = _sha256(expected[name]), _sha256(present[name])
    return finding(f"certificate.{code}", file=name, value=value, expected=sha256)


def _strangers(folder: Path, names: Collection[str], certificate: Path, *, briefs: bool) -> Iterator[Finding]:
    """Yield what stands in a folder beside the files of the report."""
    folders = {*(name.partition("/")[0] for name in names if "/" in name), *([BRIEFS] if briefs else [])}
    places = [folder, *(folder / name for name in sorted(folders))]
    for path in (path for place in places for path in sorted(place.glob("*"))):
        name = path.relative_to(folder).as_posix()
        if name in {*names, *folders, SET} or path.absolute() == certificate.absolute():
            continue
        severity: Severity = "note" if path.name.startswith(_HIDDEN) else "error"
        yield finding("certificate.file-unlisted", severity=severity, file=name)


def _read(folder: Path, name: str) -> bytes | Finding:
    """Return what a file of a folder holds, or why it does not count."""
    path = folder / name
    if name != Path(name).as_posix() or Path(name).is_absolute() or ".." in Path(name).parts or "\\" in name:
        return finding("certificate.file-missing", file=name)
    if path.is_symlink() or (path.parent != folder and path.parent.is_symlink()):
        return finding("certificate.file-link", file=name)
    try:
        return path.read_bytes()
    except OSError:
        return finding("certificate.file-missing", file=name)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _descriptions(stated: Certificate, remade: Remade, present: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return certificate, PROV and RO-Crate as they are written of the files that are there, on the days they name."""
    order = () if remade.report is None else remade.report.files
    files = [File.from_bytes(name, present.get(name, remade.files[name])) for name in order]
    published, created = dt.datetime.now(dt.UTC).date(), None
    with suppress(ValueError, TypeError, LookupError, AttributeError, RecursionError):
        graph = {entry["@id"]: entry for entry in json.loads(present[NAMES[2]])["@graph"]}
        published = dt.date.fromisoformat(graph["./"]["datePublished"])
        ended = graph["#assess"].get("endTime")
        created = None if ended is None else dt.datetime.fromisoformat(ended)
    texts = certificate_texts(stated, remade.package, files, published=published, created=created)
    return dict(zip(NAMES, texts, strict=True))


def _twice(crate: bytes) -> Iterator[Finding]:
    """Yield the names that stand twice in the metadata of a folder."""
    with suppress(ValueError, TypeError, LookupError, AttributeError, RecursionError):
        counted = Counter(str(entry["@id"]) for entry in json.loads(crate)["@graph"])
        names = [name for name, count in counted.items() if count > 1]
        yield from (finding("certificate.file-twice", file=NAMES[2], key=name) for name in names)


def _is_excused(name: str, remade: bytes, original: bytes, excuses: Collection[str]) -> bool:
    """Whether a file may be honest although it is not the one made again here."""
    # Figures do not depend on the form of the data; other packages draw and write differently, and say the same.
    if name.endswith(".csv"):
        return "xinzhi" in excuses and _figures_agree(remade, original)
    if {"form", "xinzhi"} & {*excuses}:
        return True
    if name.endswith(".html"):
        return bool(excuses) and _without_drawings(remade) == _without_drawings(original)
    return bool(excuses) and name.endswith(".xlsx") and _cells(remade) == _cells(original)


def _without_drawings(page: bytes) -> bytes:
    return re.sub(rb"<svg.*?</svg>", b"", page, flags=re.DOTALL)


def _figures_agree(remade: bytes, original: bytes) -> bool:
    """Return whether two tables have the same rows and, in the columns of both, the same figures."""
    try:
        new, old = (pl.read_csv(io.BytesIO(content), infer_schema=False) for content in (remade, original))
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


def _cells(book: bytes) -> list[Any] | None:
    """Return the cells of every sheet of a workbook; None where it is none."""
    require("fastexcel")
    import fastexcel

    try:
        workbook = fastexcel.read_excel(book)
        sheets = [workbook.load_sheet(name, header_row=None).to_polars().rows() for name in workbook.sheet_names]
    except fastexcel.FastExcelError:
        return None
    return [workbook.sheet_names, sheets]
