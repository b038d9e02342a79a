"""Green: energy and emissions per unit of output, green productivity, and what emissions cost at shadow prices."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl

from xinzhi.core.errors import InputError
from xinzhi.core.result import Result
from xinzhi.core.text import Text
from xinzhi.sectors.parameters import setting
from xinzhi.sectors.reading import KEYS, as_package, frame_of, names_of, omitted, read, refuse_below, tidy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.core.text import Language

BAD_ENERGY = Text(zh="能源或排放不为正，强度无意义", en="energy or emissions are not positive: no intensity")


@dataclass(frozen=True, repr=False, kw_only=True)
class Green(Result):
    """Energy and emissions against output.

    Parameters
    ----------
    frame
        ``region, year, indicator, quantity, output, intensity`` (quantity over real output, in their units: 1e4 tce
        over 1e8 CNY is tonnes of coal equivalent per 10,000 CNY), ``intensity_growth`` (log points over the year
        before).
    productivity
        ``region, year, index, level``: the green productivity passed in (its ratio to the year before) and the product
        of the ratios, 1 in the year before the first; a gap ends the level. None where none was given.
    costs
        ``region, year, indicator, price, cost, share``: quantity at the shadow price passed in, and its part of nominal
        output. None where none were given.
    omitted
        ``region, year, reason_zh, reason_en``.
    names
        Names of the regions, where the source is a package that has them.
    """

    key: ClassVar[tuple[str, ...]] = (*KEYS, "indicator")

    productivity: pl.DataFrame | None
    costs: pl.DataFrame | None
    omitted: pl.DataFrame
    names: Mapping[str, Text] = field(default_factory=dict)

    def summary(self, language: Language = "en") -> str:
        """Return how the intensity of all regions together moved."""
        zh, lines = language == "zh", []
        for (name,), part in self.frame.group_by("indicator", maintain_order=True):
            # the regions that are there at both ends
            first, last = part["year"].to_numpy().min(), part["year"].to_numpy().max()
            both = set(part.filter(year=first)["region"]) & set(part.filter(year=last)["region"])
            sums = (
                part.filter(pl.col("region").is_in(list(both))).group_by("year").agg(pl.col("quantity", "output").sum())
            )
            ratio = {row["year"]: row["quantity"] / row["output"] for row in sums.iter_rows(named=True)}
            if not both or first == last:
                continue
            change = ratio[last] / ratio[first] - 1
            words = setting("green.indicators").get(name, {"zh": f"{name} 强度", "en": f"{name} per output"})
            lines.append(
                f"{words['zh']} {first}-{last}年 {change:+.1%}（{len(both)} 个地区合计）"
                if zh
                else f"{words['en']} {first}-{last}: {change:+.1%} ({len(both)} regions together)"
            )
        return "\n".join([*lines, self.provenance.foot()])


def green(
    source: object,
    *,
    emissions: object = None,
    productivity: Any = None,  # noqa: ANN401 - a ProductivityChange of the room frontier, which this room does not import, or a frame
    prices: object = None,
) -> Green:
    """Return energy and emission intensities, with green productivity and shadow prices where they are passed in.

    Parameters
    ----------
    source
        A package (or its name) with real output and the indicators of ``sectors.yaml`` that it has; or a frame with
        ``region, year, output_real`` and at least one of these indicators.
    emissions
        Further quantities: a frame with ``region, year`` and one column each, such as ``co2``.
    productivity
        Green TFP: a result or frame with ``unit, period, index`` (as `xinzhi.frontier.productivity_change` gives) or
        ``region, year, index``, the index being the ratio to the year before.
    prices
        Shadow prices: a frame with ``indicator, price`` and, where they differ, ``region, year``; in the unit of
        nominal output per unit of the indicator. Needs `output_nominal`.

    Raises
    ------
    InputError
        When there is no output or no quantity, or prices name an indicator that is not there.

    Notes
    -----
    Region-years where a quantity is zero or negative have no intensity; `omitted` names them. Färe, Grosskopf, Lovell
    and Yaisawarng (1993), Review of Economics and Statistics 75, for shadow prices.

    Examples
    --------
    >>> result = green("china-provinces")
    >>> beijing = result.frame.filter(region="110000", indicator="energy_consumption").sort("year")
    >>> beijing["intensity"].round(2).to_list()[0] > 4 * beijing["intensity"].round(2).to_list()[-1]
    True
    """
    known = tuple(setting("green.indicators"))
    package = as_package(source)
    whole = source if package is None else package
    given = read(whole, ["output_real"], verb="green", optional=(*known, "output_nominal"))
    frame, names = given.frame, [name for name in known if name in given.frame.columns]
    if emissions is not None:
        more, _ = frame_of(emissions, KEYS, verb="green")
        extra = [name for name in more.columns if name not in KEYS]
        if clash := set(extra) & set(frame.columns):
            message = f"green: {', '.join(sorted(clash))} is in the package already; rename the column of emissions."
            raise InputError(message)
        frame = frame.join(tidy(more, extra, verb="green"), on=KEYS, how="left", maintain_order="left")
        names += extra
    if not names:
        message = f"green needs a quantity: one of {', '.join(known)}, or emissions."
        raise InputError(message)
    refuse_below(frame, ["output_real"], verb="green")
    tall = (
        frame.unpivot(names, index=[*KEYS, "output_real"], variable_name="indicator", value_name="quantity")
        .drop_nulls(["quantity", "output_real"])
        .rename({"output_real": "output"})
    )
    good = tall.filter(pl.col("quantity") > 0).with_columns(intensity=pl.col("quantity") / pl.col("output"))
    before = good.select("region", "indicator", year=pl.col("year") + 1, _before=pl.col("intensity"))
    rows = good.join(before, on=["region", "indicator", "year"], how="left").with_columns(
        intensity_growth=(pl.col("intensity") / pl.col("_before")).log()
    )
    bad = tall.filter(pl.col("quantity") <= 0).select(KEYS).unique()
    return Green(
        frame=rows.select(*KEYS, "indicator", "quantity", "output", "intensity", "intensity_growth").sort(
            "indicator", *KEYS
        ),
        productivity=None if productivity is None else _productivity(productivity),
        costs=None if prices is None else _costs(frame, names, prices),
        omitted=omitted((*key, BAD_ENERGY) for key in bad.iter_rows()),
        names=names_of(package),
        kind=given.kind,
        provenance=given.provenance("green", indicators=names),
    )


def _productivity(given: Any) -> pl.DataFrame:  # noqa: ANN401 - a result or a frame
    """Return green productivity by region and year, and its product from the first year on."""
    native = given.frame if hasattr(given, "provenance") else given
    raw, _ = frame_of(native, ["index"], verb="green")
    renamed = raw.rename({old: new for old, new in (("unit", "region"), ("period", "year")) if old in raw.columns})
    frame, _ = frame_of(renamed, [*KEYS, "index"], verb="green")
    table = tidy(frame, ["index"], verb="green")
    refuse_below(table, ["index"], verb="green")
    gap = ((pl.col("year").diff() != 1).fill_null(value=False) | pl.col("index").is_null()).cum_max().over("region")
    return table.with_columns(level=pl.when(~gap).then(pl.col("index").fill_null(1.0).cum_prod().over("region")))


def _costs(frame: pl.DataFrame, names: list[str], prices: object) -> pl.DataFrame:
    """Return quantities at their shadow prices."""
    if "output_nominal" not in frame.columns:
        message = "green: shadow prices are weighed against output_nominal, which is missing."
        raise InputError(message)
    table, _ = frame_of(prices, ["indicator", "price"], verb="green")
    keys = ["indicator", *(name for name in KEYS if name in table.columns)]
    table = table.select(
        *(pl.col(name).cast(pl.Int64 if name == "year" else pl.String) for name in keys),
        pl.col("price").cast(pl.Float64),
    )
    if unknown := sorted(set(table["indicator"]) - set(names)):
        message = f"green: prices name {', '.join(unknown)}, which is no quantity here ({', '.join(names)})."
        raise InputError(message)
    if table.select(keys).is_duplicated().any():
        message = f"green: a price of {'/'.join(keys)} is given twice."
        raise InputError(message)
    return (
        frame.unpivot(names, index=[*KEYS, "output_nominal"], variable_name="indicator", value_name="quantity")
        .join(table, on=keys)
        .drop_nulls(["quantity", "price"])
        .with_columns(cost=pl.col("quantity") * pl.col("price"))
        .with_columns(share=pl.when(pl.col("output_nominal") > 0).then(pl.col("cost") / pl.col("output_nominal")))
        .select(*KEYS, "indicator", "price", "cost", "share")
        .sort("indicator", *KEYS)
    )
