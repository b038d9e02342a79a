"""The verb `bands`: how far the growth of estimated years may lie from what is measured, and which regions differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl

from xinzhi.core.arrays import FloatArray, IntArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.protocol import Protocol
from xinzhi.yardstick.audit.audit import Audit
from xinzhi.yardstick.audit.outcomes import compared_regions
from xinzhi.yardstick.estimates.draws import (
    ESTIMATED,
    EVERYTHING,
    PARTS,
    Changes,
    Draws,
    Path,
    draw,
    drawn_growth,
    generator,
    path,
    tfp_growth,
)
from xinzhi.yardstick.estimates.errors import BandsBasis, bands_basis, learn
from xinzhi.yardstick.estimates.intervals import Intervals, intervals, probability_above
from xinzhi.yardstick.estimates.results import ALL, TOGETHER, TOTAL, Bands
from xinzhi.yardstick.estimating import benchmark_investment, common_end, estimated_cells, investment_ends
from xinzhi.yardstick.growth_accounts import build_inputs, with_sum
from xinzhi.yardstick.measure import measure
from xinzhi.yardstick.measurement import Measurement
from xinzhi.yardstick.panel import Panel, Source

Span = tuple[int, int]


def bands(
    measurement: Measurement | Source,
    level: float | None = None,
    *,
    protocols: Audit | None = None,
    spans: Iterable[Span] = (),
    inputs: bool = True,
) -> Bands:
    """Put bands around the growth of the years whose inputs are estimated.

    Parameters
    ----------
    measurement
        What `measure` returns, of a package with estimated years; or the package, which is measured under the default
        protocol.
    level
        Probability with which a band should hold the truth; that of the protocol where None.
    protocols
        An audit of the same package, whose range over protocols then stands beside the bands.
    spans
        Further spans, each after a year up to another, that get the band of all estimated inputs.
    inputs
        Whether each estimated input has a band of its own, beside those of all of them together.

    Raises
    ------
    UsageError, InputError
        When nothing is estimated, or the protocol has no group `estimates`, or its capital is not one stock; when fewer
        than 8 years or 10 regions are there to learn errors from.

    Notes
    -----
    Errors of the rules are learned from the years in which the truth is known, exchanged between regions with shrunken
    scales, and drawn in blocks of years (Künsch 1989, Annals of Statistics 17); `backtest` tests them. A package with a
    part of the declared set takes the errors from the package that the protocol names.

    Examples
    --------
    >>> import xinzhi
    >>> result = xinzhi.bands("china-provinces")
    >>> result.frame.columns[:4]
    ['region', 'start', 'end', 'component']
    """
    if not isinstance(measurement, Measurement):
        measurement = measure(measurement)
    rules, panel = measurement.protocol, measurement.panel
    if not rules.declares("estimates.learn"):
        raise UsageError("yardstick.no-estimates", id=rules.id)
    if not estimated_cells(panel).any():
        raise InputError("yardstick.nothing-estimated")
    band_level = float(rules.value("estimates.level") if level is None else level)
    if not 0 < band_level < 1:
        raise UsageError("yardstick.level-range", level=level)
    count = int(rules.value("estimates.draws"))
    if measurement.accounts is None:
        raise InputError("yardstick.nothing-estimated")
    base = bands_basis(measurement, measurement.accounts)
    panel = base.panel
    errors = learn(base.learned, rules)
    projection = path(panel, rules, _last_measured(base))
    draws = draw(panel, rules, projection, errors, count, generator(rules), learned=base.learned)
    sample = _Sample(base, projection, draws)
    reported = sample.spans()
    newest = [(year - 1, year) for year in panel.years[projection.at[1:]].tolist()]
    newest += [span for span in spans if sample.reaches(span)]
    tables: list[pl.DataFrame] = []
    later: list[pl.DataFrame] = []
    pairs: list[pl.DataFrame] = []
    for component in sample.components() if inputs else (TOGETHER, ALL):
        spans_of = [*dict.fromkeys((*reported, *newest))] if component == TOGETHER else reported
        for span, mean in sample.means(component, spans_of):
            rows_of_span = _rows(sample, component, span, intervals(mean, band_level))
            (tables if span in reported else later).append(rows_of_span)
            if span in reported and component in {TOGETHER, ALL}:
                pairs.append(_pairs(sample, component, span, mean))
    refused = "control_total" if rules.choice("estimates.control_total", "none") == "none" else None
    frame = pl.concat([*tables, *later])
    reported_regions = base.reported
    digests = (
        base.digests
        if reported_regions is None
        else {f"{base.source}/{table}": digest for table, digest in base.digests.items()}
    )
    reported_frame = frame
    if refused:  # without a control total only comparisons between regions hold
        levels = (pl.lit(None, pl.Float64).alias(name) for name in ("median", "low", "high"))
        reported_frame = frame.filter(pl.col("region") != TOTAL).with_columns(levels)
    shared = measurement.shared("bands", level=band_level, learned_from=base.learned_from)
    shared["provenance"] = replace(shared["provenance"], inputs={**measurement.provenance.inputs, **digests})
    return Bands(
        frame=reported_frame if reported_regions is None else _without_comparisons(reported_frame, reported_regions),
        pairs=_decided(pl.concat(pairs), float(rules.value("estimates.decided")), protocols),
        components=_select_regions(_widths(frame), reported_regions),
        coverage=_coverage(measurement, draws),
        scenario=_select_regions(_scenario(base, projection, reported), reported_regions),
        spread=_spread(protocols, reported),
        part=None if reported_regions is None else (len(reported_regions), len(rules.regions)),
        level=band_level,
        decided=float(rules.value("estimates.decided")),
        draws=count,
        refused=refused,
        measurement=measurement,
        **shared,
    )


def _select_regions(frame: pl.DataFrame, regions: tuple[str, ...] | None) -> pl.DataFrame:
    """Return the rows of the regions that are told, of all where None."""
    return frame if regions is None else frame.filter(pl.col("region").is_in(regions))


def _without_comparisons(frame: pl.DataFrame, regions: tuple[str, ...]) -> pl.DataFrame:
    """Return the bands of a part of the declared set: what compares a region with the others needs all of them."""
    compared = ("relative_low", "relative_high", "above_nation", "rank_low", "rank_high")
    return _select_regions(frame, regions).with_columns(
        pl.lit(None, frame.schema[name]).alias(name) for name in compared
    )


def _last_measured(base: BandsBasis) -> int:
    """Return the position of the last year in which every region with estimates is measured."""
    growth = base.accounts.growth.tfp_growth
    finite = np.isfinite(growth)
    columns = np.flatnonzero(finite[finite.any(axis=1)].all(axis=0))
    if not columns.size or columns[-1] <= common_end(base.panel):
        raise InputError("yardstick.nothing-estimated")
    return int(columns[-1])


@dataclass(frozen=True)
class _Sample:
    """Drawn growth of every component, and the official years before it."""

    base: BandsBasis
    projection: Path
    draws: Draws

    @property
    def years(self) -> IntArray:
        """The estimated years."""
        return self.base.panel.years[self.projection.at[1:]]

    def components(self) -> dict[str, tuple[str, ...]]:
        """Return the components that change anything, by name."""
        single_inputs = {name: (name,) for name in EVERYTHING if PARTS[name] in self.draws.parts}
        return {TOGETHER: ESTIMATED, ALL: EVERYTHING, **single_inputs}

    def spans(self) -> list[Span]:
        """Return the periods of the measurement that reach into the estimated years."""
        rows = self.base.periods.select("start", "end").unique(maintain_order=True).rows()
        return [span for span in rows if self.reaches(span)]

    def reaches(self, span: Span) -> bool:
        """Return whether a span ends in the estimated years, and begins where growth is measured."""
        return int(self.years[0]) <= span[1] <= int(self.years[-1]) and span[0] >= int(self.base.panel.years[0])

    def means(self, component: str, spans: Sequence[Span]) -> Iterator[tuple[Span, FloatArray]]:
        """Yield mean growth over each span `(B, R + 1)`: official years as they are, estimated ones as drawn."""
        sums = {span: np.empty((self.draws.count, len(self.projection.rows) + 1)) for span in spans}
        first = 0
        for growth in drawn_growth(self.projection, self.base.rules, self.draws, self.components()[component]):
            for span in spans:
                inside = (self.years > span[0]) & (self.years <= span[1])
                sums[span][first : first + len(growth)] = growth[:, :, inside].sum(axis=2)
            first += len(growth)
        for span in spans:
            yield span, (self._official(span) + sums.pop(span)) / (span[1] - span[0])

    def _official(self, span: Span) -> FloatArray:
        """Return the sum of growth `(R + 1,)` in the years of a span before the first estimate."""
        years = self.base.panel.years
        inside = (years > span[0]) & (years <= min(span[1], int(self.years[0]) - 1))
        return np.asarray(self._measured_growth[:, inside].sum(axis=1))

    @cached_property
    def _measured_growth(self) -> FloatArray:
        """Growth `(R + 1, T)` as measured."""
        return with_sum(self.base.accounts.inputs, self.base.rules, self.projection.rows)[[*self.projection.rows, -1]]

    @cached_property
    def _undrawn(self) -> FloatArray:
        """Growth `(R + 1, H)` of the estimated years without any draw."""
        return np.asarray(tfp_growth(self.projection, self.base.rules, Changes())[0])

    def measured(self, span: Span) -> FloatArray:
        """Return mean growth `(R + 1,)` as measured, without any draw."""
        inside = (self.years > span[0]) & (self.years <= span[1])
        return np.asarray((self._official(span) + self._undrawn[:, inside].sum(axis=1)) / (span[1] - span[0]))

    @property
    def regions(self) -> list[str]:
        """The regions that are complete in every estimated year."""
        return [self.base.panel.regions[row] for row in self.projection.rows.tolist()]


def _rows(sample: _Sample, component: str, span: Span, statement: Intervals) -> pl.DataFrame:
    """Return the bands of one component and span; of the sum of all regions what does not compare it with itself."""
    regions = [*sample.regions, TOTAL]
    columns = {name: pl.Series(getattr(statement, name), dtype=pl.Float64) for name in Intervals.__slots__}
    columns["measured"] = pl.Series(sample.measured(span))
    padded = {name: values.extend_constant(None, len(regions) - len(values)) for name, values in columns.items()}
    place = {"start": span[0], "end": span[1], "component": component}
    return pl.DataFrame({"region": regions, **padded}).select(
        "region",
        *(
            pl.lit(value).cast(pl.String if name == "component" else pl.Int64).alias(name)
            for name, value in place.items()
        ),
        pl.exclude("region", "rank_low", "rank_high", "measured"),
        pl.col("rank_low", "rank_high").cast(pl.Int64),
        "measured",
    )


def _pairs(sample: _Sample, component: str, span: Span, mean: FloatArray) -> pl.DataFrame:
    """Return every pair of the regions that are compared once, the one more probably above first."""
    # Of a part of the declared set there are none: which region is above which is said of all of them.
    compared = compared_regions(sample.measured(span)[:-1]) if sample.base.reported is None else np.arange(0)
    names = pl.Series("region", [sample.regions[at] for at in compared.tolist()], dtype=pl.String)
    chance = probability_above(mean[:, compared])
    row, column = np.triu_indices(len(compared), 1)
    first = chance[row, column] >= chance[column, row]
    high, low = np.where(first, row, column), np.where(first, column, row)
    return pl.DataFrame({"region": names[high], "other": names[low]}).select(
        "region",
        "other",
        start=pl.lit(span[0], pl.Int64),
        end=pl.lit(span[1], pl.Int64),
        component=pl.lit(component),
        probability=pl.Series(chance[high, low], dtype=pl.Float64),
    )


def _decided(pairs: pl.DataFrame, decided: float, protocols: Audit | None) -> pl.DataFrame:
    """Return the pairs with whether they differ significantly, and the share of protocols with the same order."""
    pairs = pairs.with_columns(decided=pl.col("probability") >= decided)
    if protocols is None:
        return pairs.with_columns(protocols=pl.lit(None, pl.Float64))
    share = protocols.reversals.rename({"above": "protocols"})
    return pairs.join(share, on=["region", "other", "start", "end"], how="left", maintain_order="left")


def _widths(frame: pl.DataFrame) -> pl.DataFrame:
    """Return half-widths of the bands by region, period and component, the widest input alone marked."""
    single = ~pl.col("component").is_in([TOGETHER, ALL])
    period = ["region", "start", "end"]
    return frame.select(
        *period,
        "component",
        half_width=(pl.col("high") - pl.col("low")) / 2,
        relative_half_width=(pl.col("relative_high") - pl.col("relative_low")) / 2,
    ).with_columns(
        widest=single & pl.col("half_width").eq_missing(pl.col("half_width").filter(single).max().over(period))
    )


RULES = {
    "investment": "estimates.investment_rule",
    "investment_price": "capital.price_after_official",
    "labour_share": "shares.after",
    "schooling": "estimates.schooling_rule",
    "employment": "labour.breaks",
}


def _coverage(measurement: Measurement, draws: Draws) -> pl.DataFrame:
    """Return where the official figures of each input end, the rule after it, and whether the band counts its error."""
    official_years = dict(measurement.coverage.select("series", "last_official_year").iter_rows())
    ends = investment_ends(measurement.panel)
    later = measurement.panel.years[ends[ends >= 0]].max() if (ends >= 0).any() else None
    rows = [
        {
            "input": name,
            "last_official_year": official_years.get(name),
            "latest_official_year": int(later)
            if name == "investment" and later is not None
            else official_years.get(name),
            "rule": measurement.protocol.choice(path, "-"),
            "counted": PARTS[name] in draws.parts,
        }
        for name, path in RULES.items()
    ]
    years = {"last_official_year": pl.Int64, "latest_official_year": pl.Int64}
    return pl.DataFrame(rows, schema_overrides=years)


def _scenario(base: BandsBasis, projection: Path, spans: list[Span]) -> pl.DataFrame:
    """Return growth if the fall of investment rates beyond that of all regions was correction of inflated figures."""
    rules, panel = base.rules, base.panel
    schema = {"region": pl.String, "start": pl.Int64, "end": pl.Int64}
    numbers = dict.fromkeys(("inflation", "measured", "corrected", "difference"), pl.Float64)
    if not rules.declares("estimates.correction_years"):
        return pl.DataFrame(schema={**schema, **numbers})
    growing, falling = rules.value("estimates.correction_years")
    corrected, excess = _deflated(panel, rules, growing, falling)
    inputs, _ = build_inputs(corrected, rules)
    before, after = (with_sum(inputs_of, rules, projection.rows) for inputs_of in (base.accounts.inputs, inputs))
    rows = [*projection.rows.tolist(), len(panel.regions)]
    names, factor = [*panel.regions, TOTAL], np.exp(-np.append(excess, np.nan))
    tables = []
    for start, end in spans:
        inside = (panel.years > start) & (panel.years <= end)
        old, new = before[:, inside].mean(axis=1), after[:, inside].mean(axis=1)
        tables.append(
            pl.DataFrame(
                {
                    "region": [names[row] for row in rows],
                    "start": [start] * len(rows),
                    "end": [end] * len(rows),
                    "inflation": factor[rows],
                    "measured": old[rows],
                    "corrected": new[rows],
                    "difference": (new - old)[rows],
                },
                schema={**schema, **numbers},
            )
        )
    return pl.concat(tables).with_columns(pl.col(list(numbers)).fill_nan(None))


def _deflated(panel: Panel, rules: Protocol, growing: Span, falling: Span) -> tuple[Panel, FloatArray]:
    """Return the panel with investment of the suspect years scaled down, and the log excess of every region `(R,)`.

    The rate is that of the investment that the protocol measures with: what its benchmark has taken out of the years
    before 2017 is corrected already, and not a second time.
    """
    nominal = panel.investment["investment_nominal"]
    counted, _ = benchmark_investment(panel, rules)
    at = [int(year - panel.years[0]) for year in falling]
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = np.log(counted.investment["investment_nominal"].sum(axis=0) / panel.account("output_nominal"))
    fall = rate[:, at[1]] - rate[:, at[0]]
    weight = np.where(np.isfinite(fall), panel.account("output_nominal")[:, at[1]], 0.0)
    excess = np.minimum(np.nan_to_num(fall - np.average(np.nan_to_num(fall), weights=weight)), 0.0)
    rising = np.clip((panel.years - growing[0]) / (growing[1] - growing[0]), 0, 1)
    ebbing = np.clip((falling[1] - panel.years) / (falling[1] - falling[0]), 0, 1)
    factor = np.exp(excess[:, None] * np.minimum(rising, ebbing))
    return replace(panel, investment={**panel.investment, "investment_nominal": nominal * factor}), excess


def _spread(protocols: Audit | None, spans: list[Span]) -> pl.DataFrame:
    """Return the range of growth over protocols, where an audit was given."""
    period = {"start": pl.Int64, "end": pl.Int64}
    if protocols is None:
        bounds = dict.fromkeys(("protocol_low", "protocol_high"), pl.Float64)
        return pl.DataFrame(schema={"region": pl.String, **period, **bounds})
    periods = pl.DataFrame(spans, schema=period, orient="row")
    return protocols.frame.join(periods, on=["start", "end"], how="semi").select(
        "region", "start", "end", protocol_low=pl.col("p05"), protocol_high=pl.col("p95")
    )
