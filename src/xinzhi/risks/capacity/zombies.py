"""The verb `zombies`: firms that live on credit, by each criterion under its own name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypedDict, cast, get_args

import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyFrame
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.facts import Fact
from xinzhi.core.finding import Finding, finding
from xinzhi.core.provenance import provenance
from xinzhi.core.result import Result
from xinzhi.core.schema import describe
from xinzhi.core.text import Text
from xinzhi.data import Field, as_package, is_package, tidy
from xinzhi.risks.inputs import setting

Criterion = Literal["caballero-hoshi-kashyap", "fukuda-nakamura", "losses"]
CRITERIA: tuple[Criterion, ...] = get_args(Criterion)
_KEYS = ("firm", "year")
_BORROWING, _EARNINGS = ("bank_short", "bank_long", "bonds", "interest"), ("ebit", "assets")
_FIELDS = (
    Field("firm", "code"),
    Field("year", "year"),
    *(Field(name, required=False, sign="non-negative") for name in (*_BORROWING, "assets")),
    *(Field(name, required=False) for name in ("ebit", "profit")),
)
_RATES = ("rate_short", "rate_long", "coupon")


@dataclass(frozen=True, repr=False, kw_only=True)
class Zombies(Result, verb="zombies", topic="overcapacity", key=("firm", "year", "criterion")):
    """Zombie firms by criterion.

    A row of `frame` is a firm, year and criterion (null where `status` says what is missing), of `counts` a year and
    criterion, of `overlap` two criteria and the firm-years that both judge. In the first years one profit shows that a
    firm is none by losses, while none can be one yet: `unknown` then holds all that might be.
    """

    counts: pl.DataFrame
    overlap: pl.DataFrame
    findings: tuple[Finding, ...]

    def criteria(self) -> list[str]:
        """Return the criteria in use, in the order of the call."""
        requested = [str(criterion) for criterion in self.provenance.options["criteria"]]
        return [criterion for criterion in requested if criterion in self.frame["criterion"]]

    def bounds(self) -> pl.DataFrame:
        """Return ``year, criterion, low, high``: the share if all that are unknown were sound, or zombies."""
        dead, unknown = pl.col("zombie").sum(), pl.col("zombie").null_count()
        return self.frame.group_by("year", "criterion").agg(low=dead / pl.len(), high=(dead + unknown) / pl.len())

    def shares(self) -> pl.DataFrame:
        """Return the counts, with ``low, high``, of the years in which zombies can be found.

        Before there are as many years as losses in a row take, only sound firms can be judged by them: the share of
        zombies would be zero by construction.
        """
        first = int(self.frame["year"].min() or 0) + int(self.provenance.options["loss_years"]) - 1  # type: ignore[arg-type] # whole years
        counts = self.counts.filter((pl.col("criterion") != "losses") | (pl.col("year") >= first))
        return counts.join(self.bounds(), on=["year", "criterion"], how="left", maintain_order="left")

    def verdict_counts(self) -> pl.DataFrame:
        """Return ``criterion, zombie, sound, unknown, every``: firm-years by what became of them."""
        counts = self.frame.group_by("criterion").agg(
            zombie=pl.col("zombie").sum(),
            sound=(~pl.col("zombie")).sum(),
            unknown=pl.col("zombie").null_count(),
            every=pl.len(),
        )
        order = pl.DataFrame({"criterion": self.criteria()}, schema={"criterion": pl.String})
        return order.join(counts, on="criterion", how="left", maintain_order="left")

    @property
    def firm_codes(self) -> list[str]:
        """The codes of the firms."""
        return sorted(set(self.frame["firm"]))

    @property
    def by_criterion(self) -> pl.DataFrame:
        """`shares` by criterion, in the order of the call, and year."""
        order = pl.col("criterion").cast(pl.Enum(self.criteria()))
        return self.shares().filter(pl.col("criterion").is_in(self.criteria())).sort(order, "year")

    @property
    def with_bounds(self) -> pl.DataFrame:
        """The counts of all years, with ``low, high``."""
        return self.counts.join(self.bounds(), on=["year", "criterion"], how="left", maintain_order="left")

    @property
    def compared(self) -> pl.DataFrame:
        """The pairs of criteria of which one at least finds a zombie."""
        return self.overlap.filter(pl.col("both") + pl.col("first_only") + pl.col("second_only") > 0)

    @property
    def verdict_shares(self) -> pl.DataFrame:
        """`verdict_counts` as shares of ``every``."""
        parts = ("zombie", "sound", "unknown")
        return self.verdict_counts().with_columns(pl.col(part) / pl.col("every") for part in parts)

    @property
    def unjudged(self) -> pl.DataFrame:
        """How many firm-years cannot be judged, by criterion and reason: ``criterion, status, firm_years``."""
        return self.frame.filter(pl.col("zombie").is_null()).group_by("criterion", "status").len("firm_years")

    def zombies_of(self, year: int) -> pl.DataFrame:
        """Return the zombies of a year with a column for each criterion, those first that most of them find."""
        frame = self.frame.filter(pl.col("year") == year).pivot(on="criterion", index="firm", values="zombie")
        criteria = [pl.col(criterion).cast(pl.Int64) for criterion in self.criteria() if criterion in frame.columns]
        marked = frame.with_columns(votes=pl.sum_horizontal(criteria))
        return marked.filter(pl.col("votes") > 0).sort("votes", "firm", descending=[True, False])

    def years_of(self, firm: str) -> pl.DataFrame:
        """Return the years of a firm; `status` says only why one cannot be judged."""
        return self.frame.filter(firm=firm).with_columns(status=pl.when(pl.col("status") != "judged").then("status"))

    def answer(self) -> Iterator[Fact]:
        """Yield the share of zombies by criterion in the last year, how far criteria agree, and who is not known."""
        if not self.frame.height:
            yield words.overcapacity.answer_no_criterion()
            return
        if not self.counts.height:
            yield words.overcapacity.answer_nobody_judged()
        yield from self._share()
        yield from self._overlap()
        yield self._unknown()
        for note in self.findings:
            yield words.overcapacity.answer_not_applied(what=note.message)

    def _share(self) -> Iterator[Fact]:
        last = self.shares().sort("year").group_by("criterion").last()
        rows = {r["criterion"]: r for r in last.iter_rows(named=True)}
        shares = [_share_text(cast("ShareRow", rows[name])) for name in self.criteria() if name in rows]
        if shares:
            yield words.overcapacity.headline_share(shares=shares)

    def _overlap(self) -> Iterator[Fact]:
        either = pl.col("both") + pl.col("first_only") + pl.col("second_only")
        used = self.overlap.with_columns(either=either).filter(pl.col("either") > 0)
        if not used.height:
            return
        least = used.sort(pl.col("both") / pl.col("either"), "first", "second").row(0, named=True)
        yield words.overcapacity.headline_overlap(
            first=_criterion_name(least["first"]),
            second=_criterion_name(least["second"]),
            both=least["both"],
            either=least["either"],
        )

    def _unknown(self) -> Fact:
        most = max(self.verdict_counts().iter_rows(named=True), key=lambda r: r["unknown"] / r["every"])
        unknown, total = most["unknown"], most["every"]
        if not unknown:
            return words.overcapacity.headline_all_judged(n=total)
        name = _criterion_name(most["criterion"])
        return words.overcapacity.headline_unknown(name=name, k=unknown, n=total, share=unknown / total)


def _criterion_name(criterion: str) -> Text:
    return describe("zombies", "criterion").values[criterion]


class ShareRow(TypedDict):
    """A row of the counts with the range of the share."""

    criterion: str
    year: int
    share: float
    zombies: int
    firms: int
    low: float
    high: float


def _share_text(row: ShareRow) -> Text:
    """Return the share of zombies by a criterion, with its range where some firms are not known."""
    name, year, share = _criterion_name(row["criterion"]), row["year"], row["share"]
    zombies, firms, low, high = row["zombies"], row["firms"], row["low"], row["high"]
    if low < high:
        return words.overcapacity.chart_share_within(
            name=name, year=year, share=share, zombies=zombies, firms=firms, low=low, high=high
        )
    return words.overcapacity.chart_share_of(name=name, year=year, share=share, zombies=zombies, firms=firms)


def zombies(
    source: AnyFrame,
    *,
    rates: AnyFrame = None,
    criteria: Sequence[Criterion] | None = None,
    loss_years: int | None = None,
    leverage: float | None = None,
) -> Zombies:
    r"""Judge firms by three criteria, each by name and never mixed.

    Parameters
    ----------
    source
        A package with the table `firms`, or a frame: ``firm, year`` and, as the criteria need them, ``bank_short,
        bank_long, bonds`` (borrowing at the end of the year), ``interest`` (paid in the year), ``ebit, assets``,
        ``profit``.
    rates
        ``year, rate_short, rate_long, coupon``: the best short and long lending rates and the lowest bond coupon, as
        ratios; needed by the first two criteria.
    criteria
        Which; None: all that the data allow.
    loss_years
        Years of losses in a row; None: as ``overcapacity.yaml`` says.
    leverage
        Borrowing over assets from which lending on is evergreening; None: the same.

    Raises
    ------
    InputError
        When a criterion that was asked for lacks a column or the rates, borrowing is negative, or a key is there twice.

    Notes
    -----
    ``caballero-hoshi-kashyap`` (2008, American Economic Review 98(5), equation 1): a zombie pays less than
    :math:`R^*_t = r^s_{t-1} B^s_{t-1} + \bigl(\tfrac15\sum_{j=1}^5 r^l_{t-j}\bigr) B^l_{t-1} + \min_{j\le5}
    (c_{t-j})\,B^b_{t-1}`. ``fukuda-nakamura`` (2011, The World Economy 34(7)): one that earns at least :math:`R^*` is
    none; one that is subsidised is, and so is one that earns less, owes more than half its assets and borrows more.
    ``losses``: losses in each of the last years. A firm without borrowing is judged none by the first. What is missing
    leaves a firm unknown only where it matters: earnings above :math:`R^*` settle the second without any leverage, and
    a kind of borrowing that a firm does not have needs no rate.

    Examples
    --------
    >>> rows = pl.DataFrame({"firm": ["a"] * 4, "year": range(2020, 2024), "profit": [1.0, -1.0, -2.0, -1.0]})
    >>> zombies(rows).frame.filter(year=2023).select("criterion", "zombie").rows()
    [('losses', True)]
    """
    package = as_package(source) if is_package(source) else None
    source_table = source if package is None else package.require("firms", list(_KEYS), verb="zombies")
    firm_table = tidy(source_table, _FIELDS, key=_KEYS, verb="zombies", table="firms")
    firms, best = firm_table.frame, None
    if rates is not None:
        fields = [Field("year", "year"), *(Field(name) for name in _RATES)]
        best = tidy(rates, fields, key=["year"], verb="zombies", table="rates").frame
        for name in _RATES:  # one of 1 or more is a percentage and no ratio
            if (off := best.filter(~pl.col(name).is_between(-1, 1, closed="none"))).height:
                raise InputError("capacity.rate", name=name, year=off["year"][0], value=off[name][0])
    applied, findings = _possible(firms, criteria, has_rates=best is not None)
    years = setting("overcapacity", "zombies.loss_years") if loss_years is None else loss_years
    edge = setting("overcapacity", "zombies.leverage") if leverage is None else leverage
    if years < 1 or not edge > 0:
        raise UsageError("capacity.zombie-options", years=years, leverage=edge)
    parts: list[pl.DataFrame] = []
    if set(applied) & set(CRITERIA[:2]) and best is not None:
        judged = _with_lowest(firms, best)
        gap = pl.when(pl.col("past") > 0).then((pl.col("interest") - pl.col("lowest_interest")) / pl.col("past"))
        paid, status = judged.with_columns(gap=gap), _status(_SUBSIDISED, "interest")
        parts += [
            _finish(paid, name, _SUBSIDISED, status) if name == CRITERIA[0] else _with_evergreening(judged, edge)
            for name in applied
            if name in CRITERIA[:2]
        ]
    if "losses" in applied:
        parts.append(_losing(firms, years))
    frame = (pl.concat(parts) if parts else pl.DataFrame(schema=_SCHEMA)).sort("firm", "year", "criterion")
    return Zombies(
        frame=frame,
        counts=_counts(frame, firms),
        overlap=_overlap(frame, applied),
        findings=findings,
        kind=firm_table.kind if package is None else package.kind,
        provenance=provenance(
            "zombies", package or firm_table, ["firms"], criteria=list(applied), loss_years=years, leverage=edge
        ),
    )


_SCHEMA: dict[str, type[pl.DataType]] = {
    "firm": pl.String, "year": pl.Int64, "criterion": pl.String, "zombie": pl.Boolean, "lowest_interest": pl.Float64,
    "interest": pl.Float64, "gap": pl.Float64, "earnings": pl.Float64, "leverage": pl.Float64,
    "borrowing_change": pl.Float64, "status": pl.String,
}  # fmt: skip
_NEEDS = {CRITERIA[0]: _BORROWING, CRITERIA[1]: (*_BORROWING, *_EARNINGS), CRITERIA[2]: ("profit",)}


def _possible(
    firms: pl.DataFrame, requested: Sequence[str] | None, *, has_rates: bool
) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """Return the criteria that can be applied, and why the others cannot; one that was asked for must be possible."""
    applied, notes = [], []
    for name in CRITERIA if requested is None else requested:
        if name not in CRITERIA:
            raise UsageError("capacity.no-criterion", asked=name, known=CRITERIA)
        lacking = [column for column in _NEEDS[name] if column not in firms.columns]
        lacking += [] if has_rates or name == "losses" else ["rates (year, rate_short, rate_long, coupon)"]
        if not lacking:
            applied.append(name)
            continue
        note = finding(
            "capacity.criterion-not-applied", words={"name": _criterion_name(name), "lacking": lacking}, table="firms"
        )
        if requested is not None:
            raise InputError("capacity.criterion-lacks", [note], name=name, lacking=lacking)
        notes.append(note)
    return tuple(applied), tuple(notes)


def _with_lowest(firms: pl.DataFrame, rates: pl.DataFrame) -> pl.DataFrame:
    """Return every firm-year with last year's borrowing and R*; null where a year or a rate is missing."""
    span = setting("overcapacity", "zombies.rate_years")
    years = pl.DataFrame({"year": sorted(set(firms["year"].to_list()))}, schema={"year": pl.Int64})
    ahead = pl.concat([rates.with_columns(pl.col("year") + lag, lag=pl.lit(lag)) for lag in range(1, span + 1)])
    complete = pl.col("rate_long").drop_nulls().len() == span
    lowest = ahead.group_by("year").agg(
        short=pl.col("rate_short").filter(pl.col("lag") == 1).first(),
        long=pl.when(complete).then(pl.col("rate_long").mean()),
        coupon=pl.when(pl.col("coupon").drop_nulls().len() == span).then(pl.col("coupon").min()),
    )
    before = firms.select(
        "firm",
        pl.col("year") + 1,
        *(pl.col(name).alias(f"{name}_before") for name in _BORROWING[:3]),
        past=pl.sum_horizontal(_BORROWING[:3], ignore_nulls=False),
    )
    return (
        firms.join(years.join(lowest, on="year", how="left"), on="year")
        .join(before, on=["firm", "year"], how="left")
        .with_columns(
            lowest_interest=_due("short", "bank_short_before")
            + _due("long", "bank_long_before")
            + _due("coupon", "bonds_before"),
            now=pl.sum_horizontal(_BORROWING[:3], ignore_nulls=False),
        )
    )


