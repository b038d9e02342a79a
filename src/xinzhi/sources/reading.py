"""Reading: frames of any kind with keys and numbers, and what a measure could not be computed from."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from xinzhi.core.arrays import AnyFrame
from xinzhi.core.errors import InputError
from xinzhi.core.result import Facts, FrameKind
from xinzhi.core.text import Text
from xinzhi.data import Field, tidy


def read(
    frame: AnyFrame, keys: Sequence[str], numbers: Sequence[str], *, year: str | None = None
) -> tuple[pl.DataFrame, FrameKind]:
    """Return keys and numbers as floats, sorted by the keys, and the kind of frame; `year` is the key of years."""
    fields = [Field(name, "year" if name == year else "any") for name in keys]
    fields += [Field(name) for name in dict.fromkeys(numbers) if name not in keys]
    done = tidy(frame, fields, key=keys, empty=True)
    return done.frame, done.kind


def require_positive(rows: pl.DataFrame, names: Sequence[str], keys: Sequence[str]) -> None:
    """Refuse figures that are missing, zero or negative, naming the first row."""
    for name in names:
        bad = rows.filter(pl.col(name).is_null() | (pl.col(name) <= 0))
        if bad.height:
            place = ", ".join(f"{key} {value}" for key, value in zip(keys, bad.select(keys).row(0), strict=True))
            raise InputError("sources.no-logarithm", name=name, n=bad.height, place=place)


def left_out_facts(frame: pl.DataFrame) -> Facts:
    """Return what could not be computed as facts."""
    rows = frame.select("measure_zh", "measure_en", "reason_zh", "reason_en").rows()
    return {"note.left_out": [{"measure": Text(*row[:2]), "reason": Text(*row[2:])} for row in rows]}


def left_out(reasons: Sequence[tuple[Text, Text]]) -> pl.DataFrame:
    """Return ``measure_zh, measure_en, reason_zh, reason_en``: what could not be computed."""
    names = [f"{what}_{language}" for what in ("measure", "reason") for language in ("zh", "en")]
    rows = [(measure.zh, measure.en, reason.zh, reason.en) for measure, reason in reasons]
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
