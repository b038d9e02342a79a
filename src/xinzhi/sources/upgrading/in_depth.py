"""In depth: how the structure of every region changed under a decomposition, and whether industries catch up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from xinzhi.core.errors import InputError
from xinzhi.core.result import Result
from xinzhi.core.text import Text
from xinzhi.sources.assumptions import conventions
from xinzhi.sources.reading import left_out, said, told
from xinzhi.sources.upgrading.catch_up import catch_up
from xinzhi.sources.upgrading.structural_change import advancement, rationalisation, structural_change

if TYPE_CHECKING:
    import polars as pl

    from xinzhi.core.text import Language
    from xinzhi.sources.decompose import Sources
    from xinzhi.sources.upgrading.catch_up import CatchUp


@dataclass(frozen=True, repr=False, kw_only=True)
class Upgrading(Result):
    """How the structure of the regions changed, and whether their industries catch up with best practice.

    Parameters
    ----------
    frame
        ``region, year, lilien, nav`` (speed, of labour), ``theil`` (rationalisation), ``advancement, moore``
        (advancement, of value added; null where the industries have no order from lower to higher).
    catch_up
        The regression of growth on the distance to best practice; None where it cannot be estimated.
    left_out
        ``measure_zh, measure_en, reason_zh, reason_en``: what these industries do not allow.
    regions
        Names and macro-regions.
    """

    key: ClassVar[tuple[str, ...]] = ("region", "year")

    catch_up: CatchUp | None
    left_out: pl.DataFrame
    regions: pl.DataFrame

    def change(self) -> pl.DataFrame:
        """Return ``region, start, end, speed, theil_start, advancement_start, theil_end, advancement_end``.

        Speed is the mean of ``nav``: the share of labour that changed its industry in a year.

        Examples
        --------
        >>> from xinzhi.sources import decompose
        >>> moved = in_depth(decompose("china-provinces")).change()
        >>> moved.filter(moved["advancement_end"] > moved["advancement_start"]).height
        30
        """
        import polars as pl

        year, both = pl.col("year"), pl.col("theil", "advancement")
        rows = self.frame.sort("region", "year").group_by("region", maintain_order=True)
        return rows.agg(
            year.first().alias("start"),
            year.last().alias("end"),
            pl.col("nav").mean().alias("speed"),
            both.first().name.suffix("_start"),
            both.last().name.suffix("_end"),
        )

    def sentences(self) -> tuple[Text, ...]:
        """Return in how many regions the structure became more rational and advanced, and how fast distances close."""
        return (*_turned(self.change()), *_closed(self.catch_up))

    def summary(self, language: Language = "en") -> str:
        """Return the sentences and what was left out; what they rest on is said by the decomposition."""
        return "\n".join([*(one.lang(language) for one in self.sentences()), *told(self.left_out, language)])


def in_depth(result: Sources) -> Upgrading:
    """Look deeper into upgrading: speed of structural change, rationalisation, advancement, catching up.

    Parameters
    ----------
    result
        A decomposition by industries or sectors.

    Raises
    ------
    InputError
        When there is one industry only.

    Examples
    --------
    >>> from xinzhi.sources import decompose
    >>> found = in_depth(decompose("china-provinces"))
    >>> found.frame.columns[2:], round(found.catch_up.half_life)
    (['lilien', 'nav', 'theil', 'advancement', 'moore'], 13)
    """
    rows = result.inputs
    if rows["industry"].n_unique() <= 1:
        message = "upgrading in depth looks at the structure of industries, and there is one industry only."
        raise InputError(message)
    speed = structural_change(rows)
    frame = rationalisation(rows, output="output_nominal").join(speed, on=["region", "year"], how="left")
    turned, lacking = _advancement(rows)
    frame = frame.join(turned, on=["region", "year"], how="left").sort("region", "year")
    fit, behind = _catch_up(result)
    return Upgrading(
        frame=frame.select("region", "year", "lilien", "nav", "theil", "advancement", "moore"),
        catch_up=fit,
        left_out=left_out([*lacking, *behind]),
        regions=result.measurement.regions,
        kind=result.kind,
        provenance=replace(result.provenance, verb="sources.upgrading"),
    )


def _catch_up(result: Sources) -> tuple[CatchUp | None, list[tuple[Text, Text]]]:
    """Return the regression on the distance to best practice; None where there is none, and why."""
    what = Text(zh="追赶回归", en="catching up")
    if not result.industries["distance"].is_not_null().any():
        why = Text(
            zh="没有可比的前沿，也就没有与它的距离。", en="there is no frontier to compare with, so no distance to it."
        )
        return None, [(what, why)]
    try:
        return catch_up(result.industries), []
    except InputError as error:
        return None, [(what, said(error))]


def _advancement(rows: pl.DataFrame) -> tuple[pl.DataFrame, list[tuple[Text, Text]]]:
    """Return the Moore value; nulls where the industries have no order, and why."""
    import polars as pl

    order = [str(name) for name in conventions()["sector_order"]["value"]]
    if set(rows["industry"].unique()) <= set(order):
        return advancement(rows, value="output_nominal", order=order), []
    none = rows.select("region", "year").unique().with_columns(advancement=pl.lit(None, pl.Float64), moore=None)
    listed = ", ".join(order)
    reason = Text(
        zh=f"以 {listed} 的高低为序，这些行业没有这一顺序；请自定顺序后调用 xinzhi.sources.upgrading.advancement。",
        en=f"it orders the sectors {listed} from lower to higher, and these industries have no such order: call "
        "xinzhi.sources.upgrading.advancement with an order of your own.",
    )
    return none.with_columns(pl.col("moore").cast(pl.Float64)), [(Text(zh="产业高级化", en="advancement"), reason)]


def _turned(change: pl.DataFrame) -> list[Text]:
    """Return in how many regions the structure became more rational and more advanced."""
    n = change.height
    if not n:
        return []
    start, end = change["start"].sort()[0], change["end"].sort()[-1]
    closer = change.filter(change["theil_end"] < change["theil_start"]).height
    higher = change.filter(change["advancement_end"] > change["advancement_start"]).height
    ordered = change["advancement_end"].is_not_null().any()
    moved = change["speed"].drop_nulls().to_list()
    speed = f"{100 * sum(moved) / len(moved):.1f}" if moved else "–"
    zh = f"，{higher} 个更加高级（产值转向更高的产业）" if ordered else ""
    en = f", and more advanced (towards higher sectors) in {higher}" if ordered else ""
    return [
        Text(
            zh=f"{start}—{end} 年，{n} 个地区中 {closer} 个的产业结构更加合理（各行业劳动生产率更接近）{zh}；"
            f"平均每年 {speed}% 的劳动转换行业。",
            en=f"{start}-{end} the structure became more rational (sectors closer in productivity) in {closer} of {n} "
            f"regions{en}; on average {speed} % of labour changed its industry in a year.",
        )
    ]


def _closed(fit: CatchUp | None) -> list[Text]:
    """Return how fast a distance to best practice closes, by the sign of the coefficient."""
    if fit is None:
        return []
    at = fit.regression.names.index("distance")
    speed, error = (float(values[at]) for values in (fit.regression.coefficients, fit.regression.standard_errors))
    figures = f"{speed:.3f}".replace("-", "−"), f"{error:.3f}"
    if fit.half_life is None:
        return [
            Text(
                zh=f"与最佳实践的差距没有收敛（系数 {figures[0]}，标准误 {figures[1]}）。",
                en=f"Distances to best practice do not close (coefficient {figures[0]}, standard error {figures[1]}).",
            )
        ]
    years = f"{fit.half_life:.0f}"
    return [
        Text(
            zh=f"落后的行业追赶：距离的一半约需 {years} 年（系数 {figures[0]}，标准误 {figures[1]}）。",
            en=f"Industries that are behind catch up: half of a distance is made good in {years} years (coefficient "
            f"{figures[0]}, standard error {figures[1]}).",
        )
    ]
