"""The pictures of a `Screening`: weights of the most telling pair, probabilities, and whether they come true."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.core.text import Text
from xinzhi.report import palette
from xinzhi.report.catalogue import listing, same, words
from xinzhi.report.charts import kit
from xinzhi.report.charts.kit.reliability import reliability
from xinzhi.report.numbers import number
from xinzhi.report.rooms.risks.screening_names import IN_PICTURE
from xinzhi.report.rooms.risks.screening_tables import agreement, column
from xinzhi.report.section import Picture
from xinzhi.report.tables import Column, Table
from xinzhi.risks.projects.conventions import convention
from xinzhi.risks.projects.measuring import calibration_table
from xinzhi.risks.projects.sentences import FIELDS, VERDICTS

if TYPE_CHECKING:
    from xinzhi.report.rooms.risks.screening_names import Names
    from xinzhi.risks import Comparison, Screening

SHOWN = 40  # projects that one picture names
STEPS, TELLING = 5, 0.5  # fields that the picture of the weights names, and log-odds worth a bar
TENTHS = 10
NEVER = 0.1  # percent: no probability is drawn as certain
ENDS = {"value": "probability", "low": "lower", "high": "upper"}
INKS = {"repackaged": "#a8402d", "cannot tell": "#d9a441", "follow-on": "#5b4a8a", "new": "#1b6ca8"}


def in_order(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the verdicts, the most probable first."""
    return frame.sort("probability", "probability_follow_on", "id", descending=[True, True, False])


def weights(pair: Comparison, result: Screening, names: Names) -> Picture:
    """Return what each field says for or against a project being an archived one over again."""
    rows = pair.ledger.filter(pl.col("level") >= 0).sort(pl.col("weight").abs(), descending=True, maintain_order=True)
    total = float(result.candidates.filter((pl.col("id") == pair.id) & (pl.col("rank") == 1))["odds_repackaged"][0])
    rare = total - float(rows["weight"].sum())
    lead = [(FIELDS[field], weight) for field, weight in rows.head(STEPS).select("field", "weight").rows()]
    steps = [(name, weight, _ink(weight)) for name, weight in sorted(lead, key=lambda one: -one[1])]
    if abs(rare) >= TELLING:
        steps.append((words("screen.chart.rare"), rare, palette.BAND))
    others = total - sum(weight for _, weight, _ in steps)
    steps += [(words("screen.chart.others"), others, palette.BAND), (words("screen.chart.sum"), total, palette.INK)]
    first = [_weighed(name, weight) for name, weight in lead if (weight > 0) == (total > 0)][:2]
    values = {"name": names.project(pair.id), "source": names.source(pair.archive_id), "total": number(total, 1)}
    values["first"] = listing(first)
    headline = words("screen.headline.weights", **values) if total > 0 else words("screen.headline.against", **values)
    cells: list[tuple[Any, ...]] = [
        (FIELDS[field], agreement(level), weight, said, old)
        for field, level, weight, said, old in rows.select("field", "agreement", "weight", "project", "archive").rows()
    ]
    cells.append((words("screen.chart.rest"), None, rare, None, None))
    cells.append((words("screen.chart.sum"), None, total, None, None))
    unit = words("screen.unit_of.log")
    columns = (column("field", "name"), column("agreement", "value"), column("weight", "level", unit),
               column("project", "text"), column("archive", "text"))  # fmt: skip
    return Picture(
        kind="weights",
        title=words("screen.title.weights"),
        headline=headline,
        draw=lambda w: kit.waterfall(w, steps, y=words("screen.chart.weight"), decimals=1),
        how=words("screen.how.weights"),
        unit=unit,
        twin=Table(
            key="screen_weights", title=words("screen.table.evidence", **values), columns=columns, rows=cells,
        ),
    )  # fmt: skip


def _weighed(name: Text, weight: float) -> Text:
    shown = number(weight, 1, sign=True)
    return Text(zh=f"{name.zh}（{shown}）", en=f"{name.en} ({shown})")


def _ink(weight: float) -> str:
    return palette.DEEP if weight >= 0 else INKS["repackaged"]


