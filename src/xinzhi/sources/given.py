"""Industries with their inputs: as `industry_accounts` has them, or three sectors with capital split by investment."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import BoolArray, FloatArray, IntArray, inside, interpolate, mask_after
from xinzhi.core.errors import InputError
from xinzhi.core.finding import Place, finding
from xinzhi.core.inventory import at_timing
from xinzhi.core.labour import two_year_mean
from xinzhi.core.text import same
from xinzhi.data import Package
from xinzhi.protocol import Protocol
from xinzhi.sources.assumptions import Assumptions
from xinzhi.sources.detail import (
    Cube,
    Detail,
    Gross,
    MeasuredInputs,
    chain_volumes,
    growth,
    quantities,
    scale_to,
    without,
)
from xinzhi.yardstick.internal import BEARABLE, TOTAL_ASSET, Panel, deflator, investment, stocks

TABLE = "industry_accounts"
_GROSS = ("gross_output_nominal", "gross_output_real", "intermediate_nominal", "intermediate_real")
_UNKNOWN = "unknown-industry"
_VERB = "sources.decompose"


def from_industries(package: Package, measured: MeasuredInputs) -> Detail:
    """Return the industries that the package gives."""
    # A table whose every code is unknown has a classification of its own, which is as good: nothing hangs on what a
    # code means. One unknown code among known ones is a slip.
    unknown = sum(problem.rule == _UNKNOWN and problem.table == TABLE for problem in package.findings)
    accounts = package.tables.get(TABLE)
    own_codes = accounts is not None and "industry" in accounts.columns and unknown == accounts["industry"].n_unique()
    bearable = (*BEARABLE, _UNKNOWN) if own_codes else BEARABLE
    columns = ["region", "industry", "year", "output_nominal"]
    table = package.require(TABLE, columns, verb=_VERB, despite=bearable)
    cube = Cube.from_table(table, "industry", measured.panel)
    # the columns that every industry needs; of several in one entry any will do
    real = ("output_real", "output_price", *(("gross_output_real",) if cube.gives("intermediate_real") else ()))
    labour = {"persons": "employment", "hours": "hours", "given_services": "labour_services"}
    capital = "capital_services" if measured.rules.value("capital.measure") == "given_services" else "capital"
    required = [("output_nominal",), real, (capital,), (labour[measured.rules.value("labour.unit")],)]
    absent = [names for names in required if not any(cube.gives(name) for name in names)]
    if absent or not cube.names:
        missing = [
            reduce(lambda first, second: words.sources.either(first=first, other=second), map(same, names))
            for names in absent
        ]
        if not missing:
            raise InputError("sources.industries-empty", table=TABLE, name=package.name)
        raise InputError("sources.industries-incomplete", table=TABLE, name=package.name, missing=missing)
    exists: BoolArray = np.asarray(np.isfinite(cube.column("output_nominal")).any(axis=-1))
    nominal = np.where(exists[..., None], cube.column("output_nominal"), 0.0)
    gross = _gross(cube, measured.panel)
    output, anew = _real(cube, gross, measured)
    people = _people(package, cube, measured.rules)
    machines = cube.column(capital)
    lacks = {"capital": without(machines), "labour": without(people)}
    gaps: dict[str, FloatArray] = {}
    # quantities of one unit add up over industries and compare between regions
    adds_up = quantities(measured.rules) and not package.units.get(TABLE, {}).get("capital", "").startswith("index")
    if adds_up:
        machines, gaps["capital"] = scale_to(machines, measured.inputs.capital, exists)
        people, gaps["labour"] = scale_to(people, measured.inputs.labour, exists)
    with np.errstate(divide="ignore", invalid="ignore"):
        gaps["output"] = np.log(nominal.sum(axis=0) / measured.panel.account("output_nominal"))
    share: FloatArray | None = None
    if cube.gives("labour_share"):
        share = cube.column("labour_share")
    elif cube.gives("labour_compensation"):
        share = cube.column("labour_compensation") / cube.column("output_nominal")
    return Detail(
        level="industry",
        names=cube.names,
        nominal=np.where(exists[..., None], nominal, np.nan),
        output=output,
        capital=machines,
        labour=people,
        human_capital=_quality(cube, measured),
        labour_share=share,
        exists=exists,
        comparable=adds_up,
        gross=gross,
        anew=anew,
        gaps=gaps,
        lacks=lacks,
    )


def _people(package: Package, cube: Cube, rules: Protocol) -> FloatArray:
    """Return labour in the unit of the protocol."""
    match rules.value("labour.unit"):
        case "given_services":
            return cube.column("labour_services")
        case "hours":
            per_person = "per person" in package.units.get(TABLE, {}).get("hours", "")
            return cube.column("hours") * (cube.column("employment") if per_person else 1.0)
        case _:
            return cube.column("employment")


def _quality(cube: Cube, measured: MeasuredInputs) -> FloatArray:
    """Return human capital of the industries; where they have none of their own, that of their region."""
    region = np.broadcast_to(measured.inputs.human_capital, cube.shape)
    if measured.rules.value("labour.quality") == "none" or not cube.gives("human_capital"):
        return region
    quality = cube.column("human_capital")
    # One series of its own or the region's, never a mixture: a change of source is no change of quality.
    return np.where(np.isfinite(quality).any(axis=-1, keepdims=True), quality, region)


def _gross(cube: Cube, panel: Panel) -> Gross | None:
    """Return gross output and intermediates, where all four columns are given."""
    if not all(cube.gives(name) for name in _GROSS):
        return None
    nominal, real, bought, bought_real = (cube.column(name) for name in _GROSS)
    share = bought / nominal
    problems = []
    for i, r, t in np.argwhere(share >= 1).tolist():  # intermediate inputs are not below gross output
        key = f"{panel.regions[r]}/{cube.names[i]}/{panel.years[t]}"
        place: Place = {"table": TABLE, "column": "intermediate_nominal", "key": key}
        place |= {"value": f"{share[i, r, t]:.4f}", "expected": "below 1"}
        number = {"share": float(share[i, r, t])}
        problems.append(finding("sources.intermediates-reach-output", words=number, **place))
    if problems:
        raise InputError("sources.intermediates", findings=problems, n=len(problems), table=TABLE, key=problems[0].key)
    return Gross(real, bought_real, share)


def _real(cube: Cube, gross: Gross | None, measured: MeasuredInputs) -> tuple[FloatArray, BoolArray | None]:
    """Return value added at constant prices, at the level of current prices in the base year, and where it begins anew.

    With gross output it is double-deflated by the Törnqvist formula: growth of gross output less that of intermediates
    weighted by their share, over the share of value added.
    """
    nominal = cube.column("output_nominal")
    if gross is not None:
        share = two_year_mean(gross.share)
        change = (growth(gross.output) - share * growth(gross.intermediate)) / (1.0 - share)
        at = base_position(np.isfinite(nominal) & np.isfinite(gross.output), measured)
        return chain_volumes(change, nominal, at)
    real = cube.column("output_real") if cube.gives("output_real") else nominal / cube.column("output_price")
    if measured.base is None:
        return real, None
    at = measured.base - int(measured.panel.years[0])
    with np.errstate(divide="ignore", invalid="ignore"):
        price = (nominal / real)[..., at : at + 1]
    # An industry without figures in the base year stays at the prices of the data.
    return real * np.where(np.isfinite(price), price, 1.0), None


def base_position(available: BoolArray, measured: MeasuredInputs) -> int:
    """Return the position of the base year of prices, or of the first year that most cells know."""
    if measured.base is not None:
        at = measured.base - int(measured.panel.years[0])
        if available[..., at].any():
            return at
    return int(available.sum(axis=tuple(range(available.ndim - 1))).argmax())


def from_sectors(package: Package, measured: MeasuredInputs, assume: Assumptions) -> Detail:
    """Return the three sectors of every region."""
    # Output is the volume index chained on value added of the base year; employment is scaled to the official total;
    # the measured capital stock is split along the sectors' shares of investment (see `split_stock`).
    columns = ["region", "sector", "year", "output_nominal", "output_index_previous_year_100", "employment"]
    accounts = Cube.from_table(package.require("sector_accounts", columns, verb=_VERB), "sector", measured.panel)
    rows = package.require("sector_investment", ["region", "sector", "year", "investment_nominal"], verb=_VERB)
    spent = Cube.from_table(rows, "sector", measured.panel)
    if spent.names != accounts.names:
        first_names, second_names = list(accounts.names), list(spent.names)
        raise InputError("sources.sectors-differ", name=package.name, first=first_names, second=second_names)
    nominal = accounts.column("output_nominal")
    change, deflated = _volume_growth(accounts, nominal, measured, assume)
    at = base_position(np.isfinite(nominal), measured)
    output, anew = chain_volumes(change, nominal, at)
    everywhere = np.ones(accounts.shape[:2], dtype=np.bool_)
    people = accounts.column("employment")
    labour, labour_gap = scale_to(people, measured.inputs.labour, everywhere)
    shares, filled, guessed = _shares(spent, assume)
    first = np.zeros(accounts.shape, dtype=np.bool_)  # where the volume index is not yet revised
    if "index_vintage" in accounts.rows.columns:
        flag = (pl.col("index_vintage") == "first_published").fill_null(value=False)
        first[accounts.place] = accounts.rows.select(flag).to_series().to_numpy()
    detail = Detail(
        level="sector",
        names=accounts.names,
        nominal=nominal,
        output=output,
        capital=np.full(accounts.shape, np.nan),
        labour=labour,
        human_capital=np.broadcast_to(measured.inputs.human_capital, accounts.shape),
        labour_share=None,
        exists=everywhere,
        comparable=True,
        anew=anew,
        marks={
            "proxy:sector_investment": filled,
            "extrapolated:sector_investment": guessed,
            "first_published:sector_output": np.asarray(first.any(axis=0)),
            "proxy:sector_output": deflated,
        },
        gaps={"output": np.log(nominal.sum(axis=0) / measured.panel.account("output_nominal")), "labour": labour_gap},
        lacks={"labour": without(people), "capital": without(shares)},
    )
    return replace(detail, capital=split_stock(measured, shares, detail, assume))


def _volume_growth(
    accounts: Cube, nominal: FloatArray, measured: MeasuredInputs, assume: Assumptions
) -> tuple[FloatArray, BoolArray]:
    """Return the log growth of the sectors' volumes, and the region-years that it is a proxy in."""
    # After the last published index value added is deflated by the price of the region's whole output: growth then adds
    # up to the region's, and what sectors' prices did apart from each other stands in their residuals.
    change = np.log(accounts.column("output_index_previous_year_100") / 100.0)
    if assume["after_official"] == "stop":
        return change, np.zeros(change.shape[1:], dtype=np.bool_)
    value_growth, total_growth = growth(nominal), growth(nominal.sum(axis=0))
    price = total_growth - measured.growth.output_growth
    late = mask_after(change) & ~np.isfinite(change) & _one_vintage(accounts)
    filled = np.where(late, value_growth - price, change)
    return filled, np.asarray((late & np.isfinite(filled)).any(axis=0))


