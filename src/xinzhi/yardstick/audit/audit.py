"""The verb `audit`: every admissible protocol on one package, and what choosing among them buys."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import IntArray
from xinzhi.core.errors import UsageError
from xinzhi.core.parameters import setting
from xinzhi.core.result import Facts, Result
from xinzhi.core.schema import Column, describe
from xinzhi.core.shapley import cell_weights, effects
from xinzhi.core.text import Text, listing, share, span_text
from xinzhi.protocol import Protocol, catalogue, specification
from xinzhi.yardstick.audit.choices import (
    Choice,
    Grid,
    Nearest,
    choices,
    close,
    grid,
    has_unsourced,
    nearest_protocols,
    sourced_levels,
    spell,
)
from xinzhi.yardstick.audit.multiverse import (
    LeftOut,
    Multiverse,
    Span,
    computable,
    settle,
)
from xinzhi.yardstick.audit.outcomes import CONVENTIONS, Distinct, Spread, blocks, compared_regions, spread
from xinzhi.yardstick.audit.robustness import NONE, Admission, WhatIf, misreports, possible_leaders
from xinzhi.yardstick.capital import Invest, invest_once
from xinzhi.yardstick.inputs import require_value_added
from xinzhi.yardstick.measure import measure
from xinzhi.yardstick.measurement import Measurement
from xinzhi.yardstick.panel import DEFAULT_PROTOCOL, Ruler, Source, require_yearly
from xinzhi.yardstick.periods import FAILED, RegionSet, official_span
from xinzhi.yardstick.view import alike, region_names

NEAR, NAMED, HALF, ALIKE = (setting(CONVENTIONS, name) for name in ("near", "named", "half", "alike"))
# What compares a region with others: none of it where the declared set is not whole, or its own data fail admission.
RANKED = (
    *("reference_rank", "best_rank", "rank_gain", "everyone_rank"),
    *(f"rank_{name}" for name in ("minimum", "p05", "median", "p95", "maximum")),
)
ATTAINED = ("departures", "departure_count", "best_protocol", "best_growth", "nearest")


@dataclass(frozen=True, repr=False, kw_only=True)
class Audit(Result, verb="audit", topic="yardstick", key=("region", "start", "end")):
    """What choosing one's own ruler buys, over every admissible protocol.

    Growth is mean TFP growth in log points per year. `frame` has the spread of growth and rank of every region and
    period when all are under the same protocol, and the gaming room of a region that chooses while the others keep the
    reference protocol. `protocols` lists the admissible ones, the reference one first, with a column per open
    parameter; empty where it is not in force. Regions whose data fail admission in a period (grade D) have a spread and
    no ranks, and nobody is compared with them; nor does a protocol under which the data of a region fail count among
    its ranks, or gain it one (`admission`). `what_if` says what the alternatives would add that no source uses for
    the economy; None where there are none, or they are in the set (`unsourced`).

    `variance` is what each choice contributes to the spread, exactly: `shapley` sums to it. `reversals` is the share of
    the protocols in which `region` grows faster than `other`; of many regions (``audit.yaml``) only the first and the
    last ones are compared. `misreports` says what a region would gain by each kind of misreport of the size seen in
    China, what the correction costs it, and which tests of admission report it. `left_out` is what the package cannot
    compute, and what no source uses. The summary speaks of `official_span`, the latest period on official figures
    alone; `estimates` `(N, R, P)`, by protocol, region and span, are computed where they are indexed.
    """

    protocols: pl.DataFrame
    variance: pl.DataFrame
    reversals: pl.DataFrame
    misreports: pl.DataFrame
    left_out: pl.DataFrame
    regions: pl.DataFrame
    grid: Grid
    spans: tuple[tuple[int, int], ...]
    official_span: tuple[int, int]
    estimates: Multiverse
    admission: Admission
    regions_declared: RegionSet
    what_if: WhatIf | None = None
    unsourced: bool = False

    def columns(self, frame: str = "frame") -> list[Column]:
        """Return the descriptions of the columns of a frame; parameters are described by the catalogue of protocols."""
        parameters = catalogue()
        return [
            Column(name=name, title=parameters[name].title, kind="value")
            if name in parameters
            else describe(self.verb, name, frame)
            for name in getattr(self, frame).columns
        ]

    @property
    def official(self) -> pl.DataFrame:
        """The regions in the latest period on official figures alone."""
        start, end = self.official_span
        return self.frame.filter(start=start, end=end)

    def periods_of(self, region: str) -> pl.DataFrame:
        """Return the periods of a region."""
        return self.frame.filter(region=region)

    def protocol(self, number: int) -> Protocol:
        """Return one protocol of the admissible set, ready to measure with; a number beyond is a `UsageError`."""
        rows = self.grid.rows
        if not 0 <= number < len(rows):
            raise UsageError("yardstick.no-such-protocol", number=number, last=len(rows) - 1)
        values = self.grid.values(rows[number])
        return self.grid.protocol.replace({path: values[path] for path in self.grid.departures(rows[number])})

    def tfp(self, number: int) -> pl.DataFrame:
        """Return ``region, start, end, tfp_growth`` under one protocol of the set."""
        names, growth = self.regions["region"].to_list(), self.estimates.of_protocol(number)
        return pl.concat(
            pl.DataFrame(
                {
                    "region": names,
                    "start": [start] * len(names),
                    "end": [end] * len(names),
                    "tfp_growth": pl.Series(growth[:, at], nan_to_null=True),
                }
            )
            for at, (start, end) in enumerate(self.spans)
        )

    def ranked(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the rows of regions whose data pass admission."""
        return rows.filter(pl.col("grade").ne_missing(FAILED))

    def facts(self) -> Facts:
        """Return who could rank first, who would move furthest and what decides; notes say what the figures rest on."""
        return self.regions_declared.abroad() | self._audit_facts()

    def _audit_facts(self) -> Facts:
        start, end = self.official_span
        latest = self.frame.filter(start=start, end=end).fill_nan(None).sort("reference_rank", "region")
        failed = latest.filter(grade=FAILED)
        rows = self.ranked(latest) if self.regions_declared.complete else latest
        if rows.is_empty():
            n = f"{self.protocols.height:,}"
            return {"audit.nothing": {"n": n}, "note.audit_set": {"n": n, "unsourced": self.unsourced}}
        span, names = span_text(start, end), region_names(self.regions)
        decides, other_shares = _shares(self)
        size = self._size(rows)
        if rows.height == 1:
            row = rows.row(0, named=True)
            figures = {"low": row["minimum"], "high": row["maximum"], "reference": row["reference"]}
            single = {"name": names[row["region"]], "span": span, **figures}
            return {"audit.alone": single, **decides, **size, **other_shares, **self.regions_declared.facts()}
        if not self.regions_declared.complete:
            widest = rows.sort(pl.col("maximum") - pl.col("minimum"), descending=True).row(0, named=True)
            figures = {"low": widest["minimum"], "high": widest["maximum"], "reference": widest["reference"]}
            most = {"name": names[widest["region"]], "n": rows.height, "span": span, **figures}
            return {"audit.unranked": most, **decides, **size, **other_shares, **self.regions_declared.facts()}
        ends = rows.sort("reference", descending=True).select("region", "reference").rows()
        (first, high), (last, low) = ends[0], ends[-1]
        reference = {"span": span, "low": low, "high": high, "first": names[first], "last": names[last]}
        facts = _game(rows, span, names) | decides | size
        if not alike(high, low):
            facts["note.audit_reference"] = reference
        rank = pl.col("reference_rank")  # where nine in ten protocols do not give it
        outside = rows.filter((rank < pl.col("rank_p05")) | (rank > pl.col("rank_p95")))["region"].to_list()
        if outside:
            outside_names = [names[code] for code in outside]
            facts["note.audit_outside"] = {"k": len(outside), "n": rows.height, "names": outside_names}
        facts |= other_shares
        same = rows.filter((pl.col("everyone_rank") - pl.col("reference_rank")).abs() <= NEAR).height
        gain = rows.select(pl.col("growth_gain").mean()).item()
        facts["note.audit_everyone"] = {"gain": gain, "k": same, "n": rows.height, "near": NEAR}
        if failed.height:
            failed_facts = {"names": [names[code] for code in failed["region"]], "n": failed.height, "span": span}
            facts["note.audit_failed"] = failed_facts
        return facts | self._misreported() | self.regions_declared.facts()

    def _misreported(self) -> Facts:
        """Return what misreports of the size seen in China gain, and how many kinds no test reports."""
        if self.misreports.is_empty():
            return {}
        kinds = self.misreports.group_by("kind").agg(
            pl.col("gain").mean(), seen=(pl.col("caught_during") != NONE).sum()
        )
        low, high = kinds["gain"].min(), kinds["gain"].max()
        figures = {"low": low, "high": high, "k": kinds.filter(seen=0).height, "n": kinds.height}
        return {"note.audit_misreports": figures}

    def _size(self, rows: pl.DataFrame) -> Facts:
        """Return how many protocols are admissible, and what those would add that no source uses."""
        n = f"{rows['protocols'].to_list()[0]:,}"
        size: Facts = {"note.audit_set": {"n": n, "unsourced": self.unsourced}}
        if self.what_if is None or not self.regions_declared.complete or rows.height == 1:
            return size
        first, ranked = rows.filter(best_rank=1).height, rows.height
        added = {"n": ranked, "k": self.what_if.first, "first": first, "protocols": f"{self.what_if.protocols:,}"}
        added["moved"] = first != self.what_if.first
        names = [choice_title(path) for path in self.what_if.closed]
        closed: Facts = {"note.audit_what_if_closed": {"names": names, "n": len(names)}} if names else {}
        return size | {"note.audit_what_if": added} | closed


