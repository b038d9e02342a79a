"""LMDI-I: what moved a product of factors, added up over its parts, without a residual."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import polars as pl

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.result import Result
from xinzhi.core.text import Text
from xinzhi.sectors.reading import KEYS, frame_of, omitted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xinzhi.core.arrays import FloatArray
    from xinzhi.core.result import FrameKind, Provenance
    from xinzhi.core.text import Language

MISSING = Text(zh="有因素缺失", en="a factor is missing")
FROM_ZERO = Text(
    zh="总量为零，乘法分解无定义（加法分解仍给出）",
    en="a total of zero has no ratio: the multiplicative form is not defined",
)


def logarithmic_mean(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return the logarithmic mean ``(a - b) / ln(a / b)``: `a` where both are equal, 0 where one is zero.

    Examples
    --------
    >>> logarithmic_mean(np.array([2.0, 3.0, 0.0]), np.array([1.0, 3.0, 5.0])).round(4).tolist()
    [1.4427, 3.0, 0.0]
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_ratio = np.log(a) - np.log(b)
        # expm1 keeps all digits where the two are nearly equal
        mean = b * np.where(log_ratio == 0, 1.0, np.expm1(log_ratio) / np.where(log_ratio == 0, 1.0, log_ratio))
    zero = ((a == 0) | (b == 0)) & np.isfinite(a) & np.isfinite(b)
    return np.where(zero, 0.0, mean)


def lmdi_additive(before: FloatArray, after: FloatArray) -> FloatArray:
    """Return the contribution of every factor to the change of their product.

    Parameters
    ----------
    before, after
        Factors at both ends, the factors on the last axis `(..., n)`; not negative. NaN stands for a factor that is
        0/0 at an end where another factor is zero: it counts as unchanged.

    Returns
    -------
    FloatArray
        `(..., n)`; the sum over the factors is the change of the product. NaN where a factor is missing otherwise.

    Raises
    ------
    InputError
        When a factor is negative.

    Notes
    -----
    Ang (2005), Energy Policy 33: ``L(V_T, V_0) ln(x_T / x_0)``. Zeros by the analytical limit (Ang, Zhang and Choi
    1998; Ang and Liu 2007, Energy Policy 35): a factor that alone comes from, or goes to, zero takes the whole change;
    the others, and all factors of a product that is zero at both ends, take nothing. Where several factors are zero at
    the same end they share the change equally, the limit of replacing each by one and the same small number.

    Examples
    --------
    >>> lmdi_additive(np.array([1.0, 2.0]), np.array([2.0, 2.0])).tolist()
    [2.0, 0.0]
    >>> lmdi_additive(np.array([0.0, 5.0]), np.array([2.0, 4.0])).tolist()
    [8.0, 0.0]
    """
    before, after = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    if np.any(before < 0) or np.any(after < 0):
        message = (
            "a factor of an LMDI decomposition is negative: its logarithm does not exist; decompose its parts apart."
        )
        raise InputError(message)
    start_zero, end_zero = before == 0, after == 0
    # 0/0 beside a zero: the factor keeps the value of the other end, or any where it is 0/0 at both
    gone = np.isnan(before) & start_zero.any(axis=-1, keepdims=True)
    left = np.isnan(after) & end_zero.any(axis=-1, keepdims=True)
    start, end = np.where(gone, np.where(left, 1.0, after), before), np.where(left, np.where(gone, 1.0, before), after)
    before, after = start, end
    v0, v1 = before.prod(axis=-1, keepdims=True), after.prod(axis=-1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        regular = logarithmic_mean(v1, v0) * (np.log(after) - np.log(before))
    comes, goes = (v0 == 0) & (v1 != 0), (v1 == 0) & (v0 != 0)
    limit = np.where(comes, start_zero * v1 / np.maximum(start_zero.sum(axis=-1, keepdims=True), 1), 0.0)
    limit = np.where(goes, end_zero * -v0 / np.maximum(end_zero.sum(axis=-1, keepdims=True), 1), limit)
    known = np.isfinite(before).all(axis=-1, keepdims=True) & np.isfinite(after).all(axis=-1, keepdims=True)
    return np.where(known, np.where((v0 == 0) | (v1 == 0), limit, regular), np.nan)


@dataclass(frozen=True, repr=False, kw_only=True)
class Drivers(Result):
    """What moved an aggregate, by region and year.

    Parameters
    ----------
    frame
        ``region, year, start, factor, additive, multiplicative, share``: the contribution in the unit of the total, the
        ratio by which the factor alone moves the total, and the contribution over the absolute change. `additive` adds
        up to the change of the total; the product of `multiplicative` is its ratio.
    totals
        ``region, year, start, before, after``.
    omitted
        ``region, year, reason_zh, reason_en``.
    total, factors
        Names of the total and its factors.
    names
        Names of the regions, where the source is a package that has them.
    """

    key: ClassVar[tuple[str, ...]] = (*KEYS, "factor")

    totals: pl.DataFrame
    omitted: pl.DataFrame
    total: str
    factors: tuple[str, ...]
    names: Mapping[str, Text] = field(default_factory=dict)

    def summary(self, language: Language = "en") -> str:
        """Return the contributions summed over the regions that share the most common span of years."""
        spans = self.totals.group_by("start", "year").len().sort("len", "year", descending=True)
        if not spans.height:
            return self.provenance.foot()
        start, year, count = spans.row(0)
        last = self.frame.filter(start=start, year=year)
        rows = last.group_by("factor", maintain_order=True).agg(pl.col("additive").sum())
        parts = [f"{name} {value:+,.4g}" for name, value in rows.iter_rows()]
        change = f"{last['additive'].sum():+,.4g}"
        line = (
            f"{self.total} {start}-{year}年变动 {change}（{count} 个地区合计）：{'，'.join(parts)}"
            if language == "zh"
            else f"{self.total} {start}-{year}, {count} regions together: {change} = {', '.join(parts)}"
        )
        return f"{line}\n{self.provenance.foot()}"


def lmdi(
    frame: object, factors: Sequence[str], *, item: str | None = None, span: int | None = 1, total: str = "total"
) -> Drivers:
    """Decompose the change of a product of factors, or of a sum of such products, by LMDI-I.

    Parameters
    ----------
    frame
        A frame with ``region, year``, the factors, and `item` where the total is a sum over items (fuels, sectors).
    factors
        Columns whose product is the total (of an item).
    item
        Column of the items; every item of a region must be there at both ends.
    span
        Years over which change is measured; None compares the last year of each region with its first.
    total
        What to call the total.

    Raises
    ------
    UsageError
        When there is no factor or the span is not positive.
    InputError
        When a column is missing, a factor negative, or a row given twice.

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
        message = "lmdi needs one factor or more, and a span of one year or more (or None)."
        raise UsageError(message)
    from xinzhi import __version__
    from xinzhi.core.result import Provenance

    data, kind = frame_of(frame, [*KEYS, *names, *([item] if item else [])], verb="lmdi")
    options = {"factors": names, "item": item, "span": span}
    provenance = Provenance(verb="lmdi", version=__version__, options=options)
    return decompose(data, names, item=item, span=span, total=total, made=(kind, provenance))


