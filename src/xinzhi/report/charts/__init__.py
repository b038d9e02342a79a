"""Charts as altair objects in one language: of a measurement six kinds, of an audit five (`audit`), of rooms theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinzhi.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from altair.typing import ChartType

    from xinzhi.core.result import Result
    from xinzhi.core.text import Language, Text
    from xinzhi.report.charts.style import Words
    from xinzhi.report.view import View

KINDS = ("ranking", "map", "sources", "contributions", "groups", "region")


def plot(result: Result, kind: str | None = None, language: Language = "en", *, region: str | None = None) -> ChartType:
    """Draw a result.

    Parameters
    ----------
    result
        What a verb returns.
    kind
        Of a measurement ``ranking`` (the default), ``map``, ``sources``, ``contributions``, ``groups`` or ``region``;
        of an audit ``room`` (the default: the ranks that a ruler of its own would buy each region), ``ranks`` (the
        same ruler for all), ``curve`` (specification curve), ``variance`` or ``reversals``; of the result of a room of
        the essay, those that its page of the documentation names; an unknown kind is answered with the list of them.
    language
        ``en`` or ``zh``.
    region
        The code of the region, for the kinds ``region`` and ``curve`` (where the default is the region that could move
        furthest up), and for the pictures of one region that a room draws.

    Returns
    -------
    altair.Chart
        The chart, with a title that states what it finds; save it with ``chart.save("ranking.svg")``.

    Raises
    ------
    UsageError
        When the kind is unknown, or the result has no picture of that kind.

    Examples
    --------
    >>> import xinzhi
    >>> chart = xinzhi.plot(xinzhi.measure("china-provinces"), "ranking", language="zh")
    >>> chart.to_dict()["title"]["text"]  # doctest: +ELLIPSIS
    '...居首...'
    """
    from xinzhi.report import rooms

    if rooms.knows(result):
        return _of_room(result, kind, language, region)
    kinds = _kinds(result)
    kind = kind or kinds[0]
    if kind not in kinds:
        message = f"unknown kind of chart '{kind}': choose one of {', '.join(kinds)}."
        raise UsageError(message)
    from xinzhi.report.charts.style import Words

    chart, found = _drawn(result, kind, Words(language), region)
    return _titled(chart, found, result, language)


def _titled(chart: ChartType, headline: Text, result: Result, language: Language) -> ChartType:
    import altair as alt

    title = alt.TitleParams(headline.lang(language), subtitle=result.provenance.foot(), fontSize=14, offset=10)
    return chart.properties(title=title)


def _of_room(result: Result, kind: str | None, language: Language, region: str | None) -> ChartType:
    """Return a picture of a room's result, by default its leading one."""
    from xinzhi.report import rooms
    from xinzhi.report.charts.style import Words

    pictures = {one.kind: one for one in rooms.section(result, region=region).pictures}
    if not pictures:
        message = f"this {type(result).__name__} has nothing to draw: it has no figures."
        raise UsageError(message)
    chosen = pictures.get(kind or next(iter(pictures)))
    if chosen is None:
        message = f"unknown kind of chart '{kind}': choose one of {', '.join(pictures)}."
        raise UsageError(message)
    return _titled(chosen.draw(Words(language)), chosen.headline, result, language)


def _kinds(result: Result) -> tuple[str, ...]:
    """Return the kinds of chart of a result, its default first."""
    from xinzhi.report.charts import audit
    from xinzhi.yardstick import Audit, Measurement

    if isinstance(result, Measurement):
        return KINDS
    if isinstance(result, Audit):
        return audit.KINDS
    message = f"there is no picture of a {type(result).__name__} yet."
    raise UsageError(message)


def _drawn(result: Result, kind: str, w: Words, region: str | None) -> tuple[ChartType, Text]:
    """Return the chart of a kind and its headline."""
    from xinzhi.report.audit.view import AuditView
    from xinzhi.report.charts import audit
    from xinzhi.report.view import View
    from xinzhi.yardstick import Audit, Measurement

    if isinstance(result, Audit):
        audited = AuditView(result)
        return audit.draw(audited, kind, w, region=region), audit.headline(audited, kind, region)
    assert isinstance(result, Measurement)  # noqa: S101 - `_kinds` refused all else
    view = View(result)
    return draw(view, kind, w, region=region), headline(view, kind, region)


def draw(view: View, kind: str, w: Words, *, region: str | None = None) -> ChartType:
    """Return the chart of a kind without its title.

    Raises
    ------
    UsageError
        When the measurement has no picture of that kind.
    """
    from xinzhi.report.charts import bars, lines, periods, tiles
    from xinzhi.report.charts import region as one

    if kind == "region":
        return one.region(view, w, region)
    if kind not in available(view):
        message = f"this measurement has no picture of the kind '{kind}': choose one of {', '.join(available(view))}."
        raise UsageError(message)
    makers: Mapping[str, Callable[[View, Words], ChartType]] = {
        "ranking": bars.ranking,
        "sources": bars.sources,
        "map": tiles.tile_map,
        "contributions": periods.contributions,
        "groups": lines.groups,
    }
    return makers[kind](view, w)


def available(view: View) -> tuple[str, ...]:
    """Return the kinds of chart of the whole measurement that it has figures for."""
    ranked = view.of(view.lead).drop_nulls("tfp_growth").height > 0
    has = {
        "ranking": ranked,
        "map": ranked and bool(view.tiles),
        "sources": ranked,
        "contributions": view.national_periods.drop_nulls("output_growth").height > 0,
        "groups": bool(view.shown_groups) and view.measurement.groups.height > 0,
    }
    return tuple(kind for kind in KINDS if has.get(kind))


def headline(view: View, kind: str, region: str | None = None) -> Text:
    """Return the sentence that a chart shows."""
    from xinzhi.report import answer

    if kind == "region" and region is not None:
        from xinzhi.report.catalogue import words

        return words("headline.region", name=view.name(region), finding=answer.region_headline(view, region))
    makers: Mapping[str, Callable[[View], Text]] = {
        "ranking": answer.ranking_headline,
        "map": answer.map_headline,
        "sources": answer.sources_headline,
        "contributions": answer.contributions_headline,
        "groups": answer.groups_headline,
    }
    return makers[kind](view)
