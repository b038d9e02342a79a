"""How many lagged differences a series needs, by an information criterion on the whole sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xinzhi.risks.prices.conventions import Lag, setting, whole

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray


def checked_lag(lag: Lag) -> Lag:
    """Return a lag that is one."""
    return lag if lag in ("aic", "bic") else whole("lag", lag, least=0, other="lag")


def chosen_lag(level: FloatArray, lag: Lag, *, window: int) -> int:
    """Return the lag of a series."""
    # All lags are compared on the same rows; the criterion is n ln(RSS / n) + c k with c = 2 or ln n. One lag serves
    # all windows of a series: choosing it anew in each distorts the size of the test (Phillips, Shi and Yu 2015,
    # section 4).
    if isinstance(lag, int):
        return lag
    most = min(int(setting("lags.largest")), window - 2 - int(setting("least_degrees")))
    if most < 1:
        return 0
    rows = regression_rows(level[:, None], most)[..., 0]
    count = rows.shape[1]
    price = 2.0 if lag == "aic" else float(np.log(count))
    scores = []
    for order in range(most + 1):
        design = np.column_stack([np.ones(count), rows[most], *rows[:order]])
        found = np.linalg.lstsq(design, rows[-1], rcond=None)[0]
        left = float(np.sum((rows[-1] - design @ found) ** 2))
        scores.append(count * np.log(max(left, np.finfo(float).tiny) / count) + price * design.shape[1])
    return int(np.argmin(scores))


def residual_autocorrelation(level: FloatArray, lag: int) -> float:
    """Return the first autocorrelation of the residuals on the whole sample."""
    rows = regression_rows(level[:, None], lag)[..., 0]
    design = np.column_stack([np.ones(rows.shape[1]), *rows[:-1]])
    left = rows[-1] - design @ np.linalg.lstsq(design, rows[-1], rcond=None)[0]
    size = float(left @ left)
    return float(left[1:] @ left[:-1]) / size if size > 0 else 0.0


def drift(level: FloatArray) -> float:
    """Return the t of the mean step, zero where the steps do not vary."""
    steps = np.diff(level)
    spread = float(steps.std(ddof=1))
    return float(steps.mean()) / spread * float(np.sqrt(len(steps))) if spread > 0 else 0.0


def regression_rows(table: FloatArray, lag: int) -> FloatArray:
    """Return `(lag + 2, T - 1 - lag, N)`: lagged differences (the nearest first), the lagged level, the difference."""
    steps = np.diff(table, axis=0)
    rows = len(steps) - lag
    before = [steps[lag - back : lag - back + rows] for back in range(1, lag + 1)]
    return np.stack([*before, table[lag : lag + rows], steps[lag:]])
