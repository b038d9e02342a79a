"""Reading: frames of any kind as polars frames that have the columns asked for, as numbers, and what they lack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinzhi.core.errors import InputError
from xinzhi.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from xinzhi.core.result import FrameKind
    from xinzhi.core.text import Language


def read(frame: Any, keys: Sequence[str], numbers: Sequence[str]) -> tuple[pl.DataFrame, FrameKind]:  # noqa: ANN401 - any kind of frame
    """Return keys as they are and numbers as floats, sorted by the keys, and the kind of frame that was handed in.

    Raises
    ------
    InputError
        When a column is missing, a key stands twice, or a number cannot be read.

    Examples
    --------
    >>> import polars as pl
    >>> read(pl.DataFrame({"region": ["b", "a"], "x": [2, 1]}), ["region"], ["x"])[0].rows()
    [('a', 1.0), ('b', 2.0)]
    """
    import polars as pl

    from xinzhi.data.frames import read_frames

    tables, kind = read_frames({"table": frame})
    cells = tables[0].cells
    missing = [name for name in (*keys, *numbers) if name not in cells.columns]
    if missing:
        message = f"the frame has no column {', '.join(missing)}; it has {', '.join(cells.columns)}."
        raise InputError(message)
    chosen = list(dict.fromkeys((*keys, *numbers)))
    try:
        rows = cells.select(chosen).with_columns(
            pl.col(name).cast(pl.Float64) for name in dict.fromkeys(numbers) if name not in keys
        )
    except pl.exceptions.InvalidOperationError as error:
        message = f"a column of {', '.join(numbers)} holds text that is no number: {error}"
        raise InputError(message) from None
    rows = rows.with_columns(pl.col(pl.Float64).fill_nan(None)).sort(keys)
    twice = rows.filter(rows.select(keys).is_duplicated())
    if twice.height:
        message = f"the key {', '.join(keys)} stands twice, first {twice.select(keys).row(0)}: one row each."
        raise InputError(message)
    return rows, kind


def require_positive(rows: pl.DataFrame, names: Sequence[str], keys: Sequence[str]) -> None:
    """Refuse figures that are missing, zero or negative, naming the first row.

    Raises
    ------
    InputError
        Names the column, the row and the cure.
    """
    import polars as pl

    for name in names:
        bad = rows.filter(pl.col(name).is_null() | (pl.col(name) <= 0))
        if bad.height:
            place = ", ".join(f"{key} {value}" for key, value in zip(keys, bad.select(keys).row(0), strict=True))
            message = (
                f"'{name}' is missing, zero or negative in {bad.height} rows (first: {place}): it has no logarithm. "
                "Give "
                "the figure, or leave these rows out."
            )
            raise InputError(message)


def left_out(reasons: Sequence[tuple[Text, Text]]) -> pl.DataFrame:
    """Return ``measure_zh, measure_en, reason_zh, reason_en``: what could not be computed.

    Examples
    --------
    >>> left_out([(Text(zh="劳动", en="labour"), Text(zh="只有一个地区", en="one region"))])["reason_en"][0]
    'one region'
    """
    import polars as pl

    names = [f"{what}_{language}" for what in ("measure", "reason") for language in ("zh", "en")]
    rows = [(measure.zh, measure.en, reason.zh, reason.en) for measure, reason in reasons]
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")


def said(error: Exception) -> Text:
    """Return the message of an error in both languages; errors speak English."""
    return Text(zh=str(error), en=str(error))


def told(frame: pl.DataFrame, language: Language) -> list[str]:
    """Return what was left out as lines."""
    mark = "：" if language == "zh" else ": "
    return [mark.join(row) for row in frame.select(f"measure_{language}", f"reason_{language}").rows()]
