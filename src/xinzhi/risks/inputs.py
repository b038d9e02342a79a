"""Reading what the verbs on capacity, debt and the register are given: packages, frames, and their conventions."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import Finding
from xinzhi.core.result import Provenance, Result
from xinzhi.core.text import Text
from xinzhi.data import Package, load

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xinzhi.core.finding import Severity
    from xinzhi.core.result import FrameKind

GAPS = ("missing-year",)  # a year that is missing is named and left out; it stops nothing here
_SHOWN = 6


@cache
def document(name: str) -> dict[str, Any]:
    """Return a YAML file of this room; callers must not change it."""
    import yaml

    loader: type[yaml.SafeLoader | yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = (Path(__file__).parent / name).read_text("utf-8")
    loaded: dict[str, Any] = yaml.load(text, loader)  # noqa: S506 - a safe loader, in C where there is one
    return loaded


def setting(name: str, path: str) -> Any:  # noqa: ANN401 - the shape is the YAML file's
    """Return the value at a dotted path of a YAML file of this room.

    Examples
    --------
    >>> setting("capacity/overcapacity.yaml", "wave.horizon")
    5
    """
    found: Any = document(name)
    for part in path.split("."):
        found = found[part]
    return found["value"] if isinstance(found, Mapping) and "value" in found else found


def as_package(source: object) -> Package | None:
    """Return the package that a source is or names; None for a frame."""
    if isinstance(source, Package):
        return source
    return load(source) if isinstance(source, str | Path | Mapping) else None


def table(
    source: object, numbers: Sequence[str], *, verb: str, keys: Sequence[str], optional: Sequence[str] = ()
) -> tuple[pl.DataFrame, FrameKind]:
    """Return any kind of frame (or the frame of a result) with keys as text or whole years, and figures as numbers.

    Parameters
    ----------
    source
        A frame or a result.
    numbers, optional
        Columns of figures that must be there, and that may be.
    verb
        Who asks, for messages.
    keys
        Columns that name a row; ``year`` is a whole number, all others are text.

    Raises
    ------
    InputError
        When a column is missing, holds no numbers or infinite ones, or a row is there twice.

    Examples
    --------
    >>> table(pl.DataFrame({"region": ["a"], "year": [2020], "debt": [3]}), ["debt"], verb="debt",
    ...       keys=["region", "year"])[0].rows()
    [('a', 2020, 3.0)]
    """
    from xinzhi.data.frames import read_frames  # a package needs no narwhals

    tables, kind = read_frames({verb: source.frame if isinstance(source, Result) else source})
    frame = tables[0].cells
    if missing := [name for name in (*keys, *numbers) if name not in frame.columns]:
        message = f"{verb} needs the columns {', '.join(missing)}; the frame has {', '.join(frame.columns)}."
        raise InputError(message)
    kept = [*numbers, *(name for name in optional if name in frame.columns)]
    read = _typed(frame, keys, kept, verb)
    for name in keys:
        if read[name].null_count():
            message = f"{verb}: {read[name].null_count()} rows have no {name}; every row needs one."
            raise InputError(message)
    for name in kept:
        if (infinite := read.filter(pl.col(name).is_infinite())).height:
            message = f"{verb}: '{name}' is infinite in {_key(infinite, keys)}; leave it empty if it is not known."
            raise InputError(message)
    if (twice := read.filter(read.select(keys).is_duplicated())).height:
        message = f"{verb}: {_key(twice, keys)} has more than one row; keep one of them."
        raise InputError(message)
    return read.select(*keys, *kept, *(name for name in read.columns if name not in {*keys, *kept})).sort(keys), kind


def _typed(frame: pl.DataFrame, keys: Sequence[str], figures: Sequence[str], verb: str) -> pl.DataFrame:
    """Return figures and years as numbers, other keys as text; the first cell that does not fit is named."""
    numbers = [*figures, *(name for name in keys if name == "year")]
    read = frame.with_columns(
        *(_number(name).alias(name) for name in numbers),
        *(pl.col(name).cast(pl.String) for name in keys if name != "year"),
    )
    for name in numbers:
        given = frame[name].cast(pl.String, strict=False)
        wrong = read[name].is_null() & given.is_not_null() & (given != "NaN")
        if name == "year":
            wrong |= (read[name] != read[name].floor()).fill_null(value=False)
        if wrong.any():
            at = int(wrong.arg_true()[0])
            place = "/".join(str(frame[key][at]) for key in keys)
            kind = "whole year" if name == "year" else "number"
            message = (
                f"{verb}: '{given[at]}' in column '{name}', row {at + 1} ({place}), is no {kind}; mend or empty it."
            )
            raise InputError(message)
    return read.with_columns(pl.col(name).cast(pl.Int64) for name in keys if name == "year")


def _number(name: str) -> pl.Expr:
    """Return a column as numbers, null where it holds none."""
    return pl.col(name).cast(pl.Float64, strict=False).fill_nan(None)


def checked(verb: str, name: str, value: object, *, whole: bool = False, above: float | None = None) -> float:
    """Return an option that must be a finite number.

    Raises
    ------
    UsageError
        When it is none, is not whole, or does not lie above the edge.

    Examples
    --------
    >>> checked("debt_fan", "horizon", 5, whole=True, above=0)
    5.0
    """
    numeric = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    number = float(value) if numeric else float("nan")  # type: ignore[arg-type] # checked
    if not np.isfinite(number) or (whole and number != int(number)) or (above is not None and number <= above):
        kind = "a whole number" if whole else "a number"
        edge = "" if above is None else f" above {above:g}"
        message = f"{verb}: {name} is {value!r}; it must be {kind}{edge}."
        raise UsageError(message)
    return number


def refuse(
    frame: pl.DataFrame, columns: Iterable[str], *, verb: str, keys: Sequence[str], positive: bool = False
) -> None:
    """Raise when a figure is negative (or not positive); every such row is a finding, the first is in the message.

    Raises
    ------
    InputError
        As said.
    """
    findings: list[Finding] = []
    for name in columns:
        bad = frame.filter(pl.col(name) <= 0 if positive else pl.col(name) < 0)
        findings += [
            finding(
                "not-positive" if positive else "negative",
                "error",
                (f"“{name}”为 {row[name]:g}", f"'{name}' is {row[name]:g}"),
                ("请核对；未知则留空。", "Check it, or leave the cell empty if it is not known."),
                table=verb,
                column=name,
                key="/".join(str(row[key]) for key in keys),
            )
            for row in bad.iter_rows(named=True)
        ]
    if findings:
        rule = "must be positive" if positive else "cannot be negative"
        first = findings[0]
        message = (
            f"{verb}: {first.message.en.rstrip('.')} in {first.key} and {rule} ({len(findings)} such figures); "
            "mend it or leave it empty."
        )
        raise InputError(message, findings)


def finding(
    rule: str,
    severity: Severity,
    message: tuple[str, str],
    hint: tuple[str, str],
    **place: Any,  # noqa: ANN401 - where it stands, as Finding takes it
) -> Finding:
    """Return a finding from Chinese and English words; the message is given its full stop."""
    said = Text(zh=message[0].rstrip("。") + "。", en=message[1].rstrip(".") + ".")
    return Finding(rule=rule, severity=severity, message=said, hint=Text(*hint), **place)


def provenance(verb: str, package: Package | None, tables: Sequence[str] = (), **options: object) -> Provenance:
    """Return where a result came from."""
    from xinzhi import __version__

    inputs = {name: package.fingerprint(name) for name in tables} if package is not None else {}
    name = package.name if package is not None else None
    return Provenance(verb=verb, version=__version__, package=name, inputs=inputs, options=options)


def names_in(package: Package | None, name: str, key: str) -> dict[str, Text]:
    """Return the names of codes in both languages; empty where the package has none."""
    frame = package.tables.get(name) if package is not None else None
    if frame is None or not {key, "name_zh"} <= set(frame.columns):
        return {}
    english = pl.col("name_en") if "name_en" in frame.columns else pl.lit(None, dtype=pl.String).alias("name_en")
    return {
        code: Text(zh=zh or code, en=en or zh or code)
        for code, zh, en in frame.select(key, "name_zh", english).iter_rows()
    }


def counted(regions: int) -> str:
    """Return a number of regions in words.

    Examples
    --------
    >>> counted(1), counted(2)
    ('1 region', '2 regions')
    """
    return f"{regions} region" + ("" if regions == 1 else "s")


def shorten(items: Sequence[str], comma: str = ", ") -> str:
    """Return the first few of many names, and how many there are."""
    more = f" … ({len(items)})" if len(items) > _SHOWN else ""
    return comma.join(items[:_SHOWN]) + more


def _key(frame: pl.DataFrame, keys: Sequence[str]) -> str:
    return "/".join(str(part) for part in frame.select(keys).row(0))
