"""The first page: the country at a glance, a map of tiles, the ranking with ranges, and what each topic answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from xinzhi import words
from xinzhi.core.text import Text, percent
from xinzhi.report.internal import ranking, sides
from xinzhi.studies.internal import Assessment
from xinzhi.web.html_charts import ranges
from xinzhi.web.page import Address, Call, Page, file
from xinzhi.web.pages import topic
from xinzhi.web.parameters import assessment_of, decimals, kicker
from xinzhi.web.store import Store
from xinzhi.yardstick.internal import View

SHADES = 7  # of the map
PICTURES = ("contributions", "groups")
QUESTIONS = {  # the page and the key that answer each question
    "lower": ("claim", ""), "own": ("compare", ""), "sure": ("measure", ""), "ruler": ("audit", ""),
    "from": ("topic", "sources"), "several": ("topic", "spans"), "scope": ("topic", "scope"),
    "risks": ("topic", "risks"), "herd": ("categories", ""), "projects": ("projects", ""),
    "protocol": ("protocols", ""), "data": ("data", ""),
}  # fmt: skip


def page(store: Store, address: Address) -> Page:
    """Return the first page."""
    study = assessment_of(store, address)
    view, section = View(study.measurement), ranking(study.ranking)
    rows = regions(study, view)
    nation = view.national_of(view.spans[-1]).get("tfp_growth")
    axis, placed = ranges(rows, [] if nation is None else [float(nation)])
    by_kind = {picture.kind: picture for picture in section.pictures}
    pictures = [by_kind[kind] for kind in PICTURES if kind in by_kind]
    return Page(
        title=words.web.home_title(),
        kicker=kicker(study),
        lead=section.answer,
        study=study,
        call=Call(topic="assess"),
        decimals=decimals(study),
        template="home.html.j2",
        more={
            "figures": figures(study, view),
            "grades": grades(view, rows),
            "tiles": tiles(view, rows),
            "ends": [percent(end) for end in span(rows)],
            "rows": placed,
            "axis": axis,
            "nation": nation,
            "span": view.spans[-1].label,
            "newest": view.spans[-1],
            "ranked": by_kind.get("ranking"),
            "drawn": pictures,
            "reach": section.reach,
            "topics": topic.topic_answers(store) if study.topics else [],
            "banded": study.ranking.bands is not None,
            "measured": (Call(topic="measure"), "measurement"),  # the call whose result stands behind
            "questions": [(name, *target) for name, target in QUESTIONS.items()],
        },
        files=[file("assess", "ranking"), file("assess", "bands"), file("measure", "measurement")],
    )


def regions(study: Assessment, view: View) -> list[dict[str, Any]]:
    """Return a row a region of the newest period: growth, its band, the range over protocols, ranks, side."""
    newest, where = view.spans[-1], sides(study.ranking)
    return [
        {
            "code": row["region"],
            "name": view.name(row["region"]),
            "group": view.group_of.get(row["region"]),
            "value": row["tfp_growth"],
            "low": row["low"],
            "high": row["high"],
            "wide_low": row["protocol_low"],
            "wide_high": row["protocol_high"],
            "grade": row["grade"],
            "output": percent(row["output_growth"]),
            "ranks": (row["rank_low"], row["rank_high"]),
            "wide": (row["protocol_rank_low"], row["protocol_rank_high"]),
            "side": where.get(row["region"], ""),
        }
        for row in study.ranking.in_period(newest.start, newest.end).rows(named=True)
        if row["tfp_growth"] is not None
    ]


def figures(study: Assessment, view: View) -> list[tuple[Text, str, Text]]:
    """Return the figures that stand out: what each is, the figure, and what is to be known of it."""
    highlights = _of_nation(study, view)
    where = list(sides(study.ranking).values())
    if study.ranking.bands is not None:
        counts_by_side = {side: where.count(side) for side in ("above", "below")}
        about = words.web.home_of_regions(n=len(view.codes), **counts_by_side)
        highlights.append((words.web.home_apart(), str(sum(counts_by_side.values())), about))
    return highlights


def _of_nation(study: Assessment, view: View) -> list[tuple[Text, str, Text]]:
    """Return the figures of the national total; none where a package has no total."""
    row: Any = view.national_of(view.spans[-1])
    if not row:
        return []
    band = study.ranking.facts().get("ranking.newest_band")
    about = words.web.home_band(**band) if isinstance(band, dict) else words.web.home_a_year()
    return [
        (words.web.home_tfp(), percent(row["tfp_growth"]), about),
        (words.web.home_output(), percent(row["output_growth"]), words.web.home_a_year()),
        (words.web.home_capital(), percent(row["capital_contribution"]), words.web.home_points()),
    ]


def grades(view: View, rows: Sequence[dict[str, Any]]) -> Text | None:
    """Return how many regions have which grade, and what that means for ranks; None where there are no grades."""
    regions_by_grade = Counter(row["grade"] for row in rows if row["grade"])
    if not regions_by_grade:
        return None
    counts = [words.web.home_grade(grade=grade, n=n) for grade, n in sorted(regions_by_grade.items())]
    newest = view.spans[-1]
    key = "grades" if view.is_extrapolated(newest) else "grades_official"
    return words.web.home_of(key, span=newest.label, counts=counts)


def span(rows: Sequence[dict[str, Any]]) -> tuple[float, float]:
    """Return the least and the largest growth."""
    values = [row["value"] for row in rows] or [0.0]
    return min(values), max(values)


def tiles(view: View, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the tiles of the map: place, short name, shade; none where no arrangement knows all regions."""
    low, high = span(rows)
    tiles_of_regions = []
    for row in rows:
        if row["code"] not in view.tiles:
            return []
        column, line, zh, en = view.tiles[row["code"]]
        shade = round((SHADES - 1) * (row["value"] - low) / ((high - low) or 1.0))
        tiles_of_regions.append(
            {
                **row,
                "column": column,
                "line": line,
                "short": Text(zh=str(zh), en=str(en)),
                "shade": shade,
                "said": percent(row["value"]),
            }
        )
    return sorted(tiles_of_regions, key=lambda tile: (tile["line"], tile["column"]))
