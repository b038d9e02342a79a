"""The parameters that a protocol may fix, and the values that each may hold: checked, in canonical form, by date."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from functools import cache
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Literal, TypeVar

from xinzhi import words
from xinzhi.core import yamlfile
from xinzhi.core.errors import ProtocolError, UsageError
from xinzhi.core.text import Text, join_names, message, same


class Fault(Exception):  # noqa: N818 - it becomes a finding, never leaves the package as an error
    """A value that the catalogue does not allow, before it is known where in the file it stands.

    `code` and `values` are the message of the catalogue and its placeholders; `at` the keys or positions below the
    value.
    """

    def __init__(self, code: str, /, at: tuple[object, ...] = (), **values: object) -> None:
        super().__init__(code)
        self.code, self.at, self.values = code, at, values

    @property
    def text(self) -> Text:
        """What is wrong and the cure, in both languages."""
        return message(self.code, **self.values) or same(self.code)

    def below(self, *at: object) -> Fault:
        """Return the same fault of a value that stands below another one."""
        return Fault(self.code, (*at, *self.at), **self.values)


def nearest(name: object, candidates: Iterable[str]) -> Text:
    """Return a hint that names the nearest known name, or all of them."""
    names = sorted(candidates)
    close = get_close_matches(str(name), names, n=1)
    if close:
        return words.protocol.hint_near(name=close[0])
    return words.protocol.hint_known(names=join_names([same(name) for name in names]))


@dataclass(frozen=True, slots=True)
class DatedValue:
    """A value with the dates from which each version holds, in order of time.

    >>> rule = DatedValue.from_mapping({1952: "geometric", 1993: "reported"})
    >>> rule.at(1992), rule.at(1993)
    ('geometric', 'reported')
    """

    entries: tuple[tuple[date, object], ...]

    @classmethod
    def from_mapping(cls, values: Mapping[T, object]) -> DatedValue:
        """Build from a mapping of dates to values; a year alone means its first day.

        A `ValueError` says that a key is neither a year nor a date, that two are the same day, or that there is none.
        """
        entries = sorted(((day(key), value) for key, value in values.items()), key=lambda entry: entry[0])
        days = [entry[0] for entry in entries]
        if not entries or len(set(days)) < len(days):
            message = "dated values need at least one date, and every date once"
            raise ValueError(message)
        return cls(tuple(entries))

    def at(self, year: int) -> object:
        """Return the value that is valid at the end of `year`; a `ProtocolError` where the first date is later."""
        position = bisect_right([start for start, _ in self.entries], date(year, 12, 31))
        if position == 0:
            raise ProtocolError("protocol.too-early", year=year, first=self.entries[0][0].isoformat())
        return self.entries[position - 1][1]

    def values(self) -> tuple[object, ...]:
        """Return the values without their dates."""
        return tuple(value for _, value in self.entries)


def day(key: object) -> date:
    """Return the day that a key of dated values means; a year alone means its first day."""
    if isinstance(key, date):
        return key
    if isinstance(key, int) and not isinstance(key, bool):
        return date(key, 1, 1)
    return date.fromisoformat(str(key))


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
    "series",
    "scales",
]
Role = Literal["computation", "documentation", "series"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Specification:
    """What the catalogue says of one parameter, by its dotted path, such as ``capital.depreciation``.

    `unit` is ``choice`` where the value is one of the words `allowed`, each with its meaning. `minimum`, `maximum` and
    `above` are bounds of the numbers (at least, at most, more than), `years` the first and last year that may stand in
    a row of stocks; `dated` says whether the value may change from one year to the next. The parameter is in force when
    every path of `needed_when` has one of its values (none: always); it may be left out although it is in force where
    it is `optional`: its description says what stands in for it. Its `role` is ``computation`` where the value can
    change a number, ``documentation`` where it only says what the data are, ``series`` where it is made from data and
    stands in a release of them: then `made_from` are the columns behind it and `terms` the parameters that it depends
    on.
    """

    path: str
    kind: Kind
    title: Text
    description: Text
    unit: str = "choice"
    allowed: Mapping[str, Text] = field(default_factory=dict)
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    years: tuple[int, int] = (0, 0)
    dated: bool = False
    needed_when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    optional: bool = False
    role: Role = "computation"
    made_from: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()

    @property
    def group(self) -> str:
        """The first part of the path."""
        return self.path.partition(".")[0]

    @property
    def bounds(self) -> str:
        """The bounds as an interval, such as ``[0, 1]`` or ``(0, ∞)``."""
        open_low = "(-∞" if self.above is None else f"({self.above:g}"
        low = f"[{self.minimum:g}" if self.minimum is not None else open_low
        return f"{low}, {self.maximum:g}]" if self.maximum is not None else f"{low}, ∞)"

    def read(self, value: object) -> object:
        """Check `value` and return its canonical form; a blank (None) stays blank, else a `Fault` may follow."""
        if value is None:
            return None
        if not isinstance(value, DatedValue) or self.kind == "series":
            return READERS[self.kind](value, self)
        if not self.dated:
            raise Fault("protocol.not-dated", path=self.path)
        for start, version in value.entries:
            if version is None:
                raise Fault("protocol.blank-version", start=start.isoformat())
        return DatedValue(tuple((start, READERS[self.kind](version, self)) for start, version in value.entries))


def choice(value: object, spec: Specification) -> str:
    """Accept one of the allowed words."""
    if isinstance(value, str) and value in spec.allowed:
        return value
    raise Fault("protocol.not-allowed", value=_show(value), near=nearest(value, spec.allowed))


def number(value: object, spec: Specification) -> float:
    """Accept a finite number inside the bounds."""
    result = _float(value)
    if not math.isfinite(result):
        raise _wrong_type(value, "number", "0.096")
    _check_bound(result, spec)
    return result


def integer(value: object, spec: Specification) -> int:
    """Accept a whole number inside the bounds."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise _wrong_type(value, "integer", "2000")
    result = int(value)
    _check_bound(result, spec)
    return result


