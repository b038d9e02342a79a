"""The verb `debt_dynamics`: what moved the ratio of debt to output, exactly, and what would hold it still."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl

from xinzhi.core.errors import IdentityError, InputError
from xinzhi.core.result import Result
from xinzhi.risks.debt.debt import KEYS, Debt, debt
from xinzhi.risks.inputs import as_package, finding, provenance, refuse, setting, shorten, table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.core.finding import Finding
    from xinzhi.core.result import FrameKind
    from xinzhi.core.text import Language, Text

_FILE = "debt/public_debt.yaml"
_PARTS = ("interest_effect", "real_growth_effect", "price_effect", "primary_effect", "residual")


@dataclass(frozen=True, repr=False, kw_only=True)
class DebtDynamics(Result):
    """What moved debt to output.

    Parameters
    ----------
    frame
        ``region, year, debt_ratio, previous, change, growth, rate, interest_effect, real_growth_effect, price_effect,
        primary_effect, residual, net_borrowing, stabilising_balance, primary_balance, primary_gap, discrepancy``: one
        row a region and year after the first. The effects add up to `change`. `primary_effect` is less the primary
        balance, null where it is not given; the residual then holds both, as `net_borrowing` always does.
        `stabilising_balance` would keep the ratio; `primary_gap` is what the balance lacks of it. Without real output
        `price_effect` is null and `real_growth_effect` that of nominal growth.
    labels
        Names of the regions.
    findings
        Years that a region lacks within its span, whose change cannot be decomposed.
    """

    key: ClassVar[tuple[str, ...]] = KEYS

    labels: Mapping[str, Text]
    findings: tuple[Finding, ...] = ()

    def summary(self, language: Language = "en") -> str:
        """Return what raised the ratio over the whole span, on average, and where borrowing outran it most."""
        zh = language == "zh"
        years = self.frame["year"].to_numpy()
        first, last = int(years.min()), int(years.max())
        mean = {name: float(self.frame[name].fill_null(0.0).mean() or 0.0) for name in ("change", *_PARTS)}  # type: ignore[arg-type] # numbers
        growth = mean["real_growth_effect"] + mean["price_effect"]
        gaps = self.frame.group_by("region").agg(pl.col("change").mean()).sort("change", descending=True).head(3)
        worst = [
            f"{self.labels[code].lang(language) if code in self.labels else code} {100 * value:+.1f}"
            for code, value in gaps.iter_rows()
        ]
        net = mean["primary_effect"] + mean["residual"]
        if zh:
            head = (
                f"{first}-{last} 年负债率平均每年变动 {100 * mean['change']:+.2f} 个百分点：利息 "
                f"{100 * mean['interest_effect']:+.2f}，增长与价格 {100 * growth:+.2f}，新增净举债 {100 * net:+.2f}。"
            )
            tail = f"上升最快：{'、'.join(worst)}。"
        else:
            head = (
                f"{first}-{last}: debt to output moves by {100 * mean['change']:+.2f} points a year on average: "
                f"interest {100 * mean['interest_effect']:+.2f}, growth and prices {100 * growth:+.2f}, "
                f"net borrowing {100 * net:+.2f}."
            )
            tail = f"Fastest: {', '.join(worst)} points a year."
        return f"{head}\n{tail}\n{self.provenance.foot()}"


def debt_dynamics(
    source: Any,  # noqa: ANN401 - a package, a result of `debt`, or any kind of frame
    *,
    rate: float | None = None,
    since: int | None = None,
) -> DebtDynamics:
    r"""Decompose the change of debt to output into interest, growth, prices, primary balance and residual.

    Parameters
    ----------
    source
        A package or a result of `debt` (explicit debt), or a frame ``region, year, debt, output`` with, where known,
        ``output_real``, ``interest`` (paid in the year) and ``primary_balance`` (amounts in one unit).
    rate
        Interest over the balance a year before, where `interest` is not given; None: ``interest.past`` of
        ``public_debt.yaml``.
    since
        First year whose balance is used; None: all, but for a shipped package from the year in which its balances are
        firm (``first_year`` of ``public_debt.yaml``).

    Raises
    ------
    InputError
        When debt is negative, output not positive, or no region has two years in a row.

    Notes
    -----
    :math:`d_t = \frac{1+i_t}{1+g_t} d_{t-1} - pb_t + sfa_t` with :math:`1+g = (1+\gamma)(1+\pi)`; the effects are
    :math:`\frac{i}{1+g}d_{t-1}`, :math:`-\frac{\gamma}{1+\gamma}d_{t-1}`, :math:`-\frac{\pi}{1+g}d_{t-1}`, :math:`-pb`
    and the residual. The stabilising balance is :math:`\frac{i-g}{1+g}d_{t-1}`. Revenue
    less spending is no primary balance of a province, as transfers are not in the tables: a package gives
    `net_borrowing` only.

    Examples
    --------
    >>> rows = pl.DataFrame({"region": ["a"] * 2, "year": [2020, 2021], "debt": [50.0, 55.0], "output": [100.0, 110.0],
    ...                      "interest": [0.0, 2.5], "primary_balance": [0.0, -2.5]})
    >>> debt_dynamics(rows).frame.select("change", "interest_effect", "residual").row(0)
    (0.0, 0.022727272727272728, 0.0)
    """
    frame, kind, labels, name = _read(source)
    refuse(frame, ("debt",), verb="debt_dynamics", keys=KEYS)
    refuse(frame, ("output", "output_real"), verb="debt_dynamics", keys=KEYS, positive=True)
    usual = setting(_FILE, "interest.past") if rate is None else rate
    first = setting(_FILE, "first_year").get(name) if since is None else since
    frame = frame if first is None else frame.filter(pl.col("year") >= first)
    before = frame.select("region", pl.col("year") + 1, stock="debt", base="output", base_real="output_real")
    rows = frame.join(before, on=list(KEYS)).drop_nulls(["debt", "output", "stock", "base"])
    if not rows.height:
        message = "debt_dynamics: no region has debt and output in two years in a row; a change needs both."
        raise InputError(message)
    done = _effects(rows, usual)
    # where output collapses the parts are large and cancel: rounding is relative to them
    size = pl.max_horizontal(pl.lit(1.0), *(pl.col(name).abs() for name in _PARTS))
    worst = float(done.select((pl.col("discrepancy") / size).abs().max()).item())
    if worst > setting(_FILE, "decomposition.tolerance"):
        message = f"debt_dynamics: the effects miss the change by {worst:.1e}; this is a defect, please report it."
        raise IdentityError(message)
    return DebtDynamics(
        frame=done.sort(KEYS),
        labels=labels,
        findings=_gaps(frame),
        kind=kind,
        provenance=replace(provenance("debt_dynamics", None, rate=usual, since=first), package=name),
    )


def _gaps(frame: pl.DataFrame) -> tuple[Finding, ...]:
    """Return regions that lack debt or output of a year between others."""
    notes = []
    for (region,), rows in frame.drop_nulls(["debt", "output"]).group_by("region", maintain_order=True):
        years = rows["year"].sort().to_list()
        if missing := [str(one) for one in range(years[0], years[-1]) if one not in years]:
            said = (
                f"缺 {shorten(missing, '、')} 年，前后的变化不作分解",
                f"lacks {shorten(missing)}: no change across it is decomposed",
            )
            cure = ("补充该年的债务和产出。", "Add debt and output of the year.")
            notes.append(finding("missing-year", "warning", said, cure, table="debt", key=str(region)))
    return tuple(notes)


def _read(source: Any) -> tuple[pl.DataFrame, FrameKind, Mapping[str, Text], str | None]:  # noqa: ANN401 - as the verb
    """Return debt and output (what may be missing as nulls), kind, names of regions, and the package's name."""
    package = None if isinstance(source, Debt) else as_package(source)
    name = None
    if package is not None or isinstance(source, Debt):
        found = source if isinstance(source, Debt) else debt(package)
        name = found.provenance.package
        frame = found.frame.rename({"explicit": "debt"}).select(*KEYS, "debt", "output", "output_real")
        kind, labels = found.kind, found.labels
    else:
        frame, kind = table(
            source, ["debt", "output"], verb="debt_dynamics", keys=list(KEYS),
            optional=["output_real", "interest", "primary_balance"],
        )  # fmt: skip
        labels = {}
    absent = [name for name in ("output_real", "interest", "primary_balance") if name not in frame.columns]
    return frame.with_columns(pl.lit(None, dtype=pl.Float64).alias(n) for n in absent), kind, labels, name


