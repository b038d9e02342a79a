"""Bands: 2,000 draws x 31 regions x 7 years with quantiles, ranks and pairs; all components; and the whole backtest.

Prints CPU seconds of each beside its limit; exits with 1 when one is missed.
"""

from __future__ import annotations

import sys
import time

import numpy as np

import xinzhi
from xinzhi.yardstick.estimates.draws import ESTIMATED, draw, drawn_growth, path
from xinzhi.yardstick.estimates.errors import learn
from xinzhi.yardstick.estimates.intervals import intervals, probability_above

DRAWS, LIMIT, LIMIT_BACKTEST = 2000, 0.3, 3.0


def once(measured: xinzhi.Measurement) -> float:
    """Return CPU seconds of drawing and stating, six estimated years and the official one before them."""
    rules, panel = measured.protocol, measured.panel
    began = time.process_time()
    errors = learn(panel, rules)
    made = path(panel, rules, int(2023 - panel.years[0]))
    draws = draw(panel, rules, made, errors, DRAWS, np.random.default_rng(0))
    mean = np.concatenate([*drawn_growth(made, rules, draws, ESTIMATED)]).mean(axis=2)
    intervals(mean, 0.9)
    probability_above(mean[:, :-1])
    return time.process_time() - began


def main() -> int:
    """Time all three."""
    measured = xinzhi.measure("china-provinces")
    once(measured)
    fast = min(once(measured) for _ in range(5))
    began = time.process_time()
    xinzhi.bands(measured)
    whole = time.process_time() - began
    package = xinzhi.load("china-provinces")
    began = time.process_time()
    xinzhi.backtest(package)
    tested = time.process_time() - began
    print(f"{DRAWS} draws x 31 x 7, quantiles, ranks, pairs: {fast:.3f} s (limit {LIMIT})")
    print(f"bands, nine components, two periods, six years:  {whole:.3f} s")
    print(f"backtest, 13 pseudo ends, two rules:             {tested:.3f} s (limit {LIMIT_BACKTEST})")
    return int(fast > LIMIT or tested > LIMIT_BACKTEST)


if __name__ == "__main__":
    sys.exit(main())
