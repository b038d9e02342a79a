"""What the pictures of the wave share: the categories that were computed, their names, entries, paths and intervals."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.core.text import Text
from xinzhi.report.catalogue import listing, same, words
from xinzhi.report.numbers import number, percent
from xinzhi.report.rooms.risks.capacity_names import FULL, chosen, industry_names, known, sections
from xinzhi.report.rooms.sectors.names import distinct, short

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.risks import HerdEntry

BASE = "base"
ENTRIES = ("all", "uncertain")
NARROW = 31.0  # width of a name that stands in a picture, in units of its size
LIKELY = 0.5
ENDS = ("utilisation", "utilisation_low", "utilisation_high", "chance_below")


class Wave:
    """A wave of entry as the pictures need it.

    Parameters
    ----------
    result
        What `herd_entry` returns.
    """

    def __init__(self, result: HerdEntry) -> None:
        self.result = result
        options = result.provenance.options
        self.options = options
        self.edge, self.horizon = float(options["threshold"]), int(options["horizon"])
        computed = result.frame.drop_nulls("utilisation")
        judged = result.waves.rename({"chance_loss": "chance_loss_alone"})
        self.rows = computed.filter(entry="all", demand=BASE).join(judged, on="category", how="left")
        self.left = result.frame.filter(pl.col("utilisation").is_null()).unique("category", maintain_order=True)
        self.names: dict[str, Text] = distinct(
            {
                code: Text(zh=zh, en=en)
                for code, zh, en in result.frame.unique("category", maintain_order=True)
                .select("category", "name_zh", "name_en")
                .iter_rows()
            }
        )
        self.brief = distinct({code: short(name, NARROW) for code, name in self.names.items()})
        self._cases = {(r["category"], r["entry"], r["demand"]): r for r in computed.iter_rows(named=True)}

    @cached_property
    def reasons(self) -> dict[str, Text]:
        """Return why categories were not computed."""
        return {r["category"]: Text(zh=r["status_zh"], en=r["status_en"]) for r in self.left.iter_rows(named=True)}

    def chosen(self, asked: str | None) -> str | None:
        """Return the category asked for, or the one furthest beyond what its market bears; None where none is."""
        far = self.rows.sort(pl.col("regions") - pl.col("break_even"), "category", descending=[True, False])
        if asked is None:
            return far["category"][0] if far.height else None
        return chosen(asked, self.names, "")

    def at(self, code: str, entry: str, path: str) -> Mapping[str, Any]:
        """Return the figures of one category, entry and path of demand."""
        return self._cases[code, entry, path]

    def ends(self, code: str, entry: str, path: str) -> list[float]:
        """Return the median of utilisation, its 5th and 95th percentile, and the chance to end below the threshold."""
        return [self.at(code, entry, path)[name] for name in ENDS]

    @cached_property
    def _percentiles(self) -> dict[tuple[str, str, str], dict[int, float]]:
        found: dict[tuple[str, str, str], dict[int, float]] = {}
        for r in self.result.bands.iter_rows(named=True):
            found.setdefault((r["category"], r["entry"], r["demand"]), {})[r["percentile"]] = r["utilisation"]
        return found

    @cached_property
    def _pairs(self) -> list[tuple[int, int]]:
        """Return the percentiles that make an interval, the widest first."""
        cuts = sorted(self.result.bands["percentile"].unique())
        return [(cuts[i], cuts[-1 - i]) for i in range(len(cuts) // 2)]

    def intervals(self, code: str, entry: str, path: str) -> list[tuple[float, float]]:
        """Return the intervals of utilisation in per cent, the widest first; that of 90 % where none is drawn."""
        if not self._pairs:
            row = self.at(code, entry, path)
            return [(FULL * row["utilisation_low"], FULL * row["utilisation_high"])]
        found = self._percentiles[code, entry, path]
        return [(FULL * found[low], FULL * found[high]) for low, high in self._pairs]

    def bands_said(self) -> Text:
        """Return how much of the draws each interval holds, the widest first."""
        return listing([same(f"{high - low}%") for low, high in self._pairs or [(5, 95)]])

    def below(self, entry: str, path: str) -> int:
        """Return how many categories more likely than not end below the threshold."""
        return sum(
            r["chance_below"] > LIKELY
            for (_, kind, demand), r in self._cases.items()
            if (kind, demand) == (entry, path)
        )

    @cached_property
    def paths(self) -> list[str]:
        """Return the paths of demand, the slowest first."""
        growth = self.result.frame.group_by("demand").agg(pl.col("growth").mean()).sort("growth", "demand")
        return growth["demand"].to_list()

    def path(self, name: str) -> Text:
        """Return what a path of demand is called."""
        return known("chart", f"demand_{name}") if name in {"low", "base", "high"} else same(name)

    def paths_said(self) -> Text:
        """Return the growth of demand on every path; of the first category, where a trade has a forecast of its own."""
        national = self.result.frame.filter(pl.col("growth_source") != "given")
        rows = (national if national.height else self.result.frame).unique("demand", maintain_order=True)
        growth = dict(rows.select("demand", "growth").iter_rows())
        return listing(
            [words("overcapacity.chart.grows", name=self.path(one), rate=percent(growth[one])) for one in self.paths]
        )

    def entry(self, name: str) -> Text:
        """Return what a kind of entry is called."""
        return words(f"overcapacity.chart.entry_{name}")

    def case(self, entry: str, path: str) -> Text:
        """Return what an entry on a path of demand is called."""
        return words("overcapacity.chart.case", entry=words(f"overcapacity.chart.{entry}_short"), path=self.path(path))

    def yes(self, value: bool | None) -> Text | None:  # noqa: FBT001 - a cell
        """Return a cell that says yes or no."""
        return None if value is None else words("overcapacity.chart.yes") if value else words("overcapacity.chart.no")

    def survey(self, code: str) -> Text:
        """Return the series of the survey that a category starts from."""
        series = (self.at(code, "all", BASE)["survey"] or "").split(";")
        return listing(list(industry_names([one for one in series if one], {}).values()))

    def notes(self) -> tuple[Text, ...]:
        """Return what the figures rest on."""
        said = self.options
        given = self.rows.filter(growth_source="given").height
        sums = sections()
        stand_in = self.rows.filter(
            pl.col("survey").str.split(";").list.eval(pl.element().is_in(list(sums))).list.any()
        ).height
        size = {"year": said["sizes"], "plans": said["year"]}
        own = words("overcapacity.note.rule_own", **size, share=percent(said["expansion"], 0))
        found = [
            words("overcapacity.note.rule_median", **size, scale=f"{said['scale']:g}")
            if said["rule"] == "median"
            else own,
            words("overcapacity.note.stress"),
            words("overcapacity.note.demand", paths=self.paths_said()),
            words("overcapacity.note.realised"),
        ]
        if given:
            found.append(words("overcapacity.note.given", k=given))
        if stand_in:
            found.append(words("overcapacity.note.stand_in", k=stand_in, n=self.rows.height))
        if self.options.get("spillover"):
            found.append(words("overcapacity.note.spillover", value=number(float(said["spillover"]), 2)))
        return tuple(found)
