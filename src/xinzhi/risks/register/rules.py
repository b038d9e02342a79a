"""Rules of the register: one figure against one threshold, in words of both languages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.risks.inputs import document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.core.text import Language

SEVERITIES = ("note", "warning", "alert")
_FILE = "register/register.yaml"
CHECKS: dict[str, Any] = {
    "region": pl.String, "kind": pl.String, "item": pl.String, "pitfall": pl.String, "rule": pl.String,
    "status": pl.String, "value": pl.Float64, "threshold": pl.Float64, "reason_zh": pl.String, "reason_en": pl.String,
}  # fmt: skip
FLAGS: dict[str, Any] = {
    "region": pl.String, "kind": pl.String, "item": pl.String, "pitfall": pl.String, "rule": pl.String,
    "severity": pl.String, "value": pl.Float64, "threshold": pl.Float64, "evidence_zh": pl.String,
    "evidence_en": pl.String, "source": pl.String, "reference": pl.String, "clears_zh": pl.String,
    "clears_en": pl.String,
}  # fmt: skip


def rules() -> Mapping[str, Mapping[str, Any]]:
    """Return the rules of ``register.yaml`` by name."""
    found: Mapping[str, Mapping[str, Any]] = document(_FILE)["rules"]
    return found


def pitfalls() -> Mapping[str, Mapping[str, str]]:
    """Return the pitfalls of ``register.yaml``, in the order of the matrix."""
    found: Mapping[str, Mapping[str, str]] = document(_FILE)["pitfalls"]
    return found


def severity_name(severity: str, language: Language) -> str:
    """Return a severity in words.

    Examples
    --------
    >>> severity_name("alert", "zh")
    '严重'
    """
    return str(document(_FILE)["severities"][severity][language])


def evidence_names() -> Mapping[str, Mapping[str, str]]:
    """Return what can be handed in as evidence, in words."""
    found: Mapping[str, Mapping[str, str]] = document(_FILE)["evidence"]
    return found


def common() -> float:
    """Return the share of regions from which a rule says little about any of them."""
    return float(document(_FILE)["common"]["value"])


def judge(name: str, evidence: pl.DataFrame, source: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the checks and the flags of one rule.

    Parameters
    ----------
    name
        The rule.
    evidence
        ``region, kind, item, value`` and the columns that the rule's sentences name; ``reason_zh, reason_en`` say why a
        value is null (not checked), or, beside `settled` true, why the rule has nothing to say (clear).
    source
        Where the figures come from.

    Examples
    --------
    >>> rows = pl.DataFrame({"region": ["a"], "kind": ["category"], "item": ["pv"], "value": [0.9], "count": [28],
    ...                      "year": [2026], "limit": [15]})
    >>> checks, flags = judge("named-by-most", rows, "plans")
    >>> checks["status"][0], flags["severity"][0], flags["evidence_en"][0]
    ('flagged', 'alert', '28 regions (90%) name it in their plans of 2026')
    """
    rule = rules()[name]
    above = "above" in rule
    threshold = float(rule["above"] if above else rule["below"])
    missing = [one for one in ("reason_zh", "reason_en") if one not in evidence.columns]
    rows = evidence.with_columns(
        *(pl.lit(None, dtype=pl.String).alias(one) for one in missing),
        *(() if "settled" in evidence.columns else (pl.lit(False).alias("settled"),)),  # noqa: FBT003 - a literal column
        rule=pl.lit(name),
        pitfall=pl.lit(rule["pitfall"]),
        threshold=pl.lit(threshold),
    )
    hit = pl.col("value") >= threshold if above else pl.col("value") < threshold
    status = (
        pl.when(pl.col("settled").fill_null(False))  # noqa: FBT003 - a literal value
        .then(pl.lit("clear"))
        .when(pl.col("value").is_null())
        .then(pl.lit("not checked"))
        .when(hit)
        .then(pl.lit("flagged"))
        .otherwise(pl.lit("clear"))
    )
    judged = rows.with_columns(status=status)
    checks = judged.select(pl.col(one).cast(kind) for one, kind in CHECKS.items())
    flagged = [_flag(rule, row, source) for row in judged.filter(status="flagged").iter_rows(named=True)]
    return checks, pl.DataFrame(flagged, schema=FLAGS)


def _flag(rule: Mapping[str, Any], row: Mapping[str, Any], source: str) -> dict[str, Any]:
    """Return a flag with its evidence in words."""
    severe = "alert" in rule and (row["value"] >= rule["alert"] if "above" in rule else row["value"] < rule["alert"])
    words = {one: rule[one].format(**row) for one in ("zh", "en", "clears_zh", "clears_en")}
    return {one: row[one] for one in ("region", "kind", "item", "pitfall", "rule", "value", "threshold")} | {
        "severity": "alert" if severe else rule["severity"],
        "evidence_zh": words["zh"],
        "evidence_en": words["en"],
        "source": source,
        "reference": " ".join(str(rule["reference"]).split()),
        "clears_zh": words["clears_zh"],
        "clears_en": words["clears_en"],
    }
