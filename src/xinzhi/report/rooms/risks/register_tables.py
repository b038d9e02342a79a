"""The tables of the register: every flag with what stands behind it, and every check that was not done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from xinzhi.core.text import Text
from xinzhi.report.catalogue import words
from xinzhi.report.rooms.risks.register_words import column, figure, pitfall, reason, rule, severity
from xinzhi.report.tables import Table
from xinzhi.risks.register.rules import SEVERITIES, pitfalls
from xinzhi.risks.register.rules import rules as known_rules

if TYPE_CHECKING:
    from xinzhi.report.rooms.risks.register_words import Names
    from xinzhi.risks import Register

_GRAVITY = {name: place for place, name in enumerate(SEVERITIES)}


def flags(result: Register, names: Names) -> Table:
    """Return every flag; regions of which the same is said share a row.

    What all build is idle everywhere by the same figure: the table says it once and names the regions.
    """
    order = {name: place for place, name in enumerate(pitfalls())}
    same = [name for name in result.frame.columns if name != "region"]
    told = pl.when(pl.col("kind") == "region").then(pl.lit("")).otherwise("item")
    grouped = (
        result.frame.with_columns(item=told)  # the region itself is an item of the same name everywhere
        .group_by(same, maintain_order=True)
        .agg("region")
        .with_columns(
            place=pl.col("pitfall").replace_strict(order, return_dtype=pl.Int64),
            gravity=pl.col("severity").replace_strict(_GRAVITY, return_dtype=pl.Int64),
        )
        .sort("place", "gravity", "rule", "value", descending=[False, True, False, True], maintain_order=True)
    )
    rows = [
        (
            pitfall(r["pitfall"]), _item(names, r), severity(r["severity"]),
            figure(r["rule"], r["value"], r["threshold"]), figure(r["rule"], r["threshold"]), names.listed(r["region"]),
            len(r["region"]), Text(zh=r["evidence_zh"], en=r["evidence_en"]),
            Text(zh=r["clears_zh"], en=r["clears_en"]), r["source"],
        )
        for r in grouped.iter_rows(named=True)
    ]  # fmt: skip
    columns = (
        column("pitfall", "text"), column("item", "name"), column("severity", "text"), column("figure", "text"),
        column("threshold", "text"), column("regions", "text"), column("count", "integer"), column("evidence", "text"),
        column("clears", "text"), column("source", "text"),
    )  # fmt: skip
    return Table(key="register_flags", title=words("register.table.flags"), columns=columns, rows=rows)


def thresholds() -> Table:
    """Return every rule with its threshold and the argument for it."""
    rows = []
    for name, one in known_rules().items():
        above = "above" in one
        edge, grave = float(one["above" if above else "below"]), one.get("alert")
        rows.append(
            (
                pitfall(one["pitfall"]), rule(name), words("register.chart.above" if above else "register.chart.below"),
                figure(name, edge), None if grave is None else figure(name, float(grave)), severity(one["severity"]),
                Text(zh=one["reference_zh"], en=" ".join(str(one["reference"]).split())),
            )
        )  # fmt: skip
    columns = (
        column("pitfall", "text"), column("rule", "name"), column("side", "text"), column("threshold", "text"),
        column("alert", "text"), column("severity", "text"), column("reference", "text"),
    )  # fmt: skip
    return Table(key="register_rules", title=words("register.table.rules"), columns=columns, rows=rows)


def _item(names: Names, row: dict[str, str]) -> Text:
    return words("register.chart.self") if row["kind"] == "region" else names.item(row["kind"], row["item"])


def unchecked(result: Register, names: Names) -> Table:
    """Return every check that was not done, and why: evidence that was not given, and figures that are not there."""
    rows: list[tuple[Text | int | None, ...]] = [
        (pitfall(one.key), None, None, names.listed(names.codes), len(names.codes), one.message)
        for one in result.findings
        if one.rule == "evidence-not-given" and one.key is not None and one.key in pitfalls()
    ]
    said = [one.message.en for one in result.findings]
    untouched = (
        result.matrix.filter(pl.col("status") == "not checked", ~pl.col("reason_en").is_in(said))
        .join(result.checks, on=["region", "pitfall"], how="anti")
        .group_by("pitfall", "reason_zh", "reason_en", maintain_order=True)
        .agg("region")
    )
    rows += [
        (pitfall(r["pitfall"]), None, None, names.listed(r["region"]), len(r["region"]), reason(r))
        for r in untouched.iter_rows(named=True)
    ]
    missing = result.checks.filter(status="not checked").with_columns(
        item=pl.when(pl.col("kind") == "region").then(pl.lit("")).otherwise("item")
    )
    same = ["pitfall", "rule", "kind", "item", "reason_zh", "reason_en"]
    grouped = missing.group_by(same, maintain_order=True).agg("region").sort("pitfall", "rule", "item")
    rows += [
        (
            pitfall(r["pitfall"]), rule(r["rule"]), _item(names, r), names.listed(r["region"]), len(r["region"]),
            reason(r),
        )
        for r in grouped.iter_rows(named=True)
    ]  # fmt: skip
    columns = (
        column("pitfall", "name"), column("rule", "text"), column("item", "text"), column("regions", "text"),
        column("count", "integer"), column("why", "text"),
    )  # fmt: skip
    return Table(key="register_unchecked", title=words("register.table.unchecked"), columns=columns, rows=rows)