def _one_vintage(accounts: Cube) -> BoolArray:
    """Return where value added is of the same vintage as in the year before; everywhere where none is stated."""
    if "output_vintage" not in accounts.rows.columns:
        return np.ones(accounts.shape, dtype=np.bool_)
    words = accounts.rows["output_vintage"].fill_null("")
    codes = np.full(accounts.shape, -1, dtype=np.int64)
    codes[accounts.place] = words.rank("dense").to_numpy()
    same: BoolArray = np.zeros(accounts.shape, dtype=np.bool_)
    same[..., 1:] = codes[..., 1:] == codes[..., :-1]
    return same


def _shares(spent: Cube, assume: Assumptions) -> tuple[FloatArray, BoolArray, BoolArray]:
    """Return the sectors' shares of investment, and the region-years in which they were filled or extrapolated."""
    # A year in which one sector is missing takes the shares on the straight line between its neighbours: the figure of
    # one sector alone says nothing of the split.
    money = spent.column("investment_nominal")
    unofficial: BoolArray = np.asarray((spent.unofficial("investment_status") > 0).any(axis=0))
    money = np.where(money > 0, money, np.nan)
    share = money / money.sum(axis=0)
    if assume["after_official"] == "stop":
        share = np.where(unofficial, np.nan, share)
        bridged = interpolate(share)
        share = np.where(inside(share), bridged, np.nan)
        filled: BoolArray = np.asarray(np.isfinite(share).all(axis=0) & ~np.isfinite(money).all(axis=0))
        return share, filled, np.zeros_like(unofficial)
    interpolated = interpolate(share)
    first = np.isfinite(share).argmax(axis=-1)[..., None]
    late = np.arange(share.shape[-1]) >= first
    share = np.where(late, interpolated, np.nan)
    share = share / share.sum(axis=0)
    partly_known: BoolArray = np.asarray(np.isfinite(money).any(axis=0))
    last = share.shape[-1] - partly_known[..., ::-1].argmax(axis=-1)[..., None]
    guessed = unofficial | (np.arange(share.shape[-1]) >= last)
    missing: BoolArray = ~np.isfinite(money).all(axis=0) & np.isfinite(share).all(axis=0) & ~guessed
    return share, missing, np.logical_or.accumulate(guessed & np.isfinite(share).all(axis=0), axis=-1)


