"""Notices of public buyers: what is bought, without the words of the notice, and what kind of notice it is."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import numpy.typing as npt
import polars as pl

from xinzhi.risks.projects.conventions import document

INTENTION, TENDER, RECURRING = 1, 2, 4
_CODE = "[A-Za-z0-9]{2,}[-—/][A-Za-z0-9]|[A-Za-z0-9-]{7,}"
_ASIDE = re.compile(  # agents, numbers of notices
    rf"[(\[【][^()\[\]【】]*(?:公司|编号|{_CODE})[^()\[\]【】]*[)\]】]|[\[【][^\[\]【】]*(?:中心|局)[\]】]$"
)
_AGENT = re.compile("^.{4,30}?(?:公司|中心)(?=关于)")
# the sentence that a column for the day becomes (words.yaml, columns)
_SAYS_DAY = "公告日期:"
_DAY = rf"{_SAYS_DAY}((?:19|20)[0-9]{{2}})[-/.年]?([0-9]{{1,2}})[-/.月]?([0-9]{{1,2}})日?[^。]{{0,20}}。"


def dated(texts: pl.Series) -> tuple[npt.NDArray[np.int32], pl.Series]:
    """Return the day of every notice, counted from 1970, 0 where none is given, and the texts without its sentence."""
    day = np.zeros(len(texts), dtype=np.int32)
    rows = texts.str.contains(_SAYS_DAY, literal=True).arg_true()
    if not len(rows):
        return day, texts
    part = texts.gather(rows)
    written = part.str.extract_groups(_DAY).struct.unnest()
    read = written.select(pl.concat_str(pl.all().str.zfill(2), separator="-").str.to_date("%Y-%m-%d", strict=False))
    day[rows.to_numpy()] = read.to_series().to_physical().fill_null(0).to_numpy()
    return day, texts.clone().scatter(rows, part.str.replace_all(_DAY, ""))


def bare(heads: pl.Series, owned: pl.DataFrame) -> pl.Series:
    """Return names, those of notices without agent, number and buyer, others without the owner that they name.

    Parameters
    ----------
    heads
        Names as they stand.
    owned
        ``row, span``: the owners that the texts name.
    """
    rows = pl.int_range(len(heads), dtype=pl.UInt32, eager=True)
    frame = pl.DataFrame({"row": rows, "head": heads}).filter(pl.col("head") != "")
    frame = frame.join(owned.select("row", "span"), on="row", how="left", maintain_order="left")
    named = pl.col("head").str.contains(pl.col("span"), literal=True).fill_null(value=False)
    chosen = frame.filter(pl.col("head").str.contains("|".join(_words())) | named)
    if not chosen.height:
        return heads
    return heads.clone().scatter(chosen["row"], [_bought(head, owner) for _, head, owner in chosen.iter_rows()])


def _bought(head: str, owner: str | None) -> str:
    name = _AGENT.sub("", _ASIDE.sub("", head))
    return _notice().sub("", name.replace(owner, "") if owner else name)


def kinds(heads: pl.Series) -> npt.NDArray[np.int8]:
    """Return of every name whether it is that of an intention or of a tender, and whether it recurs, as one number."""
    words = document("words.yaml")["notices"]
    first, second, again = (
        heads.str.contains("|".join(words[name])).to_numpy() for name in ("intention", "tender", "recurring")
    )
    kind = np.where(first, INTENTION, np.where(second, TENDER, 0)) + np.where(again, RECURRING, 0)
    return np.asarray(kind, dtype=np.int8)


@cache
def _words() -> tuple[str, ...]:
    """Return the words that make a name that of a notice."""
    words = document("words.yaml")["notices"]
    return (*words["intention"], *words["tender"])


@cache
def _notice() -> re.Pattern[str]:
    every = (*_words(), *document("words.yaml")["notices"]["other"])
    return re.compile("|".join(sorted(every, key=len, reverse=True)))
