"""The facts and conventions of the room, which stand beside the code as YAML and CSV: read once, never changed."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from xinzhi.core.errors import UsageError

HERE = Path(__file__).parent
_YEAR_DIGITS = 4
SHOWN = 20  # findings that a message lists


@cache
def document(name: str) -> Any:  # noqa: ANN401 - the file decides
    """Return a YAML file of this room, such as ``thresholds.yaml``; callers must not change it."""
    from xinzhi.core.yamlfile import read

    return read(HERE / name).content


@cache
def table(name: str) -> pl.DataFrame:
    """Return a CSV file of this room as text."""
    return pl.read_csv(HERE / name, infer_schema=False)


def convention(name: str) -> Any:  # noqa: ANN401 - the file decides
    """Return the value of a convention of ``scope.yaml``."""
    return document("scope.yaml")[name]["value"]


def read_date(value: object) -> date:
    """Return a date from a date, ``YYYY-MM-DD`` or a year, which means its last day: the statistics of a year close it.

    Raises
    ------
    UsageError
        When it is no date.

    Examples
    --------
    >>> read_date("2021-05-27"), read_date(2021)
    (datetime.date(2021, 5, 27), datetime.date(2021, 12, 31))
    """
    if isinstance(value, date):
        return date(value.year, value.month, value.day)
    text = str(value).strip()
    try:
        if text.isdigit() and len(text) == _YEAR_DIGITS:
            return date(int(text), 12, 31)
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError("scope.no-date", asked=value) from error
