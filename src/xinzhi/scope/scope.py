"""The result of `classify`: what is in scope on a day, by how much, and everything behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import polars as pl

from xinzhi import words
from xinzhi.core.errors import UsageError
from xinzhi.core.finding import Finding
from xinzhi.core.result import Facts, Result
from xinzhi.core.text import Text, clauses, has
from xinzhi.scope.catalogue import choose, definition, definitions
from xinzhi.scope.membership import Question, answer
from xinzhi.scope.standard import convention, industry_name, read_date, standard, unknown_code_error
from xinzhi.scope.tables import EXACT, definition_verdicts, measure_text

VERDICTS = ("in", "part", "out", "unknown")
NAMED, NARROW = 3, convention("narrow")  # industries named in a sentence, and a width of the bounds that is worth one


@dataclass(frozen=True, repr=False, kw_only=True)
class Scope(Result, verb="classify", topic="scope", key=("code",)):
    """What is in scope on a day, and by how much.

    `frame` has the share of every industry in scope, for certain between `lower` and `upper`, the definitions that list
    it and the days on which all of them hold; `verdict` is ``in`` (all of it), ``part``, ``out``, or ``unknown``: no
    list names it, but of one only part of the codes is entered, so that share and upper bound are null. `totals` sums
    every measure over what the codes entered name, an industry in several lists counted once. `lists` is what every
    definition says of every industry: `line` whether it has a line for it at all, `starred` whether that belongs only
    in part, `assumed` whether its share is only the middle of its bounds, `split` and `unmapped` what the concordance
    does with it.

    `question` holds the day, the standard and the definitions; `measures` are the columns that weigh. From a package
    come its `regions`, `titles` and `units` of the measures, and `wholes`: what employment of the industries is part
    of, ``urban`` all urban units and ``everyone`` all the employed of the same year, in the same unit.
    """

    totals: pl.DataFrame
    lists: pl.DataFrame
    question: Question = field(repr=False)
    findings: tuple[Finding, ...] = ()
    measures: tuple[str, ...] = ()
    regions: pl.DataFrame | None = None
    titles: Mapping[str, Text] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    wholes: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make region and year part of the key where they are given."""
        object.__setattr__(
            self, "key", tuple(name for name in ("region", "year", "code") if name in self.frame.columns)
        )

    @property
    def day(self) -> str:
        """The day that was asked about."""
        return self.question.day.isoformat()

    @cached_property
    def overall(self) -> pl.DataFrame:
        """The totals of all regions together, ``[year,] measure`` and the columns of `totals`."""
        if "region" not in self.totals.columns:
            return self.totals
        keys = [name for name in ("year", "measure") if name in self.totals.columns]
        sums = ("total", "in_scope", "in_scope_lower", "in_scope_upper")
        sums_by_measure = self.totals.group_by(keys, maintain_order=True).agg(pl.col(sums).sort().sum())  # see `codes`
        parts = zip(("share", "lower", "upper"), sums[1:], strict=True)
        return sums_by_measure.with_columns(
            pl.when(pl.col("total") > 0).then(pl.col(of) / pl.col("total")).alias(name) for name, of in parts
        )

    @cached_property
    def absent(self) -> tuple[str, ...]:
        """The divisions that hold something in scope and of which the industries asked about hold nothing."""
        tree = standard(self.question.name)
        class_codes = {name for code in self.frame["code"].unique() for name in tree.below(code)}
        divisions = [
            code for code in tree.names if tree.level(code) == "division" and class_codes.isdisjoint(tree.below(code))
        ]
        if not divisions:
            return ()
        upper = answer(self.question, divisions).total.upper
        return tuple(code for code, most in zip(divisions, upper, strict=True) if most > EXACT)

    def title(self, name: str) -> Text:
        """Return what a measure is called."""
        return self.titles.get(name) or measure_text(name)

    def mask(self, *, at_least: float | None = None) -> tuple[str, ...]:
        """Return the codes, in order, of which `at_least` that share is in scope in every region."""
        level = float(convention("mask_share")) if at_least is None else at_least
        if not 0 < level <= 1:
            raise UsageError("scope.at-least", level=level)
        rows = self.frame.unique("code", maintain_order=True)
        rows = rows.filter(rows["share"] >= level)
        order = {code: at for at, code in enumerate(standard(self.question.name).names)}
        return tuple(sorted(rows["code"].to_list(), key=order.__getitem__))

    def explain(self, industry: object, date: object = None) -> pl.DataFrame:
        """Say why an industry is in scope or not, on this day or another.

        A row per definition and use test, as `lists`; the last one, ``union``, is all together. A `UsageError` says
        that there is no such code, or that no definition was in force.
        """
        tree = standard(self.question.name)
        code = tree.normal(industry)
        if code is None:
            raise unknown_code_error(tree, industry)
        question = self.question
        if date is not None:
            day = read_date(date)
            still = [listed for listed in question.definitions if listed.valid(day)]
            question = replace(question, day=day, definitions=tuple(still) or choose(None, day), use=None)
        return definition_verdicts(question, code)

    @property
    def weight_name(self) -> str | None:
        """The measure that weighs; None where there is none and every industry counts alike."""
        return self.measures[0] if self.measures else None

    @cached_property
    def year(self) -> int | None:
        """The last year, None where the industries have none."""
        return int(str(self.frame["year"].max())) if "year" in self.frame.columns else None

    @cached_property
    def share_base(self) -> Text:
        """What the shares are shares of, in words."""
        if self.weight_name is None:
            return words.scope.label_industries()
        name, n = self.title(self.weight_name), self.codes.height
        if self.year is None:
            return words.scope.label_of_listed(measure=name, n=n)
        return words.scope.label_of_year(measure=name, year=self.year, n=n)

    @cached_property
    def codes(self) -> pl.DataFrame:
        """One row an industry with ``value`` and ``in_scope``: regions summed in the last year, largest first."""
        frame = self.frame if self.year is None else self.frame.filter(pl.col("year") == self.year)
        # Sorted, a group is added up by one thread: the last digit does not hang on how many there are.
        value = pl.col(self.weight_name).sort().sum() if self.weight_name else pl.lit(1.0).first()
        rest = pl.col("share", "lower", "upper", "verdict", "definitions", "reason_zh", "reason_en").first()
        rows = frame.group_by("code", maintain_order=True).agg(rest, value=value)
        order = pl.col("verdict").replace_strict({name: at for at, name in enumerate(VERDICTS)}, return_dtype=pl.Int8)
        return rows.with_columns(in_scope=pl.col("share") * pl.col("value")).sort(
            order, "in_scope", "value", descending=[False, True, True], maintain_order=True
        )

    @cached_property
    def whole(self) -> Mapping[str, float] | None:
        """Total, share and bounds of all industries together; None where the total is zero."""
        total = float(self.codes["value"].sum())
        if not total > 0:
            return None
        parts = {name: float((self.codes[name] * self.codes["value"]).sum()) for name in ("share", "lower", "upper")}
        return {"total": total, **{name: part / total for name, part in parts.items()}}

    @cached_property
    def by_region(self) -> pl.DataFrame:
        """Share and bounds of every region in the last year, the highest first; empty without regions."""
        rows = self.totals
        if "region" not in rows.columns or self.weight_name is None:
            return rows.clear()
        rows = rows.filter(measure=self.weight_name).drop_nulls("share")
        rows = rows if self.year is None else rows.filter(pl.col("year") == self.year)
        return rows.sort("share", "region", descending=[True, False]).with_columns(code=pl.col("region"))

    @cached_property
    def by_year(self) -> pl.DataFrame:
        """Share and bounds of all regions together by year; empty without years."""
        rows = self.overall
        if "year" not in rows.columns or self.weight_name is None:
            return rows.clear()
        return rows.filter(measure=self.weight_name).drop_nulls("share").sort("year")

    @cached_property
    def by_list(self) -> pl.DataFrame:
        """``definition, named, share, lower, upper``: how much of the whole every list names by itself."""
        rows = self.lists.join(self.codes.select("code", "value"), on="code")
        total = pl.col("value").sum()
        return rows.group_by("definition", maintain_order=True).agg(
            (pl.col("upper") > 0).sum().alias("named"),
            *((pl.col(name) * pl.col("value")).sum() / total for name in ("share", "lower", "upper")),
        )

    @cached_property
    def lists_by_share(self) -> pl.DataFrame:
        """`by_list`, the largest share first."""
        return self.by_list.sort("share", descending=True, maintain_order=True)

    @cached_property
    def lists_and_union(self) -> pl.DataFrame:
        """`by_list`, then the sum of the lists, what they name twice, and their union; without a total only the lists.

        `definition` of these three is ``sum``, ``twice`` and ``union``.
        """
        rows, union = self.by_list, self.whole
        if union is None:
            return rows
        total, named = float(rows["share"].sum()), self.in_scope.height
        ends = [
            {"definition": "sum", "share": total},
            {"definition": "twice", "share": total - union["share"]},
            {"definition": "union", "named": named, **{name: union[name] for name in ("share", "lower", "upper")}},
        ]
        return pl.concat([rows, pl.DataFrame(ends, schema=rows.schema)])

    @cached_property
    def industries(self) -> pl.DataFrame:
        """`codes` as a table lists them: name, lists and reason of an industry are written by its code."""
        code = pl.col("code")
        return self.codes.drop("reason_zh", "reason_en").with_columns(industry=code, reason=code, lists="definitions")

    @cached_property
    def in_scope(self) -> pl.DataFrame:
        """The industries that count, in full or in part."""
        return self.industries.filter(pl.col("verdict").is_in(("in", "part")))

    @cached_property
    def inside(self) -> pl.DataFrame:
        """The industries that hold something in scope, the largest first."""
        return self.industries.filter(pl.col("in_scope") > 0).sort("in_scope", descending=True, maintain_order=True)

    @cached_property
    def reasons(self) -> Mapping[str, Text]:
        """The lists that name an industry, each with how many of its classes; the whole reason is in the frame."""
        by_code: dict[str, list[Text]] = {}
        for row in self.lists.filter(pl.col("upper") > 0).iter_rows(named=True):
            name = self.list_name(row["definition"])
            if row["classes_in"] < row["classes"]:
                name = words.scope.label_some_of(list=name, inside=row["classes_in"], classes=row["classes"])
            elif row["lower"] < row["upper"]:
                name = words.scope.label_part_of(list=name)
            by_code.setdefault(row["code"], []).append(name)
        return {code: clauses(names) for code, names in by_code.items()}

    def industry(self, code: str) -> Text:
        """Return the name of an industry."""
        return industry_name(code, self.question.name)

    def name_with_code(self, code: str) -> Text:
        """Return the name of an industry with its code."""
        return words.scope.label_coded(name=self.industry(code), code=code)

    def list_title(self, name: str) -> Text:
        """Return the full title of a definition."""
        title = next((listed.title for listed in self.question.definitions if listed.id == name), None)
        return title or definition(name).title

    def list_name(self, name: str) -> Text:
        """Return the short name of a definition, or of the use test."""
        if name == "use":
            return words.scope.label_use()
        return words.by_key(key) if has(key := f"scope.chart.{name}") else self.list_title(name)

    def facts(self) -> Facts:
        """Return how much is in scope, by which definitions, what is only in part, and what the figures rest on."""
        count = dict(self.codes.group_by("verdict").len().iter_rows())
        inside, part, out, unknown = (count.get(name, 0) for name in VERDICTS)
        facts: Facts = {
            "answer.count": {
                "day": self.day,
                "all": self.codes.height,
                "inside": inside,
                "part": part,
                "out": out,
                "unknown": unknown,
            }
        }
        facts |= self._shares(unknown)
        names = [self.list_name(listed.id) for listed in self.question.definitions]
        names += [self.list_name("use")] if self.question.use is not None else []
        facts["answer.lists" if len(self.question.definitions) > 1 else "answer.list"] = {"names": names}
        rows = self.by_region
        if rows.height > 1:
            first, last = rows.row(0, named=True), rows.row(-1, named=True)
            ends = {"first": self.names.region(first["region"]), "most": first["share"]}
            ends |= {"last": self.names.region(last["region"]), "least": last["share"]}
            ends |= {f"most_{side}": first[side] for side in ("lower", "upper")}
            ends |= {f"least_{side}": last[side] for side in ("lower", "upper")}
            ends["sure"] = first["lower"] > last["upper"]
            facts["answer.regions"] = {"count": rows.height, **ends}
        return facts | self._notes(part)

    def _shares(self, unknown: int) -> Facts:
        """Return how much of the whole counts, how many industries nobody can judge, and what the whole is part of."""
        facts, overall_shares = Facts(), self.whole
        spread = 0.0 if overall_shares is None else overall_shares["upper"] - overall_shares["lower"]
        if overall_shares is not None:
            facts["answer.exact" if spread < NARROW / 100 else "answer.share"] = {
                "measure": self.share_base,
                **overall_shares,
            }
        if overall_shares is not None and self.wholes:
            shares = {name: overall_shares["total"] / value for name, value in self.wholes.items()}
            inside = {f"of_{name}": overall_shares["share"] * share for name, share in shares.items()}
            facts["answer.denominators"] = {"all": self.codes.height, "year": self.year, **shares, **inside}
        if unknown:
            names = [listed.title for listed in self.question.definitions if listed.status == "partial"]
            facts["answer.unknown"] = {"count": unknown, "names": names}
        if spread > NARROW:
            width = pl.col("upper") - pl.col("lower")
            widest = self.codes.filter(width > 0).sort(width * pl.col("value"), descending=True)["code"].head(NAMED)
            facts["answer.wide"] = {"names": [self.name_with_code(code) for code in widest]}
        return facts

    def _notes(self, part: int) -> Facts:
        """Return what the figures rest on, and what is not in them."""
        day, facts = self.question.day, Facts()
        if self.year is not None and self.year != day.year:
            facts["note.year" if self.year < day.year else "note.later"] = {"year": self.year, "day": self.day}
        if self.absent:
            facts["note.absent"] = {"names": [self.name_with_code(code) for code in self.absent]}
        if part:
            facts["note.partial"] = {}
        entered = [listed.title for listed in self.question.definitions if listed.status == "partial"]
        if entered:
            facts["note.entered"] = {"names": entered}
        force = definitions(day).filter(
            ~pl.col("definition").is_in([listed.id for listed in self.question.definitions])
        )
        for key, is_template in (("note.others", False), ("note.templates", True)):
            rows = force.filter((pl.col("status") == "template") == is_template)
            if rows.height:
                facts[key] = {"names": [self.list_title(name) for name in rows["definition"]]}
        return facts | {"note.finding": [{"message": problem.message} for problem in self.findings], "note.word": {}}


