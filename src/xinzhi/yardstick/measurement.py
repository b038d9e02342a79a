"""The result of measuring, and every input, mark, parameter and reference behind one figure of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from xinzhi.core.errors import UsageError
from xinzhi.core.result import Result
from xinzhi.core.text import Text
from xinzhi.yardstick.periods import official_span

if TYPE_CHECKING:
    import polars as pl

    from xinzhi.core.text import Language
    from xinzhi.protocol import Protocol
    from xinzhi.yardstick.growth_accounts import GrowthAccounts
    from xinzhi.yardstick.panel import Panel


@dataclass(frozen=True, repr=False, kw_only=True)
class Measurement(Result):
    """Growth accounts of every region under one protocol.

    Growth and contributions are log points (0.01 is about 1 %), per year; levels are ratios.

    Parameters
    ----------
    frame
        ``region, year, output_growth, capital_growth, labour_growth, human_capital_growth, labour_share,
        capital_contribution, labour_contribution, human_capital_contribution, tfp_growth, tfp_level, flags``:
        one row per region and year for which every input is known in this year and the year before.
        `tfp_level` is relative to the mean of the regions in that year (= 1). `flags` joins marks with ``;``,
        each ``kind:series`` with the kinds ``extrapolated, proxy, carried, break, missing, first_published``.
    inputs
        ``region, year, output, capital, labour, human_capital, labour_share, flags``: the levels behind `frame`.
    periods
        ``region, start, end`` (growth of the years after `start`, up to `end`), the mean per year of every growth
        and contribution of `frame`, ``tfp_part`` (TFP growth / output growth), ``rank`` (1 = highest TFP growth in
        that period), ``flags``. Regions that lack a year of a period are left out of it; the last period is the
        whole span of the figures.
    levels
        ``region, year, output_per_worker, capital_per_worker, tfp_level, tfp_to_leader, leader``: the first three
        relative to the mean of the regions (geometric mean = 1), the fourth to the leader (= 1).
    national, national_periods
        The columns of `frame` and `periods` for the sum of the regions (region is ``total``).
    groups, group_periods
        The same for the sum of the regions of each macro-region (region is its ``group_en``).
    coverage
        ``series, column, first_year, last_year, last_official_year, last_revised_year``: how far figures carry.
    omitted
        ``region, year, output_growth, missing``: years that could not be measured, and the series that is missing.
    regions
        ``region, name_zh, name_en, abbr, group_zh, group_en`` of every region measured.
    protocol, panel
        The resolved protocol and the aligned data, from which `explain` answers.
    price_base
        The year in whose prices levels are compared and regions added up; None: at the prices of the data.
    identity_gap
        Largest absolute difference between output growth and the sum of its contributions.
    accounts
        The arrays behind `frame` and `inputs`, for whatever is computed from the same measurement.
    """

    verb: ClassVar[str] = "measure"
    key: ClassVar[tuple[str, ...]] = ("region", "year")

    inputs: pl.DataFrame
    periods: pl.DataFrame
    levels: pl.DataFrame
    national: pl.DataFrame
    national_periods: pl.DataFrame
    groups: pl.DataFrame
    group_periods: pl.DataFrame
    coverage: pl.DataFrame
    omitted: pl.DataFrame
    regions: pl.DataFrame
    protocol: Protocol
    panel: Panel
    price_base: int | None
    identity_gap: float
    accounts: GrowthAccounts | None = None

    def explain(self, region: str | int, year: int | str) -> Explanation:
        """Return every input, mark, parameter and reference behind the figures of one region and year.

        The region may be named by its code or by its Chinese or English name.

        Raises
        ------
        UsageError
            When the region or the year was not measured; the message says why.

        Examples
        --------
        >>> import xinzhi
        >>> print(xinzhi.measure("china-provinces").explain("220000", 2017).text("en"))  # doctest: +ELLIPSIS
        Jilin 2017...
        """
        return explain(self, region, year)

    def summary(self, language: Language = "en") -> str:
        """Return the ranking of the whole span and the national accounts in a few lines."""
        return summarise(self, language)


INPUTS = {
    "output": Text(zh="产出", en="output"),
    "capital": Text(zh="资本", en="capital"),
    "labour": Text(zh="劳动", en="labour"),
    "human_capital": Text(zh="人力资本", en="human capital"),
    "labour_share": Text(zh="劳动者报酬份额", en="labour share"),
}
TFP = Text(zh="全要素生产率", en="total factor productivity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What stands behind the growth of one region in one year.

    Parameters
    ----------
    region, year, name
        The region, its name and the year.
    frame
        ``item, before, value, growth, weight, contribution``: the levels of the year before and of the year, and how
        they enter the accounts (log points). The last row is TFP.
    sources
        ``column, before, value``: the figures of the package that were read for this region.
    parameters
        ``parameter, value, unit, description_zh, description_en, reference``: the rules in force in that year.
    flags
        The marks of the year.
    foot
        The protocol and its fingerprint.
    """

    region: str
    year: int
    name: Text
    frame: pl.DataFrame
    sources: pl.DataFrame
    parameters: pl.DataFrame
    flags: str
    foot: str

    def text(self, language: Language = "en") -> str:
        """Return the explanation as lines for a person."""
        labels = INPUTS | {"tfp": TFP}
        growth = Text(
            zh="增长 {:.2%}，权重 {:.3f}，贡献 {:.2%}", en="growth {:.2%}, weight {:.3f}, contribution {:.2%}"
        )
        plain = Text(zh="增长 {:.2%}", en="growth {:.2%}")
        lines = [f"{self.name.lang(language)} {self.year}  {self.flags}".rstrip()]
        for row in self.frame.iter_rows(named=True):
            label = labels[row["item"]].lang(language)
            numbers = "" if row["value"] is None else f"{_number(row['before'])} → {_number(row['value'])}  "
            if row["contribution"] is not None:
                note = growth.lang(language).format(row["growth"], row["weight"], row["contribution"])
            else:
                note = "" if row["growth"] is None else plain.lang(language).format(row["growth"])
            lines.append(f"  {label}: {numbers}{note}".rstrip())
        lines += [
            f"  {row['parameter']} = {row['value']}  [{row['reference']}]"
            for row in self.parameters.iter_rows(named=True)
        ]
        return "\n".join([*lines, self.foot])

    def __repr__(self) -> str:
        """Return the English text."""
        return self.text()


