"""Downloads of statistical offices and projects as data packages: layouts are data, one engine reads and fills."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from xinzhi.core.errors import InputError, UsageError, system_reason
from xinzhi.core.finding import Finding, finding
from xinzhi.core.text import Text
from xinzhi.data.catalogue import nearest
from xinzhi.data.downloads import LINE, PERIOD, VALUE, layouts, read_download
from xinzhi.data.frames import FILES
from xinzhi.data.loading import Source, as_read
from xinzhi.data.nation import NATION
from xinzhi.data.package import Package
from xinzhi.data.raw import Field, RawTable
from xinzhi.data.units import UnitError, factor, parse

_SAME = 1e-6  # figures in single precision


class Filled(NamedTuple):
    """Tables that a file fills, the series that they took, and keys with two figures."""

    tables: list[RawTable]
    used: set[str]
    findings: list[Finding]


def fill(rows: pl.DataFrame, layout: Mapping[str, Any], place: Path) -> Filled:
    """Return the known tables that the rows fill."""
    filled = Filled([], set(), [])
    rows = rows.with_columns(pl.when(~pl.col(pl.String).is_in(layout.get("missing", ()))).then(pl.col(pl.String)))
    if "from" in layout:
        year = pl.col("year" if "year" in layout["columns"] else PERIOD).cast(pl.Float64, strict=False)
        rows = rows.filter(year >= layout["from"]["value"])
    for name, about in layout["tables"].items():
        if (table := _table(rows, name, about, place, filled)) is not None:
            filled.tables.append(table)
    return filled


def _table(rows: pl.DataFrame, name: str, about: Mapping[str, Any], place: Path, filled: Filled) -> RawTable | None:
    """Return one table, and note the series that it took; None where the file has nothing for it."""
    unwanted = {name: values for name, values in about.get("not", {}).items() if name in rows.columns}
    exclusions = [~pl.col(name).is_in(several(values)) for name, values in unwanted.items()]
    rows = _where(rows, about.get("where", {})).filter(pl.lit(value=True), *exclusions)
    keys = [_key(how).alias(key) for key, how in about["key"].items()]
    key_names = list(about["key"])
    file = place.name if place.is_file() else None
    frame = rows.group_by(keys).agg(pl.col(LINE).min()).sort(LINE, maintain_order=True)
    fields: dict[str, Field] = {}
    for column, how in about["columns"].items():
        part, unit = _part(rows, how) if how else (None, None)
        part = part.drop_nulls(VALUE) if part is not None else None
        if part is None or part.is_empty():
            continue
        if "unit" in rows.columns and (lost := _units(_where(rows, how.get("where", {}))) - _units(part)):
            words = {"names": sorted(lost)}
            filled.findings.append(finding("data.connector-units", table=name, file=file, column=column, words=words))
        filled.used.update(part["series"].unique() if "series" in part.columns and "unit" in how else ())
        fields[column] = Field(name=column, unit=unit)
        value = pl.col(VALUE)
        total = _sum(VALUE) if about.get("sum") else value.first()
        figures = part.group_by(keys).agg(total.alias(column), value.n_unique().alias(VALUE), pl.col(LINE).min())
        if "unit" in how and not about.get("sum") and (twice := figures.filter(pl.col(VALUE) > 1)).height:
            first = twice.sort(LINE).row(0, named=True)
            key = "/".join(str(first[name]) for name in key_names)
            problem = finding(
                "data.connector-twice",
                table=name,
                file=file,
                line=first[LINE],
                column=column,
                key=key,
                value=str(twice.height),
            )
            filled.findings.append(problem)
        frame = frame.join(figures.drop(VALUE, LINE), on=key_names, how="left", nulls_equal=True)
    if about["columns"]:  # else codes without names
        needs = about.get("needs", list(fields))
        columns = [needs] if isinstance(needs, str) else needs
        tests = [pl.col(column).is_not_null() for column in columns if column in fields]
        frame = frame.filter(pl.any_horizontal(tests)) if tests else frame.clear()
    if frame.is_empty():
        return None
    return RawTable(
        name=name, cells=frame.drop(LINE), lines=frame[LINE], file=file, fields=fields, key=tuple(key_names)
    )


def _where(rows: pl.DataFrame, conditions: Mapping[str, Any]) -> pl.DataFrame:
    """Return the rows with these values; a column that is not there is no condition."""
    tests = [pl.col(name).is_in(several(values)) for name, values in conditions.items() if name in rows.columns]
    return rows.filter(pl.all_horizontal(tests)) if tests else rows


def several(values: object) -> list[str]:
    """Return one value, or several, as texts."""
    return [str(value) for value in values] if isinstance(values, list) else [str(values)]


def _key(how: Any) -> pl.Expr:  # noqa: ANN401 - a name or a mapping
    """Return a column of the key."""
    if isinstance(how, str):
        return pl.col(how)
    if "fixed" in how:
        return pl.lit(how["fixed"])
    if "as" in how:
        codes = {text: code for code, texts in how["as"].items() for text in texts}
        return pl.col(how["name"]).replace_strict(codes, default=None, return_dtype=pl.String)
    return pl.col(how["name"]).str.zfill(how["digits"]).str.head(how["first"])


def _part(rows: pl.DataFrame, how: Mapping[str, Any]) -> tuple[pl.DataFrame | None, str | None]:
    """Return the rows of one column with its figures in `value`, and their unit; None where the file has no such."""
    rows = _where(rows, how.get("where", {}))
    for name, choices in how.get("prefer", {}).items():
        if name in rows.columns:
            available = [choice for choice in choices if (rows[name] == choice).any()]
            rows = rows.filter(pl.col(name) == available[0]) if available else rows.clear()
    columns = how.get("times") or [how.get("name", VALUE)]
    if not set(columns) <= set(rows.columns) or rows.is_empty():
        return None, None
    if "times" in how:
        rows = rows.with_columns(_derived_columns(_figure(columns[0]) * _figure(columns[1]), *columns).alias(VALUE))
    elif columns != [VALUE]:
        rows = rows.with_columns(pl.col(columns[0]).alias(VALUE))
    if how.get("scale") in rows.columns:
        power = pl.lit(10.0).pow(_figure(how["scale"]).fill_null(0))
        rows = rows.with_columns(_derived_columns(_figure(VALUE) * power, VALUE, how["scale"]).alias(VALUE))
    unit = how.get("unit")
    if unit == "{unit}":
        return _one_unit(rows)
    return rows, None if unit is None else _with_base(unit, rows, how.get("base"))


def _figure(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.Float64, strict=False)


def _word(name: str) -> pl.Expr:
    """Say which cells are neither empty nor figures."""
    return pl.col(name).is_not_null() & _figure(name).is_null()


def _derived_columns(figures: pl.Expr, *names: str) -> pl.Expr:
    """Return figures made of columns; where one of these holds a word, the word, for the check to name."""
    result = figures.cast(pl.String)
    for name in names:
        result = pl.when(_word(name)).then(pl.col(name)).otherwise(result)
    return result


def _sum(name: str) -> pl.Expr:
    """Return the sum of each group; of one that holds a word, the word."""
    word = _word(name)
    total = _figure(name).sum().cast(pl.String)
    return pl.when(word.any()).then(pl.col(name).filter(word).first()).otherwise(total)


def _units(rows: pl.DataFrame) -> set[str]:
    return {unit for unit in rows["unit"].unique() if unit}


def _one_unit(rows: pl.DataFrame) -> tuple[pl.DataFrame, str | None]:
    """Return rows in one unit: that of the first row; those in others are converted."""
    units = [unit for unit in rows["unit"].unique(maintain_order=True) if unit]
    if len(units) < 2:  # noqa: PLR2004 - one unit, or none
        return rows, units[0] if units else None
    try:
        sizes = {unit: float(factor(parse(unit), parse(units[0]))) for unit in units}
    except UnitError:  # such as an index of the year before beside a fixed base
        most = rows["unit"].mode().sort().first()
        return rows.filter(pl.col("unit") == most), str(most)
    size = pl.col("unit").replace_strict(sizes, default=1.0, return_dtype=pl.Float64)
    return rows.with_columns(
        pl.when(size == 1).then(VALUE).otherwise(_derived_columns(_figure(VALUE) * size, VALUE)).alias(VALUE)
    ), units[0]


def _with_base(unit: str, rows: pl.DataFrame, how: Mapping[str, Any] | None) -> str:
    """Return the unit with its base year; constant prices, or an index without base, where none is found."""
    if "{base}" not in unit:
        return unit
    if how is not None and "in" in how:
        texts = rows[how["in"]].drop_nulls().unique() if how["in"] in rows.columns else pl.Series(dtype=pl.String)
        years = {year for year in texts.str.extract(r"(\d{4})") if year}
    else:
        at = {"of": VALUE, "is": 1, **(how or {})}
        year = "year" if "year" in rows.columns else PERIOD
        figures = rows.select(year, one=pl.col(at["of"]).cast(pl.Float64, strict=False)).drop_nulls()
        sound = figures.group_by(year).agg(((pl.col("one") / at["is"] - 1).abs() < _SAME).all())
        years = {str(year).removesuffix(".0") for year in sound.filter("one")[year]}
    if len(years) == 1:
        return unit.format(base=years.pop())
    return unit.format(base="constant") if unit.endswith("prices") else "index"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """One kind of download: its `kind` for `connect`, its `title`, and the office or project whose figures they are.

    `file` is the file to take at the official `page`, `protocol` the one that its figures are made for, if there is
    one.
    """

    kind: str
    title: Text
    issuer: Text
    page: str
    file: Text
    protocol: str | None = None


def connectors() -> tuple[Connector, ...]:
    """Return the kinds of download that `connect` reads.

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
    that the file or its documentation states. Findings also say which columns and series were not there or not used.

    Parameters
    ----------
    kind
        The source, such as ``pwt``, ``world-bank`` or ``nbs``; `connectors` lists them.
    path
        The file; or a folder, of which all files are read and put together.
    encoding
        The encoding of text files that are not UTF-8; those of Chinese offices are taken for GB18030.

    Raises
    ------
    UsageError, InputError
        When the kind is not known; when the file is not laid out like this, or has none of its series: what was
        expected and found is said.

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
        downloads = [read_download(file, layout, encoding or layout.get("encoding")) for file in _files(place)]
    except OSError as error:
        raise InputError("data.unreadable", path=error.filename or path, reason=system_reason(error)) from error
    bad = [file for file, download in zip(_files(place), downloads, strict=True) if download.rows.is_empty()]
    if bad:
        raise _other_layout_error(bad[0], kind, downloads[0].headings, encoding)
    rows, sums = _drop_totals(
        pl.concat([download.rows for download in downloads], how="diagonal"), layout.get("sums", {}), place
    )
    filled = fill(rows, layout, place)
    if not any(table.name not in {"regions", "industries"} for table in filled.tables):
        raise InputError(
            "data.connector-nothing", path=place, kind=kind, wanted=_series(layout), found=_series_names(rows) or ["-"]
        )
    title, issuer = Text(**layout["title"]), Text(**layout["issuer"])
    titles = {"title": title.en, "title_zh": title.zh, "issuer": issuer.en, "issuer_zh": issuer.zh}
    document = {
        "name": kind,
        "title": title.en,
        "title_zh": title.zh,
        "sources": [{**titles, "path": layout["page"]}],
        "resources": [],
    }
    findings = [
        *sums,
        *filled.findings,
        *_unused_series_note(rows, filled.used, place),
        *_absent(filled.tables, layout, place),
    ]
    return as_read(Source(name=kind, title=title, tables=filled.tables, findings=findings, document=document))


