"""What a production function is: coefficients with intervals, how the search went, what was left out, and TFP."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypedDict, cast

import polars as pl

from xinzhi import words
from xinzhi.core.arrays import Ibis
from xinzhi.core.errors import InputError
from xinzhi.core.estimator import Estimator, with_tests
from xinzhi.core.result import Facts
from xinzhi.core.schema import Column, describe
from xinzhi.core.text import Text, same
from xinzhi.micro.engine import Engine
from xinzhi.micro.production.estimator import ANSWERS, convention

ALL = "all"  # the group of a call without groups


class Diagnosis(TypedDict):
    """A row of the diagnostics, what the sentences need of it."""

    method: str
    group: str
    status: Literal["several", "none-in-range", "local", "no-solution"]
    firms: int
    rows: int
    returns_to_scale: float
    starts: int
    minima: int
    leaning: str
    explained: float
    draws: int


@dataclass(frozen=True, repr=False, kw_only=True)
class ProductionFunction(Estimator, verb="production_function", topic="production", key=("method", "group", "term")):
    """Elasticities of output by method and group of firms.

    `frame` (`coefficients`) has ``method, group, term, role, estimate, standard_error, low, high, status``; a solution
    that is not the answer has no estimate. `elasticities` has the mean elasticity of each input (that of translog and
    Gandhi-Navarro-Rivers differs by row), `diagnostics` one row for each method and group, `minima` every distinct
    solution of the search, `dropped` how many rows were left out and why, `productivity` a row for each firm and year:
    `productivity` is log output less the function, `noise` what of it the first stage tells apart, `omega`
    the rest, on which the firm acts (both empty for methods without a first stage). Where an engine computed the sums,
    `productivity` has no rows: `firms` is an expression of the engine with them, which `write_firms` writes.
    """

    models = ("method", "group")

    elasticities: pl.DataFrame
    diagnostics: pl.DataFrame
    minima: pl.DataFrame
    dropped: pl.DataFrame
    productivity: pl.DataFrame
    firms: Ibis | None = None
    engine: Engine | None = None

    def write_firms(self, path: Path | str) -> Path:
        """Write productivity by method, group, firm and year as parquet, without bringing it home from an engine.

        Examples
        --------
        >>> import tempfile
        >>> from xinzhi.micro import mock, production_function
        >>> made = production_function(mock(200, seed=1), "output ~ labour | capital", method="ols", engine="duckdb")
        >>> pl.read_parquet(made.write_firms(f"{tempfile.mkdtemp()}/tfp.parquet")).columns
        ['method', 'group', 'firm', 'year', 'productivity', 'noise']
        """
        if self.engine is not None:
            return self.engine.write(self.firms, path)
        self.productivity.write_parquet(path)
        return Path(path)

    @property
    def coefficients(self) -> pl.DataFrame:
        """The coefficients of each method and group with their intervals."""
        return with_tests(self.frame, self.coverage())

    def coverage(self) -> float:
        """Return the level of the intervals."""
        return float(self.provenance.options["level"])

    def bootstrapped(self) -> bool:
        """Say whether the intervals come from a bootstrap."""
        return bool(self.provenance.options["draws"])

    @property
    def methods(self) -> list[str]:
        """The methods, in the order of the call."""
        return self.diagnostics["method"].unique(maintain_order=True).to_list()

    def columns(self, frame: str = "frame") -> list[Column]:
        """Return the descriptions of the columns of one of its frames; elasticities are named after inputs."""
        columns = []
        for name in getattr(self, frame).columns:
            stem, _, good = name.partition(":")
            if good:
                title = words.production.chart_elasticity_of(input=good)
                columns.append(Column(name=name, title=title, kind="score"))
            else:
                columns.append(describe(self.verb, stem, frame))
        return columns

    def estimate(self, term: str, method: str | None = None, group: str | None = None) -> float:
        """Return one estimate; `InputError` when there is none of this name, or it is no answer."""
        key = {"term": term, "method": method or self.methods[0], "group": group or str(self.frame["group"][0])}
        rows = self.frame.filter(*(pl.col(name) == value for name, value in key.items()))
        if not rows.height or rows["estimate"][0] is None:
            raise InputError("production.no-term", (), **key)
        return float(rows["estimate"][0])

    def glance(self) -> pl.DataFrame:
        """Return the diagnostics."""
        return self.diagnostics

    def facts(self) -> Facts:
        """Return elasticities and returns to scale by method, what is no answer, and what a reader should know."""
        all_rows, is_answer = self.diagnostics, pl.col("status").is_in(ANSWERS)
        good, bad = all_rows.filter(is_answer), all_rows.filter(~is_answer)
        facts: Facts = (
            {"answer.elasticities": _describe_rows(good, self._parts)} if good.height else {"answer.nothing": {}}
        )
        facts["answer.no_answer"] = _describe_rows(bad, lambda row: {"why": words.production.status_of(row["status"])})
        facts["answer.out_of_range"] = _describe_rows(good.filter(pl.col("status") == "out-of-range"), lambda _: {})
        many, split = all_rows.filter(pl.col("minima") > 1), good.filter(pl.col("leaning") != "")
        facts["note.minima"] = _describe_rows(many, lambda row: {"n": row["minima"], "starts": row["starts"]})
        facts["note.leaning"] = _describe_rows(split, lambda row: {"inputs": row["leaning"].split(",")})
        much = all_rows.filter(pl.col("explained") > convention("explained"))
        facts["note.attrition"] = _describe_rows(much, lambda row: {"share": row["explained"]})
        facts["note.dropped"] = dropped_facts(self.dropped)
        draws = self.provenance.options["draws"]
        lost = good.filter(pl.col("draws") < draws)
        facts["note.lost_draws"] = _describe_rows(lost, lambda row: {"n": draws - row["draws"]})
        gaps = int(all_rows.unique("group")["gaps"].sum())
        if gaps:
            facts["note.gaps"] = {"n": gaps}
        level = f"{100 * self.provenance.options['level']:g}"
        facts["note.draws" if draws else "note.analytic"] = {"draws": draws, "level": level}
        return facts

    def _parts(self, row: Diagnosis) -> dict[str, object]:
        rows = self.elasticities.filter(pl.col("method") == row["method"], pl.col("group") == row["group"])
        parts = [
            words.production.chart_part(input=term["term"], value=term["estimate"], error=term["standard_error"])
            for term in rows.iter_rows(named=True)
        ]
        return {"parts": parts, "scale": row["returns_to_scale"], "firms": row["firms"], "rows": row["rows"]}


def _describe_rows(rows: pl.DataFrame, more: Callable[[Diagnosis], dict[str, object]]) -> list[Mapping[str, object]]:
    """Return method and group of every row in words, with more facts about it."""
    return [
        {"method": method_text(row["method"]), "group": group_text(row["group"]), **more(row)}
        for row in cast("Iterator[Diagnosis]", rows.iter_rows(named=True))
    ]


def dropped_facts(dropped: pl.DataFrame) -> list[Mapping[str, object]]:
    """Return how many rows were left out for want of which column, and why."""
    return [
        {"rows": rows, "column": column, "why": words.production.reason_of(reason)}
        for reason, column, rows in dropped.select("reason", "column", "rows").rows()
    ]


def group_text(group: str) -> Text:
    """Return what a group is called; all firms where the call names none."""
    return words.production.chart_all() if group == ALL else same(group)


def method_text(method: str) -> Text:
    """Return what a method is called."""
    return words.production.method_of(method)
