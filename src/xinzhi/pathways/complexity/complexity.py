"""The verb `complexity`: relatedness and complexity of places and activities, with one sign for both."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyFrame, BoolArray, FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.facts import Fact
from xinzhi.core.finding import Finding, finding
from xinzhi.core.provenance import provenance
from xinzhi.core.result import Result
from xinzhi.core.text import Text, ranks_text
from xinzhi.data.frames import read_any
from xinzhi.pathways.complexity import relatedness
from xinzhi.pathways.complexity.cells import Cells, cell_frame, read_cells, without_empty
from xinzhi.pathways.conventions import check_option, options_of, setting

Scale = Literal["places", "z", "z-sample"]
_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplexityOptions:
    """How presence, proximity and gain are counted; every convention of other programs is one of these.

    Parameters
    ----------
    presence, threshold, least, significance
        When an activity counts as present (`relatedness.present`); `least` is the count of ``rca-and-count``,
        `significance` the level of the ``poisson`` test.
    measure, diagonal, nearest
        Proximity and density (`relatedness`).
    gain
        The convention of the gain; ``exact`` is the only one that is a gain.
    scale
        ``places``: both indices in standard deviations of the places, so that the index of a place is the mean of its
        activities' ones; ``z``: each standardised by itself; ``z-sample``: the same with n - 1.
    precision
        ``single`` halves time and memory of the relatedness and keeps six digits.
    """

    presence: relatedness.Presence = "rca"
    threshold: float = 1.0
    least: float = 0.0
    significance: float = setting("inference.level")
    measure: relatedness.Measure = "conditional"
    diagonal: relatedness.Diagonal = "one"
    nearest: int | None = None
    gain: relatedness.Gain = "exact"
    scale: Scale = "places"
    precision: relatedness.Precision = "double"

    def present(self, values: FloatArray) -> BoolArray:
        """Return which activities count as present; no row or column may be empty."""
        rule = {"threshold": self.threshold, "least": self.least, "level": self.significance}
        return relatedness.present(values, self.presence, **rule)

    def check(self) -> None:
        """Raise a usage error where an option is unknown."""
        choices = {"diagonal": relatedness.Diagonal, "scale": Scale, "precision": relatedness.Precision}
        for name, kinds in choices.items():
            check_option(name, getattr(self, name), kinds)


@dataclass(frozen=True, repr=False, kw_only=True)
class Complexity(Result, verb="complexity", topic="pathways", key=("place",)):
    """Relatedness and complexity: `frame` (or `places`) has a row for each place, `activities` for each activity.

    Rank 1 is the most complex. `matrix`, `present`, `density` and `gain` (n, p) are in the order of the matrix's names;
    the gain is NaN where the activity is there already. `proximity` (p, p) is how near two activities are. `gap` is the
    second less the third of the leading `eigenvalues`, `parts` how many parts of the matrix share nothing, `sign` what
    fixed the sign: ``diversity`` or ``anchor``, with the correlation; `anchoring` has the places and the limit that it
    rests on. Where nothing fixes the sign it is ``undetermined``: complexity, gain and outlook are null, density and
    proximity, which need none, are there. `findings` name what is empty, and an index that is hardly determined.
    `ranges` are the intervals of the ranks by place, where a study has drawn them.
    """

    activities: pl.DataFrame
    matrix: Cells
    present: BoolArray
    density: FloatArray
    gain: FloatArray
    proximity: FloatArray
    eigenvalues: FloatArray
    gap: float
    parts: int
    sign: tuple[str, float]
    anchoring: relatedness.Anchoring
    findings: tuple[Finding, ...]
    ranges: Mapping[str, tuple[int | None, int | None]] | None = None

    @property
    def signed(self) -> bool:
        """Whether it is known which end of complexity is up."""
        return self.anchoring.fixed

    def require_sign(self, verb: str) -> None:
        """Raise `InputError` where something that needs the sign is asked and nothing fixes it."""
        if not self.signed:
            raise InputError("pathways.sign-needed", verb=verb, why=_open(self.anchoring).text)

    @property
    def places(self) -> pl.DataFrame:
        """Return the frame of the places."""
        return self.frame

    @cached_property
    def cells(self) -> pl.DataFrame:
        """Return ``place, activity, value, advantage, present, density, gain`` by cell, made on first use."""
        rows, columns = np.indices(self.present.shape).reshape(2, -1)
        return cell_frame(
            self.matrix,
            rows,
            columns,
            value=self.matrix.values.ravel(),
            advantage=relatedness.revealed_advantage(self.matrix.values).ravel(),
            present=self.present.ravel(),
            density=self.density.ravel().astype(float),
            gain=self.gain.ravel().astype(float),
        ).with_columns(pl.col("gain").fill_nan(None))

    def answer(self) -> Iterator[Fact]:
        """Yield who is most complex, what fixed the sign, and how well the index is determined."""
        n, places, limit = self.activities.height, self.anchoring.places, self.anchoring.limit
        how, strength = self.sign
        if not self.signed:
            yield words.pathways.summary_sign_open(
                tried=self.anchoring.how, r=strength, n=n, gap=self.gap, places=places, limit=limit, enough=limit < 1
            )
            return
        order = [self._place_text(code) for code in self.frame.sort("rank")["place"]]
        yield words.pathways.headline_ranking(
            n=len(order), top=order[:_SHOWN], last=order[::-1][:_SHOWN], drawn=bool(self.ranges)
        )
        yield words.pathways.summary_sign(how=how, r=strength, gap=self.gap, n=n, places=places, limit=limit)

    def _place_text(self, code: str) -> Text:
        """Return the name of a place, with the range of its rank where it is known."""
        name, (low, high) = self.names.region(code), (self.ranges or {}).get(code, (None, None))
        return name if low is None else words.pathways.headline_place_ranged(name=name, ranks=ranks_text(low, high))


def complexity(
    frame: AnyFrame,
    place: str,
    activity: str,
    value: str,
    *,
    anchor: AnyFrame = None,
    options: ComplexityOptions | None = None,
    suppressed: float | None = None,
) -> Complexity:
    """Measure how complex places and activities are, how near they are, and what each place would gain.

    Parameters
    ----------
    frame, place, activity, value
        One row per place and activity, of one year; combinations that are not there count as zero. The others name its
        columns.
    anchor
        Something known to rise with complexity, by place: total factor productivity, wages, years of schooling. It
        fixes the sign of the index. A mapping or series from place to number, a frame of places and numbers, or the
        name of a column of `frame`. None: the diversity of the places does. It must correlate more than an anchor by
        chance (``anchor`` in ``pathways.yaml``); else the sign stays open, and complexity is null.
    options
        The conventions, those of other programs among them.
    suppressed
        What a cell counts as that is withheld for disclosure; None: such cells are refused and named.

    Examples
    --------
    >>> import xinzhi
    >>> package = xinzhi.load("china-provinces")
    >>> jobs = package.tables["activity"].filter(pl.col("year") == 2016)
    >>> output = package.tables["accounts"].filter(pl.col("year") == 2016)
    >>> anchor = dict(output.select("region", pl.col("output_nominal") / pl.col("population")).rows())
    >>> found = complexity(jobs, place="region", activity="industry", value="employment", anchor=anchor)
    >>> found.frame.height, found.sign[0]
    (31, 'anchor')
    """
    cells = read_cells(frame, place=place, activity=activity, value=value, suppressed=suppressed)
    anchor_values = None if anchor is None else read_anchor(anchor, frame, place=place)
    return measure_cells(cells, anchor=anchor_values, options=options)


def measure_cells(
    cells: Cells, *, anchor: Mapping[str, float] | None = None, options: ComplexityOptions | None = None
) -> Complexity:
    """Measure a matrix that is there already: the same as `complexity`, without reading a frame.

    Parameters
    ----------
    cells
        Places by activities.
    anchor, options
        As in `complexity`.

    Examples
    --------
    >>> from xinzhi.pathways.complexity.cells import without_empty
    >>> nested = np.triu(np.ones((6, 6)))[:, ::-1] * np.arange(6, 0, -1)
    >>> found = measure_cells(without_empty(list("abcdef"), list("uvwxyz"), nested))
    >>> found.sign[0], found.places["place"][0]
    ('diversity', 'a')
    """
    options = options or ComplexityOptions()
    options.check()
    original = cells
    cells, presence = with_presence(original, options.present(original.values))
    raw = relatedness.spectrum(presence)
    if anchor is None:
        anchoring = relatedness.by_diversity(raw.places, presence.sum(axis=1).astype(float))
    else:
        anchoring = relatedness.by_anchor(raw.places, cells.places, read_anchor(anchor))
    eci, pci = _scaled(raw, options.scale, np.sign(anchoring.correlation) if anchoring.fixed else np.nan)
    proximity = relatedness.proximity(presence, options.measure, diagonal=options.diagonal, precision=options.precision)
    shares = relatedness.density(presence, proximity, nearest=options.nearest)
    gained = relatedness.gain(presence, proximity, shares, pci, options.gain, nearest=options.nearest)
    fit = relatedness.fitness(presence)
    doubts = [*(() if anchoring.fixed else (_open(anchoring),)), *cells.findings]
    if options.presence != "given" and np.isin(cells.values, (0.0, 1.0)).all():
        doubts.append(finding("pathways.looks-like-presences", table="cells"))  # quotients of what are presences
    # the index is hardly determined by parts that share nothing, or by two eigenvalues close together
    if raw.parts > 1:
        doubts.append(finding("pathways.separate-parts", table="cells", words={"n": raw.parts}))
    elif raw.gap < float(setting("spectrum.least_gap")):
        doubts.append(finding("pathways.small-gap", table="cells", words={"gap": raw.gap}))
    activities = pl.DataFrame(
        {"activity": cells.activities, "ubiquity": presence.sum(axis=0), "complexity": pci, "fitness": fit.activities}
    ).with_columns(pl.col("complexity").fill_nan(None))
    return Complexity(
        frame=_places(cells, presence, eci, fit, relatedness.outlook(presence, shares, pci)),
        activities=activities.select(
            "activity", "ubiquity", "complexity", _rank("complexity").alias("rank"), "fitness"
        ),
        matrix=cells,
        present=presence,
        density=shares,
        gain=gained,
        proximity=proximity,
        eigenvalues=raw.eigenvalues,
        gap=raw.gap,
        parts=raw.parts,
        sign=(anchoring.how if anchoring.fixed else "undetermined", abs(anchoring.correlation)),
        anchoring=anchoring,
        findings=tuple(doubts),
        kind=cells.kind,
        provenance=provenance("complexity", original, **options_of(options)),
    )


def _places(
    cells: Cells, presence: BoolArray, eci: FloatArray, fit: relatedness.Fitness, reach: FloatArray
) -> pl.DataFrame:
    frame = pl.DataFrame(
        {
            "place": cells.places,
            "diversity": presence.sum(axis=1),
            "complexity": eci,
            "fitness": fit.places,
            "fitness_decays": fit.decaying,
            "outlook": reach.astype(float),
            "log": fit.log_places,
        }
    )
    frame = frame.with_columns(pl.col("complexity", "outlook").fill_nan(None))
    return frame.with_columns(rank=_rank("complexity"), fitness_rank=_rank("log")).select(
        "place", "diversity", "complexity", "rank", "fitness", "fitness_rank", "fitness_decays", "outlook"
    )


def _open(anchoring: relatedness.Anchoring) -> Finding:
    """Return that nothing fixes the sign."""
    facts = {
        "found": abs(anchoring.correlation),
        "least": anchoring.limit,
        "n": anchoring.places,
        "enough": anchoring.limit < 1,
    }
    code = "pathways.no-sign" if anchoring.how == "diversity" else "pathways.anchor-weak"
    return finding(code, table="cells", words=facts)


def with_presence(cells: Cells, presence: BoolArray) -> tuple[Cells, BoolArray]:
    """Leave out places and activities without any presence: they have no complexity; each is named."""
    remaining, values, names = presence, cells.values, (cells.places, cells.activities)
    findings = list(cells.findings)
    while not (remaining.any(axis=1).all() and remaining.any(axis=0).all()):
        part = without_empty(names[0], names[1], remaining.astype(float))
        rows = np.isin(names[0], part.places)
        columns = np.isin(names[1], part.activities)
        remaining, values = remaining[np.ix_(rows, columns)], values[np.ix_(rows, columns)]
        names = (part.places, part.activities)
        findings += part.findings
    return replace(cells, places=names[0], activities=names[1], values=values, findings=tuple(findings)), remaining


def _scaled(raw: relatedness.Spectrum, scale: Scale, sign: float) -> tuple[FloatArray, FloatArray]:
    places, activities = sign * raw.places, sign * raw.activities
    if scale == "places":
        middle, spread = places.mean(), places.std()
        return (places - middle) / spread, (activities - middle) / spread
    lost = 1 if scale == "z-sample" else 0
    place_index, activity_index = ((values - values.mean()) / values.std(ddof=lost) for values in (places, activities))
    return np.asarray(place_index), np.asarray(activity_index)


def _rank(column: str) -> pl.Expr:
    return pl.col(column).rank("min", descending=True).cast(pl.Int64)


def read_anchor(anchor: AnyFrame, frame: AnyFrame = None, *, place: str = "place") -> dict[str, float]:
    """Return the anchor by place; places without a value are left out."""
    if isinstance(anchor, str):
        table, _ = read_any(frame, "cells")
        if anchor not in table.cells.columns:
            raise UsageError("pathways.anchor-column", column=anchor, columns=table.cells.columns)
        return _of_rows(table.cells.select(place, anchor).unique(maintain_order=True).iter_rows())
    if hasattr(anchor, "items") and not hasattr(anchor, "columns"):
        return _of_rows(anchor.items())
    table, _ = read_any(anchor, "anchor")
    names = table.cells.columns
    if len(names) != 2:  # noqa: PLR2004 - places and numbers
        raise UsageError("pathways.anchor-columns", columns=names)
    key = place if place in names else names[0]
    return _of_rows(table.cells.select(key, next(name for name in names if name != key)).iter_rows())


def _of_rows(rows: Iterable[tuple[object, str | float | None]]) -> dict[str, float]:
    anchor: dict[str, float] = {}
    for name, entry in rows:
        try:
            value = math.nan if entry is None else float(entry)
        except (TypeError, ValueError):
            raise InputError("pathways.anchor-text", place=name, given=entry) from None
        if math.isinf(value):
            raise InputError("pathways.anchor-infinite", place=name)
        if math.isnan(value):
            continue
        if anchor.get(str(name), value) != value:
            raise InputError("pathways.anchor-twice", place=name, one=f"{anchor[str(name)]:g}", other=f"{value:g}")
        anchor[str(name)] = value
    return anchor
