"""The verb `register`: for every region and planned industry, which pitfalls the evidence points to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypedDict, cast

import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyFrame, AnyPackage
from xinzhi.core.errors import InputError
from xinzhi.core.finding import Finding
from xinzhi.core.names import Names
from xinzhi.core.provenance import provenance
from xinzhi.core.result import Facts, Result
from xinzhi.core.schema import describe
from xinzhi.core.text import Language, Text, Values
from xinzhi.data import Package, as_package, is_package, names_of
from xinzhi.data.internal import among
from xinzhi.risks.capacity.herd_entry import HerdEntry, herd_entry
from xinzhi.risks.debt.debt import Debt
from xinzhi.risks.debt.debt import debt as debt_of
from xinzhi.risks.inputs import setting
from xinzhi.risks.register.evidence import ability, bubble, burden, capacity_outlook, herding, old_wine, plan_mentions
from xinzhi.risks.register.register_frames import RegisterFrames
from xinzhi.risks.register.rules import (
    CHECKS,
    FLAGS,
    SEVERITIES,
    judge,
    missing_evidence,
    pitfalls,
    rules,
    settle,
    unmatched_evidence,
    without_region,
)

_NAMED = 3  # items of a pitfall that are named
_GRAVITY = pl.col("severity").replace_strict(
    {severity: at for at, severity in enumerate(SEVERITIES)}, return_dtype=pl.Int64
)


class Tally(TypedDict):
    """How many regions are checked and flagged under a pitfall."""

    pitfall: str
    every: int
    checked: int
    flagged: int
    alerts: int


@dataclass(frozen=True, repr=False, kw_only=True)
class Register(RegisterFrames, verb="register", topic="register", key=("region", "item", "rule")):
    """Flags of regions, each with the figure behind it; there is no total score.

    A row of `frame` is a flag with its base rate (the share of regions that bear one of its rule), of `national` what
    holds for most regions and is said once, of `checks` a figure that was held against a threshold or could not be, of
    `matrix` a region and pitfall. `findings` name evidence that was not given, and where to get it.
    """

    national: pl.DataFrame
    checks: pl.DataFrame
    matrix: pl.DataFrame
    findings: tuple[Finding, ...]

    def codes(self) -> list[str]:
        """Return the codes of the regions, in the order of the matrix."""
        return [str(code) for code in self.matrix["region"].unique(maintain_order=True)]

    def worst(self, n: int | None = None) -> pl.DataFrame:
        """Return the gravest flags of every region, `n` at most (None: as ``listed`` in ``register.yaml``).

        The gravest severity comes first, then what fewest regions bear; each rule is heard once before any twice.
        """
        most = int(setting("register", "listed")) if n is None else n
        beyond = (pl.col("value") - pl.col("threshold")).abs()
        keys = ["region", _GRAVITY, "base_rate", beyond, "item"]
        graver = self.frame.sort(keys, descending=[False, True, False, True, False])
        turn = pl.int_range(pl.len()).over("region", "rule")
        rows = graver.with_columns(turn=turn).sort("region", "turn", maintain_order=True).drop("turn")
        place = rows.select(place=pl.int_range(1, pl.len() + 1).over("region"))
        return pl.concat([place, rows], how="horizontal").filter(pl.col("place") <= most)

    @property
    def worst_in_percent(self) -> pl.DataFrame:
        """The gravest flags of every region, the base rate in per cent."""
        return self.worst().with_columns(pl.col("base_rate") * 100)

    def tallies(self) -> list[Tally]:
        """Return for each pitfall how many regions were checked, are flagged, and have an alert."""
        rows = self.matrix.group_by("pitfall").agg(
            every=pl.len(),
            checked=(pl.col("status") != "not checked").sum(),
            flagged=(pl.col("status") == "flagged").sum(),
            alerts=(pl.col("severity") == "alert").sum(),
        )
        tallies = {row["pitfall"]: row for row in cast("Iterator[Tally]", rows.iter_rows(named=True))}
        return [tallies[name] for name in pitfalls() if name in tallies]

    def facts(self) -> Facts:
        """Return what is the nation's, how many regions each pitfall touches, in which items, and what is unchecked."""
        if not self.matrix.height:
            return {"answer.nothing": {}}
        nation: list[dict[str, object]] = []
        touched: list[dict[str, object]] = []
        partly: list[dict[str, object]] = []
        unseen = []
        for row in self.tallies():
            name = pitfalls()[row["pitfall"]]
            if not row["checked"]:
                unseen.append(name)
                continue
            values: Values = {"name": name, "n": row["checked"], "k": row["flagged"], "a": row["alerts"]}
            items, ends = self._common_flags(row["pitfall"]), self._ends(row["pitfall"])
            nation += [{"what": sentence} for sentence in self._nation(row["pitfall"])]
            key = "clear"
            if row["flagged"]:
                key = "flagged_items" if items else "flagged"
            touched += [{"what": words.register.answer_of(key, **values, items=items)}]
            touched += [{"what": words.register.answer_ends(**ends)}] if ends else []
            if row["checked"] < row["every"]:
                missing: Values = {"name": name, "k": row["every"] - row["checked"], "n": row["every"]}
                partly.append({"what": words.register.answer_partly(**missing)})
        unchecked: Facts = {"answer.unchecked": {"names": unseen}} if unseen else {}
        return {"answer.pitfall": [*nation, *touched, *partly]} | unchecked | {"answer.parts": {}}

    def _nation(self, pitfall: str) -> Sequence[Text]:
        """Return what of a pitfall is the nation's, a sentence a rule."""
        sentences = []
        for (name,), rows in self.national.filter(pitfall=pitfall).group_by("rule", maintain_order=True):
            rule = describe("register", "rule").values[str(name)]
            if rows["kind"][0] == "rule":
                sentences.append(words.register.answer_nation_rule(rule=rule, k=rows["hit"][0], n=rows["among"][0]))
                continue
            items = [
                words.register.answer_item(name=self.names.text(kind, item), count=hit)
                for kind, item, hit in rows.select("kind", "item", "hit").head(_NAMED).rows()
            ]
            checked = self.checks.filter(pl.col("rule") == name, pl.col("status") != "not checked")
            values: Values = {"rule": rule, "k": rows.height, "m": checked["item"].n_unique()}
            sentences.append(words.register.answer_nation_items(**values, items=items))
        return sentences

    def _common_flags(self, pitfall: str) -> list[Text]:
        """Return the items of a pitfall that are flagged in most regions; those of one region each are no pattern."""
        counts = (
            self.frame.filter(pl.col("pitfall") == pitfall, pl.col("kind") != "region")
            .group_by("kind", "item")
            .agg(n=pl.col("region").n_unique())
            .filter(pl.col("n") > 1)
            .sort("n", "item", descending=[True, False])
        )
        return [
            words.register.answer_item(name=self.names.text(kind, item), count=count)
            for kind, item, count in counts.head(_NAMED).rows()
        ]

    def _ends(self, pitfall: str) -> Values:
        """Return the highest and lowest figure of the first rule on regions themselves, where the rule names it."""
        rows = self.checks.filter(pl.col("pitfall") == pitfall, pl.col("kind") == "region").drop_nulls("value")
        name = next(
            (rule_name for rule_name, rule in rules().items() if rule_name in rows["rule"] and "figure_zh" in rule),
            None,
        )
        if name is None:
            return {}
        first = rules()[name]
        ordered = rows.filter(rule=name).sort("value", "region")
        if ordered.height == 1:
            return {}
        low, high = ordered.row(0, named=True), ordered.row(-1, named=True)
        return {
            "figure": Text(zh=first["figure_zh"], en=first["figure_en"]),
            "most": self.names.region(high["region"]),
            "high": 100 * high["value"],
            "least": self.names.region(low["region"]),
            "low": 100 * low["value"],
        }

    def of_region(self, region: str) -> Facts:
        """Return how many figures of a region (code or name) were checked, how many are flagged, and how gravely."""
        code = self.names.resolve(region, self.codes())
        checks, flags = self.checks.filter(region=code), self.frame.filter(region=code)
        counted = checks.filter(pl.col("status") != "not checked").height
        values = {
            "name": self.names.region(code),
            "n": counted,
            "k": flags.height,
            "d": checks.height - counted,
            "a": flags.filter(severity="alert").height,
        }
        return {"headline.ledger": values}

    def explain(self, region: str, language: Language = "en") -> str:
        """Return the flags of a region (code or name) in words, the gravest item first; `UsageError` without it."""
        code = self.names.resolve(region, self.codes())
        rows = by_item(self.frame.filter(region=code))
        counts = [
            words.register.explain_severity(name=words.register.chart_of(severity), n=n)
            for severity in reversed(SEVERITIES)
            if (n := rows.filter(severity=severity).height)
        ]
        values: Values = {"name": self.names.region(code), "flags": rows.height, "items": rows["item"].n_unique()}
        lines = [
            words.register.explain_count(**values, counts=counts)
            if rows.height
            else words.register.explain_none(**values)
        ]
        for row in rows.iter_rows(named=True):
            details = {
                "severity": words.register.chart_of(row["severity"]),
                "pitfall": pitfalls()[row["pitfall"]],
                "item": self.names.text(row["kind"], row["item"]),
                "evidence": Text(zh=row["evidence_zh"], en=row["evidence_en"]),
                "clears": Text(zh=row["clears_zh"], en=row["clears_en"]),
            }
            lines.append(
                words.register.explain_region(**details)
                if row["kind"] == "region"
                else words.register.explain_item(**details)
            )
        for row in self.matrix.filter(region=code, status="not checked").iter_rows(named=True):
            why = Text(zh=row["reason_zh"].rstrip("。"), en=row["reason_en"].rstrip("."))
            lines.append(words.register.explain_unchecked(pitfall=pitfalls()[row["pitfall"]], why=why))
        return "\n".join(line.lang(language) for line in lines)