def _number(value: float) -> str:
    """Return a figure with about five digits, never in powers of ten."""
    return f"{value:,.1f}" if abs(value) >= 100 else f"{value:.4f}"  # noqa: PLR2004 - where decimals stop to matter


def explain(result: Measurement, region: str | int, year: int | str) -> Explanation:
    """Return what stands behind one region and year of a measurement."""
    import polars as pl

    region, year = _code(result, str(region)), _whole(year)
    row = result.frame.filter((pl.col("region") == region) & (pl.col("year") == year))
    if not row.height:
        raise UsageError(_why_not(result, region, year))
    here = row.row(0, named=True)
    names = result.regions.filter(pl.col("region") == region).row(0, named=True)
    return Explanation(
        region=region,
        year=year,
        name=Text(zh=names["name_zh"], en=names["name_en"]),
        frame=_accounts(result, here),
        sources=_sources(result, region, year),
        parameters=_parameters(result, year),
        flags=here["flags"],
        foot=result.provenance.foot(),
    )


def _code(result: Measurement, region: str) -> str:
    """Return the code of a region that may be given by name."""
    for code, *names in result.regions.select("region", "name_zh", "name_en").iter_rows():
        if region in {code, *names}:
            return str(code)
    return region


def _whole(year: int | str) -> int:
    """Return a year as a whole number."""
    try:
        return int(year)
    except ValueError as error:
        message = f"year {year!r}: give a whole number such as 2017."
        raise UsageError(message) from error


def _why_not(result: Measurement, region: str, year: int) -> str:
    """Say why a region and year was not measured."""
    import polars as pl

    if region not in result.panel.regions:
        return f"region '{region}' is not in the package; it has {', '.join(result.panel.regions[:8])}, ..."
    row = result.omitted.filter((pl.col("region") == region) & (pl.col("year") == year))
    if row.height:
        return f"region {region} was not measured in {year}: missing there or in {year - 1}: {row['missing'][0]}."
    mine = result.frame.filter(pl.col("region") == region)["year"].to_list()
    reach = f"it was measured {min(mine)}-{max(mine)}" if mine else "it was never measured"
    return f"region {region} has no growth of output in {year}; {reach}."


