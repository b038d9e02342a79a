"""The verbs `peers`, the regions whose structure was nearest, and `gaps`, how far growth falls short of theirs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from statistics import NormalDist, median
from typing import Any

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core import parameters
from xinzhi.core.arrays import FloatArray
from xinzhi.core.errors import InputError
from xinzhi.core.regression import benjamini_hochberg
from xinzhi.core.result import Facts, Result
from xinzhi.core.text import Text, span_text
from xinzhi.data import Package, as_package
from xinzhi.yardstick.estimates.results import Bands
from xinzhi.yardstick.measurement import Measurement
from xinzhi.yardstick.periods import FAILED
from xinzhi.yardstick.view import View

setting = partial(parameters.setting, Path(__file__).with_name("diagnosis.yaml"))


PEER_SCHEMA = {"region": pl.String, "peer": pl.String, "place": pl.Int64, "distance": pl.Float64, "far": pl.Boolean}

SHARES = {"sector_accounts": ("sector", "output_nominal"), "activity_sections": ("section", "employment")}
SCALES = {"log": pl.Expr.log, "root": pl.Expr.sqrt}


Figures = Mapping[str, Mapping[str, float | None]]  # of regions, by name


@dataclass(frozen=True, repr=False, kw_only=True)
class Peers(Result, verb="peers", topic="brief", key=("region", "place")):
    """Whom every region is like: a row of `frame` for each of its nearest regions.

    `structure` has the measures behind the distance, `year` the year that they are of, `missing` those that the package
    lacks; `without` has for each measure the peers of every region when it is left out.
    """

    structure: pl.DataFrame
    year: int
    missing: tuple[str, ...]
    without: Mapping[str, Mapping[str, Sequence[str]]]

    def facts(self) -> Facts:
        """Return what the distance is made from."""
        facts: Facts = {"peers.measures": {"names": self.measures, "year": self.year}}
        if self.missing:
            facts["peers.missing"] = {"names": [words.brief.measure_of(name) for name in self.missing]}
        return facts

    @property
    def measures(self) -> list[Text]:
        """Return what the measures of the distance are called."""
        return [words.brief.measure_of(name) for name in self.structure.columns[1:]]

    def codes(self, region: str) -> list[str]:
        """Return the codes of the peers of a region, the nearest first."""
        return list(self._codes_by_region.get(region, ()))

    @cached_property
    def _codes_by_region(self) -> Mapping[str, Sequence[str]]:
        return dict(self.frame.sort("place").group_by("region", maintain_order=True).agg("peer").iter_rows())

    def hangs(self, region: str) -> tuple[str, int] | None:
        """Return the measure that the peers of a region hang on, and how many stay without it; None where on none."""
        peer_codes = set(self.codes(region))
        stay = {name: len(peer_codes & set(variants.get(region, ()))) for name, variants in self.without.items()}
        name = min(stay, key=lambda measure: stay[measure], default=None)
        return None if name is None or stay[name] >= setting("peers.kept") * len(peer_codes) else (name, stay[name])

    def labels(self, region: str) -> list[Text]:
        """Return the names of the peers of a region."""
        return [self.names.region(code) for code in self.codes(region)]


def peers(measurement: Measurement, package: Package | str | Mapping[str, object], *, year: int | None = None) -> Peers:
    """Find the regions whose structure is nearest, by standardised differences in declared measures.

    Parameters
    ----------
    measurement, package
        What `measure` returns, and of which package: it has sectors, output per person, schooling, density and so on.
    year
        The year of the structure; None: the start of the newest period, so that nobody is chosen for how it grew.

    Notes
    -----
    The distance of two regions is the root mean square of their differences, each measure divided by its standard
    deviation over the regions. The measures and their number stand in ``diagnosis.yaml``. A peer is `far` beyond the
    upper quartile of the distances of all regions to their peers.

    Examples
    --------
    >>> import xinzhi
    >>> package = xinzhi.load("china-provinces")
    >>> found = peers(xinzhi.measure(package), package)
    >>> [name.en for name in found.labels("220000")][:2]
    ['Hebei', 'Liaoning']
    """
    data = as_package(package)
    at = View(measurement).spans[-1].start if year is None else year
    table, missing = structure(measurement, data, at)
    least = int(setting("peers.least"))
    if table.height <= least:
        raise InputError("yardstick.no-peers", year=at, n=table.height, least=least + 1)
    codes, measures = table["region"].to_list(), table.columns[1:]
    distance = distances(table.drop("region").to_numpy())
    count = min(int(setting("peers.count")), len(codes) - 1)
    nearest = [_nearest_positions(line, position, count) for position, line in enumerate(distance)]
    limit = float(np.quantile(np.take_along_axis(distance, np.array(nearest), axis=1), setting("peers.far")))
    rows = [
        (code, codes[neighbour], place, float(line[neighbour]), bool(line[neighbour] > limit))
        for code, line, neighbours in zip(codes, distance, nearest, strict=True)
        for place, neighbour in enumerate(neighbours, 1)
    ]
    without = {}
    for name in measures if len(measures) > 1 else ():
        lines = distances(table.drop("region", name).to_numpy())
        nearest_without = {
            code: _nearest_positions(line, at, count) for at, (code, line) in enumerate(zip(codes, lines, strict=True))
        }
        without[name] = {
            code: [codes[neighbour] for neighbour in neighbours] for code, neighbours in nearest_without.items()
        }
    return Peers(
        frame=pl.DataFrame(rows, schema=PEER_SCHEMA, orient="row"),
        structure=table,
        year=at,
        missing=tuple(missing),
        without=without,
        **measurement.shared("peers", year=at),
    )


def structure(measurement: Measurement, package: Package, year: int) -> tuple[pl.DataFrame, list[str]]:
    """Return the measures of a year for the regions that have all that are there, and the names of those missing."""
    table = measurement.inputs.filter(year=year).select("region").unique().sort("region")
    missing = []
    for name, how in setting("peers.of").items():
        if "unless" in how and how["unless"] in table.columns:
            continue
        column = _column(measurement, package, year, how)
        joined = None if column is None else table.join(column.rename({"value": name}), on="region", how="left")
        if joined is None or joined[name].count() <= table.height // 2:  # a measure of few would cost the others
            missing.append(name)
            continue
        table = joined
    complete = table.drop_nulls()
    flat = [name for name in complete.columns[1:] if complete[name].n_unique() < 2]  # noqa: PLR2004 - all alike
    return complete.drop(flat), [*missing, *flat]


def _column(measurement: Measurement, package: Package, year: int, how: Mapping[str, Any]) -> pl.DataFrame | None:
    """Return ``region, value`` of one measure; None where the package has none."""
    if how["from"] == "inputs":
        return measurement.inputs.filter(year=year).select("region", value=(pl.col("output") / pl.col("labour")).log())
    table = package.tables.get(how["from"])
    if table is None:
        return None
    if how["from"] in SHARES:
        key, value = SHARES[how["from"]]
        if value not in table.columns:
            return None
        shares = table.filter(year=year).with_columns(value=pl.col(value) / pl.col(value).sum().over("region"))
        values = shares.filter(pl.col(key) == how[key]).select("region", "value")
    else:
        rows = package.tables["accounts"].filter(year=year)
        if how["from"] == "regions":
            rows = rows.join(table.select(set(table.columns) & {"region", how["over"]}), on="region", how="left")
        if not {how["column"], how.get("over", "region")} <= set(rows.columns):
            return None
        values = rows.select("region", value=pl.col(how["column"]) / (pl.col(how["over"]) if "over" in how else 1))
    return values.with_columns(SCALES[how["scale"]](pl.col("value"))) if "scale" in how else values


def distances(values: FloatArray) -> FloatArray:
    """Return the root mean square of standardised differences between all rows `(R, R)`."""
    scaled = values / values.std(axis=0, ddof=1)
    gaps = scaled[:, None, :] - scaled[None, :, :]
    root: FloatArray = np.sqrt((gaps**2).mean(axis=2))
    return root


def _nearest_positions(line: FloatArray, position: int, count: int) -> Sequence[int]:
    """Return the positions of the nearest others; of equals the first by code."""
    return [int(neighbour) for neighbour in np.argsort(line, kind="stable") if neighbour != position][:count]


FACTORS = ("deepening", "human_capital", "tfp", "allocation")
LEVELS = {"deepening": "capital_output", "human_capital": "human_capital"}
SCHEMA = {
    "region": pl.String, "start": pl.Int64, "end": pl.Int64, "factor": pl.String, "own": pl.Float64,
    "peers": pl.Float64, "gap": pl.Float64, "low": pl.Float64, "high": pl.Float64, "banded": pl.Boolean,
    "least": pl.Float64, "most": pl.Float64, "steady": pl.Boolean, "p": pl.Float64, "q": pl.Float64,
    "level": pl.Float64, "level_peers": pl.Float64, "scarce": pl.Boolean,
    "reliable": pl.Boolean, "sure": pl.Boolean, "place": pl.Int64,
    "own_other": pl.Float64, "peers_other": pl.Float64, "gap_other": pl.Float64,
}  # fmt: skip


@dataclass(frozen=True, repr=False, kw_only=True)
class Gaps(Result, verb="gaps", topic="brief", key=("region", "factor")):
    """By how much growth of output per worker falls short of the median of the peers, source by source.

    A row of `frame` is a region and a source: growth from it, that of the median peer, the `gap` (log points a year,
    positive where the region falls short) with its band, the `least` and the `most` that it is when the peers are
    chosen without any one of the measures, whether it holds whichever peer or measure is left out (`steady`), its p
    value `p` and that over all gaps (`q`), and whether the region is surely short (`sure`); `place` counts those, the
    largest first. ``own_other, peers_other, gap_other`` are those of reallocation under another assumption, where one
    was given. `level` is that of the bands.
    """

    peers: Peers
    start: int
    end: int
    split: bool
    level: float

    def of_region(self, region: str) -> list[dict[str, Any]]:
        """Return the largest shortfalls of a region, sure ones first, as many as are named."""
        most, least = int(setting("gaps.most")), setting("gaps.least")
        rows = self.frame.filter(pl.col("region") == region, pl.col("gap") >= least)
        return rows.sort("sure", "gap", descending=True).head(most).to_dicts()

    def facts(self) -> Facts:
        """Return how many gaps have a band above zero, how many chance would show, and how many are sure."""
        return {"gaps.counted": self.counts()} if self.frame["banded"].any() else {"gaps.no_bands": {}}

    def counts(self) -> dict[str, object]:
        """Return how many gaps have a band, how many lie above zero and would by chance, and how many are sure."""
        banded = self.frame.filter("banded")
        return {
            "span": span_text(self.start, self.end),
            "regions": self.frame["region"].n_unique(),
            "of": banded.height,
            "above": banded.filter(pl.col("low") > 0).height,
            "chance": round(banded.height * (1 - self.level) / 2),
            "all": banded["sure"].sum(),
            "rate": setting("gaps.false_discovery"),
        }


def gaps(
    measurement: Measurement,
    peers: Peers,
    *,
    bands: Bands | None = None,
    allocation: pl.DataFrame | None = None,
    alternative: pl.DataFrame | None = None,
) -> Gaps:
    """Hold the sources of growth of output per worker of every region against the median of its peers.

    Parameters
    ----------
    measurement, peers
        What `measure` and `peers` return; of the periods the newest is read.
    bands
        What `bands` returns, for the band of each gap; without them inputs are taken as they are.
    allocation
        ``region, start, end, allocation`` as `sources.decompose` gives it in its `periods`: where it has the same
        period, reallocation stands beside the residual that it is part of. Nobody knows its error, so that its gap
        has no band and is never sure.
    alternative
        The same under another assumption: the range of the gap then holds both, and it is steady where both agree.

    Notes
    -----
    Growth of output per worker is capital deepening (contributions of capital and labour less the growth of labour),
    human capital, and the residual. A gap is the median of the peers less the region. Its band adds the errors of the
    region and of a median of n peers, sqrt(h² + π/(2n) · mean of the peers' h²); those of an input move its own
    contribution by as much as they move the residual. A region is surely short where the band lies above zero, its
    sign holds whichever peer is left out, the band lies above zero too for the peers chosen without any one of the
    measures, the data of the region in the period before do not fail admission (its stocks start from them), the factor
    is scarce (capital only where it is no more abundant relative to output than at the peers, since its return is then
    no lower than theirs), and the gap survives over all gaps that have a band: Benjamini and Hochberg (1995) on the
    one-sided p values of a normal error.

    Examples
    --------
    >>> import xinzhi
    >>> from xinzhi.yardstick import peers
    >>> package = xinzhi.load("china-provinces")
    >>> measured = xinzhi.measure(package)
    >>> found = gaps(measured, peers(measured, package))
    >>> found.frame["factor"].unique(maintain_order=True).to_list()
    ['deepening', 'human_capital', 'tfp']
    """
    span = View(measurement).spans[-1]
    rows = measurement.periods.filter(start=span.start, end=span.end)
    factors = rows.select(
        "region",
        deepening=pl.col("capital_contribution") + pl.col("labour_contribution") - pl.col("labour_growth"),
        human_capital="human_capital_contribution",
        tfp="tfp_growth",
    )
    allocations = (
        None if allocation is None else allocation.filter(start=span.start, end=span.end).drop_nulls("allocation")
    )
    split = allocations is not None and not allocations.is_empty()
    if split and allocations is not None:
        factors = factors.join(allocations.select("region", "allocation"), on="region", how="left")
    levels = measurement.inputs.filter(year=span.start).select(
        "region", capital_output=pl.col("capital") / pl.col("output"), human_capital="human_capital"
    )
    half, failed = _halves(bands, span.start, span.end), []
    *earlier, _ = View(measurement).spans
    if earlier and "grade" in measurement.periods.columns:  # whose data fail admission in the period before
        rows = measurement.periods.filter(start=earlier[-1].start, end=earlier[-1].end, grade=FAILED)
        failed = rows["region"].to_list()
    values = {row["region"]: row for row in factors.iter_rows(named=True)}
    stocks = {row["region"]: row for row in levels.iter_rows(named=True)}

    def table(factors_by_region: Figures, factors: Sequence[str], half: dict[tuple[str, str], float]) -> pl.DataFrame:
        rows_of_gaps = (
            _gap(
                code,
                [code_of_peer for code_of_peer in peers.codes(code) if code_of_peer in factors_by_region],
                factor,
                factors_by_region,
                stocks,
                half,
            )
            for code in factors_by_region
            for factor in factors
        )
        rows = [{"start": span.start, "end": span.end, **gap_row} for gap_row in rows_of_gaps if gap_row]
        return _leave_one_measure_out(pl.DataFrame(rows, schema=SCHEMA), peers, factors_by_region, half)

    frame = table(values, [factor for factor in FACTORS if factor in factors.columns], half)
    if split and alternative is not None:
        alternatives = dict(
            alternative.filter(start=span.start, end=span.end).select("region", "allocation").iter_rows()
        )
        theirs = {code: {"allocation": alternatives.get(code)} for code in values}
        frame = _with_alternative(frame, table(theirs, ["allocation"], {}))
    level = 0.0 if bands is None else bands.level
    normal, width = NormalDist(), frame["high"] - frame["gap"]
    z = normal.inv_cdf((1 + level) / 2)
    # the chance of a gap at least as large if there were none; NaN without a band
    chances = [
        1 - normal.cdf(gap * z / half) if banded else math.nan
        for gap, half, banded in zip(frame["gap"], width, frame["banded"], strict=True)
    ]
    chance = pl.Series("p", chances, dtype=pl.Float64)
    frame = frame.with_columns(chance, pl.Series("q", benjamini_hochberg(chance.to_numpy())))
    frame = frame.with_columns(pl.col("p", "q").fill_nan(None), reliable=~pl.col("region").is_in(failed))
    frame = frame.with_columns(
        sure=pl.col("sure")
        & pl.col("steady")
        & pl.col("reliable")
        & (pl.col("q") <= setting("gaps.false_discovery")).fill_null(value=False)
    )
    turn = pl.when("sure").then(pl.col("gap").rank("ordinal", descending=True).over("region", "sure"))
    return Gaps(
        frame=frame.with_columns(place=turn.cast(pl.Int64)),
        peers=peers,
        start=span.start,
        end=span.end,
        split=split,
        level=level,
        **measurement.shared("gaps", peers=peers.year),
    )


def _leave_one_measure_out(
    frame: pl.DataFrame, peers: Peers, values: Figures, half: dict[tuple[str, str], float]
) -> pl.DataFrame:
    """Add the range of every gap over the peers chosen without one measure; steady only where all agree."""
    ranges = []
    for code, factor, gap in frame.select("region", "factor", "gap").iter_rows():
        sides, low = [gap], math.inf
        for theirs in peers.without.values():
            growth = _measured(theirs[code], factor, values)
            own = values[code][factor]
            if own is not None and len(growth) >= int(setting("peers.least")):
                sides.append(median(growth.values()) - own)
                low = min(low, sides[-1] - _width(code, list(growth), factor, half))
        ranges.append((min(sides), max(sides), low > 0))
    range_table = pl.DataFrame(
        ranges, schema={"least": pl.Float64, "most": pl.Float64, "kept": pl.Boolean}, orient="row"
    )
    above, holds = pl.col("low") > 0, pl.col("least") * pl.col("most") > 0
    return (
        frame.drop("least", "most")
        .hstack(range_table)
        .with_columns(steady=pl.col("steady") & pl.when(pl.col("banded") & above).then("kept").otherwise(holds))
        .drop("kept")
        .select(list(SCHEMA))
    )


def _with_alternative(frame: pl.DataFrame, alternative: pl.DataFrame) -> pl.DataFrame:
    """Let gaps hold what they are under another assumption; steady only where both agree."""
    same, names = ["region", "factor"], ("own", "peers", "gap", "least", "most", "steady")
    base = frame.drop("own_other", "peers_other", "gap_other")
    joined = base.join(alternative.select(*same, *names), on=same, how="left", suffix="_other", maintain_order="left")
    alike = pl.col("gap") * pl.col("gap_other") > 0
    return joined.with_columns(
        least=pl.min_horizontal("least", "least_other"),
        most=pl.max_horizontal("most", "most_other"),
        steady=pl.col("steady") & (pl.col("steady_other") & alike).fill_null(value=True),
    ).select(list(SCHEMA))


def _halves(bands: Bands | None, start: int, end: int) -> dict[tuple[str, str], float]:
    """Return half of the band, relative to all regions, that errors of the inputs of a factor make."""
    if bands is None:
        return {}
    rows = bands.components.filter(start=start, end=end).select("region", "component", "relative_half_width").rows()
    widths = {(region, component): value for region, component, value in rows}
    return {
        (region, factor): math.sqrt(sum((widths.get((region, name)) or 0.0) ** 2 for name in names))
        for region in {code_of_region for code_of_region, _ in widths}
        for factor, names in setting("gaps.errors").items()
    }


def _gap(
    code: str,
    peer_codes: Sequence[str],
    factor: str,
    values: Figures,
    stocks: Figures,
    half: dict[tuple[str, str], float],
) -> dict[str, object] | None:
    """Return one row: the gap, its band, and whether it is sure; None where a figure or enough peers are missing."""
    theirs = list(_measured(peer_codes, factor, values).values())
    value = values[code][factor]
    if value is None or len(theirs) < int(setting("peers.least")):
        return None
    gap = median(theirs) - value
    width = _width(code, peer_codes, factor, half)
    without = [median(theirs[:i] + theirs[i + 1 :]) - value for i in range(len(theirs))]
    steady = min(without) > 0 or max(without) < 0
    judged = factor in setting("gaps.errors")  # of the others no error is known
    level, level_peers = _levels(code, peer_codes, factor, stocks)
    digits = int(setting("gaps.level_digits"))  # that are told
    has_levels = factor == "deepening" and level is not None and level_peers is not None
    scarce = not has_levels or round(level or 0.0, digits) <= round(level_peers or 0.0, digits)
    return {
        "region": code,
        "factor": factor,
        "own": value,
        "peers": median(theirs),
        "gap": gap,
        "low": gap - width,
        "high": gap + width,
        "banded": width > 0,
        "steady": steady,
        "level": level,
        "level_peers": level_peers,
        "scarce": scarce,
        "reliable": True,
        "sure": judged and gap - width > 0 and scarce and gap >= setting("gaps.least"),
    }


def _measured(codes: Sequence[str], name: str, values: Figures) -> dict[str, float]:
    """Return a figure of the regions that have it."""
    figures = {code: values[code][name] for code in codes if code in values}
    return {code: figure for code, figure in figures.items() if figure is not None}


def _width(code: str, peer_codes: Sequence[str], factor: str, half: dict[tuple[str, str], float]) -> float:
    """Return half of the band of a gap: the errors of the region and of the median of its peers."""
    theirs = [half.get((peer, factor), 0.0) ** 2 for peer in peer_codes]
    return math.sqrt(half.get((code, factor), 0.0) ** 2 + math.pi / 2 * sum(theirs) / len(theirs) ** 2)


def _levels(code: str, peer_codes: Sequence[str], factor: str, stocks: Figures) -> tuple[float | None, float | None]:
    """Return the stock behind a factor at the start, of the region and of the median of its peers."""
    name = LEVELS.get(factor)
    theirs = {} if name is None else _measured(peer_codes, name, stocks)
    if name is None or code not in stocks or not theirs:
        return None, None
    return stocks[code][name], median(theirs.values())