def number_by_asset(value: object, spec: Specification) -> Mapping[str, float]:
    """Accept one number for every asset, sorted by the asset's name."""
    if not isinstance(value, dict) or not value:
        raise _wrong_type(value, "by_asset", "{structures: 0.03}")
    return {str(asset): _below(number, entry, spec, asset) for asset, entry in sorted(value.items(), key=_name)}


def number_or_by_asset(value: object, spec: Specification) -> float | Mapping[str, float]:
    """Accept one number for all assets, or one for every asset."""
    return number_by_asset(value, spec) if isinstance(value, dict) else number(value, spec)


def schooling_returns(value: object, spec: Specification) -> tuple[tuple[float | None, float], ...]:
    """Accept rising limits with a rate each, the last one open."""
    kind, example = "returns", "[[4, 0.134], [8, 0.101], [null, 0.068]]"
    pairs = _pairs(value, kind, example)
    limits = [limit for limit, _ in pairs]
    numbers = [limit for limit in limits[:-1] if isinstance(limit, int | float) and not isinstance(limit, bool)]
    if limits[-1] is not None or len(numbers) < len(limits) - 1:
        raise _wrong_type(value, kind, example)
    finite = [float(limit) for limit in numbers]
    if any(b <= a for a, b in zip([0.0, *finite], finite, strict=False)):
        raise Fault("protocol.limits-order", example=example)
    rates = [_below(number, rate, spec, position) for position, (_, rate) in enumerate(pairs)]
    return tuple(zip([*finite, None], rates, strict=True))


def periods(value: object, spec: Specification) -> tuple[tuple[int, int], ...]:
    """Accept pairs of years, each rising; the list may be empty."""
    if value in ([], ()):
        return ()
    kind, example = "periods", "[[1996, 2000], [2000, 2007]]"
    pairs = _pairs(value, kind, example)
    years = [(_below(integer, a, spec, n), _below(integer, b, spec, n)) for n, (a, b) in enumerate(pairs)]
    for position, (start, end) in enumerate(years):
        if start >= end:
            raise Fault("protocol.period-order", (position,), start=start, end=end, example=example)
    return tuple(years)


def stocks(value: object, spec: Specification) -> tuple[Mapping[str, object], ...]:
    """Accept rows ``{region, year, value, reference}``, one per region; the list may be empty."""
    if not isinstance(value, list | tuple):
        raise _wrong_type(value, "stocks", '[{region: "500000", year: 1996, value: 2169.8, reference: ...}]')
    rows = tuple(_stock(row, spec, position) for position, row in enumerate(value))
    regions = [row["region"] for row in rows]
    for position, region in enumerate(regions):
        if region in regions[:position]:
            raise Fault("protocol.region-twice", (position,), region=region)
    return tuple(sorted(rows, key=lambda row: str(row["region"])))


def series(value: object, spec: Specification) -> Mapping[int, float]:
    """Accept a number for every year, from the mapping of years or its dated values; sorted by year."""
    kind, example = "series", "{2016: 0.497, 2017: 0.4997}"
    if isinstance(value, DatedValue):
        value = {
            start.year if (start.month, start.day) == (1, 1) else start: version for start, version in value.entries
        }
    if isinstance(value, dict):  # JSON knows no other keys than text
        value = {
            int(year) if isinstance(year, str) and year.isdecimal() else year: entry for year, entry in value.items()
        }
    if not isinstance(value, dict) or not value:
        raise _wrong_type(value, kind, example)
    first, last = spec.years
    for year in value:
        if isinstance(year, bool) or not isinstance(year, int) or not first <= year <= last:
            raise _wrong_type(year, "year", "2017", year)
    return {year: _below(number, entry, spec, year) for year, entry in sorted(value.items())}


