"""How far figures of output may be off: standard deviations by kind of evidence, and reliability of regions."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import NotRequired, TypeAlias, TypedDict

import numpy as np

from xinzhi.core.arrays import BoolArray, FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.parameters import read_yaml

HUNDRED = 100.0  # points in a log change
Span: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorModel:
    """Standard deviations of the error of one kind of growth, in points a year.

    `lasting` errors are the same in all years of a block, by span of years; `single` ones are new every year; `common`
    ones are shared by all regions in a year. `variance` multiplies the variances of a source that depends on another.
    """

    lasting: Mapping[Span, float]
    single: float
    common: float
    variance: float = 1.0

    def by_year(self, years: Sequence[int], name: str) -> FloatArray:
        """Return the lasting standard deviation of every year, as log change."""
        values = [next((sd for span, sd in self.lasting.items() if _holds(span, year)), None) for year in years]
        gaps = [year for year, value in zip(years, values, strict=True) if value is None]
        if gaps:
            raise InputError("yardstick.balance-weight-years", what=name, years=gaps)
        return np.array(values, dtype=np.float64) / HUNDRED

    def scaled(self, factor: float) -> ErrorModel:
        """Return the model with every standard deviation multiplied."""
        lasting = {span: sd * factor for span, sd in self.lasting.items()}
        return replace(self, lasting=lasting, single=self.single * factor, common=self.common * factor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """How reliable the evidence on output is; all standard deviations in points, those of levels in per cent.

    `blocks` are the spans of years in which errors last; `volume`, `nominal` and the `prices` by column have an error
    model each. Levels are known to `level` in the year `anchor` and to `benchmarks` in others; `rounding` is the error
    of a printed level. `reliability` multiplies the standard deviations of volumes and levels of a region; without
    it all regions have 1.
    """

    blocks: Sequence[Span]
    volume: ErrorModel
    nominal: ErrorModel
    anchor: int
    level: float
    rounding: float
    prices: Mapping[str, ErrorModel] = field(default_factory=dict)
    benchmarks: Mapping[int, float] = field(default_factory=dict)
    reliability: Mapping[str, float] = field(default_factory=dict)
    as_of: str = ""

    def __post_init__(self) -> None:
        """Refuse what is no standard deviation."""
        models = {"volume": self.volume, "nominal": self.nominal, **self.prices}
        values = {f"{name}.single": model.single for name, model in models.items()}
        values |= {f"{name}.variance": model.variance for name, model in models.items()}
        values |= {f"reliability.{region}": value for region, value in self.reliability.items()}
        values |= {"level": self.level, "rounding": self.rounding}
        values |= {f"benchmarks.{year}": value for year, value in self.benchmarks.items()}
        for name, value in values.items():
            if not (np.isfinite(value) and value > 0):
                raise UsageError("yardstick.balance-weight-sign", what=name, value=value)

    def same_block(self, years: Sequence[int]) -> BoolArray:
        """Return which pairs of years share their lasting error."""
        places = [next((at for at, span in enumerate(self.blocks) if _holds(span, year)), None) for year in years]
        gaps = [year for year, place in zip(years, places, strict=True) if place is None]
        if gaps:
            raise InputError("yardstick.balance-weight-years", what="blocks", years=gaps)
        block = np.array(places)
        return np.asarray(block[:, None] == block)

    def factors(self, regions: Sequence[str]) -> FloatArray:
        """Return the reliability factor of every region."""
        if not self.reliability:
            return np.ones(len(regions))
        unlisted = [region for region in regions if region not in self.reliability]
        if unlisted:
            raise InputError("yardstick.balance-reliability", regions=unlisted)
        return np.array([self.reliability[region] for region in regions], dtype=np.float64)

    def digest(self) -> str:
        """Return the sha256 of all numbers, for the provenance of what rests on them."""
        return hashlib.sha256(repr(asdict(self)).encode()).hexdigest()

    def scaled(self, factor: float) -> Weights:
        """Return the weights with every standard deviation multiplied: estimates stay, standard errors do not."""
        return replace(
            self,
            volume=self.volume.scaled(factor),
            nominal=self.nominal.scaled(factor),
            prices={name: model.scaled(factor) for name, model in self.prices.items()},
            benchmarks={year: sd * factor for year, sd in self.benchmarks.items()},
            level=self.level * factor,
            rounding=self.rounding * factor,
        )


def load_weights(source: str | Path) -> Weights:
    """Return the weights of a YAML file, or those that ship under a name, such as ``china-provinces``.

    Examples
    --------
    >>> weights = load_weights("china-provinces")
    >>> weights.anchor, sorted(weights.prices)
    (2023, ['cpi', 'mix'])
    """
    shipped = Path(__file__).with_name(f"{source}.yaml")
    path = shipped if shipped.is_file() else Path(source)
    if not path.is_file():
        available = sorted(file.stem for file in shipped.parent.glob("*.yaml"))
        raise UsageError("yardstick.balance-no-weights", name=str(source), known=available)
    document = read_yaml(path)
    day: date | str = document.get("as_of", "")
    return Weights(
        blocks=[_span(text) for text in document["blocks"]],
        volume=_model(document["volume"]),
        nominal=_model(document["nominal"]),
        prices={name: _model(entry) for name, entry in document.get("prices", {}).items()},
        anchor=document["level"]["anchor"],
        level=document["level"]["value"],
        rounding=document["rounding"]["value"],
        benchmarks=document.get("benchmarks", {}).get("levels", {}),
        reliability=document.get("reliability", {}).get("factors", {}),
        as_of=str(day),
    )


class _Entry(TypedDict):
    """An error model as a file has it."""

    lasting: Mapping[str, float]
    single: float
    common: float
    variance: NotRequired[float]


def _model(entry: _Entry) -> ErrorModel:
    """Return the error model of an entry of the file."""
    return ErrorModel(
        lasting={_span(text): sd for text, sd in entry["lasting"].items()},
        single=entry["single"],
        common=entry["common"],
        variance=entry.get("variance", 1.0),
    )


def _span(text: str) -> Span:
    """Return both years of ``1997-2007``."""
    first, _, last = text.partition("-")
    return int(first), int(last)


def _holds(span: Span, year: int) -> bool:
    return span[0] <= year <= span[1]