def _game(rows: pl.DataFrame, span: Text, names: Mapping[str, Text]) -> Facts:
    """Return how many regions could rank first by choosing, and which one would move furthest."""
    if not rows["rank_gain"].max():
        return {"audit.no_game": {"n": rows.height, "span": span}}
    row = rows.sort("rank_gain", "growth_gain", descending=True).row(0, named=True)
    jump = {"name": names[row["region"]], "reference": row["reference_rank"], "best": row["best_rank"]}
    first = rows.filter(best_rank=1).height
    return {"audit.first": {"k": first, "n": rows.height, "span": span}, "audit.jump": jump}


def _shares(result: Audit) -> tuple[Facts, Facts]:
    """Return what the leading choice makes of the spread, and what the others do, the smallest together."""
    start, end = result.official_span
    if not result.variance.filter(start=start, end=end)["shapley"].sum() > 0:
        return {"audit.no_spread": {}}, {}
    (name, part), *rest = choice_shares(result, (start, end)).items()
    key = "audit.decides" if part >= HALF else "audit.largest"
    decides: Facts = {key: {"name": choice_title(name), "share": share(part)}}
    rest = [(name, part) for name, part in rest if part >= ALIKE]
    parts = [words.yardstick.audit_part(name=choice_title(name), share=share(part)) for name, part in rest[:NAMED]]
    if len(rest) > NAMED:
        parts.append(words.yardstick.audit_rest(share=share(sum(part for _, part in rest[NAMED:]))))
    return decides, {"note.audit_others": {"parts": listing(parts)}} if parts else {}


