"""The frames of the register that pages and tables show."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from xinzhi.core.finding import Finding
from xinzhi.core.result import Result
from xinzhi.risks.register.rules import SEVERITIES, pitfalls

GRAVITY = {name: at for at, name in enumerate(SEVERITIES, 1)}
_ITEM = pl.when(pl.col("kind") != "region").then("item").otherwise(pl.lit(""))  # a region itself is the same everywhere


@dataclass(frozen=True, repr=False, kw_only=True)
class RegisterFrames(Result):
    """Flags, checks and the matrix, and the frames that follow from them."""

    checks: pl.DataFrame
    matrix: pl.DataFrame
    national: pl.DataFrame
    findings: tuple[Finding, ...]

    @property
    def items(self) -> list[tuple[str, str]]:
        """Kind and code of everything that was checked."""
        return sorted(self.checks.select("kind", "item").unique().rows())

    @property
    def flags_of_regions(self) -> pl.DataFrame:
        """The flags, regions of which the same is said in one row; by pitfall, the gravest first."""
        order = {name: place for place, name in enumerate(pitfalls())}
        same = [name for name in self.frame.columns if name != "region"]
        flags = self.frame.with_columns(item=_ITEM).group_by(same, maintain_order=True).agg("region")
        return flags.with_columns(
            place=pl.col("pitfall").replace_strict(order, return_dtype=pl.Int64),
            gravity=pl.col("severity").replace_strict(GRAVITY, return_dtype=pl.Int64),
        ).sort("place", "gravity", "rule", "value", descending=[False, True, False, True], maintain_order=True)

    @property
    def not_given(self) -> list[Finding]:
        """The findings that evidence was not given."""
        return [note for note in self.findings if note.rule == "evidence-not-given" and note.key is not None]

    def unchecked(self, codes: list[str]) -> pl.DataFrame:
        """Return what was not checked and why, regions with the same reason in one row; `codes` are all regions."""
        why = ["pitfall", "reason_zh", "reason_en"]
        absent = [(note.key, note.message.zh, note.message.en, codes) for note in self.not_given]
        unavailable = pl.DataFrame(absent, schema=[*why, "region"], orient="row")
        missing = pl.col("status") == "not checked"
        untouched = (
            self.matrix.filter(missing, ~pl.col("pitfall").is_in([note.key for note in self.not_given]))
            .join(self.checks, on=["region", "pitfall"], how="anti")
            .group_by(why, maintain_order=True)
            .agg("region")
        )
        single = self.checks.filter(missing).with_columns(item=_ITEM)
        grouped = single.group_by("rule", "kind", "item", *why, maintain_order=True).agg("region")
        return pl.concat([unavailable, untouched, grouped.sort("pitfall", "rule", "item")], how="diagonal_relaxed")

    @property
    def matrix_in_percent(self) -> pl.DataFrame:
        """The matrix with the share of flags in per cent."""
        return self.matrix.with_columns(pl.col("share") * 100)

    def matrix_of(self, codes: Collection[str]) -> pl.DataFrame:
        """Return the matrix of some regions, the share of flags in per cent."""
        return self.matrix_in_percent.filter(pl.col("region").is_in(list(codes)))

    def checks_of(self, region: str) -> pl.DataFrame:
        """Return what was checked in a region with the severity of its flags: item by item, the gravest first."""
        flagged = self.frame.select("region", "item", "rule", "severity")
        checks = self.checks.filter(region=region).join(flagged, on=["region", "item", "rule"], how="left")
        grave = pl.col("severity").replace_strict(GRAVITY, default=0, return_dtype=pl.Int64).max().over("kind", "item")
        flags = pl.col("severity").count().over("kind", "item")
        keys = [pl.col("kind") == "region", grave, flags, "kind", "item"]
        return checks.sort(keys, descending=[True, True, True, False, False], maintain_order=True)
