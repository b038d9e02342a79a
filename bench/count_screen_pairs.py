"""Count in how many project texts each pair of Chinese signs stands, and write what is common into the package.

Of the pairs alone, no text and no order: 污水 is in one text in eight and names nothing, 九七 is in none. The texts are
the public ones of `../shared` without those that are judged there, those of `tests/cases/screen` from which may be
learned, and, for common language, the titles of social-science awards and the words of a dictionary that are no
names. Needs `../shared` and jieba 0.42.1 (MIT).

    python bench/count_screen_pairs.py jieba/dict.txt
"""

from __future__ import annotations

import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

from learn_screen_weights import BATCHES, odd_half
from xinzhi.risks.projects.conventions import HERE
from xinzhi.risks.projects.owners import companies
from xinzhi.risks.projects.quantities import plain
from xinzhi.risks.projects.records import without_companies

SHARED = Path(__file__).resolve().parent.parent.parent / "shared/data/china"
FEWEST = 3  # a pair in fewer texts may be the name of one project
TITLE_COUNTS = 4.0  # a project text is some four titles long
STRAY = 1e-4  # of the titles: a pair in fewer is no common language
EXACT = 8
USUAL, SAID = 150, 0.03  # a word that the dictionary met so often is language; it counts as being in one text in thirty
NAMES = ("nr", "ns", "nt", "nz")  # of persons, places, bodies and others


def main() -> None:
    """Write ``pairs.txt``."""
    real, known = (
        pl.read_csv(SHARED / "projects" / f"{name}.csv", infer_schema=False) for name in ("projects", "known_repeats")
    )
    # texts on which the screening is judged teach it nothing
    real = real.filter(~pl.col("id").is_in(pl.concat([known["id_earlier"], known["id_later"]]).implode()))
    texts = real.select(pl.concat_str("title", pl.col("content").fill_null(""), separator="。")).to_series().to_list()
    for name in ("dev", *BATCHES):
        texts += (
            odd_half(name)
            .select(pl.concat_str("title", pl.col("text").fill_null(""), separator="。"))
            .to_series()
            .to_list()
        )
    titles = pl.read_csv(
        SHARED / "nssfc_titles_1991_2017_nopersons.csv.gz", infer_schema=False, truncate_ragged_lines=True
    )["项目名称"].drop_nulls()
    counts: Counter[str] = Counter()
    for text in _bare(texts):
        counts.update(_pairs(text))
    kept = {pair: float(times) for pair, times in counts.items() if times >= FEWEST}
    _add_titles(kept, titles.to_list(), len(texts))
    _add_dictionary(kept, len(texts))
    lines: dict[int, list[str]] = {}
    for pair, times in sorted(kept.items()):
        if times >= 1:
            lines.setdefault(_rounded(times), []).append(pair)
    body = [f"{times} {' '.join(lines[times])}" for times in sorted(lines, reverse=True)]
    (HERE / "pairs.txt").write_text("\n".join([str(len(texts)), *body]) + "\n", encoding="utf-8")
    print(f"{sum(map(len, lines.values())):,} pairs of {len(texts):,} texts and {len(titles):,} titles")


def _add_titles(kept: dict[str, float], titles: list[str], count: int) -> None:
    """Add the pairs of titles, each in as many texts as titles of this length say."""
    general: Counter[str] = Counter()
    for text in titles:
        general.update(_pairs(text))
    for pair, times in general.items():
        if times > STRAY * len(titles):
            kept[pair] = kept.get(pair, 0.0) + times * TITLE_COUNTS * count / len(titles)


def _add_dictionary(kept: dict[str, float], count: int) -> None:
    """Add the pairs of the usual words of a dictionary that are no names."""
    for line in Path(sys.argv[1]).read_text("utf-8").splitlines():
        word, often, kind = line.split(" ")
        if int(often) >= USUAL and not kind.startswith(NAMES):
            for pair in _pairs(word):
                kept[pair] = max(kept.get(pair, 0.0), count * SAID)


def _rounded(times: float) -> int:
    """Return a count to within a fifth: more digits would say nothing."""
    return int(np.round(times) if times < EXACT else np.round(2 ** (np.round(2 * np.log2(times)) / 2)))


def _bare(texts: list[str]) -> list[str]:
    read = plain(pl.Series(texts))
    return without_companies(read, companies(read)).to_list()


def _pairs(text: str) -> set[str]:
    return {
        one + other for one, other in pairwise(text) if "\u4e00" <= one <= "\u9fff" and "\u4e00" <= other <= "\u9fff"
    }


if __name__ == "__main__":
    main()