def choice_title(path: str) -> Text:
    """Return the name of a choice as the catalogue gives it."""
    return specification(path).title


def choice_shares(result: Audit, span: tuple[int, int]) -> dict[str, float]:
    """Return the part of each choice in the variance of a period, summed over the regions, largest first."""
    rows = result.variance.filter(start=span[0], end=span[1])
    sums = rows.group_by("choice", maintain_order=True).agg(pl.col("shapley").sort().sum())
    total = sums["shapley"].sum()
    # those of the same part, but for rounding, stand as they were varied
    sums = sums.sort((pl.col("shapley") / total).round(12), descending=True, maintain_order=True)
    return {choice: value / total for choice, value in sums.iter_rows()}


def audit(
    package: Source,
    protocol: Ruler = DEFAULT_PROTOCOL,
    *,
    what_if: bool = False,
    closed: Collection[str] | None = None,
) -> Audit:
    """Measure every region under every admissible protocol, and say what choosing one's own ruler buys.

    The admissible set is every combination of the protocol's values and those of their `alternatives` that a named
    source uses for the economy (`used_for`), less the combinations that the protocol excludes and the alternatives that
    the package cannot compute. What is left out is listed with the reason.

    Parameters
    ----------
    package, protocol
        As in `measure`.
    what_if
        Whether alternatives that no source uses for the economy are opened too.
    closed
        Parameters that stay as the protocol has them. Left out, all are open, but where they would give more
        combinations than ``most_protocols`` of ``audit.yaml`` the least used ones are closed, and listed in `left_out`.

    Notes
    -----
    Specification curve: Simonsohn, Simmons and Nelson (2020); multiverse: Steegen et al. (2016). Variance by choice is
    exact over the whole set, see `xinzhi.core.shapley.effects`.

    Examples
    --------
    >>> import xinzhi
    >>> result = xinzhi.audit("china-provinces", "xinzhi-cn-2026")
    >>> result.protocols.height > 10_000
    True
    """
    reference = measure(package, protocol)
    panel, rules = reference.panel, reference.protocol
    require_value_added(rules, "audit")
    require_yearly(panel, "audit")
    opened, left_out = computable(panel, rules, choices(rules))
    selection, unused = (opened, []) if what_if else sourced_levels(rules, opened)
    left_out += [LeftOut({path: value}, words.yardstick.audit_unused()) for path, value in unused]

    def settle_choices(candidates: tuple[Choice, ...]) -> tuple[tuple[Choice, ...], list[LeftOut]]:
        if closed is None:
            return settle(rules, candidates)
        return close(candidates, [specification(path).path for path in closed]), []

    selection, shut = settle_choices(selection)
    left_out += shut
    full_grid = grid(rules, selection)
    spans = tuple(reference.spans())
    invest = invest_once(rules)
    estimates = Multiverse.build(panel, full_grid, spans, invest=invest)
    admission = Admission.build(reference, full_grid, spans)
    nearest_published = nearest_protocols(full_grid)
    departures = full_grid.departure_counts()[full_grid.admissible]
    changed = (full_grid.rows != 0).sum(axis=1)
    frames, reversals, variance = [], [], []
    for at, span in enumerate(spans):
        # One span at a time: together they would not fit where there are thousands of regions.
        rows, regions, growth = estimates.distinct(at).finite()
        if len(rows) < len(full_grid.rows):
            lost = len(full_grid.rows) - len(rows)  # protocols that do not reach over the period in every region
            left_out.append(LeftOut({}, words.yardstick.audit_short(n=lost, start=span[0], end=span[1])))
        names = [panel.regions[row] for row in regions.tolist()]
        variance.append(_variance(names, span, growth, rows, full_grid))
        barred = admission.of_protocols(at, rows[growth.lead], regions)
        failed = barred[growth.which[0]]
        for part in (np.flatnonzero(~failed), np.flatnonzero(failed)):
            if not part.size:
                continue
            outcomes, part_names = growth.select_regions(part), [names[at] for at in part.tolist()]
            pairs = compared_regions(outcomes.reference)
            room = spread(outcomes, departures[rows], changed[rows], pairs, barred[:, part] & ~failed[part])
            rows_of_part = _frame(part_names, span, outcomes, room, full_grid, rows, nearest_published)
            if failed[part].any():
                unranked = (pl.lit(None, rows_of_part.schema[name]).alias(name) for name in (*RANKED, *ATTAINED))
                frames.append(rows_of_part.with_columns(unranked))
            else:
                frames.append(rows_of_part)
                reversals.append(_reversals([part_names[at] for at in pairs.tolist()], span, room))
    frame = pl.concat(frames)
    if not reference.regions_declared.complete:
        frame = frame.with_columns(pl.lit(None, frame.schema[name]).alias(name) for name in RANKED)
    grades = reference.periods.select("region", "start", "end", "grade")
    frame = frame.join(grades, on=["region", "start", "end"], how="left", maintain_order="left")
    span = official_span(reference.periods)
    what_if_set = _what_if(reference, *settle_choices(opened), span, invest) if unused else None
    return Audit(
        frame=frame.sort("start", "end", "reference_rank", "region", nulls_last=True),
        protocols=_protocols(full_grid, nearest_published),
        variance=pl.concat(variance),
        reversals=pl.concat(reversals) if reversals else _reversals([], (0, 0), None),
        misreports=misreports(reference),
        left_out=_left_out(left_out),
        regions=reference.regions,
        grid=full_grid,
        spans=spans,
        official_span=span,
        estimates=estimates,
        admission=admission,
        regions_declared=reference.regions_declared,
        what_if=what_if_set,
        unsourced=has_unsourced(rules, selection),
        **reference.shared("audit"),
    )


