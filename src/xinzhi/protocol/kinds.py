"""The kinds of value that a parameter may hold: each reader checks a value and gives its canonical form."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from xinzhi.core.text import Text
from xinzhi.protocol.fault import Fault, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xinzhi.protocol.catalogue import Specification

T = TypeVar("T")

Kind = Literal[
    "choice",
    "number",
    "integer",
    "number_by_asset",
    "number_or_by_asset",
    "schooling_returns",
    "periods",
    "stocks",
]


def choice(value: object, spec: Specification) -> str:
    """Accept one of the allowed words."""
    if isinstance(value, str) and value in spec.allowed:
        return value
    raise Fault(
        rule="not-allowed",
        message=Text(zh=f"{_show(value)} 不是允许的取值。", en=f"{_show(value)} is not an allowed value."),
        hint=nearest(value, spec.allowed),
    )


def number(value: object, spec: Specification) -> float:
    """Accept a finite number inside the bounds."""
    result = _float(value)
    if not math.isfinite(result):
        raise _wrong_type(value, Text(zh="一个数", en="a number"), "0.096")
    _bound(result, spec)
    return result


def integer(value: object, spec: Specification) -> int:
    """Accept a whole number inside the bounds."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise _wrong_type(value, Text(zh="一个整数", en="a whole number"), "2000")
    result = int(value)
    _bound(result, spec)
    return result


def number_by_asset(value: object, spec: Specification) -> Mapping[str, float]:
    """Accept one number for every asset, sorted by the asset's name."""
    if not isinstance(value, dict) or not value:
        raise _wrong_type(value, Text(zh="资产到数值的对照", en="a number for every asset"), "{structures: 0.03}")
    return {str(asset): _below(number, item, spec, asset) for asset, item in sorted(value.items(), key=_name)}


def number_or_by_asset(value: object, spec: Specification) -> float | Mapping[str, float]:
    """Accept one number for all assets, or one for every asset."""
    return number_by_asset(value, spec) if isinstance(value, dict) else number(value, spec)


def schooling_returns(value: object, spec: Specification) -> tuple[tuple[float | None, float], ...]:
    """Accept rising limits with a rate each, the last one open."""
    example = "[[4, 0.134], [8, 0.101], [null, 0.068]]"
    kind = Text(zh="[年限上限, 收益率] 的列表，最后一项上限为 null", en="pairs [limit, rate], the last limit null")
    pairs = _pairs(value, kind, example)
    limits = [limit for limit, _ in pairs]
    if limits[-1] is not None or any(isinstance(x, bool) or not isinstance(x, int | float) for x in limits[:-1]):
        raise _wrong_type(value, kind, example)
    finite = [float(limit) for limit in limits[:-1]]
    if any(b <= a for a, b in zip([0.0, *finite], finite, strict=False)):
        raise Fault(
            rule="out-of-order",
            message=Text(zh="年限上限必须为正并逐项递增。", en="the limits have to be positive and rising."),
            hint=Text(zh=f"例如 {example}。", en=f"For example {example}."),
        )
    rates = [_below(number, rate, spec, position) for position, (_, rate) in enumerate(pairs)]
    return tuple(zip([*finite, None], rates, strict=True))


def periods(value: object, spec: Specification) -> tuple[tuple[int, int], ...]:
    """Accept pairs of years, each rising; the list may be empty."""
    if value in ([], ()):
        return ()
    kind, example = Text(zh="[起, 止] 年份的列表", en="pairs of years [start, end]"), "[[1996, 2000], [2000, 2007]]"
    pairs = _pairs(value, kind, example)
    years = [(_below(integer, a, spec, n), _below(integer, b, spec, n)) for n, (a, b) in enumerate(pairs)]
    for position, (start, end) in enumerate(years):
        if start >= end:
            raise Fault(
                rule="out-of-order",
                message=Text(
                    zh=f"时期 {start}–{end} 的止年不晚于起年。",
                    en=f"the period {start}-{end} does not end after it starts.",
                ),
                hint=Text(zh=f"例如 {example}。", en=f"For example {example}."),
                at=(position,),
            )
    return tuple(years)