def register(  # noqa: PLR0913 - each kind of evidence under its own name
    source: AnyPackage,
    *,
    able: AnyFrame = None,
    debt: Debt | None = None,
    capacity: HerdEntry | None = None,
    likeness: AnyFrame = None,
    screening: AnyFrame = None,
    projects: AnyFrame = None,
    bubbles: AnyFrame = None,
    year: int | None = None,
) -> Register:
    """Bring the evidence on the pitfalls together by region and planned industry: flags, never a score.

    Parameters
    ----------
    source
        A package with ``plans, plan_categories``; with ``activity, capacity, accounts`` the capacity outlook and with
        ``debt, fiscal, accounts`` the debt are computed unless they are given.
    able
        A result of `pathways.able`, or a frame ``region, category, able``. Only ``not able`` is a misfit; what is
        ``unknown`` is not checked.
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

    Notes
    -----
    Rules and thresholds stand in ``register.yaml``, each with its argument. What more than 60 % of the regions meet, or
    is one figure for all of them, is the nation's and said once; a region bears a flag of it where it is among the
    worst quarter. Flags are not added up: a region that names more industries has more of them. Umbrella terms of the
    plans (``informative`` 0) are left out: that all name "modern agriculture" says nothing. A package that holds some
    of China's provinces is held against all of them; the others come from the package that ships.

    Examples
    --------
    >>> found = register("china-provinces")
    >>> found.national.group_by("rule").len().sort("rule")["rule"].to_list()
    ['borrowing-beyond-stable', 'idle-if-all-build', 'idle-now', 'named-by-most']
    >>> found.worst().group_by("region").len()["len"].max()
    3
    """
    if not is_package(source):
        raise InputError("register.no-package")
    own_package = as_package(source)
    package = own_package if (around := among(own_package)) is None else around.package
    plan, plan_year = plan_mentions(package, year)
    labels = names_of(package).by_kind
    places, categories = labels.get("region", {}), labels.get("category", {})
    regions = sorted({*plan["region"].to_list(), *places})
    notes: list[Finding] = []
    evidence: list[tuple[str, pl.DataFrame, str]] = []
    if able is None:
        notes.append(missing_evidence("able", "able=", "misfit"))
    else:
        rows = ability(getattr(able, "everywhere", able), plan)
        notes += unmatched_evidence("able", rows)
        evidence.append(("not-able", rows, _source(able, "able")))
    ahead = capacity if capacity is not None else _capacity_and_debt(package, notes, "capacity", plan_year)
    if ahead is not None:
        evidence += [
            (name, rows, _source(ahead, "herd_entry")) for name, rows in capacity_outlook(ahead, plan, package).items()
        ]
    evidence.append(
        ("named-by-most", herding(plan, plan_year, plan["region"].n_unique(), likeness), _source(likeness, "plans"))
    )
    balances = debt if debt is not None else _capacity_and_debt(package, notes, "debt", plan_year)
    if balances is not None:
        evidence += [(name, rows, _source(balances, "debt")) for name, rows in burden(balances, regions).items()]
    if screening is None:
        notes.append(missing_evidence("screening", "screening=", "old-wine"))
    else:
        where = projects if projects is not None else package.optional("projects", verb="register")
        rows, unplaced = old_wine(screening, where, regions)
        notes += without_region("project", unplaced)
        evidence.append(("repackaged", rows, _source(screening, "screen")))
    if bubbles is None:
        notes.append(missing_evidence("bubbles", "bubbles=", "bubble"))
    else:
        rows, unplaced = bubble(bubbles, regions)
        notes += without_region("series", unplaced)
        evidence.append(("ongoing-episode", rows, _source(bubbles, "bubbles")))
    verdicts = [judge(*part) for part in evidence]
    names = Names({"region": places, "category": categories})
    checks, flags, national = settle(
        pl.concat([pl.DataFrame(schema=CHECKS), *(verdict[0] for verdict in verdicts)]),
        pl.concat([pl.DataFrame(schema=FLAGS), *(verdict[1] for verdict in verdicts)]),
        names,
    )
    optional_evidence = {"able": able, "likeness": likeness, "screening": screening, "bubbles": bubbles}
    if around is not None:
        regions = list(around.regions)  # and of what is national that which they plan
        checks, flags = (rows_of_nation.filter(pl.col("region").is_in(regions)) for rows_of_nation in (checks, flags))
        national = national.filter((pl.col("kind") == "rule") | pl.col("item").is_in(checks["item"].implode()))
    origin = provenance(
        "register",
        own_package,
        ["plans", "plan_categories"],
        year=plan_year,
        given=sorted(name for name, frame in optional_evidence.items() if frame is not None),
    )
    made_of = [
        result.provenance.inputs
        for result in (*optional_evidence.values(), ahead, balances)
        if isinstance(result, Result)
    ]
    made_of += [] if around is None else [dict(around.digests)]
    inputs_read = {table: digest for inputs in made_of for table, digest in inputs.items()}
    series = bubbles.names.by_kind.get("series", {}) if isinstance(bubbles, Result) else {}
    return Register(
        frame=flags,
        national=national,
        checks=checks,
        matrix=_matrix(checks, flags, regions, notes),
        findings=tuple(notes),
        names=Names({**names.by_kind, "series": series}),
        kind=package.kind,
        provenance=replace(origin, inputs={**inputs_read, **origin.inputs}),
    )