def _due(rate: str, stock: str) -> pl.Expr:
    """Return interest on a stock: none on none, whether or not the rate is known."""
    return pl.when(pl.col(stock) == 0).then(0.0).otherwise(pl.col(rate) * pl.col(stock))


_SUBSIDISED = (pl.col("past") > 0) & (pl.col("interest") < pl.col("lowest_interest"))


def _status(verdict: pl.Expr, *names: str) -> pl.Expr:
    """Return ``judged`` where the verdict holds whatever is missing (three-valued logic), or what is missing."""
    reasons = {
        "past": "no borrowing of the year before",
        "lowest_interest": "rates of the years before are not complete",
    }
    status = pl.lit("judged")
    for name, why in reversed((reasons | {name: f"no {name}" for name in names}).items()):
        status = pl.when(verdict.is_null() & pl.col(name).is_null()).then(pl.lit(why)).otherwise(status)
    return status


def _finish(frame: pl.DataFrame, name: str, verdict: pl.Expr, status: pl.Expr) -> pl.DataFrame:
    filled = frame.with_columns(
        pl.lit(None, dtype=kind).alias(column) for column, kind in _SCHEMA.items() if column not in frame.columns
    )
    return (
        filled.with_columns(criterion=pl.lit(name), status=status)
        .with_columns(zombie=pl.when(pl.col("status") == "judged").then(verdict))
        .select(pl.col(column).cast(kind) for column, kind in _SCHEMA.items())
    )


