"""Allocation among the firms of an industry, from the published cells of an office, beside that among industries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from xinzhi import words
from xinzhi.core.errors import InputError
from xinzhi.core.result import Facts, Result
from xinzhi.core.text import Text, listing, same
from xinzhi.sources.result import Sources

_SHOWN = 3
MEANS = ("growth", "rounding", "share", "contribution", "allocation", "tfp_growth")


@dataclass(frozen=True, repr=False, kw_only=True)
class AmongFirms(Result, verb="sources_among_firms", topic="sources", key=("year",)):
    """What reallocation among firms gave inside industries, beside reallocation among the industries of the regions.

    `frame`: ``year``; ``growth`` of the efficiency of allocation inside industries over the year before, in log points
    of the firms' productivity, and ``rounding``, by how much the digits of the cells may move it; ``industries`` that
    it is of; ``share`` of these in the output of the regions, null where the cells do not say in which unit amounts
    are; ``contribution`` to the regions' productivity, the product of both; ``allocation`` and ``tfp_growth`` of the
    regions, weighted by output, null in years that the decomposition lacks. `changes` are the industries of a year,
    their ``weight``, and the ``half`` unit of the last digit of a cell, then and the year before (``half_0``), in log
    points. `regions` are their codes; `all_regions` says that cells name none, so that they are taken to be of all of
    them; `industries` how many the decomposition has, None for the three sectors.
    """

    changes: pl.DataFrame
    regions: tuple[str, ...]
    all_regions: bool
    industries: int | None
    extra_regions: tuple[str, ...]
    excess: float | None

    def facts(self) -> Facts:
        """Return what both gave a year over the years that both have, and what the cells cover."""
        matched = self.frame.drop_nulls("allocation")
        rows = matched if matched.height else self.frame
        mean = {name: rows[name].mean() for name in MEANS}
        spread = rows.select(pl.col("growth").std()).item()
        text = words.sources.firms_spread(spread=spread, n=rows.height) if rows.height > 1 else same("")
        values = mean | {
            "start": rows["year"].min() - 1,  # type: ignore[operator] # whole numbers
            "end": rows["year"].max(),
            "n": rows.height,
            "rounding": self._rounding(rows["year"]),
            "place": self._place("together"),
            "mean": self._place("mean"),
            "spread": text,
            "level": words.sources.firms_sectors()
            if self.industries is None
            else words.sources.firms_industries(n=self.industries),
        }
        facts: Facts = {"firms.beside" if matched.height else "firms.alone": values}
        if self.excess is not None:
            facts["firms.excess"] = {"share": self.excess, "place": values["place"]}
        else:
            facts["firms.no_share" if mean["share"] is None else "firms.share"] = values
        if self.all_regions:
            facts["firms.whole"] = {}
        if self.extra_regions:
            facts["firms.others"] = {"n": len(self.extra_regions), "names": list(self.extra_regions[:_SHOWN])}
        if matched.height and matched.height < self.frame.height:
            facts["firms.years"] = {"n": self.frame.height - matched.height}
        return facts

    def _rounding(self, years: pl.Series) -> float:
        """Return by how much the digits of the cells may move the mean of some years.

        Levels are rounded, not changes: a cell that ends one change and begins the next counts with what is left of it.
        """
        changes = self.changes.filter(pl.col("year").is_in(years.implode()))
        last = changes.select("industry", "year", "weight", "half")
        first = changes.select("industry", pl.col("year") - 1, -pl.col("weight"), half="half_0")
        cells = pl.concat([last, first]).group_by("industry", "year").agg(pl.col("weight").sum(), pl.col("half").max())
        return float((cells["weight"].abs() * cells["half"]).sum()) / len(years)

    def _place(self, several: str) -> Text:
        """Return the name of the region; of several, also whether they are meant together or as a mean."""
        if len(self.regions) == 1:
            return self.names.region(self.regions[0])
        listed_names = listing([self.names.region(code) for code in self.regions])
        many = words.sources.firms_regions(n=len(self.regions)) if len(self.regions) > _SHOWN else listed_names
        return words.sources.firms_of(several, regions=many)


def among_firms(
    result: Sources,
    cells: pl.DataFrame,
    output: pl.DataFrame,
    *,
    regions: Sequence[str] = (),
    extra_regions: Sequence[str] = (),
    digits: int,
) -> AmongFirms:
    r"""Return what reallocation among firms gave inside industries, from cells, beside that among industries.

    Parameters
    ----------
    result
        A decomposition.
    cells
        ``industry, year, efficiency`` (output over efficient output, Hsieh and Klenow 2009) and ``value``, value added;
        ``gain``, 1/efficiency - 1 to as many digits, is finer where it is small and goes first there.
    output
        ``region, year, output``: that of the regions in the unit of `value`, null where the unit is not known.
    regions, extra_regions
        The codes of the regions that the cells are of (none: not told), and what regions they are of beside.
    digits
        To how many efficiency and gain were rounded.

    Notes
    -----
    With $e_s$ the efficiency of industry $s$ and $w_s$ its share in value added, mean of both years, among the
    industries that both years tell, growth is $\sum_s w_s \Delta\ln e_s$: industries that are withheld in one of the
    years do not move it, nor does the mix of industries.

    Raises
    ------
    InputError
        When no industry is told in two consecutive years.

    Examples
    --------
    >>> from xinzhi.sources import decompose
    >>> rows = [("13", 2015, 0.50, 9.0), ("13", 2016, 0.51, 9.0)]
    >>> cells = pl.DataFrame(rows, schema=["industry", "year", "efficiency", "value"], orient="row")
    >>> none = pl.DataFrame(schema={"region": pl.String, "year": pl.Int64, "output": pl.Float64})
    >>> among_firms(decompose("china-provinces"), cells, none, digits=2).frame["growth"].round(4).to_list()
    [0.0198]
    """
    cells_with_efficiency = cells.drop_nulls(["efficiency", "value"])
    cells_with_efficiency = (
        cells_with_efficiency
        if "gain" in cells_with_efficiency.columns
        else cells_with_efficiency.with_columns(gain=pl.lit(None, pl.Float64))
    )
    gain, efficiency = pl.col("gain"), pl.col("efficiency")
    cells_with_efficiency = cells_with_efficiency.with_columns(
        half=_half(efficiency, digits) / efficiency, finer=_half(gain, digits) / (1 + gain)
    )
    finer = (pl.col("finer") < pl.col("half")).fill_null(value=False)
    cells_with_efficiency = cells_with_efficiency.with_columns(
        log=pl.when(finer).then(-(1 + gain).log()).otherwise(efficiency.log()),
        half=pl.when(finer).then("finer").otherwise("half"),
    )
    pairs = cells_with_efficiency.join(
        cells_with_efficiency.with_columns(pl.col("year") + 1), on=["industry", "year"], suffix="_0"
    )
    if pairs.is_empty():
        raise InputError("sources.cells-apart")
    weight = (pl.col("value") / pl.col("value").sum() + pl.col("value_0") / pl.col("value_0").sum()) / 2
    pairs = pairs.with_columns(weight=weight.over("year"))
    firms = pairs.group_by("year").agg(
        growth=(pl.col("weight") * (pl.col("log") - pl.col("log_0"))).sum(),
        rounding=(pl.col("weight") * (pl.col("half") + pl.col("half_0"))).sum(),
        industries=pl.len().cast(pl.Int64),
        made=pl.col("value").sum(),
        made_0=pl.col("value_0").sum(),
    )
    codes = tuple(regions) or tuple(result.frame["region"].unique().sort())
    gdp = (
        output.filter(pl.col("region").is_in(codes))
        .group_by("year")
        .agg(gdp=pl.when(pl.col("output").count() == len(codes)).then(pl.col("output").sum()))
    )
    gdp = gdp.join(gdp.select(pl.col("year") + 1, gdp_0="gdp"), on="year", how="left")
    frame = (
        firms.join(gdp, on="year", how="left")
        .join(_regions(result, codes), on="year", how="left")
        .with_columns(share=(pl.col("made") / pl.col("gdp") + pl.col("made_0") / pl.col("gdp_0")) / 2)
        .select("year", "growth", "rounding", "industries", "share", "allocation", "tfp_growth")
        .sort("year")
    )
    top = frame["share"].max()
    excess = float(top) if isinstance(top, float) and top > 1 else None
    frame = frame if excess is None else frame.with_columns(share=pl.lit(None, pl.Float64))
    frame = frame.insert_column(5, (frame["share"] * frame["growth"]).alias("contribution"))
    fine = result.provenance.options["detail"] == "industry"
    return AmongFirms(
        frame=frame,
        changes=pairs.select("year", "industry", "weight", "half", "half_0").sort("year", "industry"),
        industries=result.industries["industry"].n_unique() if fine else None,
        excess=excess,
        regions=codes,
        all_regions=not regions,
        extra_regions=tuple(extra_regions),
        names=result.names,
        provenance=replace(result.provenance, verb="sources.among_firms"),
    )


def _half(value: pl.Expr, digits: int) -> pl.Expr:
    """Return half a unit of the last digit of a value of so many digits; none of zero."""
    place = value.abs().log10().floor() - digits + 1
    return pl.when(value == 0).then(0.0).otherwise(0.5 * 10.0**place)


def _regions(result: Sources, codes: Sequence[str]) -> pl.DataFrame:
    """Return reallocation among industries and growth of productivity by year, over regions by output of both years."""
    output = result.measurement.inputs.select("region", "year", "output")
    rows = (
        result.frame.filter(pl.col("region").is_in(codes))
        .join(output, on=["region", "year"])
        .join(output.with_columns(pl.col("year") + 1), on=["region", "year"], suffix="_0")
        .with_columns(
            weight=pl.col("output") / pl.col("output").sum().over("year")
            + pl.col("output_0") / pl.col("output_0").sum().over("year")
        )
    )
    means = [(pl.col(name) * pl.col("weight") / 2).sum().alias(name) for name in ("allocation", "tfp_growth")]
    complete = (pl.len() == len(codes)) & (pl.col("allocation").null_count() == 0)
    means_by_year = rows.group_by("year").agg(
        *(pl.when(complete).then(mean).alias(mean.meta.output_name()) for mean in means)
    )
    return means_by_year.drop_nulls("allocation")
