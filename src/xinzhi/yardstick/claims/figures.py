"""Claims as they are written: growth rates as exact decimals, tables of them, and what a source says of its method."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import BoolArray, FloatArray
from xinzhi.core.errors import InputError, UsageError, XinzhiError
from xinzhi.core.parameters import setting
from xinzhi.core.text import Text, clauses, join_lines, same, span_text
from xinzhi.data import Package
from xinzhi.data.internal import read_any
from xinzhi.protocol import Protocol, specification
from xinzhi.yardstick.audit.choices import spell, value_text
from xinzhi.yardstick.growth_accounts import IDENTITY_TOLERANCE
from xinzhi.yardstick.measure import measure

Settings = Mapping[str, object]
HERE = Path(__file__).with_name("claims.yaml")


def stated_choices(row: Mapping[str, object]) -> dict[str, object]:
    """Return the parameters that the words of a claim name, by the patterns of ``claims.yaml``, and nothing beyond.

    A range, such as that of a share which moves from year to year, is its middle; a number that is no ratio is no
    choice.
    """
    settings: dict[str, object] = {}
    for column, patterns in setting(HERE, "stated").items():
        text = str(row.get(column) or "").casefold()
        for pattern in patterns:
            value = _value(pattern, text)
            if value is not None and not {pattern["parameter"], *pattern.get("with", {})} & set(settings):
                settings |= {**pattern.get("with", {}), pattern["parameter"]: value}
    return settings


def _value(pattern: Mapping[str, Any], text: str) -> object:
    """Return what a pattern finds in a text; None where it finds nothing."""
    spelt = [word for word in (str(word).casefold() for word in pattern["words"]) if word in text]
    if "value" in pattern or not spelt:
        return pattern.get("value") if spelt else None
    after = text[text.index(spelt[0]) + len(spelt[0]) :] if spelt[0] else text
    number = re.match(setting(HERE, "number.pattern"), after)
    if number is None:
        return None
    # In a range the sign of percent may stand once, at its end.
    scale = 100 if number[2] or number[4] else 1
    ends = [float(end) / scale for end in (number[1], number[3]) if end]
    middle = round(sum(ends) / len(ends), 6)
    return middle if 0 < middle < 1 else None


@dataclass(frozen=True, slots=True)
class StatedGrowth:
    """The measurements of one package under the methods that sources state, each made once."""

    data: Package
    rules: Protocol
    growth_by_settings: dict[str, dict[tuple[str, int], float]] = field(default_factory=dict)

    def growth(self, settings: Settings, region: str, start: int, end: int) -> tuple[float | None, Settings]:
        """Return mean TFP growth under the stated choices that these data allow, and those.

        They are taken one after the other; one with which the period cannot be measured is left out.
        """
        feasible: Settings = {}
        value = None
        for group in _groups(settings):
            trial = self._mean({**feasible, **group}, region, start, end)
            if trial is not None:
                feasible, value = {**feasible, **group}, trial
        return value, feasible

    def _mean(self, settings: Settings, region: str, start: int, end: int) -> float | None:
        """Return mean growth of a period; None where a year of it cannot be measured."""
        key = repr(sorted(settings.items()))
        if key not in self.growth_by_settings:
            self.growth_by_settings[key] = {}  # nothing where these data have not what the choices need
            with suppress(XinzhiError):
                frame = measure(self.data, self.rules.replace(settings)).frame.drop_nulls("tfp_growth")
                cells = frame.select("region", "year", "tfp_growth").rows()
                self.growth_by_settings[key] = {(code, year): value for code, year, value in cells}
        growth_of = self.growth_by_settings[key]
        values = [growth_of[region, year] for year in range(start + 1, end + 1) if (region, year) in growth_of]
        return sum(values) / len(values) if len(values) == end - start else None


def _groups(settings: Settings) -> Iterator[Settings]:
    """Yield the choices one by one; a constant share comes with the rule that makes it count."""
    rest = dict(settings)
    while rest:
        paths = ["shares.rule", "shares.constant"] if "shares.constant" in rest else []
        paths = paths if next(iter(rest)) in paths else [next(iter(rest))]
        yield {path: rest.pop(path) for path in paths if path in rest}


def spelt(settings: Settings) -> str:
    """Return choices as ``path=value``, as the departures of a claim are written."""
    return ", ".join(f"{path}={spell(value)}" for path, value in settings.items())


def choices_text(choices: str) -> Text:
    """Return such choices in words; a constant share says its rule.

    >>> choices_text("shares.rule=constant, shares.constant=0.6").en
    'constant labour share: 60%'
    """
    parts = []
    for choice in choices.split(", ") if choices else []:
        path, _, text = choice.partition("=")
        if choice != "shares.rule=constant":
            parameter = specification(path)
            value = value_text(path, float(text) if parameter.kind == "number" else text)
            parts.append(words.shared.audit_departure(name=parameter.title, level=value))
    return clauses(parts) if parts else same("")


_NUMBER = re.compile(r"(?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+))\s*(?P<unit>.*)", re.DOTALL)
_PERCENT = ("%", "percent")
_POINTS = ("pp", "%", "percentage points", "个百分点", "百分点")
# Digits that a float64 carries safely: what comes after them is how the number is stored, not how it was written.
_DIGITS = 12
# A grid on which estimates are compared: below it lies the rounding of float64, above it nothing is given away.
_STEP = Decimal(str(IDENTITY_TOLERANCE))

convention = partial(setting, Path(__file__).with_name("claims.yaml"))


@dataclass(frozen=True, slots=True)
class Figure:
    """A claimed growth rate: as it was written, and exactly, as ratios per year (0.034 is 3.4 %)."""

    written: str
    growth: Decimal
    rounding: Decimal

    def holds(self, estimates: FloatArray) -> BoolArray:
        """Return which estimates, in log points per year, are the figure within its rounding; NaN never is."""
        # The comparison is exact: bounds and estimates are whole multiples of 1e-12.
        low = ((self.growth - self.rounding) / _STEP).to_integral_value(ROUND_CEILING)
        high = ((self.growth + self.rounding) / _STEP).to_integral_value(ROUND_FLOOR)
        finite = np.isfinite(estimates)
        steps = np.rint(np.where(finite, estimates, 0.0) / float(_STEP)).astype(np.int64)
        return np.asarray(finite & (steps >= int(low)) & (steps <= int(high)))


def read_figure(growth: object, rounding: object = None, *, percent: bool = False, bounded: bool = True) -> Figure:
    """Read a growth rate and its rounding; where not `bounded`, also one that no economy has."""
    written, rate = _read(growth, _PERCENT, percent=percent, what="growth")
    if bounded and abs(rate) * 100 >= convention("largest_growth"):
        raise UsageError("yardstick.growth-too-large", written=written, percent=rate * 100)
    if rounding is None or rounding == "":
        finest = Decimal(str(convention("finest_rounding"))).scaleb(-2)
        last = rate.as_tuple().exponent  # the power of ten of the last digit that is written
        return Figure(written, rate, max(Decimal(5).scaleb((last if isinstance(last, int) else 0) - 1), finest))
    spelt, half = _read(rounding, _POINTS, percent=percent, what="rounding")
    if half <= 0 or half * 100 >= convention("largest_rounding"):
        raise UsageError("yardstick.rounding-too-large", spelt=spelt, points=half * 100)
    return Figure(written, rate, half)


def percent_text(growth: object) -> object:
    """Return a growth rate that was typed with its sign of percent, in which such rates are printed.

    Without the sign, what would be a ratio as well as a percentage is refused. What is no text is a ratio.

    >>> percent_text("1.8"), percent_text("1.8%"), percent_text(0.018)
    ('1.8%', '1.8%', 0.018)
    """
    if not isinstance(growth, str):
        return growth
    written, rate = _read(growth, _PERCENT, percent=True, what="growth")
    if written.translate({0xFF05: "%"}).lower().endswith(_PERCENT):
        return written
    if 0 < abs(rate) < Decimal(str(convention("least_unsigned"))).scaleb(-2):
        raise UsageError("yardstick.growth-unsigned", written=written, percent=f"{rate.scaleb(4).normalize():f}")
    return f"{written}%"


def _read(value: object, units: tuple[str, ...], *, percent: bool, what: str) -> tuple[str, Decimal]:
    """Return a number as it was written, and as a ratio with the digits that were written."""
    if isinstance(value, str):
        written = value.strip()
        # Full-width digits and signs are how the same number looks in Chinese text.
        normalised = written.translate({0xFF05: "%", 0xFF0E: ".", 0x2212: "-", 0xFF0D: "-", 0xFF0B: "+"})
        normalised = normalised.translate({0xFF10 + digit: str(digit) for digit in range(10)})
        match = _NUMBER.fullmatch(normalised)
        unit = match["unit"].strip().lower() if match else ""
        if not match or (unit and unit not in units):
            raise UsageError("yardstick.figure-unreadable", what=what, written=written)
        number = Decimal(match["number"])
        return written, number.scaleb(-2) if unit or percent else number
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float | Decimal | np.number)
        or not np.isfinite(float(value))
    ):
        raise UsageError("yardstick.figure-no-number", what=what, value=value)
    number = value if isinstance(value, Decimal) else Decimal(f"{value:.{_DIGITS}g}")
    written = f"{number:f}"
    return written, number.scaleb(-2) if percent else number


NEEDED = ("region", "start", "end", "growth")
# What a claim is about and how it was made, where the table does not say otherwise: what the ruler measures.
WHOLE, ACCOUNTS = "whole_economy", "growth_accounting"
LOG, COMPOUND, UNKNOWN = "log", "compound", "unknown"  # what the yearly rate is; of an unknown one either is meant
RATES = (LOG, COMPOUND, UNKNOWN)
STATED = ("capital", "labour", "shares")  # how far the source says what it did


@dataclass(frozen=True, slots=True)
class Claim:
    """One published figure: mean TFP growth of a region over the years after `start` up to `end`."""

    region: str
    start: int
    end: int
    figure: Figure
    source: str = ""
    scope: str = WHOLE
    method: str = ACCOUNTS
    rate: str = UNKNOWN
    stated: str = ""
    choices: Mapping[str, object] = field(default_factory=dict)

    def where(self) -> Text:
        """Return the claim's key as messages show it."""
        return words.yardstick.claims_key(region=self.region, span=span_text(self.start, self.end))

    @property
    def growth(self) -> float:
        """The growth in log points; a rate of which nobody says what it is counts as one in logarithms."""
        written = float(self.figure.growth)
        return float(np.log1p(written)) if self.rate == COMPOUND else written

    def holds(self, estimates: FloatArray) -> BoolArray:
        """Return which estimates, in log points, are the claim within its rounding: as they are or compound."""
        as_written = (
            self.figure.holds(estimates) if self.rate != COMPOUND else np.zeros(estimates.shape, dtype=np.bool_)
        )
        return as_written if self.rate == LOG else as_written | self.figure.holds(np.expm1(estimates))