def _files(place: Path) -> list[Path]:
    """Return the file, or the files of a folder that can be tables."""
    if not place.is_dir():
        if not place.is_file():
            raise InputError("data.no-file", path=place)
        return [place]
    files = [file for file in sorted(place.iterdir()) if file.is_file() and file.suffix.lower() in FILES]
    if not files:
        raise InputError("data.no-file", path=place)
    return files


def _drop_totals(rows: pl.DataFrame, sums: Mapping[str, Any], place: Path) -> tuple[pl.DataFrame, list[Finding]]:
    """Return the rows without the nation and the sums of a source where they have others: these are not of them."""
    if "region" not in rows.columns:
        return rows, []
    region, findings = pl.col("region"), []
    nation = (region == NATION).fill_null(value=False)
    totals = region.is_in(sums.get("codes", []))
    if "countries" in sums:
        totals |= ~region.str.contains(sums["countries"])
    totals = totals.fill_null(value=False)
    regions_only = rows.filter(~(nation | totals))
    if regions_only.is_empty():
        return rows, []
    if rows.filter(nation).height:
        findings.append(finding("data.connector-nation", file=place.name))
    if codes := rows.filter(totals & ~nation)["region"].unique().sort().to_list():
        words = {"names": codes}
        findings.append(finding("data.connector-sums", file=place.name, words=words, value=str(len(codes))))
    return regions_only, findings