def _with_evergreening(judged: pl.DataFrame, edge: float) -> pl.DataFrame:
    """Return the verdict that spares who earns its interest, and adds who is lent on to."""
    last = judged.select("firm", pl.col("year") + 1, assets_before="assets")
    rows = judged.join(last, on=["firm", "year"], how="left").with_columns(
        earnings=pl.col("ebit"),
        leverage=pl.when(pl.col("assets_before") > 0).then(pl.col("past") / pl.col("assets_before")),
        borrowing_change=pl.col("now") - pl.col("past"),
    )
    unprofitable = pl.col("ebit") < pl.col("lowest_interest")
    lent_on = (pl.col("leverage") > edge) & (pl.col("borrowing_change") > 0)
    verdict = unprofitable & (_SUBSIDISED | lent_on)
    return _finish(rows, CRITERIA[1], verdict, _status(verdict, "interest", "ebit", "leverage", "borrowing_change"))


def _losing(firms: pl.DataFrame, years: int) -> pl.DataFrame:
    """Return who lost money in each of the last years; a year that is missing makes it unknown."""
    rows = firms
    for lag in range(years):
        rows = rows.join(
            firms.select("firm", pl.col("year") + lag, (pl.col("profit") < 0).alias(f"loss_{lag}")),
            on=["firm", "year"],
            how="left",
        )
    losses = [pl.col(f"loss_{lag}") for lag in range(years)]
    # one year of profit settles it, whatever is missing (three-valued logic)
    verdict = pl.all_horizontal(losses)
    status = pl.when(verdict.is_null()).then(pl.lit(f"profit of {years} years in a row is not known"))
    return _finish(rows, "losses", verdict, status.otherwise(pl.lit("judged"))).with_columns(
        pl.lit(None, dtype=pl.Float64).alias("interest")
    )


