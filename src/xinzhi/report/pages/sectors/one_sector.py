"""The pages of `education`, `culture` and `green`: one sector by itself."""

from __future__ import annotations

from typing import Any

import polars as pl

from xinzhi.core.result import Facts
from xinzhi.core.text import Text, sentences, words
from xinzhi.report.charts import kit
from xinzhi.report.picture import picture, rows_of
from xinzhi.report.section import Picture, Section
from xinzhi.report.table import Column, column, table
from xinzhi.sectors import Culture, Education, Green, intensity_text, latest


def educated(result: Education, *, region: str | None = None) -> Section:
    """Return what schooling contributed to growth, or how much human capital there is."""
    del region  # all are drawn
    facts = result.facts()
    drawn = _contributions(result, facts) if "answer.education" in facts else _human_capital(result, facts)
    said, notes = _apart(facts)
    return Section.of(
        "sectors.education", [drawn], anchor="education", answer=said, notes=(words("sectors.note.schooling"), *notes)
    )


def _apart(facts: Facts) -> tuple[list[Text], list[Text]]:
    """Return the sentences of the answer, and those of the notes."""
    answer = {key: values for key, values in facts.items() if not key.startswith("note.")}
    return sentences(answer, "sectors"), sentences({key: facts[key] for key in facts if key not in answer}, "sectors")


def _contributions(result: Education, facts: Any) -> Picture:  # noqa: ANN401 - facts of the result
    spans = result.spans.drop_nulls("contribution").sort("contribution", descending=True)
    columns = [
        "region",
        "schooling_start",
        "schooling_end",
        "human_capital_growth",
        "contribution",
        "output_growth",
        "part",
    ]
    values = facts["answer.education"]
    title = words("sectors.table.education", **values)
    twin = table("education_regions", spans, columns, result, part="spans", title=title)
    rows = rows_of(spans, result, part="spans", name="region", value="contribution")
    return picture(
        "sectors.contribution", kit.bars, rows, twin, values, headline="education", how="education", unit="points",
        x="contribution", decimals=2,
    )  # fmt: skip


def _human_capital(result: Education, facts: Any) -> Picture:  # noqa: ANN401 - facts of the result
    now = latest(result.frame, "human_capital")
    values = facts["answer.human_capital"]
    title = words("sectors.table.human_capital", **values)
    twin = table("education_regions", now, ("region", "schooling", "human_capital"), result, title=title)
    rows = rows_of(now, result, name="region", value="human_capital")
    return picture(
        "sectors.human-capital", kit.bars, rows, twin, values, title="human_capital", headline="human_capital",
        how="human_capital", unit="none", x="human_capital", decimals=2,
    )  # fmt: skip


def cultured(result: Culture, *, region: str | None = None) -> Section:
    """Return the weight of culture in employment, region by region."""
    del region  # all are drawn
    facts = result.facts()
    said, notes = _apart(facts)
    drawn = _employment(result, facts["answer.culture"]) if "answer.culture" in facts else None
    return Section.of("sectors.culture", [drawn], anchor="culture", answer=said, notes=tuple(notes))


def _employment(result: Culture, values: Any) -> Picture:  # noqa: ANN401 - facts of the result
    now = latest(result.frame, "employment_share")
    shares = ("employment_share", "value_added_share", "value_added_ceiling", "digital_share", "location_quotient")
    title = words("sectors.table.culture", **values)
    twin = table("culture_regions", now, ("region", *shares), result, known=True, title=title)
    rows = rows_of(now, result, name="region", value="employment_share")
    return picture(
        "sectors.employment", kit.bars, rows, twin, values, title="culture_employment", headline="culture",
        how="culture", unit="percent", x="culture", decimals=2,
    )  # fmt: skip


def intense(result: Green, *, region: str | None = None) -> Section:
    """Return what a unit of output takes of energy and emissions, and what was passed in."""
    del region  # all are summed or drawn
    facts = result.facts()
    drawn = [
        make(result, facts[key])
        for key, make in (
            ("headline.intensity", _intensity),
            ("headline.productivity", _productivity),
            ("headline.costs", _costs),
        )
        if key in facts
    ]
    return Section.of(
        "sectors.green",
        drawn,
        anchor="green",
        answer=None if drawn else [words("sectors.answer.no_years")],
        notes=(words("sectors.note.intensity"),) if "headline.intensity" in facts else (),
    )


def _intensity(result: Green, values: Any) -> Picture:  # noqa: ANN401 - facts of the result
    paths = [path.with_columns(indicator=pl.lit(name)) for name, path in result.together().items()]
    frame = pl.concat(paths)
    hundred = column("sectors.index_100", "points", of="value")
    names = {"indicator": intensity_text}
    called = column("sectors.indicator", "name")
    columns: list[str | Column] = [called, "year", "regions", "intensity", hundred]
    twin = table("green_intensity", frame, columns, result, names=names, title=words("sectors.table.intensity"))
    rows = rows_of(frame, names=names, group=called, year="year", value="value")
    return picture(
        "sectors.intensity", kit.lines, rows, twin, values, unit="index_100", y="intensity", reference=100.0, decimals=0
    )


def _productivity(result: Green, values: Any) -> Picture:  # noqa: ANN401 - facts of the result
    now = latest(pl.DataFrame() if result.productivity is None else result.productivity, "level")
    title = words("sectors.table.productivity", **values)
    twin = table("green_productivity", now, ("region", "level"), result, part="productivity", title=title)
    rows = rows_of(now, result, part="productivity", name="region", value="level")
    return picture(
        "sectors.productivity", kit.dots, rows, twin, values, unit="none", x="productivity", reference=1.0, decimals=2
    )


def _costs(result: Green, values: Any) -> Picture:  # noqa: ANN401 - facts of the result
    now = latest(result.cost_shares(), "share")
    title = words("sectors.table.costs", **values)
    twin = table("green_costs", now, ("region", "cost", "share"), result, part="costs", title=title)
    rows = rows_of(now, result, part="costs", name="region", value="share")
    return picture("sectors.costs", kit.bars, rows, twin, values, unit="percent", x="costs", decimals=2)
