"""Grades of debt by a set of bands: drawn where every part of the ratio is there, else said why there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from xinzhi.core.text import Text
from xinzhi.report.catalogue import has, listing, same, words
from xinzhi.report.charts import kit
from xinzhi.report.numbers import number
from xinzhi.report.palette import ACCENT, DEEP, GROUPS
from xinzhi.report.rooms.risks.debt_names import Names, column, latest
from xinzhi.report.section import Picture
from xinzhi.report.tables import Table
from xinzhi.risks.inputs import document

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from xinzhi.risks import Debt

TINTS = {"green": GROUPS[5], "yellow": GROUPS[2], "orange": ACCENT, "red": GROUPS[3]}
MINISTRY, FRAMEWORK = "mof-2019", "lic-dsf-2018"
FEW = 3
_REASON = {"zh": "未评级：", "en": "not graded: "}


def graded(result: Debt, names: Names) -> Picture | None:
    """Return the ratio that the bands grade, each region with its band; None where nobody has one."""
    year = latest(result.frame, "band")
    if year is None:
        return None
    grades = {str(one["name"]): _word(one) for one in result.bands["grades"]}
    frame = (
        result.frame.filter(pl.col("year") == year)
        .drop_nulls("band")
        .sort("band_ratio", "region", descending=[True, False])
    )
    coloured = set(grades) <= set(TINTS)
    rows = [
        {
            "name": names(r["region"]), "value": 100 * r["band_ratio"], "band": grades[r["band"]],
            "figure": number(100 * r["band_ratio"], 0), **({"group": grades[r["band"]]} if coloured else {}),
        }
        for r in frame.iter_rows(named=True)
    ]  # fmt: skip
    title = words("debt.title.graded", year=year)
    return Picture(
        kind="bands",
        title=title,
        headline=words(
            "debt.headline.graded", set=set_name(result.bands), dated=result.bands["dated"], year=year,
            tally=listing(_tally(frame, grades, names)),
        ),
        draw=lambda w: kit.spreads(
            w, rows, x=words("debt.chart.band_ratio"), zones=_zones(result.bands["grades"]),
            groups=list(grades.values()) if coloured else (),
            inks=[TINTS.get(name, DEEP) for name in grades],
            columns=((words("debt.chart.percent"), "figure"), (words("debt.chart.band"), "band")),
        ),
        how=words("debt.how.graded", parts=parts(result.bands)),
        unit=words("debt.unit_of.percent"),
        twin=Table(
            key="debt_bands", title=title,
            columns=(column("region", "name"), column("band_ratio", "percent", "percent"), column("band", "text")),
            rows=[(row["name"], row["value"], row["band"]) for row in rows],
        ),
    )  # fmt: skip


def grading_notes(result: Debt, names: Names, year: int | None) -> tuple[Text, ...]:
    """Return where the bands come from, and which regions have none and why."""
    bands = result.bands
    when = latest(result.frame, "band") or year
    rows = result.frame.filter(pl.col("year") == when) if when is not None else result.frame
    found = [words("debt.note.set", set=set_name(bands), dated=bands["dated"], parts=parts(bands), cuts=_cuts(bands))]
    if bands["name"] == MINISTRY:
        found.append(words("debt.note.press"))
    elif str(bands["name"]).startswith(FRAMEWORK):
        found.append(words("debt.note.framework"))
    else:
        found.append(words("debt.note.source", source=str(bands["source"]).rstrip("。. ")))
    lacking = rows.filter(pl.col("band").is_null())
    for (zh, en), group in lacking.group_by("band_status_zh", "band_status_en", maintain_order=True):
        why = Text(zh=str(zh).removeprefix(_REASON["zh"]), en=str(en).removeprefix(_REASON["en"]))
        if group["region"].n_unique() == result.frame["region"].n_unique():
            found.insert(0, words("debt.note.ungraded", set=set_name(bands), why=why))
        else:
            found.append(
                words("debt.note.ungraded_some", names=names.some(group["region"].unique().sort().to_list()), why=why)
            )
    return tuple(found)


def set_name(bands: Mapping[str, Any]) -> Text:
    """Return what a set of bands is called."""
    known = document("debt/bands.yaml")["sets"].get(bands["name"])
    return _word(known) if known else same(bands["name"])


def parts(bands: Mapping[str, Any]) -> Text:
    """Return what the bands hold against what."""
    above = [_part(name) for name in bands["numerator"]]
    return words("debt.chart.held", above=Text(zh="＋".join(a.zh for a in above), en=" + ".join(a.en for a in above)),
                 below=_part(bands["denominator"]))  # fmt: skip


def _part(name: object) -> Text:
    key = f"debt.chart.part_{name}"
    return words(key) if has(key) else same(name)


def _word(one: Mapping[str, Any]) -> Text:
    return Text(zh=str(one.get("zh") or one.get("name")), en=str(one.get("en") or one.get("name")))


def _cuts(bands: Mapping[str, Any]) -> Text:
    found = [
        words("debt.chart.from", band=_word(one), cut=number(100 * float(one["from"]), 0)) for one in bands["grades"]
    ]
    return listing(found)


def _zones(grades: Sequence[Mapping[str, Any]]) -> list[tuple[float | None, float | None, Text]]:
    starts = [100 * float(one["from"]) for one in grades]
    ends = [*starts[1:], None]
    return [(start, end, _word(one)) for start, end, one in zip(starts, ends, grades, strict=True)]


def _tally(frame: pl.DataFrame, grades: Mapping[str, Text], names: Names) -> list[Text]:
    """Return how many regions are in each band, the heaviest first and with its regions."""
    found: list[Text] = []
    for name, word in reversed(list(grades.items())):
        codes = frame.filter(pl.col("band") == name)["region"].to_list()
        if not codes:
            continue
        if found:
            found.append(words("debt.chart.tally", band=word, n=len(codes)))
        else:
            first = listing([names(code) for code in codes], limit=FEW)
            found.append(words("debt.chart.tally_first", band=word, n=len(codes), names=first))
    return found