def _counts(frame: pl.DataFrame, firms: pl.DataFrame) -> pl.DataFrame:
    size = firms.select(*_KEYS, assets="assets" if "assets" in firms.columns else pl.lit(None, dtype=pl.Float64))
    judged = frame.join(size, on=_KEYS, how="left")
    judged_firm, dead = pl.col("zombie").is_not_null(), pl.col("zombie").fill_null(value=False)
    assets = pl.col("assets").filter(judged_firm)
    return (
        judged.group_by("year", "criterion")
        .agg(
            firms=judged_firm.sum().cast(pl.Int64),
            zombies=dead.sum().cast(pl.Int64),
            share=pl.col("zombie").mean(),
            unknown=(~judged_firm).sum().cast(pl.Int64),
            share_of_assets=pl.when(assets.is_not_null().all()).then(
                pl.col("assets").filter(dead).sum() / assets.sum()
            ),
        )
        .filter(pl.col("firms") > 0)
        .sort("criterion", "year")
    )


def _overlap(frame: pl.DataFrame, criteria: Sequence[str]) -> pl.DataFrame:
    rows = []
    for number, first in enumerate(criteria):
        for second in criteria[number + 1 :]:
            former, latter = (
                frame.filter(criterion=name).select(*_KEYS, "zombie").drop_nulls() for name in (first, second)
            )
            joined = former.join(latter, on=_KEYS, suffix="_two")
            a, b = joined["zombie"], joined["zombie_two"]
            mean = (a == b).mean()
            rows.append((first, second, int((a & b).sum()), int((a & ~b).sum()), int((~a & b).sum()), mean))
    names = ["first", "second", "both", "first_only", "second_only", "agreement"]
    kinds = [pl.String, pl.String, pl.Int64, pl.Int64, pl.Int64, pl.Float64]
    return pl.DataFrame(rows, schema=dict(zip(names, kinds, strict=True)), orient="row")