def read_claim(region: str, start: int, end: int, figure: Figure, source: str = "", **details: Any) -> Claim:  # noqa: ANN401 - fields of a claim
    """Return a claim whose years are in order; `details` are its scope, its method, and what is stated of it."""
    claim = Claim(region, int(start), int(end), figure, source, **details)
    if claim.start >= claim.end:
        raise UsageError("yardstick.claim-order", claim=claim.where())
    return claim


def read_claims(package: Package, claims: object, encoding: str | None) -> list[Claim]:
    """Return the claims of a table."""
    if claims is None:
        rows = package.require("claims", NEEDED, verb="claim")
    else:  # as they were written, text where the source is text
        rows = read_any(claims, "claims", encoding=encoding)[0].cells
    if missing := [name for name in NEEDED if name not in rows.columns]:
        raise InputError("yardstick.claims-columns", needed=list(NEEDED), missing=list(missing))
    if not rows.height:
        raise InputError("yardstick.no-claims")
    usable: list[Claim] = []
    wrong: dict[int, Text] = {}
    for number, row in enumerate(_cast_claims(rows).iter_rows(named=True), start=1):
        try:
            usable.append(_claim(row))
        except UsageError as error:
            wrong[number] = error.text
    if wrong:
        raise InputError("yardstick.claims-unusable", what=lines_of(wrong))
    return usable