def _what_if(
    reference: Measurement,
    selection: tuple[Choice, ...],
    shut: Sequence[LeftOut],
    span: tuple[int, int],
    invest: Invest,
) -> WhatIf:
    """Return what the alternatives without a source would add, and which choices had to be closed for it."""
    closed = tuple(path for omission in shut for path in omission.values)
    return possible_leaders(reference, grid(reference.protocol, selection), span, closed, invest)


def _frame(
    names: list[str], span: Span, outcomes: Distinct, room: Spread, full_grid: Grid, rows: np.ndarray, close: Nearest
) -> pl.DataFrame:
    """Return one row per region for one period."""
    column = np.arange(len(names))
    points = ("minimum", "p05", "median", "p95", "maximum")
    combos = full_grid.rows
    values, reference = outcomes.values, outcomes.reference

    def label(at: int) -> str:
        picked = full_grid.values(combos[at])
        return ", ".join(f"{path}={spell(picked[path])}" for path in full_grid.departures(combos[at]))

    best, single = rows[room.best], rows[room.single]
    return pl.DataFrame(
        {
            "region": names,
            "start": [span[0]] * len(names),
            "end": [span[1]] * len(names),
            "reference": reference,
            "reference_rank": room.reference_rank,
            "protocols": [len(rows)] * len(names),
            **{name: room.quantiles[at] for at, name in enumerate(points)},
            **{f"rank_{name}": room.ranks[at] for at, name in enumerate(points)},
            "best_rank": room.best_rank,
            "rank_gain": room.reference_rank - room.best_rank,
            "growth_gain": room.top - reference,
            "departures": [label(at) for at in best.tolist()],
            "departure_count": [len(full_grid.departures(combos[at])) for at in best.tolist()],
            "best_protocol": best,
            "best_growth": values[outcomes.which[room.best], column],
            "single_departure": [label(at) for at in single.tolist()],
            "single_gain": values[outcomes.which[room.single], column] - reference,
            "everyone_rank": room.everyone_rank,
            "nearest": [close.names[at] for at in close.which[best].tolist()],
        }
    )