def probabilities(frame: pl.DataFrame, names: Names) -> Picture:
    """Return the probability of every project with its interval; of many, of those nearest to the line of a verdict."""
    certain = float(convention("certain"))
    shown = frame if frame.height <= SHOWN else frame.sort((pl.col("probability") - certain).abs(), "id").head(SHOWN)
    shown = in_order(shown)
    rows = [
        {
            "name": words("screen.chart.called", name=names.project(row["id"], IN_PICTURE),
                          verdict=VERDICTS[row["verdict"]]),
            **{key: min(max(100 * row[name], NEVER), 100 - NEVER) for key, name in ENDS.items()},
            "group": VERDICTS[row["verdict"]],
        }
        for row in shown.iter_rows(named=True)
    ]  # fmt: skip
    percent = words("screen.unit_of.percent")
    columns = (column("id", "name"), column("title", "text"), column("verdict", "value"),
               *(column(name, "percent", percent) for name in ("probability", "lower", "upper")))  # fmt: skip
    return Picture(
        kind="probabilities",
        title=words("screen.title.probabilities"),
        headline=words(
            "screen.headline.probabilities", n=f"{frame.height:,}", k=f"{frame.filter(verdict='repackaged').height:,}",
            u=f"{frame.filter(verdict='cannot tell').height:,}",
        ),
        draw=partial(
            kit.dots, rows=rows, x=words("screen.chart.probability"), reference=100 * certain,
            decimals=1, domain=(-2, 102), groups=[VERDICTS[name] for name in INKS], inks=tuple(INKS.values()),
        ),
        how=words("screen.how.first", shown=SHOWN) if frame.height > SHOWN else words("screen.how.probabilities"),
        unit=percent,
        twin=Table(
            key="screen_probabilities", title=words("screen.table.probabilities"), columns=columns,
            rows=[
                (code, names.projects.get(code, ""), VERDICTS[verdict], *(100 * value for value in values))
                for code, verdict, *values in shown.select("id", "verdict", "probability", "lower", "upper").rows()
            ],
        ),
    )  # fmt: skip


def spread(frame: pl.DataFrame) -> Picture:
    """Return how many projects have a probability in each tenth."""
    tenth = (pl.col("probability") * TENTHS).floor().clip(0, TENTHS - 1).cast(pl.Int64)
    counts = {(at, verdict): k for at, verdict, k in frame.group_by(tenth.alias("at"), "verdict").len().rows()}
    rows = [
        {"name": same(f"{10 * at}–{10 * at + 10}%"), **{name: counts.get((at, name), 0) for name in INKS},
         "all": sum(counts.get((at, name), 0) for name in INKS)}
        for at in reversed(range(TENTHS))
    ]  # fmt: skip
    columns = (
        column("probability", "name"),
        *(Column(title=VERDICTS[name], kind="integer") for name in INKS),
        column("projects", "integer"),
    )
    return Picture(
        kind="spread",
        title=words("screen.title.spread"),
        headline=words("screen.headline.spread", n=f"{frame.height:,}", low=f"{rows[-1]['all']:,}",
                       high=f"{rows[0]['all']:,}"),
        draw=lambda w: kit.stacked(w, rows, {name: (VERDICTS[name], ink) for name, ink in INKS.items()},
                                   x=words("screen.chart.projects"), total="all", decimals=0),
        how=words("screen.how.spread"),
        unit=words("screen.unit_of.projects"),
        twin=Table(key="screen_spread", title=words("screen.table.spread"), columns=columns,
                   rows=[tuple(row.values()) for row in rows]),
    )  # fmt: skip


def calibration(result: Screening) -> Picture:
    """Return how often projects of known truth were repackaged, by what was said."""
    assert result.truth is not None  # noqa: S101 - the section draws it for labelled results only
    seen = result.truth.join(result.frame.select("id", "probability"), on="id")
    table = calibration_table(seen)
    rows = [
        {
            "x": 100 * r["said"],
            "y": 100 * r["was"],
            "low": 100 * r["lower"],
            "high": 100 * r["upper"],
            "n": r["projects"],
        }
        for r in table.iter_rows(named=True)
    ]
    inside = table.filter((pl.col("lower") <= pl.col("said")) & (pl.col("said") <= pl.col("upper"))).height
    percent = words("screen.unit_of.percent")
    shares = (column(name, "percent", percent) for name in ("said", "was", "lower", "upper"))
    columns = (column("up_to", "share", percent), *shares, column("projects", "integer"))
    return Picture(
        kind="calibration",
        title=words("screen.title.calibration"),
        headline=words(
            "screen.headline.calibration", n=f"{seen.height:,}", k=table.height, inside=inside,
            said=number(100 * float(seen["probability"].to_numpy().mean()), 1),
            was=number(100 * float((seen["label"] == "repackaged").to_numpy().mean()), 1),
        ),
        draw=lambda w: reliability(w, rows, x=words("screen.chart.said"), y=words("screen.chart.was")),
        how=words("screen.how.calibration"),
        unit=percent,
        twin=Table(
            key="screen_calibration", title=words("screen.table.calibration"), columns=columns,
            rows=[(*(100 * value for value in row), count)
                  for *row, count in table.select("up_to", "said", "was", "lower", "upper", "projects").rows()],
        ),
    )  # fmt: skip
