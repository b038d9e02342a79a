"""The verb `register`: for every region and planned industry, which pitfalls the evidence points to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.result import Result
from xinzhi.core.text import Text
from xinzhi.risks.capacity.herd_entry import herd_entry
from xinzhi.risks.debt.debt import debt as debt_of
from xinzhi.risks.inputs import as_package, names_in, provenance, shorten
from xinzhi.risks.register import evidence
from xinzhi.risks.register import notes as notes_on
from xinzhi.risks.register.debt_evidence import burden
from xinzhi.risks.register.rules import (
    CHECKS,
    FLAGS,
    SEVERITIES,
    judge,
    pitfalls,
    rules,
    severity_name,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.core.finding import Finding
    from xinzhi.core.text import Language
    from xinzhi.data import Package
    from xinzhi.risks.capacity.herd_entry import HerdEntry
    from xinzhi.risks.debt.debt import Debt

_SHOWN = 3
_NOTHING = Text("没有可检查的项目", "nothing to check")


@dataclass(frozen=True, repr=False, kw_only=True)
class Register(Result):
    """Flags of regions, each with the figure behind it; there is no total score.

    Parameters
    ----------
    frame
        ``region, kind, item, pitfall, rule, severity, value, threshold, evidence_zh, evidence_en, source, reference,
        clears_zh, clears_en``: one row a flag. `kind` says what `item` is: a ``category`` of the plans, a ``project``,
        a price ``series``, or the ``region`` itself.
    checks
        ``region, kind, item, pitfall, rule, status, value, threshold, reason_zh, reason_en``: every figure that was
        held against a threshold, ``flagged`` or ``clear``, and every one that could not be, ``not checked`` and why.
    matrix
        ``region, pitfall, checked, flagged, share, severity, status, reason_zh, reason_en``: one row a region and
        pitfall, for a chart; `severity` is the worst flag's, `status` ``flagged, clear`` or ``not checked``.
    labels
        Names of regions and categories.
    findings
        Evidence that was not given, and where to get it.
    """

    key: ClassVar[tuple[str, ...]] = ("region", "item", "rule")

    checks: pl.DataFrame
    matrix: pl.DataFrame
    labels: Mapping[str, Text]
    findings: tuple[Finding, ...]

    def summary(self, language: Language = "en") -> str:
        """Return how many regions each pitfall touches, its most frequent item, and what was not checked."""
        zh = language == "zh"
        lines = []
        for name, words in pitfalls().items():
            rows = self.matrix.filter(pitfall=name)
            seen = rows.filter(pl.col("status") != "not checked").height
            if not seen:
                continue
            hit = rows.filter(status="flagged").height
            alerts = rows.filter(severity="alert").height
            tail = self._range(name, language) + self._often(name, language)
            lines.append(
                f"{words['zh']}：{seen} 个地区中 {hit} 个有标记，其中 {alerts} 个严重{tail}。"
                if zh
                else f"{words['en']}: {hit} of {seen} regions are flagged, {alerts} of them with an alert{tail}."
            )
        dark = [words["zh" if zh else "en"] for name, words in pitfalls().items() if not self._seen(name)]
        if dark:
            lines.append(f"未检查：{'、'.join(dark)}。" if zh else f"Not checked: {', '.join(dark)}.")
        lines.append(
            "每个标记各有依据，不合成总分。" if zh else "Each flag stands on its own figure; there is no total score."
        )
        return "\n".join([*lines, self.provenance.foot()])

    def explain(self, region: str, language: Language = "en") -> str:
        """Return the flags of one region (code or name) in words, item by item, and what would clear each.

        The item with the gravest flags comes first.

        Raises
        ------
        UsageError
            When there is no such region.
        """
        code = self._code(region)
        zh = language == "zh"
        rows = _by_item(self.frame.filter(region=code))
        head = [self._count(self._name(code, language), rows, language)]
        for row in rows.iter_rows(named=True):
            label = pitfalls()[row["pitfall"]]["zh" if zh else "en"]
            item = "" if row["kind"] == "region" else self._name(row["item"], language)
            what = (f"{label}（{item}）" if zh else f"{label} ({item})") if item else label
            told, clears = (row["evidence_zh"], row["clears_zh"]) if zh else (row["evidence_en"], row["clears_en"])
            mark = severity_name(row["severity"], language)
            head.append(
                f"[{mark}] {what}：{told}。消除：{clears}。" if zh else f"[{mark}] {what}: {told}. To clear: {clears}."
            )
        dark = self.matrix.filter(region=code, status="not checked")
        for row in dark.iter_rows(named=True):
            label = pitfalls()[row["pitfall"]]["zh" if zh else "en"]
            why = row["reason_zh" if zh else "reason_en"].rstrip("。.")
            head.append(f"[-] {label}：未检查，{why}。" if zh else f"[-] {label}: not checked; {why}.")
        return "\n".join(head)

    @staticmethod
    def _count(name: str, rows: pl.DataFrame, language: Language) -> str:
        """Return how many flags there are, by severity, and on how many items."""
        zh = language == "zh"
        if not rows.height:
            return f"{name}：没有标记。" if zh else f"{name}: no flag."
        counts = [
            f"{severity_name(one, language)} {count}"
            for one in reversed(SEVERITIES)
            if (count := rows.filter(severity=one).height)
        ]
        items = rows["item"].n_unique()
        if zh:
            return f"{name}：{items} 项有 {rows.height} 个标记（{'、'.join(counts)}）。"
        return f"{name}: {rows.height} flags on {items} items ({', '.join(counts)})."

    def _range(self, name: str, language: Language) -> str:
        """Return the highest and lowest share of its checks that a region is flagged in."""
        if not self.frame.filter(pl.col("pitfall") == name, pl.col("kind") == "category").height:
            return self._ends(name, language)
        rows = self.matrix.filter(pitfall=name).drop_nulls("share").sort("share", "region")
        ends = [
            f"{self._name(row['region'], language)} {row['share']:.0%}"
            for row in (rows.row(-1, named=True), rows.row(0, named=True))
        ]
        return (
            f"；占其检查项的比重从 {ends[0]} 到 {ends[1]}"
            if language == "zh"
            else f"; from {ends[0]} of its checks to {ends[1]}"
        )

    def _ends(self, name: str, language: Language) -> str:
        """Return the highest and lowest figure of the first rule on regions themselves."""
        rows = self.checks.filter(pl.col("pitfall") == name, pl.col("kind") == "region").drop_nulls("value")
        first = next((rule for rule in rules() if rule in rows["rule"]), None)
        if first is None or not (words := rules()[first].get(f"figure_{language}")):
            return ""
        rows = rows.filter(rule=first).sort("value", "region")
        ends = [
            f"{self._name(row['region'], language)} {100 * row['value']:.1f}"
            for row in (rows.row(-1, named=True), rows.row(0, named=True))
        ]
        return f"；{words}从 {ends[0]} 到 {ends[1]}" if language == "zh" else f"; {words} from {ends[0]} to {ends[1]}"

    def _often(self, name: str, language: Language) -> str:
        """Return the items flagged in most regions."""
        items = self.frame.filter(pl.col("pitfall") == name, pl.col("kind") != "region")
        counts = (
            items.group_by("item").agg(pl.col("region").n_unique()).sort(["region", "item"], descending=[True, False])
        )
        shown = [f"{self._name(item, language)} {count}" for item, count in counts.head(_SHOWN).iter_rows()]
        if not shown:
            return ""
        return f"；最多的是 {'、'.join(shown)}" if language == "zh" else f"; most often {', '.join(shown)}"

    def _seen(self, name: str) -> bool:
        return bool((self.matrix.filter(pitfall=name)["status"] != "not checked").any())

    def _name(self, code: str, language: Language) -> str:
        return self.labels[code].lang(language) if code in self.labels else code

    def _code(self, asked: str) -> str:
        codes = self.matrix["region"].unique(maintain_order=True).to_list()
        for code in codes:
            if asked in {code, self._name(code, "zh"), self._name(code, "en")}:
                return str(code)
        message = f"register: there is no region '{asked}'; there are {shorten(codes)}."
        raise UsageError(message)


def register(  # noqa: PLR0913 - the evidence of each room under its own name
    source: Any,  # noqa: ANN401 - a package, its name or path, or a mapping of frames
    *,
    density: Any = None,  # noqa: ANN401 - a frame or a result
    fit: Any = None,  # noqa: ANN401 - a frame or a result
    debt: Debt | None = None,
    capacity: HerdEntry | None = None,
    likeness: Any = None,  # noqa: ANN401 - a frame or a result
    screening: Any = None,  # noqa: ANN401 - a frame or a result
    projects: Any = None,  # noqa: ANN401 - any kind of frame
    bubbles: Any = None,  # noqa: ANN401 - a result, or its episodes
    year: int | None = None,
) -> Register:
    """Bring the evidence on the pitfalls together by region and planned industry: flags, never a score.

    Parameters
    ----------
    source
        A package with ``plans, plan_categories``; with ``activity, capacity, accounts`` the capacity outlook and with
        ``debt, fiscal, accounts`` the debt are computed unless they are given.
    density, fit
        Relatedness density and endowment fit from `pathways` (`opportunities` has both): ``region`` or ``place``;
        ``category``, ``activity`` or ``industry``; ``density`` or ``fit``.
    debt, capacity
        Results of `debt` (with vehicles, hidden debt and resources where they are known) and `herd_entry`.
    likeness
        ``category, named, regions`` from `pathways.choices`; None: counted in the plans.
    screening, projects
        A result of `screen`, and ``id, region`` of the projects (None: the table `projects` of the package).
    bubbles
        A result of `bubbles` on series named by region or city code.
    year
        Of the plans; None: the last.

    Raises
    ------
    UsageError
        When there are no plans of the year.
    InputError
        When plans are missing, or evidence lacks a column.

    Notes
    -----
    Rules and thresholds stand in ``register.yaml``, each with its argument. Flags are not added up: a region that
    names more industries has more of them. Umbrella terms of the plans (``informative`` 0) are left out: that all name
    "modern agriculture" says nothing.

    Examples
    --------
    >>> found = register("china-provinces")
    >>> found.matrix.filter(region="110000").select("pitfall", "status").rows()[:3]
    [('misfit', 'not checked'), ('overcapacity', 'flagged'), ('herding', 'flagged')]
    """
    package = as_package(source)
    if package is None:
        message = "register reads plans from a package: hand in a package or a mapping of frames."
        raise InputError(message)
    plan, chosen = evidence.planned(package, year)
    labels = names_in(package, "regions", "region") | names_in(package, "plan_categories", "category")
    industries = names_in(package, "industries", "industry") | names_in(package, "plan_categories", "category")
    regions = sorted({*plan["region"].to_list(), *names_in(package, "regions", "region")})
    parts, notes = evidence.divisions(package), []
    made: list[tuple[str, pl.DataFrame, str]] = []
    for name, column, given in (
        ("far-from-present-strengths", "density", density),
        ("endowments-do-not-suit", "fit", fit),
    ):
        if given is None:
            notes.append(notes_on.absent(column, f"{column}=", rules()[name]["pitfall"]))
        else:
            rows = evidence.ranked(given, column, plan, parts, industries)
            notes += [notes_on.unmatched(column)] if not rows["value"].count() and not rows["settled"].any() else []
            made.append((name, rows, _source(given, column)))
    outlook = capacity if capacity is not None else _computed(package, notes, "capacity", chosen)
    if outlook is not None:
        series = names_in(package, "capacity", "industry")
        rated = evidence.outlook(outlook, plan, series)
        made += [(name, rows, _source(outlook, "herd_entry")) for name, rows in rated.items()]
    likely = evidence.herding(plan, chosen, plan["region"].n_unique(), likeness)
    made.append(("named-by-most", likely, _source(likeness, "plans")))
    owed = debt if debt is not None else _computed(package, notes, "debt", chosen)
    if owed is not None:
        made += [(name, rows, _source(owed, "debt")) for name, rows in burden(owed, regions).items()]
    if screening is None:
        notes.append(notes_on.absent("screening", "screening=", "old-wine"))
    else:
        where = projects if projects is not None else package.tables.get("projects")
        rows, lost = evidence.old_wine(screening, where, regions)
        notes += [notes_on.homeless(lost)] if lost else []
        made.append(("repackaged", rows, _source(screening, "screen")))
    if bubbles is None:
        notes.append(notes_on.absent("bubbles", "bubbles=", "bubble"))
    else:
        rows, lost = evidence.bubble(bubbles, regions)
        notes += [notes_on.lost(lost)] if lost else []
        made.append(("ongoing-episode", rows, _source(bubbles, "bubbles")))
    judged = [judge(*one) for one in made]
    checks = pl.concat([pl.DataFrame(schema=CHECKS), *(one[0] for one in judged)]).sort(
        "region", "pitfall", "rule", "item"
    )
    flags = pl.concat([pl.DataFrame(schema=FLAGS), *(one[1] for one in judged)]).sort(
        "region", "pitfall", "rule", "item"
    )
    given = {"density": density, "fit": fit, "likeness": likeness, "screening": screening, "bubbles": bubbles}
    return Register(
        frame=flags,
        checks=checks,
        matrix=_matrix(checks, flags, regions, notes),
        labels=labels,
        findings=(*notes, *notes_on.everywhere(checks)),
        kind=package.kind,
        provenance=provenance(
            "register", package, ["plans", "plan_categories"], year=chosen,
            given=sorted(name for name, one in given.items() if one is not None),
        ),
    )  # fmt: skip


def _by_item(rows: pl.DataFrame) -> pl.DataFrame:
    """Return flags with those of an item together, the item with the gravest first."""
    order = {one: at for at, one in enumerate(SEVERITIES)}
    place = {name: at for at, name in enumerate(rules())}
    grave = rows.with_columns(
        grave=pl.col("severity").replace_strict(order, return_dtype=pl.Int64),
        place=pl.col("rule").replace_strict(place, return_dtype=pl.Int64),
        # the region itself before what it plans
        own=pl.col("kind") == "region",
    )
    weight = grave.group_by("item").agg(worst=pl.col("grave").max(), heavy=pl.col("grave").sum())
    return grave.join(weight, on="item").sort(
        "worst", "own", "heavy", "item", "grave", "place", descending=[True, True, True, False, True, False]
    )


def _computed(package: Package, notes: list[Finding], what: str, year: int) -> Any:  # noqa: ANN401 - one of two results
    """Return the capacity outlook or the debt of the package; None, and a note, where its tables do not allow it."""
    try:
        return herd_entry(package, year=year, paths=()) if what == "capacity" else debt_of(package)
    except InputError as error:
        pitfall = "overcapacity" if what == "capacity" else "debt"
        notes.append(notes_on.absent(what, f"{what}=", pitfall, str(error)))
        return None


def _source(given: Any, otherwise: str) -> str:  # noqa: ANN401 - a result or a frame
    """Return what the evidence is: a verb and its package, or the caller's frame."""
    if isinstance(given, Result):
        made = given.provenance
        return made.verb if made.package is None else f"{made.verb} ({made.package})"
    return otherwise if given is None else f"{otherwise} (given)"


