"""Write the critical values of the house prices that ship, whose bootstrap takes a third of an assessment.

    python tools/bubbles_record.py

A row of the record is a city, under the digest of its prices and of the rules of the test: of other prices, of other
rules and of dates that are held against the pointwise line nothing is on record, and the bootstrap is run.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from xinzhi.risks import BubbleRules, house_prices
from xinzhi.risks.prices import record
from xinzhi.risks.prices.conventions import setting
from xinzhi.risks.prices.critical import Until, sieve_values
from xinzhi.risks.prices.critical import p_value as p_value_of
from xinzhi.risks.prices.recursive import minimum_window, recursive_adf, scale_to_unit
from xinzhi.risks.prices.series import Series, read_series
from xinzhi.risks.prices.testing import chosen_lag

PACKAGE = "china-provinces"
RULES = BubbleRules(gaps="longest")


def shipped_series() -> Iterator[Series]:
    """Yield the price series that the studies test."""
    reading = read_series(house_prices(PACKAGE), "city", "month", "log_price", gaps=RULES.gaps)
    yield from (series for series in reading.series if not series.problem)


def rules_of(series: Series) -> dict[str, Any]:
    """Return window, lag, draws and seed of a series."""
    window, rule = minimum_window(len(series.level)), setting("bootstrap")
    lag = chosen_lag(scale_to_unit(series.level), setting("lags.usual"), window=window)
    return {"window": window, "lag": lag, "draws": int(rule["replications"]), "seed": int(rule["seed"])}


def digest_of(series: Series) -> str:
    """Return the digest of a series."""
    return record.digest(series.level, level=RULES.level, **rules_of(series))


def row(series: Series) -> dict[str, object]:
    """Return the row of a series, its bootstrap run anew."""
    rules = rules_of(series)
    statistics = recursive_adf(series.level[:, None], window=rules["window"], lag=rules["lag"])
    statistic = float(np.fmax.reduce(statistics.bsadf[:, 0]))
    until = Until.for_level(statistic, RULES.level, rules["draws"])
    values = sieve_values(series.level, **rules, until=until)
    return record.row_of(digest_of(series), values, p_value_of(statistic, values))


if __name__ == "__main__":
    pl.DataFrame([row(series) for series in shipped_series()]).write_parquet(record.FILE, compression_level=19)
