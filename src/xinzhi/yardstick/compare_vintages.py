"""The verbs `compare_vintages`, what moved TFP growth between vintages, and `vintage_history`, what revisions did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import FloatArray, IntArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.parameters import read_yaml
from xinzhi.core.provenance import provenance
from xinzhi.core.result import Facts, Result
from xinzhi.core.shapley import shapley
from xinzhi.core.text import Text, clauses, read_words, same
from xinzhi.data import Package, as_package, names_of
from xinzhi.protocol import Protocol
from xinzhi.yardstick.basis import basis
from xinzhi.yardstick.growth_accounts import Inputs, account, build_inputs
from xinzhi.yardstick.inputs import Intermediate
from xinzhi.yardstick.panel import DEFAULT_PROTOCOL, Panel, Ruler, Source, require_yearly, under

Reason = tuple[str, Text]


PARTS = ("output", "capital", "labour", "share", "protocol")
VINTAGE = "output.vintage"
_SHOWN = 5
LEAST = 1e-9  # a revision below is what is left of rounding


@dataclass(frozen=True, repr=False, kw_only=True)
class VintageChange(Result, verb="compare_vintages", topic="yardstick", key=("region",)):
    """What the revision from one vintage of the data to another did to TFP growth.

    Every figure is mean TFP growth, or a part of its change, in log points per year (0.01 is about 1 %): in `frame`
    over the years asked for, else all that a region has in both vintages, and the same by reporting period and by year.
    The five parts sum to the change; `labour` holds persons or hours and human capital. `not_comparable` says in code
    and words why `frame` leaves a region out.
    """

    periods: pl.DataFrame
    years: pl.DataFrame
    not_comparable: pl.DataFrame

    @property
    def by_size(self) -> pl.DataFrame:
        """`frame`, the largest change first."""
        return self.frame.sort("total", "region", descending=[True, False])

    def facts(self) -> Facts:
        """Return the regions that the revision moved most, and which part did it."""
        rows = self.frame.sort(self.frame["total"].abs(), descending=True).head(_SHOWN)
        facts: Facts = {
            "vintages.change": {"n": self.frame.height},
            "vintages.region": [row | {"name": self.names.region(row["region"])} for row in rows.to_dicts()],
        }
        absent = self.not_comparable.height
        return facts | {"vintages.not_comparable": {"n": absent}} if absent else facts


def compare_vintages(
    before: Source,
    after: Source,
    protocol: Ruler = DEFAULT_PROTOCOL,
    *,
    before_protocol: Ruler | None = None,
    start: int | None = None,
    end: int | None = None,
) -> VintageChange:
    """Split the change of TFP growth between two vintages into output, capital, labour, share and protocol parts.

    The split is exact and does not depend on an order: each part is the Shapley value of swapping that input, over all
    orders of swapping them.

    Parameters
    ----------
    before, after
        The older and the newer package, as `measure` takes them. They may be one package: where the protocols name
        different vintages of output (``output.vintage``), that counts as data, so as the output part.
    protocol
        The ruler for both.
    before_protocol
        The ruler for the older package, when it was another one: what it changes is the protocol part.
    start, end
        Growth of the years after `start` up to `end`; by default all years that a region has in both.

    Raises
    ------
    UsageError, InputError, ProtocolError
        When `start` and `end` are not both given and in order; when no region can be compared; as in `measure`.

    Notes
    -----
    Each input is built within its own vintage (a national labour share with the output of its vintage, for one), and
    the accounts are then computed with every mixture of inputs. Capital that is built from output by an initial
    capital-output ratio belongs to the capital part.

    Examples
    --------
    >>> import xinzhi
    >>> ours = xinzhi.protocol.load("xinzhi-cn-2026")
    >>> old = ours.replace({"output.vintage": "first_published"})
    >>> change = compare_vintages("china-provinces", "china-provinces", ours, before_protocol=old, start=2015, end=2022)
    >>> henan = change.frame.row(change.frame["region"].index_of("410000"), named=True)
    >>> round(100 * henan["output"], 2), henan["capital"]
    (-0.2, 0.0)
    """
    span = None if start is None or end is None else (start, end)
    if (start, end) != (None, None) and (span is None or span[0] >= span[1]):
        raise UsageError("yardstick.half-a-span", start=start, end=end)
    new, old = _read(after, protocol), _read(before, protocol if before_protocol is None else before_protocol)
    regions = tuple(name for name in new.panel.regions if name in set(old.panel.regions))
    years = np.intersect1d(old.panel.years, new.panel.years)
    if not regions or not years.size:
        what = "year" if regions else "region"
        raise InputError("yardstick.nothing-in-common", before=old.package.name, after=new.package.name, what=what)
    parts, first, last = _parts(old, new, regions, years)
    row, column = np.nonzero(np.isfinite(first) & np.isfinite(last))
    figures = {"before": first, "after": last, **dict(zip(PARTS, parts, strict=True)), "total": last - first}
    yearly = pl.DataFrame(
        {
            "region": pl.Series(regions, dtype=pl.String).gather(row),
            "year": years[column],
            **{name: values[row, column] for name, values in figures.items()},
        }
    )
    frame = _means(yearly, span)
    reasons = _reasons(yearly, [name for name in regions if name not in set(frame["region"])], span)
    if not frame.height:
        examples = list(reasons.items())[:_SHOWN]
        why = clauses(
            [words.shared.headline_region(name=region, finding=explanation) for region, (_, explanation) in examples]
        )
        raise InputError("yardstick.nothing-comparable", before=old.package.name, after=new.package.name, why=why)
    ours, theirs = set(new.panel.regions), set(old.panel.regions)
    reasons |= dict.fromkeys(theirs - ours, _why("older_only")) | dict.fromkeys(ours - theirs, _why("newer_only"))
    schema = dict.fromkeys(("region", "reason", "reason_zh", "reason_en"), pl.String)
    absent_rows = [
        (region, code, explanation.zh, explanation.en) for region, (code, explanation) in sorted(reasons.items())
    ]
    options = {"before": old.package.name, "before_protocol": old.protocol.fingerprint, "start": start, "end": end}
    base_provenance = under(new.protocol, provenance("compare_vintages", new.package, new.tables, **options))
    periods = new.protocol.value("reporting.periods")
    return VintageChange(
        frame=frame,
        periods=pl.concat([frame.clear(), *(_means(yearly, (int(a), int(b))) for a, b in periods)]),
        years=yearly,
        not_comparable=pl.DataFrame(absent_rows, schema=schema, orient="row"),
        kind=new.package.kind,
        names=names_of(new.package),
        provenance=replace(
            base_provenance,
            inputs={
                **base_provenance.inputs,
                **{f"before:{name}": old.package.fingerprint(name) for name in old.tables},
            },
        ),
    )


@dataclass(frozen=True, slots=True)
class _Side:
    """One vintage: its data and its ruler."""

    package: Package
    protocol: Protocol
    panel: Panel
    tables: list[str]


def _read(source: Source, protocol: Ruler) -> _Side:
    """Load one vintage and its protocol."""
    side = _Side(*basis(source, protocol))
    require_yearly(side.panel, "compare_vintages")
    return side


def _why(code: str, **values: object) -> Reason:
    """Return a reason as its code and in words."""
    return code, words.by_key(f"yardstick.vintages.{code}", **values)


def _means(yearly: pl.DataFrame, span: tuple[int, int] | None) -> pl.DataFrame:
    """Return the means over a span, else over all years of a region, of the regions that miss none of them."""
    inside = yearly if span is None else yearly.filter(pl.col("year").is_between(span[0] + 1, span[1]))
    year, complete = pl.col("year"), pl.col("end") - pl.col("start") == pl.col("n")
    means = inside.group_by("region", maintain_order=True).agg(
        (year.min() - 1).alias("start"), year.max().alias("end"), pl.exclude("year").mean(), n=pl.len().cast(pl.Int64)
    )
    return means.filter(complete, pl.lit(span is None) | (pl.col("n") == (span[1] - span[0] if span else 0))).drop("n")


def _reasons(yearly: pl.DataFrame, absent: list[str], span: tuple[int, int] | None) -> dict[str, Reason]:
    """Return why regions have no means."""
    if span is not None:
        return dict.fromkeys(absent, _why("span_incomplete", first=span[0] + 1, last=span[1]))
    years = yearly.group_by("region").agg(first=pl.col("year").min(), last=pl.col("year").max()).to_dicts()
    reach = {row.pop("region"): row for row in years}
    return {name: _why("years_missing", **reach[name]) if name in reach else _why("never_measured") for name in absent}


def _parts(
    old: _Side, new: _Side, regions: tuple[str, ...], years: IntArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the parts `(5, R, T)` and TFP growth `(R, T)` under the older and the newer vintage, year by year."""
    rulers = (old.protocol, new.protocol)
    sides = (old, new)
    # What vintage of output a protocol names says which data are meant, not how they are measured.
    inputs_by_side = {
        (at, ruler): _cut(side, rulers[ruler].replace({VINTAGE: side.protocol.value(VINTAGE)}), regions, years)
        for at, side in enumerate(sides)
        for ruler in (0, 1)
    }
    outcome = np.empty((1 << len(PARTS), len(regions), len(years)))
    for swapped in range(len(outcome)):
        output, capital, labour, share, ruler = (swapped >> bit & 1 for bit in range(len(PARTS)))
        # Intermediate inputs, of gross output, come with their output.
        sources = zip(fields(Inputs), (output, capital, labour, labour, share, output), strict=True)
        mixed = Inputs(*(getattr(inputs_by_side[at, ruler], field.name) for field, at in sources))
        outcome[swapped] = account(mixed, rulers[ruler]).tfp_growth
    return shapley(outcome), outcome[0], outcome[-1]