def stocks(value: object, spec: Specification) -> tuple[Mapping[str, Any], ...]:
    """Accept rows ``{region, year, value, reference}``, one per region; the list may be empty."""
    example = '[{region: "500000", year: 1996, value: 2169.8, reference: ...}]'
    kind = Text(zh="{region, year, value, reference} 的列表", en="rows {region, year, value, reference}")
    if not isinstance(value, list | tuple):
        raise _wrong_type(value, kind, example)
    rows = tuple(_stock(row, spec, position) for position, row in enumerate(value))
    regions = [row["region"] for row in rows]
    for position, region in enumerate(regions):
        if region in regions[:position]:
            raise Fault(
                rule="duplicate-key",
                message=Text(zh=f"地区 {region} 出现两次。", en=f"the region {region} stands twice."),
                hint=Text(zh="请只保留一行。", en="Keep one row."),
                at=(position,),
            )
    return tuple(sorted(rows, key=lambda row: str(row["region"])))


def _stock(row: object, spec: Specification, position: int) -> Mapping[str, Any]:
    names = ("region", "year", "value", "reference")
    if not isinstance(row, dict):
        raise _wrong_type(row, Text(zh="一行 {region, year, value, reference}", en="a row"), "{region: ...}", position)
    for name in row:
        if name not in names:
            raise Fault(
                rule="unknown-key",
                message=Text(zh=f"未知键“{name}”。", en=f"unknown key '{name}'."),
                hint=nearest(name, names),
                at=(position, name),
            )
    missing = [name for name in names if row.get(name) is None]
    if missing:
        raise Fault(
            rule="missing-key",
            message=Text(zh=f"缺少 {'、'.join(missing)}。", en=f"{', '.join(missing)} is missing."),
            hint=Text(
                zh="每行须有 region、year、value、reference。", en="Every row has region, year, value and reference."
            ),
            at=(position,),
        )
    year, stock = row["year"], _below(number, row["value"], spec, position, "value")
    first, last = spec.years
    if isinstance(year, bool) or not isinstance(year, int) or not first <= year <= last:
        raise _wrong_type(year, Text(zh="一个年份", en="a year"), "1996", position, "year")
    return {"region": str(row["region"]), "year": year, "value": stock, "reference": str(row["reference"])}


def _pairs(value: object, kind: Text, example: str) -> list[tuple[Any, Any]]:
    if not isinstance(value, list | tuple) or not value:
        raise _wrong_type(value, kind, example)
    for position, item in enumerate(value):
        if not isinstance(item, list | tuple) or len(item) != 2:  # noqa: PLR2004 - a pair
            raise _wrong_type(item, kind, example, position)
    return [(first, second) for first, second in value]


def _below(reader: Callable[[object, Specification], T], value: object, spec: Specification, *at: object) -> T:
    """Read a value that stands below another one, so that a fault knows its place."""
    try:
        return reader(value, spec)
    except Fault as fault:
        raise Fault(rule=fault.rule, message=fault.message, hint=fault.hint, at=(*at, *fault.at)) from None


def _float(value: object) -> float:
    """Return a number as a float, numpy's scalars too; what is none, or too large for a float, as NaN."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.nan


def _bound(value: float, spec: Specification) -> None:
    low = spec.minimum is not None and value < spec.minimum
    low = low or (spec.above is not None and value <= spec.above)
    if low or (spec.maximum is not None and value > spec.maximum):
        raise Fault(
            rule="out-of-bounds",
            message=Text(zh=f"{value:g} 超出允许范围。", en=f"{value:g} is out of bounds."),
            hint=Text(zh=f"允许范围：{spec.bounds}。", en=f"It has to lie in {spec.bounds}."),
        )


def _wrong_type(value: object, kind: Text, example: str, *at: object) -> Fault:
    return Fault(
        rule="wrong-type",
        message=Text(zh=f"{_show(value)} 不是{kind.zh}。", en=f"{_show(value)} is not {kind.en}."),
        hint=Text(zh=f"例如 {example}。", en=f"For example {example}."),
        at=at,
    )


def _show(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 - a message stays on one line


def _name(item: tuple[object, object]) -> str:
    return str(item[0])


READERS: Mapping[Kind, Callable[[object, Specification], Any]] = {
    "choice": choice,
    "number": number,
    "integer": integer,
    "number_by_asset": number_by_asset,
    "number_or_by_asset": number_or_by_asset,
    "schooling_returns": schooling_returns,
    "periods": periods,
    "stocks": stocks,
}