def _series(layout: Mapping[str, Any]) -> list[str]:
    """Return what a layout reads: the series of its columns, or their names in the file."""
    sources = [how for about in layout["tables"].values() for how in about["columns"].values()]
    with_unit = [how for how in sources if how and "unit" in how]
    spellings = (how.get("where", {}).get("series", how.get("name", how.get("times"))) for how in with_unit)
    return list(dict.fromkeys(name for names in spellings for name in several(names)))


def _series_names(rows: pl.DataFrame) -> list[str]:
    return (
        [str(name) for name in rows["series"].drop_nulls().unique(maintain_order=True)]
        if "series" in rows.columns
        else []
    )


def _unused_series_note(rows: pl.DataFrame, used: set[str], place: Path) -> Iterator[Finding]:
    """Yield a note that names the series of a file that no known table has."""
    rest = [name for name in _series_names(rows) if name not in used]
    if rest and used:
        yield finding("data.connector-unused", file=place.name, words={"names": rest}, value=str(len(rest)))


def _absent(tables: Sequence[RawTable], layout: Mapping[str, Any], place: Path) -> Iterator[Finding]:
    """Yield a note for every table of which the file lacks columns."""
    for table in tables if layout.get("shape") != "cross" else ():
        columns = {column for column, how in layout["tables"][table.name]["columns"].items() if how}
        if rest := sorted(columns - set(table.cells.columns)):
            yield finding("data.connector-absent", table=table.name, file=place.name, words={"names": rest})


def _other_layout_error(path: Path, kind: str, headings: Sequence[str], encoding: str | None) -> InputError:
    """Return the error for a file that is laid out in another way: which kind it looks like, else what was wanted."""
    for other_kind, about in layouts().items():
        if other_kind == kind:
            continue
        rows = read_download(path, about, encoding or layouts()[kind].get("encoding") or about.get("encoding")).rows
        if rows.height and (about.get("shape") != "cross" or set(_series_names(rows)) & set(_series(about))):
            return InputError("data.connector-other", path=path, kind=kind, other=other_kind)
    title, headings_text = Text(**layouts()[kind]["title"]), list(headings) or ["-"]
    expected = [spellings[0] for spellings in layouts()[kind].get("columns", {}).values()]
    if not expected:
        return InputError("data.connector-no-cross", path=path, title=title, found=headings_text)
    return InputError("data.connector-layout", path=path, title=title, found=headings_text, wanted=expected)
