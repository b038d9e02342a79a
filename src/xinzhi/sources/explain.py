"""Explain: the industries, what moved between them, and the assumptions behind one region and year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xinzhi.core.errors import UsageError
from xinzhi.core.text import words
from xinzhi.sources.assumptions import catalogue
from xinzhi.sources.facts import lacking
from xinzhi.sources.tables import PARTS

if TYPE_CHECKING:
    import polars as pl

    from xinzhi.core.names import Names
    from xinzhi.core.text import Language, Text
    from xinzhi.sources.decompose import Sources


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
    names
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
    names: Names

    def text(self, language: Language = "en") -> str:
        """Return the explanation as lines for a person."""
        lines = [f"{self.name.lang(language)} {self.year}  {self.flags}".rstrip()]
        for part, value in self.parts.iter_rows():
            said = words("sources.explain.unknown") if value is None else words("sources.explain.value", value=value)
            lines.append(f"  {words(f'sources.quantity.{part}').lang(language)}: {said.lang(language)}")
        for row in self.industries.iter_rows(named=True):
            line = words("sources.explain.industry", **row | {"label": self.names.text("industry", row["industry"])})
            lines.append(f"  {line.lang(language)}")
        lines += [
            f"  {row['assumption']} = {row['value']}  [{row['reference']}]"
            for row in self.assumptions.iter_rows(named=True)
        ]
        return "\n".join([*lines, self.foot])

    def __repr__(self) -> str:
        """Return the English text."""
        return self.text()


def explain(result: Sources, region: str | int, year: int | str) -> SourcesExplanation:
    """Return what stands behind one region and year of a decomposition."""
    import polars as pl

    code = result.names.resolve(region, result.measurement.panel.regions)
    try:
        when = int(year)
    except ValueError:
        raise UsageError("sources.no-year", year=year) from None
    rows = result.frame.filter(pl.col("region") == code, pl.col("year") == when)
    if not rows.height:
        raise _why_not(result, code, when)
    here = rows.row(0, named=True)
    wanted = ("tfp_growth", "breakthrough", *_order())
    industries = result.industries.filter(pl.col("region") == code, pl.col("year") == when)
    return SourcesExplanation(
        region=code,
        year=when,
        name=result.names.region(code),
        parts=pl.DataFrame({"part": wanted, "value": [here[name] for name in wanted]}),
        industries=industries,
        assumptions=assumption_frame(result),
        flags=here["flags"],
        foot=result.provenance.foot(),
        names=result.names,
    )


def _order() -> list[str]:
    """Return the parts after breakthrough, each allocation under its sum."""
    out = []
    for part in PARTS[1:]:
        out.append(part)
        if part == "allocation":
            out += ["allocation_capital", "allocation_labour"]
    return [*out, "unallocated", "output_gap"]


def _why_not(result: Sources, region: str, year: int) -> UsageError:
    """Return why a region-year was not decomposed."""
    import polars as pl

    name = result.names.region(region)
    left = result.omitted.filter(pl.col("region") == region, pl.col("year") == year)
    if left.height:
        missing = lacking(left["missing"][0], result.names)
        return UsageError("sources.year-omitted", name=name, year=year, missing=missing)
    years = result.frame.filter(pl.col("region") == region)["year"]
    if not len(years):
        return UsageError("sources.region-omitted", name=name)
    return UsageError("sources.other-years", name=name, first=years[0], last=years[-1], year=year)


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
