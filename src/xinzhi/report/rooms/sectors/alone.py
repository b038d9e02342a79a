"""One sector by itself: `Education`, `Culture` and `Green` as sections."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from xinzhi.core.text import Text
from xinzhi.report.catalogue import listing, words
from xinzhi.report.charts import kit
from xinzhi.report.numbers import number, percent
from xinzhi.report.rooms.sectors.names import column, distinct, label
from xinzhi.report.section import Picture, Section
from xinzhi.report.tables import Table
from xinzhi.sectors.conventions import region_text
from xinzhi.sectors.conventions import setting

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from altair.typing import ChartType

    from xinzhi.report.charts.style import Words
    from xinzhi.sectors.culture import Culture
    from xinzhi.sectors.green import Green
    from xinzhi.sectors.education import Education

_FULL = 100.0


def educated(result: Education, *, region: str | None = None) -> Section:
    """Return what an `Education` says: what schooling contributed to growth, or how much human capital there is."""
    del region  # all are drawn
    spans = result.spans.drop_nulls("contribution").sort("contribution", descending=True)
    picture, answer = _contributions(result, spans) if spans.height else _human_capital(result)
    return Section(
        key="education",
        title=words("sectors.title.education"),
        answer=(answer,),
        pictures=(picture,),
        notes=(words("sectors.note.schooling"), *([] if spans.height else [words("sectors.note.unweighed")])),
    )


def _contributions(result: Education, spans: pl.DataFrame) -> tuple[Picture, Text]:
    names = _names(spans["region"], result.names)
    top, low = (spans.row(at, named=True) for at in (0, -1))
    given, grown = (spans[name].to_numpy() for name in ("contribution", "output_growth"))
    values = {
        "first": spans["start"].min(),
        "last": spans["end"].max(),
        "mean": number(_FULL * given.mean(), 2),
        "part": percent(given.sum() / grown.sum()),
        "high": names[top["region"]],
        "high_value": number(_FULL * top["contribution"], 2),
        "low": names[low["region"]],
        "low_value": number(_FULL * low["contribution"], 2),
    }
    columns = (
        column("region", "name"),
        column("schooling_at_start", "level", words("sectors.unit.years")),
        column("schooling_at_end", "level", words("sectors.unit.years")),
        column("human_capital_growth", "percent", words("sectors.unit.points")),
        column("contribution", "percent", words("sectors.unit.points")),
        column("output_growth", "percent", words("sectors.unit.points")),
        column("part_of_growth", "share", words("sectors.unit.percent")),
    )
    rows = [
        (
            names[row["region"]],
            row["schooling_start"],
            row["schooling_end"],
            *(_times(row[name]) for name in ("human_capital_growth", "contribution", "output_growth", "part")),
        )
        for row in spans.iter_rows(named=True)
    ]
    title = words("sectors.table.education", first=values["first"], last=values["last"])
    picture = Picture(
        kind="contribution",
        title=words("sectors.title.contribution"),
        headline=words("sectors.headline.education", **values),
        draw=partial(_bars, [(name, value) for name, _, _, _, value, *_ in rows], words("sectors.chart.contribution")),
        how=words("sectors.how.education"),
        unit=words("sectors.unit.points"),
        twin=Table(key="education_regions", title=title, columns=columns, rows=rows),
    )
    return picture, words("sectors.answer.education", **values)


def _human_capital(result: Education) -> tuple[Picture, Text]:
    now = _latest(result.frame, "human_capital")
    names = _names(now["region"], result.names)
    rows = [(names[code], *cells) for code, *cells in now.select("region", "schooling", "human_capital").iter_rows()]
    values = {"year": now["year"][0], "high": rows[0][0], "high_value": number(rows[0][2], 2)}
    values |= {"low": rows[-1][0], "low_value": number(rows[-1][2], 2)}
    columns = (
        column("region", "name"),
        column("schooling", "level", words("sectors.unit.years")),
        column("human_capital", "level"),
    )
    title = words("sectors.table.human_capital", year=values["year"])
    picture = Picture(
        kind="human-capital",
        title=words("sectors.title.human_capital"),
        headline=words("sectors.headline.human_capital", **values),
        draw=partial(_bars, [(row[0], row[2]) for row in rows], words("sectors.chart.human_capital")),
        how=words("sectors.how.human_capital"),
        unit=words("sectors.unit.none"),
        twin=Table(key="education_regions", title=title, columns=columns, rows=rows),
    )
    return picture, words("sectors.answer.human_capital", **values)


def cultured(result: Culture, *, region: str | None = None) -> Section:
    """Return what a `Culture` says: the weight of culture in employment, region by region."""
    del region  # all are drawn
    title = words("sectors.title.culture")
    notes = [Text(zh=f"{one.message.zh}。", en=f"{one.message.en}.") for one in result.notes]
    if not result.frame["employment_share"].count():
        return Section(key="culture", title=title, answer=(words("sectors.answer.no_years"),), notes=tuple(notes))
    now = _latest(result.frame, "employment_share")
    names = _names(now["region"], result.names)
    shares = ("employment_share", "value_added_share", "value_added_ceiling", "digital_share")
    given = [name for name in shares if now[name].count()]
    rows = [
        (names[row["region"]], *(_times(row[name]) for name in given), row["location_quotient"])
        for row in now.iter_rows(named=True)
    ]
    values = {
        "year": now["year"][0],
        "regions": now.height,
        "high": rows[0][0],
        "high_value": number(rows[0][1], 2),
        "low": rows[-1][0],
        "low_value": number(rows[-1][1], 2),
        "above": now.filter(pl.col("location_quotient") > 1).height,
    }
    unit = words("sectors.unit.percent")
    columns = (
        column("region", "name"),
        *(column(f"culture_{name}", "percent", unit) for name in given),
        column("location_quotient", "level"),
    )
    picture = Picture(
        kind="employment",
        title=words("sectors.title.culture_employment"),
        headline=words("sectors.headline.culture", **values),
        draw=partial(_bars, [(row[0], row[1]) for row in rows], words("sectors.chart.culture")),
        how=words("sectors.how.culture"),
        unit=unit,
        twin=Table(key="culture_regions", title=words("sectors.table.culture", **values), columns=columns, rows=rows),
    )
    answer = (words("sectors.answer.culture", **values),)
    return Section(key="culture", title=title, answer=answer, pictures=(picture,), notes=tuple(notes))


def intense(result: Green, *, region: str | None = None) -> Section:
    """Return what a `Green` says: what a unit of output takes of energy and emissions, and what was passed in."""
    del region  # all are summed or drawn
    paths = {name: _together(part) for (name,), part in result.frame.group_by("indicator", maintain_order=True)}
    paths = {name: path for name, path in paths.items() if path.height > 1}
    pictures = [_intensity(paths)] if paths else []
    if result.productivity is not None:
        pictures += _productivity(result.productivity, result.names)
    if result.costs is not None and result.costs["share"].count():
        pictures.append(_costs(result.costs, result.names))
    answer = tuple(picture.headline for picture in pictures)
    return Section(
        key="green",
        title=words("sectors.title.green"),
        answer=tuple(Text(zh=f"{one.zh}。", en=f"{one.en}.") for one in answer) or (words("sectors.answer.no_years"),),
        pictures=tuple(pictures),
        notes=(words("sectors.note.intensity"),) if paths else (),
    )


def _together(part: pl.DataFrame) -> pl.DataFrame:
    """Return ``year, intensity, value, regions`` of the regions with every year together; the first year is 100."""
    whole = part.group_by("region").agg(pl.col("year").n_unique())
    full = whole.filter(pl.col("year") == part["year"].n_unique())["region"]
    rows = part.filter(pl.col("region").is_in(full.to_list())).group_by("year").agg(
        intensity=pl.col("quantity").sum() / pl.col("output").sum(), regions=pl.len()
    )  # fmt: skip
    return rows.sort("year").with_columns(value=_FULL * pl.col("intensity") / pl.col("intensity").first())


def _intensity(paths: Mapping[str, pl.DataFrame]) -> Picture:
    called = {name: _intensity_text(name) for name in paths}
    moves = [
        words(
            "sectors.answer.intensity",
            name=called[name],
            first=path["year"][0],
            last=path["year"][-1],
            change=percent(path["value"][-1] / _FULL - 1, 0, sign=True),
        )
        for name, path in sorted(paths.items(), key=lambda pair: pair[1]["value"][-1])
    ]
    columns = (
        column("indicator", "name"),
        column("year", "year"),
        column("regions", "integer"),
        column("intensity", "figure"),
        column("index_100", "percent"),
    )
    rows = [
        (called[name], *cells)
        for name, path in paths.items()
        for cells in path.select("year", "regions", "intensity", "value").iter_rows()
    ]
    return Picture(
        kind="intensity",
        title=words("sectors.title.intensity"),
        headline=words("sectors.headline.intensity", moves=listing(moves)),
        draw=partial(_draw_paths, [(row[0], row[1], row[4]) for row in rows], words("sectors.chart.intensity"), _FULL),
        how=words("sectors.how.intensity"),
        unit=words("sectors.unit.index_100"),
        twin=Table(key="green_intensity", title=words("sectors.table.intensity"), columns=columns, rows=rows),
    )


def _intensity_text(name: str) -> Text:
    said = setting("green.indicators").get(name)
    return Text(zh=said["zh"], en=said["en"]) if said else words("sectors.chart.per_output", name=label(name))


def _productivity(frame: pl.DataFrame, names: Mapping[str, Text]) -> list[Picture]:
    """Return green productivity of every region in the last year that has levels; none where there are no levels."""
    if not frame["level"].count():
        return []
    now = _latest(frame, "level")
    called = _names(now["region"], names)
    rows = [(called[code], level) for code, level in now.select("region", "level").iter_rows()]
    values = {
        "year": now["year"][0],
        "regions": now.height,
        "up": now.filter(pl.col("level") > 1).height,
        "high": rows[0][0],
        "high_value": number(rows[0][1], 2),
        "low": rows[-1][0],
        "low_value": number(rows[-1][1], 2),
    }
    twin = Table(
        key="green_productivity",
        title=words("sectors.table.productivity", **values),
        columns=(column("region", "name"), column("level_since", "level")),
        rows=rows,
    )
    return [
        Picture(
            kind="productivity",
            title=words("sectors.title.productivity"),
            headline=words("sectors.headline.productivity", **values),
            draw=partial(_draw_levels, rows),
            how=words("sectors.how.productivity"),
            unit=words("sectors.unit.none"),
            twin=twin,
        )
    ]


def _costs(costs: pl.DataFrame, names: Mapping[str, Text]) -> Picture:
    sums = costs.drop_nulls("share").group_by("region", "year").agg(pl.col("share").sum(), pl.col("cost").sum())
    now = _latest(sums, "share")
    called = _names(now["region"], names)
    rows = [(called[code], cost, _FULL * share) for code, cost, share in now.select("region", "cost", "share").rows()]
    values = {"year": now["year"][0], "high": rows[0][0], "high_value": number(rows[0][2], 2)}
    values |= {"low": rows[-1][0], "low_value": number(rows[-1][2], 2)}
    columns = (
        column("region", "name"),
        column("cost", "figure"),
        column("cost_share", "percent", words("sectors.unit.percent")),
    )
    return Picture(
        kind="costs",
        title=words("sectors.title.costs"),
        headline=words("sectors.headline.costs", **values),
        draw=partial(_bars, [(row[0], row[2]) for row in rows], words("sectors.chart.costs")),
        how=words("sectors.how.costs"),
        unit=words("sectors.unit.percent"),
        twin=Table(key="green_costs", title=words("sectors.table.costs", **values), columns=columns, rows=rows),
    )


def _latest(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return the rows of the last year that has the figure, the largest first."""
    known = frame.drop_nulls(name)
    return known.filter(pl.col("year") == known["year"].max()).sort(name, "region", descending=[True, False])


def _names(codes: pl.Series, names: Mapping[str, Text]) -> dict[str, Text]:
    return distinct({code: region_text(code, names) for code in codes})


def _times(value: float | None) -> float | None:
    return None if value is None else _FULL * value


def _bars(rows: Sequence[tuple[Text, float]], x: Text, w: Words) -> ChartType:
    return kit.bars(w, [{"name": name, "value": value} for name, value in rows], x=x, decimals=2)


def _draw_levels(rows: Sequence[tuple[Text, float]], w: Words) -> ChartType:
    shown = [{"name": name, "value": value} for name, value in rows]
    return kit.dots(w, shown, x=words("sectors.chart.productivity"), reference=1.0, decimals=2)


def _draw_paths(rows: Sequence[tuple[Text, int, float]], y: Text, reference: float, w: Words) -> ChartType:
    shown = [{"group": name, "year": year, "value": value} for name, year, value in rows]
    return kit.lines(w, shown, y=y, reference=reference, decimals=0)
