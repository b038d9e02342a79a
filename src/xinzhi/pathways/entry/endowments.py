"""Whether an industry suits what a region has, by factor intensities, given or estimated without the region itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import Finding, finding
from xinzhi.data import Field, tidy
from xinzhi.data.frames import read_any
from xinzhi.pathways.conventions import conventions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.core.arrays import BoolArray, FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How well each activity suits each place."""

    fit: FloatArray
    parts: FloatArray
    factors: tuple[str, ...]
    intensity: FloatArray
    explained: float
    findings: tuple[Finding, ...] = ()


def read_factors(
    frame: Any,  # noqa: ANN401 - any kind of frame
    names: Sequence[str],
    what: str,
) -> tuple[tuple[str, ...], FloatArray]:
    """Return a frame of factors as a matrix in the order of some names: first column the name, one column a factor."""
    # What is missing is not a number; the caller decides whether it can do without.
    table, _ = read_any(frame, what)
    key, *factors = table.cells.columns
    if not factors:
        raise InputError("pathways.no-factors", what=what, column=key)
    fields = [Field(key, "code"), *(Field(name) for name in factors)]
    rows = tidy(table.cells, fields, key=(key,), verb="opportunities", table=f"{what}s").frame
    found = pl.DataFrame({key: list(names)}).join(rows, on=key, how="left", maintain_order="left")
    values = found.select(factors).to_numpy().astype(float)
    return tuple(factors), values


def complete(have: FloatArray, names: Sequence[str], factors: Sequence[str]) -> tuple[BoolArray, tuple[Finding, ...]]:
    """Return which places have every factor, and a finding that names the others: they get no fit."""
    bad = ~np.isfinite(have)
    kept: BoolArray = np.asarray(~bad.any(axis=1))
    out = np.flatnonzero(~kept).tolist()
    lacking = [f"{names[i]} ({', '.join(factors[k] for k in np.flatnonzero(bad[i]).tolist())})" for i in out]
    if 2 * kept.sum() < len(names):
        raise InputError("pathways.no-endowments", n=len(lacking), of=len(names), places=lacking)
    return kept, tuple(
        finding("pathways.no-fit", table="endowments", key=names[i], words={"place": text})
        for i, text in zip(out, lacking, strict=True)
    )


def spread_out(found: Fit, kept: BoolArray, findings: tuple[Finding, ...]) -> Fit:
    """Return a fit of some places as one of all: the others have none (not a number)."""
    parts = np.full((len(kept), *found.parts.shape[1:]), np.nan)
    parts[kept] = found.parts
    return replace(found, parts=parts, fit=parts.sum(axis=2), findings=(*findings, *found.findings))


def estimated_fit(advantage: FloatArray, endowment: FloatArray, factors: Sequence[str]) -> Fit:
    r"""Return the fit by a ridge regression of the log quotient of each activity on the endowments of the places."""
    # A place is left out of the regression that judges it, so that what it has does not speak for itself. One penalty
    # for all activities, the one that foretells places left out best: :math:`\hat y_{-i} = y_i - (y_i - \hat y_i)/(1 -
    # h_i)` with the leverage :math:`h_i` (Allen 1974).
    n, k = endowment.shape
    if n <= k + 2:
        raise UsageError("pathways.many-factors", places=n, factors=k)
    x = standardised(endowment, factors)
    middle = advantage.mean(axis=0)
    spread = advantage - middle
    left, strength, right = np.linalg.svd(x, full_matrices=False)
    rules = conventions("endowments")
    best, error = 0.0, np.inf
    lowest, highest = (float(end) for end in rules["penalties"])
    for ridge in n * np.geomspace(lowest, highest, 25):
        kept = strength**2 / (strength**2 + ridge)
        leverage = (left**2 * kept).sum(axis=1) + 1 / n
        missed = (spread - (left * kept) @ (left.T @ spread)) / (1 - leverage)[:, None]
        if (missed**2).sum() < error:
            best, error = float(ridge), float((missed**2).sum())
    alone = float(((spread * n / (n - 1)) ** 2).sum())  # what the mean of the other places misses
    intensity = (right.T * (strength / (strength**2 + best))) @ (left.T @ spread)
    explained = 1 - error / alone
    parts = _without_itself(x, spread, best)
    least = float(rules["least_explained"])
    weak = finding("pathways.weak-endowments", words={"explained": explained, "n": n})
    return Fit(
        fit=parts.sum(axis=2),
        parts=parts,
        factors=tuple(factors),
        intensity=intensity.T,
        explained=explained,
        findings=(weak,) if explained < least else (),
    )


def given_fit(intensity: FloatArray, endowment: FloatArray, factors: Sequence[str]) -> Fit:
    r"""Return the fit with intensities from outside: :math:`\sum_k z(intensity)_{pk}\, z(endowment)_{ck} / K`."""
    # It is the interaction term of factor-proportions trade (Romalis 2004; Nunn 2007) as an index.
    z = standardised(intensity, factors)
    x = standardised(endowment, factors)
    parts = x[:, None, :] * z[None, :, :] / len(factors)
    return Fit(fit=parts.sum(axis=2), parts=parts, factors=tuple(factors), intensity=z, explained=float("nan"))


def standardised(values: FloatArray, factors: Sequence[str]) -> FloatArray:
    """Return columns with mean 0 and standard deviation 1."""
    spread = values.std(axis=0)
    if not (spread > 0).all():
        raise InputError("pathways.same-factor", factor=factors[int(np.argmin(spread))])
    return np.asarray((values - values.mean(axis=0)) / spread)


def _without_itself(x: FloatArray, spread: FloatArray, ridge: float) -> FloatArray:
    """Return what each factor makes expected of each cell (n, p, k), by regressions that leave the place out."""
    n, k = x.shape
    parts = np.empty((n, spread.shape[1], k))
    for i in range(n):
        others = np.arange(n) != i
        rest, known = x[others] - x[others].mean(axis=0), spread[others] - spread[others].mean(axis=0)
        slopes = np.linalg.solve(rest.T @ rest + ridge * np.eye(k), rest.T @ known)
        parts[i] = ((x[i] - x[others].mean(axis=0))[:, None] * slopes).T
    return parts
