"""The conventions, words and tables of the room, which stand beside the code: read once, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from xinzhi.core.schema import describe
from xinzhi.core.text import Text

HERE = Path(__file__).parent
_FEW_SIGNS = 200_000  # what is read sooner than an automaton of ten thousand names is built
KEPT = 1 << 16  # readings of names that are kept for the next text that has them


@cache
def document(name: str) -> Any:  # noqa: ANN401 - the file decides
    """Return a YAML file of this room, such as ``words.yaml``; callers must not change it."""
    from xinzhi.core.yamlfile import read

    return read(HERE / name).content


@cache
def places_table() -> pl.DataFrame:
    """Return ``code, name, short, roman`` of prefectures and counties."""
    return pl.read_csv(HERE / "places.csv", infer_schema=False)


@cache
def readings() -> dict[int, str]:
    """Return the reading of every common character, for `str.translate`."""
    lines = (HERE / "readings.txt").read_text("utf-8").splitlines()
    return {ord(sign): sound for sound, signs in (line.split() for line in lines) for sign in signs}


@cache
def traditional() -> dict[int, str]:
    """Return the simplified form of every traditional character, for `str.translate`."""
    lines = (HERE / "traditional.txt").read_text("utf-8").splitlines()
    return {ord(sign): simple for simple, signs in (line.split() for line in lines) for sign in signs}


def convention(name: str) -> Any:  # noqa: ANN401 - the file decides
    """Return the value of a convention of ``conventions.yaml``."""
    return document("conventions.yaml")[name]["value"]


def in_letters(texts: pl.Series) -> pl.Series:
    """Return the rows of plain texts that hold letters: in no other need words of English be looked for."""
    return texts.str.contains(r"[\p{L}--\p{Han}]").arg_true()


def words_in(texts: pl.Series, words: list[str]) -> list[str]:
    """Return those of many words that may stand in texts: in a few texts they are sought sooner than all are sorted.

    Examples
    --------
    >>> words_in(pl.Series(["合肥市"]), ["合肥", "肥西", "市", "芜湖"])
    ['合肥', '市']
    """
    joined = "\n".join(texts.drop_nulls())
    if len(joined) > _FEW_SIGNS:
        return words
    pairs = set(map("".join, pairwise(joined)))
    likely = [word for word in words if word[:2] in pairs or len(word) == 1]
    return likely or words[:1]  # the library takes no empty list


def by_row(spans: pl.Series, name: str, rows: pl.Series | None = None) -> pl.DataFrame:
    """Return ``row`` and the spans of lists of spans, one a row."""
    rows = pl.int_range(len(spans), dtype=pl.UInt32, eager=True) if rows is None else rows
    return pl.DataFrame({"row": rows, name: spans}).explode(name, empty_as_null=False, keep_nulls=False)


def first_of_row(spans: pl.DataFrame, most: int | None = None) -> pl.DataFrame:
    """Return spans with their `slot`, the place of each among those of its row, from 0; the first `most` of a row.

    Examples
    --------
    >>> first_of_row(pl.DataFrame({"row": [0, 2, 2, 2, 0], "span": [*"abcde"]}), 2).rows()
    [(0, 'a', 0), (2, 'b', 0), (2, 'c', 1), (0, 'e', 1)]
    """
    row = spans["row"].to_numpy()
    order = np.argsort(row, kind="stable")
    begin = np.flatnonzero(np.diff(row[order].astype(np.int64), prepend=-1))
    slot = np.empty(len(row), dtype=np.int64)
    slot[order] = np.arange(len(row)) - np.repeat(begin, np.diff(np.append(begin, len(row))))
    out = spans.with_columns(slot=pl.Series(slot))
    return out if most is None else out.filter(pl.col("slot") < most)


def example() -> dict[str, pl.DataFrame]:
    """Return made-up ``projects``, their ``archive`` and the ``labels`` that tell what each of them is.

    Examples
    --------
    >>> {name: table.height for name, table in example().items()}
    {'projects': 19, 'archive': 48, 'labels': 19}
    """
    return {name: pl.read_csv(HERE / "example" / f"{name}.csv") for name in ("projects", "archive", "labels")}


def value_words(column: str, frame: str = "frame") -> Mapping[str, Text]:
    """Return the words for the values of a column of `Screening`.

    Examples
    --------
    >>> value_words("verdict")["follow-on"].zh
    '后续工程'
    """
    return describe("screen", column, frame).values
