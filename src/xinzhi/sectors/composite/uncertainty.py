"""How sure is a rank: intervals over many ways to build the same index."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import polars as pl

from xinzhi.core.errors import UsageError
from xinzhi.core.result import Provenance, Result
from xinzhi.core.text import words
from xinzhi.sectors.composite.build import blocks
from xinzhi.sectors.composite.space import AXES, Space, rank_draws, space
from xinzhi.sectors.conventions import convention

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray, IntArray
    from xinzhi.core.result import Facts
    from xinzhi.sectors.composite.index import Index

_MOST = 1_000_000


@dataclass(frozen=True, repr=False, kw_only=True)
class Uncertainty(Result):
    """The interval of every rank.

    Parameters
    ----------
    frame
        ``region, year, rank, rank_mean, rank_minimum, rank_p05, rank_median, rank_p95, rank_maximum, first``: the rank
        of the index, its distribution over the draws (quantiles are ranks that occurred), and the share of the draws in
        which the region comes first.
    shift
        ``year, mean_shift``: mean absolute move of a rank away from the index's own, over regions and draws.
    levels
        ``choice, level, draws``: what was drawn, how often.
    left_out
        ``choice, level, reason_zh, reason_en``: alternatives that these data cannot carry.
    draws
        Number of draws.
    """

    verb: ClassVar[str] = "index_uncertainty"
    topic: ClassVar[str] = "sectors"
    key: ClassVar[tuple[str, ...]] = ("region", "year")

    shift: pl.DataFrame
    levels: pl.DataFrame
    left_out: pl.DataFrame
    draws: int

    def last(self) -> pl.DataFrame:
        """Return the rows of the last year, in the order of the index."""
        return self.frame.filter(pl.col("year") == pl.col("year").max()).sort("rank", "region")

    def facts(self) -> Facts:
        """Return how wide the intervals are, and who is sure of the first place."""
        last = self.last()
        names = self.names.distinct("region", last["region"])
        width = (last["rank_p95"] - last["rank_p05"]).to_numpy()
        widest = last.row(int(width.argmax()), named=True)
        first = last.sort("first", "region", descending=[True, False]).row(0, named=True)
        varied = self.levels.group_by("choice", maintain_order=True).len().filter(pl.col("len") > 1)["choice"].to_list()
        choices = [words(f"sectors.choice.{name}") for name in [*varied, "noise"]]
        size = {"draws": f"{self.draws:,}", "regions": last.height, "span": float(width.mean()), "choices": choices}
        places = {"low": widest["rank_p05"], "high": widest["rank_p95"], "rank": widest["rank"]}
        return {
            "answer.uncertain": size | {"year": widest["year"]},
            "answer.widest": {"widest": names[widest["region"]], **places},
            "answer.surest": {"first": names[first["region"]], "share": first["first"]},
        }


def uncertainty(result: Index, *, draws: int, seed: int) -> Uncertainty:
    """Return the interval of every rank over draws of all choices.

    Raises
    ------
    UsageError
        When the number of draws makes no sense, or the index is not one to draw around.

    Notes
    -----
    Saisana, Saltelli and Tarantola (2005). Every choice is drawn independently and evenly from its levels, and every
    weight is moved by a factor that is uniform around one.
    """
    if not 1 <= draws <= _MOST:
        raise UsageError("sectors.draws", draws=draws, most=f"{_MOST:,}")
    around = space(result)
    picks, noise = draw(around, draws, np.random.default_rng(seed))
    cells = [rows for _, rows in blocks(around.years, pooled=False)]
    own = result.frame.filter(pl.col("status") != "incomplete").select("region", "year", "rank")
    nominal = own["rank"].to_numpy()

    def one(rows: IntArray) -> tuple[IntArray, FloatArray, FloatArray, float]:
        small = np.int16 if len(rows) <= np.iinfo(np.int16).max else np.int32
        found = rank_draws(around, picks, noise, rows, dtype=small)
        shift = float(np.abs(found - nominal[rows].astype(small)).mean())
        return quantiles(found), found.mean(axis=0), (found == 1).mean(axis=0), shift

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        parts = list(pool.map(one, cells))
    spread = np.concatenate([part[0] for part in parts], axis=1)
    names = ("rank_minimum", "rank_p05", "rank_median", "rank_p95", "rank_maximum")
    frame = own.with_columns(
        pl.Series("rank_mean", np.concatenate([part[1] for part in parts])),
        *(pl.Series(name, values.astype(np.int64)) for name, values in zip(names, spread, strict=True)),
        pl.Series("first", np.concatenate([part[2] for part in parts])),
    )
    years = [int(around.years[rows[0]]) for rows in cells]
    return Uncertainty(
        frame=frame,
        provenance=_provenance(result, draws, seed),
        kind=result.kind,
        shift=pl.DataFrame({"year": years, "mean_shift": [part[3] for part in parts]}),
        levels=_levels(around, picks),
        left_out=left_out(around),
        draws=draws,
        names=result.names,
    )


def draw(around: Space, draws: int, random: np.random.Generator) -> tuple[IntArray, FloatArray]:
    """Return levels `(draws, 5)` and factors on the weights `(draws, m)`."""
    picks = np.column_stack([random.integers(0, size, draws) for size in around.shape])
    noise = convention("noise")
    return picks, random.uniform(1 - noise, 1 + noise, (draws, around.base.shape[-1]))


def quantiles(found: IntArray) -> IntArray:
    """Return minimum, the quantiles of the convention and maximum along the first axis: ranks that occurred."""
    count = len(found)
    # the stable sort of 16-bit integers is a radix sort
    ordered = np.sort(np.ascontiguousarray(found.T), axis=1, kind="stable")
    at = [max(int(np.ceil(share * count)) - 1, 0) for share in convention("rank_quantiles")]
    return np.asarray(ordered[:, [0, *at, count - 1]].T)


def left_out(around: Space) -> pl.DataFrame:
    """Return what the data cannot carry, as a frame."""
    rows = [(choice, level, why.zh, why.en) for choice, level, why in around.left_out]
    return pl.DataFrame(
        rows, schema=dict.fromkeys(("choice", "level", "reason_zh", "reason_en"), pl.String), orient="row"
    )


def _levels(around: Space, picks: IntArray) -> pl.DataFrame:
    rows = [
        {"choice": name, "level": label, "draws": int((picks[:, axis] == at).sum())}
        for axis, name in enumerate(AXES)
        for at, label in enumerate(around.labels(name))
    ]
    return pl.DataFrame(rows)


def _provenance(result: Index, draws: int, seed: int) -> Provenance:
    own = result.provenance
    options = {**own.options, "draws": draws, "seed": seed}
    return Provenance(
        verb="index uncertainty", version=own.version, package=own.package, inputs=own.inputs, options=options
    )
