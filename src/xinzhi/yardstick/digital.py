"""Digital capital of the nation: hardware and software beside structures and equipment in the growth account.

The claim: computing leads the new-quality productive forces. The question: how much of growth comes from computing
capital, and how much of that hides in other capital or in TFP? Verb: `digital_capital`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import polars as pl

from xinzhi.core import inventory
from xinzhi.core.arrays import BoolArray, FloatArray, IntArray, log_growth
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.inventory import internal_return, revaluation, settle_negative, user_cost
from xinzhi.core.parameters import read_yaml
from xinzhi.core.provenance import provenance
from xinzhi.core.result import Facts, Result
from xinzhi.core.schema import describe
from xinzhi.core.text import LANGUAGES
from xinzhi.data import Package, as_package, national_series
from xinzhi.protocol import Protocol
from xinzhi.protocol import load as load_protocol
from xinzhi.yardstick.capital import investment
from xinzhi.yardstick.inputs import deflator
from xinzhi.yardstick.measure import measure_nation
from xinzhi.yardstick.measurement import Measurement
from xinzhi.yardstick.panel import DEFAULT_PROTOCOL, Ruler, Source, under

BUILT, DIGITAL = ("structures", "equipment"), ("hardware", "software")
ASSETS = (*BUILT, *DIGITAL)
VERB = "digital_capital"
INTERNAL = "internal"
PARTS = ("labour", "human_capital", *ASSETS, "tfp")


conventions = partial(read_yaml, Path(__file__).with_name("digital.yaml"))


@dataclass(frozen=True, repr=False, kw_only=True)
class DigitalCapital(Result, verb=VERB, topic="yardstick", key=("year", "asset")):
    """The growth account of the nation with structures, equipment, hardware and software.

    `frame` has every asset and year: investment, its part in all investment, price (first year = 1), stock at prices of
    the first year, user cost, share in income, growth of the stock and contribution (log points). `account` splits the
    growth of output by year, `periods` averages it; `digital` is hardware and software together, `tfp_before` the TFP
    of `measure_nation`, where capital is one asset. `spread` has the contribution of digital capital and TFP under all
    combinations of the choices in ``digital.yaml``, `by_choice` in the newest period under each value of one of them.
    Figures marked ``estimate`` lie between or beyond published tables.
    """

    account: pl.DataFrame
    periods: pl.DataFrame
    spread: pl.DataFrame
    by_choice: pl.DataFrame
    choices: Mapping[str, float | str]

    @property
    def parts(self) -> tuple[str, ...]:
        """The columns of `account` and `periods` that add up to the growth of output."""
        return PARTS

    @property
    def newest_first(self) -> pl.DataFrame:
        """The periods, the newest first."""
        return self.periods.sort("start", descending=True)

    def facts(self) -> Facts:
        """Return what digital capital contributes by period with its range over the choices, and what is not known."""
        contributions = []
        for row in self.periods.sort("start", descending=True).iter_rows(named=True):
            choices_of_period = self.spread.filter(start=row["start"], end=row["end"])
            low = {f"{name}_low": choices_of_period[name].min() for name in ("digital", "tfp")}
            contributions.append(
                row | low | {f"{name}_high": choices_of_period[name].max() for name in ("digital", "tfp")}
            )
        return {
            "digital.contribution": contributions,
            "digital.tfp": contributions[0],
            "digital.unknown": {"year": contributions[0]["end"]},
        }


def digital_capital(
    package: Source,
    protocol: Ruler = DEFAULT_PROTOCOL,
    **choices: float | str,
) -> DigitalCapital:
    """Split the capital of the nation into structures, equipment, hardware and software, and account for its growth.

    Parameters
    ----------
    package, protocol
        As in `measure_nation`, with the table `asset_investment` of every region of the declared set.
    **choices
        Other values than the first of ``digital.yaml``: ``hardware_price``, ``software_price`` (growth per year),
        ``hardware_depreciation``, ``software_depreciation``, ``structures_depreciation``, ``equipment_depreciation``,
        ``rate_of_return`` (``"internal"`` or a number).

    Notes
    -----
    Perpetual inventories, user costs and a Törnqvist index of services (Jorgenson and Griliches 1967; OECD 2009,
    Measuring Capital). Output, labour, human capital and the share of capital are those of `measure_nation`.
    Investment by product stands in nine input-output tables; between them its part in all investment lies on a
    straight line. The data have no such table of provinces, and there are no figures of them.

    Examples
    --------
    >>> import xinzhi
    >>> made = xinzhi.digital_capital("china-provinces")
    >>> made.account.select("year").row(-1)
    (2020,)
    """
    data = as_package(package)
    values = _values(choices)
    # refuse a protocol whose capital is not one stock: the first stock of all assets is its stock
    rules = load_protocol(protocol)
    if rules.value("capital.measure") != "stock":
        raise UsageError("yardstick.digital-needs-one-stock", id=rules.label)
    measured = measure_nation(data, rules)
    history = _history(data, measured)
    assets = _assets(history, values)
    account = _account(history, assets)
    if account.is_empty():
        raise InputError("yardstick.digital-no-account", first=int(history.years[0]), last=int(history.years[-1]))
    periods = _periods(account)
    spans = list(periods.select("start", "end").iter_rows())
    return DigitalCapital(
        frame=_frame(history, assets),
        account=account,
        periods=periods,
        spread=_spread(history, spans),
        by_choice=_one_choice_at_a_time(history, values, spans[-1]),
        choices=values,
        kind=data.kind,
        names=measured.names,
        provenance=under(
            measured.protocol,
            provenance(VERB, data, ["nation", "asset_investment"], as_of=str(conventions()["as_of"]), **values),
        ),
    )


def _values(choices: Mapping[str, float | str]) -> dict[str, float | str]:
    """Return the value of every choice; a price falls by less than all, depreciation lies between 0 and 1."""
    declared = conventions()["choices"]
    for name, value in choices.items():
        if name not in declared:
            raise UsageError("yardstick.no-digital-choice", name=name, known=sorted(declared))
        if value == INTERNAL and INTERNAL in declared[name]["values"]:
            continue
        try:
            rate = float(value)
        except ValueError:
            rate = float("nan")
        if not (0.0 if name.endswith("_depreciation") else -1.0) < rate < 1:
            raise UsageError("yardstick.digital-choice", name=name, value=str(value))
    values = {name: choices.get(name, entry["values"][0]) for name, entry in declared.items()}
    return {name: value if value == INTERNAL else float(value) for name, value in values.items()}


@dataclass(frozen=True, slots=True)
class History:
    """What is known of the nation, of the years `(T,)`: investment and prices of the assets, and the account."""

    years: IntArray
    flows: FloatArray  # (4, T), current prices
    total: FloatArray  # (T,), all investment
    published: BoolArray  # (4, T): whether a table of the year gives the part of the asset
    price: FloatArray  # (2, T) of structures and equipment, the first year 1
    first: float  # the first stock of the protocol at prices of the first year
    growth: float  # of that stock in the first year
    timing: inventory.Timing
    output: FloatArray  # (T,), current prices
    labour_share: FloatArray  # (T,), of the year
    weight: FloatArray  # (T,), of capital in the growth of the year
    account: pl.DataFrame

    def position(self) -> IntArray:
        """Return where the years of the account stand among those of the history."""
        return np.searchsorted(self.years, self.account["year"].to_numpy())


def _history(data: Package, measured: Measurement) -> History:
    """Return what is known of the nation in the years of the input-output tables."""
    panel, rules = measured.panel, measured.protocol
    if measured.accounts is None:
        raise UsageError("yardstick.digital-needs-one-stock", id=rules.label)
    parts, years, tables = digital_parts(data)
    inside, by_kind, price = _kinds(data, rules)
    at = years - int(panel.years[0])
    total, output = (_yearly(data, name, years) for name in ("gfcf_nominal", "gdp_nominal"))
    invested = investment(panel, rules, deflator(panel), list(panel.assets))
    price_of_all = invested.price[0, 0, at]
    ratio = np.interp(years, inside, by_kind)
    digital = parts * total
    rest = total - digital[1]  # equipment as published includes hardware, and no software
    flows = np.stack([(1 - ratio) * rest, ratio * rest - digital[0], *digital])
    if not (flows > 0).all():
        row, column = np.argwhere(~(flows > 0))[0].tolist()
        asset = describe(VERB, "asset").values[ASSETS[row]]
        raise InputError("yardstick.digital-no-investment", asset=asset, year=int(years[column]))
    accounts, growth = measured.accounts.inputs, measured.accounts.growth
    return History(
        years=years,
        flows=flows,
        total=total,
        published=np.stack([np.isin(years, inside)] * 2 + [np.isin(years, tables)] * 2),
        price=_splice_prices(years, inside, price, price_of_all),
        first=float(accounts.capital[0, at[0]] * price_of_all[0]),
        growth=float(growth.capital_growth[0, at[0]]),
        timing=rules.value("capital.timing"),
        output=output,
        labour_share=accounts.labour_share[0, at],
        weight=1 - growth.labour_share[0, at],
        account=measured.frame.filter(pl.col("year").is_in(years[1:].tolist())).sort("year"),
    )


def digital_parts(data: Package) -> tuple[FloatArray, IntArray, IntArray]:
    """Return the part of hardware and software in all investment `(2, T)`, its years, and those that have a table."""
    table = data.require("nation", ["variable", "year", "value", "vintage"], verb=VERB)
    rows = table.filter(pl.col("vintage") == conventions()["vintage"]).drop_nulls("value")

    def series_of(name: str) -> dict[int, float]:
        return dict(rows.filter(variable=f"gfcf_{name}").select("year", "value").iter_rows())

    total = series_of("nominal")
    investment_by_asset = []
    for entry in (conventions()["assets"][name] for name in DIGITAL):
        parts = [series_of(name) for name in entry["products"]]
        either = {year: sum(part.get(year, 0.0) for part in parts) for part in parts for year in part}
        investment_by_asset.append({year: either.get(year, series_of(entry["aggregate"]).get(year)) for year in total})
    tables = sorted(year for year in total if all(series[year] is not None for series in investment_by_asset))
    if len(tables) < 2:  # noqa: PLR2004 - growth needs two
        raise InputError("yardstick.no-digital-investment", name=data.name)
    years = np.arange(tables[0], tables[-1] + 1)
    parts_by_year = np.array(
        [[float(series[year] or 0.0) / total[year] for year in tables] for series in investment_by_asset]
    )
    return np.stack([np.interp(years, tables, row) for row in parts_by_year]), years, np.array(tables)


def _kinds(data: Package, rules: Protocol) -> tuple[IntArray, FloatArray, FloatArray]:
    """Return the years of investment by kind of asset, the part of equipment, and both prices `(2, n)`."""
    columns = ["region", "year", "asset", "investment_nominal", "investment_price"]
    kinds = [conventions()["assets"][name]["kind"] for name in BUILT]
    table = data.require("asset_investment", columns, verb=VERB).filter(pl.col("asset").is_in(kinds))
    table = table.drop_nulls("investment_nominal")
    regions = set(table["region"].unique())
    missing = [code for code in rules.regions if code not in regions]
    if missing:
        raise InputError("yardstick.digital-needs-the-nation", n=len(regions), absent=missing)
    priced = pl.col("investment_price").is_not_null()
    nominal, price = pl.col("investment_nominal"), pl.col("investment_price")
    summed = table.group_by("asset", "year").agg(
        nominal.sum().alias("value"), (nominal.filter(priced).sum() / (nominal / price).sum()).alias("price")
    )
    tables_by_kind = {
        name: summed.pivot(on="asset", index="year", values=name).sort("year") for name in ("value", "price")
    }
    value, prices = (tables_by_kind[name].select(kinds).to_numpy().T for name in ("value", "price"))
    return tables_by_kind["value"]["year"].to_numpy(), value[1] / value.sum(axis=0), prices


def _splice_prices(years: IntArray, inside: IntArray, price: FloatArray, price_of_all: FloatArray) -> FloatArray:
    """Return prices at all years, the first 1: those of the kind, before and after them moved as all investment."""
    change = np.broadcast_to(log_growth(price_of_all), (len(price), len(years))).copy()
    within = np.isin(years, inside[1:])
    change[:, within] = np.diff(np.log(price), axis=1)[:, np.isin(inside[1:], years)]
    change[:, 0] = 0.0
    return np.asarray(np.exp(np.cumsum(change, axis=1)))


def _yearly(data: Package, name: str, years: IntArray) -> FloatArray:
    """Return a national series at the years; an `InputError` names the first that is missing."""
    values_by_year = dict(national_series(data, name, unit="1e8 CNY", verb=VERB).select("year", "value").iter_rows())
    missing = [year for year in years.tolist() if year not in values_by_year]
    if missing:
        raise InputError("yardstick.no-national-year", variable=name, year=missing[0])
    return np.array([values_by_year[year] for year in years.tolist()])


@dataclass(frozen=True, slots=True)
class Assets:
    """Price, stock, user cost, part of the income of capital, growth and contribution of all assets, each `(4, T)`."""

    price: FloatArray
    stock: FloatArray
    cost: FloatArray
    part: FloatArray
    growth: FloatArray
    contribution: FloatArray
    rate_of_return: FloatArray  # (T,)


def _assets(history: History, values: Mapping[str, float | str]) -> Assets:
    """Return what the assets contribute to growth."""
    change = np.array([float(values[f"{name}_price"]) for name in DIGITAL])[:, None]
    rate = np.array([float(values[f"{name}_depreciation"]) for name in ASSETS])[:, None]
    price = np.concatenate([history.price, np.exp(np.log1p(change) * np.arange(len(history.years)))])
    real = history.flows / price
    year_end_stock = inventory.geometric(real, rate, _first(history, real, rate))
    stock = inventory.at_timing(year_end_stock, history.timing)
    span = int(conventions()["revaluation_years"]["value"])
    expected = revaluation(price, years=span, centred=True)
    income = (1 - history.labour_share) * history.output
    return_rule = values["rate_of_return"]
    inside = internal_return(income, price, stock, rate, expected)
    returned = inside if return_rule == INTERNAL else np.where(np.isfinite(inside), float(return_rule), np.nan)
    cost = settle_negative(user_cost(price, returned, rate, expected), "refuse")
    value = cost * stock
    digital = value[len(BUILT) :] / (value.sum(axis=0) if return_rule == INTERNAL else income)
    built = value[: len(BUILT)] / value[: len(BUILT)].sum(axis=0) * (1 - digital.sum(axis=0))
    part = np.concatenate([built, digital])
    # The first year has no user cost: the part of the second stands for both.
    before = np.concatenate([np.full((len(ASSETS), 1), np.nan), part[:, :-1]], axis=1)
    mean = (np.where(np.isfinite(before), before, part) + part) / 2
    growth = log_growth(stock)
    return Assets(price, stock, cost, part, growth, mean * history.weight * growth, returned)


def _first(history: History, real: FloatArray, rate: FloatArray) -> FloatArray:
    """Return the first stocks: of digital assets the steady state, and of the others what the protocol's stock leaves.

    What is left is split as investment of the first year would have filled it, growing as the protocol's stock does.
    """
    span = min(int(conventions()["initial_growth_years"]["value"]), real.shape[1] - 1)
    digital_investment, worn = real[len(BUILT) :], rate[len(BUILT) :, 0]
    digital = inventory.steady_state(
        digital_investment[:, 0], np.expm1(np.log(digital_investment[:, span] / digital_investment[:, 0]) / span), worn
    )
    built = inventory.steady_state(real[: len(BUILT), 0], np.expm1(history.growth), rate[: len(BUILT), 0])
    return np.concatenate([built / built.sum() * (history.first - digital.sum()), digital])


def _account(history: History, assets: Assets) -> pl.DataFrame:
    """Return the growth account by year."""
    position = history.position()
    return pl.DataFrame(
        {
            "year": history.account["year"],
            "output_growth": history.account["output_growth"],
            **_parts(history, assets),
            "tfp_before": history.account["tfp_growth"],
            "rate_of_return": assets.rate_of_return[position],
            "status": np.where(history.published[0, position], "transcribed", "estimate").tolist(),
        }
    ).filter(pl.col("tfp").is_finite())


def _parts(history: History, assets: Assets) -> dict[str, FloatArray]:
    """Return what each factor contributes in every year of the account `(T,)`, digital assets together, and TFP."""
    position = history.position()
    parts = {name: history.account[f"{name}_contribution"].to_numpy() for name in ("labour", "human_capital")}
    parts |= {name: assets.contribution[row, position] for row, name in enumerate(ASSETS)}
    tfp = history.account["output_growth"].to_numpy() - sum(parts.values())
    return {**parts, "digital": np.sum([parts[name] for name in DIGITAL], axis=0), "tfp": tfp}


def _spans(years: Sequence[int]) -> list[list[int]]:
    """Return the periods that the years of an account fill; all of them where it fills none."""
    first, last = years[0] - 1, years[-1]
    return [span for span in conventions()["periods"] if first <= span[0] and span[1] <= last] or [[first, last]]


def _periods(account: pl.DataFrame) -> pl.DataFrame:
    """Return the account averaged over the periods that it fills."""
    columns = ["output_growth", *PARTS[:-1], "digital", "tfp", "tfp_before", "rate_of_return"]
    rows = [
        account.filter(pl.col("year") > start, pl.col("year") <= end)
        .select(pl.col(columns).mean(), (pl.col("status") == "estimate").any().alias("estimated"))
        .with_columns(start=pl.lit(start, pl.Int64), end=pl.lit(end, pl.Int64))
        for start, end in _spans(account["year"].to_list())
    ]
    status = pl.when("estimated").then(pl.lit("estimate")).otherwise(pl.lit("transcribed")).alias("status")
    return pl.concat(rows).select("start", "end", *columns, status)


def _means(history: History, values: Mapping[str, float | str]) -> list[dict[str, float]]:
    """Return what digital assets and TFP contribute a year in each period under one set of choices."""
    parts = _parts(history, _assets(history, values))
    known = np.isfinite(parts["tfp"])
    years = history.account["year"].to_numpy()[known]
    inside = [(years > start) & (years <= end) for start, end in _spans(years.tolist())]
    return [
        {name: float(parts[name][known][period].mean()) for name in (*DIGITAL, "digital", "tfp")} for period in inside
    ]


def _spread(history: History, spans: Sequence[tuple[int, int]]) -> pl.DataFrame:
    """Return what digital capital and TFP contribute by period under every combination of the choices."""
    choices = conventions()["choices"]
    rows = []
    for combination in product(*(choice["values"] for choice in choices.values())):
        values = dict(zip(choices, combination, strict=True))
        labels = {name: str(value) if name == "rate_of_return" else value for name, value in values.items()}
        for (start, end), means in zip(spans, _means(history, values), strict=True):
            rows.append({"start": start, "end": end, **labels, **means})
    return pl.DataFrame(rows, infer_schema_length=None).sort("start", maintain_order=True)


def _one_choice_at_a_time(history: History, values: Mapping[str, float | str], newest: tuple[int, int]) -> pl.DataFrame:
    """Return what digital capital and TFP contribute in the newest period under each value of one choice."""
    rows = []
    for name, entry in conventions()["choices"].items():
        references = {f"reference_{language}": entry["reference"][language] for language in LANGUAGES}
        for value in dict.fromkeys([values[name], *entry["values"]]):
            means = _means(history, {**values, name: value})[-1]
            rows.append(
                {
                    "start": newest[0],
                    "end": newest[1],
                    "choice": name,
                    "value": str(value),
                    "taken": value == values[name],
                    "digital": means["digital"],
                    "tfp": means["tfp"],
                    **references,
                }
            )
    return pl.DataFrame(rows)


def _frame(history: History, assets: Assets) -> pl.DataFrame:
    """Return every asset and year."""
    count = len(history.years)
    share = assets.part * (1 - history.labour_share)
    columns = {
        "investment": history.flows,
        "investment_share": history.flows / history.total,
        "price": assets.price,
        "stock": assets.stock,
        "user_cost": assets.cost,
        "income_share": share,
        "stock_growth": assets.growth,
        "contribution": assets.contribution,
    }
    return pl.DataFrame(
        {
            "year": np.tile(history.years, len(ASSETS)),
            "asset": np.repeat(ASSETS, count).tolist(),
            **{name: pl.Series(values.ravel(), nan_to_null=True) for name, values in columns.items()},
            "status": np.where(history.published, "transcribed", "estimate").ravel().tolist(),
        }
    )
