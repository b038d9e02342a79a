"""Explain: the industries, what moved between them, and the assumptions behind one region and year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xinzhi.core.errors import UsageError
from xinzhi.core.text import Text
from xinzhi.sources.assumptions import catalogue
from xinzhi.sources.phrases import region_code
from xinzhi.sources.tables import PARTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from xinzhi.core.text import Language
    from xinzhi.sources.decompose import Sources

LABELS = {
    "tfp_growth": Text(zh="全要素生产率增长", en="TFP growth"),
    "breakthrough": Text(zh="技术突破（前沿推进）", en="breakthrough (movement of best practice)"),
    "allocation": Text(zh="要素优化配置", en="better allocation of factors"),
    "allocation_capital": Text(zh="配置：资本", en="allocation of capital"),
    "allocation_labour": Text(zh="配置：劳动", en="allocation of labour"),
    "upgrading_traditional": Text(zh="传统产业升级", en="upgrading of traditional industries"),
    "upgrading_emerging": Text(zh="新兴产业升级", en="upgrading of emerging industries"),
    "unallocated": Text(zh="未分配差额", en="unallocated gap"),
    "output_gap": Text(zh="官方增长与行业汇总之差", en="official growth less the sum of industries"),
}
_SECTORS = {
    "1": Text(zh="第一产业", en="primary sector"),
    "2": Text(zh="第二产业", en="secondary sector"),
    "3": Text(zh="第三产业", en="tertiary sector"),
    "total": Text(zh="全部", en="whole economy"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcesExplanation:
    """What stands behind the sources of one region in one year.

    Parameters
    ----------
    region, year, name
        The region, its name and the year.
    parts
        ``part, value``: the parts in log points, the residual first.
    industries
        The rows of `Sources.industries` for this region and year.
    assumptions
        ``assumption, value, departs, description_zh, description_en, reference``.
    flags, foot
        The marks of the year; the protocol and its fingerprint.
    labels
        Names of the industries.
    """

    region: str
    year: int
    name: Text
    parts: pl.DataFrame
    industries: pl.DataFrame
    assumptions: pl.DataFrame
    flags: str
    foot: str
    labels: Mapping[str, Text]

    def text(self, language: Language = "en") -> str:
        """Return the explanation as lines for a person."""
        zh = language == "zh"
        lines = [f"{self.name.lang(language)} {self.year}  {self.flags}".rstrip()]
        for part, value in self.parts.iter_rows():
            shown = ("无法计算" if zh else "cannot be computed") if value is None else f"{value:+.2%}"
            lines.append(f"  {LABELS[part].lang(language)}: {shown}")
        words = (
            "{label}：权重 {weight:.3f}，残差 {tfp_growth:+.2%}，前沿 {frontier}，与前沿的距离 {distance}"
            if zh
            else "{label}: weight {weight:.3f}, residual {tfp_growth:+.2%}, frontier {frontier}, distance {distance}"
        )
        lines += [
            "  "
            + words.format(
                label=self.labels[row["industry"]].lang(language),
                weight=row["weight"],
                tfp_growth=row["tfp_growth"],
                frontier=_percent(row["frontier_growth"]),
                distance=_percent(row["distance"]),
            )
            for row in self.industries.iter_rows(named=True)
        ]
        lines += [
            f"  {row['assumption']} = {row['value']}  [{row['reference']}]"
            for row in self.assumptions.iter_rows(named=True)
        ]
        return "\n".join([*lines, self.foot])

    def __repr__(self) -> str:
        """Return the English text."""
        return self.text()


def industry_labels(codes: Sequence[str], table: pl.DataFrame | None = None) -> dict[str, Text]:
    """Return the names of industries: those of the package's table `industries`, of the three sectors, else the code.

    Examples
    --------
    >>> industry_labels(["1", "26"])["1"].en
    'primary sector'
    """
    known = dict(_SECTORS)
    if table is not None and {"industry", "name_zh", "name_en"} <= set(table.columns):
        rows = table.select("industry", "name_zh", "name_en").rows()
        known |= {code: Text(zh=zh or en or code, en=en or zh or code) for code, zh, en in rows}
    return {code: known.get(code, Text(zh=code, en=code)) for code in codes}


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:+.2%}"


def explain(result: Sources, region: str | int, year: int | str) -> SourcesExplanation:
    """Return what stands behind one region and year of a decomposition."""
    import polars as pl

    code = region_code(result, str(region))
    try:
        when = int(year)
    except ValueError:
        message = f"year {year!r} is no whole number."
        raise UsageError(message) from None
    rows = result.frame.filter(pl.col("region") == code, pl.col("year") == when)
    if not rows.height:
        raise UsageError(_why_not(result, code, when))
    here = rows.row(0, named=True)
    names = result.measurement.regions.filter(pl.col("region") == code).row(0, named=True)
    wanted = ("tfp_growth", "breakthrough", *_order())
    industries = result.industries.filter(pl.col("region") == code, pl.col("year") == when)
    return SourcesExplanation(
        region=code,
        year=when,
        name=Text(zh=names["name_zh"], en=names["name_en"]),
        parts=pl.DataFrame({"part": wanted, "value": [here[name] for name in wanted]}),
        industries=industries,
        assumptions=assumption_frame(result),
        flags=here["flags"],
        foot=result.provenance.foot(),
        labels=result.labels,
    )


def _order() -> list[str]:
    """Return the parts after breakthrough, each allocation under its sum."""
    out = []
    for part in PARTS[1:]:
        out.append(part)
        if part == "allocation":
            out += ["allocation_capital", "allocation_labour"]
    return [*out, "unallocated", "output_gap"]


def _why_not(result: Sources, region: str, year: int) -> str:
    """Say why a region-year was not decomposed."""
    import polars as pl

    left = result.omitted.filter(pl.col("region") == region, pl.col("year") == year)
    if left.height:
        return (
            f"region {region} was not decomposed in {year}: missing in it or in the year before: {left['missing'][0]}."
        )
    years = result.frame.filter(pl.col("region") == region)["year"]
    if not len(years):
        return f"region {region} was decomposed in no year: see omitted and coverage."
    return f"region {region} was decomposed for {years[0]}-{years[-1]}, not for {year}."


def assumption_frame(result: Sources) -> pl.DataFrame:
    """Return the assumptions in force, with their reasons and references."""
    import polars as pl

    options = result.provenance.options
    rows = []
    for name, entry in catalogue().items():
        value = options.get(f"assume.{name}", entry["value"])
        rows.append(
            {
                "assumption": name,
                "value": "table" if isinstance(value, dict) else str(value),
                "departs": f"assume.{name}" in options,
                "description_zh": entry["description"]["zh"],
                "description_en": entry["description"]["en"],
                "reference": "; ".join(f"{item['title']}, {item['where']}" for item in entry["reference"]),
            }
        )
    return pl.DataFrame(rows)
