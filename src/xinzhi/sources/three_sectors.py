"""Three sectors: output and employment as published, capital by splitting the measured stock along investment."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.core.errors import InputError
from xinzhi.core.gaps import inside, interpolate, mask_after
from xinzhi.core.inventory import at_timing
from xinzhi.data import Package
from xinzhi.sources.assumptions import Assumptions
from xinzhi.sources.detail import Cube, Detail, Measured, chained, growth, scale_to, without
from xinzhi.sources.given import base_position
from xinzhi.yardstick import TOTAL_ASSET, deflator, investment, stocks

_VERB = "sources.decompose"


def from_sectors(package: Package, measured: Measured, assume: Assumptions) -> Detail:
    """Return the three sectors of every region."""
    # Output is the volume index chained on value added of the base year; employment is scaled to the official total;
    # the measured capital stock is split along the sectors' shares of investment (see `split_stock`).
    columns = ["region", "sector", "year", "output_nominal", "output_index_previous_year_100", "employment"]
    accounts = Cube.of(package.require("sector_accounts", columns, verb=_VERB), "sector", measured.panel)
    rows = package.require("sector_investment", ["region", "sector", "year", "investment_nominal"], verb=_VERB)
    spent = Cube.of(rows, "sector", measured.panel)
    if spent.names != accounts.names:
        raise InputError(
            "sources.sectors-differ", name=package.name, first=list(accounts.names), second=list(spent.names)
        )
    nominal = accounts.column("output_nominal")
    change, deflated = _volume_growth(accounts, nominal, measured, assume)
    at = base_position(np.isfinite(nominal), measured)
    output, anew = chained(change, nominal, at)
    everywhere = np.ones(accounts.shape[:2], dtype=np.bool_)
    people = accounts.column("employment")
    labour, labour_gap = scale_to(people, measured.inputs.labour, everywhere)
    shares, filled, guessed = _shares(spent, assume)
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
            "first_published:sector_output": _first(accounts),
            "proxy:sector_output": deflated,
        },
        gaps={"output": np.log(nominal.sum(axis=0) / measured.panel.account("output_nominal")), "labour": labour_gap},
        lacks={"labour": without(people), "capital": without(shares)},
    )
    return replace(detail, capital=split_stock(measured, shares, detail, assume))


def _volume_growth(
    accounts: Cube, nominal: FloatArray, measured: Measured, assume: Assumptions
) -> tuple[FloatArray, BoolArray]:
    """Return the log growth of the sectors' volumes, and the region-years that it is a proxy in."""
    # After the last published index value added is deflated by the price of the region's whole output: growth then adds
    # up to the region's, and what sectors' prices did apart from each other stands in their residuals.
    change = np.log(accounts.column("output_index_previous_year_100") / 100.0)
    if assume["after_official"] == "stop":
        return change, np.zeros(change.shape[1:], dtype=np.bool_)
    moved, whole = growth(nominal), growth(nominal.sum(axis=0))
    price = whole - measured.growth.output_growth
    late = mask_after(change) & ~np.isfinite(change) & _one_vintage(accounts)
    filled = np.where(late, moved - price, change)
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
        whole = interpolate(share)
        share = np.where(inside(share), whole, np.nan)
        filled: BoolArray = np.asarray(np.isfinite(share).all(axis=0) & ~np.isfinite(money).all(axis=0))
        return share, filled, np.zeros_like(unofficial)
    held = interpolate(share)
    first = np.isfinite(share).argmax(axis=-1)[..., None]
    late = np.arange(share.shape[-1]) >= first
    share = np.where(late, held, np.nan)
    share = share / share.sum(axis=0)
    some: BoolArray = np.asarray(np.isfinite(money).any(axis=0))
    last = share.shape[-1] - some[..., ::-1].argmax(axis=-1)[..., None]
    guessed = unofficial | (np.arange(share.shape[-1]) >= last)
    missing: BoolArray = ~np.isfinite(money).all(axis=0) & np.isfinite(share).all(axis=0) & ~guessed
    return share, missing, np.logical_or.accumulate(guessed & np.isfinite(share).all(axis=0), axis=-1)


