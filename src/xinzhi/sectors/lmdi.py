"""The verbs `lmdi` and `kaya`: what moved a product of factors, added up over its parts, without a residual."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.facts import Fact
from xinzhi.core.result import FrameKind, Provenance, Result
from xinzhi.data import Field, tidy
from xinzhi.sectors.conventions import series_text, setting
from xinzhi.sectors.figures import KEYS, missing_reasons, omission_frame, read, reason, refuse_below


def logarithmic_mean(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return the logarithmic mean ``(a - b) / ln(a / b)``: `a` where both are equal, 0 where one is zero."""
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_ratio = np.log(a) - np.log(b)
        # expm1 keeps all digits where the two are nearly equal
        mean = b * np.where(log_ratio == 0, 1.0, np.expm1(log_ratio) / np.where(log_ratio == 0, 1.0, log_ratio))
    zero = ((a == 0) | (b == 0)) & np.isfinite(a) & np.isfinite(b)
    return np.where(zero, 0.0, mean)


def lmdi_additive(before: FloatArray, after: FloatArray) -> FloatArray:
    """Return the contribution of every factor to the change of their product, ``L(V_T, V_0) ln(x_T / x_0)`` (Ang 2005).

    Zeros by the analytical limit (Ang and Liu 2007): factors that come from, or go to, zero share the change equally,
    the others take nothing. NaN stands for a factor that is 0/0 beside a zero: it counts as unchanged.
    """
    before, after = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    if np.any(before < 0) or np.any(after < 0):
        raise InputError("sectors.negative-factor")
    start_zero, end_zero = before == 0, after == 0
    # 0/0 beside a zero: the factor keeps the value of the other end, or any where it is 0/0 at both
    undefined_before = np.isnan(before) & start_zero.any(axis=-1, keepdims=True)
    undefined_after = np.isnan(after) & end_zero.any(axis=-1, keepdims=True)
    start, end = (
        np.where(undefined_before, np.where(undefined_after, 1.0, after), before),
        np.where(undefined_after, np.where(undefined_before, 1.0, before), after),
    )
    before, after = start, end
    v0, v1 = before.prod(axis=-1, keepdims=True), after.prod(axis=-1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        regular = logarithmic_mean(v1, v0) * (np.log(after) - np.log(before))
    comes, goes = (v0 == 0) & (v1 != 0), (v1 == 0) & (v0 != 0)
    limit = np.where(comes, start_zero * v1 / np.maximum(start_zero.sum(axis=-1, keepdims=True), 1), 0.0)
    limit = np.where(goes, end_zero * -v0 / np.maximum(end_zero.sum(axis=-1, keepdims=True), 1), limit)
    defined = np.isfinite(before).all(axis=-1, keepdims=True) & np.isfinite(after).all(axis=-1, keepdims=True)
    return np.where(defined, np.where((v0 == 0) | (v1 == 0), limit, regular), np.nan)


@dataclass(frozen=True, repr=False, kw_only=True)
class Drivers(Result, verb="drivers", topic="sectors", key=(*KEYS, "factor")):
    """What moved the `total`, by region, year and factor; `totals` has both ends.

    `additive`, in the unit of the total, adds up to its change; the product of `multiplicative` is its ratio.
    """

    totals: pl.DataFrame
    omitted: pl.DataFrame
    total: str
    factors: tuple[str, ...]

    def span(self) -> tuple[int, int, int] | None:
        """Return start, year and number of regions of the most common span of years; None without rows."""
        spans = self.totals.group_by("start", "year").len().sort("len", "year", descending=True)
        return spans.row(0) if spans.height else None

    def answer(self) -> Iterator[Fact]:
        """Yield what each factor did to the total of the regions that share the most common span."""
        span = self.span()
        if span is None:
            yield words.sectors.answer_no_years()
            return
        start, year, regions = span
        total = series_text(self.total)
        before = float(self.totals.filter(start=start, year=year)["before"].to_numpy().sum())
        if not before:
            yield words.sectors.answer_from_zero(total=total, first=start)
            return
        rows = self.frame.filter(start=start, year=year)
        sums = {name: float(rows.filter(factor=name)["additive"].to_numpy().sum()) for name in self.factors}
        parts = [
            words.sectors.answer_driver(name=series_text(name), value=value / before) for name, value in sums.items()
        ]
        yield words.sectors.answer_drivers(
            total=total, first=start, last=year, regions=regions, parts=parts, change=sum(sums.values()) / before
        )


def lmdi(
    frame: object, factors: Sequence[str], *, item: str | None = None, span: int | None = 1, total: str = "total"
) -> Drivers:
    """Decompose the change of a product of factors, or of a sum of such products, by LMDI-I.

    Parameters
    ----------
    frame
        A frame with ``region, year``, the factors, and `item` where the total is a sum over items (fuels, sectors).
    factors, total
        Columns whose product is the total (of an item), and what to call it.
    item
        Column of the items; every item of a region must be there at both ends.
    span
        Years over which change is measured; None compares the last year of each region with its first.

    Notes
    -----
    See `lmdi_additive`; the multiplicative form is ``exp(additive / L(V_T, V_0))`` of the sums (LMDI-I is consistent in
    aggregation and its two forms are linked so: Ang 2005).

    Examples
    --------
    >>> data = pl.DataFrame({"region": ["a", "a"], "year": [2000, 2001], "people": [2.0, 3.0], "intensity": [3.0, 2.0]})
    >>> lmdi(data, ["people", "intensity"]).frame.select("factor", pl.col("additive", "multiplicative").round(4)).rows()
    [('people', 2.4328, 1.5), ('intensity', -2.4328, 0.6667)]
    """
    names = list(factors)
    if not names or (span is not None and span < 1):
        raise UsageError("sectors.lmdi-factors")
    source = tidy(
        frame,
        [Field("region", "code"), Field("year", "year"), *([Field(item, "text")] if item else []), *map(Field, names)],
        key=[*KEYS, *([item] if item else [])],
        verb="lmdi",
        empty=True,
    )
    provenance = source.provenance("lmdi", factors=names, item=item, span=span)
    return decompose(source.frame, names, item, span, total, (source.kind, provenance))


def decompose(
    data: pl.DataFrame,
    names: list[str],
    item: str | None,
    span: int | None,
    total: str,
    origin: tuple[FrameKind, Provenance],
) -> Drivers:
    """Return the decomposition of checked columns; see `lmdi`."""
    pairs = _pairs(data, names, item, span)
    before = pairs.select([f"_{name}" for name in names]).to_numpy()
    after = pairs.select(names).to_numpy()
    parts = lmdi_additive(before, after)
    ends = {"before": _product(before), "after": _product(after)}
    cells = {name: parts[:, position] for position, name in enumerate(names)}
    rows = pl.concat([pairs.select(*KEYS, "start"), pl.DataFrame(cells | ends)], how="horizontal").with_columns(
        pl.selectors.float().fill_nan(None)
    )
    columns = [*names, "before", "after"]
    sums = rows.group_by(*KEYS, "start", maintain_order=True).agg(
        pl.when(pl.col(name).is_null().any()).then(None).otherwise(pl.col(name).sum()).alias(name) for name in columns
    )
    complete = sums.drop_nulls(columns)
    incomplete = [
        (*key, reason("factor_missing")) for key in sums.join(complete, on=KEYS, how="anti").select(KEYS).iter_rows()
    ]
    mean = logarithmic_mean(complete["after"].to_numpy(), complete["before"].to_numpy())
    incomplete += [
        (*key, reason("total_zero")) for key in complete.select(KEYS).filter(pl.Series(mean == 0)).iter_rows()
    ]
    change = pl.col("after") - pl.col("before")
    tall = (
        complete.with_columns(_mean=mean)
        .unpivot(
            names, index=[*KEYS, "start", "before", "after", "_mean"], variable_name="factor", value_name="additive"
        )
        .with_columns(
            multiplicative=pl.when(pl.col("_mean") > 0).then((pl.col("additive") / pl.col("_mean")).exp()),
            share=pl.when(change != 0).then(pl.col("additive") / change.abs()),
            _order=pl.col("factor").replace_strict({name: place for place, name in enumerate(names)}),
        )
        .sort(*KEYS, "_order")
        .select(*KEYS, "start", "factor", "additive", "multiplicative", "share")
    )
    return Drivers(
        frame=tall,
        totals=complete.select(*KEYS, "start", "before", "after").sort(KEYS),
        omitted=omission_frame(incomplete),
        total=total,
        factors=tuple(names),
        kind=origin[0],
        provenance=origin[1],
    )


def _product(factors: FloatArray) -> FloatArray:
    """Return the product; zero where a factor is, whatever the others."""
    return np.where((factors == 0).any(axis=-1), 0.0, factors.prod(axis=-1))


def _pairs(data: pl.DataFrame, names: list[str], item: str | None, span: int | None) -> pl.DataFrame:
    """Return every row with the one it is compared to; an item that is there at one end only has nulls at the other."""
    keys = [*KEYS, item] if item else list(KEYS)
    table = data.sort(keys)
    if span is None:
        last = table.filter(pl.col("year") == pl.col("year").max().over("region"))
        first = table.filter(pl.col("year") == pl.col("year").min().over("region")).rename({"year": "start"})
        same = [key for key in keys if key != "year"]
        pairs = last.join(first, on=same, how="full", suffix="_b", coalesce=True)
        # an item at one end only has lost its years
        pairs = pairs.with_columns(pl.col("year", "start").max().over("region")).filter(
            pl.col("year") > pl.col("start")
        )
    else:
        shifted = table.with_columns(start=pl.col("year"), year=pl.col("year") + span)
        years = table.select(KEYS).unique().join(shifted.select(KEYS).unique(), on=KEYS)
        pairs = table.join(shifted, on=keys, how="full", suffix="_b", coalesce=True).join(years, on=KEYS, how="semi")
        pairs = pairs.with_columns(start=pl.col("year") - span)
    return pairs.rename({f"{name}_b": f"_{name}" for name in names}).sort(keys)


def kaya(
    source: object, emissions: str | None = None, *, series: Mapping[str, str] | None = None, span: int | None = 1
) -> Drivers:
    """Decompose emissions, or energy use where none are given, by the Kaya identity with LMDI-I.

    Parameters
    ----------
    source
        A package (or its name), or a frame with ``region, year`` and the series.
    emissions
        Series of emissions; None decomposes energy use itself: ``population, affluence`` (output per head) and
        ``energy_intensity`` (energy per unit of output), without ``emission_content`` (emissions per unit of energy).
    series
        Other names for ``population, output, energy`` (``population, output_real, energy_consumption``).
    span
        Years over which change is measured; None compares the last year of each region with its first.

    Notes
    -----
    Kaya (1990), Impact of carbon dioxide emission control on GNP growth (IPCC Energy and Industry Subgroup):
    C = P · Y/P · E/Y · C/E. Region-years without a positive denominator are in `omitted`.

    Examples
    --------
    >>> result = kaya("china-provinces", span=None)
    >>> result.frame.filter(region="110000")["factor"].to_list()
    ['population', 'affluence', 'energy_intensity']
    """
    names = setting("kaya.series") | dict(series or {})
    required = [names["population"], names["output"], names["energy"], *([emissions] if emissions else [])]
    source_figures = read(source, required, verb="kaya")
    if emissions:
        refuse_below(source_figures.frame, [emissions], verb="kaya", positive=False)
    people, output, energy = (pl.col(names[key]) for key in ("population", "output", "energy"))
    complete = source_figures.frame.drop_nulls(required)
    usable = complete.filter((people > 0) & (output > 0) & (energy > 0))
    factors = {"population": people, "affluence": output / people, "energy_intensity": energy / output}
    if emissions:
        factors["emission_content"] = pl.col(emissions) / energy
    data = usable.select(*KEYS, **factors)
    provenance = source_figures.provenance("kaya", emissions=emissions, series=names, span=span)
    result = decompose(data, list(factors), None, span, emissions or names["energy"], (source_figures.kind, provenance))
    bad = complete.join(usable, on=KEYS, how="anti").select(KEYS)
    omissions = [
        result.omitted,
        omission_frame(bad.iter_rows(), reason("no_denominator")),
        missing_reasons(source_figures.frame, required),
    ]
    return replace(result, omitted=pl.concat(omissions).sort(KEYS), names=source_figures.names)