def _accounts(result: Measurement, here: dict[str, float]) -> pl.DataFrame:
    """Return levels, growth, weights and contributions."""
    import polars as pl

    region, year = here["region"], here["year"]
    level = result.inputs.filter((pl.col("region") == region) & pl.col("year").is_in([year - 1, year])).sort("year")
    share = here["labour_share"]
    weight = {"capital": 1 - share, "labour": share, "human_capital": share}
    rows = [
        {
            "item": item,
            "before": level[item][0],
            "value": level[item][1],
            "growth": here.get(f"{item}_growth"),
            "weight": weight.get(item),
            "contribution": here.get(f"{item}_contribution"),
        }
        for item in INPUTS
    ]
    rows.append({"item": "tfp", "growth": here["tfp_growth"]})
    number = dict.fromkeys(("before", "value", "growth", "weight", "contribution"), pl.Float64)
    return pl.DataFrame(rows, schema={"item": pl.String, **number})


def _sources(result: Measurement, region: str, year: int) -> pl.DataFrame:
    """Return the figures of the package in this year and the year before; an unofficial one is marked."""
    import polars as pl

    panel = result.panel
    row, column = panel.regions.index(region), int(year - panel.years[0])
    rows = []

    def add(name: str, before: float, value: float, *, official: bool) -> None:
        if np.isfinite(value) or np.isfinite(before):
            rows.append({"column": name, "before": before, "value": value, "official": official})

    for name, values in panel.accounts.items():
        mask = panel.unofficial.get(name)
        add(f"accounts.{name}", *values[row, column - 1 : column + 1], official=mask is None or not mask[row, column])
    for name, cells in panel.investment.items():
        mask = panel.unofficial.get(name)
        for item, asset in enumerate(panel.assets):
            pair = cells[item, row, column - 1 : column + 1]
            official = mask is None or not bool(mask[item, row, column])
            add(f"investment.{name}[{asset}]", *pair, official=official)
    schema = {"column": pl.String, "before": pl.Float64, "value": pl.Float64, "official": pl.Boolean}
    return pl.DataFrame(rows, schema=schema).with_columns(pl.col("before", "value").fill_nan(None))


def _parameters(result: Measurement, year: int) -> pl.DataFrame:
    """Return the parameters of the protocol that are filled, as they stand in that year."""
    import polars as pl

    rows = []
    for path, parameter in result.protocol.parameters.items():
        value = result.protocol.value(path, year) if result.protocol.declares(path) else None
        if value is None:
            continue
        rows.append(
            {
                "parameter": path,
                "value": str(value),
                "unit": parameter.unit,
                "description_zh": parameter.description.zh,
                "description_en": parameter.description.en,
                "reference": "; ".join(item.title for item in parameter.reference),
            }
        )
    return pl.DataFrame(rows)


def summarise(result: Measurement, language: Language) -> str:
    """Return the latest official period and the whole span in a few lines."""
    import polars as pl

    periods = result.periods
    if not periods.height:
        return result.provenance.foot()
    official, whole = official_span(periods), periods.select("start", "end").row(-1)
    lines: list[str] = []
    for span in dict.fromkeys((official, whole)):
        here = (pl.col("start") == span[0]) & (pl.col("end") == span[1])
        rows = periods.filter(here).sort("rank").join(result.regions, on="region", how="left", maintain_order="left")
        lines += _span_lines(rows, result.national_periods.filter(here), span, language)
    return "\n".join([*lines, result.provenance.foot()])


def _span_lines(rows: pl.DataFrame, total: pl.DataFrame, span: tuple[int, int], language: Language) -> list[str]:
    """Return one period: whether it rests on extrapolated figures, the sum of the regions, the first and the last."""
    import polars as pl

    late = rows["flags"].str.contains("extrapolated:").any()
    note = Text(zh="（含外推数据）", en=" (partly on extrapolated figures)").lang(language) if late else ""
    head = Text(zh="全要素生产率年均增长", en="TFP growth a year").lang(language)
    all_regions = Text(zh="全部地区合计", en="all regions together").lang(language)
    ends = pl.concat([rows.head(3), rows.tail(3)]).unique("region", maintain_order=True)
    return [
        f"{head} {span[0]}-{span[1]}{note}",
        *(f"  {all_regions}: {growth:.2%}" for growth in total["tfp_growth"]),
        *(f"  {row['rank']}. {row[f'name_{language}']}: {row['tfp_growth']:.2%}" for row in ends.iter_rows(named=True)),
    ]
