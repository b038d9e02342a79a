"""Labour composition: growth of labour input beyond the growth of heads, because better-paid groups grow faster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import polars as pl

from xinzhi.core.index_numbers import Formula, contributions
from xinzhi.core.result import Result
from xinzhi.data import Field, tidy
from xinzhi.sectors.figures import KEYS, omitted, reason

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray, IntArray
    from xinzhi.core.result import Facts


@dataclass(frozen=True, repr=False, kw_only=True)
class Composition(Result):
    """Labour composition by region and year.

    Parameters
    ----------
    frame
        ``region, year, labour_growth`` (of labour input: the index over the groups), ``persons_growth,
        composition_growth`` (the first less the second); log points over the year before.
    omitted
        ``region, year, reason_zh, reason_en``.
    """

    verb: ClassVar[str] = "composition"
    topic: ClassVar[str] = "sectors"
    key: ClassVar[tuple[str, ...]] = KEYS

    omitted: pl.DataFrame

    def facts(self) -> Facts:
        """Return the mean growth of composition."""
        return {"answer.composition": {"growth": self.frame["composition_growth"].mean(), "rows": self.frame.height}}


def composition(frame: object, group: str, persons: str, wage: str, *, formula: Formula = "tornqvist") -> Composition:
    """Return the growth of labour input over groups of workers, and how much of it is composition.

    Parameters
    ----------
    frame
        A frame with ``region, year``, the group (education, age, sector), persons or hours, and the wage.
    group, persons, wage
        Its columns; persons and wages not negative.
    formula
        Index of `xinzhi.core.index_numbers`.

    Raises
    ------
    InputError
        When a column is missing, a row is given twice, or a figure is negative.

    Notes
    -----
    Jorgenson, Gollop and Fraumeni (1987), Productivity and U.S. Economic Growth: groups are weighted by their shares of
    labour compensation. A group that grows from nothing has no growth rate: such years are in `omitted`.

    Examples
    --------
    >>> data = pl.DataFrame({
    ...     "region": "a", "year": [1, 1, 2, 2], "level": ["low", "high"] * 2,
    ...     "persons": [50.0, 50.0, 40.0, 60.0], "wage": [1.0, 3.0, 1.0, 3.0],
    ... })
    >>> composition(data, "level", "persons", "wage").frame["composition_growth"].round(4).to_list()
    [0.0948]
    """
    figures = [Field(name, sign="non-negative") for name in (persons, wage)]
    fields = [Field("region", "code"), Field("year", "year"), Field(group, "text"), *figures]
    read = tidy(frame, fields, key=[*KEYS, group], verb="composition", empty=True)
    table = read.frame
    rows, out = [], []
    names = table[group].unique().sort()
    for (region,), part in table.group_by("region", maintain_order=True):
        years = part["year"].unique().sort().to_list()
        full = (
            pl.DataFrame({"year": years})
            .join(pl.DataFrame({group: names}), how="cross")
            .join(part, on=["year", group], how="left", maintain_order="left")
        )
        people, pay = (full[name].to_numpy().reshape(len(years), len(names)).T for name in (persons, wage))
        labour, heads = _growth(people, pay, np.array(years), formula)
        for year, moved, grown in zip(years[1:], labour[1:], heads[1:], strict=True):
            if np.isfinite(moved):
                rows.append((region, year, float(moved), float(grown), float(moved - grown)))
            else:
                out.append((region, year))
    schema = {"region": pl.String, "year": pl.Int64}
    schema |= dict.fromkeys(("labour_growth", "persons_growth", "composition_growth"), pl.Float64)
    return Composition(
        frame=pl.DataFrame(rows, schema=schema, orient="row").sort(KEYS),
        omitted=omitted(out, reason("group_gap")),
        kind=read.kind,
        provenance=read.provenance("composition", group=group, persons=persons, wage=wage, formula=formula),
    )


def _growth(people: FloatArray, pay: FloatArray, years: IntArray, formula: Formula) -> tuple[FloatArray, FloatArray]:
    """Return log growth of labour input and of heads `(T,)`; NaN in the first year and where something is unknown."""
    cost = people * pay
    with np.errstate(divide="ignore", invalid="ignore"):
        growth = np.diff(np.log(people), axis=1, prepend=np.nan)
        share = cost / cost.sum(axis=0)
        heads = np.diff(np.log(people.sum(axis=0)), prepend=np.nan)
        # a group that nobody is in, then and now, neither grows nor costs
        labour = contributions(growth, share, formula=formula).sum(axis=0)
    gap = np.diff(years, prepend=years[0] - 1) != 1
    return np.where(gap | ~np.isfinite(labour), np.nan, labour), np.where(gap, np.nan, heads)
