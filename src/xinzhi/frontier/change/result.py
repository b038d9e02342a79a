"""The result of measuring productivity change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from xinzhi.core.errors import UsageError
from xinzhi.core.text import Text
from xinzhi.frontier.labels import Labelled

if TYPE_CHECKING:
    import polars as pl

    from xinzhi.core.text import Language

INDICES = {
    "malmquist": Text(zh="Malmquist 指数", en="Malmquist index"),
    "malmquist-luenberger": Text(zh="Malmquist-Luenberger 指数", en="Malmquist-Luenberger index"),
    "luenberger": Text(zh="Luenberger 指标", en="Luenberger indicator"),
    "hicks-moorsteen": Text(zh="Hicks-Moorsteen 指数", en="Hicks-Moorsteen index"),
    "fare-primont": Text(zh="Färe-Primont 指数", en="Färe-Primont index"),
    "lowe": Text(zh="Lowe 指数", en="Lowe index"),
    "laspeyres": Text(zh="拉氏指数", en="Laspeyres index"),
    "paasche": Text(zh="帕氏指数", en="Paasche index"),
    "fisher": Text(zh="费雪指数", en="Fisher index"),
}
PARTS = {
    "efficiency_change": Text(zh="技术效率变化", en="efficiency change"),
    "technical_change": Text(zh="技术进步", en="technical change"),
    "pure_efficiency_change": Text(zh="纯技术效率变化", en="pure efficiency change"),
    "pure_technical_change": Text(zh="纯技术进步", en="pure technical change"),
    "scale_efficiency_change": Text(zh="规模效率变化", en="scale efficiency change"),
    "scale_change": Text(zh="规模变化", en="scale change"),
    "mix_change": Text(zh="结构变化", en="mix change"),
    "output_bias": Text(zh="产出偏向", en="output bias"),
    "input_bias": Text(zh="投入偏向", en="input bias"),
    "magnitude": Text(zh="技术进步幅度", en="magnitude of technical change"),
    "best_practice_change": Text(zh="组内最佳实践变化", en="best-practice change within the group"),
    "technology_gap_change": Text(zh="技术落差变化", en="technology gap change"),
    "output_change": Text(zh="产出变化", en="output change"),
    "input_change": Text(zh="投入变化", en="input change"),
    "scale_mix_change": Text(zh="规模与结构变化", en="scale-mix change"),
    "productivity_efficiency_change": Text(zh="生产率效率变化", en="change of productivity efficiency"),
    "technical_efficiency_change": Text(zh="技术效率变化", en="technical efficiency change"),
    "mix_efficiency_change": Text(zh="结构效率变化", en="mix efficiency change"),
    "residual_scale_change": Text(zh="剩余规模效率变化", en="residual scale efficiency change"),
    "residual_mix_change": Text(zh="剩余结构效率变化", en="residual mix efficiency change"),
}
_SHOWN = 3


@dataclass(frozen=True, repr=False, kw_only=True)
class ProductivityChange(Labelled):
    """Productivity change of units between adjacent periods.

    Parameters
    ----------
    frame
        ``unit, period, index``, the parts of the decomposition, ``status``: one row per unit and pair of adjacent
        periods; `period` is the later one. Indices are ratios, above one for progress; the Luenberger indicator is a
        difference, above nought for progress. With a bootstrap every number has ``_lower, _upper, _bias, _error``
        beside it. `status` is ``optimal``, or names each program that has no solution; what needs it is then null.
    levels
        ``unit, period`` and levels of each observation against its own technology: efficiencies (``technical`` under
        constant returns, ``pure``, ``scale``), inefficiencies of directional measures, or O'Donnell's levels.
    distances
        ``unit, period, technology, rts, inputs_of, outputs_of, value, orientation, status``: every distance behind the
        index: efficiencies (Shephard output, Farrell input) or directional distances; none for fixed weights.
    left_out
        ``unit, period, reason``: observations that follow a gap, so that no pair ends with them.
    weights
        ``good, role, weight, lowest, highest`` of a Färe-Primont or Lowe index, else None; a range says that the shadow
        price is not unique.
    additive
        Whether parts add up to the index (Luenberger) instead of multiplying.
    programs
        Number of linear programs, rows and columns of the largest, how many the general solver took.
    """

    key: ClassVar[tuple[str, ...]] = ("unit", "period")

    levels: pl.DataFrame
    distances: pl.DataFrame
    left_out: pl.DataFrame
    weights: pl.DataFrame | None
    additive: bool
    programs: dict[str, int]

    @property
    def parts(self) -> list[str]:
        """Names of the parts."""
        return [name for name in PARTS if name in self.frame.columns]

    def cumulative(self) -> pl.DataFrame:
        """Return ``unit, period`` and index and parts chained from the first period of each unbroken run.

        A change that could not be computed leaves the rest of its run null: a chain with a link missing says nothing.
        """
        import polars as pl

        names = ["index", *self.parts]
        follows = self.frame.select("unit", pl.col("period").rank("dense").cast(int).alias("at"))
        run = ((follows["at"].diff() != 1) | (follows["unit"] != follows["unit"].shift(1))).fill_null(value=True)
        columns = []
        for name in names:
            chain = pl.col(name).cum_sum() if self.additive else pl.col(name).cum_prod()
            broken = pl.col(name).is_null().cast(int).cum_sum() > 0
            columns.append(pl.when(~broken.over("run")).then(chain.over("run")).alias(name))
        return self.frame.with_columns(run.cum_sum().alias("run")).select("unit", "period", *columns)

    def mean(self) -> pl.DataFrame:
        """Return ``period, pairs``, and the mean of index and parts over the pairs that have them all.

        Means are geometric, or arithmetic if additive, so that the mean parts make up the mean index.
        """
        import polars as pl

        complete = self.frame.drop_nulls(["index", *self.parts])
        return complete.group_by("period").agg(pl.len().alias("pairs"), *self._means()).sort("period")

    def _means(self) -> list[pl.Expr]:
        import polars as pl

        names = ["index", *self.parts]
        return [pl.col(name).mean() if self.additive else pl.col(name).log().mean().exp() for name in names]

    def explain(self, unit: object, period: object) -> pl.DataFrame:
        """Return every distance behind one number.

        Raises
        ------
        UsageError
            When there is no such row.
        """
        import polars as pl

        rows = self.distances.filter((pl.col("unit") == unit) & (pl.col("period") == period))
        if self.frame.filter((pl.col("unit") == unit) & (pl.col("period") == period)).is_empty():
            message = f"there is no change of {unit} into {period}; the frame lists the units and periods there are."
            raise UsageError(message)
        return rows

    def summary(self, language: Language = "en") -> str:
        """Return mean change and parts, who gained most and least, and what could not be computed."""
        zh = language == "zh"
        title = INDICES[str(self.provenance.options["index"])].lang(language)
        complete = self.frame.drop_nulls(["index", *self.parts])
        means = complete.select(self._means()).row(0, named=True)
        say = self._say
        lines = [
            f"{title}：平均每期 {say(means['index'])}（{complete.height} 组相邻时期）"
            if zh
            else f"{title}: {say(means['index'])} a period on average ({complete.height} pairs of adjacent periods)"
        ]
        parts = [f"{PARTS[name].lang(language)} {say(means[name])}" for name in self.parts]
        if parts:
            lines.append("  " + ("，" if zh else ", ").join(parts))
        lines += self._extremes(language)
        failed = self.frame.height - complete.height
        if failed:
            lines.append(
                f"  另有 {failed} 组的跨期线性规划无可行解，未计入平均，见 status 列"
                if zh
                else f"  not in the means: {failed} more without a solution in a cross-period program, see status"
            )
        if self.left_out.height:
            lines.append(
                f"  {self.left_out.height} 个观测因前一时期缺失而未计入，见 left_out"
                if zh
                else f"  left out after a gap: {self.left_out.height} observation"
                f"{'' if self.left_out.height == 1 else 's'}, see left_out"
            )
        return "\n".join([*lines, self.provenance.foot()])

    def _say(self, value: float | None) -> str:
        if value is None:
            return "-"
        return f"{value:+.4f}" if self.additive else f"{100 * (value - 1):+.2f} %"

    def _extremes(self, language: Language) -> list[str]:
        """Return the units with the highest and the lowest mean index."""
        import polars as pl

        mean = pl.col("index").mean() if self.additive else pl.col("index").log().mean().exp()
        ranked = self.frame.group_by("unit").agg(mean).drop_nulls().sort("index", "unit", descending=[True, False])
        if ranked.height < 2 * _SHOWN:
            return []

        def words(rows: Any) -> str:  # noqa: ANN401 - rows of a frame
            return ("、" if language == "zh" else ", ").join(
                f"{self.called(unit, language)} {self._say(value)}" for unit, value in rows
            )

        first, last = words(ranked.head(_SHOWN).iter_rows()), words(ranked.tail(_SHOWN).iter_rows())
        return [f"  最高：{first}；最低：{last}" if language == "zh" else f"  highest: {first}; lowest: {last}"]
