"""Make the national series that a protocol carries from the complete package and write them into the protocol.

    python tools/estimate_series.py [--check]

A region measured alone must have the figure that it has among all; what depends on all regions therefore stands in the
protocol, as the complete package gives it. With --check nothing is written, and the exit code says whether it agrees.
"""

from __future__ import annotations

import re
import sys
from itertools import product
from pathlib import Path

import numpy as np
import polars as pl

import xinzhi.yardstick.panel as panels
from xinzhi.data import load, national_series
from xinzhi.protocol import Protocol
from xinzhi.protocol import load as load_protocol
from xinzhi.yardstick import estimating as rules
from xinzhi.yardstick.breaking import live_linked_growth
from xinzhi.yardstick.capital import investment
from xinzhi.yardstick.estimating import live_national_factor, revised_ratio
from xinzhi.yardstick.inputs import deflator

PACKAGE, PROTOCOL = "china-provinces", "xinzhi-cn-2026"
FILE = Path(__file__).parents[1] / "src/xinzhi/protocol/registry/xinzhi-cn-2026.yaml"
INVESTMENT_RULES = ("half", "fai_growth", "investment_rate")
CONTROLS = ("national_volume", "national_value")
PRICES = ("as_published_proxy", "output_deflator", "ppi", "national_deflator")
LAST, PRICED, TABLES = 2017, 2019, "input-output table as published"
BENCHMARKS = ("none", "revised_output")


def series() -> tuple[dict[str, dict[int, float]], float]:
    """Return the scale by year and combination, and the yearly rise of schooling."""
    panel = panels.read_panel(load(PACKAGE))
    protocol = rules.live(load_protocol(PROTOCOL)).replace({"capital.price_growth": price_growth()})
    scale: dict[str, dict[int, float]] = {}
    for rule, control, price, benchmark in product(INVESTMENT_RULES, CONTROLS, PRICES, BENCHMARKS):
        chosen = protocol.replace(
            {
                "estimates.investment_rule": rule,
                "estimates.control_total": control,
                "capital.price_after_official": price,
                "capital.benchmark": benchmark,
            }
        )
        scale[rules.scale_key(chosen)] = scale_of(panel, chosen)
    schooling = rules.live_schooling_growth(panel, int(protocol.value("estimates.schooling_years")))
    return scale, schooling


def linked_growth() -> dict[str, dict[int, float]]:
    """Return the growth of employment in linked years by region."""
    panel = panels.read_panel(load(PACKAGE))
    growth = live_linked_growth(panel)
    found: dict[str, dict[int, float]] = {}
    for row, column in np.argwhere(np.isfinite(growth)).tolist():
        found.setdefault(panel.regions[row], {})[int(panel.years[column])] = float(growth[row, column])
    return found


def national_ratio() -> dict[int, float]:
    """Return national investment over the sum of the regions by year, their investment revised with their output."""
    panel = panels.read_panel(load(PACKAGE))
    factor = live_national_factor(panel, rules.live(load_protocol(PROTOCOL)), revised_ratio(panel)[0])
    pairs = zip(panel.years.tolist(), factor.tolist(), strict=True)
    return {year: value for year, value in pairs if np.isfinite(value)}


def input_output(variable: str) -> dict[int, float]:
    """Return a share of the national input-output tables since 2017, on a straight line between them."""
    rows = load(PACKAGE).tables["nation"].filter(variable=variable, vintage=TABLES).filter(pl.col("year") >= LAST)
    years, values = (rows.sort("year")[name].to_list() for name in ("year", "value"))
    return {year: float(np.interp(year, years, values)) for year in range(years[0], years[-1] + 1)}


def net_taxes() -> dict[int, float]:
    """Return net taxes on production in value added: of the provinces' accounts, then moved by the national tables."""
    rows = load(PACKAGE).tables["nation"].filter(variable="net_taxes_share_sum_of_provinces").sort("year")
    own = dict(rows.select("year", "value").iter_rows())
    table = input_output("net_taxes_on_production_share")
    return own | {year: own[LAST] + value - table[LAST] for year, value in table.items() if year > LAST}


def price_growth() -> dict[str, dict[int, float]]:
    """Return log growth of the national price of investment after 2019, by producer prices and by the deflator."""
    package = load(PACKAGE)
    names = ("ppi", "fai_price", "gcf_nominal", "gcf_growth_real")
    series = {name: dict(national_series(package, name).select("year", "value").iter_rows()) for name in names}
    producer, official = ({y: np.log(v / 100) for y, v in series[name].items()} for name in ("ppi", "fai_price"))
    both = [year for year in range(2000, PRICED + 1) if year in producer and year in official]
    slope, level = np.polyfit([producer[year] for year in both], [official[year] for year in both], 1)
    value, volume = series["gcf_nominal"], series["gcf_growth_real"]
    implied = {
        year: float(np.log(value[year] / value[year - 1]) - np.log1p(volume[year] / 100))
        for year in sorted(set(value) & set(volume))
        if year > PRICED
    }
    return {
        "national_deflator": implied,
        "ppi": {year: float(level + slope * producer[year]) for year in sorted(producer) if year > PRICED},
    }


def scale_of(panel: panels.Panel, protocol: Protocol) -> dict[int, float]:
    """Return the factor of every estimated year, from investment without a control."""
    free = protocol.replace({"estimates.control_total": "none"})
    made = investment(panel, free, deflator(panel), list(panel.assets))
    cells = np.broadcast_to(rules.estimated_cells(panel), made.real.shape)
    factors = rules.live_scale(panel, protocol, made.real * made.price, cells, made.price)
    years = zip(panel.years.tolist(), factors.tolist(), cells.any(axis=(0, 1)).tolist(), strict=True)
    return {year: factor for year, factor, estimated in years if estimated and np.isfinite(factor)}


def main() -> int:
    """Write the series, or compare them."""
    scale, schooling = series()
    text = FILE.read_text(encoding="utf-8")
    made = _replaced(text, "price_growth", _scale_lines(price_growth()))
    made = _replaced(made, "control_scale", _scale_lines(scale))
    made = _replaced(made, "national_ratio", _year_lines(national_ratio()))
    made = _replaced(made, "net_taxes", _year_lines(net_taxes()))
    made = _replaced(made, "input_output", _year_lines(input_output("labour_share")))
    made = _replaced(made, "linked_growth", _scale_lines(linked_growth()))
    made = re.sub(r"(schooling_growth:\n      value: ).*", lambda found: found[1] + repr(schooling), made)
    if "--check" in sys.argv:
        return int(made != text)
    FILE.write_text(made, encoding="utf-8")
    return 0


def _year_lines(values: dict[int, float]) -> list[str]:
    """Return one line a year."""
    return [f"{year}: {value!r}" for year, value in values.items()]


def _scale_lines(scale: dict[str, dict[int, float]]) -> list[str]:
    """Return every combination with its years."""
    lines = []
    for key, series_ in sorted(scale.items()):
        lines.append(f'"{key}":')
        lines.extend(f"  {year}: {value!r}" for year, value in series_.items())
    return lines


def _replaced(text: str, name: str, lines: list[str]) -> str:
    """Return the text with other values of one dated series."""
    block = "".join(f"        {line}\n" for line in lines)
    pattern = rf"(    {name}:\n      values?:)(?: \{{.*\}}\n|\n(?:        .*\n)*)"
    return re.sub(pattern, lambda found: f"{found[1]}\n{block}", text)


if __name__ == "__main__":
    sys.exit(main())