def by_item(rows: pl.DataFrame) -> pl.DataFrame:
    """Return flags with those of an item together, the item with the gravest first."""
    place = {name: at for at, name in enumerate(rules())}
    grave = rows.with_columns(
        grave=_GRAVITY,
        place=pl.col("rule").replace_strict(place, return_dtype=pl.Int64),
        # the region itself before what it plans
        own=pl.col("kind") == "region",
    )
    weight = grave.group_by("item").agg(worst=pl.col("grave").max(), heavy=pl.col("grave").sum())
    return grave.join(weight, on="item").sort(
        "worst", "own", "heavy", "item", "grave", "place", descending=[True, True, True, False, True, False]
    )


def _capacity_and_debt(package: Package, notes: list[Finding], what: str, year: int) -> Any:  # noqa: ANN401 - one of two results
    """Return the capacity outlook or the debt of the package; None, and a note, where its tables do not allow it."""
    try:
        return herd_entry(package, year=year) if what == "capacity" else debt_of(package)
    except InputError as error:
        pitfall = "overcapacity" if what == "capacity" else "debt"
        notes.append(missing_evidence(what, f"{what}=", pitfall, error.text))
        return None


def _source(evidence: AnyFrame, otherwise: str) -> str:
    """Return what the evidence is: a verb and its package, or the caller's frame."""
    if isinstance(evidence, Result):
        origin = evidence.provenance
        return origin.verb if origin.package is None else f"{origin.verb} ({origin.package})"
    return otherwise if evidence is None else f"{otherwise} (given)"


