"""The verbs `measure`, TFP growth of regions under one protocol, and `measure_nation`, the same of the nation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from xinzhi.core.arrays import BoolArray, FloatArray
from xinzhi.core.errors import InputError
from xinzhi.core.gaps import yearly_change
from xinzhi.core.names import Names
from xinzhi.core.quarters import quarter
from xinzhi.core.text import words
from xinzhi.data import Package, as_package, names_of, national_package, provenance
from xinzhi.protocol import Protocol
from xinzhi.protocol import load as load_protocol
from xinzhi.yardstick.breaking import FLAG, LINK, break_marks
from xinzhi.yardstick.grading import Graded, graded, lettered
from xinzhi.yardstick.growth_accounts import (
    LEVELS,
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
    either,
    labels,
    read_panel,
    require,
    spell,
    touching,
    under,
)
from xinzhi.yardstick.periods import coverage_table, flows, growth_marks, of_quarters, period_table, region_set

TOTAL = "total"


def measure(
    package: Package | str | Path | Mapping[str, object], protocol: Protocol | str | Path = DEFAULT_PROTOCOL
) -> Measurement:
    """Measure the total factor productivity of every region under one protocol.

    Parameters
    ----------
    package
        A loaded package, or anything that `xinzhi.load` takes: the name of a shipped package, a path, a mapping of
        table names to frames.
    protocol
        A protocol, its identifier in the registry, or the path of its file.

    Returns
    -------
    Measurement
        Growth and contributions in log points per year, levels relative to the mean of the regions.

    Raises
    ------
    ProtocolError
        When a parameter that is needed is blank, or the protocol is unverified.
    InputError
        When the package lacks a table or column that the protocol needs, or its figures have errors.
    IdentityError
        When contributions do not add up to output growth.

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
    data, rules = as_package(package), load_protocol(protocol)
    tables = require(data, rules)
    panel = read_panel(data)
    inputs, marks = build_inputs(panel, rules)
    marks = either(marks, break_marks(panel, rules))
    regional = _Accounts.of(panel.regions, panel, inputs, marks, rules)
    grading = graded(data, panel, rules, regional.growth, growth_marks(marks))
    if not np.isfinite(regional.growth.tfp_growth).any():
        raise _nothing(panel, inputs)
    names, base = _regions(data, panel), price_base(panel, rules)
    declared = region_set(data, rules, panel.regions, _measured(panel, regional.growth))
    departs = {path: str(rules.parameters[path].value) for path in rules.departs}
    adds_up = _adds_up(rules) and declared.complete
    together = regional if base is not None else _at_prices_of_the_data(regional)
    national = _aggregate({TOTAL: list(panel.regions)} if adds_up else {}, together)
    groups = _aggregate(_groups(names) if adds_up else {}, together)
    level = levels(together.inputs) if adds_up else _no_levels(panel)
    return Measurement(
        frame=regional.frame(level.tfp, grading),
        inputs=regional.inputs_frame(),
        periods=_beside(regional, rules, grading, ranked=declared.complete),
        levels=_levels_frame(panel, inputs, level),
        national=national.frame(),
        national_periods=national.periods().drop("grade"),
        groups=groups.frame(),
        group_periods=groups.periods().drop("grade"),
        coverage=coverage_table(panel),
        omitted=_omitted(panel, regional),
        regions=names,
        protocol=rules,
        panel=panel,
        accounts=GrowthAccounts(inputs, regional.growth),
        graded=grading,
        price_base=base,
        regions_declared=declared,
        findings=touching(data, rules),
        identity_gap=max(regional.growth.identity_gap, national.growth.identity_gap, groups.growth.identity_gap),
        kind=data.kind,
        names=_names(data, panel),
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
    def of(cls, names: tuple[str, ...], panel: Panel, inputs: Inputs, marks: Marks, rules: Protocol) -> _Accounts:
        return cls(names, panel, inputs, account(inputs, rules), marks, rules)

    def frame(self, tfp_level: FloatArray | None = None, grading: Graded | None = None) -> pl.DataFrame:
        """Return the growth accounts, one row per unit and year measured."""
        columns = {name: getattr(self.growth, name) for name in flows(self.growth)}
        if tfp_level is not None:
            columns["tfp_level"] = tfp_level
        keep = np.isfinite(self.growth.tfp_growth)
        rows = _long(self.names, self.panel, columns, growth_marks(self.marks), keep)
        if tfp_level is None:  # of sums there is no grade
            return rows
        letters = None if grading is None else lettered(grading.by_year()[keep])
        return rows.insert_column(rows.width - 1, pl.Series("grade", letters or [None] * rows.height, dtype=pl.String))

    def inputs_frame(self) -> pl.DataFrame:
        """Return the levels behind the accounts, one row per unit and year that is complete."""
        columns = self.inputs.levels()
        if self.inputs.intermediate is not None:
            columns["intermediate_share"] = self.inputs.intermediate.share.sum(axis=0)
        return _long(self.names, self.panel, columns, self.marks, self.inputs.complete())

    def periods(self, grading: Graded | None = None, *, ranked: bool = True) -> pl.DataFrame:
        """Return period averages; their ranks are null where the set that they would refer to is not whole."""
        wanted = self.rules.value("reporting.periods")
        if self.panel.quarterly:
            wanted = [[quarter(year, 4) for year in span] for span in wanted]
        marks = growth_marks(self.marks)
        rows = period_table(self.names, self.panel.years, self.growth, marks, wanted, grading)
        if self.panel.quarterly:
            rows = of_quarters(rows)
        return rows if ranked else rows.with_columns(rank=pl.lit(None, pl.Int64))


def _beside(regional: _Accounts, rules: Protocol, grading: Graded | None, *, ranked: bool) -> pl.DataFrame:
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
    regional: _Accounts, rules: Protocol, way: str, own: pl.DataFrame, grading: Graded | None, *, ranked: bool
) -> pl.DataFrame | None:
    """Return the periods with breaks treated in one way; None where the protocol or the package has no such way.

    `own` are those of the protocol's own way.
    """
    if not rules.declares("labour.breaks") or rules.value("labour.unit") != "persons":
        return None
    if rules.value("labour.breaks") == way:
        return own
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
    words = np.array(spell(marks, keep.shape), dtype=object).reshape(keep.shape)
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
    return _Accounts.of(names, panel, regional.inputs.aggregate(member), marks, regional.rules)