def scales(value: object, spec: Specification) -> Mapping[str, Mapping[int, float]]:
    """Accept a series for every combination of values that it was made for, sorted by combination."""
    if not isinstance(value, dict) or not value:
        example = '{"0.5/national_volume/as_published_proxy": {2018: 1.05}}'
        raise _wrong_type(value, "scales", example)
    return {str(name): _below(series, entry, spec, name) for name, entry in sorted(value.items(), key=_name)}


def _stock(row: object, spec: Specification, position: int) -> Mapping[str, object]:
    names = ("region", "year", "value", "reference")
    if not isinstance(row, dict):
        raise _wrong_type(row, "row", "{region: ...}", position)
    for name in row:
        if name not in names:
            raise Fault("protocol.unknown-key", (position, name), name=name, near=nearest(name, names))
    missing = [name for name in names if row.get(name) is None]
    if missing:
        raise Fault("protocol.row-incomplete", (position,), missing=missing)
    year, stock = row["year"], _below(number, row["value"], spec, position, "value")
    first, last = spec.years
    if isinstance(year, bool) or not isinstance(year, int) or not first <= year <= last:
        raise _wrong_type(year, "year", "1996", position, "year")
    return {"region": str(row["region"]), "year": year, "value": stock, "reference": str(row["reference"])}


def _pairs(value: object, kind: str, example: str) -> list[tuple[object, object]]:
    if not isinstance(value, list | tuple) or not value:
        raise _wrong_type(value, kind, example)
    for position, entry in enumerate(value):
        if not isinstance(entry, list | tuple) or len(entry) != 2:  # noqa: PLR2004 - a pair
            raise _wrong_type(entry, kind, example, position)
    return [(first, second) for first, second in value]


def _below(reader: Callable[[object, Specification], T], value: object, spec: Specification, *at: object) -> T:
    """Read a value that stands below another one, so that a fault knows its place."""
    try:
        return reader(value, spec)
    except Fault as fault:
        raise fault.below(*at) from None


def _float(value: object) -> float:
    """Return a number as a float, numpy's scalars too; what is none, or too large for a float, as NaN."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.nan


def _check_bound(value: float, spec: Specification) -> None:
    low = spec.minimum is not None and value < spec.minimum
    low = low or (spec.above is not None and value <= spec.above)
    if low or (spec.maximum is not None and value > spec.maximum):
        raise Fault("protocol.out-of-bounds", value=f"{value:g}", bounds=spec.bounds)


def _wrong_type(value: object, kind: str, example: str, *at: object) -> Fault:
    return Fault("protocol.not-a-kind", at, value=_show(value), what=words.protocol.kind_of(kind), example=example)


def _show(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 - a message stays on one line


def _name(pair: tuple[object, object]) -> str:
    return str(pair[0])


READERS: Mapping[Kind, Callable[[object, Specification], object]] = {
    "choice": choice,
    "number": number,
    "integer": integer,
    "number_by_asset": number_by_asset,
    "number_or_by_asset": number_or_by_asset,
    "schooling_returns": schooling_returns,
    "periods": periods,
    "stocks": stocks,
    "series": series,
    "scales": scales,
}


_FILE = Path(__file__).with_name("parameters.yaml")
_PLAIN = ("kind", "unit", "minimum", "maximum", "above", "dated", "optional", "role")


@cache
def catalogue() -> Mapping[str, Specification]:
    """Return every parameter by its dotted path, in the order of the file.

    >>> catalogue()["capital.depreciation"].bounds
    '[0, 1]'
    """
    return {path: _specification(path, entry) for path, entry in _content()["parameters"].items()}


@cache
def groups() -> Mapping[str, Text]:
    """Return the groups of parameters with their titles.

    >>> groups()["labour"].zh
    '劳动投入'
    """
    return {name: Text(**text) for name, text in _content()["groups"].items()}


def series_paths() -> tuple[str, ...]:
    """Return the parameters that are series made from data."""
    return tuple(path for path, spec in catalogue().items() if spec.role == "series")


def specification(path: str) -> Specification:
    """Return what the catalogue says of `path`; a `UsageError` names the nearest path that it knows.

    >>> specification("labour.unit").kind
    'choice'
    """
    if path not in catalogue():
        raise UsageError("protocol.unknown-path", path=path, near=nearest(path, catalogue()))
    return catalogue()[path]


@cache
def _content() -> dict[str, Any]:
    content: dict[str, Any] = yamlfile.read(_FILE).content
    return content


def _specification(path: str, entry: Mapping[str, Any]) -> Specification:
    scalars = {name: entry[name] for name in _PLAIN if name in entry}
    years: list[int] = entry.get("years", [0, 0])
    return Specification(
        path=path,
        title=Text(**entry["title"]),
        description=Text(**entry["description"]),
        allowed={word: Text(**text) for word, text in entry.get("allowed", {}).items()},
        years=(years[0], years[1]),
        made_from=tuple(entry.get("made_from", ())),
        terms=tuple(entry.get("terms", ())),
        needed_when={condition: tuple(values) for condition, values in entry["needed_when"].items()},
        **scalars,
    )