def _matrix(checks: pl.DataFrame, flags: pl.DataFrame, regions: list[str], notes: list[Finding]) -> pl.DataFrame:
    """Return one row a region and pitfall."""
    worst = flags.group_by("region", "pitfall").agg(worst=_GRAVITY.max())
    was_checked = pl.col("status") != "not checked"
    counts = checks.group_by("region", "pitfall").agg(
        checked=was_checked.sum().cast(pl.Int64),
        flagged=(pl.col("status") == "flagged").sum().cast(pl.Int64),
        why_zh=pl.col("reason_zh").drop_nulls().first(),
        why_en=pl.col("reason_en").drop_nulls().first(),
    )
    absent = {note.key: note.message for note in notes if note.rule == "evidence-not-given"}
    if "overcapacity" in absent:  # the same evidence is behind both
        absent["overbuilding"] = absent["overcapacity"]
    nothing = words.register.reason_nothing()
    missing = pl.DataFrame(
        [(name, absent.get(name, nothing).zh, absent.get(name, nothing).en) for name in pitfalls()],
        schema=["pitfall", "given_zh", "given_en"],
        orient="row",
    )
    grid = pl.DataFrame({"region": regions}, schema={"region": pl.String}).join(missing, how="cross")
    unchecked = pl.col("checked") == 0
    return (
        grid.join(counts, on=["region", "pitfall"], how="left", maintain_order="left")
        .join(worst, on=["region", "pitfall"], how="left", maintain_order="left")
        .with_columns(pl.col("checked", "flagged").fill_null(0))
        .select(
            "region",
            "pitfall",
            "checked",
            "flagged",
            share=pl.when(~unchecked).then(pl.col("flagged") / pl.col("checked")),
            severity=pl.col("worst").replace_strict(dict(enumerate(SEVERITIES)), default=None, return_dtype=pl.String),
            status=pl.when(unchecked)
            .then(pl.lit("not checked"))
            .when(pl.col("flagged") > 0)
            .then(pl.lit("flagged"))
            .otherwise(pl.lit("clear")),
            reason_zh=pl.when(unchecked).then(pl.coalesce("why_zh", "given_zh")),
            reason_en=pl.when(unchecked).then(pl.coalesce("why_en", "given_en")),
        )
    )
