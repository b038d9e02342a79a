"""Downloads of statistical offices and projects as data packages: their layouts are data, and one engine reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import polars as pl

from xinzhi.core.errors import InputError, UsageError, system_reason
from xinzhi.core.finding import Finding, finding
from xinzhi.core.text import Text
from xinzhi.data.catalogue import nearest
from xinzhi.data.downloads import layouts, read_download
from xinzhi.data.filling import fill, several
from xinzhi.data.frames import FILES
from xinzhi.data.loading import Source, as_read
from xinzhi.data.national_account import NATION
from xinzhi.data.package import Package
from xinzhi.data.raw import RawTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """One kind of download: what it is, who issues it, and where and as which file it is to be had.

    Parameters
    ----------
    kind, title, issuer
        Its name for `connect`, its title, and the office or project whose figures they are.
    page, file
        The official page, and the file to take there.
    protocol
        The protocol that its figures are made for; None where there is none.
    """

    kind: str
    title: Text
    issuer: Text
    page: str
    file: Text
    protocol: str | None = None


def connectors() -> tuple[Connector, ...]:
    """Return the kinds of download that `connect` reads.

    Examples
    --------
    >>> [one.kind for one in connectors()][:3]
    ['pwt', 'maddison', 'euklems']
    >>> connectors()[0].issuer.en
    'Groningen Growth and Development Centre'
    """
    return tuple(
        Connector(
            kind=kind,
            title=Text(**about["title"]),
            issuer=Text(**about["issuer"]),
            page=about["page"],
            file=Text(**about["file"]),
            protocol=about.get("protocol"),
        )
        for kind, about in layouts().items()
    )


def connect(kind: str, path: str | PathLike[str], *, encoding: str | None = None) -> Package:
    r"""Read what a user downloaded from an official source, as a data package.

    Nothing is fetched: the file is the user's own download, and the package names its source. Figures keep the units
    that the file or its documentation states.

    Parameters
    ----------
    kind
        The source, such as ``pwt``, ``world-bank`` or ``nbs``; `connectors` lists them.
    path
        The file; or a folder, of which all files are read and put together.
    encoding
        The encoding of text files that are not UTF-8; those of Chinese offices are taken for GB18030.

    Returns
    -------
    Package
        Typed tables in canonical units; its findings also say which columns and series were not there or not used.

    Raises
    ------
    UsageError
        When the kind is not known.
    InputError
        When the file is not laid out like this, or has none of its series: what was expected and found is said.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "export.csv"
    >>> rows = ["指标：地区生产总值(亿元)", "地区,2023年,2022年", "北京市,43760.7,41540.9", "数据来源：国家统计局"]
    >>> _ = file.write_text("\n".join(rows), encoding="gb18030")
    >>> package = connect("nbs", file)
    >>> package.tables["accounts"].rows(), package.issuers[""][0].en
    ([('110000', 2022, 41540.9), ('110000', 2023, 43760.7)], 'National Bureau of Statistics of China')
    """
    if kind not in layouts():
        raise UsageError("data.no-connector", kind=kind, known=list(layouts()), near=nearest(kind, layouts()) or "-")
    layout, place = layouts()[kind], Path(path)
    try:
        read = [read_download(file, layout, encoding or layout.get("encoding")) for file in _files(place)]
    except OSError as error:
        raise InputError("data.unreadable", path=error.filename or path, reason=system_reason(error)) from error
    bad = [file for file, found in zip(_files(place), read, strict=True) if found.rows.is_empty()]
    if bad:
        raise _other(bad[0], kind, read[0].headings, encoding)
    rows, sums = _regions_alone(pl.concat([one.rows for one in read], how="diagonal"), layout.get("sums", {}), place)
    made = fill(rows, layout, place)
    if not any(table.name not in {"regions", "industries"} for table in made.tables):
        raise InputError(
            "data.connector-nothing", path=place, kind=kind, wanted=_series(layout), found=_found(rows) or ["-"]
        )
    title, issuer = Text(**layout["title"]), Text(**layout["issuer"])
    named = {"title": title.en, "title_zh": title.zh, "issuer": issuer.en, "issuer_zh": issuer.zh}
    document = {
        "name": kind,
        "title": title.en,
        "title_zh": title.zh,
        "sources": [{**named, "path": layout["page"]}],
        "resources": [],
    }
    findings = [*sums, *made.findings, *_unused(rows, made.used, place), *_absent(made.tables, layout, place)]
    return as_read(Source(name=kind, title=title, tables=made.tables, findings=findings, document=document))


def _files(place: Path) -> list[Path]:
    """Return the file, or the files of a folder that can be tables."""
    if not place.is_dir():
        if not place.is_file():
            raise InputError("data.no-file", path=place)
        return [place]
    files = [one for one in sorted(place.iterdir()) if one.is_file() and one.suffix.lower() in FILES]
    if not files:
        raise InputError("data.no-file", path=place)
    return files


def _regions_alone(rows: pl.DataFrame, sums: Mapping[str, Any], place: Path) -> tuple[pl.DataFrame, list[Finding]]:
    """Return the rows without the nation and the sums of a source where they have others: these are not of them."""
    if "region" not in rows.columns:
        return rows, []
    region, found = pl.col("region"), []
    nation = (region == NATION).fill_null(value=False)
    named = region.is_in(sums.get("codes", []))
    if "countries" in sums:
        named |= ~region.str.contains(sums["countries"])
    named = named.fill_null(value=False)
    alone = rows.filter(~(nation | named))
    if alone.is_empty():
        return rows, []
    if rows.filter(nation).height:
        found.append(finding("data.connector-nation", file=place.name))
    if codes := rows.filter(named & ~nation)["region"].unique().sort().to_list():
        words = {"names": codes}
        found.append(finding("data.connector-sums", file=place.name, words=words, value=str(len(codes))))
    return alone, found


def _series(layout: Mapping[str, Any]) -> list[str]:
    """Return what a layout reads: the series of its columns, or their names in the file."""
    named = [
        one
        for about in layout["tables"].values()
        for how in about["columns"].values()
        if how
        for one in several(how.get("where", {}).get("series", how.get("name", how.get("times"))))
        if "unit" in how
    ]
    return list(dict.fromkeys(named))


def _found(rows: pl.DataFrame) -> list[str]:
    return (
        [str(one) for one in rows["series"].drop_nulls().unique(maintain_order=True)]
        if "series" in rows.columns
        else []
    )


def _unused(rows: pl.DataFrame, used: set[str], place: Path) -> Iterator[Finding]:
    """Yield a note that names the series of a file that no known table has."""
    rest = [one for one in _found(rows) if one not in used]
    if rest and used:
        yield finding("data.connector-unused", file=place.name, words={"names": rest}, value=str(len(rest)))


def _absent(tables: Sequence[RawTable], layout: Mapping[str, Any], place: Path) -> Iterator[Finding]:
    """Yield a note for every table of which the file lacks columns."""
    for table in tables if layout.get("shape") != "cross" else ():
        wanted = {column for column, how in layout["tables"][table.name]["columns"].items() if how}
        if rest := sorted(wanted - set(table.cells.columns)):
            yield finding("data.connector-absent", table=table.name, file=place.name, words={"names": rest})


def _other(path: Path, kind: str, headings: Sequence[str], encoding: str | None) -> InputError:
    """Return the error for a file that is laid out in another way: which kind it looks like, else what was wanted."""
    for other, about in layouts().items():
        if other == kind:
            continue
        rows = read_download(path, about, encoding or layouts()[kind].get("encoding") or about.get("encoding")).rows
        if rows.height and (about.get("shape") != "cross" or set(_found(rows)) & set(_series(about))):
            return InputError("data.connector-other", path=path, kind=kind, other=other)
    title, found = Text(**layouts()[kind]["title"]), list(headings) or ["-"]
    wanted = [spellings[0] for spellings in layouts()[kind].get("columns", {}).values()]
    if not wanted:
        return InputError("data.connector-no-cross", path=path, title=title, found=found)
    return InputError("data.connector-layout", path=path, title=title, found=found, wanted=wanted)