def _cut(side: _Side, rules: Protocol, regions: tuple[str, ...], years: IntArray) -> Inputs:
    """Build the inputs of a vintage over all its years, and keep the regions and years that both have."""
    inputs, _ = build_inputs(side.panel, rules)
    rows = np.array([side.panel.region_index(name) for name in regions])
    cells = np.ix_(rows, np.searchsorted(side.panel.years, years))
    bought = inputs.intermediate
    if bought is not None:
        rows, columns = rows[:, None], cells[1]
        bought = Intermediate(bought.quantity[:, rows, columns], bought.share[:, rows, columns])
    return Inputs(**{name: values[cells] for name, values in inputs.levels().items()}, intermediate=bought)


@cache
def oldest_first() -> tuple[str, ...]:
    """Return the vintages in the order in which they were published."""
    return tuple(read_yaml(Path(__file__).with_name("vintages.yaml"))["oldest_first"])


@dataclass(frozen=True, repr=False, kw_only=True)
class VintageHistory(Result, verb="vintage_history", topic="yardstick", key=("region", "year", "before", "after")):
    """What every revision of output that a package records did, region by region.

    `frame` has the revision of every level and year's growth; `growth` that of real growth cumulated over the years
    that both vintages have; `levels` the years in which nominal output was revised down and up most, largest loss
    first.
    """

    growth: pl.DataFrame
    levels: pl.DataFrame

    @property
    def revisions(self) -> dict[tuple[str, str], pl.DataFrame]:
        """The growth of the regions by pair of vintages, of which one revised any, the largest gain first."""
        order = self.growth.sort("revision", "region", descending=[True, False])
        pairs = self.growth.filter(pl.col("revision").abs() > LEAST).select("before", "after")
        return {
            (before, after): order.filter(before=before, after=after)
            for before, after in pairs.unique(maintain_order=True).iter_rows()
        }

    def facts(self) -> Facts:
        """Return for every revision who lost and who gained most, and in which years."""
        facts: dict[str, list[dict[str, object]]] = {"vintages.level": [], "vintages.growth": []}
        for before, after in self.frame.select("before", "after").unique(maintain_order=True).iter_rows():
            pair = {"before": before, "after": after}
            titles = {name: self.title(vintage) for name, vintage in pair.items()}
            level, growth = self.levels.filter(**pair), self.growth.filter(**pair)
            if level.height:
                low, high = level.sort("lowest").row(0, named=True), level.sort("highest").row(-1, named=True)
                places = ((low, low["lowest_year"], low["lowest"]), (high, high["highest_year"], high["highest"]))
                facts["vintages.level"].append(titles | {"ends": self._ends(places)})
            if growth.height:
                rows = (growth.row(0, named=True), growth.row(-1, named=True))
                ends = [(row, f"{row['start']}-{row['end']}", row["revision"]) for row in rows]
                facts["vintages.growth"].append(titles | {"ends": self._ends(ends)})
        return dict(facts)

    @staticmethod
    def title(vintage: str) -> Text:
        """Return what a vintage is called."""
        texts = read_words("levels.yaml")["output.vintage"]
        return Text(**texts[vintage]) if vintage in texts else same(vintage)

    def _ends(self, places: Sequence[tuple[dict[str, Any], str | int, float]]) -> list[Text]:
        """Return who was revised down most and who up; one text where nobody was."""
        ends: list[Text] = [
            words.yardstick.vintages_of(way, name=self.names.region(row["region"]), when=when, value=value)
            for way, sign, (row, when, value) in zip(("down", "up"), (-1, 1), places, strict=True)
            if sign * value > 0
        ]
        return ends or [words.yardstick.vintages_unrevised()]


