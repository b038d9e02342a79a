"""Green: energy and emissions per unit of output, what they cost, and whether they grow slower than output."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyFrame, FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.facts import Fact
from xinzhi.core.result import Facts, Result
from xinzhi.core.text import LANGUAGES, Text
from xinzhi.data import Field, tidy
from xinzhi.sectors.conventions import series_text, setting, text
from xinzhi.sectors.figures import KEYS, ends_of, figures, latest, omission_frame, read, reason, refuse_below

_FULL = 100.0


@dataclass(frozen=True, repr=False, kw_only=True)
class Green(Result, verb="green", topic="sectors", key=(*KEYS, "indicator")):
    """Energy and emissions against output, by region, year and indicator.

    Intensity is quantity over real output in their units: 1e4 tce over 1e8 CNY is tonnes of coal equivalent per 10,000
    CNY. `productivity` has the green productivity passed in and the product of its ratios, 1 in the year before the
    first; a gap ends it. `costs` are quantities at the shadow prices passed in. Both are None where nothing was given.
    """

    productivity: pl.DataFrame | None
    costs: pl.DataFrame | None
    omitted: pl.DataFrame

    @cached_property
    def common_paths(self) -> pl.DataFrame:
        """Each indicator's path, first year = 100, of the regions with every year together."""
        paths = []
        for (name,), part in self.frame.group_by("indicator", maintain_order=True):
            counts = part.group_by("region").agg(pl.col("year").n_unique())
            full = counts.filter(pl.col("year") == part["year"].n_unique())["region"].to_list()
            rows = (
                part.filter(pl.col("region").is_in(full))
                .group_by("year")
                .agg(intensity=pl.col("quantity").sum() / pl.col("output").sum(), regions=pl.len())
            )
            if rows.height > 1:
                value = _FULL * pl.col("intensity") / pl.col("intensity").first()
                titles = {f"indicator_{key}": pl.lit(intensity_text(str(name)).lang(key)) for key in LANGUAGES}
                paths.append(rows.sort("year").with_columns(value=value, **titles))
        return pl.concat(paths) if paths else pl.DataFrame()

    @property
    def last_productivity(self) -> pl.DataFrame:
        """Green productivity of the last year that has it, the largest first."""
        return pl.DataFrame() if self.productivity is None else latest(self.productivity, "level")

    @property
    def last_costs(self) -> pl.DataFrame:
        """The costs of all indicators together in the last year that has them, the largest share first."""
        return latest(self.cost_shares(), "share") if self.costs is not None else pl.DataFrame()

    @property
    def cautions(self) -> list[Text]:
        """What intensities do not say, where there are any."""
        return [] if self.common_paths.is_empty() else [words.sectors.note_intensity()]

    def facts(self) -> Facts:
        """Return how the intensities of all regions together moved, and what was passed in says."""
        facts: Facts = {}
        moves = []
        paths = [] if self.common_paths.is_empty() else self.common_paths.partition_by("indicator_zh")
        for path in sorted(paths, key=lambda path: float(path["value"][-1])):
            span = {"first": path["year"][0], "last": path["year"][-1], "change": path["value"][-1] / _FULL - 1}
            name = Text(zh=path["indicator_zh"][0], en=path["indicator_en"][0])
            moves.append(words.sectors.answer_intensity(name=name, **span))
        if moves:
            facts["headline.intensity"] = {"moves": moves}
        levels = self.last_productivity
        if levels.height:
            counts = {"regions": levels.height, "up": levels.filter(pl.col("level") > 1).height}
            facts["headline.productivity"] = counts | ends_of(levels, "level", self.names)
        if self.costs is not None and self.costs["share"].count():
            facts["headline.costs"] = ends_of(self.last_costs, "share", self.names)
        return facts or {"answer.no_years": {}}

    def cost_shares(self) -> pl.DataFrame:
        """Return ``region, year, share, cost`` of all indicators together."""
        sums = self.costs if self.costs is not None else pl.DataFrame(schema={"share": pl.Float64})
        return sums.drop_nulls("share").group_by(KEYS).agg(pl.col("share", "cost").sum())


def intensity_text(name: str) -> Text:
    """Return what a quantity over output is called."""
    entry = setting("green.indicators").get(name)
    return Text(zh=entry["zh"], en=entry["en"]) if entry else words.sectors.chart_per_output(name=series_text(name))


