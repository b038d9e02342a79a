"""Upgrading in depth: how fast the structure changes, whether it gets better, and who catches up with the frontier.

Verbs: `structural_change` (speed), `rationalisation` (do shares of labour match shares of output) and `advancement`
(how far the structure has turned towards higher sectors); `catch_up` regresses industry TFP growth on the frontier's
growth and the distance to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyFrame, FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.regression import Engine, Regression, codes, fixed_effects
from xinzhi.core.result import Facts, Result
from xinzhi.core.text import Text, Values
from xinzhi.sources.assumptions import in_depth_parts, left_out, left_out_facts, read, read_positive, setting, span_text
from xinzhi.sources.placebo import Distances
from xinzhi.sources.result import Sources

__all__ = [
    "CatchUp", "Upgrading", "advancement", "catch_up", "in_depth", "rationalisation", "structural_change",
]  # fmt: skip


def structural_change(
    frame: AnyFrame, *, value: str = "labour", keys: tuple[str, str, str] = ("region", "industry", "year")
) -> pl.DataFrame:
    r"""Return the speed of structural change of every region over the year before.

    Parameters
    ----------
    frame
        One row per region, industry and year (the `keys`).
    value
        Column whose shares make the structure: labour or output.

    Returns
    -------
    polars.DataFrame
        Region and year, ``lilien`` (standard deviation of the industries' log growth around that of the region,
        weighted by mean shares) and ``nav`` (norm of absolute values: half the sum of absolute changes of shares, 0 to
        1). Years in which an industry appears or vanishes have ``nav`` alone.

    Notes
    -----
    Lilien (1982), Journal of Political Economy 90(4), :math:`[\sum_i s_i (\Delta\ln x_i - \Delta\ln X)^2]^{1/2}`, with
    mean shares as Ansari, Mussida and Pastore (2014) propose so that the index is the same backwards; Dietrich (2012)
    for the norm of absolute values.

    Examples
    --------
    >>> import polars as pl
    >>> rows = {"region": ["r"] * 4, "industry": ["a", "b"] * 2, "year": [0, 0, 1, 1]}
    >>> speed = structural_change(pl.DataFrame(rows | {"labour": [50.0, 50.0, 40.0, 60.0]}))
    >>> speed.select(pl.col("lilien", "nav").round(4)).rows()
    [(0.2017, 0.1)]
    """
    region, industry, year = keys
    rows = _complete_rows(frame, value, keys)
    share = (pl.col(value) / pl.col(value).sum()).over(region, year)
    now = rows.with_columns(share=share, total=pl.col(value).sum().over(region, year))
    before = now.with_columns(pl.col(year) + 1)
    pairs = now.join(before, on=[region, industry, year], suffix="_0")
    growth = (pl.col(value) / pl.col(f"{value}_0")).log() - (pl.col("total") / pl.col("total_0")).log()
    positive, before_positive = pl.col(value) > 0, pl.col(f"{value}_0") > 0
    weight = (pl.col("share") + pl.col("share_0")) / 2
    absent = ~positive & ~before_positive
    return (
        pairs.with_columns(
            _term=pl.when(positive & before_positive).then(weight * growth**2).when(absent).then(0.0),
            _moved=(pl.col("share") - pl.col("share_0")).abs(),
        )
        .group_by(region, year)
        .agg(
            lilien=pl.when(pl.col("_term").null_count() == 0).then(pl.col("_term").sum().sqrt()),
            nav=pl.col("_moved").sum() / 2,
        )
        .sort(region, year)
    )


def rationalisation(
    frame: AnyFrame,
    *,
    output: str = "output",
    labour: str = "labour",
    keys: tuple[str, str, str] = ("region", "industry", "year"),
) -> pl.DataFrame:
    r"""Return how far shares of output and of labour are apart: the Theil index of sector productivity.

    Parameters
    ----------
    frame
        One row per region, industry and year (the `keys`).
    output, labour
        Columns: value added at current prices, and labour.

    Returns
    -------
    polars.DataFrame
        Region and year, ``theil``: 0 where every industry has the same labour productivity, larger the less rational
        the structure.

    Notes
    -----
    干春晖、郑若谷、余典范（2011），中国产业结构变迁对经济增长和波动的影响，《经济研究》第5期:
    :math:`TL = \sum_i (Y_i/Y) \ln[(Y_i/L_i)/(Y/L)]`.

    Examples
    --------
    >>> import polars as pl
    >>> rows = {"region": ["r"] * 2, "industry": ["a", "b"], "year": [0, 0], "output": [1.0, 3.0], "labour": [1.0, 1.0]}
    >>> rationalisation(pl.DataFrame(rows))["theil"].round(4).to_list()
    [0.1308]
    """
    region, _, year = keys
    rows = read_positive(frame, keys, [output, labour])
    output_share, worked = pl.col(output) / pl.col(output).sum(), pl.col(labour) / pl.col(labour).sum()
    return (
        rows.group_by(region, year).agg(theil=(output_share * (output_share / worked).log()).sum()).sort(region, year)
    )


def advancement(
    frame: AnyFrame,
    *,
    value: str = "output",
    order: Sequence[str] = ("1", "2", "3"),
    keys: tuple[str, str, str] = ("region", "industry", "year"),
) -> pl.DataFrame:
    r"""Return how far the structure has turned from lower towards higher sectors: the Moore value of advancement.

    Parameters
    ----------
    frame
        One row per region, sector and year (the `keys`); sectors that `order` does not name are refused.
    value
        Column whose shares make the structure.
    order
        The sectors from the lowest to the highest.

    Returns
    -------
    polars.DataFrame
        Region and year, ``advancement`` (radians, 0 when all stands in the lowest sector), and ``moore``: the angle
        between the structure of the year and that of the year before; null in the first year.

    Notes
    -----
    付凌晖（2010），我国产业高级化与经济增长关系的实证研究，《统计研究》第8期: with the angles :math:`\theta_j` between
    the vector of shares and the axis of each sector, lowest first, :math:`W = \sum_{k=1}^{n} \sum_{j=1}^{k} \theta_j`.
    Moore (1978), A measure of structural change in output, Review of Income and Wealth 24(1), for the angle between two
    years.

    Examples
    --------
    >>> import polars as pl
    >>> rows = {"region": ["r"] * 3, "industry": ["1", "2", "3"], "year": [0] * 3, "output": [0.0, 0.0, 1.0]}
    >>> round(advancement(pl.DataFrame(rows))["advancement"][0], 4)
    7.854
    """
    region, sector, year = keys
    rows = _complete_rows(frame, value, keys)
    unknown = [name for name in rows[sector].unique().sort().to_list() if name not in order]
    if unknown:
        raise InputError("sources.unknown-sectors", order=list(order), others=list(map(str, unknown[:5])))
    by_sector = rows.pivot(sector, index=[region, year], values=value).with_columns(
        pl.lit(0.0).alias(name) for name in order if name not in rows[sector].unique().to_list()
    )
    columns = [pl.col(name).fill_null(0.0) for name in order]
    length = pl.sum_horizontal(column**2 for column in columns).sqrt()
    by_sector = by_sector.select(
        region, year, *((column / length).alias(f"_{name}") for name, column in zip(order, columns, strict=True))
    )
    unit = [pl.col(f"_{name}") for name in order]
    # The lowest sector's angle counts in every partial sum, the highest one's once.
    weights = range(len(order), 0, -1)
    value_of = pl.sum_horizontal(_angle(part) * weight for part, weight in zip(unit, weights, strict=True))
    before = by_sector.with_columns(pl.col(year) + 1)
    pairs = by_sector.join(before, on=[region, year], how="left", suffix="_0").sort(region, year)
    cosine = pl.sum_horizontal(part * pl.col(f"_{name}_0") for part, name in zip(unit, order, strict=True))
    moore = pl.when(pl.col(f"_{order[0]}_0").is_not_null()).then(_angle(cosine))
    return pairs.select(region, year, advancement=value_of, moore=moore)


def _angle(cosine: pl.Expr) -> pl.Expr:
    """Return the angle; a cosine that rounding pushed above 1 is one of 0."""
    return cosine.clip(-1.0, 1.0).arccos()


def _complete_rows(frame: AnyFrame, value: str, keys: tuple[str, str, str]) -> pl.DataFrame:
    """Return rows with figures of at least 0, an industry without a row in a year standing at 0."""
    rows = read(frame, keys, [value], year=keys[2])
    bad = rows.filter(pl.col(value).is_null() | (pl.col(value) < 0))
    if bad.height:
        raise InputError("sources.value-missing", value=value, n=bad.height, place=bad.select(keys).row(0))
    region, industry, year = keys
    grid = rows.select(region, year).unique().join(rows.select(region, industry).unique(), on=region)
    return grid.join(rows, on=list(keys), how="left").with_columns(pl.col(value).fill_null(0.0)).sort(keys)


@dataclass(frozen=True, slots=True)
class CatchUp:
    """A catch-up regression, with clustered standard errors, and what it would find if nobody caught up.

    `dropped` rows are at the frontier, in the first year, or lack a figure. `placebo` has the coefficient of the
    distance by `estimate` (``within``, and ``jackknife``: corrected for the length of the panel), and ``middle, low,
    high`` of the same estimate in draws without catching up; null where the years are too few.
    """

    regression: Regression
    dropped: int
    placebo: pl.DataFrame

    @property
    def frame(self) -> pl.DataFrame:
        """``term, coefficient, standard_error, t``."""
        return self.regression.frame

    @property
    def supported(self) -> bool:
        """Whether both estimates lie above what is found without catching up, and the corrected one is a speed."""
        above = (self.placebo["coefficient"] > self.placebo["high"]).fill_null(value=False).all()
        return bool(above) and 0 < self.placebo["coefficient"][1] < 1

    @property
    def way(self) -> str:
        """What may be said: ``closing``, ``chance`` where draws without any give as much, ``short`` of years."""
        short = self.placebo.null_count().sum_horizontal()[0]
        if self.supported:
            return "closing"
        return "short" if short else "chance"

    def speed_values(self) -> Values:
        """Return the figures of sentences: speed and its error, both ranges of the draws, and the half-life."""
        within, jackknife = self.placebo.rows(named=True)
        at = self.regression.names.index("distance")
        values = {"speed": within["coefficient"], "error": self.regression.standard_errors[at], "years": self.half_life}
        values |= {name: within[name] for name in ("low", "high")}
        return values | {f"{name}_corrected": jackknife[name] for name in ("coefficient", "low", "high")}

    @property
    def half_life(self) -> float | None:
        """Years in which half of a distance is made good at the mean of the drivers; None unless `supported`."""
        return float(np.log(2) / -np.log1p(-self.placebo["coefficient"][1])) if self.supported else None


def catch_up(
    frame: AnyFrame,
    drivers: AnyFrame | None = None,
    *,
    names: Sequence[str] = (),
    keys: tuple[str, str, str] = ("region", "industry", "year"),
    years: bool = True,
    engine: Engine = "numpy",
) -> CatchUp:
    r"""Regress the TFP growth of industries on the growth of the frontier and the distance to it.

    Parameters
    ----------
    frame
        ``tfp_growth, frontier_growth, distance`` by region, industry and year (the `keys`), such as
        `Sources.industries`.
    drivers, names
        ``region, year`` and the columns `names` that may raise growth itself and the speed of catching up: human
        capital, R&D intensity. They enter lagged by a year, alone and times the distance.
    years
        Whether years have effects of their own. They leave of the frontier's growth what differs between industries.
    engine
        ``numpy`` or ``linearmodels`` (the extra `panel`).

    Returns
    -------
    CatchUp
        Effects of region-industries and years, standard errors clustered by region; and the test of `placebo`.

    Notes
    -----
    Griffith, Redding and Van Reenen (2004), Review of Economics and Statistics 86(4), equation 9:
    :math:`\Delta\ln A_{rit} = \beta\,\Delta\ln A_{Fit} + \delta_1 D_{rit-1} + \delta_2 x_{rt-1} + \delta_3 x_{rt-1}
    D_{rit-1} + \alpha_{ri} + \tau_t + \varepsilon`, where the distance :math:`D = \ln(A_F/A) \ge 0`. Rows at the
    frontier are left out. A distance that holds the same TFP as growth makes :math:`\delta_1` too large where TFP is
    measured with error, and so do effects of region-industries in a panel of few years (Nickell 1981). So
    :math:`\delta_1` is estimated by the half-panel jackknife too (Dhaene and Jochmans 2015), and both estimates stand
    beside those of draws in which every region-industry keeps its mean growth, the industry its common growth of every
    year, and what is left of a region's growth comes in another order: levels then know nothing of the distance.

    Examples
    --------
    >>> from xinzhi.sources import decompose
    >>> from xinzhi.sources.upgrading import catch_up
    >>> catch_up(decompose("china-provinces").industries).frame["term"].to_list()
    ['frontier_growth', 'distance']
    """
    if bool(names) != (drivers is not None):
        raise UsageError("sources.drivers")
    region, industry, year = keys
    rows = read(frame, keys, ("tfp_growth", "frontier_growth", "distance"), year=year)
    before = rows.select(*keys, "distance").with_columns(pl.col(year) + 1)
    before = before.rename({"distance": "distance_before"})
    table = rows.join(before, on=list(keys), how="left", maintain_order="left")
    for name in names:
        column = read(drivers, [region, year], [name], year=year).with_columns(pl.col(year) + 1)
        table = table.join(column, on=[region, year], how="left", maintain_order="left")
    sample = table.drop("distance").rename({"distance_before": "distance"}).drop_nulls().filter(pl.col("distance") > 0)
    if sample.height <= len(names) * 2 + 2:
        raise InputError("sources.few-rows", n=sample.height)
    # Centred, so that the coefficient of distance is the speed at the mean of the drivers.
    means = sample.select(pl.col(names).mean())
    sample = sample.with_columns((pl.col(name) - pl.col(name).mean()) for name in names)
    terms = ["frontier_growth", "distance", *names, *(f"distance × {name}" for name in names)]
    sample = sample.with_columns((pl.col("distance") * pl.col(name)).alias(f"distance × {name}") for name in names)
    unit, place = codes(list(sample.select(region, industry).iter_rows())), codes(sample[region].to_list())
    effects = [unit, codes(sample[year].to_list())] if years else [unit]
    fit = fixed_effects(
        sample["tfp_growth"].to_numpy(), sample.select(terms).to_numpy(), terms, effects, place, engine=engine
    )
    centred = table.with_columns((pl.col(name) - means[name][0]) for name in names)
    return CatchUp(fit, rows.height - sample.height, _placebo(centred, names, keys, years=years))


def _placebo(table: pl.DataFrame, names: Sequence[str], keys: tuple[str, str, str], *, years: bool) -> pl.DataFrame:
    """Return the two estimates of the speed of catching up, and the range of each where there is none."""
    region, industry, year = keys
    unit, when = codes(list(table.select(region, industry).iter_rows())), table[year].to_numpy()
    when = when - when.min()

    def wide(name: str) -> FloatArray:
        grid = np.full((int(unit.max()) + 1, int(when.max()) + 1), np.nan)
        grid[unit, when] = table[name].to_numpy()
        return grid

    first = np.unique(unit, return_index=True)[1]
    panel = Distances(
        growth=wide("tfp_growth"),
        frontier=wide("frontier_growth"),
        distance=wide("distance"),
        drivers=np.array([wide(name) for name in names]).reshape(len(names), int(unit.max()) + 1, int(when.max()) + 1),
        industry=codes(table[industry].to_list())[first],
        region=codes(table[region].to_list())[first],
        years=years,
    )
    draws = panel.placebo()
    outside = (1 - setting("placebo.range")) / 2
    middle, low, high = np.quantile(draws, [0.5, outside, 1 - outside], axis=0)
    columns = {"coefficient": panel.estimates(), "middle": middle, "low": low, "high": high}
    return pl.DataFrame({"estimate": ["within", "jackknife"], **columns}).with_columns(
        pl.exclude("estimate").fill_nan(None)
    )


@dataclass(frozen=True, repr=False, kw_only=True)
class Upgrading(Result, verb="sources_upgrading", topic="sources", key=("region", "year")):
    """How the structure of the regions changed, and whether their industries catch up with best practice.

    ``lilien`` and ``nav`` are its speed, of labour, ``theil`` its rationalisation, ``advancement`` and ``moore`` its
    advancement, of value added (null where the industries have no order). `catch_up` is None where it cannot be
    estimated; `left_out` is what these industries do not allow. `alternative` and `guessed` are as in `Allocation`.
    """

    catch_up: CatchUp | None
    left_out: pl.DataFrame
    regions: pl.DataFrame
    guessed: tuple[int, ...]
    alternative: Upgrading | None = None

    def change(self) -> pl.DataFrame:
        """Return first and last structure of every region, and speed: the mean share of labour that moved in a year."""
        year, measures = pl.col("year"), pl.col("theil", "advancement")
        rows = self.frame.sort("region", "year").group_by("region", maintain_order=True)
        return rows.agg(
            year.first().alias("start"),
            year.last().alias("end"),
            pl.col("nav").mean().alias("speed"),
            measures.first().name.suffix("_start"),
            measures.last().name.suffix("_end"),
        )

    @property
    def by_speed(self) -> pl.DataFrame:
        """The change of every region that has a speed, the fastest first."""
        return self.change().drop_nulls("speed").sort("speed", descending=True)

    @property
    def moves(self) -> pl.DataFrame:
        """The change where industries have an order: `x` towards advanced, `y` towards rational, and `both`."""
        x, y = pl.col("advancement_end") - pl.col("advancement_start"), pl.col("theil_start") - pl.col("theil_end")
        rows = self.change().drop_nulls("advancement_end").with_columns(x=x, y=y)
        return rows.with_columns(both=(pl.col("x") > 0) & (pl.col("y") > 0))

    def facts(self) -> Facts:
        """Return in how many regions the structure became more rational and advanced, and how fast distances close."""
        facts: Facts = {}
        change = self.change()
        if change.height:
            ordered = bool(change["advancement_end"].is_not_null().any())
            ends = {"n": change.height, "start": change["start"].min(), "end": change["end"].max()}
            closer = change.filter(change["theil_end"] < change["theil_start"]).height
            higher = change.filter(change["advancement_end"] > change["advancement_start"]).height
            more = {"closer": closer, "higher": higher, "speed": change["speed"].mean()}
            facts["upgrading.turned" if ordered else "upgrading.rational"] = ends | more
        views = [self] if self.alternative is None else [self, self.alternative]
        fits = [view.catch_up for view in views if view.catch_up is not None]
        if self.catch_up is not None:
            years = self.frame["year"].to_list()
            values, *alternatives = [fit.speed_values() for fit in fits]
            values |= {name: setting(f"placebo.{name}") for name in ("draws", "range")}
            values |= {"span": span_text(min(years) + 1, max(years), self.guessed), "beside": ""}
            ways = {fit.way for fit in fits}
            way = next(iter(ways)) if len(ways) == 1 else "open"
            if "short" in ways:
                way = "short"
            if alternatives:
                key = f"beside_{'short' if way == 'short' else 'drawn'}"
                values["beside"] = words.sources.upgrading_of(key, **alternatives[0])
            facts[f"upgrading.{way}"] = values
        return {**facts, **left_out_facts(self.left_out)}


def in_depth(result: Sources) -> Upgrading:
    """Look deeper into upgrading: speed of structural change, rationalisation, advancement, catching up.

    Takes a decomposition by industries or sectors; an `InputError` says that there is one industry only.

    Examples
    --------
    >>> import polars as pl
    >>> from xinzhi.sources import decompose
    >>> found = in_depth(decompose("china-provinces"))
    >>> found.frame.columns[2:], found.catch_up.supported
    (['lilien', 'nav', 'theil', 'advancement', 'moore'], False)
    >>> found.change().filter(pl.col("advancement_end") > pl.col("advancement_start")).height
    30
    """
    rows = result.inputs
    if rows["industry"].n_unique() <= 1:
        raise InputError("sources.upgrading-needs")
    speed = structural_change(rows)
    frame = rationalisation(rows, output="output_nominal").join(speed, on=["region", "year"], how="left")
    order = [str(name) for name in setting("sector_order")]
    lacking: list[tuple[Text, Text]] = []
    if set(rows["industry"].unique()) <= set(order):
        turned = advancement(rows, value="output_nominal", order=order)
    else:
        none = {name: pl.lit(None, pl.Float64) for name in ("advancement", "moore")}
        turned = rows.select("region", "year").unique().with_columns(**none)
        reason = words.sources.measure_no_order(order=order)
        lacking = [(words.sources.measure_advancement(), reason)]
    frame = frame.join(turned, on=["region", "year"], how="left").sort("region", "year")
    fit: CatchUp | None = None
    why: Text = words.sources.measure_no_frontier()
    if result.industries["distance"].is_not_null().any():
        try:
            fit = catch_up(result.industries)
        except InputError as error:
            why = error.text
    not_estimated = [] if fit else [(words.sources.measure_catch_up(), why)]
    return Upgrading(
        frame=frame.select("region", "year", "lilien", "nav", "theil", "advancement", "moore"),
        catch_up=fit,
        left_out=left_out([*lacking, *not_estimated]),
        alternative=None if result.alternative is None else in_depth(result.alternative),
        **in_depth_parts(result.measurement, result, "upgrading"),
    )
