"""The survey behind the verdicts: growth under every admissible protocol and vintage; what claims are held to; rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.core.errors import UsageError
from xinzhi.core.shapley import shapley
from xinzhi.core.text import same, span_text
from xinzhi.data import NATION, Package, names_of, nation_codes
from xinzhi.protocol import Protocol
from xinzhi.yardstick.audit.choices import Choice, Grid, Level, choices, grid, sourced_levels, spell
from xinzhi.yardstick.audit.multiverse import Span, computable, evaluate, settle
from xinzhi.yardstick.claims.figures import ACCOUNTS, WHOLE, Claim, StatedGrowth, convention, spelt
from xinzhi.yardstick.compare_vintages import oldest_first
from xinzhi.yardstick.estimates.results import TOGETHER, Bands
from xinzhi.yardstick.inputs import require_value_added
from xinzhi.yardstick.measure import measure, measure_nation
from xinzhi.yardstick.measurement import Measurement
from xinzhi.yardstick.panel import Panel, Ruler, require_yearly

VINTAGE = "output.vintage"
# Spans held in memory at once: one takes about 5 MB for 20,000 protocols of 31 regions, its making three times that.
_AT_ONCE = 24


@dataclass(frozen=True, slots=True)
class Survey:
    """Every admissible protocol, the reference one first, and the reference one on every older vintage of the data."""

    grid: Grid
    rows: IntArray
    departures: IntArray
    admissible: BoolArray
    vintage: IntArray
    vintages: tuple[str, ...]

    def only_vintage_departs(self) -> BoolArray:
        """Return which protocols take an older vintage and are reference in all else."""
        return np.asarray((self.vintage >= 0) & (self.departures == 1))

    def labels(self, numbers: IntArray) -> list[str]:
        """Return the departures of protocols as ``path=value``; empty for the reference one."""
        words = [[level.label() for level in choice.levels] for choice in self.grid.choices]
        return [
            ", ".join(word[at] for word, at in zip(words, row, strict=True) if word[at])
            for row in self.rows[numbers].tolist()
        ]


def survey(panel: Panel, rules: Protocol) -> Survey:
    """Return the admissible set of a protocol on a package, with every older vintage of the data beside it."""
    require_value_added(rules, "claim")
    require_yearly(panel, "claim")
    selection, _ = settle(rules, sourced_levels(rules, computable(panel, rules, choices(rules), strict=False)[0])[0])
    grid(rules, selection)
    full_grid = grid(rules, _with_vintages(panel, rules, selection))
    order = oldest_first()
    reference = rules.value(VINTAGE)
    older = tuple(reversed(order[: order.index(reference)]))
    rows = full_grid.rows
    axis = next((at for at, choice in enumerate(full_grid.choices) if choice.name == VINTAGE), None)
    levels = [reference] if axis is None else [level.values[VINTAGE] for level in full_grid.choices[axis].levels]
    names = np.array(levels)[np.zeros(len(rows), dtype=np.int64) if axis is None else rows[:, axis]]
    vintage = np.array([older.index(name) if name in older else -1 for name in names.tolist()], dtype=np.int64)
    listed = {reference, *(alternative.value for alternative in rules.parameters[VINTAGE].alternatives)}
    admissible = np.isin(names, list(listed))
    return Survey(full_grid, rows, full_grid.departure_counts()[full_grid.admissible], admissible, vintage, older)


def _with_vintages(panel: Panel, rules: Protocol, selection: tuple[Choice, ...]) -> tuple[Choice, ...]:
    """Add every older vintage that the package has to the choice of the vintage."""
    declared = next((choice for choice in selection if choice.name == VINTAGE), None)
    levels = declared.levels if declared else (Level({VINTAGE: rules.value(VINTAGE)}, ()),)
    known_levels = {level.values[VINTAGE] for level in levels}
    order = oldest_first()
    older = [
        name
        for name in order[: order.index(rules.value(VINTAGE))]
        if name in panel.vintages and name not in known_levels
    ]
    if not older:
        return selection
    extra = tuple(Level({VINTAGE: name}, (VINTAGE,)) for name in older)
    added, _ = computable(panel, rules, (Choice(VINTAGE, (VINTAGE,), (levels[0], *extra)),), strict=False)
    if not added:
        return selection
    joined = Choice(VINTAGE, (VINTAGE,), (*levels, *added[0].levels[1:]))
    return (joined, *(choice for choice in selection if choice.name != VINTAGE))


def estimates(panel: Panel, tried: Survey, spans: Sequence[Span]) -> Iterator[tuple[Span, FloatArray]]:
    """Yield every span with TFP growth of every combination and region `(n_1, ..., n_d, R)`."""
    for first in range(0, len(spans), _AT_ONCE):
        batch = list(spans[first : first + _AT_ONCE])
        values = evaluate(panel, tried.grid, batch, strict=False)
        for at, span in enumerate(batch):
            yield span, values[..., at]


@dataclass(frozen=True, slots=True)
class Part:
    """One departure of a protocol: the parameters, what both protocols say, and what departing contributes."""

    parameter: str
    reference: str
    value: str
    contribution: float


def parts(full_grid: Grid, row: IntArray, values: FloatArray) -> list[Part]:
    """Return what each departure of a protocol contributes to its distance from the reference one."""
    departed = [(axis, full_grid.choices[axis].levels[at].departs) for axis, at in enumerate(row.tolist())]
    single = [((axis, (path,)),) for axis, paths in departed for path in paths]
    by_choice = [((axis, paths),) for axis, paths in departed if paths]
    all_at_once = [tuple((axis, paths) for axis, paths in departed if paths)]
    for players in (single, by_choice, all_at_once):
        outcome = np.array([_outcome(full_grid, row, values, players, mask) for mask in range(1 << len(players))])
        if np.isfinite(outcome).all():
            break
    picked, reference = full_grid.values(row), full_grid.protocol.parameters
    gains = shapley(outcome).tolist() if len(outcome) > 1 else []
    names = [[path for _, paths in player for path in paths] for player in players]
    return [
        Part(
            parameter=", ".join(paths),
            reference=", ".join(spell(reference[path].value) for path in paths),
            value=", ".join(spell(picked[path]) for path in paths),
            contribution=gain,
        )
        for paths, gain in zip(names, gains, strict=False)
    ]


def _outcome(
    full_grid: Grid,
    row: IntArray,
    values: FloatArray,
    players: Sequence[tuple[tuple[int, tuple[str, ...]], ...]],
    mask: int,
) -> float:
    """Return TFP growth when only some of the departures are made; NaN where that is no protocol of the grid."""
    departures: dict[int, set[str]] = {}
    for bit, player in enumerate(players):
        if mask >> bit & 1:
            for axis, paths in player:
                departures.setdefault(axis, set()).update(paths)
    cell = [0] * len(row)
    for axis, parts_of_axis in departures.items():
        level = _level(full_grid, axis, int(row[axis]), parts_of_axis)
        if level is None:
            return float("nan")
        cell[axis] = level
    return float(values[tuple(cell)])


def _level(full_grid: Grid, axis: int, target: int, paths: set[str]) -> int | None:
    """Return the level that makes only some of the departures of another one; those not in force make no difference."""
    choice, reference = full_grid.choices[axis], full_grid.protocol.parameters
    target_values = choice.levels[target].values
    values = {path: target_values[path] if path in paths else reference[path].value for path in choice.paths}
    for at, level in enumerate(choice.levels):
        if all(values[path] == value for path, value in level.values.items()):
            return at
    return None


Verdict = Literal["supported", "reachable", "superseded", "unreachable"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on one claim and what it rests on; numbers point into the rows of the survey's grid."""

    verdict: Verdict
    reference: float
    lowest: float
    highest: float
    tried: int
    giving: IntArray
    older: tuple[str, ...]
    nearest: int
    growth: FloatArray
    parts: dict[int, list[Part]]


