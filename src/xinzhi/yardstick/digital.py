"""Digital capital of the nation: hardware and software as assets of their own in the growth account.

The claim: computing leads the new-quality productive forces. The question: how much of growth comes from computing
capital, and how much of that hides in other capital or in TFP? Verb: `digital_capital`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from xinzhi.core import inventory
from xinzhi.core.arrays import FloatArray, IntArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.parameters import read_yaml
from xinzhi.core.result import Facts, Provenance, Result
from xinzhi.core.services import user_cost
from xinzhi.data import Package, as_package, national_series
from xinzhi.protocol import Protocol
from xinzhi.yardstick.capital import depreciation_rates, investment
from xinzhi.yardstick.inputs import deflator
from xinzhi.yardstick.measure import measure
from xinzhi.yardstick.measurement import Measurement
from xinzhi.yardstick.panel import DEFAULT_PROTOCOL, TOTAL_ASSET

ASSETS = ("hardware", "software")
OTHER = "other"
VERB = "digital_capital"
PARTS = ("labour", "human_capital", OTHER, *ASSETS, "tfp")


@cache
def conventions() -> dict[str, Any]:
    """Return ``digital.yaml``."""
    content: dict[str, Any] = read_yaml(Path(__file__).with_name("digital.yaml"))
    return content


@dataclass(frozen=True, repr=False, kw_only=True)
class DigitalCapital(Result, verb=VERB, topic="yardstick", key=("year", "asset")):
    """The national growth account with hardware and software beside all other capital.

    `frame` has every asset and year: investment, its part in all investment, price (first year = 1), stock at prices of
    the first year, user cost, share in income, growth of the stock and contribution (log points). `account` splits the
    growth of output by year, `periods` averages it; `tfp_before` is TFP where digital capital is not told apart.
    `spread` has the contribution of both assets under every combination of the choices in ``digital.yaml``.
    """

    account: pl.DataFrame
    periods: pl.DataFrame
    spread: pl.DataFrame
    choices: Mapping[str, float]

    def facts(self) -> Facts:
        """Return what digital capital contributes by period, with its range over the choices."""
        said = []
        for row in self.periods.iter_rows(named=True):
            span = {"start": row["start"], "end": row["end"]}
            every = self.spread.filter(**span)["digital"]
            low, high = every.min(), every.max()
            said.append({**span, "value": row["hardware"] + row["software"], "low": low, "high": high})
        return {"digital.contribution": said, "digital.prices": dict(self.choices)}


def digital_capital(
    package: Package | str | Path | Mapping[str, object],
    protocol: Protocol | str | Path = DEFAULT_PROTOCOL,
    **chosen: float,
) -> DigitalCapital:
    """Split the capital of the nation into hardware, software and the rest, and give the growth account with all three.

    Parameters
    ----------
    package, protocol
        As in `measure`; the package has the table `nation` with investment by digital product, and every region of the
        declared set.
    **chosen
        Other values than the first of ``digital.yaml``: ``hardware_price``, ``software_price`` (growth per year),
        ``hardware_depreciation``, ``software_depreciation``, ``rate_of_return``.

    Raises
    ------
    UsageError, InputError
        When a choice has another name; when regions or national series are missing, or the protocol has no one stock.

    Notes
    -----
    Perpetual inventory from a steady state, user costs with an external return (Jorgenson and Griliches 1967; OECD
    2009, Measuring Capital). Investment by product stands in nine input-output tables; between them its part in all
    investment lies on a straight line.

    Examples
    --------
    >>> import xinzhi
    >>> made = xinzhi.digital_capital("china-provinces")
    >>> made.account.select("year").row(-1)
    (2020,)
    """
    from xinzhi import __version__

    data = as_package(package)
    measured = measure(data, protocol)
    values = _values(chosen)
    shares, years, tables = investment_parts(data)
    whole, income = (_yearly(data, name, years) for name in ("gfcf_nominal", "gdp_nominal"))
    flows = shares * whole
    made = _assets(flows, income, values)
    rest = _other(measured, flows, years)
    account = _account(measured, made, rest, years)
    combinations = _combinations()
    return DigitalCapital(
        frame=_frame(made, flows, rest, whole, years, tables),
        account=account,
        periods=_periods(account),
        spread=_spread(flows, income, combinations, years),
        choices=values,
        kind=data.kind,
        names=measured.names,
        provenance=Provenance(
            verb=VERB,
            version=__version__,
            protocol=measured.protocol.label,
            protocol_fingerprint=measured.protocol.fingerprint,
            package=data.name,
            inputs={**measured.provenance.inputs, "nation": data.fingerprint("nation")},
            options={"as_of": str(conventions()["as_of"]), **values},
        ),
    )


def _values(chosen: Mapping[str, float]) -> dict[str, float]:
    """Return the value of every choice."""
    known = conventions()["choices"]
    for name in chosen:
        if name not in known:
            raise UsageError("yardstick.no-digital-choice", name=name, known=sorted(known))
    return {name: float(chosen.get(name, entry["values"][0])) for name, entry in known.items()}


def _combinations() -> list[dict[str, float]]:
    """Return every combination of the choices."""
    known = conventions()["choices"]
    return [dict(zip(known, values, strict=True)) for values in product(*(one["values"] for one in known.values()))]


def investment_parts(data: Package) -> tuple[FloatArray, IntArray, IntArray]:
    """Return the part of hardware and software in all investment `(2, T)`, its years, and those that have a table."""
    table = data.require("nation", ["variable", "year", "value", "vintage"], verb=VERB)
    rows = table.filter(pl.col("vintage") == conventions()["vintage"]).drop_nulls("value")

    def of(name: str) -> dict[int, float]:
        return dict(rows.filter(variable=f"gfcf_{name}").select("year", "value").iter_rows())

    whole = of("nominal")
    entries = [conventions()["assets"][name] for name in ASSETS]
    found = []
    for entry in entries:
        parts = [of(name) for name in entry["products"]]
        either = {year: sum(part.get(year, 0.0) for part in parts) for part in parts for year in part}
        found.append({year: either.get(year, of(entry["aggregate"]).get(year)) for year in whole})
    tables = sorted(year for year in whole if all(one[year] is not None for one in found))
    if len(tables) < 2:  # noqa: PLR2004 - growth needs two
        raise InputError("yardstick.no-digital-investment", name=data.name)
    years = np.arange(tables[0], tables[-1] + 1)
    known = np.array([[float(one[year] or 0.0) / whole[year] for year in tables] for one in found])
    return np.stack([np.interp(years, tables, row) for row in known]), years, np.array(tables)


def _yearly(data: Package, name: str, years: IntArray) -> FloatArray:
    """Return a national series at the years; an `InputError` names the first that is missing."""
    known = dict(national_series(data, name, unit="1e8 CNY", verb=VERB).select("year", "value").iter_rows())
    missing = [year for year in years.tolist() if year not in known]
    if missing:
        raise InputError("yardstick.no-national-year", variable=name, year=missing[0])
    return np.array([known[year] for year in years.tolist()])


@dataclass(frozen=True, slots=True)
class Assets:
    """Price, stock, user cost, share in income and contribution of the assets, each `(2, T)`; growth NaN at first."""

    price: FloatArray
    stock: FloatArray
    cost: FloatArray
    share: FloatArray
    growth: FloatArray
    contribution: FloatArray


def _assets(flows: FloatArray, income: FloatArray, values: Mapping[str, float]) -> Assets:
    """Return what both assets contribute to growth."""
    change, rate = (
        np.array([values[f"{name}_{what}"] for name in ASSETS])[:, None] for what in ("price", "depreciation")
    )
    price: FloatArray = np.exp(np.log1p(change) * np.arange(flows.shape[1]))
    stock = inventory.geometric(flows / price, rate, _first(flows / price, rate))
    cost = user_cost(price, values["rate_of_return"], rate, change)
    share = cost * stock / income
    growth = np.diff(np.log(stock), axis=1, prepend=np.nan)
    # The first year has no user cost: the share of the second stands for both.
    before = np.where(np.isfinite(share[:, :-1]), share[:, :-1], share[:, 1:])
    mean = np.concatenate([np.full((2, 1), np.nan), (before + share[:, 1:]) / 2], axis=1)
    return Assets(price, stock, cost, share, growth, mean * growth)


def _first(real: FloatArray, rate: FloatArray) -> FloatArray:
    """Return the steady state of the first year."""
    span = int(conventions()["initial_growth_years"]["value"])
    growth = np.expm1(np.log(real[:, span] / real[:, 0]) / span)
    return inventory.steady_state(real[:, 0], growth, rate[:, 0])


def _other(measured: Measurement, flows: FloatArray, years: IntArray) -> FloatArray:
    """Return the stock of all other capital `(T,)`: that of the protocol, less digital investment by the same rules."""
    panel, rules = measured.panel, measured.protocol
    kinds = set(rules.values("capital.depreciation_rule", panel.years))
    if rules.value("capital.measure") != "stock" or kinds != {"geometric"} or panel.assets != (TOTAL_ASSET,):
        raise UsageError("yardstick.digital-needs-one-stock", id=rules.label)
    if not measured.regions_declared.complete or measured.national.is_empty() or measured.accounts is None:
        missing = list(measured.regions_declared.missing)
        raise InputError("yardstick.digital-needs-the-nation", n=len(panel.regions), absent=missing)
    at = years - int(panel.years[0])
    invested = investment(panel, rules, deflator(panel), list(panel.assets))
    nominal, real = ((one[0, :, at]).sum(axis=1) for one in (invested.real * invested.price, invested.real))
    rate = depreciation_rates(panel, rules, invested.assets)[0][:, at]
    flow = flows * (real / nominal)
    digital = inventory.geometric(
        flow, np.broadcast_to(rate, flow.shape), _first(flow, np.broadcast_to(rate, flow.shape))
    )
    whole = measured.accounts.inputs.capital[:, at].sum(axis=0)
    return np.asarray(whole - inventory.at_timing(digital, rules.value("capital.timing")).sum(axis=0))


def _account(measured: Measurement, made: Assets, rest: FloatArray, years: IntArray) -> pl.DataFrame:
    """Return the growth account by year."""
    rows = measured.national.filter(pl.col("year").is_in(years[1:].tolist())).sort("year")
    here = np.searchsorted(years, rows["year"].to_numpy())
    mean = np.array(made.contribution / made.growth)[:, here]
    income = 1 - rows["labour_share"].to_numpy() - mean.sum(axis=0)
    output = rows["output_growth"].to_numpy()
    parts = {
        "labour": rows["labour_contribution"].to_numpy(),
        "human_capital": rows["human_capital_contribution"].to_numpy(),
        OTHER: income * np.diff(np.log(rest), prepend=np.nan)[here],
        **{name: made.contribution[row, here] for row, name in enumerate(ASSETS)},
    }
    return pl.DataFrame(
        {
            "year": rows["year"],
            "output_growth": output,
            **parts,
            "tfp": output - sum(parts.values()),
            "tfp_before": rows["tfp_growth"],
        }
    )


def _periods(account: pl.DataFrame) -> pl.DataFrame:
    """Return the account averaged over the periods that it fills."""
    first, last = account["year"][0] - 1, account["year"][-1]
    spans = [span for span in conventions()["periods"] if first <= span[0] and span[1] <= last]
    columns = ["output_growth", *PARTS, "tfp_before"]
    rows = [
        account.filter(pl.col("year") > start, pl.col("year") <= end)
        .select(pl.col(columns).mean())
        .with_columns(start=pl.lit(start, pl.Int64), end=pl.lit(end, pl.Int64))
        for start, end in spans
    ]
    return pl.concat(rows).select("start", "end", *columns)


def _spread(
    flows: FloatArray, income: FloatArray, combinations: Sequence[Mapping[str, float]], years: IntArray
) -> pl.DataFrame:
    """Return the contribution of both assets by period under every combination of the choices."""
    rows = []
    for values in combinations:
        contribution = _assets(flows, income, values).contribution
        for start, end in conventions()["periods"]:
            inside = (years > start) & (years <= end)
            if inside.sum() == end - start:
                mean = dict(zip(ASSETS, contribution[:, inside].mean(axis=1).tolist(), strict=True))
                rows.append({"start": start, "end": end, **values, **mean, "digital": sum(mean.values())})
    return pl.DataFrame(rows).sort("start", maintain_order=True)


def _frame(
    made: Assets, flows: FloatArray, rest: FloatArray, whole: FloatArray, years: IntArray, tables: IntArray
) -> pl.DataFrame:
    """Return every asset and year; of all other capital, investment and stock."""
    count = len(years)
    other = whole - flows.sum(axis=0)
    growth = np.diff(np.log(rest), prepend=np.nan)
    columns = {
        "investment": np.vstack([flows, other]),
        "investment_share": np.vstack([flows, other]) / whole,
        "price": np.vstack([made.price, np.full(count, np.nan)]),
        "stock": np.vstack([made.stock, rest]),
        "user_cost": np.vstack([made.cost, np.full(count, np.nan)]),
        "income_share": np.vstack([made.share, np.full(count, np.nan)]),
        "stock_growth": np.vstack([made.growth, growth]),
        "contribution": np.vstack([made.contribution, np.full(count, np.nan)]),
    }
    return pl.DataFrame(
        {
            "year": np.tile(years, 3),
            "asset": np.repeat([*ASSETS, OTHER], count).tolist(),
            **{name: pl.Series(values.ravel(), nan_to_null=True) for name, values in columns.items()},
            "status": np.where(np.isin(np.tile(years, 3), tables), "transcribed", "estimate").tolist(),
        }
    )