def split_stock(measured: MeasuredInputs, share: FloatArray, detail: Detail, assume: Assumptions) -> FloatArray:
    """Split the measured capital stock over sectors."""
    # Every sector's stock depreciates at the rate implied by the measured stock, ``K[t] = (1 - d[t]) K[t-1] + I[t]``,
    # and gets its share of official investment; so sectors add up to the measured stock under every depreciation rule.
    panel, rules = measured.panel, measured.rules
    if not panel.assets or rules.value("capital.measure") in {"given_stock", "given_services"}:
        raise InputError("sources.capital-given")
    asset_names = [name for name in panel.assets if name != TOTAL_ASSET]
    has_total = rules.value("capital.measure") != "services" and TOTAL_ASSET in panel.assets
    assets = [TOTAL_ASSET] if has_total or not asset_names else asset_names
    spent = investment(panel, rules, deflator(panel), assets)
    ends = rules.value("capital.timing") == "end_of_year"
    at_end = rules if ends else rules.replace({"capital.timing": "end_of_year"})
    stock = stocks(panel, at_end, spent, measured.inputs.output).values.sum(axis=0)
    flow = spent.real.sum(axis=0)
    survival = np.full_like(stock, np.nan)
    survival[:, 1:] = (stock[:, 1:] - flow[:, 1:]) / stock[:, :-1]
    parts = _accumulate(stock, flow, survival, share, _first_split(survival, share, detail, assume))
    timed = at_timing(parts, rules.value("capital.timing"))
    return scale_to(timed, measured.inputs.capital, detail.exists)[0]


