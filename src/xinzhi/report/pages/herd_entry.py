"""The page of `herd_entry`: what becomes of utilisation, prices and profit if every region builds its plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import polars as pl

from xinzhi import words
from xinzhi.core.result import Facts
from xinzhi.core.schema import Kind, describe
from xinzhi.core.text import Text, Values, has, listing, number, percent, same
from xinzhi.report.palette import GROUPS
from xinzhi.report.section import Picture, Section, rows_of, shown
from xinzhi.report.section_rows import section
from xinzhi.report.sentence import answer_of, distinct, truncate, word
from xinzhi.report.table import Column, Table, column, table
from xinzhi.risks.internal import HerdEntry, conventions

CATEGORY, BASE, ENTRIES = "category", "base", ("all", "uncertain")
INKS = (GROUPS[3], GROUPS[0])
NARROW = 31.0  # width of a name that stands in a picture, in units of its size
AXIS = 1.25  # the axis of entrants ends this much beyond the category that most regions name


class Wave:
    """A wave of entry as the pictures need it: its computed cases, and their intervals."""

    def __init__(self, result: HerdEntry) -> None:
        self.result, self.names = result, result.names
        options = self.options = result.provenance.options
        self.edge, self.horizon = float(options["threshold"]), int(options["horizon"])
        self.rows = result.computable_categories()
        self.left = result.left_out
        self.called = distinct({code: result.names.text(CATEGORY, code) for code in result.frame[CATEGORY]})
        self.brief = distinct({code: truncate(name, NARROW) for code, name in self.called.items()})
        self._cases = {(r[CATEGORY], r["entry"], r["demand"]): r for r in result.frame.iter_rows(named=True)}
        self.paths = list(result.growth_by_path)

    def at(self, code: str, entry: str, path: str = BASE) -> Mapping[str, Any]:
        """Return the figures of one category, entry and path of demand."""
        return self._cases[code, entry, path]

    @cached_property
    def _percentiles(self) -> dict[tuple[str, str, str], dict[int, float]]:
        shares: dict[tuple[str, str, str], dict[int, float]] = {}
        for r in self.result.bands.iter_rows(named=True):
            shares.setdefault((r[CATEGORY], r["entry"], r["demand"]), {})[r["percentile"]] = 100 * r["utilisation"]
        return shares

    @cached_property
    def pairs(self) -> list[tuple[int, int]]:
        """Return the percentiles that make an interval, the widest first."""
        cuts = sorted(set(self.result.bands["percentile"]))
        return [(cuts[i], cuts[-1 - i]) for i in range(len(cuts) // 2)]

    def spread(self, code: str, entry: str, path: str, name: Text) -> dict[str, Any]:
        """Return a row of a chart of ranges: the median, the intervals (the widest first) and the start."""
        row = self.at(code, entry, path)
        percentiles = self._percentiles.get((code, entry, path), {})
        bands = [(percentiles[low], percentiles[high]) for low, high in self.pairs]
        return {
            "name": name,
            "group": self.entry(entry),
            "value": 100 * row["utilisation"],
            "bands": bands or [(100 * row["utilisation_low"], 100 * row["utilisation_high"])],
            "tick": 100 * row["base_utilisation"],
            "now": percent(row["base_utilisation"], 0),
            "all": percent(self.at(code, "all", path)["utilisation"], 0),
            "some": percent(self.at(code, "uncertain", path)["utilisation"], 0),
        }

    def path(self, name: str) -> Text:
        """Return what a path of demand is called."""
        return describe("herd_entry", "demand").values.get(name, same(name))

    def entry(self, name: str) -> Text:
        """Return what a kind of entry is called."""
        return describe("herd_entry", "entry").values[name]

    @cached_property
    def values_in_words(self) -> Values:
        """Return what the words around pictures name: threshold, horizon, intervals and paths of demand."""
        growth = self.result.growth_by_path
        paths = [words.overcapacity.chart_grows(name=self.path(path), rate=rate) for path, rate in growth.items()]
        bands = listing([same(f"{high - low}%") for low, high in self.pairs or [(5, 95)]])
        return {"edge": self.edge, "years": self.horizon, "bands": bands, "paths": listing(paths)}


@section.register
def herd_entry(result: HerdEntry, *, region: str | None = None) -> Section:
    """Return what a wave of entry does; `region` is a category, else the one furthest beyond what its market bears."""
    wave, facts = Wave(result), result.facts()
    ordered = result.by_crowding
    code = ordered[CATEGORY][0] if ordered.height else None
    if region is not None:
        code = result.names.resolve(region, list(wave.called), CATEGORY)
    answer = answer_of(facts, "overcapacity")
    if code in wave.left[CATEGORY]:
        answer.insert(0, words.overcapacity.answer_not_computed(name=wave.called[str(code)], why=_why(wave, str(code))))
    pictures = []
    if wave.rows.height:
        pictures = [
            _crowd(wave, facts, ordered),
            _lure(wave, facts),
            _idle(wave, facts),
            _chances(wave, facts),
            _outlook(wave, code),
            _prices(wave),
            _offsets(wave, facts),
        ]
    return Section.of(
        "overcapacity.herd",
        pictures,
        _tables(wave),
        anchor="herd",
        answer=answer,
        notes=_notes(wave) if wave.rows.height else (),
    )


def _why(wave: Wave, code: str) -> Text:
    row = wave.at(code, "all")
    return Text(zh=row["status_zh"], en=row["status_en"])


def _heads(*heads: str) -> list[tuple[Text, str]]:
    """Return the columns of figures beside a chart: ``now`` is headed by ``now_short``."""
    return [(words.overcapacity.chart_of(f"{name}_short"), name) for name in heads]


def _crowd(wave: Wave, facts: Facts, offenders: pl.DataFrame) -> Picture | None:
    """Return how many regions name each category against the number of entrants that its market bears."""
    rows = [
        {
            "name": wave.brief[r[CATEGORY]],
            "value": r["regions"],
            "bound": r["break_even"],
            "low": r["break_even_low"],
            "high": r["break_even_high"],
            "named": str(r["regions"]),
            "bears": number(r["break_even"], 0),
            "mark": words.overcapacity.chart_wave() if r["wave"] else None,
        }
        for r in offenders.iter_rows(named=True)
    ]
    return shown(
        "overcapacity.crowd",
        wave.result,
        offenders,
        facts,
        rows=rows,
        most=AXIS * float(offenders["regions"].to_numpy().max()),
        parts=(words.overcapacity.chart_within(), words.overcapacity.chart_beyond()),
        columns=[*_heads("named", "bears"), (words.overcapacity.chart_waves(), "mark")],
    )


def _lure(wave: Wave, facts: Facts) -> Picture | None:
    """Return what an entrant expects that knows nothing of the others, and what all get if all enter."""
    frame = wave.result.sorted_by("profit_if_all")
    rows = [
        {
            "name": wave.brief[r[CATEGORY]],
            "a": 100 * r["expected_profit"],
            "b": 100 * r["profit_if_all"],
            "alone": percent(r["expected_profit"], sign=True),
            "all": percent(r["profit_if_all"], sign=True),
            "mark": words.overcapacity.chart_wave() if r["wave"] else None,
        }
        for r in frame.iter_rows(named=True)
    ]
    ends = (words.overcapacity.chart_alone(), words.overcapacity.chart_all_enter())
    heads = [*_heads("alone", "all"), (words.overcapacity.chart_waves(), "mark")]
    return shown("overcapacity.lure", wave.result, frame, facts, rows=rows, ends=ends, columns=heads)


def _ranges(wave: Wave, *heads: str) -> dict[str, Any]:
    """Return the options of a picture of ranges of utilisation by who builds."""
    groups = [wave.entry(entry) for entry in ENTRIES]
    return {"reference": wave.edge, "groups": groups, "inks": INKS, "columns": _heads(*heads)}


def _idle(wave: Wave, facts: Facts) -> Picture | None:
    """Return the range of utilisation of every category after the horizon, by who builds."""
    frame = wave.result.by_utilisation
    rows = [wave.spread(code, entry, BASE, wave.brief[code]) for code in frame[CATEGORY] for entry in ENTRIES]
    more = _ranges(wave, "now", "some", "all")
    return shown("overcapacity.idle", wave.result, frame, facts, rows=rows, values=wave.values_in_words, **more)


def _chances(wave: Wave, facts: Facts) -> Picture | None:
    """Return the chance of ending below the threshold by entry and path of demand: what the answer rests on."""
    frame = wave.result.sorted_by("chance_below", descending=True)
    cases = {
        f"{entry}/{path}": words.overcapacity.chart_case(
            entry=words.overcapacity.chart_of(f"{entry}_short"), path=wave.path(path)
        )
        for entry in ENTRIES
        for path in wave.paths
    }
    below = {case: [wave.at(code, *case.split("/"))["chance_below"] for code in frame[CATEGORY]] for case in cases}
    cells = [
        {"row": wave.brief[code], "column": name, "value": 100 * below[case][at]}
        for at, code in enumerate(frame[CATEGORY])
        for case, name in cases.items()
    ]
    columns = ["category", *(Column(title=name, kind="percent", name=case) for case, name in cases.items())]
    bands = pl.DataFrame({CATEGORY: frame[CATEGORY], **below})
    return shown(
        "overcapacity.chances", wave.result, bands, facts, rows=cells, values=wave.values_in_words, listed=columns
    )


def _outlook(wave: Wave, code: str | None) -> Picture | None:
    """Return the range of utilisation of one category over the paths of demand and the two kinds of entry."""
    if code is None or code in wave.left[CATEGORY]:
        return None
    cases = [(entry, path) for path in wave.paths for entry in ENTRIES]
    rows = [wave.spread(code, entry, path, wave.path(path)) for entry, path in cases]
    everyone, uncertain = wave.at(code, "all"), wave.at(code, "uncertain")
    values = {
        "name": wave.called[code],
        "k": everyone["regions"],
        "low": everyone["utilisation_low"],
        "high": everyone["utilisation_high"],
        "some_low": uncertain["utilisation_low"],
        "some_high": uncertain["utilisation_high"],
        "now": everyone["base_utilisation"],
    } | wave.values_in_words
    frame = pl.DataFrame([wave.at(code, entry, path) for entry, path in cases], infer_schema_length=None)
    more = _ranges(wave, "some", "all")
    return shown("overcapacity.outlook", wave.result, frame, values, rows=rows, **more)


def _prices(wave: Wave) -> Picture | None:
    """Return what happens to prices if all build."""
    frame = wave.result.sorted_by("price")
    rows = [
        row | {"name": wave.brief[code]}
        for row, code in zip(
            rows_of(frame, wave.result, value="price", low="price_low", high="price_high"), frame[CATEGORY], strict=True
        )
    ]
    low = frame.row(0, named=True)
    values = {
        "k": int((frame["price"] < 1).sum()),
        "n": frame.height,
        "name": wave.called[low[CATEGORY]],
        "change": low["price"] - 1,
        "low": low["price_low"] - 1,
        "high": low["price_high"] - 1,
    } | wave.values_in_words
    return shown("overcapacity.prices", wave.result, frame, values, rows=rows)


def _offsets(wave: Wave, facts: Facts) -> Picture | None:
    """Return how much market entry would have to make for itself; None where demand outgrows capacity everywhere."""
    offset = wave.result.by_spillover
    rows = [
        {"name": wave.brief[code], "value": value}
        for code, value in zip(offset[CATEGORY], offset["offsetting_spillover"], strict=True)
    ]
    return shown("overcapacity.offsets", wave.result, wave.rows, facts, rows=rows)


def _tables(wave: Wave) -> list[Table | None]:
    """Return what each category starts from, what was left out, and everything that was assumed."""
    starts = wave.result.starting_points
    names = {
        "category": lambda code: wave.called[code],
        "survey": lambda series: listing([word("overcapacity", "series", name) for name in series.split(";")]),
    }
    assumed = [
        (
            word("overcapacity", "series", f"assumed_{name}"),
            _value(wave.options.get(name, value)),
            _reference(name, reference),
            name,
        )
        for name, value, reference in wave.result.assumptions.rows()
    ]
    kinds: dict[str, Kind] = {"assumption": "name", "value_of": "text", "why": "text", "key": "code"}
    columns = tuple(column(f"overcapacity.{name}", kind) for name, kind in kinds.items())
    return [
        table("herd_categories", starts, of=wave.result, names=names) if starts.height else None,
        table("herd_left_out", wave.left, of=wave.result) if wave.left.height else None,
        Table(key="herd_assumptions", title=words.overcapacity.table_assumptions(), columns=columns, rows=assumed),
    ]


def _reference(name: str, reference: str) -> Text:
    if reference == "given in the call":
        return words.overcapacity.note_given_in_call()
    key = f"overcapacity.note.assumed_{name}"
    return words.by_key(key) if has(key) else same(reference)


def _value(value: object) -> Text:
    """Return an assumption in words: factors by path of demand, a list, a word or a number."""
    if isinstance(value, Mapping):
        demands = describe("herd_entry", "demand").values
        return listing(
            [
                words.overcapacity.chart_factor(name=demands.get(name, same(name)), value=factor)
                for name, factor in value.items()
            ]
        )
    if isinstance(value, Sequence) and not isinstance(value, str):
        return same(", ".join(f"{rate:g}" for rate in value))
    if value in ("median", "own"):
        return word("overcapacity", "chart", f"rule_{value}")
    return same(value if isinstance(value, str) else f"{value:g}")


def _notes(wave: Wave) -> list[Text]:
    """Return what the figures rest on."""
    options = wave.options
    from_source = wave.result.count_given_growth()
    sums = ["industry_total", *conventions("overcapacity")["utilisation"]["sections"]["value"]]
    stand_in = wave.result.count_stand_ins(sums)
    size = {
        "year": options["sizes"],
        "plans": options["year"],
        "scale": options["scale"],
        "share": options["expansion"],
    }
    notes: list[Text] = [
        words.overcapacity.note_of(f"rule_{options['rule']}", **size),
        words.overcapacity.note_stress(),
        words.overcapacity.note_demand(**wave.values_in_words),
        words.overcapacity.note_realised(),
    ]
    if from_source:
        notes.append(words.overcapacity.note_given(k=from_source))
    if stand_in:
        notes.append(words.overcapacity.note_stand_in(k=stand_in, n=wave.rows.height))
    if options.get("spillover"):
        notes.append(words.overcapacity.note_spillover(value=float(options["spillover"])))
    return notes
