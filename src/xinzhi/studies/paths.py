"""Pathways: what regions can enter, who catches up and overtakes, how alike structures and plans are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from xinzhi import data, pathways, yardstick
from xinzhi import protocol as protocols
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.flags import marked_span
from xinzhi.core.lazy import pl
from xinzhi.core.names import Names
from xinzhi.core.parameters import setting
from xinzhi.data import internal as data_internal
from xinzhi.pathways import internal as pathways_internal
from xinzhi.studies.draft import (
    LEAST,
    PROTOCOL,
    SILENT,
    Draft,
    enough_draws,
    year_of,
)
from xinzhi.studies.plan import PANEL, PlanEvidence, add_complexity, add_opportunities, regions_of
from xinzhi.studies.registry import on_server, topic
from xinzhi.studies.tables import is_plain, period_of, read_plain, require_file

if TYPE_CHECKING:
    from xinzhi.core.arrays import AnyFrame
    from xinzhi.data import Package
    from xinzhi.data.internal import RawTable
    from xinzhi.protocol import Protocol
    from xinzhi.studies.draft import (
        Progress,
        Study,
    )
    from xinzhi.studies.tables import Plain
    from xinzhi.yardstick import Measurement

Spans = tuple[tuple[int, int], tuple[int, int]]


@on_server("region", "year")
@topic
def paths(
    source: AnyFrame,
    *,
    year: int | None = None,
    anchor: str | None = None,
    region: str | None = None,
    threshold: float = 1.0,
    clubs: bool = False,
    backtest: str | None = None,
    place: str | None = None,
    activity: str | None = None,
    value: str | None = None,
    draws: int | None = None,
    protocol: Protocol | str = PROTOCOL,
    encoding: str | None = None,
    measurement: Measurement | None = None,
    evidence: PlanEvidence | None = None,
    deeper: bool = True,
    progress: Progress = SILENT,
) -> Study:
    """Study the pathways of a package, or of a plain table of places, activities and amounts.

    Parameters
    ----------
    source
        A data package, its name or path; or a table with the columns `place`, `activity` and `value`.
    year, anchor, threshold
        The year of the industry space, the column that its sign is set by, and the advantage that counts as presence.
    clubs
        Whether only who catches up and overtakes is studied.
    backtest
        Training and test years of forecasts, ``2005:2010,2011:2016``.
    draws
        How many samples are drawn for intervals and tests.
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
    enough_draws(draws, "draws_paths")
    spans = None if backtest is None else _spans(backtest)  # one that cannot be read is an error before the work
    if is_plain(source):
        columns = _columns(place, activity, value, clubs=clubs)
        table = read_plain(source, encoding, text=list(columns.codes))
        table.require(*columns.codes, columns.value, anchor)
        draft = Draft(name="paths", source=table.source)
        if clubs:
            _add_clubs(table, columns, draft)
        else:
            _add_space(table, columns, draft, year=year, anchor=anchor, threshold=threshold, draws=draws, spans=spans)
        codes = table.frame[columns.place].unique().sort().to_list()
        return draft.done(None if region is None else Names().resolve(region, codes))
    require_file(source, only_suffixed=True)
    if place or activity or value:
        raise UsageError("studies.columns-of-table", options="--place, --activity, --value", source=source)
    draft, package = Draft.of("paths", source, encoding, progress)
    code = draft.code(region, regions_of(package))
    measured = measurement or measured_or_noted(package, protocol, draft)
    if not clubs:
        progress.step("space")
        space = add_complexity(package, draft, year=year, anchor=anchor, threshold=threshold)
        _add_chances(package, draft, space, draws, evidence, deeper=deeper)
    if deeper:
        _add_deeper(package, measured, draft, progress, clubs=clubs, draws=draws, spans=spans)
    names = data.names_of(package)
    for key, result in draft.results.items():
        if isinstance(result, pathways_internal.Opportunities):
            draft.results[key] = replace(result, measured=replace(result.measured, names=names))
    return draft.done(code, names)


def _spans(backtest: str) -> Spans:
    """Return the training and the test span."""
    try:
        (first, last), (start, end) = ([int(year) for year in span.split(":")] for span in backtest.split(","))
    except ValueError:
        raise UsageError("studies.spans", backtest=backtest) from None
    return (first, last), (start, end)