def judge(claim: Claim, tried: Survey, values: FloatArray, listed: int) -> Judgement:
    """Return the verdict on one claim."""
    growth = values[tried.grid.admissible]
    hit = claim.holds(growth)
    usable = np.isfinite(growth) & tried.admissible
    by_vintage = tried.only_vintage_departs() & hit
    older = tuple(tried.vintages[at] for at in sorted(set(tried.vintage[by_vintage].tolist())))
    gap = np.where(usable, np.abs(growth - claim.growth), np.inf)
    giving = np.flatnonzero(hit & (tried.admissible | by_vintage))
    order = (giving, gap[giving], tried.vintage[giving], ~by_vintage[giving], tried.departures[giving])
    giving = giving[np.lexsort(order)]
    # Float rounding must not decide between protocols that are equally near.
    nearest = int(giving[0]) if giving.size else int(np.lexsort((tried.departures, np.round(gap, 12)))[0])
    listed_protocols = giving[:listed].tolist() if giving.size else [nearest]
    # The least that explains the figure: nothing, older data alone, another ruler, or nothing at all. Older data come
    # before another ruler: among thousands of rulers one will nearly always give an old figure too, and whoever
    # published it has chosen none of them.
    verdict: Verdict = "reachable" if (hit & tried.admissible).any() else "unreachable"
    if by_vintage.any():
        verdict = "superseded"
    if hit[0]:
        verdict = "supported"
    return Judgement(
        verdict=verdict,
        reference=float(growth[0]),
        lowest=float(growth[usable].min()),
        highest=float(growth[usable].max()),
        tried=int(usable.sum()),
        giving=giving,
        older=older,
        nearest=nearest,
        growth=growth,
        parts={number: parts(tried.grid, tried.rows[number], values) for number in listed_protocols},
    )


