"""Rules of the register: one figure against one threshold; what most regions meet is the nation's and is said once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import floor
from typing import TypedDict, cast

import polars as pl

from xinzhi import words
from xinzhi.core.finding import Finding, finding
from xinzhi.core.names import Names
from xinzhi.core.schema import describe
from xinzhi.core.text import LANGUAGES, Text, join_names, space_percent_signs
from xinzhi.risks.inputs import conventions, setting


class Rule(TypedDict, total=False):
    """A rule of ``register.yaml``."""

    pitfall: str
    scope: str
    of: str
    severity: str
    above: float
    below: float
    alert: float
    reference: str
    reference_zh: str
    zh: str
    en: str
    clears_zh: str
    clears_en: str
    figure_zh: str
    figure_en: str
    least_regions: int
    least_debt: float


FLAGS: dict[str, type[pl.DataType]] = {
    "region": pl.String, "kind": pl.String, "item": pl.String, "pitfall": pl.String, "rule": pl.String,
    "severity": pl.String, "value": pl.Float64, "threshold": pl.Float64, "base_rate": pl.Float64,
    "evidence_zh": pl.String, "evidence_en": pl.String, "source": pl.String, "reference": pl.String,
    "clears_zh": pl.String, "clears_en": pl.String,
}  # fmt: skip
NATIONAL: dict[str, type[pl.DataType]] = {
    **{column: FLAGS[column] for column in ("pitfall", "rule", "kind", "item", "severity")},
    "hit": pl.Int64,
    "among": pl.Int64,
    "base_rate": pl.Float64,
    **{
        column: FLAGS[column]
        for column in FLAGS
        if column not in {"region", "pitfall", "rule", "kind", "item", "severity"}
    },
}
_KNOWN = pl.col("status") != "not checked"


def spoken(name: str, texts: Iterable[Text | None]) -> list[pl.Series]:
    """Return texts as columns, one for each language."""
    texts_in_order = list(texts)
    return [
        pl.Series(
            f"{name}_{language}",
            [None if text is None else text.lang(language) for text in texts_in_order],
            dtype=pl.String,
        )
        for language in LANGUAGES
    ]


def rank_words(rows: pl.DataFrame, years: pl.Series | None = None) -> list[pl.Series]:
    """Return the place of every value in words, the largest first; ties and figures of several years are said to be."""
    ranks = rows["value"].rank("min", descending=True).cast(pl.Int64).to_list()
    span = [] if years is None else years.unique().sort().to_list()
    first, last = (span[0], span[-1]) if len(span) > 1 else (0, 0)
    values = {"among": rows.height, "first": first, "last": last}
    return spoken(
        "place", [words.register.part_place(rank=rank, tied=ranks.count(rank) - 1, **values) for rank in ranks]
    )


def settle(checks: pl.DataFrame, flags: pl.DataFrame, names: Names) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Return checks and flags with what is national taken out of the regions, and a row for each national statement."""
    # A rule with `scope: nation` is taken out whole and a rule `of` it flags the worst quarter of regions instead; of
    # any other rule that more than a share of the regions meet, the flags of the worst quarter stay.
    raised = _flag_shares(checks)
    national_rules = {name for name, rule in rules().items() if rule.get("scope") == "nation"}
    common = raised.filter(pl.col("base_rate") > float(setting("register", "common")))
    often = [name for name in common["rule"].to_list() if name not in national_rules]
    national = [_items(flags.filter(rule=name), checks.filter(rule=name)) for name in sorted(national_rules)]
    national += [_rule(name, raised) for name in sorted(often)]
    leaning = [judge(name, *rows) for name, rule in rules().items() if (rows := _leaning(rule, checks, flags, names))]
    staying = pl.concat(
        [
            pl.DataFrame(schema={"region": pl.String, "rule": pl.String}),
            flags.filter(~pl.col("rule").is_in([*national_rules, *often])).select("region", "rule").unique(),
            *(_worst_quarter(checks.filter(rule=name)).select("region", rule=pl.lit(name)) for name in often),
        ]
    )
    own_flags = flags.join(staying, on=["region", "rule"], how="semi")
    stays = pl.struct("region", "rule").is_in(staying.select(pl.struct("region", "rule")).to_series().implode())
    settled = checks.with_columns(
        status=pl.when((pl.col("status") == "flagged") & ~stays).then(pl.lit("national")).otherwise("status")
    )
    order = ["region", "pitfall", "rule", "item"]
    all_checks = pl.concat([settled, *(part[0] for part in leaning)]).sort(order)
    rates = _flag_shares(all_checks).select("rule", "base_rate")
    flags_left = (
        pl.concat([own_flags, *(part[1] for part in leaning)]).drop("base_rate").join(rates, on="rule", how="left")
    )
    return all_checks, flags_left.select(list(FLAGS)).sort(order), pl.concat([pl.DataFrame(schema=NATIONAL), *national])


