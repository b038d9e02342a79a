"""The pictures of a `Screening`: weights of the most telling pair, probabilities, and whether they come true."""

from __future__ import annotations

from typing import Any

import polars as pl

from xinzhi.core.text import number, same, words
from xinzhi.report import palette
from xinzhi.report.charts import kit
from xinzhi.report.charts.kit.ranges import reliability
from xinzhi.report.picture import picture
from xinzhi.report.section import Picture
from xinzhi.report.sentence import short
from xinzhi.report.table import Column, Table, column, table
from xinzhi.risks import Comparison, Screening, by_probability, calibration_table, value_words

SHOWN = 40  # projects that one picture names
STEPS = 5  # fields that the picture of the weights names
IN_PICTURE = 17.0  # width of a name, in units of its size
TENTHS = 10
NEVER = 0.1  # percent: no probability is drawn as certain
ENDS = {"value": "probability", "low": "lower", "high": "upper"}
INKS = {"repackaged": "#a8402d", "cannot tell": "#d9a441", "follow-on": "#5b4a8a", "new": "#1b6ca8"}


def weights(pair: Comparison, result: Screening) -> Picture:
    """Return what each field says for or against a project being an archived one."""
    rows = pair.ledger.filter(pl.col("level") >= 0).sort(pl.col("weight").abs(), descending=True, maintain_order=True)
    total = float(result.candidates.row(by_predicate=(pl.col("id") == pair.id) & (pl.col("rank") == 1), named=True)
                  ["odds_repackaged"])  # fmt: skip
    rare = total - float(rows["weight"].sum())
    fields = value_words("field", "ledger")
    lead = [(fields[field], weight) for field, weight in rows.head(STEPS).select("field", "weight").rows()]
    steps = [(name, weight, palette.DEEP if weight >= 0 else INKS["repackaged"])
             for name, weight in sorted(lead, key=lambda one: -one[1])]  # fmt: skip
    if abs(rare) >= result.telling:
        steps.append((words("screen.chart.rare"), rare, palette.BAND))
    others = total - sum(weight for _, weight, _ in steps)
    steps += [(words("screen.chart.others"), others, palette.BAND), (words("screen.chart.sum"), total, palette.INK)]
    first = [words("screen.chart.weighed", name=name, weight=weight)
             for name, weight in lead if (weight > 0) == (total > 0)][:2]  # fmt: skip
    # the fields add up for the first stage; whether they are one project is the verdict, which weighs them together
    said = str(pair.verdict["verdict"])
    headline = "weights" if said == "repackaged" else "against" if total <= 0 else "explained"
    facts = {
        "verdict": value_words("verdict")[said], "name": result.names.text("project", pair.id),
        "source": result.names.text("archive", pair.archive_id),
        "total": number(total, 1), "first": first,
    }  # fmt: skip
    weight = column("screen.weight", "level", words("screen.unit_of.log"))
    twin = table(
        "screen_weights", rows, ("field", "agreement", weight, "project", "archive"), result, part="ledger",
        title=words("screen.table.evidence", **facts),
    )  # fmt: skip
    sums = [(words("screen.chart.rest"), None, rare, None, None), (words("screen.chart.sum"), None, total, None, None)]
    return picture(
        "screen.weights",
        kit.waterfall,
        steps,
        Table(key=twin.key, title=twin.title, columns=twin.columns, rows=[*twin.rows, *sums]),
        facts,
        headline=headline,
        unit="log",
        y="weight",
        decimals=1,
    )


