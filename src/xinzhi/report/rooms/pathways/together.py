"""The sections on convergence and overtaking: do laggards catch up, in which clubs, and who has passed whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from xinzhi.report.catalogue import listing, words
from xinzhi.report.charts import kit
from xinzhi.report.numbers import number
from xinzhi.report.rooms.pathways.entry import uncrowded
from xinzhi.report.rooms.pathways.names import Names, column, sentence, told, yes
from xinzhi.report.section import Picture, Section
from xinzhi.report.tables import Table

if TYPE_CHECKING:
    from xinzhi.core.text import Text
    from xinzhi.pathways import BetaConvergence, Clubs, LeadChanges, SigmaConvergence

MOST = 24
NAMED = 40  # units whose names a cloud of points can show
LEVEL = 0.05


def clubs(result: Clubs, *, region: str | None = None) -> Section:
    """Return which regions converge among themselves."""
    del region
    names = Names(result, result.frame.sort("position")["unit"])
    joined = result.paths.join(result.frame.select("unit", "club"), on="unit")
    means = joined.group_by("club", "time").agg(
        pl.col("path").mean().alias("mean"), low=pl.col("path").min(), high=pl.col("path").max()
    ).sort("club", "time", nulls_last=True)  # fmt: skip
    rows = [
        {
            "group": _club(r["club"]),
            "year": r["time"], "value": r["mean"], "low": r["low"], "high": r["high"],
        }
        for r in means.iter_rows(named=True)
    ]  # fmt: skip
    sizes = [words("pathways.chart.club_of", k=k, n=n, first=listing([names.place(u) for u in result.members(k)[:2]]))
             for k, n in result.table.select("club", "units").rows()]  # fmt: skip
    columns = (column("club", "integer"), column("units", "integer"), column("slope", "score"),
               column("t", "score"), column("converges", "text"), column("members", "text"))  # fmt: skip
    cells = [
        (r["club"], r["units"], r["slope"], r["t"], yes(r["converges"]),
         listing([names.place(u) for u in result.members(r["club"])]))
        for r in result.table.iter_rows(named=True)
    ]  # fmt: skip
    drawn = Picture(
        kind="clubs",
        title=words("pathways.title.club_paths"),
        headline=words(
            "pathways.headline.clubs", n=result.frame.height, k=result.table.height, clubs=listing(sizes),
            alone=len(result.divergent),
        ),
        draw=lambda w: kit.lines(w, rows, y=words("pathways.chart.path"), reference=1),
        how=words("pathways.how.clubs"),
        unit=words("pathways.unit_of.path"),
        twin=Table(key="pathways_clubs", title=words("pathways.table.clubs"), columns=columns, rows=cells),
    )  # fmt: skip
    return Section(
        key="paths-clubs",
        title=words("pathways.title.clubs"),
        answer=(sentence(drawn.headline),),
        pictures=(drawn,),
        notes=(words("pathways.note.clubs"), *told(result.findings)),
    )


def _club(club: int | None) -> Text:
    return words("pathways.chart.diverging") if club is None else words("pathways.chart.club", k=club)


def beta(result: BetaConvergence, *, region: str | None = None) -> Section:
    """Return whether laggards grow faster."""
    del region
    names = Names(result, result.points["unit"])
    points = result.points.drop_nulls()
    few = result.observations == result.units
    rows = [
        {
            "x": r["initial"],
            "y": 100 * r["growth"],
            **({"name": names.place(r["unit"])} if few and result.units <= NAMED else {}),
        }
        for r in points.iter_rows(named=True)
    ]
    if any(row.get("name") for row in rows):
        rows = uncrowded(rows)
    reach = [r["initial"] for r in points.iter_rows(named=True)]
    line = [] if result.conditional else [
        (r["initial"], 100 * r["fitted"])
        for r in (points.sort("initial").row(0, named=True), points.sort("initial").row(-1, named=True))
    ]  # fmt: skip
    row = result.frame.filter(pl.col("term") == "initial").row(0, named=True)
    values = {"b": number(row["estimate"], 4), "se": number(row["standard_error"], 4), "n": len(reach)}
    if row["high"] < 0 and result.speed.half_life is not None:
        headline = words("pathways.headline.beta", half=number(result.speed.half_life, 0), **values)
    elif row["low"] > 0:
        headline = words("pathways.headline.beta_apart", **values)
    else:
        headline = words("pathways.headline.no_beta", **values)
    drawn = Picture(
        kind="beta",
        title=words("pathways.title.beta"),
        headline=headline,
        draw=lambda w: kit.points(
            w, rows, x=words("pathways.chart.initial"), y=words("pathways.chart.growth"), line=line, split=(None, 0.0)
        ),
        how=words("pathways.how.beta"),
        unit=words("pathways.unit_of.growth"),
        twin=Table(
            key="pathways_beta", title=words("pathways.table.beta"),
            columns=(column("place", "name"), column("initial", "score"), column("growth", "percent")),
            rows=[(names.place(r["unit"]), r["initial"], 100 * r["growth"]) for r in points.iter_rows(named=True)],
        ),
    )  # fmt: skip
    title = words("pathways.title.beta_section")
    return Section(key="paths-beta", title=title, answer=(sentence(headline),), pictures=(drawn,),
                   notes=told(result.findings))  # fmt: skip


def sigma(result: SigmaConvergence, *, region: str | None = None) -> Section:
    """Return whether differences shrink."""
    del region
    frame = result.frame
    name = words("pathways.chart.deviation")
    rows = [{"group": name, "year": r["year"], "value": r["deviation"]} for r in frame.iter_rows(named=True)]
    p = float(result.tests.filter(test="pitman-morgan")["p"].item())
    a, b = frame.row(0, named=True), frame.row(-1, named=True)
    values = {
        "start": a["year"], "end": b["year"], "first": number(a["deviation"], 3), "last": number(b["deviation"], 3),
        "p": number(p, 3),
    }  # fmt: skip
    if p >= LEVEL:
        headline = words("pathways.headline.sigma_same", **values)
    elif result.ratio < 1:
        headline = words("pathways.headline.sigma_less", **values)
    else:
        headline = words("pathways.headline.sigma_more", **values)
    columns = (column("year", "year"), column("units", "integer"), column("deviation", "score"),
               column("variation", "score"), column("range", "score"))  # fmt: skip
    drawn = Picture(
        kind="sigma",
        title=words("pathways.title.sigma"),
        headline=headline,
        draw=lambda w: kit.lines(w, rows, y=words("pathways.chart.deviation"), decimals=3),
        how=words("pathways.how.sigma"),
        unit=words("pathways.unit_of.log"),
        twin=Table(key="pathways_sigma", title=words("pathways.title.sigma"), columns=columns,
                   rows=frame.select("year", "units", "deviation", "variation", "range").rows()),
    )  # fmt: skip
    return Section(key="paths-sigma", title=words("pathways.title.sigma_section"), answer=(sentence(headline),),
                   pictures=(drawn,), notes=told(result.findings))  # fmt: skip


def lead_changes(result: LeadChanges, *, region: str | None = None) -> Section:
    """Return who has overtaken whom, in which interval, and whether it lasted."""
    names = Names(result, result.levels["unit"].unique(maintain_order=True))
    code = None if region is None else names.chosen(region, "")
    frame = result.frame if code is None else result.frame.filter(
        (pl.col("challenger") == code) | (pl.col("incumbent") == code)
    )  # fmt: skip
    lasting = frame.filter(pl.col("durable"))
    chosen = (lasting if lasting.height else frame).sort(
        "latest", "challenger", "incumbent", descending=[True, False, False]
    )
    shown = chosen.head(MOST).sort("latest", "challenger", "incumbent")
    end = int(result.levels["year"].max())  # type: ignore[arg-type] # years are whole numbers
    rows = []
    for r in shown.iter_rows(named=True):
        name = words("pathways.chart.passes", a=names.place(r["challenger"]), b=names.place(r["incumbent"]))
        rows.append({"name": name, "start": min(r["last_behind"], r["earliest"]), "end": r["latest"],
                     "group": words("pathways.chart.changing")})  # fmt: skip
        rows.append({"name": name, "start": r["latest"], "end": r["lost"] or end,
                     "group": words("pathways.chart.leading")})  # fmt: skip
    values: dict[str, object] = {"n": frame.height, "k": lasting.height, "years": result.rules.durable}
    if not frame.height:
        headline = words("pathways.headline.nobody")
        if code is not None:
            headline = words("pathways.headline.nobody_of", name=names.place(code))
    else:
        last = chosen.row(0, named=True)
        values |= {"a": names.place(last["challenger"]), "b": names.place(last["incumbent"]), "when": _when(last)}
        key = "pathways.headline.lead" if lasting.height else "pathways.headline.no_lasting"
        headline = words(key, **values)
    columns = (column("challenger", "name"), column("incumbent", "name"), column("earliest", "year"),
               column("latest", "year"), column("lost", "year"), column("durable", "text"))  # fmt: skip
    cells = [
        (names.place(r["challenger"]), names.place(r["incumbent"]), r["earliest"], r["latest"], r["lost"],
         yes(r["durable"]))
        for r in frame.sort("latest", "challenger").iter_rows(named=True)
    ]  # fmt: skip
    drawn = Picture(
        kind="overtaking",
        title=words("pathways.title.overtaking"),
        headline=headline,
        draw=lambda w: kit.timeline(w, rows),
        how=words("pathways.how.overtaking", shown=shown.height),
        unit=words("pathways.unit_of.year"),
        twin=Table(key="pathways_overtaking", title=words("pathways.table.overtaking"), columns=columns, rows=cells),
    )
    return Section(
        key="paths-overtaking",
        title=words("pathways.title.lead"),
        answer=(sentence(headline),),
        pictures=(drawn,) if rows else (),
        tables=() if rows else (drawn.twin,),
        notes=(words("pathways.note.overtaking"),),
    )


def _when(row: dict[str, int]) -> str:
    return str(row["latest"]) if row["earliest"] == row["latest"] else f"{row['earliest']}–{row['latest']}"
