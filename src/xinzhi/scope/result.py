"""The result of `classify`: what is in scope, and everything behind it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar

from xinzhi.core.errors import UsageError
from xinzhi.core.result import Result
from xinzhi.scope.facts import convention, read_date
from xinzhi.scope.tree import standard, unknown
from xinzhi.scope.words import interval

if TYPE_CHECKING:
    import polars as pl

    from xinzhi.core.finding import Finding
    from xinzhi.core.text import Language
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
    """

    key: ClassVar[tuple[str, ...]] = ("code",)

    totals: pl.DataFrame
    lists: pl.DataFrame
    question: Question = field(repr=False)
    findings: tuple[Finding, ...] = ()
    measures: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Make region and year part of the key where they are given."""
        object.__setattr__(
            self, "key", tuple(name for name in ("region", "year", "code") if name in self.frame.columns)
        )

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
        zh = language == "zh"
        lines = [
            f"{day}，{rows.height} 个行业中 {count['in']} 个全部、{count['part']} 个部分属于新质生产力范围，"
            f"{count['out']} 个不属于。"
            if zh
            else f"On {day}, {count['in']} of {rows.height} industries are in scope, {count['part']} in part, "
            f"{count['out']} not."
        ]
        lines += [self._sum(row, zh=zh) for row in self.totals.head(_SHOWN).to_dicts() if row["share"] is not None]
        more = self.totals.height - _SHOWN
        if more > 0:
            lines.append(f"（另有 {more} 项合计。）" if zh else f"({more} more totals.)")
        partial = rows.filter(rows["verdict"] == "part").head(_SHOWN)
        if partial.height:
            named = [
                f"{row['code']} {interval(row['lower'], row['share'], row['upper'])}" for row in partial.to_dicts()
            ]
            lines.append(f"部分属于：{'；'.join(named)}。" if zh else f"In part: {'; '.join(named)}.")
        lines.append(f"依据：{'、'.join(names)}。" if zh else f"By: {', '.join(names)}.")
        return "\n".join([*lines, self.provenance.foot()])

    def _sum(self, row: dict[str, object], *, zh: bool) -> str:
        where = " ".join(str(row[key]) for key in ("region", "year") if key in row)
        share = interval(*(float(str(row[name])) for name in ("lower", "share", "upper")))
        label = f"{where} {row['measure']}".strip()
        return f"{label}：{share} 属于范围。" if zh else f"{label}: {share} in scope."
