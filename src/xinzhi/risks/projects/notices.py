"""Notices of public buyers: what is bought, without the words of the notice, and at which stage, of what service."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

import numpy as np
import numpy.typing as npt
import polars as pl

from xinzhi.risks.projects.conventions import document

INTENTION, TENDER, RECURRING, CORRECTION, FAILED, AWARD, CONTRACT = 1, 2, 4, 8, 16, 32, 64
STAGE = INTENTION | TENDER | CORRECTION | FAILED | AWARD | CONTRACT
# the stages as words.yaml calls them, the later first: 招标更正公告 is a correction, not a tender
STAGES = {"contract": CONTRACT, "failed": FAILED, "award": AWARD, "correction": CORRECTION, "intention": INTENTION,
          "tender": TENDER}  # fmt: skip
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
    chosen = frame.filter(pl.col("head").str.contains(_either(_words())) | named)
    if not chosen.height:
        return heads
    return heads.clone().scatter(chosen["row"], [_bought(head, owner) for _, head, owner in chosen.iter_rows()])


def _bought(head: str, owner: str | None) -> str:
    name = _AGENT.sub("", _ASIDE.sub("", head))
    return without_words(name.replace(owner, "") if owner else name)


def without_words(name: str) -> str:
    """Return a name without the words of notices.

    Examples
    --------
    >>> without_words("门诊楼流标公告")
    '门诊楼'
    """
    return _notice().sub("", name)


def kinds(heads: pl.Series) -> npt.NDArray[np.int8]:
    """Return of every name the stage of its notice (`STAGES`, 0 for none) and whether the thing recurs, as one number.

    Examples
    --------
    >>> kinds(pl.Series(["水厂维保流标公告", "水厂"])).tolist() == [FAILED | RECURRING, 0]
    True
    """
    words = document("words.yaml")["notices"]
    stages = [heads.str.contains(_either(words[name])).to_numpy() for name in STAGES]
    used = heads.str.replace_all(_either(words["once"]), "").str.contains(_either(words["recurring"])).to_numpy()
    kind = np.select(stages, [*STAGES.values()], 0) + np.where(used, RECURRING, 0)
    return np.asarray(kind, dtype=np.int8)


def services(heads: pl.Series) -> npt.NDArray[np.int16]:
    """Return of every name one bit for each service that is bought (`words.yaml`, services); 0 where it is none.

    Examples
    --------
    >>> both = services(pl.Series(["门诊楼勘察设计招标公告", "门诊楼设计招标公告", "检测设备采购公告"]))
    >>> int(both[0] & both[1]) > 0, int(both[2])
    (True, 0)
    """
    known = document("words.yaml")["services"]
    word = _either(dict.fromkeys(each for words in known["kinds"].values() for each in words))
    said = f"{word}(?:{_either(known['between'])}?{word})*"
    tails = heads.str.extract(f"({said}){_either(known['behind'])}*{_either(known['before'])}", 1).fill_null("")
    bits = (tails.str.contains(_either(words)).to_numpy() << at for at, words in enumerate(known["kinds"].values()))
    return np.asarray(sum(bits), dtype=np.int16)


def _either(words: Iterable[str]) -> str:
    return "(?i:" + "|".join(words) + ")"


@cache
def _words() -> tuple[str, ...]:
    """Return the words that make a name that of a notice."""
    words = document("words.yaml")["notices"]
    return tuple(word for stage in STAGES for word in words[stage])


@cache
def _notice() -> re.Pattern[str]:
    every = (*_words(), *document("words.yaml")["notices"]["other"])
    return re.compile(_either(sorted(every, key=len, reverse=True)))