def _flag_shares(checks: pl.DataFrame) -> pl.DataFrame:
    """Return by rule how many regions were checked, how many have a flag, and their share: the base rate."""
    region = pl.col("region")
    return (
        checks.group_by("rule")
        .agg(
            hit=region.filter(pl.col("status") == "flagged").n_unique().cast(pl.Int64),
            among=region.filter(_KNOWN).n_unique().cast(pl.Int64),
        )
        .filter(pl.col("among") > 1)
        .with_columns(base_rate=pl.col("hit") / pl.col("among"))
        .sort("rule")
    )


def _items(flags: pl.DataFrame, checks: pl.DataFrame) -> pl.DataFrame:
    """Return a row for each item of which the same holds in all regions that name it."""
    counts = checks.filter(status="flagged").group_by("item").agg(hit=pl.col("region").n_unique().cast(pl.Int64))
    among = checks.filter(_KNOWN)["region"].n_unique()
    rows = flags.unique("item", keep="first", maintain_order=True).drop("base_rate").join(counts, on="item")
    rows_with_rates = rows.with_columns(among=pl.lit(among, pl.Int64), base_rate=pl.col("hit") / max(among, 1))
    grave = pl.col("severity") == "alert"
    return rows_with_rates.sort(grave, "hit", "item", descending=[True, True, False]).select(list(NATIONAL))


def _rule(name: str, raised: pl.DataFrame) -> pl.DataFrame:
    """Return the row of a rule that most regions meet."""
    rule, row = rules()[name], raised.row(by_predicate=pl.col("rule") == name, named=True)
    edge = float(rule["above"] if "above" in rule else rule["below"])
    sentence = words.register.part_raised(rule=describe("register", "rule").values[name], k=row["hit"], n=row["among"])
    cure = words.register.part_raised_clears(share=float(setting("register", "worst")))
    texts = {f"evidence_{language}": sentence.lang(language) for language in LANGUAGES}
    texts |= {f"clears_{language}": cure.lang(language) for language in LANGUAGES}
    head = {"pitfall": rule["pitfall"], "rule": name, "kind": "rule", "item": name, "severity": rule["severity"]}
    more = {"threshold": edge, "source": "register", "reference": " ".join(str(rule["reference"]).split())}
    return pl.DataFrame([head | row | more | texts], schema=NATIONAL)


def _shares(checks: pl.DataFrame) -> pl.DataFrame:
    """Return by region the share of its checks under a rule that are flagged, where they are enough for a share."""
    enough = (pl.col("known") >= int(setting("register", "least_checks"))) | (pl.col("kind") == "region")
    return (
        checks.filter(_KNOWN)
        .group_by("region")
        .agg(
            hit=(pl.col("status") == "flagged").sum().cast(pl.Int64),
            known=pl.len().cast(pl.Int64),
            value=(pl.col("status") == "flagged").mean(),
            kind=pl.col("kind").first(),
        )
        .filter(enough)
        .drop("kind")
        .sort("region")
    )


def _worst_quarter(checks: pl.DataFrame) -> pl.DataFrame:
    """Return the regions that are worst under a rule, with their figures, but no part of a tie."""
    flagged_regions = checks.filter(kind="region", status="flagged")
    rows = _shares(checks)
    if flagged_regions.height:  # the figure is the region's
        sign = 1.0 if "above" in rules()[str(flagged_regions["rule"][0])] else -1.0
        figures = checks.drop_nulls("value").select("region", value=sign * pl.col("value"))
        rows = rows.drop("value").join(figures, on="region")
    most = floor(float(setting("register", "worst")) * rows.height)
    return rows.filter(pl.col("value").rank("max", descending=True) <= most, pl.col("hit") > 0)


def _leaning(
    rule: Rule, checks: pl.DataFrame, flags: pl.DataFrame, names: Names
) -> tuple[pl.DataFrame, str, float] | None:
    """Return the evidence of a rule `of` another: what share of a region's plan the nation's flags touch, by region."""
    if "of" not in rule:
        return None
    under = checks.filter(rule=rule["of"])
    worst = _worst_quarter(under)
    if not worst.height:  # nothing parts the regions
        return None
    rows = _shares(under)
    items = dict(under.filter(status="flagged").group_by("region").agg(pl.col("item").sort()).iter_rows())
    most, least = int(setting("register", "listed")), str(rules()[rule["of"]]["severity"])
    listed_names = [
        join_names([names.text("category", code) for code in items.get(code, [])[:most]]) for code in rows["region"]
    ]
    firm = flags.filter(pl.col("rule") == rule["of"], pl.col("severity").is_in(SEVERITIES[SEVERITIES.index(least) :]))
    rows = rows.join(firm.group_by("region").agg(firm=pl.len().cast(pl.Int64)), on="region", how="left").with_columns(
        pl.col("firm").fill_null(0)
    )
    evidence = rows.with_columns(
        *spoken("items", listed_names),
        *rank_words(rows),
        held=pl.col("firm") / pl.col("known"),
        kind=pl.lit("region"),
        item="region",
        middle=pl.col("value").median(),
    )
    sources = flags.filter(rule=rule["of"])["source"]
    return evidence, sources[0] if len(sources) else "plans", float(worst["value"].min())  # type: ignore[arg-type] # a figure