def green(
    source: object,
    *,
    emissions: object = None,
    productivity: object = None,
    prices: object = None,
) -> Green:
    """Return energy and emission intensities, with green productivity and shadow prices where they are passed in.

    Parameters
    ----------
    source
        A package (or its name), or a frame with ``region, year, output_real`` and some indicators of ``sectors.yaml``.
    emissions
        Further quantities: a frame with ``region, year`` and one column each, such as ``co2``.
    productivity
        Green TFP: a result or frame with ``unit, period, index`` (as `xinzhi.frontier.productivity_change` gives) or
        ``region, year, index``, the index being the ratio to the year before.
    prices
        Shadow prices: ``indicator, price`` and, where they differ, ``region, year``; in the unit of `output_nominal`,
        which they need, per unit of the indicator.

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
    indicators = tuple(setting("green.indicators"))
    source_figures = read(source, ["output_real"], verb="green", optional=(*indicators, "output_nominal"))
    frame, names = source_figures.frame, [name for name in indicators if name in source_figures.frame.columns]
    if emissions is not None:
        columns = tidy(
            emissions, [Field("region", "code"), Field("year", "year")], extra=True, verb="green"
        ).frame.columns
        extra = [name for name in columns if name not in KEYS]
        if clash := set(extra) & set(frame.columns):
            raise InputError("sectors.column-clash", names=sorted(clash))
        more = figures(emissions, extra, verb="green").frame
        frame = frame.join(more, on=KEYS, how="left", maintain_order="left")
        names += extra
    if not names:
        raise InputError("sectors.no-quantity", names=list(indicators))
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
        omitted=omission_frame(bad.iter_rows(), reason("no_intensity")),
        names=source_figures.names,
        kind=source_figures.kind,
        provenance=source_figures.provenance("green", indicators=names),
    )


def _productivity(productivity: AnyFrame) -> pl.DataFrame:
    """Return green productivity by region and year, and its product from the first year on."""
    native = productivity.frame if hasattr(productivity, "provenance") else productivity
    available = tidy(native, [Field("index")], extra=True, verb="green").raw.cells.columns
    region, year = (new if new in available else old for new, old in (("region", "unit"), ("year", "period")))
    fields = [
        Field("region", "code", column=region),
        Field("year", "year", column=year),
        Field("index", sign="positive"),
    ]
    table = tidy(native, fields, key=KEYS, verb="green").frame
    gap = ((pl.col("year").diff() != 1).fill_null(value=False) | pl.col("index").is_null()).cum_max().over("region")
    return table.with_columns(level=pl.when(~gap).then(pl.col("index").fill_null(1.0).cum_prod().over("region")))


def _costs(frame: pl.DataFrame, names: list[str], prices: object) -> pl.DataFrame:
    """Return quantities at their shadow prices."""
    if "output_nominal" not in frame.columns:
        raise InputError("sectors.no-nominal-output")
    fields = [
        Field("indicator", "text"),
        Field("region", "code", required=False),
        Field("year", "year", required=False),
    ]
    table = tidy(prices, [*fields, Field("price")], verb="green").frame
    keys = [name for name in ("indicator", *KEYS) if name in table.columns]
    if unknown := sorted(set(table["indicator"]) - set(names)):
        raise InputError("sectors.unknown-prices", names=unknown, known=names)
    if table.select(keys).is_duplicated().any():
        raise InputError("sectors.price-twice", keys=keys)
    return (
        frame.unpivot(names, index=[*KEYS, "output_nominal"], variable_name="indicator", value_name="quantity")
        .join(table, on=keys)
        .drop_nulls(["quantity", "price"])
        .with_columns(cost=pl.col("quantity") * pl.col("price"))
        .with_columns(share=pl.when(pl.col("output_nominal") > 0).then(pl.col("cost") / pl.col("output_nominal")))
        .select(*KEYS, "indicator", "price", "cost", "share")
        .sort("indicator", *KEYS)
    )


def decoupling_state(pressure_growth: FloatArray, driver_growth: FloatArray) -> list[str | None]:
    """Return Tapio's state (2005, Transport Policy 12(2)) of pairs of rates; None where the driver stood still."""
    lower, upper = setting("decoupling.lower"), setting("decoupling.upper")
    out: list[str | None] = []
    for pressure, driver in zip(pressure_growth, driver_growth, strict=True):
        if not (np.isfinite(pressure) and np.isfinite(driver)) or driver == 0:
            out.append(None)
            continue
        grows, size, band = driver > 0, abs(pressure), abs(driver)
        # compared without the quotient, which a driver that hardly moved would blow up
        if pressure != 0 and (pressure > 0) != grows:
            out.append("strong_decoupling" if grows else "strong_negative_decoupling")
        elif size < lower * band:
            out.append("weak_decoupling" if grows else "weak_negative_decoupling")
        elif size <= upper * band:
            out.append("expansive_coupling" if grows else "recessive_coupling")
        else:
            out.append("expansive_negative_decoupling" if grows else "recessive_decoupling")
    return out