def decompose(
    data: pl.DataFrame,
    names: list[str],
    *,
    item: str | None = None,
    span: int | None = 1,
    total: str = "total",
    made: tuple[FrameKind, Provenance],
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
    known = [*names, "before", "after"]
    sums = rows.group_by(*KEYS, "start", maintain_order=True).agg(
        pl.when(pl.col(name).is_null().any()).then(None).otherwise(pl.col(name).sum()).alias(name) for name in known
    )
    whole = sums.drop_nulls(known)
    left = [(*key, MISSING) for key in sums.join(whole, on=KEYS, how="anti").select(KEYS).iter_rows()]
    mean = logarithmic_mean(whole["after"].to_numpy(), whole["before"].to_numpy())
    left += [(*key, FROM_ZERO) for key in whole.select(KEYS).filter(pl.Series(mean == 0)).iter_rows()]
    change = pl.col("after") - pl.col("before")
    tall = (
        whole.with_columns(_mean=mean)
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
        totals=whole.select(*KEYS, "start", "before", "after").sort(KEYS),
        omitted=omitted(left),
        total=total,
        factors=tuple(names),
        kind=made[0],
        provenance=made[1],
    )


def _product(factors: FloatArray) -> FloatArray:
    """Return the product; zero where a factor is, whatever the others."""
    return np.where((factors == 0).any(axis=-1), 0.0, factors.prod(axis=-1))


def _pairs(data: pl.DataFrame, names: list[str], item: str | None, span: int | None) -> pl.DataFrame:
    """Return every row with the one it is compared to; an item that is there at one end only has nulls at the other."""
    keys = [*KEYS, item] if item else list(KEYS)
    try:
        table = data.select(
            pl.col("region").cast(pl.String),
            pl.col("year").cast(pl.Int64),
            *([pl.col(item).cast(pl.String)] if item else []),
            *(pl.col(name).cast(pl.Float64).fill_nan(None) for name in names),
        ).sort(keys)
    except pl.exceptions.PolarsError as error:
        message = f"lmdi: a factor is no number ({str(error).splitlines()[0]})."
        raise InputError(message) from error
    twice = table.group_by(keys).len().filter(pl.col("len") > 1)
    if twice.height:
        message = f"lmdi: {'/'.join(str(part) for part in twice.sort(keys).row(0)[:-1])} is given twice; keep one row."
        raise InputError(message)
    if span is None:
        last = table.filter(pl.col("year") == pl.col("year").max().over("region"))
        first = table.filter(pl.col("year") == pl.col("year").min().over("region")).rename({"year": "start"})
        same = [key for key in keys if key != "year"]
        both = last.join(first, on=same, how="full", suffix="_b", coalesce=True)
        # an item at one end only has lost its years
        both = both.with_columns(pl.col("year", "start").max().over("region")).filter(pl.col("year") > pl.col("start"))
    else:
        shifted = table.with_columns(start=pl.col("year"), year=pl.col("year") + span)
        years = table.select(KEYS).unique().join(shifted.select(KEYS).unique(), on=KEYS)
        both = table.join(shifted, on=keys, how="full", suffix="_b", coalesce=True).join(years, on=KEYS, how="semi")
        both = both.with_columns(start=pl.col("year") - span)
    return both.rename({f"{name}_b": f"_{name}" for name in names}).sort(keys)
