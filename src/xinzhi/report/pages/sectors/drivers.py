"""The pages of `decoupling`, and of `lmdi` and `kaya`: does pressure follow its driver, and what moved a total."""

from __future__ import annotations

from typing import Any

from xinzhi.core.text import Text, listing, sentences, words
from xinzhi.report import palette
from xinzhi.report.charts import kit
from xinzhi.report.charts.kit.plane import HEIGHT, WIDTH
from xinzhi.report.pages.sectors.map import domain, labels
from xinzhi.report.picture import picture, rows_of
from xinzhi.report.section import Picture, Section
from xinzhi.report.table import column, table
from xinzhi.sectors import Decoupling, Drivers, series_text, setting


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
