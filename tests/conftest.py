"""Fixtures that every package's tests share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of reference values beside the project, or skip."""
    folder = ROOT.parent / "shared"
    if not (folder / "ref").is_dir():
        pytest.skip("reference values in ../shared are not here")
    return folder


@pytest.fixture(scope="session")
def country() -> Callable[..., dict[str, pl.DataFrame]]:
    """Return a maker of small made-up packages: tables `accounts` and `investment` with random growth."""

    def make(regions: int = 4, years: int = 12, first: int = 1952, seed: int = 0) -> dict[str, pl.DataFrame]:
        rng = np.random.default_rng(seed)
        names = [f"r{number}" for number in range(regions)]

        def path(mean: float, spread: float, level: float) -> np.ndarray:
            steps = rng.normal(mean, spread, (regions, years))
            return (level * (1 + np.arange(regions))[:, None] * np.exp(steps.cumsum(axis=1))).ravel()

        region, year = np.repeat(names, years), np.tile(np.arange(first, first + years), regions)
        accounts = pl.DataFrame(
            {
                "region": region,
                "year": year,
                "output_nominal": path(0.1, 0.02, 100.0),
                "output_real": path(0.07, 0.02, 100.0),
                "employment": path(0.01, 0.01, 50.0),
                "labour_share": rng.uniform(0.4, 0.6, regions * years),
                "schooling": np.clip(rng.normal(8, 1, regions * years), 2, 15),
            }
        )
        investment = pl.DataFrame(
            {
                "region": region,
                "asset": "total",
                "year": year,
                "investment_nominal": path(0.1, 0.05, 30.0),
                "investment_price": np.tile(np.exp(rng.normal(0.02, 0.01, years).cumsum()), regions),
            }
        )
        return {"accounts": accounts, "investment": investment}

    return make


@pytest.fixture(scope="session")
def brief() -> Callable[..., object]:
    """Return a maker of the section of one topic in an assessment; None where there is none."""
    from xinzhi.report.pages.yardstick.assessment import topics as sections
    from xinzhi.studies import assess

    def make(package: object, topic: str, **asked: object) -> object:
        needed = ("paths", topic) if topic == "risks" else (topic,)
        found = sections(assess(package, only=needed, **asked))
        return next((one for one in found if one.key == topic), None)

    return make
