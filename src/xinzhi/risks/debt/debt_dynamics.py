"""The verb `debt_dynamics`: what moved the ratio of debt to output, exactly, and what would hold it still."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyFrame
from xinzhi.core.errors import IdentityError, InputError
from xinzhi.core.finding import Finding
from xinzhi.core.names import NO_NAMES
from xinzhi.core.result import Facts, Result
from xinzhi.core.text import Text
from xinzhi.data import Field, Tidy, is_package, tidy
from xinzhi.risks.debt.debt import KEYS, Debt, debt, missing_years, with_nulls
from xinzhi.risks.inputs import setting

_FASTEST = 3  # regions that the headline names
_PARTS = ("interest_effect", "real_growth_effect", "price_effect", "primary_effect", "residual")


@dataclass(frozen=True, repr=False, kw_only=True)
class DebtDynamics(Result, verb="debt_dynamics", topic="debt", key=KEYS):
    """What moved debt to output; one row a region and year after the first.

    The effects add up to `change`. `primary_effect` is less the primary balance, null where it is not given; the
    residual then holds both, as `net_borrowing` always does. Without real output `price_effect` is null and
    `real_growth_effect` that of nominal growth. `findings` name the years inside a span whose change cannot be
    decomposed.
    """

    findings: tuple[Finding, ...] = ()

    def parts(self) -> pl.DataFrame:
        """Return the effects under short names; `nominal` is growth and prices, `holding` what would keep the ratio."""
        return self.frame.select(
            "region",
            "year",
            "debt_ratio",
            "change",
            interest="interest_effect",
            growth="real_growth_effect",
            prices="price_effect",
            nominal=pl.col("real_growth_effect") + pl.col("price_effect").fill_null(0.0),
            balance="primary_effect",
            adjustment="residual",
            borrowing="net_borrowing",
            holding=-pl.col("stabilising_balance"),
        )

    def means(self) -> pl.DataFrame:
        """Return the mean of every part by region with its first and last year, the fastest rise first."""
        parts = self.parts().drop("debt_ratio")
        numbers = [name for name in parts.columns if name not in KEYS]
        years = {"first": pl.col("year").min(), "last": pl.col("year").max()}
        means = parts.group_by("region", maintain_order=True).agg(pl.col(numbers).mean(), **years)
        return means.sort("change", "region", descending=[True, False])

    @property
    def beyond_holding(self) -> pl.DataFrame:
        """The means by region, with what was borrowed beyond what would have held the ratio."""
        return self.means().with_columns(beyond=pl.col("borrowing") - pl.col("holding"))

    def years_of(self, region: str) -> pl.DataFrame:
        """Return the years of a region."""
        return self.frame.filter(region=region)

    def parts_of(self, region: str) -> pl.DataFrame:
        """Return what moved the ratio of a region, by year."""
        return self.parts().filter(region=region).sort("year")

    @property
    def shorter(self) -> list[str]:
        """The regions whose figures end before those of others."""
        last = self.frame.group_by("region").agg(pl.col("year").max()).sort("region")
        return last.filter(pl.col("year") < self.frame["year"].max())["region"].to_list()

    def facts(self) -> Facts:
        """Return what raised the ratio a year on average, and where it rose fastest."""
        parts, means = self.parts(), self.means()
        mean = {name: parts[name].mean() for name in ("interest", "nominal", "borrowing")}
        ends = means["last"].value_counts().sort("last", descending=True)
        late = [words.debt.chart_until(year=year, n=n) for year, n in ends.rows()]
        values: dict[str, object] = {
            "first": parts["year"].min(),
            "last": parts["year"].max(),
            "n": means.height,
            **mean,
            "ends": late if ends.height > 1 else [],
            "mixed": ends.height > 1,
            "change": moves(float(parts["change"].to_numpy().mean())),
            "name": self.names.region(means["region"][0]),
        }
        top = [
            words.debt.chart_with_points(name=self.names.region(code), value=100 * change)
            for code, change in means.select("region", "change").head(_FASTEST).rows()
        ]
        return {"headline.moved": values | {"top": top}} if means.height > 1 else {"headline.moved_one": values}

    def of_region(self, region: str) -> Facts:
        """Return what moved the ratio of one region over its years (code or name)."""
        code = self.names.resolve(region, self.frame["region"].unique().sort())
        rows = self.parts().filter(region=code).sort("year")
        sums = {name: rows[name].sum() for name in ("interest", "nominal", "borrowing")}
        values = {
            "name": self.names.region(code),
            "first": rows["year"][0],
            "last": rows["year"][-1],
            **sums,
            "change": moves(float(rows["change"].sum())),
        }
        return {"headline.over_years" if rows.height > 1 else "headline.one_year": values}


def moves(change: float) -> Text:
    """Return a change of a ratio in words: by how many percentage points it rises or falls."""
    points = 100 * change
    key = "hardly_moves"
    if round(points, 1) != 0:
        key = "rises_by" if change > 0 else "falls_by"
    return words.debt.chart_of(key, value=abs(points))


def debt_dynamics(
    source: AnyFrame,
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
    result: Debt | Tidy
    if isinstance(source, Debt) or is_package(source):
        result = source if isinstance(source, Debt) else debt(source)
        frame, names, origin = result.frame.rename({"explicit": "debt"}), result.names, result.provenance
    else:
        result = tidy(source, _FIELDS, key=KEYS, verb="debt_dynamics")
        frame, names, origin = result.frame, NO_NAMES, result.provenance()
    columns = [field.name for field in _FIELDS]
    frame, package = with_nulls(frame, columns).select(columns), origin.package
    usual = setting("public_debt", "interest.past") if rate is None else rate
    first = setting("public_debt", "first_year").get(package) if since is None else since
    frame = frame if first is None else frame.filter(pl.col("year") >= first)
    before = frame.select("region", pl.col("year") + 1, stock="debt", base="output", base_real="output_real")
    rows = frame.join(before, on=list(KEYS)).drop_nulls(["debt", "output", "stock", "base"])
    if not rows.height:
        raise InputError("debt.no-pairs")
    done = _effects(rows, usual)
    # where output collapses the parts are large and cancel: rounding is relative to them
    size = pl.max_horizontal(pl.lit(1.0), *(pl.col(name).abs() for name in _PARTS))
    worst = float(done.select((pl.col("discrepancy") / size).abs().max()).item())
    if worst > setting("public_debt", "decomposition.tolerance"):
        raise IdentityError("debt.identity", gap=f"{worst:.1e}")
    return DebtDynamics(
        frame=done.sort(KEYS),
        findings=tuple(missing_years(frame.drop_nulls(["debt", "output"]))),
        names=names,
        kind=result.kind,
        provenance=replace(origin, verb="debt_dynamics", options={"rate": usual, "since": first}),
    )


_FIELDS = (
    Field("region", "code"), Field("year", "year"), Field("debt", sign="non-negative"),
    Field("output", sign="positive"), Field("output_real", required=False, sign="positive"),
    Field("interest", required=False), Field("primary_balance", required=False),
)  # fmt: skip


def _effects(rows: pl.DataFrame, usual: float) -> pl.DataFrame:
    """Return the parts of the change."""
    # The residual is measured on amounts and not as what is left of the ratios, so that the sum is a test. Effects of
    # growth are written with ratios of output: 1 + g would lose digits where output collapses.
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
        rate=pl.when(pl.col("interest").is_null())
        .then(usual)
        .when(pl.col("stock") > 0)
        .then(pl.col("interest") / pl.col("stock")),
        interest_effect=pl.col("paid") / y,
        real_growth_effect=pl.coalesce(real, nominal),
        price_effect=nominal - real,
        primary_effect=-pl.col("balance"),
        stabilising_balance=pl.col("paid") / y + nominal,
        net_borrowing=(pl.col("debt") - pl.col("stock") - pl.col("paid")) / y,
    ).with_columns(residual=pl.col("net_borrowing") + pl.col("balance").fill_null(0.0))
    total = pl.sum_horizontal(pl.col(name).fill_null(0.0) for name in _PARTS)
    return parts.with_columns(
        discrepancy=pl.col("change") - total, primary_gap=pl.col("stabilising_balance") - pl.col("balance")
    ).select(
        *KEYS,
        "debt_ratio",
        "previous",
        "change",
        "growth",
        "rate",
        *_PARTS,
        "net_borrowing",
        "stabilising_balance",
        pl.col("balance").alias("primary_balance"),
        "primary_gap",
        "discrepancy",
    )
