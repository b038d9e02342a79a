"""The industries to classify: read, held to their standard, and refused where a class would count twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
import polars.selectors as cs

from xinzhi.core.arrays import AnyFrame
from xinzhi.core.errors import InputError
from xinzhi.core.finding import Finding, finding, listed
from xinzhi.core.result import FrameKind
from xinzhi.core.text import same, words
from xinzhi.data import Field, tidy
from xinzhi.data.frames import read_file, typed
from xinzhi.data.raw import RawTable
from xinzhi.scope.standard import SHOWN, Standard, industry_name, standard

KEYS = ("region", "year")
_NAMES = ("code", "industry")


@dataclass(frozen=True)
class Industries:
    """Industries of one standard."""

    rows: pl.DataFrame
    codes: tuple[str, ...]
    keys: tuple[str, ...]
    measures: tuple[str, ...]
    kind: FrameKind
    findings: tuple[Finding, ...]


def read_industries(native: AnyFrame, name: str, measures: tuple[str, ...] | None) -> Industries:
    """Read the industries."""
    source = _table(native)
    if isinstance(source, str | Path):
        source = read_file(Path(source), "industries")
    keyed = [Field("region", "text", required=False), Field("year", "year", required=False)]
    weights = [Field(name, "any") for name in measures or ()]
    fields = [Field("code", "any", column=_called(source)), *keyed, *weights]
    read = tidy(source, fields, others=True, table="table of industries")
    rows = read.frame
    if read.raw.file:
        rows = typed(rows, text=("code", "region"))
    tree = standard(name)
    keys = tuple(key for key in KEYS if key in rows.columns)
    numbers = measures or tuple(rows.select(cs.numeric()).drop("code", *keys, strict=False).columns)
    rows = rows.with_columns(_plain(rows["code"]), _row=read.raw.lines.cast(pl.Int64) - 1)
    known = {code: tree.normal(code) for code in rows["code"].unique().drop_nulls()}
    found = [*_unknown(rows, known, tree), *_measures(rows, numbers), *_spoilt(rows, keys)]
    if not found:
        rows = rows.with_columns(pl.col("code").replace_strict(known, return_dtype=pl.String))
        found = [*_twice(rows, keys, tree, weighed=bool(numbers))]
    if found:
        raise InputError("scope.bad-industries", found, problems=listed(found, SHOWN))
    order = {code: at for at, code in enumerate(tree.names)}
    codes = tuple(sorted(rows["code"].unique().to_list(), key=order.__getitem__))
    kept = rows.select(*keys, "code", *(pl.col(number).cast(pl.Float64) for number in numbers))
    return Industries(kept, codes, keys, tuple(numbers), read.kind, tuple(_levels(codes, tree)))


def _called(source: AnyFrame) -> str:
    """Return the name of the column of codes: ``code``, or ``industry`` where there is no code."""
    columns = list(getattr(source, "columns", ()))
    if isinstance(source, RawTable):
        columns = source.cells.columns
    return next((known for known in _NAMES if known in columns), "code")


def _plain(codes: pl.Series) -> pl.Series:
    """Return codes as text; those that a spreadsheet took for numbers without their decimal point."""
    text = codes.cast(pl.Int64) if codes.dtype.is_float() else codes
    return text.cast(pl.String).str.strip_chars().replace("", None).alias("code")


def _table(native: AnyFrame) -> AnyFrame:
    """Return codes that come alone as a frame; everything else as it is."""
    if isinstance(native, pl.Series):
        native = native.to_list()
    if not isinstance(native, list | tuple | set | frozenset):
        return native
    codes = sorted(native, key=str) if isinstance(native, set | frozenset) else native
    return pl.DataFrame({"code": [None if code is None else str(code) for code in codes]}, schema={"code": pl.String})


def _unknown(rows: pl.DataFrame, known: dict[str, str | None], tree: Standard) -> Iterator[Finding]:
    for code, row in rows.select("code", "_row").iter_rows():
        if code is not None and known[code] is not None:
            continue
        near = tree.suggest(code) if code else None
        place = {"table": "industries", "line": row + 1, "column": "code", "value": code, "expected": near}
        values = {"code": code or "", "standard": tree.name, "near": near}
        if near is None:
            yield finding("scope.unknown-code", **place, words=values)
        else:
            name = industry_name(near, tree.name)
            values["name"] = replace(name, en=name.en.removeprefix(f"{near} "))
            yield finding("scope.unknown-code-near", **place, words=values)


def _measures(rows: pl.DataFrame, numbers: tuple[str, ...]) -> Iterator[Finding]:
    for number in numbers:
        wrong = pl.col(number).cast(pl.Float64, strict=False)
        bad = rows.filter(wrong.is_null() | ~wrong.is_finite() | (wrong < 0))
        for code, row, value in bad.select("code", "_row", number).iter_rows():
            given = same("" if value is None else value)
            place = {"table": "industries", "line": row + 1, "column": number, "key": code}
            yield finding("scope.bad-weight", **place, words={"given": given})


def _spoilt(rows: pl.DataFrame, keys: tuple[str, ...]) -> Iterator[Finding]:
    """Yield the words in columns that are numbers for the most part: left alone, the column would not weigh."""
    for name in rows.select(pl.col(pl.String).exclude("code", *keys)).columns:
        filled = rows.filter(pl.col(name).str.strip_chars() != "").select("code", "_row", name)
        bad = filled.filter(pl.col(name).str.strip_chars().cast(pl.Float64, strict=False).is_null())
        if not 2 * bad.height < filled.height:
            continue
        for code, row, value in bad.iter_rows():
            place = {"table": "industries", "line": row + 1, "column": name, "key": code, "value": value}
            yield finding("scope.text-in-number", **place)


def _twice(rows: pl.DataFrame, keys: tuple[str, ...], tree: Standard, *, weighed: bool) -> Iterator[Finding]:
    """Yield codes that stand twice in a region and year and, where something is summed, beside one above them."""
    groups = rows.partition_by(*keys, as_dict=True) if keys else {(): rows}
    for key, part in groups.items():
        where = "/".join(map(str, key))
        seen: dict[str, int] = {}
        listed = set(part["code"])
        for code, row in part.select("code", "_row").iter_rows():
            if code in seen:
                yield _double(code, row, where, "code-twice", first=seen[code] + 1)
            seen.setdefault(code, row)
            above = next((parent for parent in tree.above(code) if parent in listed), None)
            if weighed and above is not None:
                yield _double(code, row, where, "counted-twice", above=above)


def _double(code: str, row: int, where: str, rule: str, **values: object) -> Finding:
    key = f"{where}/{code}" if where else code
    words = {"code": code, **values}
    return finding(f"scope.{rule}", table="industries", line=row + 1, column="code", key=key, words=words)


def _levels(codes: tuple[str, ...], tree: Standard) -> Iterator[Finding]:
    levels = {tree.level(code): code for code in codes}
    if len(levels) > 1:
        shown = [
            words("scope.level.of", code=code, level=words(f"scope.level.{level}")) for level, code in levels.items()
        ]
        yield finding("scope.mixed-levels", table="industries", column="code", words={"codes": shown})
