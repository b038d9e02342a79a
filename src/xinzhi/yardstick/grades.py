"""The verb `grades`: the tests behind every region and period, and what they add up to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from xinzhi.core.errors import UsageError
from xinzhi.core.result import Facts, Result
from xinzhi.core.text import Text
from xinzhi.data import Package, admission
from xinzhi.protocol import Protocol
from xinzhi.yardstick.grading import FAILED, GRADES, PARAMETER, Graded, lettered
from xinzhi.yardstick.measure import measure
from xinzhi.yardstick.panel import DEFAULT_PROTOCOL


def grades(
    package: Package | str | Path | Mapping[str, object], protocol: Protocol | str | Path = DEFAULT_PROTOCOL
) -> Grades:
    """Grade the figures of every region and period by the tests of admission.

    Parameters
    ----------
    package
        A loaded package, or anything that `xinzhi.load` takes. Tests whose series it lacks are not made: without the
        table ``nation`` no region is compared with the nation.
    protocol
        The protocol that says which periods are reported.

    Notes
    -----
    The tests, their limits and references stand in ``admission.yaml``, dated. A grade speaks of the data behind a
    figure, not of its size.

    Examples
    --------
    >>> import xinzhi
    >>> found = grades("china-provinces").frame.filter(region="630000", start=2012, test="investment")
    >>> found["grade"].item(), round(found["value"].item(), 2)
    ('D', 1.05)
    """
    from xinzhi import __version__

    measured = measure(package, protocol)
    if measured.graded is None:
        raise UsageError("yardstick.no-grades", protocol=measured.protocol.label, parameter=PARAMETER)
    spans = measured.periods.select("start", "end").unique(maintain_order=True).rows()
    frame = _rows(measured.graded, measured.panel.regions, spans)
    there = measured.periods.select("region", "start", "end")
    return Grades(
        frame=frame.join(there, on=["region", "start", "end"], how="semi"),
        names=measured.names,
        kind=measured.kind,
        provenance=replace(
            measured.provenance, verb="grades", version=__version__, options={"rules": str(admission.terms()["as_of"])}
        ),
    )


@dataclass(frozen=True, repr=False, kw_only=True)
class Grades(Result, verb="grades", topic="yardstick", key=("region", "start", "end", "test")):
    """The grade of every region and period, and the tests that it rests on.

    `frame` has a row for each test that could be made: its mean over the years after `start` up to `end` in `value` (a
    ratio for ``investment``, else log points; of flags there is none), its own `test_grade`, and the `grade` of the
    figure, which is the worst of them. D is shown, not ranked.
    """

    def facts(self) -> Facts:
        """Return how many regions have each grade in each period, and which tests fail them."""
        figures = self.frame.unique(["region", "start", "end"], keep="first", maintain_order=True)
        return {
            "grades.period": [self._period(rows) for _, rows in figures.group_by("start", "end", maintain_order=True)],
            "grades.failed": [self._failed(row) for row in self._failures().iter_rows(named=True)],
        }

    def _period(self, rows: pl.DataFrame) -> dict[str, object]:
        counts = {letter.lower(): rows.filter(grade=letter).height for letter in GRADES}
        return counts | {"start": rows["start"][0], "end": rows["end"][0]}

    def _failures(self) -> pl.DataFrame:
        """Return the tests that fail a figure, the last reported period first."""
        failed = self.frame.filter(pl.col("test_grade") == FAILED)
        failed = failed.group_by("end", "start", "test", maintain_order=True).agg("region")
        return failed.sort("end", "start", descending=True, maintain_order=True)

    def _failed(self, row: dict[str, Any]) -> dict[str, object]:
        title = Text(**admission.terms()["tests"][row["test"]]["title"])
        regions = [self.names.region(region) for region in row["region"]]
        return {"start": row["start"], "end": row["end"], "title": title, "regions": regions, "n": len(regions)}


def _rows(made: Graded, regions: tuple[str, ...], spans: list[tuple[int, int]]) -> pl.DataFrame:
    """Return a row for each region, period and test that could be made."""
    parts = []
    for start, end in spans:
        means, figure = made.means(start, end), lettered(made.of_period(start, end))
        for name, grade in made.letters(start, end).items():
            part = pl.DataFrame({"region": regions, "grade": figure, "number": grade}).with_columns(
                value=pl.Series(means.get(name, np.full(len(regions), np.nan)), dtype=pl.Float64, nan_to_null=True),
                start=pl.lit(start, pl.Int64),
                end=pl.lit(end, pl.Int64),
                test=pl.lit(name),
            )
            parts.append(part.filter(pl.col("number") >= 0))
    rows = pl.concat(parts).with_columns(
        test_grade=pl.col("number").replace_strict(dict(enumerate(GRADES)), return_dtype=pl.String)
    )
    columns = ["region", "start", "end", "grade", "test", "test_grade", "value"]
    return rows.select(columns).sort("region", "start", "end", maintain_order=True)
