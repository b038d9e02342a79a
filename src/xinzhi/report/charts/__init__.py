"""Charts as altair objects in one language; each belongs to the section of a result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinzhi.core.errors import UsageError

if TYPE_CHECKING:
    from altair.typing import ChartType

    from xinzhi.core.result import Result
    from xinzhi.core.text import Language


def plot(result: Result, kind: str | None = None, language: Language = "en", *, region: str | None = None) -> ChartType:
    """Draw a result.

    Parameters
    ----------
    result
        What a verb returns.
    kind
        Of a measurement ``ranking`` (the default), ``map``, ``sources``, ``contributions``, ``groups`` or, where
        `region` is given, ``region``; of an audit ``room`` (the default: the ranks that a yardstick of its own would
        buy each region), ``ranks`` (the same yardstick for all), ``curve`` (specification curve), ``variance`` or
        ``reversals``; of other results those that their page of the documentation names; an unknown kind is answered
        with the list of them.
    language
        ``en`` or ``zh``.
    region
        The region, by code or name, for pictures of one region; the default is a telling one.

    Returns
    -------
    altair.Chart
        The chart, with a title that states what it finds; save it with ``chart.save("ranking.svg")``.

    Raises
    ------
    UsageError
        When the kind or the region is unknown, or the result has no picture.

    Examples
    --------
    >>> import xinzhi
    >>> chart = xinzhi.plot(xinzhi.measure("china-provinces"), "ranking", language="zh")
    >>> chart.to_dict()["title"]["text"]  # doctest: +ELLIPSIS
    '...居首...'
    """
    import altair as alt

    from xinzhi.report.charts.style import Words
    from xinzhi.report.pages import section

    pictures = {one.kind: one for one in section(result, region=region).pictures}
    if not pictures:
        raise UsageError("report.nothing-to-draw", name=type(result).__name__)
    chosen = pictures.get(kind or next(iter(pictures)))
    if chosen is None:
        raise UsageError("report.no-such-chart", kind=kind, kinds=", ".join(pictures), name=type(result).__name__)
    foot = result.provenance.foot()
    title = alt.TitleParams(chosen.headline.lang(language), subtitle=foot, fontSize=14, offset=10)
    return chosen.draw(Words(language)).properties(title=title)
