"""The pages of one sector by itself (`education`, `culture`, `green`), of `decoupling`, `lmdi` and `kaya`."""

from __future__ import annotations

from typing import Any

import polars as pl

from xinzhi.core.result import Facts
from xinzhi.core.text import Text, listing, sentences, words
from xinzhi.report import palette
from xinzhi.report.charts import kit
from xinzhi.report.charts.kit.plane import HEIGHT, WIDTH
from xinzhi.report.pages.sectors.map import domain, labels
from xinzhi.report.section import Picture, Section, picture, rows_of
from xinzhi.report.table import Column, column, table
from xinzhi.sectors import Culture, Decoupling, Drivers, Education, Green, intensity_text, latest, series_text, setting


def decoupled(result: Decoupling, *, region: str | None = None) -> Section:
    """Return whether a pressure still grows with its driver, region by region."""
    del region  # all are drawn
    facts = result.facts()
    names = {"pressure": series_text(result.pressure), "driver": series_text(result.driver)}
    drawn = _states(result, facts["answer.states"]) if "answer.states" in facts else None
    return Section.of(
        "sectors.decoupling",
        [drawn],
        anchor="decoupling",
        title=words("sectors.title.decoupling", **names),
        answer=sentences(facts, "sectors"),
        notes=(words("sectors.note.elasticity"),) if drawn else (),
    )


def _states(result: Decoupling, facts: Any) -> Picture:  # noqa: ANN401 - facts of the result
    last = result.last()
    unit = words("sectors.unit_of.percent")
    growth = [
        column("sectors.change_of", "percent", unit, of=f"{name}_growth", name=facts[name])
        for name in ("driver", "pressure")
    ]
    title = words("sectors.table.states", **facts)
    twin = table("decoupling_states", last, ["region", *growth, "elasticity", "state"], result, title=title)
    rows = rows_of(last, result, x=growth[0], y=growth[1], name="region", group="state")
    ends = sorted({0.0, *(row["x"] for row in rows)})
    line = [(at, at) for at in (ends[0], ends[-1])]
    plane = {axis: domain([*(row[axis] for row in rows), *(at for at, _ in line)]) for axis in "xy"}
    named = {row["name"] for row, _ in labels(rows, plane, (WIDTH, HEIGHT), sides=["left"])}
    shown = [{**row, "name": row["name"] if row["name"] in named else None} for row in rows]
    x, y = (words("sectors.chart.change_of", name=facts[name]) for name in ("driver", "pressure"))
    how = words("sectors.how.states", lower=setting("decoupling.lower"), upper=setting("decoupling.upper"))
    return picture(
        "sectors.states", kit.points, shown, twin, facts | {"counts": listing(facts["counts"][:2])}, how=how,
        unit="percent", x=x, y=y, split=(None, 0.0), line=line,
    )  # fmt: skip


def driven(result: Drivers, *, region: str | None = None) -> Section:
    """Return what moved a total, for the regions that share the most common span."""
    del region  # all are summed
    facts: Any = result.facts()
    what = series_text(result.total)
    drawn = _waterfall(result, facts["answer.drivers"]) if "answer.drivers" in facts else None
    notes: tuple[Text, ...] = ()
    if drawn is not None:
        notes = (words("sectors.note.lmdi"), words("sectors.note.span", regions=facts["answer.drivers"]["regions"]))
    return Section.of(
        "sectors.drivers",
        [drawn],
        anchor="drivers",
        title=words("sectors.title.drivers", total=what),
        answer=sentences(facts, "sectors"),
        notes=notes,
    )


def _waterfall(result: Drivers, facts: Any) -> Picture:  # noqa: ANN401 - facts of the result
    start, year = facts["first"], facts["last"]
    rows = result.frame.filter(start=start, year=year)
    totals = result.totals.filter(start=start, year=year)
    before = float(totals["before"].to_numpy().sum())
    sums = {
        name: 100 * float(rows.filter(factor=name)["additive"].to_numpy().sum()) / before for name in result.factors
    }
    inks = {True: palette.ACCENT, False: palette.GROUPS[5]}
    steps: list[tuple[Text, float, str]] = [(series_text(name), value, inks[value > 0]) for name, value in sums.items()]
    steps.append((words("sectors.chart.change"), sum(sums.values()), palette.DEEP))
    wide = rows.pivot("factor", index="region", values="additive").join(totals, on="region").sort("region")
    factors = [column("sectors.contribution_of", "figure", of=name, name=series_text(name)) for name in result.factors]
    ends = [
        column("sectors.in_year", "figure", of=name, year=when) for name, when in (("before", start), ("after", year))
    ]
    title = words("sectors.table.drivers", **facts)
    twin = table("drivers_regions", wide, ["region", ends[0], *factors, ends[1]], result, title=title)
    return picture(
        "sectors.waterfall",
        kit.waterfall,
        steps,
        twin,
        facts,
        headline="drivers",
        unit="of_start",
        y="of_start",
        decimals=0,
    )


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
