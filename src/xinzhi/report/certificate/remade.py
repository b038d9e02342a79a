"""The files of a report made again: a page that states other figures than its certificate is no proof of them."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from xinzhi.core.errors import XinzhiError
from xinzhi.core.finding import Finding, Place, finding
from xinzhi.core.text import LANGUAGES, Language, Text
from xinzhi.data import Package
from xinzhi.protocol import Protocol, registry_files
from xinzhi.report.certificate.schema import Certificate
from xinzhi.studies import TOPICS, assess

TOLERANCE = 1e-9  # of a figure: another version of xinzhi may add up in another order


def compare_remade(
    stated: Certificate, package: Package, rules: Protocol, folder: Path, versions: set[str]
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
        findings=_as_told(package.findings, told.get("findings", ())),
        issuers=_offices(told),
    )
    with tempfile.TemporaryDirectory() as name:
        try:
            made = assess(as_told, protocol=_departing(rules, stated), only=topics or ("none",))
            paths = made.write(name, language, options=dict(stated.options))
        except XinzhiError as error:
            yield finding("certificate.not-recomputed", words={"problem": error.text}, file=package.name)
            return
        for path in paths:
            if path.name not in stated.files:
                continue
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
            if sha256 == stated.files[path.name]:
                continue
            there = folder / path.name
            excused = versions and _says_the_same(path, there, (_id(name), stated.id), mended="xinzhi" in versions)
            code = "certificate.file-unproved" if excused else "certificate.file-forged"
            yield finding(code, file=path.name, value=sha256, expected=stated.files[path.name])


def _id(folder: str) -> str:
    """Return the id of the certificate in a folder."""
    return str(json.loads((Path(folder) / "certificate.json").read_bytes())["id"])


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
