"""Pathways: what regions can enter, who catches up and overtakes, how alike structures and plans are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from xinzhi import pathways
from xinzhi.core.arrays import AnyFrame
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.flags import marked_span
from xinzhi.core.names import Names
from xinzhi.core.parameters import setting
from xinzhi.data import Field, Package, RawTable, names_of, tidy, units
from xinzhi.protocol import Protocol
from xinzhi.protocol import load as read_protocol
from xinzhi.studies.plan import PANEL, PlanEvidence, add_complexity, add_opportunities, regions_of
from xinzhi.studies.study import (
    LEAST,
    PROTOCOL,
    SILENT,
    Asked,
    Draft,
    Progress,
    Study,
    enough_draws,
    first_line,
    options,
    year_of,
)
from xinzhi.studies.tables import Plain, is_plain, period_of, read_plain, require_file
from xinzhi.yardstick import Measurement, bands, measure

Spans = tuple[tuple[int, int], tuple[int, int]]
LEAST_YEARS = setting(LEAST, "fewest_years")


@dataclass(frozen=True, slots=True, kw_only=True)
class PathsOptions:
    """What can be asked of `paths`; the words for each stand in ``words/options.yaml``."""

    year: int | None = None
    anchor: str | None = None
    region: str | None = None
    threshold: float = 1.0
    clubs: bool = False
    backtest: str | None = None
    place: str | None = None
    activity: str | None = None
    value: str | None = None
    draws: int | None = None
    protocol: Protocol | str = PROTOCOL
    encoding: str | None = None

    def __post_init__(self) -> None:
        """Refuse too few draws."""
        enough_draws(self.draws, "draws_paths")

    @property
    def spans(self) -> Spans | None:
        """The training and the test span."""
        if self.backtest is None:
            return None
        try:
            (a, b), (c, d) = (tuple(int(one) for one in part.split(":")) for part in self.backtest.split(","))
        except ValueError:
            raise UsageError("studies.spans", backtest=self.backtest) from None
        return (a, b), (c, d)


def paths(
    source: AnyFrame,
    *,
    measurement: Measurement | None = None,
    evidence: PlanEvidence | None = None,
    deeper: bool = True,
    progress: Progress = SILENT,
    **asked: Asked,
) -> Study:
    """Study the pathways of a package, or of a plain table of places, activities and amounts.

    Parameters
    ----------
    source, progress, asked
        As in `study`; also a table with `place`, `activity` and `value`. The options are the fields of `PathsOptions`.
    measurement, evidence
        The measurement of the package, and what plans name and regions are able to do, where they are at hand.
    deeper
        Whether there is more of a package than complexity and what each region could enter.

    Examples
    --------
    >>> import xinzhi
    >>> made = xinzhi.studies.paths("china-provinces", clubs=True)
    >>> list(made.results)
    ['clubs', 'beta', 'sigma', 'overtaking', 'northeast']
    """
    wish: PathsOptions = options(PathsOptions, asked)
    _ = wish.spans  # a span that cannot be read is an error before the work
    if is_plain(source):
        return _of_table(read_plain(source, wish.encoding, text=_keys(wish)), wish)
    require_file(source, only_suffixed=True)
    if wish.place or wish.activity or wish.value:
        raise UsageError("studies.columns-of-table", options="--place, --activity, --value", source=source)
    draft, package = Draft.of("paths", source, wish.encoding, progress)
    region = draft.code(wish.region, regions_of(package))
    measured = measurement or measured_or_noted(package, wish.protocol, draft)
    if not wish.clubs:
        progress.step("space")
        ways: dict[str, Any] = {"year": wish.year, "anchor": wish.anchor, "threshold": wish.threshold}
        found, year = add_complexity(package, draft, **ways)
        held = None if deeper else evidence or PlanEvidence(package)
        if found is not None and deeper:
            # amounts are drawn by units of the package: jobs come in plants of many persons
            scale = units.parse(package.units.get("activity", {}).get("employment", "persons")).scale
            lump = float(pathways.conventions("uncertainty")["lump"]) / float(scale)
            _add_intervals(found, _draws(wish, lump), draft)
        if found is not None:  # deeper, what plans name has a section of its own
            add_opportunities(package, draft, found, year, evidence=held)
    if deeper:
        _add_deeper(package, measured, wish, draft, progress)
    names = names_of(package)
    for key, result in draft.results.items():
        if isinstance(result, pathways.Opportunities):
            draft.results[key] = replace(result, measured=replace(result.measured, names=names))
    return draft.done(names, region)


def _add_deeper(
    package: Package, measured: Measurement | None, wish: PathsOptions, draft: Draft, progress: Progress
) -> None:
    """Add how alike structures are, who converges and overtakes, and the test out of time."""
    if not wish.clubs:
        progress.step("alike")
        likeness = None
        if "activity" in package.tables:
            likeness = draft.add("likeness", lambda: pathways.isomorphism(package, draws=wish.draws))
        if likeness is not None and likeness.choice is not None:  # the plans have a section of their own
            draft.results["likeness"] = replace(likeness, choice=None)
            draft.results["choices"] = likeness.choice
    progress.step("together")
    _add_together(package, measured, wish, draft)
    if not wish.clubs:
        progress.step("test")
        _add_backtest(package, wish, draft)


def measured_or_noted(
    package: Package, protocol: Protocol | str, draft: Draft, note: str = "not-measured"
) -> Measurement | None:
    """Return the measurement of a package; where it does not reach so far, None and a note."""
    rules = read_protocol(protocol)
    try:
        return measure(package, rules)
    except InputError as error:
        draft.note(note, why=first_line(error))
        return None


def _draws(wish: PathsOptions, unit: float = 1.0) -> pathways.Draws:
    chosen = pathways.Draws(density=False, unit=unit)
    return chosen if wish.draws is None else replace(chosen, draws=wish.draws)


def _add_convergence(
    frame: pl.DataFrame | RawTable,
    keys: dict[str, Any],
    rules: pathways.ClubRules | None,
    draft: Draft,
    errors: dict[str, float] | None = None,
) -> None:
    draft.add("clubs", lambda: pathways.clubs(frame, **keys, rules=rules))
    draft.add("beta", lambda: pathways.beta_convergence(frame, **keys))
    draft.add("sigma", lambda: pathways.sigma_convergence(frame, **keys))
    draft.add("overtaking", lambda: pathways.lead_changes(frame, **keys, errors=errors))


def _add_intervals(found: pathways.Complexity, draws: pathways.Draws, draft: Draft) -> None:
    """Add the intervals of the ranks, and hand them to the result whose ranks they are."""
    made = draft.add("intervals", lambda: pathways.uncertainty(found, draws=draws))
    if made is not None:
        rows = made.frame.select("place", "rank_low", "rank_high").rows()
        draft.results["complexity"] = replace(found, ranges={place: (low, high) for place, low, high in rows})


def _growth_errors(measurement: Measurement) -> dict[str, float]:
    """Return half of the band of growth beside the nation's over the longest span, by region; none without bands."""
    try:
        found = bands(measurement).frame.filter(component="everything").drop_nulls(["relative_low", "relative_high"])
    except (InputError, UsageError):
        return {}
    longest = found.filter((pl.col("end") - pl.col("start")) == (pl.col("end") - pl.col("start")).max())
    return dict(longest.select("region", (pl.col("relative_high") - pl.col("relative_low")) / 2).iter_rows())