def _effects(rows: pl.DataFrame, usual: float) -> pl.DataFrame:
    """Return the parts of the change.

    The residual is measured on amounts and not as what is left of the ratios, so that the sum is a test. Effects of
    growth are written with ratios of output: 1 + g would lose digits where output collapses.
    """
    d, y = pl.col("previous"), pl.col("output")
    nominal = (pl.col("base") / y - 1) * d
    real = (pl.col("base_real") / pl.col("output_real") - 1) * d
    ratios = rows.with_columns(
        debt_ratio=pl.col("debt") / y,
        previous=pl.col("stock") / pl.col("base"),
        growth=y / pl.col("base") - 1,
        paid=pl.coalesce("interest", usual * pl.col("stock")),
        balance=pl.col("primary_balance") / y,
    )
    parts = ratios.with_columns(
        change=pl.col("debt_ratio") - d,
        rate=pl.when(pl.col("interest").is_null()).then(usual)
        .when(pl.col("stock") > 0).then(pl.col("interest") / pl.col("stock")),
        interest_effect=pl.col("paid") / y,
        real_growth_effect=pl.coalesce(real, nominal),
        price_effect=nominal - real,
        primary_effect=-pl.col("balance"),
        stabilising_balance=pl.col("paid") / y + nominal,
        net_borrowing=(pl.col("debt") - pl.col("stock") - pl.col("paid")) / y,
    ).with_columns(residual=pl.col("net_borrowing") + pl.col("balance").fill_null(0.0))  # fmt: skip
    total = pl.sum_horizontal(pl.col(name).fill_null(0.0) for name in _PARTS)
    return parts.with_columns(
        discrepancy=pl.col("change") - total, primary_gap=pl.col("stabilising_balance") - pl.col("balance")
    ).select(
        *KEYS, "debt_ratio", "previous", "change", "growth", "rate", *_PARTS, "net_borrowing", "stabilising_balance",
        pl.col("balance").alias("primary_balance"), "primary_gap", "discrepancy",
    )  # fmt: skip