def _measured(panel: Panel, growth: Growth) -> list[str]:
    """Return the regions with any figure of TFP."""
    known = np.asarray(np.isfinite(growth.tfp_growth).any(axis=1))
    return [name for name, there in zip(panel.regions, known.tolist(), strict=True) if there]


def _at_prices_of_the_data(regional: _Accounts) -> _Accounts:
    """Return the accounts with all levels at the prices of the data, where not all regions have those of the base."""
    if base_year(regional.panel, regional.rules) is None:
        return regional
    inputs, _ = build_inputs(regional.panel, regional.rules.replace({"output.price_base": None}))
    return replace(regional, inputs=inputs)


def _adds_up(rules: Protocol) -> bool:
    """Return whether inputs are quantities that add up over regions and compare across them; an index does neither."""
    # What one region sells another as an intermediate input would count twice in a sum of gross outputs.
    if gross(rules):
        return False
    return "given_services" not in {rules.value("capital.measure"), rules.value("labour.unit")}


def _no_levels(panel: Panel) -> Levels:
    """Return empty levels, for inputs that are indices."""
    nothing = np.full(panel.shape, np.nan)
    return Levels(nothing, nothing, nothing, nothing, np.zeros(panel.shape[1], dtype=np.int64))


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


def _omitted(panel: Panel, regional: _Accounts) -> pl.DataFrame:
    """Return the years with output that could not be measured, and what is missing in them or in the year before."""
    inputs = regional.inputs
    with np.errstate(divide="ignore", invalid="ignore"):
        growth = yearly_change(np.log(inputs.output))
    absent = np.zeros(panel.shape, dtype=np.int64)
    names = [*LEVELS, *(["intermediate"] if inputs.intermediate is not None else [])]
    for bit, name in enumerate(names):
        bought = inputs.intermediate
        values = bought.share.sum(axis=0) if name == "intermediate" and bought else inputs.levels()[name]
        hole = ~np.isfinite(values)
        hole[:, 1:] |= hole[:, :-1].copy()
        absent |= hole.astype(np.int64) << bit
    keep = np.isfinite(growth) & ~np.isfinite(regional.growth.tfp_growth)
    row, column = np.nonzero(keep)
    words = [
        ";".join(name for bit, name in enumerate(names) if code >> bit & 1) for code in absent[row, column].tolist()
    ]
    return pl.DataFrame(
        {
            "region": [panel.regions[item] for item in row.tolist()],
            "year": labels(panel.years[column]),
            "output_growth": growth[row, column],
            "missing": words,
        },
        schema_overrides={"region": pl.String, "output_growth": pl.Float64, "missing": pl.String},
    )


