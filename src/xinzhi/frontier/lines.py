"""Lines over periods: what a picture draws, and the same figures as a table with a column for each line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from xinzhi import words
from xinzhi.core.schema import NO_TEXT, Column, Kind, text_columns
from xinzhi.core.text import Text

MANY = 8  # lines of one picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Values by period of each line, ``period, value`` (null: not known), by what the line is called."""

    frames: Mapping[Text, pl.DataFrame]
    kind: Kind
    unit: Text = NO_TEXT

    @property
    def points(self) -> pl.DataFrame:
        """``period, value`` of all lines, with the ``group`` that is the name of the line."""
        empty = pl.DataFrame(schema={"period": pl.Int64, "value": pl.Float64})
        frames = [frame.with_columns(text_columns(group=[name] * frame.height)) for name, frame in self.frames.items()]
        return pl.concat(frames, how="vertical_relaxed") if frames else empty

    @property
    def by_period(self) -> pl.DataFrame:
        """``period`` and a column for each line."""
        periods = [frame.select("period") for frame in self.frames.values()]
        table = pl.concat(periods, how="vertical_relaxed").unique().sort("period")
        for place, frame in enumerate(self.frames.values()):
            table = table.join(frame.select("period", pl.col("value").alias(str(place))), on="period", how="left")
        return table.sort("period")

    def column(self, name: str) -> Column:
        """Return the description of a column of `by_period`."""
        if name == "period":
            return Column(name=name, title=words.frontier.column_period(), kind="code")
        return Column(name=name, title=list(self.frames)[int(name)], kind=self.kind, unit=self.unit)


def first_lines(frames: Mapping[Text, pl.DataFrame]) -> dict[Text, pl.DataFrame]:
    """Return as many lines as one picture can hold."""
    return dict(list(frames.items())[:MANY])
