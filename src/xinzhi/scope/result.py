"""The result of `classify`: what is in scope, and everything behind it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from xinzhi.core.errors import UsageError
from xinzhi.core.result import Result
from xinzhi.scope.facts import convention, read_date
from xinzhi.scope.naming import industry_name
from xinzhi.scope.tree import standard, unknown
from xinzhi.scope.words import EXACT, interval, measure, percent

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from xinzhi.core.finding import Finding
    from xinzhi.core.text import Language, Text
    from xinzhi.scope.verb import Question

_SHOWN = 5


@dataclass(frozen=True, repr=False, kw_only=True)
class Scope(Result):
    """What is in scope on a day, and by how much.

    Parameters
    ----------
    frame
        ``[region, year,] code, name_zh, level, share, lower, upper, verdict, definitions, reason_zh, reason_en,
        reference, valid_from, valid_to`` and the measures of the input. `share` of the industry is in scope, for
        certain between `lower` and `upper`; `verdict` is ``in`` (all of it), ``part`` or ``out`` (nothing).
        `definitions` are those that list it; the validity is the days on which all of them hold.
    totals
        ``[region, year,] measure, total, in_scope, in_scope_lower, in_scope_upper, share, lower, upper``: the sums of
        every measure, an industry in several lists counted once; `share` is null where the total is zero.
    lists
        ``code, definition, share, lower, upper, title_zh, title_en, category, category_zh, category_en, line, line_zh,
        line_en, starred, assumed, split, unmapped, classes_in, classes, reference, star_source, valid_from,
        valid_to``: what every definition says of every industry; `line` whether it has a line for it at all, `starred`
        whether that belongs only in part, `assumed` whether its share is only the middle of its bounds, `split`
        whether the concordance splits it, `unmapped` whether it does not know where it goes.
    question
        The day, the standard and the definitions.
    findings
        Notes on the industries.
    measures
        The columns that weigh.
    regions, titles, units
        Where the industries come from a package: its table of regions, and what its measures are called and counted in.
    """

    key: ClassVar[tuple[str, ...]] = ("code",)

    totals: pl.DataFrame
    lists: pl.DataFrame
    question: Question = field(repr=False)
    findings: tuple[Finding, ...] = ()
    measures: tuple[str, ...] = ()
    regions: pl.DataFrame | None = None
    titles: Mapping[str, Text] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make region and year part of the key where they are given."""
        object.__setattr__(
            self, "key", tuple(name for name in ("region", "year", "code") if name in self.frame.columns)
        )

    @cached_property
    def overall(self) -> pl.DataFrame:
        """The totals of all regions together, ``[year,] measure`` and the columns of `totals`."""
        import polars as pl

        if "region" not in self.totals.columns:
            return self.totals
        keys = [name for name in ("year", "measure") if name in self.totals.columns]
        sums = ("total", "in_scope", "in_scope_lower", "in_scope_upper")
        found = self.totals.group_by(keys, maintain_order=True).agg(pl.col(sums).sum())
        parts = zip(("share", "lower", "upper"), sums[1:], strict=True)
        return found.with_columns(
            pl.when(pl.col("total") > 0).then(pl.col(of) / pl.col("total")).alias(name) for name, of in parts
        )

    @cached_property
    def absent(self) -> tuple[str, ...]:
        """The divisions that hold something in scope and of which the industries asked about hold nothing."""
        from xinzhi.scope.verb import answer

        tree = standard(self.question.name)
        asked = {name for code in self.frame["code"].unique() for name in tree.below(code)}
        left = [code for code in tree.names if tree.level(code) == "division" and asked.isdisjoint(tree.below(code))]
        if not left:
            return ()
        upper = answer(self.question, left).total.upper
        return tuple(code for code, most in zip(left, upper, strict=True) if most > EXACT)

    def title(self, name: str) -> Text:
        """Return what a measure is called."""
        return self.titles.get(name) or measure(name)

    def mask(self, *, at_least: float | None = None) -> tuple[str, ...]:
        """Return the codes of the industries that count as emerging; they hold in every region.

        Parameters
        ----------
        at_least
            The share of an industry that has to be in scope, by default a half.

        Returns
        -------
        tuple of str
            In the order of the standard.

        Examples
        --------
        >>> import polars as pl
        >>> from xinzhi.scope import classify
        >>> classify(pl.DataFrame({"code": ["17", "39", "65"]}), as_of=2023).mask()
        ('39', '65')
        """
        level = float(convention("mask_share")) if at_least is None else at_least
        if not 0 < level <= 1:
            message = f"at_least = {level} is no share of an industry: take a number above 0, at most 1."
            raise UsageError(message)
        rows = self.frame.unique("code", maintain_order=True)
        rows = rows.filter(rows["share"] >= level)
        order = {code: at for at, code in enumerate(standard(self.question.name).names)}
        return tuple(sorted(rows["code"].to_list(), key=order.__getitem__))

    def explain(self, industry: object, date: object = None) -> pl.DataFrame:
        """Say why an industry is in scope or not, on this day or another.

        Parameters
        ----------
        industry
            A code of the standard, whether it was asked for or not.
        date
            Another day, of which the definitions in force then are asked; by default the day of the result.

        Returns
        -------
        polars.DataFrame
            A row per definition and, where there is one, the use test: as `lists`, with ``as_of, verdict, reason_zh,
            reason_en``; the last row, ``union``, is all of them together.

        Raises
        ------
        UsageError
            When there is no such code, or no definition was in force on the day.

        Examples
        --------
        >>> import polars as pl
        >>> from xinzhi.scope import classify
        >>> scope = classify(pl.DataFrame({"code": ["39"]}), as_of=2023)
        >>> scope.explain("44", date=1913).select("definition", "category", "verdict").rows()
        [('five-powers', 'electric', 'in'), ('union', '', 'in')]
        """
        from xinzhi.scope.choosing import choose
        from xinzhi.scope.explaining import explained

        tree = standard(self.question.name)
        code = tree.normal(industry)
        if code is None:
            raise UsageError(unknown(tree, industry))
        question = self.question
        if date is not None:
            day = read_date(date)
            still = [one for one in question.chosen if one.valid(day)]
            question = replace(question, day=day, chosen=tuple(still) or choose(None, day), use=None)
        return explained(question, code)

    def summary(self, language: Language = "en") -> str:
        """Return a few lines: how much is in scope, by whose word, and what is only in part."""
        rows = self.frame.unique("code", maintain_order=True)
        count = {name: rows.filter(rows["verdict"] == name).height for name in ("in", "part", "out")}
        day, names = self.question.day, [one.id for one in self.question.chosen]
        names += ["use"] if self.question.use is not None else []
        zh = language == "zh"
        lines = [
            f"{day}，{rows.height} 个行业中 {count['in']} 个全部、{count['part']} 个部分属于新质生产力范围，"
            f"{count['out']} 个不属于。"
            if zh
            else f"On {day}, {count['in']} of {rows.height} industries are in scope, {count['part']} in part, "
            f"{count['out']} not."
        ]
        lines += self._sums(zh=zh)
        lines += self._named(rows, zh=zh)
        lines.append(f"依据：{'、'.join(names)}。" if zh else f"By: {', '.join(names)}.")
        return "\n".join([*lines, self.provenance.foot()])

    def _named(self, rows: pl.DataFrame, *, zh: bool) -> list[str]:
        """Name the industries that are in, and those in part with their bounds."""
        lines = []
        for kind, said in (("in", "全部属于" if zh else "In"), ("part", "部分属于" if zh else "In part")):
            some = rows.filter(rows["verdict"] == kind)
            named = []
            for row in some.head(_SHOWN).to_dicts():
                name = industry_name(row["code"], self.question.name).lang("zh" if zh else "en")
                bounds = f" {interval(row['lower'], row['share'], row['upper'])}" if kind == "part" else ""
                named.append(f"{row['code']} {name}{bounds}")
            more = some.height - len(named)
            named += [f"等 {some.height} 个" if zh else f"and {more} more"] if more > 0 else []
            if named:
                lines.append(f"{said}：{'；'.join(named)}。" if zh else f"{said}: {'; '.join(named)}.")
        return lines

    def _sums(self, *, zh: bool) -> list[str]:
        """Return a line for the sum of every measure, the latest years last, and the regions at either end."""
        rows = self.overall.drop_nulls("share").to_dicts()
        shown = rows[-_SHOWN:]
        more = len(rows) - len(shown)
        lines = [self._sum(row, zh=zh) for row in shown]
        if more > 0:
            lines.insert(0, f"（另有较早的 {more} 项合计。）" if zh else f"({more} earlier totals are left out.)")
        return [*lines, *self._ends(zh=zh)]

    def _sum(self, row: dict[str, object], *, zh: bool) -> str:
        share = interval(*(float(str(row[name])) for name in ("lower", "share", "upper")))
        name = self.title(str(row["measure"])).lang("zh" if zh else "en")
        year = row.get("year")
        label = name if year is None else f"{year} 年{name}" if zh else f"{year} {name}"
        return f"{label}：{share} 属于范围。" if zh else f"{label}: {share} in scope."

    def _ends(self, *, zh: bool) -> list[str]:
        """Say in which regions the share of the first measure is highest and lowest, in the last year."""
        if "region" not in self.totals.columns:
            return []
        rows = self.totals.drop_nulls("share").filter(measure=self.measures[0]) if self.measures else self.totals
        rows = rows.filter(rows["year"] == rows["year"].max()) if "year" in rows.columns and rows.height else rows
        if rows.height < 2:  # noqa: PLR2004 - one region has no other to be compared with
            return []
        ends = rows.sort("share", descending=True, maintain_order=True)
        names = self.region_names("zh" if zh else "en")
        first, last = (
            f"{names.get(row['region'], row['region'])} ({percent(row['share'])})"
            for row in (ends.row(0, named=True), ends.row(-1, named=True))
        )
        return [f"{rows.height} 个地区中最高为{first}，最低为{last}。" if zh else
                f"Of {rows.height} regions {first} has the most in scope, {last} the least."]  # fmt: skip

    def region_names(self, language: Language = "en") -> dict[str, str]:
        """Return the names of the regions; empty where they are not known."""
        if self.regions is None:
            return {}
        column = f"name_{language}"
        if column not in self.regions.columns:
            return {}
        return {code: name for code, name in self.regions.select("region", column).iter_rows() if name}
