"""What each region could enter and is able to make, whether forecasts come true, the plan, and how alike plans are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from xinzhi import words
from xinzhi.core.facts import Fact
from xinzhi.core.text import Text, sentences
from xinzhi.pathways.internal import Able, Choices, EntryBacktest, Opportunities, Plan
from xinzhi.report.charts import kinds
from xinzhi.report.pages.pathways.complexity import narrow
from xinzhi.report.palette import GROUPS
from xinzhi.report.section import Picture, Rows, Section, picture, rows_of, shown
from xinzhi.report.section_rows import section
from xinzhi.report.sentence import finding_notes, sentence
from xinzhi.report.table import NameSource, Table, column, table

PLANNED = 45
QUADRANTS = ("near-complex", "far-complex", "near-simple", "far-simple")
INKS = dict(zip(QUADRANTS, (GROUPS[0], GROUPS[2], GROUPS[1], "#d8dee4"), strict=True))
FEW = 3
TEN = 10
LEAD = "average_precision"
MANY = 60  # regions of a matrix
TESTED = ("headline.skill", "headline.no_skill", "headline.no_test")
PARTS = {"named_able": GROUPS[0], "named_proxy": GROUPS[1], "named_unknown": GROUPS[2], "named_unable": GROUPS[3]}


@section.register
def plan(result: Plan, *, region: str | None = None) -> Section:
    """Return what a coordinated plan gains over the herd and over every region for itself."""
    if result.frame.is_empty():
        return _nothing(result, region)
    notes = [words.pathways.note_plan(), *finding_notes(result.findings)]
    if result.odds is not None:
        notes.insert(1, words.pathways.note_odds(year=result.year))
    if region is not None:
        notes.insert(0, spoken(result, region))
    return Section.of(
        "pathways.plan",
        [gains(result), against_herd(result), portfolios(result), scarce(result)],
        [table("pathways_assigned", of=result)],
        anchor="plan",
        notes=tuple(notes),
    )


def _nothing(result: Plan, region: str | None) -> Section:
    """Return the test that recommends nothing, and in its place what evidence shows."""
    evidence_texts, listed = evidence(result.choices)
    notes = [] if region is None else [spoken(result, region)]
    weighed = {key: values for key, values in result.facts().items() if key == "plan.candidates"}
    notes += sentences(weighed, "pathways")
    return Section.of(
        "pathways.plan_none",
        [],
        listed,
        anchor="plan",
        answer=[*tested(result.answer()), *evidence_texts],
        notes=(*notes, *finding_notes(result.findings)),
    )


def gains(result: Plan) -> Picture | None:
    """Return the expected gain that each kind of plan realises under the caps, and what crowding loses."""
    parts = {
        "realised": (words.pathways.chart_realised(), GROUPS[0]),
        "crowded": (words.pathways.chart_crowded(), GROUPS[2]),
    }
    gap = {"crowded": column("pathways.gain", "figure", of="crowded")}
    return shown("pathways.gains", result, result.gains, result.facts(), draws=gap, parts=parts)


def against_herd(result: Plan) -> Picture | None:
    """Return, by industry, how many regions the herd and the plan send there, and how many it takes."""
    parts = {
        "within": (words.pathways.chart_herd_within(), GROUPS[1]),
        "beyond": (words.pathways.chart_herd_beyond(), GROUPS[3]),
    }
    return shown("pathways.against_herd", result, result.herd_and_plan, result.facts(), parts=parts)


def portfolios(result: Plan) -> Picture | None:
    """Return who gets what; None where regions and industries are too many to draw."""
    grid = result.grid
    if max(grid["region"].n_unique(), grid["category"].n_unique()) > PLANNED:
        return None
    short = narrow(result, list(dict.fromkeys(grid["category"])), "category")
    names = result.names.distinct("region", result.regions["region"])
    formats = {"region": names.__getitem__, "category": short.__getitem__}
    rows = rows_of(grid, result, formats, row="region", column="category", value="value")
    twin = table("pathways_portfolios", of=result)
    return shown("pathways.portfolios", result, grid, result.facts(), rows=rows, twin=twin)


def scarce(result: Plan) -> Picture | None:
    """Return which caps are scarce: by how much the total would grow with one more place."""
    return shown("pathways.scarce", result, result.scarce.head(TEN), result.facts())


@section.register
def opportunities(result: Opportunities, *, region: str | None = None) -> Section:
    """Return what a region could enter, its best chances, and how all regions stand."""
    facts = result.facts()
    if result.silent:
        sentences, listed = evidence(result.choices)
        return Section.of(
            "pathways.opportunities",
            [],
            listed,
            anchor="paths-opportunities",
            answer=[*tested(result.answer()), *sentences],
            notes=finding_notes(result.findings),
        )
    if not result.measured.signed:
        nearest = result.nearest(FEW)
        return Section.of(
            "pathways.opportunities",
            [],
            [table("pathways_opportunities", nearest, ("place", "activity", "density", "fit"), result)],
            anchor="paths-opportunities",
            answer=[words.pathways.summary_near_only(**facts["summary.near_only"])],
            notes=finding_notes(result.findings),
        )
    counts = result.quadrants()
    code = str(counts["place"][0]) if region is None else result.names.resolve(region, result.measured.matrix.places)
    fit = [words.pathways.summary_fit(**facts["summary.fit"])] if "summary.fit" in facts else []
    return Section.of(
        "pathways.opportunities",
        [quadrants(result, code), best(result, code), regions(result)],
        [table("pathways_opportunities", result.best_of_all(FEW), of=result)],
        anchor="paths-opportunities",
        notes=(words.pathways.note_quadrants(), *fit, *finding_notes(result.findings)),
    )


def _rows(result: Opportunities, frame: pl.DataFrame, names: NameSource | None, **encodings: str) -> Rows:
    """Return the rows of a chart, emerging activities in a group of their own where any is marked."""
    rows = rows_of(frame, result, names, **encodings)
    if frame["emerging"].is_not_null().any():
        groups = {True: words.pathways.chart_emerging(), False: words.pathways.chart_other_activities()}
        for row, emerging in zip(rows, frame["emerging"], strict=True):
            row["group"] = groups[bool(emerging)]
    return rows


def quadrants(result: Opportunities, code: str) -> Picture | None:
    """Return what a region could enter: how near it is, and how complex; None where it lacks nothing."""
    rows_of_place = result.of_place(code)
    if not rows_of_place.height:
        return None
    name = result.names.region(code)
    first = [row["activity"] for row in rows_of_place.iter_rows(named=True) if row["quadrant"] == QUADRANTS[0]]
    facts = {
        "name": name,
        "k": len(first),
        "n": rows_of_place.height,
        "best": [result.names.text("industry", activity) for activity in first[:FEW]],
    }
    cut = {"activity": narrow(result, result.measured.matrix.activities).__getitem__}
    twin = table("pathways_opportunities_of", rows_of_place, of=result, name=name)
    rows = _rows(result, rows_of_place, cut, x="density", y="complexity", name="activity")
    emerging = words.pathways.chart_emerging()
    rows.sort(key=lambda row: row.get("group") != emerging)
    return shown(
        "pathways.quadrants",
        result,
        rows_of_place,
        facts,
        rows=rows,
        twin=twin,
        headline="quadrants" if first else "no_first",
        split=result.medians,
        corners=[words.pathways.chart_of(QUADRANTS[place]) for place in (0, 1, 3, 2)],
    )


def best(result: Opportunities, code: str) -> Picture | None:
    """Return the exact gain of the best chances of a region; None where none is both near and complex."""
    frame = result.best(code, TEN)
    if not frame.height:
        return None
    name, first = result.names.region(code), frame.row(0, named=True)
    facts = {**first, "name": name, "best": result.names.text("industry", first["activity"])}
    rows = _rows(result, frame, None, name="activity", value="gain")
    groups = [words.pathways.chart_of(name) for name in ("emerging", "other_activities")]
    return shown("pathways.best", result, frame, facts, rows=rows, groups=groups)


def regions(result: Opportunities) -> Picture | None:
    """Return how many activities of each quadrant every region could enter."""
    counts = result.quadrants()
    quadrants = [name for name in QUADRANTS if counts[name].sum()]
    parts = {name: (words.pathways.chart_of(name), INKS[name]) for name in quadrants}
    return shown(
        "pathways.regions",
        result,
        counts,
        result.facts(),
        draws=_by_part(quadrants),
        listed=("place", *quadrants),
        parts=parts,
    )


@section.register
def backtest(result: EntryBacktest) -> Section:
    """Return how well each score predicted entry in years that no model has seen."""
    facts = list(result.answer())
    verdicts = {fact.values["absent"]: fact for fact in facts if fact.key != "answer.task"}
    pictures = [
        _precision(result, task["absent"], task["entries"] / task["candidates"], verdicts[f"{task['absent']:g}"])
        for task in result.tasks.iter_rows(named=True)
    ]
    tasks = [fact for fact in facts if fact.key == "answer.task"]
    answer = [*(sentence(picture.headline) for picture in pictures), *tasks]
    return Section.of(
        "pathways.backtest",
        pictures,
        [table("pathways_measures", result.measures, of=result)],
        anchor="paths-backtest",
        answer=answer,
        notes=(words.pathways.note_backtest(), *finding_notes(result.findings)),
    )


def _precision(result: EntryBacktest, absent: float, guess: float, headline: Fact) -> Picture:
    """Return average precision of every score with its interval, and what guessing would give."""
    frame = result.precision(absent)
    kind = "backtest" if absent == max(result.tasks["absent"]) else f"backtest-{absent:g}"
    columns = ("score", "ours", column("pathways.average_precision", "score", of="value"), "low", "high")
    twin = table(
        f"pathways_{kind.replace('-', '_').replace('.', '_')}",
        frame,
        columns,
        result,
        title=words.pathways.title_precision(absent=f"{absent:g}"),
    )
    rows = rows_of(frame, result, name="score", value="value", low="low", high="high", group="ours")
    chart = picture(
        "pathways.precision",
        kinds.dots,
        rows,
        twin,
        {**headline.values, "guess": guess},
        headline=headline,
        unit="precision",
        reference=guess,
        groups=(words.pathways.chart_ours(), words.pathways.chart_baseline()),
    )
    return replace(chart, kind=kind)


@section.register
def able(result: Able, *, region: str | None = None) -> Section:
    """Return who is able to do what, by which kind of evidence, and where nothing was found."""
    notes: list[Text] = [words.pathways.able_limits()]
    if region is not None:
        summary = result.of_region(region)
        notes.insert(0, Text(zh=summary.text("zh"), en=summary.text("en")))
    evidence = table("pathways_facts", result.evidence_in_words, of=result)
    judged = table("pathways_able", result.with_verdict, of=result)
    return Section.of("pathways.able", [verdicts(result)], [judged, evidence], anchor="able", notes=tuple(notes))


def verdicts(result: Able) -> Picture | None:
    """Return the verdict on every region and category; None where there are too many regions to draw."""
    if result.frame["region"].n_unique() > MANY:
        return None
    frame = result.verdicts
    rows = rows_of(frame, result, row="region", column="category", value="value")
    marks = {None: words.pathways.able_short_unknown(), 0.0: words.pathways.able_short_unable()}
    for row in rows:
        row["mark"] = marks.get(row["value"])
    twin, legend = table("pathways_able_counts", result.counts, of=result), words.pathways.able_legend()
    return shown("pathways.able", result, frame, result.facts(), rows=rows, twin=twin, legend=legend)


@section.register
def choices(result: Choices, *, region: str | None = None) -> Section:
    """Return what plans name on which evidence, whose plan lacks it, and who has it and does not plan."""
    notes = [words.pathways.note_choices(), *finding_notes(result.findings)]
    if region is not None:
        notes.insert(0, spoken(result, region))
    chance = table("pathways_chance", of=result)
    return Section.of(
        "pathways.choices",
        [recommendations(result), lacking(result), remedy(result)],
        [chance],
        anchor="paths-choices",
        notes=tuple(notes),
    )


def spoken(result: Choices | Plan, region: str) -> Text:
    """Return the explanation of a region in both languages."""
    explanation = result.explain(region)
    return Text(zh=explanation.text("zh"), en=explanation.text("en"))


def tested(facts: Iterable[Fact]) -> list[Text]:
    """Return what the test on unseen entries says of a model: the first line wherever it could recommend something."""
    return [sentence(fact) for fact in facts if fact.key in TESTED]


def evidence(result: object) -> tuple[list[Text], list[Table]]:
    """Return what evidence shows in place of a recommendation: sentences, and the categories region by region."""
    if not isinstance(result, Choices):
        return [], []
    year = result.last_year()
    sentences = [sentence(result.remedy_fact()), words.pathways.summary_caveat()]
    return sentences, [table("pathways_by_region", of=result, year=year)]


def recommendations(result: Choices) -> Picture | None:
    """Return how many regions name each category, parted by the evidence for it."""
    year = result.last_year()
    return shown(
        "pathways.named",
        result,
        result.last_rows,
        result.facts(),
        draws=_by_part(PARTS),
        values={"year": year},
        parts=_parts(PARTS),
    )


def lacking(result: Choices) -> Picture | None:
    """Return what each region names, parted by the evidence for it."""
    year = result.last_year()
    return shown(
        "pathways.lacking",
        result,
        result.last_regions,
        result.facts(),
        draws=_by_part(PARTS),
        values={"year": year},
        parts=_parts(PARTS),
    )


def remedy(result: Choices) -> Picture | None:
    """Return, category by category, whose plan lacks evidence, and who has evidence and does not plan it."""
    year, facts = result.last_year(), result.facts()
    if "headline.remedy" not in facts:
        return None
    colours = {"made": 0, "proxy": 1, "designated": 4, "unproven": 2, "contradicted": 3, "open": 5}
    parts = {name: GROUPS[at] for name, at in colours.items()}
    frame = result.balance
    rows = rows_of(frame, result, name="category", **_by_part(parts))
    twin = table("pathways_remedy", of=result, year=year)
    return shown("pathways.remedy", result, frame, facts, rows=rows, twin=twin, parts=_parts(parts))


def _by_part(parts: Iterable[str]) -> dict[str, Any]:
    return {part: part for part in parts}


def _parts(colours: Mapping[str, str]) -> dict[str, tuple[Text, str]]:
    return {part: (words.pathways.chart_of(part), colour) for part, colour in colours.items()}
