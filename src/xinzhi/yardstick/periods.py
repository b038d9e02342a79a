"""Period averages of the growth accounts, and the set of regions that sums, ranks, levels and gaming refer to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.core.quarters import label
from xinzhi.core.result import Facts
from xinzhi.core.text import Text
from xinzhi.data import NATION, Package
from xinzhi.protocol import Protocol
from xinzhi.yardstick.grading import FAILED, Graded, lettered
from xinzhi.yardstick.growth_accounts import Growth
from xinzhi.yardstick.panel import Marks, Panel, both_ends, spell

# Who declares the set: the protocol under its fingerprint, the table `regions` of the package, or nobody.
By = Literal["protocol", "regions", "accounts"]


@dataclass(frozen=True, slots=True)
class RegionSet:
    """The declared set of regions, and those of them that could not be measured here.

    `foreign` says that the protocol declares a set and these regions are none of it, so that its national series are
    those of another population.
    """

    declared: tuple[str, ...]
    missing: tuple[str, ...]
    by: By
    foreign: bool = False

    @property
    def complete(self) -> bool:
        """Whether every region of the set was measured, so that sums and ranks mean the set."""
        return not self.missing

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary, for provenance and certificate."""
        return {"declared_by": self.by, "declared": len(self.declared), "missing": list(self.missing)}

    def facts(self, names: Sequence[Text]) -> Facts:
        """Return what is said where the set is not whole, or was declared by nobody; `names` are those measured."""
        said: Facts = {"note.set_foreign": {"n": len(names)}} if self.foreign else {}
        n, k = len(self.declared), len(self.declared) - len(self.missing)
        if not self.complete:
            return said | {"note.set_incomplete": {"n": n, "k": k, "by": self.by}}
        return said | ({"note.set_undeclared": {"n": n}} if self.by == "accounts" and n > 1 else {})


UNDECLARED = RegionSet((), (), "accounts")


def region_set(package: Package, protocol: Protocol, regions: Sequence[str], measured: Sequence[str]) -> RegionSet:
    """Return the declared set for the regions of a package, of which some were measured.

    The protocol's set holds where every region belongs to it: a file with a few of its regions does not make another
    set. For regions of another kind (counties, countries, industries) the package's table `regions` declares it; where
    there is neither, the regions that were handed in stand for the set, and results say so.
    """
    table = package.optional("regions", verb="measure")
    declared: tuple[str, ...]
    by: By
    if list(regions) == [NATION]:  # the one region that the national series of a protocol speak of
        return RegionSet((NATION,), tuple({NATION} - set(measured)), "protocol")
    if protocol.regions and set(regions) <= set(protocol.regions):
        declared, by = tuple(protocol.regions), "protocol"
    elif table is not None and "region" in table.columns:
        declared, by = tuple(sorted({*table["region"].drop_nulls().to_list(), *regions})), "regions"
    else:
        declared, by = tuple(regions), "accounts"
    foreign = (
        bool(protocol.regions) and not set(regions) & set(protocol.regions) and protocol.declares("shares.national")
    )
    there = set(measured) if by != "accounts" else set(declared)
    return RegionSet(declared, tuple(code for code in declared if code not in there), by, foreign)


FLOWS = (
    "output_growth",
    "capital_growth",
    "labour_growth",
    "human_capital_growth",
    "labour_share",
    "capital_contribution",
    "labour_contribution",
    "human_capital_contribution",
    "tfp_growth",
)


BOUGHT = ("intermediate_growth", "intermediate_contribution", "intermediate_share")


def flows(growth: Growth) -> tuple[str, ...]:
    """Return the columns of growth accounts: those of intermediate inputs where gross output is measured."""
    return FLOWS if growth.intermediate_growth is None else (*FLOWS[:-1], *BOUGHT, FLOWS[-1])


def period_table(
    names: Sequence[str],
    years: IntArray,
    growth: Growth,
    marks: Mapping[str, BoolArray],
    wanted: Sequence[Sequence[int]],
    graded: Graded | None = None,
) -> pl.DataFrame:
    """Return the mean per year of every growth and contribution, region by period, with its grade if graded."""
    # Growth of the years after `start` up to `end`; the last period is the whole span of the figures. Periods of which
    # a region has not every year are left out for that region; periods that no region has are left out altogether.
    known = np.isfinite(growth.tfp_growth)
    if not known.any():
        return _table(pl.DataFrame(schema=_schema(growth)))
    spans = [(int(start), int(end)) for start, end in wanted]
    columns = np.flatnonzero(known.any(axis=0))
    whole = (int(years[columns[0]]) - 1, int(years[columns[-1]]))
    spans = [*(span for span in spans if span != whole), whole]
    told = [one for span in spans if (one := _one(names, years, growth, marks, known, span, graded))]
    rows = {
        name: [cell for one in told for cell in one[name]] if kind is str or not told
        else np.concatenate([one[name] for one in told])
        for name, kind in _schema(growth).items()
    }  # fmt: skip
    return _table(pl.DataFrame(rows, schema=_schema(growth)))


def _schema(growth: Growth) -> dict[str, type]:
    """Return the columns of the table."""
    columns = dict.fromkeys(flows(growth), float)
    return {"region": str, "start": int, "end": int, **columns, "grade": str, "flags": str}