SEVERITIES = ("note", "warning", "alert")
CHECKS: dict[str, type[pl.DataType]] = {
    **{column: FLAGS[column] for column in ("region", "kind", "item", "pitfall", "rule")},
    "status": pl.String,
    "value": pl.Float64,
    "threshold": pl.Float64,
    "reason_zh": pl.String,
    "reason_en": pl.String,
}
_CARRIED = ("region", "kind", "item", "pitfall", "rule", "value", "threshold", "base_rate")


def rules() -> Mapping[str, Rule]:
    """Return the rules of ``register.yaml`` by name."""
    return cast("Mapping[str, Rule]", conventions("register")["rules"])


def pitfalls() -> Mapping[str, Text]:
    """Return the pitfalls and their names, in the order of the matrix."""
    return describe("register", "pitfall").values


def judge(
    name: str, evidence: pl.DataFrame, source: str, edge: float | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the checks and the flags of one rule."""
    # `evidence` has ``region, kind, item, value`` and the columns that the rule's sentences name; ``reason_zh,
    # reason_en`` say why a value is null (not checked), or, beside `settled` true, why the rule has nothing to say
    # (clear); `held` is the figure in the scenario that speaks most against a flag. `source` says where the figures
    # come from, `edge` is the threshold of a rule that has none of its own.
    rule = rules()[name]
    above = "below" not in rule
    if edge is None:
        edge = float(rule["above"] if above else rule["below"])
    absent = dict.fromkeys(("reason_zh", "reason_en"), pl.lit(None, pl.String)) | {"settled": pl.lit(value=False)}
    rows = evidence.with_columns(
        *(
            column.alias(reason_column)
            for reason_column, column in absent.items()
            if reason_column not in evidence.columns
        ),
        rule=pl.lit(name),
        pitfall=pl.lit(rule["pitfall"]),
        threshold=pl.lit(edge),
    )
    hit = pl.col("value") >= edge if above else pl.col("value") < edge
    status = (
        pl.when(pl.col("settled").fill_null(value=False))
        .then(pl.lit("clear"))
        .when(pl.col("value").is_null())
        .then(pl.lit("not checked"))
        .when(hit)
        .then(pl.lit("flagged"))
        .otherwise(pl.lit("clear"))
    )
    judged = rows.with_columns(status=status)
    checks = judged.select(pl.col(column).cast(kind) for column, kind in CHECKS.items())
    flagged = [
        {column: row[column] for column in _CARRIED}
        | {
            "severity": _severity(rule, row["value"] if row.get("held") is None else row["held"], edge),
            "evidence_zh": rule["zh"].format(**row),
            "evidence_en": space_percent_signs(rule["en"].format(**row)),
            "source": source,
            "reference": " ".join(str(rule["reference"]).split()),
            "clears_zh": rule["clears_zh"].format(**row),
            "clears_en": space_percent_signs(rule["clears_en"].format(**row)),
        }
        for row in judged.with_columns(base_rate=pl.lit(None)).filter(status="flagged").iter_rows(named=True)
    ]
    return checks, pl.DataFrame(flagged, schema=FLAGS)


def _severity(rule: Rule, figure: float, threshold: float) -> str:
    """Return how grave a flag is by the figure that holds in every scenario: a note where it holds in some only."""
    above = "below" not in rule

    def beyond(edge: float) -> bool:
        return figure >= edge if above else figure < edge

    if not beyond(threshold):
        return SEVERITIES[0]
    return "alert" if "alert" in rule and beyond(float(rule["alert"])) else str(rule["severity"])


def _evidence_name(what: str) -> Text:
    """Return what a kind of evidence is called."""
    return Text(**conventions("register")["evidence"][what])


def missing_evidence(what: str, option: str, pitfall: str, why: Text | None = None) -> Finding:
    """Return the finding that a kind of evidence is missing, or why it could not be computed."""
    values = {"name": _evidence_name(what), "option": option, "why": why}
    code = "register.evidence-not-given" if why is None else "register.evidence-not-computed"
    return finding(code, words=values, key=pitfall, column=what)


def unmatched_evidence(column: str, rows: pl.DataFrame) -> list[Finding]:
    """Return that evidence has no figure for any region and category of the plans, where it has none."""
    if rows["value"].count() or rows["settled"].any():
        return []
    values = {"name": _evidence_name(column)}
    return [finding("register.evidence-does-not-match", words=values, column=column, key="misfit")]


def without_region(kind: str, items: list[str]) -> list[Finding]:
    """Return the projects or price series that belong to no region."""
    if not items:
        return []
    values = {"n": len(items), "items": items}
    if kind == "series":
        return [finding("register.series-without-region", words=values, key="bubble")]
    return [finding("register.project-without-region", words=values, table="projects", column="region", key="old-wine")]
