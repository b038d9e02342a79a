"""The verb `debt`: explicit debt and that of financing vehicles, side by side, against output and revenue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.result import Result
from xinzhi.risks.debt.grade import band_set, grade
from xinzhi.risks.inputs import (
    GAPS,
    as_package,
    counted,
    finding,
    names_in,
    provenance,
    refuse,
    setting,
    shorten,
    table,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.core.finding import Finding
    from xinzhi.core.result import FrameKind
    from xinzhi.core.text import Language, Text
    from xinzhi.data import Package

KEYS, _HALF_UNIT = ("region", "year"), 0.05
_TOLD = ("zh", "en", "dated", "source", "status", "numerator", "denominator", "grades")
_FLOWS = ("revenue", "fund_revenue", "expenditure", "output")
_RATIOS = {
    "to_output": (("explicit",), ("output",)),
    "to_revenue": (("explicit",), ("revenue",)),
    "to_revenue_and_funds": (("explicit",), ("revenue", "fund_revenue")),
    "to_expenditure": (("explicit",), ("expenditure",)),
    "fund_share": (("fund_revenue",), ("revenue", "fund_revenue")),
    "vehicles_to_output": (("vehicles",), ("output",)),
    "with_vehicles_to_output": (("explicit", "vehicles"), ("output",)),
}


@dataclass(frozen=True, repr=False, kw_only=True)
class Debt(Result):
    """Debt of regions and what it is held against.

    Parameters
    ----------
    frame
        ``region, year, explicit, general, special, vehicles, hidden, resources, output, output_real, revenue,
        fund_revenue, expenditure``, then the ratios ``to_output, to_revenue, to_revenue_and_funds, to_expenditure,
        fund_share, vehicles_to_output, with_vehicles_to_output`` (1 is 100 %; null where a part is missing), then
        ``band, band_ratio, band_status_zh, band_status_en``. Explicit and vehicle debt are never added except in the
        column that says so.
    bands
        The set of bands: ``name, dated, source, status, numerator, denominator, grades``.
    labels
        Names of the regions.
    findings
        Debt without revenue or output, gaps, and what is missing for a band.
    """

    key: ClassVar[tuple[str, ...]] = KEYS

    bands: Mapping[str, Any]
    labels: Mapping[str, Text]
    findings: tuple[Finding, ...]

    def summary(self, language: Language = "en") -> str:
        """Return the heaviest debt to output and to revenue of the last full year, and why (no) colours are given."""
        zh = language == "zh"
        known = self.frame.drop_nulls("to_output")
        if not known.height:
            return (
                ("没有债务与产出之比。" if zh else "No ratio of debt to output is known.")
                + "\n"
                + self.provenance.foot()
            )
        counts = known.group_by("year").len().filter(pl.col("len") == pl.col("len").max())
        year = int(counts["year"].max() or 0)  # type: ignore[arg-type] # whole years
        last = known.filter(year=year).sort("to_output", descending=True)
        top = [
            f"{self._name(row['region'], language)} {row['to_output']:.1%}"
            for row in last.head(3).iter_rows(named=True)
        ]
        total = float(last["explicit"].to_numpy().sum() / last["output"].to_numpy().sum())
        revenue = last.drop_nulls("to_revenue")
        weight = (
            float(revenue["explicit"].to_numpy().sum() / revenue["revenue"].to_numpy().sum())
            if revenue.height == last.height  # a share of some over the revenue of others would be none
            else None
        )
        graded = last.drop_nulls("band")
        lines = [self._lead(zh=zh, year=year, count=last.height, total=total, weight=weight, top=top)]
        if graded.height:
            tally = ", ".join(f"{name} {count}" for name, count in graded["band"].value_counts(sort=True).iter_rows())
            lines.append(
                f"{self.bands['name']}（{self.bands['dated']}）：{tally}"
                if zh
                else f"{self.bands['name']} ({self.bands['dated']}): {tally}"
            )
        else:
            reason = last["band_status_zh" if zh else "band_status_en"][0]
            lines.append(
                f"未按 {self.bands['name']} 给任何地区评级：{reason}。"
                if zh
                else f"No region is coloured by {self.bands['name']}: {reason}."
            )
        return "\n".join([*lines, self.provenance.foot()])

    def explain(self, region: str) -> pl.DataFrame:
        """Return the years of one region (code or name).

        Raises
        ------
        UsageError
            When the region is not here.
        """
        for code in self.frame["region"].unique():
            name = self.labels.get(code)
            if region in {code, name.zh if name else code, name.en if name else code}:
                return self.frame.filter(pl.col("region") == code)
        message = (
            f"debt: there is no region '{region}'; there are {shorten(self.frame['region'].unique().sort().to_list())}."
        )
        raise UsageError(message)

    def _name(self, code: str, language: Language) -> str:
        return self.labels[code].lang(language) if code in self.labels else code

    @staticmethod
    def _lead(*, zh: bool, year: int, count: int, total: float, weight: float | None, top: list[str]) -> str:
        if zh:
            tail = "" if weight is None else f"，为一般公共预算收入的 {weight:.0%}"
            return f"{year} 年 {count} 个地区显性债务余额合计为产出的 {total:.1%}{tail}；最高：{'、'.join(top)}。"
        tail = "" if weight is None else f" and {weight:.0%} of general budget revenue"
        return f"{year}: explicit debt of {count} regions is {total:.1%} of output{tail}; highest {', '.join(top)}."


def debt(
    source: Any,  # noqa: ANN401 - a package, its name or path, or any kind of frame
    *,
    vehicles: Any = None,  # noqa: ANN401 - any kind of frame
    hidden: Any = None,  # noqa: ANN401 - any kind of frame
    resources: Any = None,  # noqa: ANN401 - any kind of frame
    bands: str | Mapping[str, Any] | None = None,
) -> Debt:
    """Hold the debt of regions against output, revenue and spending, with vehicles apart.

    Parameters
    ----------
    source
        A package with ``debt, fiscal, accounts``, or a frame with ``region, year``, ``explicit`` (or ``debt``),
        ``output`` and what there is of ``revenue, fund_revenue, expenditure, vehicles, hidden, resources``.
    vehicles, hidden, resources
        Frames ``region, year`` and a column of that name: interest-bearing debt of financing vehicles, hidden debt, and
        total fiscal resources (with transfers), in the unit of the debt.
    bands
        A set of ``bands.yaml`` or one of the caller's own (`grading.band_set`).

    Raises
    ------
    InputError
        When debt is negative, output or revenue not positive, or there is no debt at all.

    Notes
    -----
    The ministry's grades are known from the press; their numerator holds hidden debt and their denominator transfers.
    Neither is disclosed by province, so bonds alone colour nobody. Debt to own revenue overstates the burden where
    transfers are large.

    Examples
    --------
    >>> found = debt("china-provinces")
    >>> row = found.frame.filter(region="630000", year=2024).row(0, named=True)
    >>> round(100 * row["to_output"], 1), row["band"]
    (90.1, None)
    """
    package = as_package(source)
    frame, kind = _of_package(package) if package is not None else _of_frame(source)
    frame, notes = _same_scope(frame, package.name if package is not None else None)
    for name, given in (("vehicles", vehicles), ("hidden", hidden), ("resources", resources)):
        if given is None:
            continue
        extra, _ = table(given, [name], verb=f"debt({name}=)", keys=list(KEYS))
        if strange := sorted(set(extra["region"]) - set(frame["region"])):
            message = f"debt: {name} names regions without explicit debt: {shorten(strange)}; use the same codes."
            raise InputError(message)
        frame = frame.drop(name).join(extra.select(*KEYS, name), on=list(KEYS), how="left")
    refuse(frame, ("explicit", "general", "special", "vehicles", "hidden", "fund_revenue"), verb="debt", keys=KEYS)
    refuse(frame, ("output", "revenue", "expenditure", "resources"), verb="debt", keys=KEYS, positive=True)
    if not frame["explicit"].count():
        message = "debt: no row has explicit debt; fill in 'explicit' (or debt_total of the table 'debt')."
        raise InputError(message)
    name, rule = band_set(bands)
    rows = frame.with_columns(_ratio(*parts).alias(ratio) for ratio, parts in _RATIOS.items())
    graded = grade(rows, bands).select(*_COLUMNS, *_RATIOS, "band", "band_ratio", "band_status_zh", "band_status_en")
    return Debt(
        frame=graded.sort(KEYS),
        bands={"name": name} | {one: rule.get(one) for one in _TOLD},
        labels=names_in(package, "regions", "region"),
        findings=(*notes, *_findings(graded)),
        kind=package.kind if package is not None else kind,
        provenance=provenance("debt", package, ["debt", "fiscal", "accounts"] if package else [], bands=name),
    )


_OTHER = ("general", "special", "vehicles", "hidden", "resources", "output_real")
_COLUMNS = (*KEYS, "explicit", *_OTHER[:5], "output", "output_real", "revenue", "fund_revenue", "expenditure")


def _of_package(package: Package) -> tuple[pl.DataFrame, FrameKind]:
    """Return the debt of a package beside its revenue and output."""
    balances = package.require("debt", [*KEYS, "debt_total"], verb="debt", despite=GAPS)
    fiscal = package.require("fiscal", [*KEYS, "revenue"], verb="debt", despite=GAPS)
    accounts = package.require("accounts", [*KEYS, "output_nominal"], verb="debt", despite=GAPS)
    names = {"debt_total": "explicit", "debt_general": "general", "debt_special": "special"}
    kept = [one for one in (*names, "fund_revenue") if one in balances.columns]
    joined = (
        balances.select(*KEYS, *kept)
        .rename({one: new for one, new in names.items() if one in kept})
        .join(fiscal.select(*KEYS, *(n for n in _FLOWS if n in fiscal.columns)), on=list(KEYS), how="left")
        .join(
            accounts.select(*KEYS, *(n for n in ("output_nominal", "output_real") if n in accounts.columns)).rename(
                {"output_nominal": "output"}
            ),
            on=list(KEYS),
            how="left",
        )
    )
    return _complete(joined), package.kind


def _same_scope(frame: pl.DataFrame, name: str | None) -> tuple[pl.DataFrame, list[Finding]]:
    """Return balances without those that are known to cover less than the years before, and what was left out."""
    notes = []
    for one in setting("debt/public_debt.yaml", "other_scope"):
        here = (pl.col("region") == one["region"]) & (pl.col("year") == one["year"])
        here &= (pl.col("explicit") - one["balance"]).abs() < _HALF_UNIT
        if one["package"] != name or not frame.filter(here).height:
            continue
        kept = [column for column in ("explicit", "general", "special") if column in frame.columns]
        frame = frame.with_columns(
            pl.when(~here.fill_null(value=False)).then(pl.col(column)).alias(column) for column in kept
        )
        notes.append(
            finding(
                "other-scope",
                "warning",
                (f"{one['year']} 年余额{one['zh']}，留空", f"the balance of {one['year']} {one['en']}; left empty"),
                ("补齐后才与以前各年可比。", "Complete it to compare it with the years before."),
                table="debt",
                column="explicit",
                key=f"{one['region']}/{one['year']}",
            )
        )
    return frame, notes


def _of_frame(source: Any) -> tuple[pl.DataFrame, FrameKind]:  # noqa: ANN401 - any kind of frame
    """Return a caller's frame with the columns of a package's."""
    frame, kind = table(
        source, ["output"], verb="debt", keys=list(KEYS), optional=["explicit", "debt", *_FLOWS[:3], *_OTHER]
    )
    if "explicit" not in frame.columns:
        if "debt" not in frame.columns:
            message = f"debt needs the column explicit (or debt); the frame has {', '.join(frame.columns)}."
            raise InputError(message)
        frame = frame.rename({"debt": "explicit"})
    return _complete(frame), kind


def _complete(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.lit(None, dtype=pl.Float64).alias(n) for n in _COLUMNS if n not in frame.columns)


def _ratio(above: tuple[str, ...], below: tuple[str, ...]) -> pl.Expr:
    """Return a ratio that is null where a part is missing."""
    total = pl.sum_horizontal(below, ignore_nulls=False)
    return pl.sum_horizontal(above, ignore_nulls=False) / pl.when(total > 0).then(total)


def _findings(frame: pl.DataFrame) -> tuple[Finding, ...]:
    """Return debt that nothing stands against, gaps in years, and what no band can be given for."""
    found = []
    has = frame.drop_nulls("explicit")
    for column, zh in (("revenue", "财政收入"), ("output", "产出")):
        for (year,), rows in has.filter(pl.col(column).is_null()).group_by("year", maintain_order=True):
            codes = rows["region"].to_list()
            found.append(
                finding(
                    f"debt-without-{column}",
                    "warning",
                    (f"{year} 年 {len(codes)} 个地区有债务而无{zh}：{shorten(codes, '、')}",
                     f"debt of {year} without {column} in {counted(len(codes))}: {shorten(codes)}"),
                    ("补充后才有比率；此处留空。", "Its ratio is left empty until it is there."),
                    table="debt",
                    column=column,
                    key=str(year),
                )
            )  # fmt: skip
    found += _jumps(has)
    for (region,), rows in has.group_by("region", maintain_order=True):
        years = rows["year"].to_list()
        if missing := sorted(set(range(years[0], years[-1])) - set(years)):
            listed = [str(one) for one in missing]
            found.append(
                finding(
                    "missing-year",
                    "warning",
                    (f"缺 {shorten(listed, '、')} 年", f"{shorten(listed)} missing inside the series"),
                    ("该年前后的变化不作分解。", "Changes across the gap are not decomposed."),
                    table="debt",
                    key=str(region),
                )
            )
    return tuple(found)


def _jumps(has: pl.DataFrame) -> list[Finding]:
    """Return balances that move by more in a year than limits on debt do."""
    step = (pl.col("explicit") / pl.col("explicit").shift(1).over("region")).log()
    jumps = (
        has.sort(KEYS).with_columns(step=step).filter(pl.col("step").abs() > setting("debt/public_debt.yaml", "jump"))
    )
    return [
        finding(
            "jump",
            "warning",
            (f"余额较上年变动 {step:+.0%}（对数）", f"the balance moves by {step:+.0%} (log) on the year before"),
            ("可能是口径变化；分解时可用 since 排除。", "It may be a change of scope; leave the year out with since=."),
            table="debt",
            column="explicit",
            key=f"{region}/{year}",
        )
        for region, year, step in jumps.select(*KEYS, "step").iter_rows()
    ]
