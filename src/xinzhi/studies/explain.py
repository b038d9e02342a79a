"""What stands behind one figure of a study: its inputs with who issued them, the rules with their references."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xinzhi import risks, sources, words, yardstick
from xinzhi.core.errors import UsageError
from xinzhi.core.flags import marked_span
from xinzhi.core.lazy import pl
from xinzhi.core.schema import describe
from xinzhi.core.text import Text, same
from xinzhi.studies.draft import joined
from xinzhi.yardstick import internal

if TYPE_CHECKING:
    from xinzhi.core.result import Result
    from xinzhi.sources import Sources
    from xinzhi.studies.draft import Study
    from xinzhi.yardstick import Bands, Measurement
    from xinzhi.yardstick.internal import PeriodExplanation

EXPLAINED = ("measure", "bands", "sources", "risks")
Period = tuple[int | str, int | str]
PARTS = ("breakthrough", "allocation", "upgrading")  # they add up to growth


@dataclass(frozen=True, kw_only=True)
class Explained:
    """What stands behind figures of one region.

    Parameters
    ----------
    topic, region
        What was asked.
    text
        For a person.
    figures
        For a program: of a measurement what `Measurement.explain_period` gives; of bands, sources and risks the rows of
        the result beside it.
    account
        The account of the period behind it, where it was measured.
    issuers
        The offices whose figures were read.
    foot
        Protocol and fingerprint.
    """

    topic: str
    region: str
    text: Text
    figures: Mapping[str, object]
    account: PeriodExplanation | None = None
    issuers: Text | None
    foot: Text


def explain(
    study: Study, region: str, *, start: int | str | None = None, end: int | str | None = None, component: str = "tfp"
) -> Explained:
    """Explain a figure of the studies `measure`, `bands`, `sources` or `risks`.

    Parameters
    ----------
    study
        What `xinzhi.study` returned.
    region
        By code or name.
    start, end
        The period; by default the newest one. Risks have none.
    component
        Of a measurement: ``output, capital, labour, human_capital, tfp``.

    Raises
    ------
    UsageError
        When the topic is another one, or there is no such region, period or component.

    Examples
    --------
    >>> import xinzhi
    >>> made = xinzhi.study("measure", "china-provinces")
    >>> found = xinzhi.studies.explain(made, "Guizhou", start=2012, end=2017)
    >>> found.text.zh.splitlines()[0]
    '贵州2012—2017年，全要素生产率：年均0.90%（对数增长率），等级B。'
    """
    if study.name not in EXPLAINED:
        raise UsageError("studies.not-explained", topic=study.name, known=[same(topic) for topic in EXPLAINED])
    if study.name == "risks":
        register = study.result(risks.Register)
        code = register.names.resolve(region, register.codes())
        text = Text(zh=register.explain(code, "zh"), en=register.explain(code, "en"))
        return _explained(study, register, code, text, {"flags": register.frame.filter(region=code).to_dicts()})
    result = _figures_of(study)
    measured = result if isinstance(result, yardstick.Measurement) else result.measurement
    code = measured.names.resolve(region, measured.panel.regions)
    spans = result.frame if isinstance(result, yardstick.Bands) else result.periods
    first, last = (start, end) if start is not None and end is not None else _newest(result)
    keys = (pl.col("region") == code, pl.col("start") == first, pl.col("end") == last)
    rows = spans.filter(*keys).to_dicts()
    figures: dict[str, object] = {}
    account: PeriodExplanation | None = None
    lines: list[Text] = []
    if isinstance(result, yardstick.Bands):
        figures["bands"] = rows
        lines += [_band(row, result) for row in rows]
    elif isinstance(result, sources.Sources):
        inside = pl.col("year").is_between(first, last, closed="right")
        figures["parts"] = rows
        figures["years"] = result.frame.filter(pl.col("region") == code, inside).to_dicts()
        lines += [_parts(row, result) for row in rows]
    if (
        isinstance(result, yardstick.Measurement) or measured.periods.filter(*keys).height
    ):  # sources begin where tables of sectors do
        account = measured.explain_period(code, first, last, component)
        figures["account"] = account.to_dict()
        lines.append(Text(zh=account.text("zh"), en=account.text("en")))
    return _explained(study, result, code, joined(lines), figures, account)


def _figures_of(study: Study) -> Measurement | Bands | Sources:
    """Return the result whose figures are explained."""
    if (measurement := study.find(yardstick.Measurement)) is not None:
        return measurement
    return study.find(yardstick.Bands) or study.result(sources.Sources)


def _part_text(name: str, views: Sequence[Mapping[str, Any]]) -> Text | str:
    """Return the range of a part over the ways to split growth; unknown where the leading way has none."""
    if views[0][name] is None:
        return words.sources.explain_unknown()
    return sources.share_range_text([view[name] for view in views])


def _parts(row: Mapping[str, Any], result: Sources) -> Text:
    """Return the parts of growth of a period, with their ranges over the labour shares that ship."""
    keys = {name: row[name] for name in ("region", "start", "end")}
    views = [row, *(view.periods.filter(**keys).row(0, named=True) for view in result.views[1:])]
    parts = {name: _part_text(name, views) for name in PARTS}
    span = marked_span(row["start"], row["end"], [row["flags"]])
    return words.studies.explain_parts(span=span, tfp=row["tfp_growth"], **parts)


def _newest(result: Measurement | Bands | Sources) -> Period:
    """Return the newest period, as the pages of the topic show it."""
    if isinstance(result, yardstick.Bands):
        return internal.leading_span(result)
    if isinstance(result, sources.Sources):
        newest: Period = result.periods.select("start", "end").sort("end", "start", descending=True).row(0)
        return newest
    span = internal.View(result).spans[-1]
    return span.start, span.end


def _band(row: Mapping[str, Any], result: Bands) -> Text:
    band = {name: row[name] for name in ("median", "low", "high")}
    about = describe("bands", "component").values.get(row["component"], same(row["component"]))
    if row["low"] is None:
        band = {"low": row["relative_low"], "high": row["relative_high"]}
    return (
        words.studies.explain_band(level=result.level, component=about, **band)
        if "median" in band
        else words.studies.explain_relative(level=result.level, component=about, **band)
    )


def _explained(
    study: Study,
    result: Result,
    code: str,
    text: Text,
    figures: Mapping[str, object],
    account: PeriodExplanation | None = None,
) -> Explained:
    mark = result.provenance
    foot = Text(zh=mark.foot("zh"), en=mark.foot("en"))
    issued = [words.shared.label_issued(issuers=mark.issuers)] if mark.issuers else []
    return Explained(
        topic=study.name,
        region=code,
        text=joined([text, *issued]),
        figures=figures,
        account=account,
        issuers=mark.issuers,
        foot=foot,
    )
