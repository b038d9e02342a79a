"""Structure, keys and codes: has a table its columns, every row a key, every series its years, and do codes exist."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import polars as pl

from xinzhi import words
from xinzhi.core.finding import Finding, finding
from xinzhi.core.parameters import read_yaml
from xinzhi.core.quarters import label
from xinzhi.core.text import read_words
from xinzhi.data.casting import Sheet
from xinzhi.data.catalogue import HERE, Column, limit, nearest, nearest_column, nearest_table, tables_by_name
from xinzhi.data.nation import nation_codes
from xinzhi.data.raw import ROW, Say


def structure(sheet: Sheet) -> Iterator[Finding]:
    """Yield an unknown or empty table, missing columns, and columns that are not known."""
    if sheet.name not in tables_by_name():
        yield unknown_table(sheet.name, sheet.raw.file)
    if sheet.frame.is_empty():
        yield sheet.finding("data.empty-table")
    yield from _missing_columns(sheet)
    if not sheet.spec.open:
        yield from _unknown_columns(sheet)


def unknown_table(name: str, file: str | None) -> Finding:
    """Return what to say about a table that is not known: which one it may be, in either language."""
    nearest_name = nearest_table(name)
    code = "data.unknown-table-near" if nearest_name else "data.unknown-table"
    return finding(code, table=name, file=file, value=name, expected=nearest_name or ", ".join(tables_by_name()))


def _missing_columns(sheet: Sheet) -> Iterator[Finding]:
    required = {name: column.text for name, column in sheet.spec.columns.items() if column.required}
    declared = {name: words.data.declared() for name in sheet.raw.fields if name not in required}
    for name, what in (required | declared).items():
        if name not in sheet.frame.columns:
            line = sheet.raw.header
            yield sheet.finding("data.missing-column", words={"what": what}, line=line, column=name, expected=name)


def _unknown_columns(sheet: Sheet) -> Iterator[Finding]:
    """Yield unknown columns; one that the descriptor declares is the caller's own, unless it looks like a slip."""
    unknown = [name for name in sheet.raw.cells.columns if sheet.spec.column(name) is None]
    line = sheet.raw.header
    if len(unknown) > limit("unknown_columns"):
        if undeclared := [name for name in unknown if name not in sheet.raw.fields]:
            yield sheet.finding(
                "data.unknown-columns", words={"names": undeclared}, line=line, value=str(len(undeclared))
            )
        return
    for name in unknown:
        if (nearest_name := nearest_column(name, sheet.spec)) is not None:
            yield sheet.finding("data.unknown-column", line=line, column=name, value=name, expected=nearest_name)
        elif name not in sheet.raw.fields:
            yield sheet.finding("data.unknown-column-far", line=line, column=name, value=name)


def keys(sheet: Sheet) -> Iterator[Finding]:
    """Yield empty and repeated keys and the years missing inside a span."""
    for name in sheet.key:
        if sheet.frame[name].null_count() and not _may_be_blank(sheet, name):
            rows = sheet.unwritten(sheet.where(pl.col(name).is_null()), name)
            yield from sheet.findings(rows, Say(message="data.missing-key", column=name))
    if not sheet.has_key_columns:
        return
    if sheet.key:
        yield from _duplicate(sheet)
    if sheet.spec.annual and sheet.year:
        yield from _gaps(sheet, sheet.year)


def _may_be_blank(sheet: Sheet, name: str) -> bool:
    """Whether rows are told apart by a column that need not be filled in, such as a vintage where there is one only."""
    column = sheet.spec.column(name)
    return column is not None and not column.required


def _duplicate(sheet: Sheet) -> Iterator[Finding]:
    """Compare every row with the row before: they are sorted by key, equal keys by line."""
    before = {name: (pl.col(name), pl.col(name).shift(1)) for name in sheet.key}
    same = pl.all_horizontal(
        current.eq_missing(last) if _may_be_blank(sheet, name) else current == last
        for name, (current, last) in before.items()
    )
    if not sheet.frame.select(same.any()).item():
        return
    first = pl.when(~same.fill_null(value=False)).then(ROW).forward_fill().alias("first")
    rows = sheet.where(same, first)
    lines = sheet.raw.lines
    yield from sheet.findings(
        rows,
        Say(message="data.duplicate-key", column=sheet.key[-1], words=lambda row: {"first": lines[int(row["first"])]}),
    )


def _gaps(sheet: Sheet, year: str) -> Iterator[Finding]:
    step = pl.col(year) - pl.col(year).shift(1)
    same = [pl.col(name) == pl.col(name).shift(1) for name in sheet.group]
    gap = pl.all_horizontal(*same, step > 1)
    if not sheet.frame.select(gap.any()).item():
        return
    rows = sheet.where(gap, (pl.col(year) - step + 1).alias("from"), (pl.col(year) - 1).alias("to"))

    def span(row: dict[str, object]) -> str:
        first, last = (label(int(str(row[name]))) for name in ("from", "to"))
        return str(first) if first == last else f"{first}-{last}"

    say = Say(message="data.missing-year", severity=sheet.spec.annual, column=year, value=span)
    yield from sheet.findings(rows, say)