def _matrix(checks: pl.DataFrame, flags: pl.DataFrame, regions: list[str], notes: list[Finding]) -> pl.DataFrame:
    """Return one row a region and pitfall."""
    order = {one: at for at, one in enumerate(SEVERITIES)}
    worst = flags.group_by("region", "pitfall").agg(
        worst=pl.col("severity").replace_strict(order, return_dtype=pl.Int64).max()
    )
    known = pl.col("status") != "not checked"
    counts = checks.group_by("region", "pitfall").agg(
        checked=known.sum().cast(pl.Int64),
        flagged=(pl.col("status") == "flagged").sum().cast(pl.Int64),
        why_zh=pl.col("reason_zh").drop_nulls().first(),
        why_en=pl.col("reason_en").drop_nulls().first(),
    )
    words = {one.key: one.message for one in notes if one.rule == "evidence-not-given"}
    missing = pl.DataFrame(
        [(name, words.get(name, _NOTHING).zh, words.get(name, _NOTHING).en) for name in pitfalls()],
        schema=["pitfall", "given_zh", "given_en"],
        orient="row",
    )
    every = pl.DataFrame({"region": regions}, schema={"region": pl.String}).join(missing, how="cross")
    dark = pl.col("checked") == 0
    return (
        every.join(counts, on=["region", "pitfall"], how="left", maintain_order="left")
        .join(worst, on=["region", "pitfall"], how="left", maintain_order="left")
        .with_columns(pl.col("checked", "flagged").fill_null(0))
        .select(
            "region", "pitfall", "checked", "flagged",
            share=pl.when(~dark).then(pl.col("flagged") / pl.col("checked")),
            severity=pl.col("worst").replace_strict(dict(enumerate(SEVERITIES)), default=None, return_dtype=pl.String),
            status=pl.when(dark).then(pl.lit("not checked")).when(pl.col("flagged") > 0).then(pl.lit("flagged"))
            .otherwise(pl.lit("clear")),
            reason_zh=pl.when(dark).then(pl.coalesce("why_zh", "given_zh")),
            reason_en=pl.when(dark).then(pl.coalesce("why_en", "given_en")),
        )
    )  # fmt: skip
