"""The pages of inequality between regions and of education."""

from __future__ import annotations

from functools import partial

from xinzhi import words
from xinzhi.core.result import Facts
from xinzhi.core.text import Text, same, sentences
from xinzhi.report import palette
from xinzhi.report.charts import kinds
from xinzhi.report.section import Picture, Section, picture, rows_of, shown
from xinzhi.report.section_rows import section
from xinzhi.report.sentence import answer_of, notes_of
from xinzhi.report.table import table
from xinzhi.sectors.internal import Education, Inequality, series_text

PART_INKS = {"within": palette.GROUPS[0], "between": palette.GROUPS[2], "transvariation": palette.GROUPS[1]}


@section.register
def unequal(result: Inequality) -> Section:
    """Return the Gini over the years and what it is made of."""
    what, facts = result.value_text, result.facts()
    grouped = result.frame.height > 0 and result.frame["within"][-1] is not None
    pictures = [_parts(result, what) if grouped else None, _gini(result, what) if result.frame.height else None]
    pairs = None
    if grouped:
        year = result.frame["year"][-1]
        names = dict.fromkeys(("group", "other"), partial(series_text, names=result.names))
        pairs = table("inequality_pairs", result.last_pairs, of=result, names=names, year=year)
    return Section.of(
        "sectors.inequality",
        pictures,
        [pairs],
        anchor="inequality",
        facts={"value": what},
        answer=sentences(facts, "sectors"),
        notes=tuple(_notes(result, grouped=grouped)) if result.frame.height else (),
    )


def _parts(result: Inequality, what: Text) -> Picture:
    frame = result.years_of("within")
    first, last = frame.row(0, named=True), frame.row(-1, named=True)
    heavy = max(PART_INKS, key=lambda name: last[name])
    facts = {"value": what, "first": first["year"], "before": first["gini"], "last": last["year"]}
    facts |= {
        "after": last["gini"],
        "part": words.sectors.part_of(heavy),
        "share": last[heavy] / last["gini"] if last["gini"] else None,
    }
    rows = [
        {"name": same(row["year"]), **{name: row[name] for name in (*PART_INKS, "gini")}}
        for row in frame.iter_rows(named=True)
    ]
    parts = {name: (words.sectors.part_of(name), ink) for name, ink in PART_INKS.items()}
    return picture(
        "sectors.parts",
        kinds.stacked,
        rows,
        table("inequality_years", of=result),
        facts,
        unit="gini",
        x="gini",
        parts=parts,
        total="gini",
        decimals=3,
    )


def _gini(result: Inequality, what: Text) -> Picture:
    peak = result.peak.row(0, named=True)
    last = result.frame.row(-1, named=True)
    facts = {"value": what, "peak": peak["year"], "high": peak["gini"], "last": last["year"], "now": last["gini"]}
    rows = [
        row
        for name in ("gini", "theil_t", "theil_l")
        for row in rows_of(result.years_of(name), group=words.sectors.chart_of(name), year="year", value=name)
    ]
    return picture(
        "sectors.gini",
        kinds.lines,
        rows,
        table("inequality_years", of=result),
        facts,
        unit="gini",
        y="measures",
        decimals=3,
    )


def _notes(result: Inequality, *, grouped: bool) -> list[Text]:
    notes: list[Text] = [words.sectors.note_gini()]
    notes += [words.sectors.note_dagum()] if grouped else []
    notes += [words.sectors.note_unweighted()] if result.provenance.options.get("weight") is None else []
    low, high = result.fewest_and_most
    return notes + ([words.sectors.note_ragged(low=low, high=high)] if low < high else [])


@section.register
def educated(result: Education) -> Section:
    """Return what schooling contributed to growth, or how much human capital there is."""
    facts = result.facts()
    return Section.of(
        "sectors.education",
        [_contributions(result, facts) or _human_capital(result, facts)],
        anchor="education",
        answer=answer_of(facts, "sectors"),
        notes=(words.sectors.note_schooling(), *notes_of(facts, "sectors")),
    )


def _contributions(result: Education, facts: Facts) -> Picture | None:
    if "answer.education" not in facts:
        return None
    spans, values = result.contributions, facts["answer.education"]
    columns = (
        "region",
        "schooling_start",
        "schooling_end",
        "human_capital_growth",
        "contribution",
        "output_growth",
        "part",
    )
    title = words.sectors.table_education(**values)
    twin = table("education_regions", spans, columns, result, part="spans", title=title)
    return shown("sectors.contribution", result, spans, values, twin=twin)


def _human_capital(result: Education, facts: Facts) -> Picture | None:
    now, values = result.last_levels, facts["answer.human_capital"]
    title = words.sectors.table_human_capital(**values)
    twin = table("education_regions", now, ("region", "schooling", "human_capital"), result, title=title)
    return shown("sectors.human_capital", result, now, values, twin=twin)