def probabilities(frame: pl.DataFrame, result: Screening) -> Picture:
    """Return the probability of every project with its interval; of many, of those nearest to the line of a verdict."""
    line, verdicts = result.certain, value_words("verdict")
    frame = frame.drop_nulls("probability")
    shown = frame if frame.height <= SHOWN else frame.sort((pl.col("probability") - line).abs(), "id").head(SHOWN)
    shown = by_probability(shown)
    rows = [
        {
            "name": words("screen.chart.called", name=short(result.names.text("project", row["id"]), IN_PICTURE),
                          verdict=verdicts[row["verdict"]]),
            **{key: min(max(100 * row[name], NEVER), 100 - NEVER) for key, name in ENDS.items()},
            "group": verdicts[row["verdict"]],
        }
        for row in shown.iter_rows(named=True)
    ]  # fmt: skip
    titled = shown.join(result.projects.select("id", "title"), on="id", how="left", maintain_order="left")
    counts = {"n": frame.height, "k": frame.filter(verdict="repackaged").height,
              "u": frame.filter(verdict="cannot tell").height}  # fmt: skip
    return picture(
        "screen.probabilities",
        kit.dots,
        rows,
        table("screen_probabilities", titled, ("id", "title", "verdict", "probability", "lower", "upper"), result),
        {name: f"{count:,}" for name, count in counts.items()} | {"shown": SHOWN},
        how="first" if frame.height > SHOWN else "probabilities",
        unit="percent",
        x="probability",
        reference=100 * line,
        decimals=1,
        domain=(-2, 102),
        groups=[verdicts[name] for name in INKS],
        inks=tuple(INKS.values()),
    )


def spread(frame: pl.DataFrame, result: Screening) -> Picture:
    """Return how many projects have a probability in each tenth."""
    del result
    frame, verdicts = frame.drop_nulls("probability"), value_words("verdict")
    tenth = (pl.col("probability") * TENTHS).floor().clip(0, TENTHS - 1).cast(pl.Int64)
    counts = {(at, verdict): k for at, verdict, k in frame.group_by(tenth.alias("at"), "verdict").len().rows()}
    rows: list[dict[str, Any]] = [
        {"name": same(f"{10 * at}–{10 * at + 10}%"), **{name: counts.get((at, name), 0) for name in INKS},
         "all": sum(counts.get((at, name), 0) for name in INKS)}
        for at in reversed(range(TENTHS))
    ]  # fmt: skip
    columns = (
        column("screen.probability", "name"),
        *(Column(title=verdicts[name], kind="integer") for name in INKS),
        column("screen.projects", "integer"),
    )
    return picture(
        "screen.spread",
        kit.stacked,
        rows,
        Table(key="screen_spread", title=words("screen.table.spread"), columns=columns,
              rows=[tuple(row.values()) for row in rows]),
        {"n": f"{frame.height:,}", "low": f"{rows[-1]['all']:,}", "high": f"{rows[0]['all']:,}"},
        unit="projects",
        x="projects",
        parts={name: (verdicts[name], ink) for name, ink in INKS.items()},
        total="all",
        decimals=0,
    )  # fmt: skip


def calibration(result: Screening) -> Picture:
    """Return how often projects of known truth were repackaged, by what was said."""
    assert result.truth is not None  # noqa: S101 - the page draws it for labelled results only
    seen = result.truth.join(result.frame.select("id", "probability"), on="id").drop_nulls("probability")
    tenths = calibration_table(seen)
    rows = tenths.select(
        (100 * pl.col("said")).alias("x"), (100 * pl.col("was")).alias("y"), (100 * pl.col("lower")).alias("low"),
        (100 * pl.col("upper")).alias("high"), pl.col("projects").alias("n"),
    ).to_dicts()  # fmt: skip
    inside = tenths.filter((pl.col("lower") <= pl.col("said")) & (pl.col("said") <= pl.col("upper"))).height
    percent = words("screen.unit_of.percent")
    kinds = {"up_to": "share", **dict.fromkeys(("said", "was", "lower", "upper"), "percent")}
    columns = [column(f"screen.{name}", kind, percent) for name, kind in kinds.items()]  # type: ignore[arg-type] # kinds
    return picture(
        "screen.calibration",
        reliability,
        rows,
        table("screen_calibration", tenths, (*columns, column("screen.projects", "integer"))),
        {
            "n": f"{seen.height:,}", "k": tenths.height, "inside": inside,
            "said": seen["probability"].mean(), "was": (seen["label"] == "repackaged").mean(),
        },
        unit="percent",
        x="said",
        y="was",
    )  # fmt: skip