@dataclass(frozen=True, repr=False, kw_only=True)
class Decoupling(Result, verb="decoupling", topic="sectors", key=KEYS):
    """Decoupling of a `pressure` from its `driver` by region and year: rates of change since `start`, and state."""

    omitted: pl.DataFrame
    pressure: str
    driver: str

    def last(self) -> pl.DataFrame:
        """Return the rows of the last year that has as many regions as any, lowest elasticity first."""
        counts = self.frame.group_by("year").len()
        year = counts.filter(pl.col("len") == pl.col("len").max())["year"].max()
        return self.frame.filter(year=year).sort("elasticity", "region")

    def answer(self) -> Iterator[Fact]:
        """Yield how many regions were in which state."""
        if not self.frame.height:
            yield words.sectors.answer_no_years()
            return
        last = self.last()
        counts = last.group_by("state", "state_en").len().sort("len", "state_en", descending=[True, False])
        state_counts = [
            words.sectors.answer_count(name=text(f"decoupling.states.{state}"), count=count)
            for state, _, count in counts.iter_rows()
        ]
        yield words.sectors.answer_states(
            pressure=series_text(self.pressure),
            driver=series_text(self.driver),
            first=last["start"][0],
            last=last["year"][0],
            regions=last.height,
            counts=state_counts,
        )


def decoupling(
    source: object, pressure: str = "energy_consumption", driver: str = "output_real", *, span: int = 1
) -> Decoupling:
    """Return Tapio's elasticity and state of a pressure and its driver by region.

    Parameters
    ----------
    source
        A package (or its name), or a frame with ``region, year`` and the two series.
    pressure, driver
        Series such as energy use or emissions, and real output.
    span
        Years over which change is measured.

    Notes
    -----
    The elasticity is the rate of change of the pressure over that of the driver. Where the driver stood still, or a
    series begins at zero or below, there is none: the row is in `omitted` with its reason.

    Examples
    --------
    >>> result = decoupling("china-provinces", "energy_consumption", "output_real", span=5)
    >>> result.frame.filter(region="110000", year=2019).select("state").item()
    'weak_decoupling'
    """
    if span < 1:
        raise UsageError("sectors.span", span=span)
    source_figures = read(source, [pressure, driver], verb="decoupling")
    before = source_figures.frame.with_columns(pl.col("year") + span).rename({pressure: "_pressure", driver: "_driver"})
    pairs = source_figures.frame.join(before, on=KEYS).drop_nulls([pressure, driver, "_pressure", "_driver"]).sort(KEYS)
    starts = (pl.col("_pressure") > 0) & (pl.col("_driver") > 0)
    usable = pairs.filter(starts).select(
        *KEYS,
        start=pl.col("year") - span,
        pressure_growth=pl.col(pressure) / pl.col("_pressure") - 1,
        driver_growth=pl.col(driver) / pl.col("_driver") - 1,
    )
    moving = usable.filter(pl.col("driver_growth") != 0)
    states = decoupling_state(moving["pressure_growth"].to_numpy(), moving["driver_growth"].to_numpy())
    names = [text(f"decoupling.states.{state}") for state in states]
    frame = moving.with_columns(
        elasticity=pl.col("pressure_growth") / pl.col("driver_growth"),
        state=pl.Series(states, dtype=pl.String),
        state_zh=pl.Series([name.zh for name in names], dtype=pl.String),
        state_en=pl.Series([name.en for name in names], dtype=pl.String),
    )
    out = [(*key, reason("from_zero")) for key in pairs.filter(~starts).select(KEYS).iter_rows()]
    out += [(*key, reason("still")) for key in usable.filter(driver_growth=0).select(KEYS).iter_rows()]
    return Decoupling(
        frame=frame,
        omitted=omission_frame(out),
        pressure=pressure,
        driver=driver,
        names=source_figures.names,
        kind=source_figures.kind,
        provenance=source_figures.provenance("decoupling", pressure=pressure, driver=driver, span=span),
    )
