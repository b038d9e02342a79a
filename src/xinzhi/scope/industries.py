"""The industries to classify: read, held to their standard, and refused where a class would count twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xinzhi.core.errors import InputError
from xinzhi.core.finding import Finding
from xinzhi.core.text import Text
from xinzhi.scope.naming import industry_name
from xinzhi.scope.reading import LINE, frame, require
from xinzhi.scope.tree import Standard, standard

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from xinzhi.core.result import FrameKind

KEYS = ("region", "year")
_NAMES = ("code", "industry")


@dataclass(frozen=True)
class Industries:
    """Industries of one standard.

    Parameters
    ----------
    rows
        ``region`` and ``year`` where given, ``code`` (as the standard writes it), and the measures.
    codes
        Every code once, in the order of the standard.
    keys
        Which of region and year there are.
    measures
        Columns of numbers that add up, such as output or employment.
    kind
        The kind of frame that was handed in.
    findings
        Notes that do not stop the work, such as codes of different levels.
    """

    rows: pl.DataFrame
    codes: tuple[str, ...]
    keys: tuple[str, ...]
    measures: tuple[str, ...]
    kind: FrameKind
    findings: tuple[Finding, ...]


def read_industries(native: Any, name: str, measures: tuple[str, ...] | None) -> Industries:  # noqa: ANN401 - any frame
    """Read the industries.

    Parameters
    ----------
    native
        A frame of any kind, or the path of a CSV, workbook or parquet file, with ``code`` (or ``industry``); or a list
        of codes.
    name
        The standard of the codes.
    measures
        The columns that weigh; by default all columns of numbers but the year.

    Raises
    ------
    InputError
        When a column is missing, a code is unknown, or codes count twice: `findings` lists all of it.
    """
    import polars as pl
    import polars.selectors as cs

    rows, kind = frame(_table(native), "industries", lines=True)
    column = next((known for known in _NAMES if known in rows.columns), "code")
    require(rows, (column, *(measures or ())), "industries")
    if column != "code":
        rows = rows.rename({column: "code"})
    tree = standard(name)
    keys = tuple(key for key in KEYS if key in rows.columns)
    numbers = measures or tuple(rows.select(cs.numeric()).drop("code", LINE, *keys, strict=False).columns)
    row = (pl.col(LINE) - 1 if LINE in rows.columns else pl.int_range(pl.len())).alias("_row")
    rows = rows.with_columns(pl.col("code").cast(pl.String), row)
    known = {code: tree.normal(code) for code in rows["code"].unique().drop_nulls()}
    found = [*_unknown(rows, known, tree), *_measures(rows, numbers), *_spoilt(rows, keys)]
    if not found:
        rows = rows.with_columns(pl.col("code").replace_strict(known, return_dtype=pl.String))
        found = [*_twice(rows, keys, tree, weighed=bool(numbers))]
    if found:
        lines = "\n  ".join(finding.sentence() for finding in found[:20])
        more = f"\n  and {len(found) - 20} more" if len(found) > 20 else ""  # noqa: PLR2004 - what fits a screen
        message = f"the industries cannot be classified:\n  {lines}{more}"
        raise InputError(message, found)
    order = {code: at for at, code in enumerate(tree.names)}
    codes = tuple(sorted(rows["code"].unique().to_list(), key=order.__getitem__))
    kept = rows.select(*keys, "code", *(pl.col(number).cast(pl.Float64) for number in numbers))
    return Industries(kept, codes, keys, tuple(numbers), kind, tuple(_levels(codes, tree)))


def _table(native: Any) -> Any:  # noqa: ANN401 - any kind of frame, a path, or codes
    """Return codes that come alone as a frame; everything else as it is."""
    import polars as pl

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
        name = industry_name(near, tree.name) if near else None
        english = f"{near} {name.en}".replace(f"{near} {near} ", f"{near} ") if name else ""
        yield Finding(
            rule="unknown-code",
            severity="error",
            message=Text(zh=f"{tree.name} 没有代码“{code or ''}”。", en=f"'{code or ''}' is no code of {tree.name}."),
            hint=Text(
                zh=f"是否为 {near} {name.zh}？" if name else "请查对标准。",
                en=f"Is it {english}?" if name else "Look it up in the standard.",
            ),
            table="industries",
            line=row + 1,
            column="code",
            value=code,
            expected=near,
        )


def _measures(rows: pl.DataFrame, numbers: tuple[str, ...]) -> Iterator[Finding]:
    import polars as pl

    for number in numbers:
        wrong = pl.col(number).cast(pl.Float64, strict=False)
        bad = rows.filter(wrong.is_null() | ~wrong.is_finite() | (wrong < 0))
        for code, row, value in bad.select("code", "_row", number).iter_rows():
            yield Finding(
                rule="bad-weight",
                severity="error",
                message=Text(
                    zh=f"“{value if value is not None else ''}”不能作权重：须为不小于 0 的数。",
                    en=f"'{'' if value is None else value}' cannot weigh: it has to be a number of at least 0.",
                ),
                hint=Text(zh="请填写该值，或删去此行。", en="Fill in the value, or drop the row."),
                table="industries",
                line=row + 1,
                column=number,
                key=code,
            )


def _spoilt(rows: pl.DataFrame, keys: tuple[str, ...]) -> Iterator[Finding]:
    """Yield the words in columns that are numbers for the most part: left alone, the column would not weigh."""
    import polars as pl

    for name in rows.select(pl.col(pl.String).exclude("code", *keys)).columns:
        filled = rows.filter(pl.col(name).str.strip_chars() != "").select("code", "_row", name)
        bad = filled.filter(pl.col(name).str.strip_chars().cast(pl.Float64, strict=False).is_null())
        if not 2 * bad.height < filled.height:
            continue
        for code, row, value in bad.iter_rows():
            yield Finding(
                rule="text-in-number",
                severity="error",
                message=Text(
                    zh=f"“{value}”不是数字，而该列大多是数字。", en=f"'{value}' is no number in a column of numbers."
                ),
                hint=Text(zh="请写成不带单位与千分位的数。", en="Write a number, without unit or thousands separator."),
                table="industries",
                line=row + 1,
                column=name,
                key=code,
                value=value,
            )


def _twice(rows: pl.DataFrame, keys: tuple[str, ...], tree: Standard, *, weighed: bool) -> Iterator[Finding]:
    """Yield codes that stand twice in a region and year and, where something is summed, beside one above them."""
    groups = rows.partition_by(*keys, as_dict=True) if keys else {(): rows}
    for key, part in groups.items():
        where = "/".join(map(str, key))
        seen: dict[str, int] = {}
        listed = set(part["code"])
        for code, row in part.select("code", "_row").iter_rows():
            if code in seen:
                yield _double(
                    code,
                    row,
                    where,
                    f"第 {seen[code] + 1} 行已有 {code}。",
                    f"{code} is already in row {seen[code] + 1}.",
                )
            seen.setdefault(code, row)
            above = next((parent for parent in tree.above(code) if parent in listed), None)
            if weighed and above is not None:
                yield _double(
                    code,
                    row,
                    where,
                    f"上级代码 {above} 也在表中：{code} 会被计两次。",
                    f"{above}, which holds {code}, is listed too: {code} would count twice.",
                )


def _double(code: str, row: int, where: str, zh: str, en: str) -> Finding:
    return Finding(
        rule="counted-twice",
        severity="error",
        message=Text(zh=zh, en=en),
        hint=Text(zh="请只保留其中之一。", en="Keep one of the two."),
        table="industries",
        line=row + 1,
        column="code",
        key=f"{where}/{code}" if where else code,
    )


def _levels(codes: tuple[str, ...], tree: Standard) -> Iterator[Finding]:
    levels = {tree.level(code): code for code in codes}
    if len(levels) > 1:
        shown = ", ".join(f"{code} ({level})" for level, code in levels.items())
        yield Finding(
            rule="mixed-levels",
            severity="note",
            message=Text(zh=f"代码级别不一：{shown}。", en=f"the codes are of different levels: {shown}."),
            hint=Text(zh="没有重复计算；比较份额时请注意。", en="Nothing counts twice; mind it when comparing shares."),
            table="industries",
            column="code",
        )