def _add_together(package: Package, measurement: Measurement | None, wish: PathsOptions, draft: Draft) -> None:
    """Add convergence, overtaking, the conditions of a leap, and the Northeast."""
    compared = measurement is not None and not measurement.levels.is_empty()
    if measurement is not None and not compared:
        draft.note("no-levels")
    if measurement is not None and compared:
        late = measurement.frame.filter(pl.col("flags").str.contains("extrapolated:"))
        if late.height:
            first, last = late["year"].min(), late["year"].max()
            draft.note("extrapolated-levels", span=marked_span(first, last, late["flags"]))  # type: ignore[arg-type] # years
        keys = {"unit": "region", "time": "year", "value": "tfp_level"}
        _add_convergence(measurement.levels, keys, pathways.ClubRules.yearly(), draft, _growth_errors(measurement))
        found = draft.results.get("overtaking")
        if isinstance(found, pathways.LeadChanges) and not measurement.regions_declared.foreign:  # not beside counties
            draft.results["overtaking"] = replace(found, history=pathways.historic_leads())
    table = None if wish.clubs else package.optional("activity", verb="paths")
    years = [] if table is None else sorted(table["year"].unique())
    lanes = None
    if len(years) > 1:
        between = (years[0], years[-1])
        lanes = draft.add("lanes", lambda: pathways.lane_changes(table, **PANEL, period="year", between=between))
    if compared and not wish.clubs:
        draft.add("leap", lambda: pathways.leapfrog(package, measurement=measurement, lanes=lanes))
    try:
        if {"accounts", "sector_accounts"} <= set(package.tables):
            draft.add("northeast", lambda: pathways.northeast(package, measurement=measurement))
    except UsageError:
        draft.note("no-northeast")