def _accumulate(
    stock: FloatArray, flow: FloatArray, survival: FloatArray, share: FloatArray, split: FloatArray
) -> FloatArray:
    """Run the inventory of all sectors from the first year that has a split of investment."""
    out = np.full(share.shape, np.nan)
    complete = np.isfinite(share).all(axis=0)
    begin = np.where(complete.any(axis=-1), complete.argmax(axis=-1), share.shape[-1])
    level = np.full(share.shape[:2], np.nan)
    for year in range(share.shape[-1]):
        continued = survival[:, year] * level + share[..., year] * flow[:, year]
        level = np.where(begin == year, split * stock[:, year], continued)
        out[..., year] = level
    return out


def _first_split(survival: FloatArray, share: FloatArray, detail: Detail, assume: Assumptions) -> FloatArray:
    """Return the sectors' shares `(I, R)` in the first stock."""
    complete = np.isfinite(share).all(axis=0)
    begin = np.where(complete.any(axis=-1), complete.argmax(axis=-1), 0)
    rows = np.arange(complete.shape[0])
    years = np.arange(share.shape[-1])
    early = complete & (years >= begin[:, None]) & (years < begin[:, None] + assume["initial_years"])
    if assume["initial_split"] == "output":
        weight = detail.nominal[:, rows, begin]
        return np.asarray(weight / weight.sum(axis=0))
    count = np.where(early.sum(axis=-1) > 0, early.sum(axis=-1), np.nan)
    weight = np.where(early, share, 0.0).sum(axis=-1) / count
    if assume["initial_split"] == "steady_state":
        loss = 1.0 - survival[rows, np.minimum(begin + 1, share.shape[-1] - 1)]
        weight = weight / np.maximum(loss + _trend(detail.output, begin, assume["initial_growth_years"]), loss / 2)
    return np.asarray(weight / weight.sum(axis=0))


def _trend(output: FloatArray, begin: IntArray, years: int) -> FloatArray:
    """Return the mean yearly growth `(I, R)` of output over the years before `begin`, else over those after it."""
    change = growth(output)
    position = np.arange(output.shape[-1])
    start = begin[:, None]
    before = (position <= start) & (position > start - years) & np.isfinite(change)
    after = (position > start) & (position <= start + years) & np.isfinite(change)
    use = np.where(before.any(axis=-1, keepdims=True), before, after)
    total = np.where(use, change, 0.0).sum(axis=-1)
    return np.asarray(np.expm1(total / np.maximum(use.sum(axis=-1), 1)))