def _reversals(names: list[str], span: Span, room: Spread | None) -> pl.DataFrame:
    """Return the share of protocols in which one region grows faster than another."""
    count = len(names)
    return pl.DataFrame(
        {
            "start": [span[0]] * count**2,
            "end": [span[1]] * count**2,
            "region": np.repeat(names, count),
            "other": np.tile(names, count),
            "above": [] if room is None else room.above.ravel(),
        },
        schema={"start": pl.Int64, "end": pl.Int64, "region": pl.String, "other": pl.String, "above": pl.Float64},
    ).filter(pl.col("region") != pl.col("other"))


def _variance(names: list[str], span: Span, outcomes: Distinct, rows: IntArray, full_grid: Grid) -> pl.DataFrame:
    """Return the variance by choice of one period, from the growth under some of the protocols."""
    valid = full_grid.admissible.copy()
    valid[valid] = np.isin(np.arange(int(valid.sum())), rows)
    effects_by_block, weights = [], cell_weights(valid)
    for block in blocks(len(names)):
        cells = np.zeros((*valid.shape, len(names[block])))
        cells[valid] = outcomes.values[:, block][outcomes.which]
        effects_by_block.append(effects(cells, valid, weights))
    count, choices_ = len(names), len(full_grid.choices)
    variance = np.tile(np.concatenate([block_effects.variance for block_effects in effects_by_block]), choices_)
    first_order, total, shapley = (
        np.concatenate([getattr(block_effects, name) for block_effects in effects_by_block], axis=1).ravel()
        for name in ("first_order", "total", "shapley")
    )
    return pl.DataFrame(
        {
            "region": names * choices_,
            "start": [span[0]] * count * choices_,
            "end": [span[1]] * count * choices_,
            "choice": np.repeat([choice.name for choice in full_grid.choices], count),
            "variance": variance,
            "first_order": first_order,
            "total": total,
            "shapley": shapley,
            "share": np.divide(shapley, variance, out=np.zeros_like(shapley), where=variance > 0),
        }
    )


def _protocols(full_grid: Grid, close: Nearest) -> pl.DataFrame:
    """Return one row per admissible protocol."""
    rows = full_grid.rows
    columns: dict[str, pl.Series] = {}
    for axis, choice in enumerate(full_grid.choices):
        for path in choice.paths:
            words = [spell(level.values[path]) if path in level.values else "" for level in choice.levels]
            columns[path] = pl.Series(path, words, dtype=pl.String).gather(rows[:, axis])
    return pl.DataFrame(
        {
            "number": np.arange(len(rows)),
            "departure_count": full_grid.departure_counts()[full_grid.admissible],
            "nearest": pl.Series("nearest", list(close.names), dtype=pl.String).gather(close.which),
            "nearest_distance": close.distance,
            **columns,
        }
    )


def _left_out(items: list[LeftOut]) -> pl.DataFrame:
    """Return the alternatives that could not be computed."""
    return pl.DataFrame(
        {
            "departures": [
                ", ".join(f"{path}={spell(value)}" for path, value in omission.values.items()) for omission in items
            ],
            "reason": [omission.reason.en for omission in items],
            "reason_zh": [omission.reason.zh for omission in items],
        },
        schema={"departures": pl.String, "reason": pl.String, "reason_zh": pl.String},
    )
