"""An audit with its names looked up once: the leading period, the spread by choice, curves, and what tables show."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.core.names import Names
from xinzhi.core.text import Text, same
from xinzhi.yardstick.audit.audit import Audit, choice_shares
from xinzhi.yardstick.audit.choices import Choice, departure, departures_text
from xinzhi.yardstick.audit.outcomes import Distinct
from xinzhi.yardstick.view import Span, region_groups, region_names

LISTED = 1000  # protocols up to which every one is listed


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
        values = np.sort(reference[ranked.to_numpy()])
        # A region is not overtaken by itself.
        above = len(values) - np.searchsorted(values, lowest, side="right") - (reference > lowest)
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
        rows = self.audit.variance.filter(self.span.holds())
        return choice_shares(self.audit, self.audit.official_span) if rows["shapley"].sum() > 0 else {}

    def parts(self, code: str) -> dict[str, float]:
        """Return the part of each choice in the spread of one region."""
        rows = self.variance.filter(pl.col("region") == code, pl.col("variance") > 0)
        return dict(rows.select("choice", "share").iter_rows())

    @cached_property
    def ordered(self) -> list[Choice]:
        """Return the choices, the one that makes most of the spread first."""
        place = {name: at for at, name in enumerate(self.shares)}
        return sorted(self.choices, key=lambda choice: place.get(choice.name, len(place)))

    @cached_property
    def furthest(self) -> str | None:
        """Return the region that could move furthest up by choosing its own ruler; None when there are no regions."""
        order = self.rows.sort("rank_gain", "growth_gain", descending=True, nulls_last=True)["region"]
        return str(order[0]) if order.len() else None

    def row(self, code: str) -> dict[str, object]:
        """Return a region in the leading period."""
        return self.rows.row(self.codes.index(code), named=True)

    def name(self, code: str) -> Text:
        """Return the name of a region."""
        return self.names.get(code, same(code))

    def curve(self, code: str | None = None, level: tuple[str, int] | None = None) -> Curve:
        """Return the specification curve of a region; None is the region that could move furthest."""
        # `level` keeps the protocols that have a level of a choice: its name and the place of the level.
        code = Names({"region": self.names}).resolve(code or self.furthest, self.codes)
        place, rows, measured = self._places[code], self.audit.grid.rows, self._measured
        growth = self._outcomes.values[:, place][self._outcomes.which]
        reference = float(growth[measured][0])
        rest = self.ranked.filter(pl.col("region") != code)["reference"]
        needed = float(rest.to_numpy().max()) if rest.len() and code in self.ranked["region"] else None
        if level is not None:
            axis = [choice.name for choice in self.choices].index(level[0])
            measured = measured & (rows[:, axis] == level[1])
        values = growth[measured]
        at = self.audit.spans.index(self.audit.official_span)
        barred = self.audit.admission.of_protocols(at, np.flatnonzero(measured), np.array([place]))[:, 0]
        leads = ~barred & (values >= (math.inf if needed is None else needed))
        order = np.argsort(values, kind="stable")
        below = float((values < reference).mean())
        return Curve(
            code=code,
            values=values[order],
            levels=rows[measured][order],
            reference=reference,
            place=below,
            needed=needed,
            leads=leads[order],
        )

    def departures(self, number: int) -> Text:
        """Return how one protocol of the set departs from the reference one; empty for the reference one."""
        if number not in self._departures:
            self._departures[number] = departures_text(self.choices, self.audit.grid.rows[number])
        return self._departures[number]

    @cached_property
    def _departures(self) -> dict[int, Text]:
        return {}

    def single(self, label: str) -> Text:
        """Return a single departure, given as ``path=value``, in words."""
        single: Text = self._singles.get(label, same(label))
        return single

    @cached_property
    def _singles(self) -> dict[str, Text]:
        levels = [(choice, at, level) for choice in self.choices for at, level in enumerate(choice.levels)]
        return {level.label(): departure(choice, at) for choice, at, level in levels if len(level.departs) == 1}

    @cached_property
    def _outcomes(self) -> Distinct:
        return self.audit.estimates.distinct(self.audit.spans.index(self.audit.official_span))

    @cached_property
    def _places(self) -> dict[str, int]:
        return {code: at for at, code in enumerate(self.audit.regions["region"])}

    @cached_property
    def _measured(self) -> BoolArray:
        positions = np.array([self._places[code] for code in self.codes], dtype=np.int64)
        return self._outcomes.complete(positions)[self._outcomes.which]

    @cached_property
    def regions(self) -> pl.DataFrame:
        """Return the regions in the leading period with the protocol that departs for them."""
        return _with_departures(self.rows)

    @cached_property
    def regions_by_period(self) -> pl.DataFrame:
        """Return the regions in every period with the protocol that departs for them."""
        return _with_departures(self.audit.frame)

    @cached_property
    def leading(self) -> int:
        """Return how many regions could rank first by choosing their own protocol."""
        return self.ranked.filter(best_rank=1).height

    @cached_property
    def rank_spread(self) -> float | None:
        """Return the width of the ranks of the region in the middle, 5 % of the protocols at each end left out."""
        spread: float | None = self.ranked.select((pl.col("rank_p95") - pl.col("rank_p05")).median()).item()
        return spread

    @cached_property
    def growth_spreads(self) -> tuple[float, float]:
        """Return the spread over protocols of the region in the middle, and that between the regions."""
        spread, between = self.rows.select(
            (pl.col("maximum") - pl.col("minimum")).median(),
            between=pl.col("reference").max() - pl.col("reference").min(),
        ).row(0)
        return spread, between

    @cached_property
    def above(self) -> dict[tuple[str, str], float]:
        """Return the share of the protocols in which the first region of a pair grows faster, in the leading period."""
        rows = self.reversals.select("region", "other", "above").iter_rows()
        return {(region, other): part for region, other, part in rows}

    @cached_property
    def reversals(self) -> pl.DataFrame:
        """Return the share of the protocols in which one region grows faster than another, in the leading period."""
        return self.audit.reversals.filter(self.span.holds())

    @cached_property
    def pairs(self) -> tuple[int, int, int]:
        """Return how many pairs change their order between protocols, how many there are, and of how many regions."""
        pairs = self.reversals.filter(pl.col("region") < pl.col("other"))
        return pairs.filter(pl.col("above") > 0, pl.col("above") < 1).height, pairs.height, pairs.n_unique("region") + 1

    @cached_property
    def variance(self) -> pl.DataFrame:
        """Return the variance by choice of the regions of the leading period."""
        return self.audit.variance.filter(self.span.holds(), pl.col("region").is_in(self.codes))

    @cached_property
    def shares_by_region(self) -> dict[tuple[str, str], float]:
        """Return the part of each choice in the spread by region and choice."""
        return {(code, choice): part for code, choice, part in self.variance.select("region", "choice", "share").rows()}

    @cached_property
    def share_ranges(self) -> dict[str, tuple[float, float]]:
        """Return the lowest and the highest part of each choice among the regions."""
        ends = self.variance.group_by("choice").agg(low=pl.col("share").min(), high=pl.col("share").max())
        return {name: (low, high) for name, low, high in ends.rows()}

    @cached_property
    def shares_by_group(self) -> dict[tuple[str, str], float]:
        """Return the part of each choice in the spread of a macro-region, by choice and English name."""
        groups = {code: group.en for code, group in self.group_of.items()}
        member = pl.col("region").replace_strict(groups, default=None)
        # sorted, a group is added up by one thread: the last digit does not hang on how many there are
        sums = self.variance.group_by("choice", group=member).agg(pl.col("shapley").sort().sum())
        totals = sums.group_by("group").agg(whole=pl.col("shapley").sort().sum()).filter(pl.col("whole") > 0)
        share = pl.col("shapley") / pl.col("whole")
        parts = sums.join(totals, on="group").select("choice", "group", share)
        return {(choice, group): part for choice, group, part in parts.rows()}

    @cached_property
    def variance_by_region(self) -> pl.DataFrame:
        """Return the variance by choice of every region in every period, in squared points, with the parts of each."""
        total = pl.col("variance")
        parts = {
            name: pl.when(total > 0).then(pl.col(name) / total).otherwise(pl.col(name))
            for name in ("first_order", "total")
        }
        named = {"path": pl.col("choice"), "part": pl.col("share"), "code": pl.col("region")}
        return self.audit.variance.with_columns(variance=1e4 * total, **named, **parts)

    @cached_property
    def serves(self) -> dict[int, list[Text]]:
        """Return the regions that each protocol serves best."""
        serves: dict[int, list[Text]] = {}
        for code, number in self.ranked.select("region", "best_protocol").drop_nulls().rows():
            serves.setdefault(number, []).append(self.name(code))
        return serves

    @cached_property
    def protocol_list(self) -> pl.DataFrame:
        """Return the protocols of a small set; else the reference one, those next to it, those best for a region."""
        frame = self.audit.protocols
        if frame.height > LISTED:
            best = self.audit.frame["best_protocol"].drop_nulls().unique().to_list()
            frame = frame.filter((pl.col("departure_count") <= 1) | pl.col("number").is_in(best))
        number = pl.col("number")
        return frame.with_columns(departures=number, serves=pl.when(number.is_in(list(self.serves))).then(number))

    @cached_property
    def misreports(self) -> pl.DataFrame:
        """Return what each region would gain by each kind of misreport, with its code."""
        return self.audit.misreports.with_columns(code=pl.col("region"))

    @cached_property
    def misreport_kinds(self) -> pl.DataFrame:
        """Return what each kind of misreport gains, mean of the regions, and in how many a test reports it."""
        counts = {f"seen_{when}": (pl.col(f"caught_{when}") != "none").sum() for when in ("during", "after")}
        periods = ("kind", "start", "end", "corrected_end")
        return self.audit.misreports.group_by(*periods, maintain_order=True).agg(
            pl.col("gain").mean(),
            pl.col("loss").mean(),
            up=(pl.col("honest_rank") - pl.col("misreported_rank")).mean(),
            first=(pl.col("misreported_rank") == 1).sum(),
            **counts,
        )


def _with_departures(regions: pl.DataFrame) -> pl.DataFrame:
    """Add the code of each region and the number of its best protocol, which tables write as departures."""
    single = pl.col("single_departure").fill_null("")
    return regions.with_columns(single, departures=pl.col("best_protocol"), code=pl.col("region"))
