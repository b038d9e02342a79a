"""In depth: how unequal returns are under a decomposition, what equal ones would bring, and whether factors follow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from xinzhi.core.errors import InputError
from xinzhi.core.result import Result
from xinzhi.core.text import Text
from xinzhi.sources.allocation.flows import flows
from xinzhi.sources.allocation.marginal_products import dispersion, equalising_gain, marginal_products
from xinzhi.sources.allocation.shift_share import shift_share
from xinzhi.sources.assumptions import conventions
from xinzhi.sources.reading import left_out, said, told

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from xinzhi.core.text import Language
    from xinzhi.sources.decompose import Sources

COLUMNS = ("output_nominal", "capital", "labour", "labour_share")
PRODUCTS = {"labour": "mpl", "capital": "mpk"}
SIGNIFICANT = 1.96  # standard errors; a smaller coefficient is told as none
NAMES = {"labour": Text(zh="劳动", en="Labour"), "capital": Text(zh="资本", en="Capital")}
_FLOWS = {
    "labour": Text(zh="劳动的流向", en="flows of labour"),
    "capital": Text(zh="资本的流向", en="flows of capital"),
}
_SHIFT_SHARE = Text(zh="劳动生产率的转移份额分析", en="shift-share of labour productivity")
_FOLLOWS = Text(zh="在上年回报较高之处增长更快", en="grew faster where it had earned more the year before")
_AGAINST = Text(zh="在上年回报较高之处增长更慢", en="grew more slowly where it had earned more the year before")
_EITHER = Text(
    zh="的增长与上年回报无关", en="grew no faster and no more slowly where it had earned more the year before"
)


@dataclass(frozen=True, repr=False, kw_only=True)
class Allocation(Result):
    """How well capital and labour are placed over the industries of the regions.

    Parameters
    ----------
    frame
        ``year, factor, dimension, sd_log, gap_90_10, units``, from `dispersion`.
    gains
        ``year, gain_regions, gain_industries, gain, units`` in logs, from `equalising_gain`.
    products
        ``region, industry, year, output, capital, labour, labour_share, mpk, mpl``.
    flows
        ``factor, coefficient, standard_error, t, correlation, observations, clusters``, from `flows`.
    productivity
        ``region, start, end, within, static, dynamic, total``: shift-share of labour productivity, means per year.
    left_out
        ``measure_zh, measure_en, reason_zh, reason_en``: what these industries do not allow.
    substitution
        The elasticity behind the gains.
    regions, labels
        Names and macro-regions; names of the industries.
    """

    key: ClassVar[tuple[str, ...]] = ("year", "factor", "dimension")

    gains: pl.DataFrame
    products: pl.DataFrame
    flows: pl.DataFrame
    productivity: pl.DataFrame
    left_out: pl.DataFrame
    substitution: float
    regions: pl.DataFrame
    labels: Mapping[str, Text]

    def sentences(self) -> tuple[Text, ...]:
        """Return what equal marginal products would bring, first and last, and whether factors follow returns."""
        return (_gain(self.gains), *(_flow(row) for row in self.flows.iter_rows(named=True)))

    def summary(self, language: Language = "en") -> str:
        """Return the sentences and what was left out; what they rest on is said by the decomposition."""
        return "\n".join([*(one.lang(language) for one in self.sentences()), *told(self.left_out, language)])


def in_depth(result: Sources, *, substitution: float | None = None) -> Allocation:
    """Look deeper into allocation: dispersion of marginal products, gains from equal ones, flows, shift-share.

    Parameters
    ----------
    result
        A decomposition by industries or sectors.
    substitution
        Elasticity between the goods of different regions; by default that of the room's conventions, 3.

    Raises
    ------
    InputError
        When levels do not compare between regions, or there is one industry only.

    Examples
    --------
    >>> from xinzhi.sources import decompose
    >>> found = in_depth(decompose("china-provinces"))
    >>> found.flows.select("factor", (found.flows["coefficient"] > 0).alias("follows")).rows()
    [('labour', True), ('capital', False)]
    """
    if result.inputs["industry"].n_unique() <= 1 or not result.industries["distance"].is_not_null().any():
        message = (
            "allocation in depth compares what capital and labour earn between industries and between regions: it "
            "takes two industries, two regions, and inputs that are quantities of one unit and not indices."
        )
        raise InputError(message)
    sigma = float(conventions()["substitution"]["value"]) if substitution is None else substitution
    products = marginal_products(result.inputs, columns=COLUMNS)
    follow, no_flows = _flows(products)
    productivity, no_shares = _productivity(result)
    return Allocation(
        frame=dispersion(products),
        gains=equalising_gain(result.inputs, substitution=sigma, columns=COLUMNS),
        products=products,
        flows=follow,
        productivity=productivity,
        left_out=left_out([*no_flows, *no_shares]),
        substitution=sigma,
        regions=result.measurement.regions,
        labels=result.labels,
        kind=result.kind,
        provenance=replace(
            result.provenance,
            verb="sources.allocation",
            options={**result.provenance.options, "substitution": sigma},
        ),
    )


def _flows(products: pl.DataFrame) -> tuple[pl.DataFrame, list[tuple[Text, Text]]]:
    """Return whether either factor follows its return, and why that cannot be told."""
    import polars as pl

    numbers = ("coefficient", "standard_error", "t", "correlation")
    counts = ("observations", "clusters")
    schema = {"factor": pl.String, **dict.fromkeys(numbers, pl.Float64), **dict.fromkeys(counts, pl.Int64)}
    found, lacking = [pl.DataFrame(schema=schema)], []
    for factor, product in PRODUCTS.items():
        try:
            fit = flows(products, factor=factor, product=product).frame
        except InputError as error:
            lacking.append((_FLOWS[factor], said(error)))
            continue
        found.append(fit.select(pl.lit(factor).alias("factor"), pl.col(numbers), pl.col(counts).cast(pl.Int64)))
    return pl.concat(found), lacking


def _productivity(result: Sources) -> tuple[pl.DataFrame, list[tuple[Text, Text]]]:
    """Return the shift-share of labour productivity, means per year over the years that each region has."""
    import polars as pl

    effects = ("within", "static", "dynamic", "total")
    schema = {"region": pl.String, "start": pl.Int64, "end": pl.Int64, **dict.fromkeys(effects, pl.Float64)}
    try:
        parts = shift_share(result.inputs)
    except InputError as error:
        return pl.DataFrame(schema=schema), [(_SHIFT_SHARE, said(error))]
    yearly = parts.group_by("region", "year").agg(pl.col(effects).sum()).sort("region", "year")
    means = yearly.group_by("region", maintain_order=True).agg(
        pl.col(effects).mean(), start=pl.col("year").min() - 1, end=pl.col("year").max()
    )
    return means.select(*schema), []


def _gain(gains: pl.DataFrame) -> Text:
    """Return what output would gain in the first and the last year, and between what."""
    first, last = gains.row(0, named=True), gains.row(-1, named=True)
    then, now = f"{100 * first['gain']:.0f}", f"{100 * last['gain']:.0f}"
    between, apart = f"{100 * last['gain_industries']:.0f}", f"{100 * last['gain_regions']:.0f}"
    return Text(
        zh=f"若各地区、各行业的边际产出相等，产出在 {first['year']} 年可高 {then} 个对数百分点，"
        f"{last['year']} 年可高 {now} 个，其中行业之间 {between} 个，同一行业的地区之间 {apart} 个。",
        en=f"With equal marginal products output would have been {then} log points higher in {first['year']} and {now} "
        f"in {last['year']}: {between} of them between industries, {apart} between the regions of one industry.",
    )


def _flow(row: dict[str, Any]) -> Text:
    """Return whether a factor grew faster where it earned more, by the sign and the t of the coefficient."""
    name = NAMES[row["factor"]]
    figures = f"{row['coefficient']:+.3f}".replace("-", "−"), f"{row['standard_error']:.3f}"
    clear = abs(row["t"]) >= SIGNIFICANT
    verb = _FOLLOWS if clear and row["t"] > 0 else _AGAINST if clear else _EITHER
    return Text(
        zh=f"{name.zh}{verb.zh}（系数 {figures[0]}，标准误 {figures[1]}）。",
        en=f"{name.en} {verb.en} (coefficient {figures[0]}, standard error {figures[1]}).",
    )