def lines_of(rows: Mapping[int, Text]) -> Text:
    """Return what is wrong with rows of a table as lines."""
    return join_lines([words.yardstick.claims_row(number=number, what=text) for number, text in rows.items()])


def _cast_claims(rows: pl.DataFrame) -> pl.DataFrame:
    """Cast codes and years; numbers in `growth` get the digits that the column is printed with."""
    from xinzhi.data.casting import cast

    out = rows.with_columns(
        cast(rows["region"], "code").values.alias("region"),
        cast(rows["start"], "year").values.alias("start"),
        cast(rows["end"], "year").values.alias("end"),
    )
    if out["growth"].dtype.is_numeric():
        # with as many decimals as the one that has most: a number does not keep a zero at its end
        spelt = [read_figure(value, percent=True).written for value in out["growth"].drop_nulls()]
        most = max((len(text.partition(".")[2]) for text in spelt), default=0)
        printed_values = [None if value is None else f"{value:.{most}f}" for value in out["growth"]]
        out = out.with_columns(pl.Series("growth", printed_values, dtype=pl.String))
    return out


def _claim(row: dict[str, Any]) -> Claim:
    """Return one row as a claim."""
    for name in NEEDED:
        if row[name] is None or row[name] == "":
            raise UsageError("yardstick.claim-cell", name=name, is_year=name in {"start", "end"})
    figure = read_figure(row["growth"], row.get("rounding"), percent=True, bounded=False)
    rate = _word("rate", row.get("rate"), UNKNOWN)
    if rate not in RATES:
        raise UsageError("yardstick.claim-rate", given=row["rate"], allowed=list(RATES))
    stated = [f"{name}: {row[name]}" for name in STATED if row.get(name)]
    return read_claim(
        row["region"],
        row["start"],
        row["end"],
        figure,
        str(row.get("source") or ""),
        scope=_word("scope", row.get("scope"), WHOLE),
        method=_word("method", row.get("method"), ACCOUNTS),
        rate=rate,
        stated="; ".join(stated),
        choices=stated_choices(row),
    )


def _word(column: str, written: object, absent: str) -> str:
    """Return the code of a word of a column, written as its code or in either language; any other as it is written."""
    from xinzhi.core.schema import describe

    term = str(written or "").strip()
    codes = describe("claim", column).values
    spelt = {name.casefold(): code for code, text in codes.items() for name in (code, text.zh, text.en)}
    if column == "scope":
        spelt |= dict.fromkeys(convention("whole_economy.words"), WHOLE)
    return spelt.get(term.casefold(), term) if term else absent