def _nothing(panel: Panel, inputs: Inputs) -> InputError:
    """Return why no region-year could be measured."""
    reach = []
    for item, values in inputs.levels().items():
        known = np.isfinite(values).any(axis=0)
        years, name = labels(panel.years[known]), words(f"factor.{item}")
        said = {"first": years[0], "last": years[-1]} if len(years) else {}
        reach.append(words("yardstick.reach.given" if said else "yardstick.reach.absent", name=name, **said))
    return InputError("yardstick.nothing-measured", reach=reach)


def _regions(data: Package, panel: Panel) -> pl.DataFrame:
    """Return names and macro-regions of the regions measured; the code stands in for a name that is not given."""
    table = data.optional("regions", verb="measure")
    base = pl.DataFrame({"region": list(panel.regions)})
    if table is not None and "region" in table.columns:
        base = base.join(table, on="region", how="left", maintain_order="left")
    wanted = {"name_zh": "region", "name_en": "region", "abbr": "region", "group_zh": None, "group_en": None}
    missing = {name: pl.lit(None, pl.String) for name in wanted if name not in base.columns}
    base = base.with_columns(**missing)
    return base.with_columns(
        pl.col(name).fill_null(pl.col(other)) for name, other in wanted.items() if other is not None
    ).select("region", *wanted)


def _names(data: Package, panel: Panel) -> Names:
    """Return the names of the regions measured, of their macro-regions and of all together."""
    known = names_of(data)
    regions = {region: known.region(region) for region in panel.regions}
    groups = {**known.by_kind.get("group", {}), TOTAL: words("group.total")}
    return Names({**known.by_kind, "region": regions, "group": groups})


def _groups(names: pl.DataFrame) -> dict[str, list[str]]:
    """Return the regions of every macro-region."""
    rows = names.filter(pl.col("group_en").is_not_null())
    return {
        group: rows.filter(pl.col("group_en") == group)["region"].to_list()
        for group in rows["group_en"].unique(maintain_order=True)
    }


def measure_nation(
    package: Package | str | Path | Mapping[str, object], protocol: Protocol | str | Path = DEFAULT_PROTOCOL
) -> Measurement:
    """Measure the nation from its own accounts, the table `nation`, under the protocol of its regions.

    The sum of the regions (`Measurement.national`) is another figure: regional output and investment do not add up to
    the nation's. Investment is the nation's own, so that the protocol's control total leaves it as it is.

    Parameters
    ----------
    package, protocol
        As in `measure`; the package has the table `nation`.

    Examples
    --------
    >>> import xinzhi
    >>> nation = xinzhi.measure_nation("china-provinces")
    >>> nation.periods.filter(start=2012)["tfp_growth"].round(4).item()
    0.0177
    """
    return measure(national_package(as_package(package), verb="measure_nation"), protocol)
