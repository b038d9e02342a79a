"""Misallocation: how much more would be produced if marginal revenue products were equal (Hsieh and Klenow 2009)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import NormalDist
from typing import Literal

import polars as pl

from xinzhi.core.arrays import AnyEngine, AnyFrame, Ibis
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import Finding
from xinzhi.core.parameters import setting
from xinzhi.core.provenance import provenance
from xinzhi.core.result import Facts, Result
from xinzhi.core.text import same
from xinzhi.micro.engine import CONVENTIONS, ibis
from xinzhi.micro.misallocation_noise import Noise, noise
from xinzhi.micro.panel import Duplicates, Panel, choose, counted_finding, panel

CELL = ("industry", "year")
_SCENARIOS = {"year": pl.Int64, "scenario": pl.String, "relative_output": pl.Float64}
_PER_MILLE = 1000


@dataclass(frozen=True, repr=False, kw_only=True)
class Misallocation(Result, verb="misallocation", topic="firms", key=CELL):
    """Dispersion of revenue productivity and the gains from its removal, by industry and year.

    Parameters
    ----------
    years
        The same for all industries, weighted by value added: ``year, firms, sd_tfpr, efficiency, gain``, and
        ``corrected_gain`` where measurement error was asked for. Where industries are withheld, ``covered`` is the
        share of value added in those that are published, null where the total is withheld, too.
    groups
        By the columns of `by`: variance of log TFPR within and between groups, and the gain from reallocation inside
        groups alone and between them.
    counterfactuals
        Output relative to today's when a share of every wedge is removed, or what goes with productivity alone.
    noise
        Measurement error by Bils, Klenow and Ruane; None where it was not asked for.
    firms
        An expression of the engine: every firm with its log TFPR, log TFPQ and wedges, relative to its industry.
    """

    years: pl.DataFrame
    groups: pl.DataFrame
    counterfactuals: pl.DataFrame
    noise: Noise | None = None
    firms: Ibis | None = None
    sigma: float
    findings: tuple[Finding, ...] = ()

    def facts(self) -> Facts:
        """Return the gain of the first and the last year, and what is corrected for measurement error."""
        first, last = self.years.row(0, named=True), self.years.row(-1, named=True)
        values = {"start": first["year"], "end": last["year"], "first": first["gain"], "last": last["gain"]}
        several = first["year"] != last["year"]
        ends = [year["covered"] for year in (first, last) if year.get("covered") is not None]
        covered = min(ends) if len(ends) > 1 else None
        scope = "told" if "withheld" in self.frame.columns else "all"
        if covered is not None:
            scope = "share" if round(covered, 2) < 1 else "whole"
        values |= {"sd": last["sd_tfpr"], "scope": scope, "covered": covered}
        facts: Facts = {"answer.gains" if several else "answer.gain": values}
        if self.noise is not None:
            facts["answer.noise"] = {
                "share": self.noise.share,
                "error": self.noise.error,
                "gain": last["corrected_gain"],
            }
        return facts


@dataclass(frozen=True, kw_only=True)
class _Model:
    """The rows that are used, the cells of industry and year, and what is assumed of them."""

    panel: Panel
    base: Ibis  # firm, keys and amounts; logarithms follow when a pass over the rows needs them
    sigma: float
    cells: pl.DataFrame = field(default_factory=pl.DataFrame)

    def rows(self, small: pl.DataFrame) -> Ibis:
        """Return rows with their logarithms and the columns of a small table by industry and year."""
        keyed = self.panel.engine.table(small.rename({key: f"_{key}" for key in CELL}))
        base = self.base
        rows = base.join(keyed, [base[key] == keyed[f"_{key}"] for key in CELL]).drop(*[f"_{key}" for key in CELL])
        y, k, l = rows.output.ln(), rows.capital.ln(), rows.labour.ln()  # noqa: E741 - as in the paper
        rows = rows.mutate(y=y, k=k, l=l, f=rows.share * k + (1 - rows.share) * l)
        rows = rows.mutate(r=rows.y - rows.f, q=self.sigma / (self.sigma - 1) * rows.y - rows.f)
        return rows.mutate(xr=rows.r - rows.tfpr, xq=rows.q - rows.tfpq) if "tfpr" in small.columns else rows

    def untrimmed_rows(self) -> Ibis:
        """Return the rows that are not trimmed."""
        rows = self.rows(self.cells)
        tests = [rows.output > 0]
        for name in ("xr", "xq") if "xr_low" in self.cells.columns else ():
            value, low, high = rows[name], rows[f"{name}_low"], rows[f"{name}_high"]
            tests.append((value > low) | ((value == low) & (rows.firm > rows[f"{name}_low_firm"])))
            tests.append((value < high) | ((value == high) & (rows.firm < rows[f"{name}_high_firm"])))
        return rows.filter(ibis().and_(*tests))

    def collect(self, expression: Ibis) -> pl.DataFrame:
        return self.panel.engine.collect(expression)


def misallocation(  # noqa: PLR0913 - a table and the conventions of the literature
    table: AnyFrame,
    columns: Mapping[str, str] | None = None,
    *,
    sigma: float | None = None,
    capital_share: Literal["income"] | float | AnyFrame = "income",
    labour: Literal["wages", "labour"] | None = None,
    trim: float | None = None,
    trim_within: Literal["year", "industry"] = "year",
    by: Sequence[str] = (),
    measurement_error: bool = False,
    counterfactuals: bool = False,
    duplicates: Duplicates = "refuse",
    engine: AnyEngine = None,
) -> Misallocation:
    """Measure misallocation of capital and labour among the firms of every industry and year.

    Parameters
    ----------
    table, columns
        A table of any kind, a file or an Ibis table, and what its columns are called; or a `Panel`. Needed: ``firm,
        year, industry, output`` (value added), ``capital`` and ``wages`` or ``labour``.
    sigma
        Elasticity of substitution between firms; by default that of the conventions (3).
    capital_share
        ``income``: one less the share of wages in value added of the industry over all years; a number; or a table
        with ``industry`` and ``capital_share``, such as shares of an economy with fewer distortions.
    labour
        How labour counts: the wage bill (``wages``, the default where there is one) or persons (``labour``).
    trim, trim_within
        The share of firms left out at each end of TFPR and of TFPQ, by whole ranks, so that every engine leaves out the
        same: among all firms of a ``year``, relative to their industry, or of an ``industry`` and year.
    by
        Columns, such as region and ownership, within and between whose groups misallocation is split.
    measurement_error
        Whether the share of dispersion that is no error is estimated, from growth of output and inputs.
    counterfactuals
        Whether output with smaller wedges is computed (Restuccia and Rogerson 2008).
    duplicates, engine
        See `panel` and `connect`.

    Notes
    -----
    Industry output relative to the efficient one follows from four sums: value added, capital, labour, and the sum of
    (value added)^σ / (inputs)^(σ-1) over firms. Industries are weighted by value added (Cobb-Douglas aggregate).

    Examples
    --------
    >>> import polars as pl
    >>> firms = {"firm": [1, 2], "year": [2020, 2020], "industry": ["C39", "C39"], "output": [4.0, 1.0]}
    >>> firms = pl.DataFrame(firms | {"capital": [1.0, 1.0], "labour": [1.0, 1.0]})
    >>> made = misallocation(firms, capital_share=0.5, trim=0)
    >>> round(made.frame["gain"][0], 4)
    0.4422
    """
    firms = table if isinstance(table, Panel) else None
    if firms is None:
        used = ("industry", "output", "capital", "wages", "labour", *by)
        firms = panel(table, columns, by, engine=engine, duplicates=duplicates, roles=used)
    workers = labour or ("wages" if firms.has("wages") else "labour")
    firms.need("industry", "output", "capital", workers, *by)
    if workers == "labour":  # persons cost no known amount: wedges are measured from their mean only
        firms = replace(firms, findings=(*firms.findings, counted_finding("micro.persons", 0, 0)))
    elasticity = float(setting(CONVENTIONS, "misallocation.sigma") if sigma is None else sigma)
    if elasticity <= 1:
        raise UsageError("micro.sigma", given=elasticity)
    cut = float(setting(CONVENTIONS, "misallocation.trim") if trim is None else trim)
    if not 0 <= cut < 1 / 2 or abs(cut * _PER_MILLE - round(cut * _PER_MILLE)) > 1e-9:  # noqa: PLR2004 - rounding
        raise UsageError("micro.trim", given=cut)
    choose("trim_within", ("year", "industry"), trim_within)
    model, counts = _usable(firms, workers, elasticity, by)
    findings, shares = _shares(model.panel, counts, capital_share)
    model = replace(model, panel=replace(model.panel, findings=(*model.panel.findings, *findings)))
    first = _levels(_sums(model, model.rows(shares), CELL), elasticity)
    model = replace(model, cells=_trimmed(replace(model, cells=first), round(cut * _PER_MILLE), trim_within))
    rows = model.untrimmed_rows()
    last = _levels(_sums(model, rows, CELL), elasticity)
    frame = _frame(last, counts, elasticity)
    noise_estimate = noise(firms.engine, rows) if measurement_error else None
    return Misallocation(
        frame=frame,
        years=_years(frame, noise_estimate),
        groups=_by_groups(model, rows, by),
        counterfactuals=_counterfactuals(model, last) if counterfactuals else pl.DataFrame(schema=_SCENARIOS),
        noise=noise_estimate,
        sigma=elasticity,
        findings=model.panel.findings,
        firms=_firms(model),
        provenance=provenance(
            "misallocation",
            sigma=elasticity,
            trim=cut,
            trim_within=trim_within,
            labour=workers,
            capital_share=capital_share if isinstance(capital_share, str | float | int) else "table",
        ),
    )


def _usable(firms: Panel, workers: str, sigma: float, by: Sequence[str]) -> tuple[_Model, pl.DataFrame]:
    """Return the rows with positive amounts, and rows, wages and output by industry and year, in one pass."""
    table = firms.table
    amounts = {"output": table.output, "capital": table.capital, "labour": table[workers]}
    good = ibis().and_(table.industry != "", *(amount > 0 for amount in amounts.values()))
    sums = {"rows": table.count(), "good": good.cast("int64").sum(), "output": good.ifelse(table.output, 0.0).sum()}
    if firms.has("wages"):
        sums["wages"] = good.ifelse(table.wages, 0.0).sum()
    counts = firms.engine.collect(table.group_by(list(CELL)).agg(**sums)).with_columns(pl.col("good").fill_null(0))
    if nameless := int(counts.filter(pl.col("industry") == "")["rows"].sum()):
        note = counted_finding("micro.no-industry", nameless, firms.least)
        firms = replace(firms, findings=(*firms.findings, note))
        counts = counts.filter(pl.col("industry") != "")
    lost = counts.select((pl.col("rows") - pl.col("good")).sum()).item()
    columns = [same(role) for role in ("output", "capital", workers)]
    if not counts["good"].sum():
        raise InputError("micro.nothing-left", (), columns=columns)
    if lost:
        note = counted_finding("micro.left-out", lost, firms.least, columns=columns)
        firms = replace(firms, findings=(*firms.findings, note))
    base = table.filter(good).select(
        "firm", "year", "industry", *[column for column in by if column != "industry"], **amounts
    )
    return _Model(panel=firms, base=base, sigma=sigma), counts.filter(pl.col("good") > 0)


def _shares(
    firms: Panel, counts: pl.DataFrame, capital_share: str | float | AnyFrame
) -> tuple[tuple[Finding, ...], pl.DataFrame]:
    """Return the share of capital by industry and year; industries without one in (0, 1) are left out, counted."""
    if isinstance(capital_share, int | float) and not isinstance(capital_share, bool):
        if not 0 < capital_share < 1:
            raise UsageError("micro.share", given=capital_share)
        shares = counts.select(pl.col("industry").unique(), share=pl.lit(float(capital_share)))
    elif isinstance(capital_share, str):
        choose("capital_share", ("income",), capital_share)
        firms.need("wages")
        shares = counts.group_by("industry").agg(share=1 - pl.col("wages").sum() / pl.col("output").sum())
    else:
        from xinzhi.data.internal import read_any

        table = read_any(capital_share, "shares")[0].cells
        if missing := {"industry", "capital_share"} - set(table.columns):
            raise UsageError("micro.share-table", missing=[same(column) for column in sorted(missing)])
        shares = table.select(pl.col("industry").cast(pl.String), share=pl.col("capital_share").cast(pl.Float64))
    cells = counts.select("industry", "year").join(shares, on="industry", how="left")
    good = cells.filter((pl.col("share") > 0) & (pl.col("share") < 1))
    if good.is_empty():
        raise InputError("micro.no-share", ())
    lost = cells["industry"].n_unique() - good["industry"].n_unique()
    return (counted_finding("micro.share-outside", lost, 0),) if lost else (), good


def _sums(model: _Model, rows: Ibis, keys: Sequence[str]) -> pl.DataFrame:
    """Return what efficiency and dispersion are made from, by some keys."""
    power = model.sigma - 1
    mixed, paid = rows.l - rows.k, rows.l - rows.y
    sums = rows.group_by(list(keys)).agg(
        firms=rows.count(),
        share=rows.share.max(),
        output=rows.output.sum(),
        capital=rows.capital.sum(),
        labour=rows.labour.sum(),
        inputs=rows.f.exp().sum(),
        talent=(power * rows.q).exp().sum(),
        r=rows.r.sum(),
        q=rows.q.sum(),
        rr=(rows.r * rows.r).sum(),
        qq=(rows.q * rows.q).sum(),
        rq=(rows.r * rows.q).sum(),
        c=mixed.sum(),
        cc=(mixed * mixed).sum(),
        o=paid.sum(),
        oo=(paid * paid).sum(),
    )
    n = pl.col("firms")

    def moment(first: str, second: str) -> pl.Expr:
        return pl.col(f"{first}{second}") / n - pl.col(first) / n * pl.col(second) / n

    spreads = {f"var_{name}": moment(name, name).clip(0, None) for name in "rqco"}
    means = {"mean_r": pl.col("r") / n, "mean_q": pl.col("q") / n}
    return model.collect(sums).with_columns(**means, **spreads, cov=moment("r", "q"))


def _joint() -> pl.Expr:
    """Return the logarithm of the inputs of an industry together."""
    return pl.col("share") * pl.col("capital").log() + (1 - pl.col("share")) * pl.col("labour").log()


def _levels(cells: pl.DataFrame, sigma: float) -> pl.DataFrame:
    """Return the cells with the revenue productivity of the industry, and the mean productivity of its firms."""
    mean = (pl.col("talent").log() - pl.col("firms").log()) / (sigma - 1)
    return cells.with_columns(tfpr=pl.col("output").log() - _joint(), tfpq=mean)


def _trimmed(model: _Model, per_mille: int, within: str) -> pl.DataFrame:
    """Return the cells with the last firms that are cut at each end of TFPR and TFPQ: values, and names for ties.

    Only rows far from the mean are ranked; where fewer lie there than are to be cut, all rows are. Both give the same.
    """
    small = model.cells.select(*CELL, "share", "tfpr", "tfpq")
    if not per_mille:
        return small
    keys = ["year"] if within == "year" else list(CELL)
    n, cut = pl.col("firms"), (pl.col("firms").sum() * per_mille) // _PER_MILLE
    share = setting(CONVENTIONS, "misallocation.tail") * per_mille / _PER_MILLE
    reach = NormalDist().inv_cdf(1 - share) if share < 1 / 2 else 0.0
    bounds: dict[str, pl.Expr] = {}
    for name in ("r", "q"):
        off = pl.col(f"mean_{name}") - pl.col(f"tfp{name}")
        mid = (n * off).sum() / n.sum()
        sd = ((n * (pl.col(f"var_{name}") + off**2)).sum() / n.sum() - mid**2).clip(0, None).sqrt()
        bounds |= {f"{name}_below": mid - reach * sd, f"{name}_above": mid + reach * sd}
    limits = model.cells.group_by(keys).agg(cut=cut, **bounds)
    candidates = _candidates(model, small.join(limits, on=keys, how="left"), keys)
    sides = {f"{name}_{side}": candidates[f"x{name}"] for name in "rq" for side in ("below", "above")}
    tests = {
        name: value < candidates[name] if name.endswith("below") else value > candidates[name]
        for name, value in sides.items()
    }
    counted = model.collect(
        candidates.group_by(keys).agg(**{name: test.cast("int64").sum() for name, test in tests.items()})
    )
    enough = limits.select(*keys, "cut").join(counted, on=keys, how="left")
    incomplete = enough.select(
        pl.any_horizontal(pl.col(name).fill_null(0) < pl.col("cut") for name in tests).any()
    ).item()
    if incomplete:
        unbounded = limits.with_columns(pl.lit(None, pl.Float64).alias(name) for name in tests)
        candidates = _candidates(model, small.join(unbounded, on=keys), keys)
    for name in ("xr", "xq"):  # the last firm that is cut at either end, by partition
        value = candidates[name]
        for side, order in (("low", [value, candidates.firm]), ("high", [value.desc(), candidates.firm.desc()])):
            window = ibis().window(group_by=[candidates[key] for key in keys], order_by=order)
            ranked = candidates.select(
                *keys, "cut", value=value, owner=candidates.firm, _rank=ibis().row_number().over(window)
            )
            last = ranked.filter(ranked["_rank"] == ranked.cut - 1)
            ends = {f"{name}_{side}": last.value, f"{name}_{side}_firm": last.owner}
            small = small.join(model.collect(last.select(*keys, **ends)), on=keys, how="left")
    return small.with_columns(  # nobody is cut where the rank is zero
        pl.col(f"{name}_{side}").fill_null(-math.inf if side == "low" else math.inf)
        for name in ("xr", "xq")
        for side in ("low", "high")
    )


def _candidates(model: _Model, small: pl.DataFrame, keys: Sequence[str]) -> Ibis:
    """Return the rows beyond the bounds, kept; all rows where a bound is null."""
    rows = model.rows(small)
    outside = [(rows[f"x{name}"] < rows[f"{name}_below"]) | (rows[f"x{name}"] > rows[f"{name}_above"]) for name in "rq"]
    outside.append(rows.r_below.isnull())
    bounds = [f"{name}_{side}" for name in "rq" for side in ("below", "above")]
    return model.panel.engine.keep(rows.filter(ibis().or_(*outside)).select(*keys, "firm", "xr", "xq", "cut", *bounds))


def _efficiency(sigma: float) -> pl.Expr:
    """Return the logarithm of output relative to the efficient output of a cell."""
    return (sigma * pl.col("output").log() + (1 - sigma) * _joint() - pl.col("talent").log()) / (sigma - 1)


def _frame(cells: pl.DataFrame, counts: pl.DataFrame, sigma: float) -> pl.DataFrame:
    """Return dispersion and gains by industry and year."""
    log = _efficiency(sigma)
    spreads = {"sd_tfpr": "r", "sd_tfpq": "q", "sd_capital_wedge": "c", "sd_output_wedge": "o"}
    columns = {"left_out": pl.col("rows") - pl.col("firms"), "value_added": pl.col("output")}
    columns |= {"capital_share": pl.col("share")}
    columns |= {name: pl.col(f"var_{short}").sqrt() for name, short in spreads.items()}
    columns |= {"efficiency": log.exp(), "gain": (-log).exp() - 1}
    columns |= {"mix_gain": (_joint() - pl.col("inputs").log()).exp() - 1}
    joined = cells.join(counts.select(*CELL, "rows"), on=list(CELL), how="left")
    return joined.select(*CELL, "firms", **columns).sort(CELL)


def _years(frame: pl.DataFrame, noise_estimate: Noise | None) -> pl.DataFrame:
    """Return all industries together, weighted by value added."""
    weight = pl.col("value_added") / pl.col("value_added").sum()
    log = (weight * pl.col("efficiency").log()).sum()
    years = (
        frame.group_by("year")
        .agg(
            firms=pl.col("firms").sum(),
            sd_tfpr=(weight * pl.col("sd_tfpr") ** 2).sum().sqrt(),
            efficiency=log.exp(),
            gain=(-log).exp() - 1,
        )
        .sort("year")
    )
    if noise_estimate is not None:
        years = years.with_columns(corrected_gain=noise_estimate.corrected(pl.col("gain")))
    return years


def _by_groups(model: _Model, rows: Ibis, by: Sequence[str]) -> pl.DataFrame:
    """Return variance within and between groups, and what reallocation inside groups alone would give."""
    kinds = {"dimension": pl.String, "year": pl.Int64} | dict.fromkeys(
        ("variance_within", "variance_between", "gain_within", "gain_between"), pl.Float64
    )
    parts = [pl.DataFrame(schema=kinds)]
    power = (model.sigma - 1) / model.sigma
    for name in by:
        cells = _sums(model, rows, [*CELL, name])
        # efficient output of a group, to the power
        best = (pl.col("talent").log() / (model.sigma - 1) + _joint()) * power
        n, mean = pl.col("firms"), (pl.col("firms") * pl.col("mean_r")).sum() / pl.col("firms").sum()
        cell = cells.group_by(CELL).agg(
            pl.col("share").max(),
            pl.col("output", "capital", "labour", "talent").sum(),
            inside=best.max() + (best - best.max()).exp().sum().log(),
            within=(n * pl.col("var_r")).sum() / n.sum(),
            between=(n * (pl.col("mean_r") - mean) ** 2).sum() / n.sum(),
        )
        weight = pl.col("output") / pl.col("output").sum()
        inside = pl.col("inside") / power - pl.col("output").log() / power
        year = cell.group_by("year").agg(
            variance_within=(weight * pl.col("within")).sum(),
            variance_between=(weight * pl.col("between")).sum(),
            gain_within=(weight * inside).sum().exp() - 1,
            gain_between=(weight * (-_efficiency(model.sigma) - inside)).sum().exp() - 1,
        )
        parts.append(
            year.select(pl.lit(name).alias("dimension"), pl.col("year").cast(pl.Int64), *list(kinds)[2:]).sort("year")
        )
    return pl.concat(parts)


def _counterfactuals(model: _Model, last: pl.DataFrame) -> pl.DataFrame:
    """Return output relative to today's when wedges shrink, or without (or with only) what goes with productivity."""
    slope = pl.when(pl.col("var_q") > 0).then(pl.col("cov") / pl.col("var_q")).otherwise(0.0)
    few = last.select(*CELL, "mean_r", "mean_q", slope=slope)
    rows = replace(model, cells=model.cells.join(few, on=list(CELL), how="inner")).untrimmed_rows()
    wedge, talent = rows.r - rows.mean_r, rows.q - rows.mean_q
    kinds = {f"shrink_{share:g}": (1 - share) * wedge for share in setting(CONVENTIONS, "misallocation.shares")}
    kinds |= {"uncorrelated": wedge - rows.slope * talent, "correlated": rows.slope * talent}
    s, sums = model.sigma, {"output": rows.output.sum()}
    for name, log in ({"today": wedge} | kinds).items():
        sums[f"{name}:sales"] = ((s - 1) * (talent - log)).exp().sum()
        sums[f"{name}:inputs"] = ((s - 1) * talent - s * log).exp().sum()
    totals = model.collect(rows.group_by(list(CELL)).agg(**sums))
    weight = pl.col("output") / pl.col("output").sum()

    def log_output(name: str) -> pl.Expr:
        return s / (s - 1) * pl.col(f"{name}:sales").log() - pl.col(f"{name}:inputs").log()

    years = totals.group_by("year").agg(
        *((weight * (log_output(name) - log_output("today"))).sum().exp().alias(name) for name in kinds)
    )
    long = years.unpivot(index="year", variable_name="scenario", value_name="relative_output")
    return long.cast({"year": pl.Int64}).sort("year", "scenario")


def _firms(model: _Model) -> Ibis:
    """Return every firm with its productivities and wedges; productivities relative to its industry."""
    rows = model.untrimmed_rows()
    rental = math.log(setting(CONVENTIONS, "misallocation.rental"))
    capital = (rows.share / (1 - rows.share)).ln() + rows.l - rows.k - rental
    output = math.log(model.sigma / (model.sigma - 1)) + rows.l - rows.y - (1 - rows.share).ln()
    return rows.select(
        "firm", "year", "industry", ln_tfpr=rows.xr, ln_tfpq=rows.xq, ln_capital_wedge=capital, ln_output_wedge=output
    )