def vintage_history(package: Source) -> VintageHistory:
    """Return what each later vintage of output did to the one before it.

    An `InputError` says that the package has no table `vintages`, that it holds fewer than two, or one that has no
    place in ``vintages.yaml``.

    >>> history = vintage_history("china-provinces")
    >>> history.levels.select("region", "after", "lowest_year").row(0)
    ('120000', 'census4', 2016)
    """
    data = as_package(package)
    table = data.require("vintages", ["region", "year", "vintage"], verb="vintage_history")
    dtypes = {"output_nominal": pl.Float64, "output_growth": pl.Float64}
    missing = {name: pl.lit(None, dtype) for name, dtype in dtypes.items() if name not in table.columns}
    rows = table.with_columns(**missing).select("region", "year", "vintage", *dtypes)
    frame = pl.concat(_revision(rows, before, after) for before, after in pairwise(_order(data, rows)))
    return VintageHistory(
        frame=frame.select("region", "year", "before", "after", "level", "growth"),
        growth=_cumulate_growth(frame),
        levels=_levels(frame),
        names=names_of(data),
        kind=data.kind,
        provenance=provenance("vintage_history", data, ["vintages"]),
    )


def _order(data: Package, rows: pl.DataFrame) -> list[str]:
    """Return the vintages of the table, oldest first."""
    present = set(rows["vintage"].drop_nulls().to_list())
    order = oldest_first()
    if strange := sorted(present - set(order)):
        raise InputError("yardstick.unknown-vintage", name=data.name, strange=list(strange), known=list(order))
    if len(present) < 2:  # noqa: PLR2004 - a revision has a before and an after
        raise InputError("yardstick.one-vintage", name=data.name, held=list(present))
    return [name for name in order if name in present]