def _add_chances(
    package: Package,
    draft: Draft,
    space: tuple[pathways_internal.Complexity | None, int],
    draws: int | None,
    evidence: PlanEvidence | None,
    *,
    deeper: bool,
) -> None:
    """Add what each region could enter; deeper, the intervals too, and what plans name has a section of its own."""
    complexity, year = space
    if complexity is None:
        return
    plans = None if deeper else evidence or PlanEvidence(package)
    if deeper:
        # amounts are drawn by units of the package: jobs come in plants of many persons
        scale = data.units.parse(package.units.get("activity", {}).get("employment", "persons")).scale
        lump = float(pathways_internal.conventions("uncertainty")["lump"]) / float(scale)
        _add_intervals(complexity, _draws(draws, lump), draft)
    add_opportunities(package, draft, complexity, year, evidence=plans)


def _add_deeper(
    package: Package,
    measured: Measurement | None,
    draft: Draft,
    progress: Progress,
    *,
    clubs: bool,
    draws: int | None,
    spans: Spans | None,
) -> None:
    """Add how alike structures are, who converges and overtakes, and the test out of time."""
    if not clubs:
        progress.step("alike")
        _add_likeness(package, draws, draft)
    progress.step("together")
    _add_together(package, measured, draft, clubs=clubs)
    if not clubs:
        progress.step("test")
        _add_backtest(package, spans, draws, draft)


def _add_likeness(package: Package, draws: int | None, draft: Draft) -> None:
    """Add how alike structures and plans are."""
    if "activity" not in package.tables:
        return
    likeness = draft.add("likeness", lambda: pathways.isomorphism(package, draws=draws))
    if likeness is not None and likeness.choice is not None:  # the plans have a section of their own
        draft.results["likeness"] = replace(likeness, choice=None)
        draft.results["choices"] = likeness.choice


def measured_or_noted(
    package: Package, protocol: Protocol | str, draft: Draft, note: str = "not-measured"
) -> Measurement | None:
    """Return the measurement of a package; where it does not reach so far, None and a note."""
    rules = protocols.load(protocol)
    try:
        return yardstick.measure(package, rules)
    except InputError as error:
        draft.note(note, why=error.reason)
        return None


def _draws(draws: int | None, unit: float = 1.0) -> pathways_internal.Draws:
    """Return how samples are drawn."""
    rules = pathways_internal.Draws(density=False, unit=unit)
    return rules if draws is None else replace(rules, draws=draws)


def _add_convergence(
    frame: pl.DataFrame | RawTable,
    keys: dict[str, Any],
    rules: pathways_internal.ClubRules | None,
    draft: Draft,
    errors: dict[str, float] | None = None,
) -> None:
    draft.add("clubs", lambda: pathways.clubs(frame, **keys, rules=rules))
    draft.add("beta", lambda: pathways.beta_convergence(frame, **keys))
    draft.add("sigma", lambda: pathways.sigma_convergence(frame, **keys))
    draft.add("overtaking", lambda: pathways.lead_changes(frame, **keys, errors=errors))


def _add_intervals(complexity: pathways_internal.Complexity, draws: pathways_internal.Draws, draft: Draft) -> None:
    """Add the intervals of the ranks, and hand them to the result whose ranks they are."""
    intervals = draft.add("intervals", lambda: pathways.uncertainty(complexity, draws=draws))
    if intervals is not None:
        rows = intervals.frame.select("place", "rank_low", "rank_high").rows()
        draft.results["complexity"] = replace(complexity, ranges={place: (low, high) for place, low, high in rows})


def _growth_errors(measurement: Measurement) -> dict[str, float]:
    """Return half of the band of growth beside the nation's over the longest span, by region; none without bands."""
    try:
        rows = (
            yardstick.bands(measurement)
            .frame.filter(component="everything")
            .drop_nulls(["relative_low", "relative_high"])
        )
    except (InputError, UsageError):
        return {}
    longest = rows.filter((pl.col("end") - pl.col("start")) == (pl.col("end") - pl.col("start")).max())
    return dict(longest.select("region", (pl.col("relative_high") - pl.col("relative_low")) / 2).iter_rows())


def _add_together(package: Package, measurement: Measurement | None, draft: Draft, *, clubs: bool) -> None:
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
        _add_convergence(
            measurement.levels, keys, pathways_internal.ClubRules.yearly(), draft, _growth_errors(measurement)
        )
        overtaking = draft.results.get("overtaking")
        if (
            isinstance(overtaking, pathways_internal.LeadChanges) and not measurement.regions_declared.foreign
        ):  # not beside counties
            draft.results["overtaking"] = replace(overtaking, history=pathways.historic_leads())
    table = None if clubs else package.optional("activity", verb="paths")
    years = [] if table is None else sorted(table["year"].unique())
    lanes = None
    if len(years) > 1:
        between = (years[0], years[-1])
        lanes = draft.add("lanes", lambda: pathways.lane_changes(table, **PANEL, period="year", between=between))
    if compared and not clubs:
        draft.add("leap", lambda: pathways.leapfrog(package, measurement=measurement, lanes=lanes))
    try:
        if {"accounts", "sector_accounts"} <= set(package.tables):
            draft.add("northeast", lambda: pathways_internal.northeast(package, measurement=measurement))
    except UsageError:
        draft.note("no-northeast")