# What no system, or Windows alone, takes in the name of a file; names of devices such as CON are codes of industries
_NO_NAME = r"[\x00-\x1f/\\:*?\"<>|]|^[.\s]|[.\s]$"


def unusable_codes(sheet: Sheet) -> Iterator[Finding]:
    """Yield once every code of a region that can be no name of a file."""
    if "region" not in sheet.frame.columns or sheet.frame["region"].dtype != pl.String:
        return
    most, code = int(limit("code_length")), pl.col("region")
    sound = code.str.len_chars().is_between(1, most) & ~code.str.contains(_NO_NAME)
    off = sheet.frame.filter(~sound).group_by("region").agg(pl.col(ROW).min(), count=pl.len())
    say = Say(message="data.code-unusable", column="region", words=lambda row: {"count": row["count"], "most": most})
    yield from sheet.findings(off, say)


PROVINCES = "GB/T 2260"
_STANDARDS = (PROVINCES, "GB/T 4754")
_REGIONS = "regions.region"
_UNKNOWN = {"region": "data.unknown-region", "industry": "data.unknown-industry"}


def codes(sheet: Sheet, sheets: Mapping[str, Sheet]) -> Iterator[Finding]:
    """Yield every code once that neither the table it refers to nor the standard that it follows knows."""
    for column in sheet.columns():
        if column.type != "code" or column.values:
            continue
        home, source = _source(sheet, column, sheets)
        present = sheet.frame[column.name].drop_nulls().unique()
        if column.nation:
            present = present.filter(~present.str.to_lowercase().is_in(sorted(nation_codes())))
        if not source or (home is not None and present.is_in(home.frame[column.name].implode()).all()):
            continue
        names_by_code: Mapping[str, Collection[str]] = standard(source) if home is None else {}
        if home is not None:
            labels = [name for name in ("name_zh", "name_en") if name in home.frame.columns]
            rows = home.frame.drop_nulls(column.name).select(column.name, *labels).iter_rows()
            names_by_code = {first: [name for name in rest if name] for first, *rest in rows}
        groups = sheet.frame.filter(pl.col(column.name).is_not_null()).group_by(column.name)
        off = groups.agg(pl.col(ROW).min(), count=pl.len()).filter(
            ~pl.col(column.name).is_in(list(names_by_code)), pl.col(column.name).is_in(present.implode())
        )
        places = off.select(ROW, "count").partition_by(ROW, maintain_order=True)
        for code, row in zip(off[column.name], places, strict=True):
            say = Say(
                message=_UNKNOWN.get(column.name, "data.unknown-code"),
                column=column.name,
                expected=_suggest_code(code, names_by_code, source),
                words=lambda row: {"count": row["count"]},
            )
            yield from sheet.findings(row, say)


def standard(name: str) -> dict[str, list[str]]:
    """Return the codes of a standard with their names.

    >>> standard("GB/T 2260")["220000"]
    ['吉林', '吉林省', 'Jilin']
    """
    document = read_words("regions.yaml") if name == PROVINCES else read_yaml(HERE / "codes" / "gbt4754.yaml")
    code_names: dict[str, list[str]] = document["codes"]
    return code_names


def provinces(sheets: Mapping[str, Sheet]) -> bool:
    """Return whether the regions of a package are Chinese provinces: it says so, or most of its codes are theirs."""
    home = sheets.get("regions")
    if home is not None and (field := home.raw.fields.get("region")) is not None and field.codes:
        return field.codes.startswith(PROVINCES)
    region_codes: set[str] = set()
    for sheet in [home] if home is not None else sheets.values():
        if "region" in sheet.frame.columns:
            region_codes |= set(sheet.frame["region"].drop_nulls().unique())
    return bool(region_codes) and len(region_codes & set(standard(PROVINCES))) >= limit("gb2260_share") * len(
        region_codes
    )


def _source(sheet: Sheet, column: Column, sheets: Mapping[str, Sheet]) -> tuple[Sheet | None, str]:
    """Return where the codes of a column come from: a table of the package, or a standard; nowhere is an empty name."""
    address = f"{sheet.name}.{column.name}"
    refers = _REGIONS if column.role == "region" and column.name == "region" else column.refers
    if refers and refers != address:
        home = sheets.get(refers.split(".")[0])
        if home is not None and not home.frame.is_empty() and column.name in home.frame.columns:
            return home, refers
    if refers == _REGIONS and provinces(sheets):
        return None, PROVINCES
    return None, str(column.codes) if column.codes in _STANDARDS else ""


def _suggest_code(code: str, names_by_code: Mapping[str, Collection[str]], source: str) -> str:
    """Return the code whose name was written, or the nearest code, or where the codes stand."""
    match = next((candidate for candidate, names in names_by_code.items() if code in names), None)
    if match is None and source == _REGIONS:  # the table may know Beijing by another of its names
        match = next(
            (
                candidate
                for candidate, names in standard(PROVINCES).items()
                if code in names and candidate in names_by_code
            ),
            None,
        )
    code_nearest = match or nearest(code, names_by_code)
    if code_nearest is None:
        return source
    return (
        f"{code_nearest} ({', '.join(list(names_by_code[code_nearest])[:1])})"
        if names_by_code[code_nearest]
        else code_nearest
    )