def _add_backtest(package: Package, wish: PathsOptions, draft: Draft) -> None:
    """Add the test of forecasts out of time; by default the second half of the years tests the first."""
    table = package.optional("activity", verb="paths")
    if table is None:
        return
    spans = wish.spans
    if spans is None:
        years = sorted(int(year) for year in table["year"].unique())
        if len(years) < LEAST_YEARS:
            draft.note("few-years")
            return
        half = len(years) // 2
        spans = (years[0], years[half - 1]), (years[half], years[-1])
    _backtest(table, {**PANEL, "period": "year"}, spans, wish, draft)


def _backtest(
    table: pl.DataFrame | RawTable, columns: dict[str, str], spans: Spans, wish: PathsOptions, draft: Draft
) -> None:
    """Add the backtest with both cutoffs; where too few cells enter from below one half, with the other alone."""
    chosen = pathways.BacktestOptions() if wish.draws is None else pathways.BacktestOptions(draws=wish.draws)
    train, test = spans

    def run() -> pathways.Backtest:
        try:
            return pathways.backtest(table, **columns, train=train, test=test, options=chosen)
        except InputError as error:
            draft.note("one-cutoff", why=first_line(error))
            return pathways.backtest(table, **columns, train=train, test=test, options=replace(chosen, absent=(1.0,)))

    draft.add("backtest", run)


def _keys(wish: PathsOptions) -> list[str]:
    """Return the columns of codes of a plain table; refuse a call that does not name what is needed."""
    if wish.place is None or wish.value is None or (wish.activity is None and not wish.clubs):
        raise UsageError("studies.name-columns")
    return [name for name in (wish.place, wish.activity) if name is not None]


def _of_table(table: Plain, wish: PathsOptions) -> Study:
    """Return what a plain table of places, activities and amounts, or of places and years, is enough for."""
    table.require(*_keys(wish), wish.value, wish.anchor)
    frame, place = table.frame, str(wish.place)
    period = period_of(frame)
    region = None if wish.region is None else Names().resolve(wish.region, frame[place].unique().sort().to_list())
    draft = Draft(name="paths", source=table.source)
    if period is None and (wish.clubs or wish.backtest):
        raise UsageError("studies.needs-years", option="--clubs" if wish.clubs else "--backtest")
    if period is not None:
        frame = frame.with_columns(pl.col(period).cast(pl.Int64))
    if wish.clubs:
        year = Field(str(period), "year")
        fields = [Field(place, "code"), year, Field(str(wish.value))]
        rows = replace(table, frame=frame).raw
        tidy(
            rows, fields, key=(place, year.name), verb="paths", columns_from_caller=True
        )  # a cell that is wrong is said once
        _add_convergence(rows, {"unit": place, "time": str(period), "value": str(wish.value)}, None, draft)
    else:
        _add_cells(replace(table, frame=frame), period, wish, draft)
    return draft.done(region=region)


def _add_cells(table: Plain, period: str | None, wish: PathsOptions, draft: Draft) -> None:
    """Add complexity, intervals and opportunities of a year, and the backtest where it was asked for."""
    frame, rows = table.frame, table.raw
    now = frame
    if period is not None:
        kept = frame[period] == year_of(frame[period], wish.year, "table")
        now, rows = frame.filter(kept), replace(rows, cells=frame.filter(kept), lines=rows.lines.filter(kept))
    anchor = None
    if wish.anchor is not None:
        anchor = dict(
            now.group_by(str(wish.place)).agg(pl.col(wish.anchor).cast(pl.Float64).mean()).drop_nulls().rows()
        )
    keys: dict[str, Any] = {"place": wish.place, "activity": wish.activity, "value": wish.value}
    # Without it nothing else can be said: an error here is the answer.
    chosen = pathways.ComplexityOptions(threshold=wish.threshold)
    found = pathways.complexity(rows, **keys, anchor=anchor, options=chosen)
    stated = tuple(replace(one, table=rows.name, file=rows.file) for one in found.findings)
    draft.results["complexity"] = found = replace(found, findings=stated)
    _add_intervals(found, _draws(wish), draft)
    draft.add("opportunities", lambda: pathways.opportunities(found))
    if wish.spans is not None:
        _backtest(table.raw, {**keys, "period": str(period)}, wish.spans, wish, draft)
