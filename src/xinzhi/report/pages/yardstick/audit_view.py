"""What the pages of an audit need, looked up once: its choices in words, the leading period, the curve of a region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.core.names import Names
from xinzhi.core.text import Text, same
from xinzhi.yardstick import (
    Audit,
    Choice,
    Span,
    departure,
    departures_text,
    level_text,
    region_groups,
    region_names,
    value_text,
)

__all__ = ["AuditView", "Curve", "level_text", "thinned", "value_text"]

POINTS = 240  # a page tells no more places of a curve apart


def thinned(count: int, most: int = POINTS) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return at most so many places of a list, evenly spread, with its first and last."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """All protocols ordered by the TFP growth of one region in the leading period."""

    code: str
    values: FloatArray
    levels: IntArray
    reference: float
    place: float
    needed: float | None
    leads: BoolArray

    @property
    def first(self) -> float:
        """Return the share of the protocols under which the region would rank first."""
        return float(self.leads.mean())


@dataclass(frozen=True)
class AuditView:
    """An audit with its names looked up; unknown numbers are null, never NaN."""

    audit: Audit

    @cached_property
    def span(self) -> Span:
        """Return the period that leads: the latest one on official figures."""
        return Span(*self.audit.official_span)

    @cached_property
    def rows(self) -> pl.DataFrame:
        """Return the regions in the leading period by reference rank, with ``worst_rank`` beside the best one."""
        rows = self.audit.frame.filter(self.span.holds()).fill_nan(None)
        rows = rows.sort("reference_rank", "region", nulls_last=True)
        reference, lowest = rows["reference"].to_numpy(), rows["minimum"].to_numpy()
        ranked = rows["region"].is_in(self.audit.ranked(rows)["region"].implode())
        own = np.sort(reference[ranked.to_numpy()])
        # A region is not overtaken by itself.
        above = len(own) - np.searchsorted(own, lowest, side="right") - (reference > lowest)
        return rows.with_columns(worst_rank=pl.when(ranked).then(pl.Series(1 + above, dtype=pl.Int64)))

    @cached_property
    def ranked(self) -> pl.DataFrame:
        """Return the regions in the leading period whose data pass admission."""
        return self.audit.ranked(self.rows)

    @cached_property
    def codes(self) -> list[str]:
        """Return the regions in the leading period by reference rank."""
        return self.rows["region"].to_list()

    @cached_property
    def names(self) -> Mapping[str, Text]:
        """Return the name of every region; two of one name get their codes."""
        return region_names(self.audit.regions)

    @cached_property
    def group_of(self) -> Mapping[str, Text]:
        """Return the macro-region of every region that has one."""
        return region_groups(self.audit.regions)

    @property
    def choices(self) -> tuple[Choice, ...]:
        """Return the choices."""
        return self.audit.grid.choices

    @cached_property
    def protocols(self) -> int:
        """Return how many protocols measure every region in the leading period."""
        return int(self._measured.sum())

    @cached_property
    def shares(self) -> dict[str, float]:
        """Return the part of each choice in the spread, over all regions, largest first; empty without spread."""
        from xinzhi.yardstick import choice_shares

        rows = self.audit.variance.filter(self.span.holds())
        return choice_shares(self.audit, self.audit.official_span) if rows["shapley"].sum() > 0 else {}

    def parts(self, code: str) -> dict[str, float]:
        """Return the part of each choice in the spread of one region."""
        rows = self.audit.variance.filter(self.span.holds(), pl.col("region") == code, pl.col("variance") > 0)
        return dict(rows.select("choice", "share").iter_rows())

    @cached_property
    def ordered(self) -> list[Choice]:
        """Return the choices, the one that makes most of the spread first."""
        place = {name: at for at, name in enumerate(self.shares)}
        return sorted(self.choices, key=lambda choice: place.get(choice.name, len(place)))

    @cached_property
    def furthest(self) -> str | None:
        """Return the region that could move furthest up by choosing its own ruler; None when there are no regions."""
        moved = self.rows.sort("rank_gain", "growth_gain", descending=True, nulls_last=True)["region"]
        return str(moved[0]) if moved.len() else None

    def row(self, code: str) -> dict[str, object]:
        """Return a region in the leading period."""
        return self.rows.row(self.codes.index(code), named=True)

    def name(self, code: str) -> Text:
        """Return the name of a region."""
        return self.names.get(code, same(code))

    def curve(self, code: str | None = None, held: tuple[str, int] | None = None) -> Curve:
        """Return the specification curve of a region; None is the region that could move furthest.

        `held` keeps the protocols that have a level of a choice: its name and the place of the level.
        """
        code = Names({"region": self.names}).resolve(code or self.furthest, self.codes)
        values = self._values[:, self._places[code]][self._measured]
        order = np.argsort(values, kind="stable")
        reference = float(values[0])
        ranked = self.ranked["region"]
        others = self.ranked.filter(pl.col("region") != code)["reference"]
        needed = float(others.to_numpy().max()) if others.len() and code in ranked else None
        barred = self.audit.admission.of_span(self.audit.spans.index(self.audit.official_span))
        allowed = ~barred[self._measured, self._places[code]]
        leads = allowed & (values >= needed) if needed is not None else np.zeros(len(values), dtype=np.bool_)
        rows = self._grid_rows[self._measured]
        if held is not None:
            axis = [choice.name for choice in self.choices].index(held[0])
            kept = rows[:, axis] == held[1]
            values, leads, rows = values[kept], leads[kept], rows[kept]
            order = np.argsort(values, kind="stable")
        return Curve(
            code=code,
            values=values[order],
            levels=rows[order],
            reference=reference,
            place=float((values < reference).mean()),
            needed=needed,
            leads=leads[order],
        )

    def departures(self, number: int) -> Text:
        """Return how one protocol of the set departs from the reference one; empty for the reference one."""
        return departures_text(self.choices, self._grid_rows[number])

    def single(self, label: str) -> Text:
        """Return a single departure, given as ``path=value``, in words."""
        return self._singles.get(label, same(label))

    @cached_property
    def _singles(self) -> dict[str, Text]:
        return {
            one.label(): departure(choice, at)
            for choice in self.choices
            for at, one in enumerate(choice.levels)
            if len(one.departs) == 1
        }

    @cached_property
    def _grid_rows(self) -> IntArray:
        return self.audit.grid.rows

    @cached_property
    def _values(self) -> FloatArray:
        return self.audit.estimates.of_span(self.audit.spans.index(self.audit.official_span))

    @cached_property
    def _places(self) -> dict[str, int]:
        return {code: at for at, code in enumerate(self.audit.regions["region"])}

    @cached_property
    def _measured(self) -> BoolArray:
        shown = [self._places[code] for code in self.codes]
        return np.asarray(np.isfinite(self._values[:, shown]).all(axis=1))