def _one(
    names: Sequence[str],
    years: IntArray,
    growth: Growth,
    marks: Mapping[str, BoolArray],
    known: BoolArray,
    span: tuple[int, int],
    graded: Graded | None,
) -> dict[str, Any]:
    """Return the columns of one period, of the regions that have every year of it; nothing where none has."""
    inside = (years > span[0]) & (years <= span[1])
    full = known[:, inside].all(axis=1) & (int(inside.sum()) == span[1] - span[0])
    rows = np.flatnonzero(full)
    if not rows.size:
        return {}

    def mean(values: FloatArray) -> FloatArray:
        return np.asarray(values[rows][:, inside].mean(axis=1))

    touched: Marks = {
        name: np.asarray(mask[rows][:, inside].any(axis=1, keepdims=True)) for name, mask in marks.items()
    }
    return {
        "region": [names[row] for row in rows.tolist()],
        "start": np.full(rows.size, span[0]),
        "end": np.full(rows.size, span[1]),
        **{name: mean(getattr(growth, name)) for name in flows(growth)},
        "grade": [None] * rows.size if graded is None else lettered(graded.of_period(*span)[rows]),
        "flags": spell(touched, (rows.size, 1)),
    }


def _table(rows: pl.DataFrame) -> pl.DataFrame:
    """Add the part of TFP in output growth and the rank within the period, which a failed grade does not have."""
    period = ["start", "end"]
    ranked = pl.when(pl.col("grade").ne_missing(FAILED)).then("tfp_growth")
    return rows.with_columns(
        tfp_part=pl.col("tfp_growth") / pl.col("output_growth"),
        rank=ranked.rank("min", descending=True).over(period).cast(pl.Int64),
    ).select(*rows.columns[:-2], "tfp_part", "rank", "grade", "flags")


def of_quarters(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the means over quarters per year, and the ends of the periods as they are written."""
    yearly = [name for name in rows.columns if name.endswith(("_growth", "_contribution"))]
    ends = [pl.Series(name, [str(label(one)) for one in rows[name]], dtype=pl.String) for name in ("start", "end")]
    return rows.with_columns(pl.col(yearly) * 4, *ends)


def growth_marks(marks: Mapping[str, BoolArray]) -> Marks:
    """Turn marks of levels into marks of growth: a break belongs to its year, everything else to both ends."""
    return {name: mask if name.startswith("break:") else both_ends(mask) for name, mask in marks.items()}


def official_span(periods: pl.DataFrame) -> tuple[int, int]:
    """Return the latest reported period in which no region rests on extrapolated figures; else the whole span."""
    spans = periods.group_by("start", "end", maintain_order=True).agg(
        official=~pl.col("flags").str.contains("extrapolated:").any()
    )
    whole = spans.select("start", "end").row(-1)
    official = [row[:2] for row in spans.filter("official").iter_rows() if row[:2] != whole]
    return max(official, key=lambda span: span[1], default=whole)


SERIES = {
    "output": ("accounts", "output_real"),
    "investment": ("investment", "investment_nominal"),
    "investment_price": ("investment", "investment_price"),
    "capital": ("accounts", "capital"),
    "capital_services": ("accounts", "capital_services"),
    "employment": ("accounts", "employment"),
    "hours": ("accounts", "hours"),
    "labour_services": ("accounts", "labour_services"),
    "schooling": ("accounts", "schooling"),
    "human_capital": ("accounts", "human_capital"),
    "labour_share": ("accounts", "labour_share"),
}


def coverage_table(panel: Panel) -> pl.DataFrame:
    """Return first year, last year and last official year of every series that the package gives."""
    # The last official year is the last one in which every region that has the series has an official figure; null when
    # there is none. Output that is only first published counts as official, and `last_revised_year` says how far
    # revised figures go.
    rows = []
    for series, (table, column) in SERIES.items():
        values, unofficial = _values(panel, table, column)
        if values is None or not np.isfinite(values).any():
            continue
        known = np.isfinite(values)
        present = panel.calendar[known.any(axis=0)]
        preliminary = panel.preliminary if series == "output" else np.zeros_like(known)
        rows.append(
            {
                "series": series,
                "column": f"{table}.{column}",
                "first_year": int(present[0]),
                "last_year": int(present[-1]),
                "last_official_year": _last_common(panel, known & ~unofficial),
                "last_revised_year": _last_common(panel, known & ~unofficial & ~preliminary),
            }
        )
    years = dict.fromkeys(("first_year", "last_year", "last_official_year", "last_revised_year"), pl.Int64)
    return pl.DataFrame(rows, schema={"series": pl.String, "column": pl.String, **years})


def _values(panel: Panel, table: str, column: str) -> tuple[FloatArray | None, BoolArray]:
    """Return the values `(R, T)` of a column and its unofficial cells; assets are merged."""
    if table == "accounts":
        values = panel.accounts.get(column)
        return values, panel.unofficial.get(column, np.zeros(panel.shape, dtype=np.bool_))
    cells = panel.investment.get(column)
    if cells is None:
        return None, np.zeros(panel.shape, dtype=np.bool_)
    known = np.isfinite(cells)
    values = np.where(known.any(axis=0), np.where(known, cells, 0.0).sum(axis=0), np.nan)
    mask = panel.unofficial.get(column)
    return values, np.zeros(panel.shape, dtype=np.bool_) if mask is None else np.asarray(mask.any(axis=0))


def _last_common(panel: Panel, official: BoolArray) -> int | None:
    """Return the last year in which every region that ever has an official figure has one."""
    ever = official[official.any(axis=1)]
    if not ever.size:
        return None
    years = panel.calendar[ever.all(axis=0)]
    return int(years[-1]) if years.size else None
