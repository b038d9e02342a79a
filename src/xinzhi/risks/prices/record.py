"""Bootstrapped critical values of the house prices that ship, which are the same on every machine and take seconds."""

from __future__ import annotations

from functools import cache
from hashlib import sha256

import numpy as np
import polars as pl

from xinzhi.core.arrays import FloatArray
from xinzhi.risks.prices.conventions import HERE, LEVELS, setting
from xinzhi.risks.prices.critical import CriticalValues

FILE = HERE / "house_prices_record.parquet"
DIGITS = 10  # of a price in its digest: machines differ in the last place of a logarithm
VECTORS = ("adf", "running_maximum", "gsadf", "alarms_running", "alarms_gsadf")


def digest(prices: FloatArray, *, window: int, lag: int, level: int, draws: int, seed: int) -> str:
    """Return the digest of a series, of the method and of the rules of its sieve bootstrap, which ends early."""
    method = (setting("bootstrap.version"), *LEVELS, setting("bootstrap.least"))
    rules = (*method, window, lag, level, draws, seed)
    text = " ".join([*map(str, rules), *(f"{price:.{DIGITS}g}" for price in prices.tolist())])
    return sha256(text.encode()).hexdigest()


@cache
def rows_by_digest() -> dict[str, int]:
    """Return the row of each digest of the record."""
    return {text: row for row, text in enumerate(table()["digest"])}


@cache
def table() -> pl.DataFrame:
    """Return the record: a row a series."""
    return pl.read_parquet(FILE)


def recorded_values(key: str) -> CriticalValues | None:
    """Return the critical values on record under a digest, of all conventions but the pointwise; None without them."""
    if key not in rows_by_digest():
        return None
    row = table().row(rows_by_digest()[key], named=True)
    vectors = {name: np.array(row[name]) for name in VECTORS}
    running, gsadf = vectors["running_maximum"].reshape(-1, len(LEVELS)), vectors["gsadf"]
    return CriticalValues(
        adf=vectors["adf"],
        sadf=running[-1],
        gsadf=gsadf,
        sequences={"running-maximum": running, "family-wise": np.broadcast_to(gsadf, running.shape)},
        method="sieve",
        replications=row["replications"],
        seed=row["seed"],
        false_alarms={"running-maximum": vectors["alarms_running"], "family-wise": vectors["alarms_gsadf"]},
        sequential=row["p_value"],
    )


def row_of(key: str, critical: CriticalValues, p_value: float) -> dict[str, object]:
    """Return the row of the record of a series."""
    return {
        "digest": key,
        "adf": critical.adf.tolist(),
        "running_maximum": critical.sequences["running-maximum"].ravel().tolist(),
        "gsadf": critical.gsadf.tolist(),
        "alarms_running": critical.false_alarms["running-maximum"].tolist(),
        "alarms_gsadf": critical.false_alarms["family-wise"].tolist(),
        "replications": critical.replications,
        "seed": critical.seed,
        "p_value": p_value,
    }
