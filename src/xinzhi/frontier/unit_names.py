"""What the units and goods of a result are called, and what a reader should know of the data behind them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Self, TypeVar

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core import parameters
from xinzhi.core.arrays import FloatArray
from xinzhi.core.names import NO_NAMES, REGION, Names, provinces
from xinzhi.core.result import Result
from xinzhi.core.schema import Column, describe, described
from xinzhi.core.text import Text, has, same, unit_text

Kind = TypeVar("Kind", bound="Labelled")
_FILE = Path(__file__).with_name("frontier.yaml")
_FACTORS = ("theta", "phi", "beta", "gamma", "shadow_price", "direction")
_SERIES = ("frontier.series", "sectors.series", "series")


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """Names of the units, their groups, what the goods are measured in, sentences about the data, and a chosen unit."""

    names: Names = NO_NAMES
    groups: Mapping[str, Text] = field(default_factory=dict)
    measures: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[Text, ...] = ()
    unit: str | None = None  # the one that pictures of a single unit show


NONE = Labels()


@dataclass(frozen=True, repr=False, kw_only=True)
class Labelled(Result, topic="frontier"):
    """A result whose units may have names."""

    labels: Labels = NONE

    @property
    def goods(self) -> tuple[str, ...]:
        """The goods of the data that columns are named after."""
        return ()

    @property
    def codes(self) -> Iterable[str]:
        """The units, each once, as names and questions know them."""
        return map(str, self.frame["unit"].unique(maintain_order=True))

    @property
    def data_notes(self) -> tuple[Text, ...]:
        """Sentences about the data."""
        return self.labels.notes

    @property
    def writers(self) -> Mapping[str, Callable[[str], Text | None]]:
        """What units, their groups and goods are called, by the name of the column."""
        region, groups = self.names.region, {group.en: group for group in self.labels.groups.values()}
        return {"unit": region, "peer": region, "group": groups.get, "good": good_text}

    def about(self, region: str | None) -> Self:
        """Return the result with a unit, by code or name, that pictures of a single one show."""
        if region is None:
            return self
        return replace(self, labels=replace(self.labels, unit=self.names.resolve(region, self.codes)))

    def with_groups(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return a frame with the ``group`` of each unit, where units have groups."""
        if not self.labels.groups:
            return frame
        groups = {unit: group.en for unit, group in self.labels.groups.items()}
        unit = pl.col("unit").cast(pl.String)
        return frame.with_columns(group=unit.replace_strict(groups, default=None, return_dtype=pl.String))

    def measured(self, good: str) -> Text:
        """Return what a good is called with its unit of measurement."""
        unit = self.labels.measures.get(good)
        return words.frontier.chart_measured(good=good_text(good), unit=unit_text(unit)) if unit else good_text(good)

    def column(self, name: str, frame: str = "frame") -> Column:
        """Return the description of a column of one of its frames, also of one that is named after a good."""
        return describe(self.verb, name, frame) if described(self.verb, name, frame) else self.good_column(name, frame)

    def good_column(self, name: str, frame: str = "frame") -> Column:
        """Return the description of a column named after a good or beside another column; `KeyError` for any other."""
        if name in self.goods:
            return Column(name=name, title=good_text(name), kind="figure")
        for factor, good in product(_FACTORS, self.goods):
            if name == f"{factor}_{good}":
                title = words.frontier.column_of(f"of_{factor}", good=good_text(good))
                return Column(name=name, title=title, kind="figure" if factor == "shadow_price" else "score")
        stem, _, end = name.rpartition("_")
        if end in {"lower", "upper", "bias", "error"} and described(self.verb, stem):
            title = words.frontier.column_of(f"beside_{end}", name=describe(self.verb, stem).title)
            return Column(name=name, title=title, kind="figure")
        return describe(self.verb, name, frame)

    def what(self, codes: Iterable[object]) -> Text:
        """Return what the units are: regions, or units."""
        regions = self.names.by_kind.get(REGION) or all(str(code) in provinces() for code in codes)
        return words.frontier.chart_regions() if regions else words.frontier.chart_units()


def labelled(result: Kind, labels: Labels) -> Kind:
    """Return the result with names for its units."""
    return replace(result, labels=labels, names=labels.names)


def good_text(name: str) -> Text:
    """Return what a good is called: as the catalogue says, else the name of its column."""
    return next((words.by_key(f"{shelf}.{name}") for shelf in _SERIES if has(f"{shelf}.{name}")), same(name))


def term_text(term: str) -> Text:
    """Return a term of a regression in words, with the name of the good in it."""
    if has(f"frontier.chart.term_{term}"):
        return words.frontier.chart_of(f"term_{term}")
    if term.startswith("log(") and term.endswith(")") and term.count("(") == 1:
        name = good_text(term.removeprefix("log(").removesuffix(")"))
        return Text(zh=f"ln {name.zh}", en=f"ln {name.en}")
    return good_text(term)


def axis_ends(frame: pl.DataFrame, *columns: str) -> tuple[float, float]:
    """Return the ends of an axis that holds every value of some columns, and zero."""
    values = [0.0, *(value for name in columns for value in frame[name].drop_nulls())]
    margin = 0.05 * ((max(values) - min(values)) or 1.0)
    return min(values) - margin, max(values) + margin


def rts_text(rts: str) -> Text:
    """Return returns to scale in words."""
    key = f"frontier.status.rts_{rts}"
    return words.by_key(key) if has(key) else same(rts)


def status_text(status: str) -> Text:
    """Return the verdict of a program in words."""
    key = f"frontier.status.{status}"
    return words.by_key(key) if has(key) else same(status)


setting = partial(parameters.setting, _FILE)


def number_or_null(values: FloatArray) -> pl.Series:
    """Return numbers with null for NaN: what is not known is no number."""
    return pl.Series(values=np.asarray(values, dtype=float), dtype=pl.Float64, nan_to_null=True)


def null_for_nan(columns: Mapping[str, Collection[object]]) -> pl.DataFrame:
    """Return columns as a frame, with null for NaN."""
    import polars.selectors as cs

    values = {name: cells if isinstance(cells, np.ndarray) else list(cells) for name, cells in columns.items()}
    return pl.DataFrame(values).with_columns(cs.float().fill_nan(None))
