"""Firms whose production function is known: panels on which every estimator has its own assumptions fulfilled."""

from __future__ import annotations

import numpy as np
import polars as pl

LABOUR, CAPITAL = 0.6, 0.4  # the truth in value added
GROSS = {"labour": 0.3, "capital": 0.2, "materials": 0.5}  # and in gross output
_PERSISTENCE, _SHOCK, _NOISE = 0.7, 0.2, 0.1
_YEARS = 10


def panel(firms: int, seed: int, process: str = "proxy") -> pl.DataFrame:
    """Return levels by firm and year: output, inputs, investment, the share of materials, costs of labour and capital.

    Productivity is a first-order process. Capital is set a year ahead by investment that rises with productivity, and
    gains or loses in quality by chance before the year begins. Labour follows productivity and capital, with errors
    that persist (so that it is no function of capital and materials, and its lag tells of it). Materials and
    investment are functions of productivity and capital alone, so that either proxy inverts exactly.
    ``gross-output`` has materials by their first-order condition; with ``effects`` firms differ for good, and with
    ``given`` inputs do not follow productivity at all. With ``static`` labour is at its optimum but for wages. With
    ``sure`` capital has no chance in it.
    """
    rng = np.random.default_rng(seed)
    omega = rng.normal(0, _SHOCK / np.sqrt(1 - _PERSISTENCE**2), firms)
    effect = rng.normal(0, 0.3, firms) if process == "effects" else np.zeros(firms)
    wedge, k = rng.normal(0, 0.3, (2, firms))
    rows = []
    before = 60 if process == "effects" else 20  # years, until growth has nothing to do with effects
    for year in range(before + _YEARS):
        omega = _PERSISTENCE * omega + rng.normal(0, _SHOCK, firms)
        wedge = 0.5 * wedge + rng.normal(0, 0.3, firms)
        seen = np.zeros(firms) if process == "given" else omega + effect
        labour = 0.8 * seen + 0.6 * k + wedge
        if process == "static":
            labour = (seen + CAPITAL * k) / (1 - LABOUR) + wedge
        invest = -1.6 + 1.5 * seen + 0.6 * k
        noise = rng.normal(0, _NOISE, firms)
        if process == "gross-output":  # the elasticity times expected output is the cost of materials
            inner = omega + GROSS["labour"] * labour + GROSS["capital"] * k
            materials = (np.log(GROSS["materials"]) + _NOISE**2 / 2 + inner) / (1 - GROSS["materials"])
            output = inner + GROSS["materials"] * materials + noise
        else:
            materials = 0.5 + 1.2 * seen + 0.8 * k
            output = omega + effect + LABOUR * labour + CAPITAL * k + noise
        if year >= before:
            names = np.arange(firms), np.full(firms, 2000 + year - before)
            rows.append([*names, output, labour, k, invest, materials])
        k = np.log(0.8 * np.exp(k) + np.exp(invest)) + rng.normal(0, 0.15, firms) * (process != "sure")
    firm, year, *logs = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    names = ("output", "labour", "capital", "investment", "materials")
    frame = pl.DataFrame({"firm": firm, "year": year, **{n: np.exp(one) for n, one in zip(names, logs, strict=True)}})
    wages = pl.Series(LABOUR + rng.normal(0, 0.05, len(firm)))
    return frame.with_columns(share=pl.col("materials") / pl.col("output"), wages=wages, rent=1 - wages)


def distances(frame: pl.DataFrame) -> dict[str, float]:
    """Return how far the shocks of a panel of ``proxy`` put estimates from the truth, in standard deviations.

    The moments that a method sets to zero, at the true coefficients over the true standard deviation of the shocks in
    them, by method and coefficient: capital of ``lp`` (innovation and noise on capital less its value before times
    the persistence, given productivity before), labour of ``lp`` (noise on labour, given capital and materials) and of
    ``robinson`` (innovation and noise on labour before). Each is standard normal, whatever the size of the panel.
    """
    rows = frame.sort("firm", "year")
    names = ("output", "labour", "capital", "materials")
    y, free, k, m = (rows[name].log().to_numpy().reshape(-1, _YEARS) for name in names)
    omega = (m - 0.5 - 0.8 * k) / 1.2
    noise = y - omega - LABOUR * free - CAPITAL * k
    surprise = (omega[:, 1:] - _PERSISTENCE * omega[:, :-1] + noise[:, 1:]).ravel()
    before = omega[:, :-1].ravel()
    past = np.stack([before**power for power in range(4)])
    more = np.vstack([past, k[:, 1:].ravel(), k[:, :-1].ravel()])
    given = np.stack([np.ones(k.size), k.ravel(), m.ravel()])
    both = np.hypot(_SHOCK, _NOISE)

    def score(weight: np.ndarray, others: np.ndarray, shock: np.ndarray, spread: float) -> float:
        alone = weight - np.linalg.solve(others @ others.T, others @ weight) @ others
        return float(alone @ shock / np.sqrt(alone @ alone) / spread)

    return {
        "lp capital": score((k[:, 1:] - _PERSISTENCE * k[:, :-1]).ravel(), past, surprise, both),
        "lp labour": score(free.ravel(), given, noise.ravel(), _NOISE),
        "robinson labour": score(free[:, :-1].ravel(), more, surprise, both),
    }
