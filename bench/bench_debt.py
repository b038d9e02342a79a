"""How often the fan charts of debt hold on simulated economies, beside what they promise.

Economies are simulated with normal shocks to growth, interest and borrowing: independent over years, or a vector
autoregression. Of each the fan of five years is drawn from its past alone, and held against what then happens. Printed
are the shares of economies inside the central 50, 80 and 90 % beside those of bands that take the past for the truth
(no uncertainty about mean and spread). Exits 1 where a share is further than three standard errors of its own
simulation from the promise, or an identity of the decomposition is missed by more than 1e-12. Autoregressions of 20
years show why `debt_fan` refuses them: no promise is made there.
"""

from __future__ import annotations

import sys
import time

import numpy as np

import xinzhi
from xinzhi.risks import debt_dynamics
from xinzhi.risks.fan_paths import autoregressive, independent, recursion
from xinzhi.risks.inputs import setting

ECONOMIES, DRAWS, HORIZON, BURN = 1000, 400, 5, 50
BANDS = (50, 80, 90)
MEANS = np.array([0.06, 0.03, 0.02])
SPREAD = np.array([[0.030, 0.0, 0.0], [0.004, 0.006, 0.0], [-0.006, 0.001, 0.012]])  # shocks move together
PERSISTENCE = np.array([[0.4, 0.0, -0.1], [0.0, 0.5, 0.0], [-0.1, 0.0, 0.3]])
START, ERRORS, LIMIT = 0.6, 3.0, 1e-12


def economy(years: int, order: int, rng: np.random.Generator) -> np.ndarray:
    """Return `years` of growth, rate and borrowing, and the horizon after them."""
    shocks = rng.standard_normal((BURN + years + HORIZON, 3)) @ SPREAD.T
    series = shocks.copy()
    for t in range(1, len(series)) if order else ():
        series[t] = series[t - 1] @ PERSISTENCE + shocks[t]
    return MEANS + series[BURN:]


def naive(past: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return futures around the past's mean with its shocks as they are."""
    left = past - past.mean(axis=0)
    return past.mean(axis=0) + left[rng.integers(len(left), size=(DRAWS, HORIZON))]


def ends(future: np.ndarray) -> np.ndarray:
    """Return debt to output at the end of each future."""
    return recursion(START, future[..., 0], future[..., 1], future[..., 2])[..., -1]


def coverage(years: int, order: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the shares inside the bands: ours, and without uncertainty about the past."""
    rng, hits = np.random.default_rng(seed), np.zeros((2, len(BANDS)))
    for _ in range(ECONOMIES):
        series = economy(years, order, rng)
        past, truth = series[:years], ends(series[None, years:])[0]
        ours = autoregressive(past, HORIZON, DRAWS, rng)[0] if order else independent(past, HORIZON, DRAWS, rng)
        for row, future in enumerate((ours, naive(past, rng))):
            drawn = ends(future)
            for column, band in enumerate(BANDS):
                low, high = np.percentile(drawn, [50 - band / 2, 50 + band / 2])
                hits[row, column] += low <= truth <= high
    shares = hits / ECONOMIES
    return shares[0], shares[1]


def main() -> int:
    """Print the figures; return 1 where a promise is missed."""
    missed = False
    print(f"{ECONOMIES:,} economies, {DRAWS} draws each, debt to output after {HORIZON} years; share inside the band")
    print("process          years    band   ours    s.e.  without uncertainty about the past")
    for order, name in ((0, "independent"), (1, "autoregressive")):
        for years in (20, 40):
            start = time.process_time()
            ours, plain = coverage(years, order, seed=order * 100 + years)
            spent = time.process_time() - start
            for band, share, other in zip(BANDS, ours, plain, strict=True):
                error = float(np.sqrt(band / 100 * (1 - band / 100) / ECONOMIES))
                promised = not order or years >= setting("public_debt.yaml", "fan.least_autoregression")
                off = promised and abs(share - band / 100) > ERRORS * error
                missed |= off
                mark = "  MISSED" if off else "" if promised else "  (no promise)"
                print(f"{name:15} {years:6} {band:6} %  {share:.3f}  {error:.3f}   {other:.3f}{mark}")
            print(f"{'':15} {spent:.1f} s CPU")
    worst = float(debt_dynamics(xinzhi.load("china-provinces")).frame["discrepancy"].abs().max())
    print(f"largest discrepancy of the decomposition of 31 provinces: {worst:.1e} (limit {LIMIT:.0e})")
    return int(missed or worst > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
