"""The verb `lane_changes`: whether regions grow into what is related to their old core, or into something else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from xinzhi.core.arrays import AnyFrame, BoolArray, FloatArray, IntArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import Finding
from xinzhi.core.result import Facts, Result
from xinzhi.data import Field, provenance, tidy
from xinzhi.pathways.complexity import relatedness
from xinzhi.pathways.complexity.cells import Panel, cell_frame, read_panel
from xinzhi.pathways.complexity.relatedness import revealed_advantage
from xinzhi.pathways.conventions import conventions, setting

_TENTHS = 10


@dataclass(frozen=True, repr=False, kw_only=True)
class LaneChanges(Result, verb="lane_changes", topic="pathways", key=("place",)):
    """What regions entered, by how related it was to what they did: `frame` has a row for each place.

    `index` is the share of its entries in the lowest deciles over the expected one. `deciles` has a row for each decile
    of density, 1 the least related within its place; those up to `unrelated` count as unrelated. `cells` are the
    candidates, `persistence` is how much of the old core (advantage of one or more) is still core.
    """

    deciles: pl.DataFrame
    cells: pl.DataFrame
    persistence: pl.DataFrame
    unrelated: int
    findings: tuple[Finding, ...]

    def facts(self) -> Facts:
        """Return how often entries leave the lane, and how often they would if relatedness played no part."""
        entries, off = int(self.frame["entries"].sum()), int(self.frame["unrelated"].sum())
        counts = self.deciles.sort("decile")["candidates"].to_numpy()
        chance = float(counts[: self.unrelated].sum() / counts.sum())
        return {"headline.lanes": {"entries": entries, "share": off / entries if entries else None, "chance": chance}}


def lane_changes(
    frame: AnyFrame,
    *,
    place: str,
    activity: str,
    value: str,
    period: str,
    between: tuple[Any, Any],
    absent: float | None = None,
    density: AnyFrame = None,
) -> LaneChanges:
    """Measure whether regions enter what is related to their old core, or change lanes.

    Parameters
    ----------
    frame
        One row per place, activity and period; combinations that are not there count as zero.
    place, activity, value, period
        Names of its columns.
    between
        The earlier and the later period: candidates are absent in the first; an entry is present in the second.
    absent
        Advantage below which an activity counts as absent; 0.5 by the conventions, so that drifting over the threshold
        of 1 is no entry.
    density
        A frame with the place, the activity and ``density`` of the earlier period; that of the old core when None
        (conditional proximity, an activity's own presence not counted).

    Notes
    -----
    Deciles are taken within a place: the least related tenth of what it does not do. Pinheiro et al. (2022), Research
    Policy 51(8): unrelated entry is a matter of the stage of development, so that the index says what a region did, not
    what it should do.

    Examples
    --------
    >>> import xinzhi
    >>> jobs = xinzhi.load("china-provinces").tables["activity"]
    >>> found = lane_changes(
    ...     jobs, place="region", activity="industry", value="employment", period="year", between=(2006, 2016)
    ... )
    >>> bool(found.frame["entries"].sum() == found.cells["entered"].sum())
    True
    """
    rules = conventions("lanes")
    cutoff = float(rules["absent"] if absent is None else absent)
    if not 0 < cutoff <= 1:
        raise UsageError("pathways.absent-range", value=cutoff)
    before, after = between
    panel = read_panel(frame, place=place, activity=activity, value=value, period=period, periods=[before, after])
    old, new = (revealed_advantage(panel.values[date]) for date in (before, after))
    core, present = np.nan_to_num(old) >= 1, np.nan_to_num(new) >= 1
    candidate, entered = np.nan_to_num(old) < cutoff, present
    if not candidate.any():
        raise InputError("pathways.nothing-to-enter", period=before)
    related = _own_density(core) if density is None else _given_density(density, panel, place, activity, candidate)
    decile, there = _deciles(related, candidate), np.nonzero(candidate)
    limit = int(rules["unrelated"])
    return LaneChanges(
        frame=_by_place(panel.places, candidate, entered, decile, limit),
        deciles=_by_decile(candidate, entered, decile),
        cells=cell_frame(panel, *there, density=related[there], decile=decile[there], entered=entered[there]),
        persistence=pl.DataFrame(
            {"place": list(panel.places), "core_before": core.sum(axis=1), "core_kept": (core & present).sum(axis=1)}
        ).with_columns(kept=pl.col("core_kept") / pl.when(pl.col("core_before") > 0).then("core_before")),
        unrelated=limit,
        findings=panel.findings,
        kind=panel.kind,
        provenance=provenance(
            "lane_changes", panel, value=value, before=before, after=after, absent=cutoff, given=density is not None
        ),
    )


def _own_density(core: BoolArray) -> FloatArray:
    """Return the density of every activity around the old core; activities of no place are near to nothing."""
    out = np.zeros(core.shape)
    used = core.any(axis=0)
    here = np.ascontiguousarray(core[:, used])
    out[:, used] = relatedness.density(here, relatedness.proximity(here, diagonal="zero"))
    return out


def _given_density(density: AnyFrame, panel: Panel, place: str, activity: str, candidate: BoolArray) -> FloatArray:
    """Return the caller's densities as a matrix."""
    fields = [Field("place", "code", column=place), Field("activity", "code", column=activity), Field("density")]
    given = tidy(density, fields, verb="lane_changes", table="densities", named=True).frame.drop_nulls()
    rows = {str(name): row for row, name in enumerate(panel.places)}
    places = {str(name): column for column, name in enumerate(panel.activities)}
    out = np.full(candidate.shape, np.nan)
    for one, other, number in given.iter_rows():
        if one in rows and other in places:
            out[rows[one], places[other]] = number
    missing = np.argwhere(candidate & ~np.isfinite(out))
    if len(missing):
        row, column = missing[0]
        raise InputError(
            "pathways.no-density", n=len(missing), place=panel.places[row], activity=panel.activities[column]
        )
    return out


def _deciles(related: FloatArray, candidate: BoolArray) -> IntArray:
    """Return the decile of the density among the candidates of each place, ties at their mean rank; 0 elsewhere."""
    out = np.zeros(related.shape, dtype=np.int64)
    for row in range(len(related)):
        chosen = np.flatnonzero(candidate[row])
        if not len(chosen):
            continue
        values = related[row, chosen]
        ordered = np.sort(values)
        rank = (np.searchsorted(ordered, values, side="left") + np.searchsorted(ordered, values, side="right") + 1) / 2
        out[row, chosen] = np.clip(np.ceil(_TENTHS * (rank - 0.5) / len(chosen)), 1, _TENTHS)
    return out


def _by_place(
    places: tuple[str, ...], candidate: BoolArray, entered: BoolArray, decile: IntArray, limit: int
) -> pl.DataFrame:
    low = candidate & (decile <= limit)
    entries, off = (candidate & entered).sum(axis=1), (low & entered).sum(axis=1)
    candidates = candidate.sum(axis=1)
    n = np.where(entries > 0, entries, np.nan).astype(np.float64)
    share = off / n
    expected = low.sum(axis=1) / np.where(candidates > 0, candidates, np.nan)
    # Wilson (1927): an interval that holds for few entries too.
    z = setting("inference.normal_95")
    z2 = z**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = z * np.sqrt(share * (1 - share) / n + z2 / (4 * n**2)) / (1 + z2 / n)
    mean = np.where(candidate & entered, decile, 0).sum(axis=1) / n
    return pl.DataFrame(
        {
            "place": list(places),
            "candidates": candidates,
            "entries": entries,
            "unrelated": off,
            "share": share,
            "low": np.clip(middle - half, 0, 1),
            "high": np.clip(middle + half, 0, 1),
            "expected": expected,
            "index": share / np.where(expected > 0, expected, np.nan),
            "mean_decile": mean,
        }
    ).with_columns(pl.selectors.float().fill_nan(None))


def _by_decile(candidate: BoolArray, entered: BoolArray, decile: IntArray) -> pl.DataFrame:
    counts = np.bincount(decile[candidate], minlength=_TENTHS + 1)[1:]
    entries = np.bincount(decile[candidate & entered], minlength=_TENTHS + 1)[1:]
    total = entries.sum()
    return pl.DataFrame(
        {
            "decile": np.arange(1, _TENTHS + 1),
            "candidates": counts,
            "entries": entries,
            "rate": entries / np.where(counts > 0, counts, np.nan),
            "share": entries / (total or np.nan),
        }
    ).with_columns(pl.selectors.float().fill_nan(None))