def treemap(scope: Scope, measure: str | None = None) -> pl.DataFrame:
    """Return what is in scope, for a treemap.

    Parameters
    ----------
    scope
        The result of `classify`.
    measure
        The column that sizes the tiles, by default the first; regions and years are summed.

    Returns
    -------
    polars.DataFrame
        ``code, name_zh, level, share, lower, upper, verdict, definition, value, in_scope``: a row per industry with
        anything in scope, the largest first; `definition` is the first that lists it. Without a measure each value is
        1.

    Examples
    --------
    >>> import polars as pl
    >>> from xinzhi.scope import classify
    >>> table = pl.DataFrame({"code": ["39", "17"], "output": [120.0, 60.0]})
    >>> treemap(classify(table, as_of=2023)).select("code", "value", "in_scope").rows()
    [('39', 120.0, 120.0)]
    """
    name = measure or (scope.measures[0] if scope.measures else None)
    if name is not None and name not in scope.measures:
        raise UsageError("scope.no-measure", name=name, known=list(scope.measures) or ["–"])
    value = pl.col(name).sum() if name else pl.lit(1.0).first()
    rows = scope.frame.group_by("code", maintain_order=True).agg(
        pl.col("name_zh", "level", "share", "lower", "upper", "verdict", "definitions").first(), value=value
    )
    rows = rows.filter(pl.col("upper") > 0).with_columns(
        definition=pl.col("definitions").str.split(";").list.first(), in_scope=pl.col("share") * pl.col("value")
    )
    columns = ("code", "name_zh", "level", "share", "lower", "upper", "verdict", "definition", "value", "in_scope")
    return rows.select(columns).sort("in_scope", descending=True, maintain_order=True)
