"""Rules of the register: one figure against one threshold, and findings about the evidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from xinzhi.core.finding import Finding, finding
from xinzhi.core.schema import describe
from xinzhi.core.text import Text
from xinzhi.risks.inputs import conventions

SEVERITIES = ("note", "warning", "alert")
CHECKS: dict[str, Any] = {
    "region": pl.String, "kind": pl.String, "item": pl.String, "pitfall": pl.String, "rule": pl.String,
    "status": pl.String, "value": pl.Float64, "threshold": pl.Float64, "reason_zh": pl.String, "reason_en": pl.String,
}  # fmt: skip
FLAGS: dict[str, Any] = {
    "region": pl.String, "kind": pl.String, "item": pl.String, "pitfall": pl.String, "rule": pl.String,
    "severity": pl.String, "value": pl.Float64, "threshold": pl.Float64, "base_rate": pl.Float64,
    "evidence_zh": pl.String, "evidence_en": pl.String, "source": pl.String, "reference": pl.String,
    "clears_zh": pl.String, "clears_en": pl.String,
}  # fmt: skip


_CARRIED = ("region", "kind", "item", "pitfall", "rule", "value", "threshold", "base_rate")


def rules() -> Mapping[str, Mapping[str, Any]]:
    """Return the rules of ``register.yaml`` by name."""
    found: Mapping[str, Mapping[str, Any]] = conventions("register")["rules"]
    return found


def pitfalls() -> Mapping[str, Text]:
    """Return the pitfalls and their names, in the order of the matrix."""
    return describe("register", "pitfall").values


def judge(
    name: str, evidence: pl.DataFrame, source: str, edge: float | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the checks and the flags of one rule."""
    # `evidence` has ``region, kind, item, value`` and the columns that the rule's sentences name; ``reason_zh,
    # reason_en`` say why a value is null (not checked), or, beside `settled` true, why the rule has nothing to say
    # (clear). `source` says where the figures come from, `edge` is the threshold of a rule that has none of its own.
    rule = rules()[name]
    above = "below" not in rule
    threshold = edge if edge is not None else float(rule["above"] if above else rule["below"])
    absent = {
        "reason_zh": pl.lit(None, pl.String),
        "reason_en": pl.lit(None, pl.String),
        "settled": pl.lit(value=False),
    }
    rows = evidence.with_columns(
        *(column.alias(one) for one, column in absent.items() if one not in evidence.columns),
        rule=pl.lit(name), pitfall=pl.lit(rule["pitfall"]), threshold=pl.lit(threshold),
    )  # fmt: skip
    hit = pl.col("value") >= threshold if above else pl.col("value") < threshold
    status = (
        pl.when(pl.col("settled").fill_null(value=False)).then(pl.lit("clear"))
        .when(pl.col("value").is_null()).then(pl.lit("not checked"))
        .when(hit).then(pl.lit("flagged"))
        .otherwise(pl.lit("clear"))
    )  # fmt: skip
    judged = rows.with_columns(status=status)
    checks = judged.select(pl.col(one).cast(kind) for one, kind in CHECKS.items())
    flagged = [
        _flag(rule, row | {"base_rate": None}, source) for row in judged.filter(status="flagged").iter_rows(named=True)
    ]
    return checks, pl.DataFrame(flagged, schema=FLAGS)


def _flag(rule: Mapping[str, Any], row: Mapping[str, Any], source: str) -> dict[str, Any]:
    """Return a flag with its evidence in words."""
    severe = "alert" in rule and (row["value"] >= rule["alert"] if "above" in rule else row["value"] < rule["alert"])
    return {one: row[one] for one in _CARRIED} | {
        "severity": "alert" if severe else rule["severity"],
        "evidence_zh": rule["zh"].format(**row),
        "evidence_en": rule["en"].format(**row),
        "source": source,
        "reference": " ".join(str(rule["reference"]).split()),
        "clears_zh": rule["clears_zh"].format(**row),
        "clears_en": rule["clears_en"].format(**row),
    }


def _evidence_name(what: str) -> Text:
    """Return what a kind of evidence is called."""
    return Text(**conventions("register")["evidence"][what])


def not_given(what: str, option: str, pitfall: str, why: Text | None = None) -> Finding:
    """Return that a kind of evidence was not handed in, or why it could not be computed."""
    said = {"name": _evidence_name(what), "option": option, "why": why}
    code = "register.evidence-not-given" if why is None else "register.evidence-not-computed"
    return finding(code, words=said, key=pitfall, column=what)


def unmatched(column: str, rows: pl.DataFrame) -> list[Finding]:
    """Return that evidence has no figure for any region and category of the plans, where it has none."""
    if rows["value"].count() or rows["settled"].any():
        return []
    said = {"name": _evidence_name(column)}
    return [finding("register.evidence-does-not-match", words=said, column=column, key="misfit")]


def without_region(kind: str, items: list[str]) -> list[Finding]:
    """Return the projects or price series that belong to no region."""
    if not items:
        return []
    said = {"n": len(items), "items": items}
    if kind == "series":
        return [finding("register.series-without-region", words=said, key="bubble")]
    return [finding("register.project-without-region", words=said, table="projects", column="region", key="old-wine")]
