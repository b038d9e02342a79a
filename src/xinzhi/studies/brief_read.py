"""What every brief on a package rests on: each verb run once, and the plans of the last year."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from xinzhi import pathways, risks, sources, yardstick
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.text import Text, words
from xinzhi.data import Package, among
from xinzhi.protocol import Protocol
from xinzhi.studies.study import SILENT, Draft, Progress, first_line, title
from xinzhi.yardstick import Bands, Gaps, Measurement, Peers


@dataclass(frozen=True, slots=True)
class Plans:
    """The plans of the last year: who names what, without umbrella terms."""

    year: int
    named: pl.DataFrame  # region, category
    general: frozenset[str]

    def of(self, region: str) -> list[str]:
        """Return the categories that a region names."""
        return self.named.filter(region=region)["category"].to_list()


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What all briefs on a package share: every verb is run once."""

    package: Package
    measured: Measurement
    bands: Bands | None
    protocols: pl.DataFrame  # the range of growth over protocols in the newest period, as `robustness` has it
    why_no_bands: Text | None
    sources: sources.Sources | None
    able: pathways.Able | None
    register: risks.Register | None
    peers: Peers | None
    gaps: Gaps | None
    backcast: yardstick.Backcast | None
    plans: Plans | None
    notes: tuple[Text, ...]


def plans(package: Package) -> Plans | None:
    """Return the plans of the last year; None where the package has none."""
    table = package.tables.get("plans")
    if table is None or not {"region", "year", "category", "named"} <= set(table.columns) or table.is_empty():
        return None
    year = int(str(table["year"].max()))
    kinds = package.tables.get("plan_categories")
    general: frozenset[str] = frozenset()
    if kinds is not None and "informative" in kinds.columns:
        general = frozenset(kinds.filter(pl.col("informative") == 0)["category"])
    named = table.filter(pl.col("year") == year, pl.col("named") == 1, ~pl.col("category").is_in(list(general)))
    return Plans(year, named.select("region", "category"), general)


def read(
    package: Package, protocol: Protocol | str, progress: Progress = SILENT, *, measured: Measurement | None = None,
    protocols: pl.DataFrame | None = None,
) -> Read:  # fmt: skip
    """Run every verb that briefs on a package need; what the data do not reach is None, with a note.

    `measured` and `protocols` (what `robustness` gives of the newest period) are computed where they are not at hand.
    """
    progress.step("measure")
    measured = yardstick.measure(package, protocol) if measured is None else measured
    yardstick.require_value_added(measured.protocol, "brief")
    yardstick.require_yearly(measured.panel, "brief")
    draft = Draft(name="brief", source=title(package), package=package)
    progress.step("bands")
    bands, why = _bands(measured)
    if why is not None:
        draft.note("left-out", what=words("studies.part.bands"), why=why)
    if protocols is None:
        newest = [(one.start, one.end) for one in yardstick.View(measured).spans[-1:]]
        protocols = yardstick.robustness(measured, newest)
    peers = draft.run("peers", lambda: yardstick.peers(measured, package))
    parts = draft.run("reallocation", lambda: sources.decompose(package, measurement=measured))
    if parts is not None and not parts.periods["allocation"].count():
        draft.note("left-out", what=words("studies.part.reallocation"), why=words("brief.where.no_sectors"))
        parts = None
    allocation = None if parts is None else parts.periods
    gaps = None if peers is None else yardstick.gaps(measured, peers, bands=bands, allocation=allocation)
    progress.step("able")
    able = draft.run("able", lambda: pathways.able(package))
    around = among(package)
    named = plans(package if around is None else around.package)
    progress.step("risks")
    register = draft.run("register", lambda: risks.register(package, able=able))
    progress.step("backtest")
    backcast = draft.run("backcast", lambda: yardstick.backcast(package, measurement=measured))
    return Read(
        package=package, measured=measured, bands=bands, protocols=protocols, why_no_bands=why,
        sources=parts, able=able, register=register,
        peers=peers, gaps=gaps, backcast=backcast, plans=named, notes=tuple(draft.notes),
    )  # fmt: skip


def _bands(measured: Measurement) -> tuple[Bands | None, Text | None]:
    """Return the bands, or why there are none; where nothing is estimated none are missed."""
    try:
        return yardstick.bands(measured), None
    except (InputError, UsageError) as error:
        return None, None if error.code == "yardstick.nothing-estimated" else first_line(error)
