"""Every picture of the report with what belongs to it: headline, unit, how to read it, and its table twin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl
from markupsafe import Markup

from xinzhi.report import charts, sketch, svg, tables
from xinzhi.report.catalogue import paragraph, words
from xinzhi.report.charts import bars, lines
from xinzhi.report.section import Figure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from xinzhi.core.text import Text
    from xinzhi.report.tables import Table
    from xinzhi.report.view import View

YEARLY = ("year", "output_growth", *tables.PARTS, "labour_share", "tfp_level", "flags")


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionPage:
    """The page of one region: picture, accounts by period and by year, and its flags in plain words."""

    code: str
    name: Text
    group: Text | None
    headline: Text
    svg: Markup
    facts: tuple[Text, ...]
    periods: Table
    years: Table
    flags: Sequence[Text]


def figures(view: View) -> list[Figure]:
    """Return the pictures of the whole measurement, those that it has figures for."""
    return [_figure(view, kind) for kind in charts.available(view)]


def _figure(view: View, kind: str) -> Figure:
    twins: Mapping[str, Callable[[View], Table]] = {
        "ranking": tables.ranking,
        "map": tables.map_twin,
        "sources": tables.sources,
        "contributions": tables.national_periods,
        "groups": lines_twin,
    }
    twin = twins[kind](view)
    return Figure(
        key=kind,
        section=words("title.contrast" if kind == "groups" and view.contrast else f"title.{kind}"),
        headline=charts.headline(view, kind),
        svg=Markup(svg.render(view, kind)),  # noqa: S704 - made here, its words escaped
        how=_how(view, kind),
        unit=words(f"unit_of.{kind}"),
        twin=twin,
        legend=twin.notes if kind == "ranking" else (),
    )


def _how(view: View, kind: str) -> Text:
    single = {"ranking": view.latest is None, "groups": view.measurement.levels.height == 0}
    how = words(f"how.{kind}_one" if single.get(kind) else f"how.{kind}")
    many = kind in {"ranking", "sources"} and view.of(view.lead).height > bars.MOST
    return paragraph([how, words("how.ends", n=bars.END)]) if many else how


def lines_twin(view: View) -> Table:
    """Return the lines of the macro-regions as a table: cumulated TFP and TFP level by year."""
    frames = {"cumulated": lines.cumulated(view), "group_level": lines.group_levels(view)}
    columns = [tables.column("year")]
    wide: pl.DataFrame | None = None
    for name, frame in frames.items():
        if frame.is_empty():
            continue
        turned = frame.pivot(on="group", index="year", values="value")
        shown = [group for group in view.shown_groups if group.en in turned.columns]
        turned = turned.select("year", *(pl.col(group.en).alias(f"{name} {group.en}") for group in shown))
        kind: tables.Kind = "quantity" if name == "cumulated" else "level"
        unit = "unit_of.index" if name == "cumulated" else "unit_of.level"
        columns += [
            tables.Column(title=words(f"column.{name}", group=group), kind=kind, unit=words(unit)) for group in shown
        ]
        wide = turned if wide is None else wide.join(turned, on="year", how="full", coalesce=True)
    rows = [] if wide is None else wide.sort("year").rows()
    return tables.Table(key="groups", title=words("table.groups"), columns=tuple(columns), rows=rows)


def region_pages(view: View, units: Mapping[str, str]) -> list[RegionPage]:
    """Return the page of every region that was measured.

    Parameters
    ----------
    view
        The measurement.
    units
        Units of the columns of its inputs.
    """
    scales = sketch.frame_of(view)
    yearly = _by_region(view.measurement.frame)
    periods = _by_region(view.measurement.periods)
    inputs = _by_region(view.measurement.inputs)
    return [_page(view, scales, code, yearly[code], periods.get(code), inputs.get(code), units) for code in view.codes]


def _by_region(frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
    parts = frame.fill_nan(None).partition_by("region", as_dict=True, maintain_order=True)
    return {str(key[0]): part for key, part in parts.items()}


def _page(
    view: View,
    scales: sketch.Frame,
    code: str,
    yearly: pl.DataFrame,
    periods: pl.DataFrame | None,
    inputs: pl.DataFrame | None,
    units: Mapping[str, str],
) -> RegionPage:
    from xinzhi.report import answer, flags

    yearly = yearly.sort("year")
    parts = ("period", "output_growth", *tables.PARTS, "tfp_part", "rank", "flags")
    by_period = view.measurement.periods.clear() if periods is None else periods
    return RegionPage(
        code=code,
        name=view.name(code),
        group=view.group_of.get(code),
        headline=answer.region_headline(view, code),
        svg=Markup(sketch.picture(scales, yearly, f"r{code}")),  # noqa: S704 - made here, its words escaped
        facts=answer.facts(inputs, units),
        periods=tables.without_notes(tables.from_frame("region_periods", by_period, parts, view)),
        years=tables.without_notes(tables.from_frame("region_years", yearly, YEARLY, view)),
        flags=flags.in_words(yearly.select("year", "flags").rows()),
    )
