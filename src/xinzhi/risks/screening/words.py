"""Words that are counted as signs: components, sectors, buzzwords, phases, approval numbers."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from xinzhi.risks.screening.facts import document

if TYPE_CHECKING:
    import numpy.typing as npt

    BitArray = npt.NDArray[np.uint64]

_PHASES = {"first": 1, "second": 2, "third": 3, "fourth": 4, "expansion": 9}
# the national project code (region, month), a document number such as 皖发改产业〔2021〕123号, a parcel number
_PROJECT_CODE = r"(?-u:\b)[0-9]{4}-[0-9]{6}-[0-9]{2}-[0-9]{2}-[0-9]{6}(?-u:\b)"
_DOCUMENT = r"[\[〔(](?:19|20)[0-9]{2}[\]〕)] ?(?:第|No\.? ?)?[0-9]{1,5}(?:号|(?-u:\b))"
APPROVAL = rf"{_PROJECT_CODE}|{_DOCUMENT}"


def lower(texts: pl.Series) -> pl.Series:
    """Return plain texts in lower case between spaces, so that English words begin with one."""
    return " " + texts.str.to_lowercase().str.replace_all(r"[\"(/,;:-]", " ") + " "


def spotted(texts: pl.Series, kind: str) -> pl.DataFrame:
    """Return ``row, word, bit``: the known words of a kind in texts that `lower` has prepared.

    Parameters
    ----------
    texts
        The texts.
    kind
        ``components``, ``sectors`` or ``buzzwords``.

    Examples
    --------
    >>> found = spotted(lower(pl.Series(["建设生产线四条", "Four production lines, roads"])), "components")
    >>> found.rows()
    [(0, '生产线', 1), (1, ' production line', 1), (1, ' road', 10)]
    """
    table = _table(kind)
    spans = texts.str.extract_many(table["word"].to_list(), leftmost=True)
    rows = pl.int_range(len(texts), dtype=pl.UInt32, eager=True)
    found = pl.DataFrame({"row": rows, "word": spans}).explode("word", empty_as_null=False, keep_nulls=False)
    return found.join(table, on="word", how="inner", maintain_order="left").unique(["row", "bit"], maintain_order=True)


def bits(texts: pl.Series, kind: str) -> BitArray:
    """Return the words of a kind in every text as a mask, one bit for each of ``words.yaml``."""
    found = spotted(texts, kind)
    masks = found.group_by("row").agg((pl.lit(2, dtype=pl.UInt64).pow(pl.col("bit"))).sum().alias("mask"))
    out = np.zeros(len(texts), dtype=np.uint64)
    out[masks["row"].to_numpy()] = masks["mask"].cast(pl.UInt64).to_numpy()
    return out


def without_buzzwords(texts: pl.Series) -> pl.Series:
    """Return texts that `lower` has prepared without their buzzwords."""
    table = _table("buzzwords")
    return texts.str.replace_many(table["word"].to_list(), [" "] * table.height, leftmost=True)


def phases(texts: pl.Series) -> npt.NDArray[np.int8]:
    """Return the phase that texts speak of: 2 to 4, 9 for an expansion without number, 0 for none or the first.

    The first sentence, which is the title where there is one, decides if it names a phase: a first phase that keeps
    land for a second is none, and a second one speaks of the first.

    Examples
    --------
    >>> phases(lower(pl.Series(["光伏电站二期", "the expansion of a plant", "新建", "一期。预留二期用地"]))).tolist()
    [2, 9, 0, 0]
    """
    head, rest = (texts.str.extract(pattern, 1).fill_null("") for pattern in (r"^([^。]*)", r"^[^。]*。(.*)$"))
    to_come = document("words.yaml")["phases_to_come"]
    first, later = (_phase(part.str.replace_all(to_come, " ")) for part in (head, rest))
    chosen = np.where(first > 0, first, later)
    return np.where(chosen == _PHASES["first"], 0, chosen).astype(np.int8)


def _phase(texts: pl.Series) -> npt.NDArray[np.int8]:
    """Return the lowest later phase that texts name, 1 where they name the first alone, 0 for none."""
    words = document("words.yaml")["phases"]
    table = {_pattern(word): _PHASES[name] for name, spellings in words.items() for word in spellings}
    spans = texts.str.extract_many(sorted(table, key=len, reverse=True), leftmost=True)
    rows = pl.int_range(len(texts), dtype=pl.UInt32, eager=True)
    found = pl.DataFrame({"row": rows, "word": spans}).explode("word", empty_as_null=False, keep_nulls=False)
    number = pl.col("word").replace_strict(table, return_dtype=pl.Int8)
    order = pl.when(number == _PHASES["first"]).then(_PHASES["expansion"] + 1).otherwise(number)
    first = found.select("row", number.alias("phase"), order.alias("order")).sort("row", "order")
    first = first.unique("row", keep="first", maintain_order=True)
    out = np.zeros(len(texts), dtype=np.int8)
    out[first["row"].to_numpy()] = first["phase"].to_numpy()
    return out


def approvals(texts: pl.Series) -> pl.DataFrame:
    """Return ``row, span, code``: approval numbers; `code` holds their digits alone.

    Examples
    --------
    >>> approvals(pl.Series(["皖发改产业〔2021〕123号, 代码2106-340100-04-01-123456"]))["code"].to_list()
    ['2021/123', '2106-340100-04-01-123456']
    """
    rows = pl.int_range(len(texts), dtype=pl.UInt32, eager=True)
    found = pl.DataFrame({"row": rows, "span": texts.str.extract_all(APPROVAL)})
    found = found.explode("span", empty_as_null=False, keep_nulls=False)
    digits = pl.col("span").str.extract_all("[0-9]+").list.join("/")
    code = pl.when(pl.col("span").str.contains(f"^{_PROJECT_CODE}$")).then("span").otherwise(digits)
    return found.with_columns(code.alias("code"))


def labels(kind: str) -> list[dict[str, Any]]:
    """Return ``name, zh, en`` (and for buzzwords ``since, reference``) of the words of a kind, by bit."""
    return [
        {**entry, "name": name, "zh": entry["zh"][0], "en": entry["en"][0].strip()}
        for name, entry in _entries(kind).items()
    ]


def _entries(kind: str) -> dict[str, Any]:
    if kind == "buzzwords":
        return dict(document("buzzwords.yaml")["words"])
    return dict(document("words.yaml")[kind])


def _pattern(word: str) -> str:
    """Return the pattern of a word: an English one begins where a word begins."""
    return word.lower() if not word.isascii() or word.startswith(" ") else f" {word.lower()}"


@cache
def _table(kind: str) -> pl.DataFrame:
    rows = [
        (_pattern(word), bit)
        for bit, entry in enumerate(_entries(kind).values())
        for word in (*entry["zh"], *entry["en"])
    ]
    return (
        pl.DataFrame(rows, schema={"word": pl.String, "bit": pl.Int64}, orient="row")
        .unique("word", keep="first")
        .sort(pl.col("word").str.len_chars(), "word", descending=[True, False])
    )
