"""Tables of ../shared as arrays: one row per unit, one column per year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from xinzhi.core.arrays import FloatArray


@dataclass(frozen=True)
class Cells:
    """Variables `(units, years)` by name, NaN where the table has no figure."""

    variables: dict[str, FloatArray]
    units: list[str]
    years: list[int]

    def __getitem__(self, key: str) -> FloatArray:
        return self.variables[key]

    def row(self, unit: str) -> int:
        return self.units.index(unit)

    def column(self, year: int) -> int:
        return self.years.index(year)


def spread(frame: pl.DataFrame, unit: str, year: str, long: str | None = None) -> Cells:
    if long is not None:
        frame = frame.pivot(on=long, index=[unit, year], values="value")
    frame = frame.with_columns(pl.col(unit).cast(pl.String)).sort(unit, year)
    units = frame[unit].unique().sort().to_list()
    years = list(range(frame[year].min(), frame[year].max() + 1))
    rows = frame[unit].replace_strict(units, range(len(units)), return_dtype=pl.Int64).to_numpy()
    columns = frame[year].to_numpy() - years[0]
    variables = {}
    for name, kind in frame.schema.items():
        if name not in {unit, year} and kind.is_numeric():
            variables[name] = np.full((len(units), len(years)), np.nan)
            variables[name][rows, columns] = frame[name].cast(pl.Float64).to_numpy()
    return Cells(variables, units, years)


@pytest.fixture(scope="session")
def cells() -> Callable[..., Cells]:
    def read(path: Path, unit: str, year: str = "year", *, long: str | None = None) -> Cells:
        if path.suffix == ".parquet":
            return spread(pl.read_parquet(path), unit, year, long)
        return spread(pl.read_csv(path, infer_schema_length=None, null_values="NA"), unit, year, long)

    return read


@pytest.fixture(scope="session")
def log_growth() -> Callable[[FloatArray], FloatArray]:
    def growth(values: FloatArray) -> FloatArray:
        positive = np.where(values > 0, values, np.nan)
        return np.diff(np.log(positive), axis=-1, prepend=np.nan)

    return growth
