"""The verbs `measure`, TFP growth of regions under one protocol, `measure_nation`, and `grades` of what is measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import BoolArray, FloatArray, log_growth
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import Finding, finding
from xinzhi.core.names import Names
from xinzhi.core.provenance import provenance
from xinzhi.core.quarters import quarter
from xinzhi.core.result import Facts, Result
from xinzhi.core.text import Text
from xinzhi.data import Package, admission, as_package, names_of, national_package
from xinzhi.protocol import Protocol
from xinzhi.yardstick.basis import basis
from xinzhi.yardstick.breaking import FLAG, LINK, break_marks
from xinzhi.yardstick.capital import EXHAUSTED
from xinzhi.yardstick.growth_accounts import (
    Growth,
    GrowthAccounts,
    Inputs,
    Levels,
    account,
    build_inputs,
    levels,
)
from xinzhi.yardstick.inputs import base_year, gross, labour, price_base
from xinzhi.yardstick.measurement import Measurement
from xinzhi.yardstick.panel import (
    DEFAULT_PROTOCOL,
    Marks,
    Panel,
    Ruler,
    Source,
    either,
    flag_texts,
    labels,
    touching,
    under,
)
from xinzhi.yardstick.periods import (
    FAILED,
    GRADES,
    PARAMETER,
    GradedTests,
    coverage_table,
    flows,
    grade_letters,
    grade_tests,
    growth_marks,
    of_quarters,
    period_table,
    region_set,
)
from xinzhi.yardstick.release import release_findings

TOTAL = "total"


def measure(package: Source, protocol: Ruler = DEFAULT_PROTOCOL) -> Measurement:
    """Measure the total factor productivity of every region under one protocol.

    Parameters
    ----------
    package
        A loaded package, or anything that `xinzhi.load` takes: the name of a shipped package, a path, a mapping of
        table names to frames.
    protocol
        A protocol, its identifier in the registry, or the path of its file.

    Raises
    ------
    ProtocolError, IdentityError
        When a parameter that is needed is blank, or the protocol is unverified; when contributions do not add up.

    Notes
    -----
    Solow (1957), "Technical change and the aggregate production function", Review of Economics and Statistics 39(3),
    equation 2; Jorgenson and Griliches (1967) for the index; Caves, Christensen and Diewert (1982), Economic Journal
    92, for levels across regions.

    Examples
    --------
    >>> import xinzhi
    >>> result = xinzhi.measure("china-provinces", "xinzhi-cn-2026")
    >>> result.frame.columns[:3]
    ['region', 'year', 'output_growth']
    >>> result.identity_gap < 1e-12
    True
    """
    data, rules, panel, tables = basis(package, protocol)
    inputs, marks = build_inputs(panel, rules)
    marks = either(marks, break_marks(panel, rules))
    regional = _Accounts.build(panel.regions, panel, inputs, marks, rules)
    grading = grade_tests(data, panel, rules, regional.growth, growth_marks(marks))
    if not np.isfinite(regional.growth.tfp_growth).any():
        raise _nothing(panel, inputs)
    names, base = _regions(data, panel), price_base(panel, rules)
    rows = np.flatnonzero(np.isfinite(regional.growth.tfp_growth).any(axis=1))
    measured = [panel.regions[row] for row in rows.tolist()]
    declared = region_set(data, rules, panel.regions, measured)
    departs = {path: str(rules.parameters[path].value) for path in rules.departs}
    # Quantities add up over regions and compare across them; an index does neither, and what one region sells another
    # as an intermediate input would count twice in a sum of gross outputs.
    indices = "given_services" in {rules.value("capital.measure"), rules.value("labour.unit")}
    adds_up = declared.complete and not indices and not gross(rules)
    comparable = regional
    if base is None and base_year(panel, rules) is not None:  # all at the prices of the data
        data_inputs, _ = build_inputs(panel, rules.replace({"output.price_base": None}))
        comparable = replace(regional, inputs=data_inputs)
    national = _aggregate({TOTAL: list(panel.regions)} if adds_up else {}, comparable)
    members = names.drop_nulls("group_en").group_by("group_en", maintain_order=True).agg("region")
    groups = _aggregate(dict(members.iter_rows()) if adds_up else {}, comparable)
    nothing = np.full(panel.shape, np.nan)  # of inputs that are indices there are no levels
    empty = Levels(nothing, nothing, nothing, nothing, np.zeros(panel.shape[1], dtype=np.int64))
    level = levels(comparable.inputs) if adds_up else empty
    package_names = names_of(data)
    macro = {**package_names.by_kind.get("group", {}), TOTAL: words.shared.group_total()}
    return Measurement(
        frame=regional.frame(level.tfp, grading),
        inputs=regional.inputs_frame(),
        periods=_with_break_variants(regional, rules, grading, ranked=declared.complete),
        levels=_levels_frame(panel, inputs, level),
        national=national.frame(),
        national_periods=national.periods().drop("rank", "grade"),
        groups=groups.frame(),
        group_periods=groups.periods().drop("grade"),
        coverage=coverage_table(panel),
        omitted=_omissions(panel, regional),
        regions=names,
        protocol=rules,
        panel=panel,
        accounts=GrowthAccounts(inputs, regional.growth),
        graded=grading,
        price_base=base,
        regions_declared=declared,
        findings=(
            *_exhausted_stock_findings(data, panel, rules, marks),
            *release_findings(rules, data),
            *touching(data, rules),
        ),
        identity_gap=max(regional.growth.identity_gap, national.growth.identity_gap, groups.growth.identity_gap),
        kind=data.kind,
        names=Names(
            {
                **package_names.by_kind,
                "region": {code: package_names.region(code) for code in panel.regions},
                "group": macro,
            }
        ),
        provenance=replace(under(rules, provenance("measure", data, tables, **departs)), regions=declared.to_dict()),
    )


@dataclass(frozen=True, slots=True)
class _Accounts:
    """Inputs, growth and marks of a set of units that share the years of a panel."""

    names: tuple[str, ...]
    panel: Panel
    inputs: Inputs
    growth: Growth
    marks: Marks
    rules: Protocol

    @classmethod
    def build(cls, names: tuple[str, ...], panel: Panel, inputs: Inputs, marks: Marks, rules: Protocol) -> _Accounts:
        return cls(names, panel, inputs, account(inputs, rules), marks, rules)

    def frame(self, tfp_level: FloatArray | None = None, grading: GradedTests | None = None) -> pl.DataFrame:
        """Return the growth accounts, one row per unit and year measured."""
        columns = {name: getattr(self.growth, name) for name in flows(self.growth)}
        if tfp_level is not None:
            columns["tfp_level"] = tfp_level
        keep = np.isfinite(self.growth.tfp_growth)
        rows = _long(self.names, self.panel, columns, growth_marks(self.marks), keep)
        if tfp_level is None:  # of sums there is no grade
            return rows
        letters = None if grading is None else grade_letters(grading.by_year()[keep])
        return rows.insert_column(rows.width - 1, pl.Series("grade", letters or [None] * rows.height, dtype=pl.String))

    def inputs_frame(self) -> pl.DataFrame:
        """Return the levels behind the accounts, one row per unit and year that is complete."""
        columns = self.inputs.levels()
        if self.inputs.intermediate is not None:
            columns["intermediate_share"] = self.inputs.intermediate.share.sum(axis=0)
        return _long(self.names, self.panel, columns, self.marks, self.inputs.complete())

    def periods(self, grading: GradedTests | None = None, *, ranked: bool = True) -> pl.DataFrame:
        """Return period averages; their ranks are null where the set that they would refer to is not whole."""
        spans = self.rules.value("reporting.periods")
        if self.panel.quarterly:
            spans = [[quarter(year, 4) for year in span] for span in spans]
        marks = growth_marks(self.marks)
        rows = period_table(self.names, self.panel.years, self.growth, marks, spans, grading)
        if self.panel.quarterly:
            rows = of_quarters(rows)
        return rows if ranked else rows.with_columns(rank=pl.lit(None, pl.Int64))


def _with_break_variants(
    regional: _Accounts, rules: Protocol, grading: GradedTests | None, *, ranked: bool
) -> pl.DataFrame:
    """Return the periods with TFP growth and rank as they are with breaks of employment left in, and linked."""
    periods = regional.periods(grading, ranked=ranked)
    for name, way in (("raw", FLAG), ("linked", LINK)):
        figures = {f"{name}_tfp_growth": "tfp_growth", f"{name}_rank": "rank"}
        rows = _by_way(regional, rules, way, periods, grading, ranked=ranked)
        if rows is None:
            periods = periods.with_columns(pl.lit(None, periods.schema[old]).alias(new) for new, old in figures.items())
            continue
        columns = rows.select("region", "start", "end", **{new: pl.col(old) for new, old in figures.items()})
        periods = periods.join(columns, on=["region", "start", "end"], how="left", maintain_order="left")
    return periods.select(pl.exclude("grade", "flags"), "grade", "flags")


def _by_way(
    regional: _Accounts, rules: Protocol, way: str, periods: pl.DataFrame, grading: GradedTests | None, *, ranked: bool
) -> pl.DataFrame | None:
    """Return the periods with breaks treated in one way; None where the protocol or the package has no such way.

    `periods` are those of the protocol's own way.
    """
    if not rules.declares("labour.breaks") or rules.value("labour.unit") != "persons":
        return None
    if rules.value("labour.breaks") == way:
        return periods
    try:
        persons = labour(regional.panel, rules.replace({"labour.breaks": way})).values
    except InputError:
        return None
    inputs = replace(regional.inputs, labour=persons).positive()
    return replace(regional, inputs=inputs, growth=account(inputs, rules)).periods(grading, ranked=ranked)


def _long(
    names: tuple[str, ...], panel: Panel, columns: Mapping[str, FloatArray], marks: Marks, keep: BoolArray
) -> pl.DataFrame:
    """Turn arrays `(R, T)` into rows, keeping the cells asked for; a number that cannot be had is null, not NaN."""
    row, column = np.nonzero(keep)
    words = np.array(flag_texts(marks, keep.shape), dtype=object).reshape(keep.shape)
    unit = pl.Series("region", names, dtype=pl.String).gather(row) if names else pl.Series("region", [], pl.String)
    numbers = [
        pl.Series(name, values[row, column], dtype=pl.Float64, nan_to_null=True) for name, values in columns.items()
    ]
    flags = pl.Series("flags", words[row, column].tolist(), dtype=pl.String)
    return pl.DataFrame([unit, labels(panel.years[column]), *numbers, flags])


def _aggregate(members: Mapping[str, list[str]], regional: _Accounts) -> _Accounts:
    """Sum regions; a year counts when every member that is measured at all is complete in it."""
    # Sums over a set of regions that changes from year to year are no growth.
    panel = regional.panel
    measured = np.isfinite(regional.growth.tfp_growth).any(axis=1)
    member = np.zeros((len(members), len(panel.regions)), dtype=np.bool_)
    for row, group in enumerate(members.values()):
        member[row] = np.isin(panel.regions, group)
    member &= measured
    names = tuple(name for name, row in zip(members, member, strict=True) if row.any())
    member = member[member.any(axis=1)]
    marks = {name: (member.astype(np.int64) @ mask.astype(np.int64)) > 0 for name, mask in regional.marks.items()}
    return _Accounts.build(names, panel, regional.inputs.aggregate(member), marks, regional.rules)


def _levels_frame(panel: Panel, inputs: Inputs, level: Levels) -> pl.DataFrame:
    """Return levels, one row per region and year that can be compared."""
    keep = inputs.complete() & np.isfinite(level.tfp)
    columns = {
        "output_per_worker": level.output_per_worker,
        "capital_per_worker": level.capital_per_worker,
        "tfp_level": level.tfp,
        "tfp_to_leader": level.to_leader,
    }
    rows = _long(panel.regions, panel, columns, {}, keep)
    _, column = np.nonzero(keep)
    leader = pl.Series("leader", panel.regions, dtype=pl.String).gather(level.leader[column])
    return rows.drop("flags").with_columns(leader)


def _omissions(panel: Panel, regional: _Accounts) -> pl.DataFrame:
    """Return the years with output that could not be measured, and what is missing in them or in the year before."""
    inputs = regional.inputs
    growth = log_growth(inputs.output)
    absent = np.zeros(panel.shape, dtype=np.int64)
    holes = {name: ~np.isfinite(values) for name, values in inputs.levels().items()}
    if inputs.intermediate is not None:
        holes["intermediate"] = ~np.isfinite(inputs.intermediate.share.sum(axis=0))
    if (exhaustion := regional.marks.get(EXHAUSTED)) is not None:
        holes |= {"capital": holes["capital"] & ~exhaustion, "capital_exhausted": exhaustion.copy()}
    names = list(holes)
    for bit, hole in enumerate(holes.values()):
        hole[:, 1:] |= hole[:, :-1].copy()
        absent |= hole.astype(np.int64) << bit
    keep = np.isfinite(growth) & ~np.isfinite(regional.growth.tfp_growth)
    row, column = np.nonzero(keep)
    words = [
        ";".join(name for bit, name in enumerate(names) if code >> bit & 1) for code in absent[row, column].tolist()
    ]
    return pl.DataFrame(
        {
            "region": [panel.regions[position] for position in row.tolist()],
            "year": labels(panel.years[column]),
            "output_growth": growth[row, column],
            "missing": words,
        },
        schema_overrides={"region": pl.String, "output_growth": pl.Float64, "missing": pl.String},
    )


def _exhausted_stock_findings(data: Package, panel: Panel, rules: Protocol, marks: Marks) -> tuple[Finding, ...]:
    """Return a finding for every region whose stock falls to zero or below: year, investment, and the cure."""
    exhaustion = marks.get(EXHAUSTED)
    if exhaustion is None or not exhaustion.any():
        return ()
    late = rules.value("capital.timing") == "beginning_of_year"  # the input is the stock of the year before
    problems, names = [], names_of(data)
    for row in np.flatnonzero(exhaustion.any(axis=1)).tolist():
        at = int(exhaustion[row].argmax()) - late
        region, year = panel.regions[row], int(panel.years[at])
        spent = panel.investment["investment_nominal"][:, row, at]
        least = panel.assets[int(np.nan_to_num(spent, nan=np.inf).argmin())]
        asset = {"asset": least} if "asset" in data.tables["investment"].columns else {}
        file, line = data.place("investment", region=region, **asset, year=year)
        problems.append(
            finding(
                "yardstick.capital-exhausted",
                words={"name": names.region(region), "year": year},
                table="investment",
                file=file,
                line=line,
                column="investment_nominal",
                key=f"{region}/{year}",
                value=f"{np.nansum(spent):,.6g}",
            )
        )
    return tuple(problems)


def _nothing(panel: Panel, inputs: Inputs) -> InputError:
    """Return why no region-year could be measured."""
    reach = []
    for factor, values in inputs.levels().items():
        observed = np.isfinite(values).any(axis=0)
        years, name = labels(panel.years[observed]), words.shared.factor_of(factor)
        reach_years = {"first": years[0], "last": years[-1]} if len(years) else {}
        reach.append(
            words.yardstick.reach_given(name=name, **reach_years)
            if reach_years
            else words.yardstick.reach_absent(name=name, **reach_years)
        )
    return InputError("yardstick.nothing-measured", reach=reach)


def _regions(data: Package, panel: Panel) -> pl.DataFrame:
    """Return names and macro-regions of the regions measured; the code stands in for a name that is not given."""
    table = data.optional("regions", verb="measure")
    base = pl.DataFrame({"region": list(panel.regions)})
    if table is not None and "region" in table.columns:
        base = base.join(table, on="region", how="left", maintain_order="left")
    fallbacks = {"name_zh": "region", "name_en": "region", "abbr": "region", "group_zh": None, "group_en": None}
    missing = {name: pl.lit(None, pl.String) for name in fallbacks if name not in base.columns}
    base = base.with_columns(**missing)
    return base.with_columns(
        pl.col(name).fill_null(pl.col(fallback)) for name, fallback in fallbacks.items() if fallback is not None
    ).select("region", *fallbacks)


def measure_nation(package: Source, protocol: Ruler = DEFAULT_PROTOCOL) -> Measurement:
    """Measure the nation from its own accounts, the table `nation`, under the protocol of its regions.

    The sum of the regions (`Measurement.national`) is another figure: regional output and investment do not add up to
    the nation's. Investment is the nation's own, so that the protocol's control total leaves it as it is.

    >>> import xinzhi
    >>> nation = xinzhi.measure_nation("china-provinces")
    >>> nation.periods.filter(start=2012)["tfp_growth"].round(4).item()
    0.0177
    """
    return measure(national_package(as_package(package), verb="measure_nation"), protocol)


def grades(package: Source, protocol: Ruler = DEFAULT_PROTOCOL) -> Grades:
    """Grade the figures of every region and period of `measure` by the tests of admission.

    Tests whose series the package lacks are not made: without the table ``nation`` no region is compared with the
    nation. The tests, their limits and references stand in ``admission.yaml``, dated. A grade speaks of the data behind
    a figure, not of its size.

    >>> import xinzhi
    >>> found = grades("china-provinces").frame.filter(region="630000", start=2012, test="investment")
    >>> found["grade"].item(), round(found["value"].item(), 2)
    ('D', 1.05)
    """
    measured = measure(package, protocol)
    if measured.graded is None:
        raise UsageError("yardstick.no-grades", protocol=measured.protocol.label, parameter=PARAMETER)
    frame = _rows(measured.graded, measured.panel.regions, measured.spans())
    measured_periods = measured.periods.select("region", "start", "end")
    return Grades(
        frame=frame.join(measured_periods, on=["region", "start", "end"], how="semi"),
        **measured.shared("grades", rules=str(admission.terms()["as_of"])),
    )


@dataclass(frozen=True, repr=False, kw_only=True)
class Grades(Result, verb="grades", topic="yardstick", key=("region", "start", "end", "test")):
    """The grade of every region and period, and the tests that it rests on.

    `frame` has a row for each test that could be made: its mean over the years after `start` up to `end` in `value` (a
    ratio for ``investment``, else log points; of flags there is none), its own `test_grade`, and the `grade` of the
    figure, which is the worst of them. D is shown, not ranked.
    """

    def facts(self) -> Facts:
        """Return how many regions have each grade in each period, and which tests fail them."""
        figures = self.frame.unique(["region", "start", "end"], keep="first", maintain_order=True)
        periods = [
            {letter.lower(): rows.filter(grade=letter).height for letter in GRADES} | {"start": start, "end": end}
            for (start, end), rows in figures.group_by("start", "end", maintain_order=True)
        ]
        rows = self.frame.filter(test_grade=FAILED).group_by("end", "start", "test", maintain_order=True).agg("region")
        failed = []
        for row in rows.sort("end", "start", descending=True, maintain_order=True).iter_rows(named=True):
            title = Text(**admission.terms()["tests"][row["test"]]["title"])
            regions = [self.names.region(region) for region in row["region"]]
            ends = {"start": row["start"], "end": row["end"]}
            failed.append({**ends, "title": title, "regions": regions, "n": len(regions)})
        return {"grades.period": periods, "grades.failed": failed}


def _rows(grading: GradedTests, regions: tuple[str, ...], spans: list[tuple[int, int]]) -> pl.DataFrame:
    """Return a row for each region, period and test that could be made."""
    parts = []
    for start, end in spans:
        means, figure = grading.means(start, end), grade_letters(grading.of_period(start, end))
        for name, grade in grading.letters(start, end).items():
            part = pl.DataFrame({"region": regions, "grade": figure, "number": grade}).with_columns(
                value=pl.Series(means.get(name, np.full(len(regions), np.nan)), dtype=pl.Float64, nan_to_null=True),
                start=pl.lit(start, pl.Int64),
                end=pl.lit(end, pl.Int64),
                test=pl.lit(name),
            )
            parts.append(part.filter(pl.col("number") >= 0))
    rows = pl.concat(parts).with_columns(
        test_grade=pl.col("number").replace_strict(dict(enumerate(GRADES)), return_dtype=pl.String)
    )
    columns = ["region", "start", "end", "grade", "test", "test_grade", "value"]
    return rows.select(columns).sort("region", "start", "end", maintain_order=True)
