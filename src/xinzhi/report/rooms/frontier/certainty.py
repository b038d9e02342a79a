"""How sure: intervals of scores, tests of returns to scale, and what explains efficiency."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.report.catalogue import listing, same, words
from xinzhi.report.charts import kit
from xinzhi.report.numbers import number
from xinzhi.report.rooms.frontier.names import Names, column, domain, good, rts_text, stop
from xinzhi.report.section import Picture, Section
from xinzhi.report.tables import Table

if TYPE_CHECKING:
    from xinzhi.core.text import Text
    from xinzhi.frontier.returns import ReturnsTest
    from xinzhi.frontier.second_stage import TwoStage
    from xinzhi.frontier.smoothing import Bootstrap

_SHOWN = 4
_NOISY = (
    3**0.5
)  # bias over error below which the correction adds more noise than it removes (Efron and Tibshirani 1993)


def bootstrap(result: Bootstrap, *, region: str | None = None) -> Section:
    """Return what a bootstrap says of scores.

    Parameters
    ----------
    result
        What `xinzhi.frontier.bootstrap` returns.
    region
        Not used: every unit is in the picture.
    """
    names = Names.of(result.labels, result.frame["unit"])
    names.chosen(region)
    rows = _shares(result)
    known = [row for row in rows if row["low"] is not None]
    level = f"{100 * result.level:g}"
    twin = _score_table(result, names)
    headline = words("frontier.answer.nothing")
    drawn: tuple[Picture, ...] = ()
    if known:
        width = sum(row["high"] - row["low"] for row in known) / len(known)
        headline = words(
            "frontier.headline.bootstrap", n=len(known), what=names.what, width=number(100 * width, 1), level=level,
            score=number(_mean(rows, "score"), 3), corrected=number(_mean(rows, "value"), 3),
        )  # fmt: skip
        dots = [{"name": names.name(row["unit"]), **row, "group": names.group(row["unit"])} for row in rows]
        reach = [row[key] for row in known for key in ("low", "high", "value")]
        domain = (min(reach) * 0.95, max(*reach, 1.0) * 1.03)
        axis = words(f"frontier.unit_of.{result.orientation}")
        drawn = (
            Picture(
                kind="intervals",
                title=words("frontier.title.bootstrap"),
                headline=headline,
                draw=lambda w: kit.dots(w, dots, x=axis, reference=1.0, domain=domain),
                how=words("frontier.how.bootstrap", level=level),
                unit=axis,
                twin=twin,
            ),
        )
    return Section(
        key="bootstrap",
        title=words("frontier.title.bootstrap"),
        answer=(stop(headline) if known else headline, *_apart(known, names)),
        pictures=drawn,
        tables=() if drawn else (twin,),
        notes=(*_bootstrap_notes(result, level), *result.labels.notes),
    )


def _shares(result: Bootstrap) -> list[dict[str, Any]]:
    """Return score, corrected score and interval as shares of the frontier, best first."""
    inverse = result.orientation == "output"

    def share(value: float | None) -> float | None:
        return value if value is None or not inverse else 1 / value if value > 0 else None

    rows = [
        {
            "unit": row["unit"],
            "score": share(row["score"]),
            "value": share(row["corrected"]),
            "low": share(row["upper"] if inverse else row["lower"]),
            "high": share(row["lower"] if inverse else row["upper"]),
        }
        for row in result.frame.iter_rows(named=True)
    ]
    return sorted(rows, key=lambda row: (row["value"] is None, -(row["value"] or 0.0)))


def _mean(rows: list[dict[str, Any]], name: str) -> float:
    known = [row[name] for row in rows if row[name] is not None]
    return float(sum(known) / len(known))


def _apart(known: list[dict[str, Any]], names: Names) -> list[Text]:
    """Say how many neighbours in the order cannot be told apart: their intervals overlap."""
    if len(known) <= 1:
        return []
    best = known[0]
    alike = [names.name(row["unit"]) for row in known[1:] if row["high"] >= best["low"]]
    name = names.name(best["unit"])
    if not alike:
        return [words("frontier.answer.apart", best=name)]
    return [words("frontier.answer.alike", best=name, k=len(alike), n=len(known) - 1, names=listing(alike, _SHOWN))]


def _score_table(result: Bootstrap, names: Names) -> Table:
    frame = result.frame
    cells = ("score", "corrected", "bias", "error", "lower", "upper")
    return Table(
        key="frontier_bootstrap",
        title=words("frontier.table.bootstrap", level=f"{100 * result.level:g}"),
        columns=(column("unit", "name"), *(column(name, "score") for name in cells)),
        rows=[(names.name(row["unit"]), *(row[name] for name in cells)) for row in frame.iter_rows(named=True)],
        notes=(words("frontier.note.farrell"),),
    )


def _bootstrap_notes(result: Bootstrap, level: str) -> list[Text]:
    how = f"h = {number(result.bandwidth, 4)}" if result.bandwidth is not None else f"m = {result.size}"
    notes = [
        words(
            "frontier.note.bootstrap", n=f"{result.replications:,}", how=how, seed=result.seed,
            method=words(f"frontier.chart.{result.method}"), rts=rts_text(result.rts), level=level,
        )
    ]  # fmt: skip
    noisy = result.frame.filter(pl.col("bias_to_error") < _NOISY).height
    if noisy:
        notes.append(words("frontier.note.noisy", k=noisy, n=result.frame.height))
    return [*notes, words("frontier.note.small")]


def returns_test(result: ReturnsTest, *, region: str | None = None) -> Section:
    """Return what the tests of returns to scale say.

    Parameters
    ----------
    result
        What `xinzhi.frontier.returns_test` returns.
    region
        Not used: every unit is in the picture.
    """
    names = Names.of(result.labels, result.units["unit"])
    names.chosen(region)
    p = {row["null"]: row["p"] for row in result.frame.iter_rows(named=True)}
    headline = words(
        "frontier.headline.returns", verdict=rts_text(result.verdict), level=f"{100 * result.level:g}",
        crs=number(p["crs"], 3), nirs=number(p["nirs"], 3),
    )  # fmt: skip
    frame = result.units.sort("scale", "unit", descending=[True, False], nulls_last=True)
    twin = Table(
        key="frontier_returns_units",
        title=words("frontier.table.returns_units"),
        columns=(
            column("unit", "name"), column("crs", "score"), column("vrs", "score"), column("scale_efficiency", "score"),
            column("returns", "name"),
        ),
        rows=[
            (names.name(row["unit"]), row["crs"], row["vrs"], row["scale"], _returns(row["returns"]))
            for row in frame.iter_rows(named=True)
        ],
    )  # fmt: skip
    rows = [
        {"name": names.name(row["unit"]), "value": row["scale"], "group": _returns(row["returns"])}
        for row in frame.iter_rows(named=True)
    ]
    tests = Table(
        key="frontier_returns_tests",
        title=words("frontier.table.returns_tests"),
        columns=(
            column("null", "name"), column("alternative", "name"), column("statistic", "score"),
            column("critical", "score"), column("p", "score"), column("replications", "integer"),
        ),
        rows=[
            (rts_text(row["null"]), rts_text(row["alternative"]), row["statistic"], row["critical"], row["p"],
             row["replications"])
            for row in result.frame.iter_rows(named=True)
        ],
    )  # fmt: skip
    counts = dict(result.units["returns"].drop_nulls().value_counts(sort=True).rows())
    told = listing([words("frontier.chart.count", name=_returns(name) or same(""), k=k) for name, k in counts.items()])
    picture = Picture(
        kind="scale",
        title=words("frontier.title.scale"),
        headline=words("frontier.headline.scale", parts=told),
        draw=lambda w: kit.dots(w, rows, x=words("frontier.unit_of.scale"), reference=1.0),
        how=words("frontier.how.scale"),
        unit=words("frontier.unit_of.scale"),
        twin=twin,
    )
    return Section(
        key="returns",
        title=words("frontier.title.returns"),
        answer=(stop(headline), words("frontier.answer.returns", parts=told)),
        pictures=(picture,),
        tables=(tests,),
        notes=(words("frontier.note.returns"), *result.labels.notes),
    )


def _returns(value: str | None) -> Text | None:
    return None if value is None else words(f"frontier.status.returns_{value}")


def two_stage(result: TwoStage, *, region: str | None = None) -> Section:
    """Return what explains efficiency.

    Parameters
    ----------
    result
        What `xinzhi.frontier.two_stage` returns.
    region
        Not used: coefficients are of all units.
    """
    names = Names.of(result.labels, result.scores["unit"])
    names.chosen(region)
    level = f"{100 * result.level:g}"
    frame = result.frame
    told = frame.filter(~pl.col("variable").is_in(["constant", "sigma"]))
    groups: dict[str, list[Text]] = {"worse": [], "better": [], "unclear": []}
    for row in told.iter_rows(named=True):
        sign = "worse" if row["lower"] > 0 else "better" if row["upper"] < 0 else "unclear"
        groups[sign].append(good(row["variable"]))
    said = [words(f"frontier.chart.{sign}", names=listing(found)) for sign, found in groups.items() if found]
    headline = words("frontier.headline.two_stage", level=level, parts=_joined(said))
    twin = Table(
        key="frontier_two_stage",
        title=words("frontier.table.two_stage", level=level),
        columns=(
            column("variable", "name"), column("coefficient", "figure"), column("error", "figure"),
            column("lower", "figure"), column("upper", "figure"),
        ),
        rows=[
            (_variable(row["variable"]), row["coefficient"], row["error"], row["lower"], row["upper"])
            for row in frame.iter_rows(named=True)
        ],
    )  # fmt: skip
    rows = [
        {"name": good(row["variable"]), "value": row["coefficient"], "low": row["lower"], "high": row["upper"]}
        for row in told.iter_rows(named=True)
    ]
    scores = Table(
        key="frontier_two_stage_scores",
        title=words("frontier.table.two_stage_scores"),
        columns=(column("unit", "name"), column("distance", "score"), column("corrected", "score")),
        rows=[
            (names.name(unit), distance, corrected)
            for unit, distance, corrected in result.scores.select("unit", "distance", "corrected").rows()
        ],
    )
    picture = Picture(
        kind="coefficients",
        title=words("frontier.title.two_stage"),
        headline=headline,
        draw=lambda w: kit.dots(w, rows, x=words("frontier.unit_of.coefficient"), reference=0.0, domain=domain(rows)),
        how=words("frontier.how.two_stage", level=level),
        unit=words("frontier.unit_of.coefficient"),
        twin=twin,
    )
    note = words(
        "frontier.note.two_stage", algorithm=result.algorithm, n=result.observations, rts=rts_text(result.rts),
        replications=f"{result.replications:,}", seed=result.seed,
    )  # fmt: skip
    return Section(
        key="two-stage",
        title=words("frontier.title.two_stage"),
        answer=(stop(headline),),
        pictures=(picture,),
        tables=(scores,),
        notes=(note, words("frontier.note.separability"), *result.labels.notes),
    )


def _variable(name: str) -> Text:
    return words(f"frontier.chart.term_{name}") if name in {"constant", "sigma"} else good(name)


def _joined(parts: list[Text]) -> Text:
    from xinzhi.core.text import Text

    return Text(zh="；".join(one.zh for one in parts), en="; ".join(one.en for one in parts))
