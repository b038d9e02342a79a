"""Phrases: names, figures and lists as the sentences of the room write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinzhi.core.errors import UsageError
from xinzhi.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from xinzhi.sources.decompose import Sources

_SERIES = {
    "output": Text(zh="增加值", en="value added"),
    "real output": Text(zh="不变价增加值", en="real value added"),
    "growth of output": Text(zh="不变价增加值的增长", en="growth of value added"),
    "capital": Text(zh="资本", en="capital"),
    "labour": Text(zh="劳动", en="labour"),
    "labour share": Text(zh="劳动者报酬份额", en="labour share"),
}
_KNOWN = 8  # regions that a message lists
SHORT = {
    "breakthrough": Text(zh="技术突破", en="breakthrough"),
    "allocation": Text(zh="要素配置", en="allocation"),
    "upgrading": Text(zh="产业升级", en="upgrading"),
    "upgrading_traditional": Text(zh="传统产业升级", en="upgrading of traditional industries"),
    "upgrading_emerging": Text(zh="新兴产业升级", en="upgrading of emerging industries"),
    "within": Text(zh="行业自身", en="the industries' own growth"),
    "allocation_between": Text(zh="地区之间的流动", en="moves between regions"),
    "unallocated": Text(zh="未分配差额", en="the unallocated gap"),
}


def whole_span(result: Sources, table: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of a table of periods over the longest period that regions fill.

    Macro-regions that lack a year of it have no row there, however many they have in shorter periods.
    """
    spans = result.periods.select("start", "end").unique().sort("end")
    if not spans.height:
        return table.clear()
    start, end = spans.sort(spans["end"] - spans["start"], maintain_order=True).row(-1)
    return table.filter((table["start"] == start) & (table["end"] == end))


def group_names(result: Sources) -> dict[str, Text]:
    """Return the macro-regions and the whole by the names that stand in `Sources.groups`."""
    rows = result.measurement.regions.select("group_en", "group_zh").unique(maintain_order=True).rows()
    known = {en: Text(zh=zh or en, en=en) for en, zh in rows if en}
    return {**known, "total": Text(zh="全部地区", en="all regions together")}


def region_names(result: Sources) -> dict[str, Text]:
    """Return the name of every region by its code."""
    rows = result.measurement.regions.select("region", "name_zh", "name_en").rows()
    return {code: Text(zh=zh or en or code, en=en or zh or code) for code, zh, en in rows}


def region_code(result: Sources, region: str) -> str:
    """Return the code of a region that is given by code or name.

    Raises
    ------
    UsageError
        When no region has that code or name.
    """
    for code, *names in result.measurement.regions.select("region", "name_zh", "name_en").iter_rows():
        if region in {code, *names}:
            return str(code)
    shown = ", ".join(result.measurement.regions["region"].sort().head(_KNOWN))
    message = f"there is no region '{region}': they are {shown}, ... by code, or their names."
    raise UsageError(message)


def points(value: float) -> str:
    """Write log points as percentage points, with a sign; what rounds to zero has none."""
    shown = round(100 * value, 2)
    return f"{shown:+.2f}".replace("-", "−") if shown else "0.00"


def plain(value: float) -> str:
    """Write log points as percentage points, without a sign where they are above zero."""
    return points(value).removeprefix("+")


def joined(parts: Sequence[Text]) -> Text:
    """Join phrases to a list in both languages."""
    en = [part.en for part in parts]
    return Text(
        zh="，".join(part.zh for part in parts),
        en=", ".join(en[:-1]) + " and " + en[-1] if len(en) > 1 else "".join(en),
    )


def known_parts(row: Mapping[str, Any]) -> dict[str, float]:
    """Return the known parts of a row; where there is no frontier, what the industries did themselves is one part."""
    rest = {name: row.get(name) for name in ("allocation", "allocation_between", "unallocated")}
    if row["breakthrough"] is None:
        own = {"within": row["tfp_growth"] - sum(value or 0.0 for value in rest.values())}
    elif row["upgrading_emerging"]:
        own = {name: row[name] for name in ("breakthrough", "upgrading_traditional", "upgrading_emerging")}
    else:
        own = {"breakthrough": row["breakthrough"], "upgrading": row["upgrading_traditional"]}
    known = own | {name: value for name, value in rest.items() if value is not None and abs(value) > 0}
    order = [name for name in SHORT if name in known]
    return {name: known[name] for name in order}


def lacking(missing: str, labels: Mapping[str, Text]) -> Text:
    """Say in both languages what a region-year of `Sources.omitted` lacks, with the names of its industries.

    Examples
    --------
    >>> lacking("capital of every industry; labour of 26", {"26": Text(zh="化工", en="chemicals")}).zh
    '全部行业的资本；化工的劳动'
    """
    parts = []
    for one in missing.split("; "):
        series, _, which = one.rpartition(" of ")
        name = _SERIES[series]
        some = [labels.get(code, Text(zh=code, en=code)) for code in which.split(", ")]
        if which == "every industry":
            some = [Text(zh="全部行业", en=which)]
        zh, en = "、".join(one.zh for one in some), ", ".join(one.en for one in some)
        parts.append(Text(zh=f"{zh}的{name.zh}", en=f"{name.en} of {en}"))
    return Text(zh="；".join(part.zh for part in parts), en="; ".join(part.en for part in parts))