def _add_backtest(package: Package, spans: Spans | None, draws: int | None, draft: Draft) -> None:
    """Add the test of forecasts out of time; by default the second half of the years tests the first."""
    table = package.optional("activity", verb="paths")
    if table is None:
        return
    if spans is None:
        years = sorted(int(year) for year in table["year"].unique())
        if len(years) < setting(LEAST, "fewest_years"):
            draft.note("few-years")
            return
        half = len(years) // 2
        spans = (years[0], years[half - 1]), (years[half], years[-1])
    _backtest(table, {**PANEL, "period": "year"}, spans, draws, draft)


def _backtest(
    table: pl.DataFrame | data_internal.RawTable, columns: dict[str, str], spans: Spans, draws: int | None, draft: Draft
) -> None:
    """Add the backtest with both cutoffs; where too few cells enter from below one half, with the other alone."""
    rules = pathways_internal.BacktestOptions() if draws is None else pathways_internal.BacktestOptions(draws=draws)
    train, test = spans

    def run() -> pathways_internal.EntryBacktest:
        try:
            return pathways.backtest(table, **columns, train=train, test=test, options=rules)
        except InputError as error:
            draft.note("one-cutoff", why=error.reason)
            return pathways.backtest(table, **columns, train=train, test=test, options=replace(rules, absent=(1.0,)))

    draft.add("backtest", run)


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a plain table of places, activities and amounts."""

    place: str
    activity: str | None
    value: str

    @property
    def codes(self) -> tuple[str, ...]:
        """The columns that hold codes."""
        return (self.place,) if self.activity is None else (self.place, self.activity)


def _columns(place: str | None, activity: str | None, value: str | None, *, clubs: bool) -> Columns:
    """Return the columns of a plain table; refuse a call that does not name what is needed."""
    if place is None or value is None or (activity is None and not clubs):
        raise UsageError("studies.name-columns")
    return Columns(place, activity, value)


def _with_years(table: Plain, option: str = "") -> tuple[Plain, str | None]:
    """Return a plain table whose periods are numbers, and their column; refuse none where an option needs it."""
    period = period_of(table.frame)
    if period is None:
        if option:
            raise UsageError("studies.needs-years", option=option)
        return table, None
    return replace(table, frame=table.frame.with_columns(pl.col(period).cast(pl.Int64))), period


def _add_clubs(table: Plain, columns: Columns, draft: Draft) -> None:
    """Add who catches up and overtakes in a plain table of places and years."""
    table, period = _with_years(table, "--clubs")
    year = data.Field(str(period), "year")
    fields = [data.Field(columns.place, "code"), year, data.Field(columns.value)]
    rows = table.raw
    data.tidy(rows, fields, key=(columns.place, year.name), verb="paths", columns_from_caller=True)  # once
    keys = {"unit": columns.place, "time": str(period), "value": columns.value}
    _add_convergence(rows, keys, None, draft)


def _add_space(
    table: Plain,
    columns: Columns,
    draft: Draft,
    *,
    year: int | None,
    anchor: str | None,
    threshold: float,
    draws: int | None,
    spans: Spans | None,
) -> None:
    """Add complexity, intervals and opportunities of a year, and the backtest where its spans are there."""
    table, period = _with_years(table, "" if spans is None else "--backtest")
    frame, rows = table.frame, table.raw
    if period is not None:
        inside = frame[period] == year_of(frame[period], year, "table")
        rows = replace(rows, cells=frame.filter(inside), lines=rows.lines.filter(inside))
        frame = frame.filter(inside)
    levels = None
    if anchor is not None:
        means = frame.group_by(columns.place).agg(pl.col(anchor).cast(pl.Float64).mean())
        levels = dict(means.drop_nulls().rows())
    keys: dict[str, Any] = {"place": columns.place, "activity": columns.activity, "value": columns.value}
    # Without it nothing else can be said: an error here is the answer.
    options = pathways_internal.ComplexityOptions(threshold=threshold)
    result = pathways.complexity(rows, **keys, anchor=levels, options=options)
    stated = tuple(replace(finding, table=rows.name, file=rows.file) for finding in result.findings)
    result = replace(result, findings=stated)
    draft.results["complexity"] = result
    _add_intervals(result, _draws(draws), draft)
    draft.add("opportunities", lambda: pathways.opportunities(result))
    if spans is not None:
        _backtest(table.raw, {**keys, "period": str(period)}, spans, draws, draft)