def published_claims() -> pl.DataFrame:
    """Return claims about TFP growth in China that were published, as they were printed, one row each.

    Columns are those of a table of claims, and `data` (the vintage of the data), `author, year, outlet, place,
    address`, `figure` (``printed``, or ``worked`` from a printed index), `second_hand` and `confidence` of the row as a
    claim.

    >>> published_claims().height
    102
    """
    return pl.read_csv(Path(__file__).with_name("published.csv"), infer_schema=False)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a claim cannot be judged: the word of the column `reason`, and the error that says it of a single claim."""

    code: str
    error: UsageError


@dataclass(frozen=True, slots=True)
class MeasuredClaims:
    """Claims with the measurement that each is held to, of the regions or of the nation, and why some cannot be.

    `first` names protocol and package: the measurement of the regions, or of the nation where there is no other.
    """

    claims: list[Claim]
    reasons: dict[int, Reason]
    regions: Measurement | None
    nation: Measurement | None
    first: Measurement

    @classmethod
    def measure(cls, data: Package, protocol: Ruler, claims: Sequence[Claim]) -> MeasuredClaims:
        """Find the region of every claim, measure what is asked for, and say what cannot be judged."""
        codes = data.tables["accounts"]["region"].unique().sort().to_list() if "accounts" in data.tables else []
        with_codes, reasons = list(claims), dict[int, Reason]()
        for at, claim in enumerate(claims):
            if reason := _out_of_scope(claim):
                reasons[at] = reason
            try:
                with_codes[at] = replace(claim, region=names_of(data).resolve(claim.region, codes))
            except UsageError as error:  # the nation is meant where no region of the package is called so
                if "nation" in data.tables and claim.region.strip().casefold() in nation_codes():
                    with_codes[at] = replace(claim, region=NATION)
                else:
                    reasons.setdefault(at, Reason("region", error))
        needs_nation = {
            claim.region == NATION and NATION not in codes for at, claim in enumerate(with_codes) if at not in reasons
        }
        nation = measure_nation(data, protocol) if True in needs_nation else None
        regions = measure(data, protocol) if nation is None or False in needs_nation else None
        measured = cls(with_codes, reasons, regions, nation, regions or nation or measure(data, protocol))
        for at, claim in enumerate(with_codes):
            late = _unmeasured_reason(measured.ruler(claim), claim) if at not in reasons else None
            if late:
                reasons[at] = Reason("years", late)
        return measured

    def ruler(self, claim: Claim) -> Measurement:
        """Return the measurement that a claim is held to."""
        measurement = self.nation if self.nation is not None and claim.region == NATION else self.regions
        return measurement or self.first


def _out_of_scope(claim: Claim) -> Reason | None:
    """Return why a claim is none about what the ruler measures; None where it is one."""
    if claim.scope != WHOLE:
        return Reason("scope", UsageError("yardstick.claim-scope", claim=claim.where(), scope=claim.scope))
    if claim.method != ACCOUNTS:
        return Reason("method", UsageError("yardstick.claim-method", claim=claim.where(), method=claim.method))
    if abs(claim.figure.growth) * 100 >= convention("largest_growth"):
        written, percent = claim.figure.written, claim.figure.growth * 100
        return Reason("size", UsageError("yardstick.growth-too-large", written=written, percent=percent))
    return None


def _unmeasured_reason(reference: Measurement, claim: Claim) -> UsageError | None:
    """Return why the reference protocol does not measure the years of a claim; None where it does."""
    measured_years = set(reference.frame.filter(region=claim.region)["year"].to_list())
    if not measured_years:
        codes = reference.frame["region"].unique(maintain_order=True).to_list()
        return UsageError("yardstick.claim-region", region=claim.region, known=codes)
    missing = sorted(set(range(claim.start + 1, claim.end + 1)) - measured_years)
    if not missing:
        return None
    years = same(missing[0]) if len(missing) == 1 else span_text(missing[0], missing[-1])
    return UsageError(
        "yardstick.claim-years",
        claim=claim.where(),
        years=years,
        first=min(measured_years) - 1,
        last=max(measured_years),
    )


UNJUDGED = "unjudged"

TYPES = {
    **dict.fromkeys(("reference", "lowest", "highest", "protocol_growth"), pl.Float64),
    **dict.fromkeys(("own_growth", "method_part", "data_part", "band_low", "band_high"), pl.Float64),
    **dict.fromkeys(("protocol", "departure_count"), pl.Int64),
    **dict.fromkeys(
        ("scope", "method", "rate", "stated", "reason", "departures", "older_vintages", "flags"), pl.String
    ),
    **dict.fromkeys(("own_choices", "own_left", "grade"), pl.String),
}


def unjudged_row(claim: Claim, why: Reason | None) -> dict[str, object]:
    """Return the row of a claim of which no verdict is known, in the order of the columns."""
    return {
        **{name: getattr(claim, name) for name in ("region", "start", "end")},
        "written": claim.figure.written,
        "growth": float(claim.figure.growth),
        "rounding": float(claim.figure.rounding),
        **{name: getattr(claim, name) for name in ("source", "scope", "method", "rate", "stated")},
        "verdict": UNJUDGED,
        "reason": why.code if why else None,
        **dict.fromkeys(("reference", "lowest", "highest")),
        **dict.fromkeys(("tried", "giving"), 0),
        **dict.fromkeys(("protocol", "protocol_growth")),
        "departures": "",
        "departure_count": None,
        **dict.fromkeys(("older_vintages", "flags", "own_choices"), ""),
        "own_left": spelt(claim.choices),
        **dict.fromkeys(("own_growth", "method_part", "data_part", "band_low", "band_high", "grade")),
    }


def judged_cells(claim: Claim, verdict: Judgement, tried: Survey, reference: Measurement) -> dict[str, object]:
    """Return what the verdict puts into the row of a claim."""
    # the marks of the figures that the reference answer rests on
    inside = (pl.col("region") == claim.region) & pl.col("year").is_between(claim.start + 1, claim.end)
    words = reference.frame.filter(inside)["flags"].str.split(";").explode().unique().sort()
    return {
        "verdict": verdict.verdict,
        "reference": verdict.reference,
        "lowest": verdict.lowest,
        "highest": verdict.highest,
        "tried": verdict.tried,
        "giving": verdict.giving.size,
        "protocol": verdict.nearest,
        "protocol_growth": float(verdict.growth[verdict.nearest]),
        "departures": tried.labels(np.array([verdict.nearest]))[0],
        "departure_count": int(tried.departures[verdict.nearest]),
        "older_vintages": ";".join(verdict.older),
        "flags": ";".join(word for word in words.to_list() if word),
    }


def source_choice_cells(claim: Claim, stated: StatedGrowth, reference: float) -> dict[str, object]:
    """Return what our data give under the choices that the source states, and what that explains of the difference."""
    growth, feasible = stated.growth(claim.choices, claim.region, claim.start, claim.end)
    if growth is None:
        return {}
    return {
        "own_choices": spelt(feasible),
        "own_left": spelt({path: value for path, value in claim.choices.items() if path not in feasible}),
        "own_growth": growth,
        "method_part": growth - reference,
        "data_part": claim.growth - growth,
    }


def trusted_cells(claim: Claim, reference: Measurement, estimates: Bands | None) -> dict[str, object]:
    """Return how far the reference growth may be trusted: its band where inputs are estimated, and its grade."""
    place = {"region": claim.region, "start": claim.start, "end": claim.end}
    cells: dict[str, object] = {}
    if estimates is not None:
        band = (
            estimates.frame.filter(component=TOGETHER, **place).fill_nan(None).drop_nulls("low").select("low", "high")
        )
        cells |= dict(zip(("band_low", "band_high"), band.row(0), strict=True)) if band.height else {}
    if "grade" in reference.periods.columns:
        graded = reference.periods.filter(**place)["grade"].to_list()
        cells |= {"grade": graded[0]} if graded else {}
    return cells


_KEY = {"region": pl.String, "start": pl.Int64, "end": pl.Int64, "source": pl.String, "order": pl.Int64}
Ordered = Sequence[tuple[Claim, Judgement, Survey]]


def protocol_rows(judged: Ordered) -> pl.DataFrame:
    """Return the protocols that give each claim."""
    schema = {**_KEY, "number": pl.Int64, "departures": pl.String, "departure_count": pl.Int64, "vintage": pl.String}
    frames = [
        pl.DataFrame(
            {
                **{name: [getattr(claim, name)] * verdict.giving.size for name in list(_KEY)[:4]},
                "order": range(1, verdict.giving.size + 1),
                "number": verdict.giving,
                "departures": tried.labels(verdict.giving),
                "departure_count": tried.departures[verdict.giving],
                # -1, the current data, is the last
                "vintage": [[*tried.vintages, ""][at] for at in tried.vintage[verdict.giving].tolist()],
                "growth": verdict.growth[verdict.giving],
            },
            schema={**schema, "growth": pl.Float64},
        )
        for claim, verdict, tried in judged
    ]
    return pl.concat(frames) if frames else pl.DataFrame(schema={**schema, "growth": pl.Float64})


def departure_rows(judged: Ordered) -> pl.DataFrame:
    """Return what each departure contributes."""
    schema = {**_KEY, "number": pl.Int64, "parameter": pl.String, "reference": pl.String, "value": pl.String}
    rows = [
        (claim.region, claim.start, claim.end, claim.source, order, number, *astuple(part))
        for claim, verdict, _ in judged
        for order, (number, part_list) in enumerate(verdict.parts.items(), start=1)
        for part in part_list
    ]
    return pl.DataFrame(rows, schema={**schema, "contribution": pl.Float64}, orient="row")
