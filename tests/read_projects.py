"""What is read of one project text, and how two of them agree, for the tests of the screening."""

from __future__ import annotations

import numpy as np
import polars as pl

from xinzhi.risks.projects.comparison import FIELDS, MISSING, NAMES, compare, cosines
from xinzhi.risks.projects.index import build
from xinzhi.risks.projects.quantities import extract, plain
from xinzhi.risks.projects.records import read


def quantities(text):
    return extract(plain(pl.Series([text])))


def levels(project, archived):
    index, mine = build(read(pl.Series([archived]))), read(pl.Series([project]))
    pair = np.zeros(1, dtype=np.int64)
    found = compare(index, mine, pair, pair, cosines(index, mine, pair, pair))[0][0]
    return {
        name: FIELDS[at].levels[found[at]] if found[at] != MISSING else None
        for at, name in enumerate(NAMES)
        if found[at] != MISSING
    }