def _first(accounts: Cube) -> BoolArray:
    """Return the region-years whose volume index was first published and not yet revised."""
    out = np.zeros(accounts.shape, dtype=np.bool_)
    if "index_vintage" in accounts.rows.columns:
        flag = accounts.rows.select((pl.col("index_vintage") == "first_published").fill_null(value=False)).to_series()
        out[accounts.place] = flag.to_numpy()
    return np.asarray(out.any(axis=0))


def split_stock(measured: Measured, share: FloatArray, detail: Detail, assume: Assumptions) -> FloatArray:
    """Split the measured capital stock over sectors."""
    # Every sector's stock depreciates at the rate implied by the measured stock, ``K[t] = (1 - d[t]) K[t-1] + I[t]``,
    # and gets its share of official investment; so sectors add up to the measured stock under every depreciation rule.
    panel, rules = measured.panel, measured.rules
    if not panel.assets or rules.value("capital.measure") in {"given_stock", "given_services"}:
        raise InputError("sources.capital-given")
    named = [name for name in panel.assets if name != TOTAL_ASSET]
    whole = rules.value("capital.measure") != "services" and TOTAL_ASSET in panel.assets
    assets = [TOTAL_ASSET] if whole or not named else named
    spent = investment(panel, rules, deflator(panel), assets)
    at_end = (
        rules if rules.value("capital.timing") == "end_of_year" else rules.replace({"capital.timing": "end_of_year"})
    )
    stock = stocks(panel, at_end, spent, measured.inputs.output).values.sum(axis=0)
    flow = spent.real.sum(axis=0)
    kept = np.full_like(stock, np.nan)
    kept[:, 1:] = (stock[:, 1:] - flow[:, 1:]) / stock[:, :-1]
    parts = _accumulate(stock, flow, kept, share, _first_split(kept, share, detail, assume))
    timed = at_timing(parts, rules.value("capital.timing"))
    return scale_to(timed, measured.inputs.capital, detail.exists)[0]


def _accumulate(
    stock: FloatArray, flow: FloatArray, kept: FloatArray, share: FloatArray, split: FloatArray
) -> FloatArray:
    """Run the inventory of all sectors from the first year that has a split of investment."""
    out = np.full(share.shape, np.nan)
    known = np.isfinite(share).all(axis=0)
    begin = np.where(known.any(axis=-1), known.argmax(axis=-1), share.shape[-1])
    level = np.full(share.shape[:2], np.nan)
    for year in range(share.shape[-1]):
        moved = kept[:, year] * level + share[..., year] * flow[:, year]
        level = np.where(begin == year, split * stock[:, year], moved)
        out[..., year] = level
    return out


def _first_split(kept: FloatArray, share: FloatArray, detail: Detail, assume: Assumptions) -> FloatArray:
    """Return the sectors' shares `(I, R)` in the first stock."""
    known = np.isfinite(share).all(axis=0)
    begin = np.where(known.any(axis=-1), known.argmax(axis=-1), 0)
    rows = np.arange(known.shape[0])
    years = np.arange(share.shape[-1])
    early = known & (years >= begin[:, None]) & (years < begin[:, None] + assume["initial_years"])
    if assume["initial_split"] == "output":
        weight = detail.nominal[:, rows, begin]
        return np.asarray(weight / weight.sum(axis=0))
    count = np.where(early.sum(axis=-1) > 0, early.sum(axis=-1), np.nan)
    weight = np.where(early, share, 0.0).sum(axis=-1) / count
    if assume["initial_split"] == "steady_state":
        loss = 1.0 - kept[rows, np.minimum(begin + 1, share.shape[-1] - 1)]
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
