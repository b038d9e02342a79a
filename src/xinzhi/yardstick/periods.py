"""Period averages: the growth accounts of a region over the periods that the protocol reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xinzhi.yardstick.series import Marks, both_ends, spell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
    from xinzhi.yardstick.accounts import Growth

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


def period_table(
    names: Sequence[str],
    years: IntArray,
    growth: Growth,
    marks: Mapping[str, BoolArray],
    wanted: Sequence[Sequence[int]],
) -> pl.DataFrame:
    """Return the mean per year of every growth and contribution, region by period.

    Growth of the years after `start` up to `end`; the last period is the whole span of the figures. Periods of which
    a region has not every year are left out for that region; periods that no region has are left out altogether.

    Parameters
    ----------
    names, years
        The axes of the growth accounts.
    growth, marks
        The accounts `(R, T)` and their marks.
    wanted
        Pairs ``[start, end]`` of the protocol.
    """
    import polars as pl

    known = np.isfinite(growth.tfp_growth)
    if not known.any():
        return _table(pl.DataFrame(schema=_schema()))
    spans = [(int(start), int(end)) for start, end in wanted]
    columns = np.flatnonzero(known.any(axis=0))
    whole = (int(years[columns[0]]) - 1, int(years[columns[-1]]))
    rows = [_one(names, years, growth, marks, known, span) for span in [*(s for s in spans if s != whole), whole]]
    return _table(pl.concat(rows))


def _schema() -> dict[str, type]:
    """Return the columns of the table."""
    return {"region": str, "start": int, "end": int, **dict.fromkeys(FLOWS, float), "flags": str}


def _one(
    names: Sequence[str],
    years: IntArray,
    growth: Growth,
    marks: Mapping[str, BoolArray],
    known: BoolArray,
    span: tuple[int, int],
) -> pl.DataFrame:
    """Return one period of the regions that have every year of it; the whole span also of those that have fewer."""
    import polars as pl

    inside = (years > span[0]) & (years <= span[1])
    full = known[:, inside].all(axis=1) & (int(inside.sum()) == span[1] - span[0])
    rows = np.flatnonzero(full)
    if not rows.size:
        return pl.DataFrame(schema=_schema())

    def mean(values: FloatArray) -> FloatArray:
        average: FloatArray = values[rows][:, inside].mean(axis=1)
        return average

    touched: Marks = {
        name: np.asarray(mask[rows][:, inside].any(axis=1, keepdims=True)) for name, mask in marks.items()
    }
    return pl.DataFrame(
        {
            "region": [names[row] for row in rows.tolist()],
            "start": np.full(rows.size, span[0]),
            "end": np.full(rows.size, span[1]),
            **{name: mean(getattr(growth, name)) for name in FLOWS},
            "flags": spell(touched, (rows.size, 1)),
        },
        schema=_schema(),
    )


def _table(rows: pl.DataFrame) -> pl.DataFrame:
    """Add the part of TFP in output growth and the rank within the period."""
    import polars as pl

    period = ["start", "end"]
    return rows.with_columns(
        tfp_part=pl.col("tfp_growth") / pl.col("output_growth"),
        rank=pl.col("tfp_growth").rank("min", descending=True).over(period).cast(pl.Int64),
    ).select(*rows.columns[:-1], "tfp_part", "rank", "flags")


def growth_marks(marks: Mapping[str, BoolArray]) -> Marks:
    """Turn marks of levels into marks of growth: a break belongs to its year, everything else to both ends."""
    return {name: mask if name.startswith("break:") else both_ends(mask) for name, mask in marks.items()}


def official_span(periods: pl.DataFrame) -> tuple[int, int]:
    """Return the latest reported period in which no region rests on extrapolated figures; else the whole span."""
    import polars as pl

    spans = periods.group_by("start", "end", maintain_order=True).agg(
        official=~pl.col("flags").str.contains("extrapolated:").any()
    )
    whole = spans.select("start", "end").row(-1)
    official = [row[:2] for row in spans.filter("official").iter_rows() if row[:2] != whole]
    return max(official, key=lambda span: span[1], default=whole)