def _revision(rows: pl.DataFrame, before: str, after: str) -> pl.DataFrame:
    """Return the region-years that both vintages have."""
    first, second = (rows.filter(pl.col("vintage") == name).drop("vintage") for name in (before, after))
    pairs = first.join(second, on=["region", "year"], suffix="_after").sort("region", "year")
    log_growth = ((1 + pl.col(name) / 100).log() for name in ("output_growth", "output_growth_after"))
    old, new = log_growth
    dates = {"before": pl.lit(before), "after": pl.lit(after)}
    return pairs.with_columns(
        level=pl.col("output_nominal_after") / pl.col("output_nominal") - 1, growth=new - old, old=old, new=new, **dates
    )


def _cumulate_growth(frame: pl.DataFrame) -> pl.DataFrame:
    """Cumulate real growth over the years that both vintages have."""
    pair = ["before", "after"]
    return (
        frame.filter(pl.col("growth").is_not_null())
        .group_by("region", *pair, maintain_order=True)
        .agg(
            start=pl.col("year").min() - 1,
            end=pl.col("year").max(),
            growth_before=pl.col("old").sum().exp() - 1,
            growth_after=pl.col("new").sum().exp() - 1,
            revision=pl.col("growth").sum().exp() - 1,
        )
        .sort("revision", "region")
    )


def _levels(frame: pl.DataFrame) -> pl.DataFrame:
    """Say in which years nominal output was revised most."""

    def at(place: pl.Expr, column: str) -> pl.Expr:
        return pl.col(column).get(place)

    low, high, last = pl.col("level").arg_min(), pl.col("level").arg_max(), pl.col("year").arg_max()
    return (
        frame.filter(pl.col("level").is_not_null())
        .group_by("region", "before", "after", maintain_order=True)
        .agg(
            years=pl.len().cast(pl.Int64),
            lowest_year=at(low, "year"),
            lowest=at(low, "level"),
            highest_year=at(high, "year"),
            highest=at(high, "level"),
            last_year=at(last, "year"),
            last=at(last, "level"),
        )
        .sort("lowest", "region")
    )
