"""Firms: what an office computes of its own microdata, and the tables that may leave it."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xinzhi import __version__, micro, words
from xinzhi import protocol as protocols
from xinzhi.core.errors import InputError
from xinzhi.core.files import whole
from xinzhi.core.lazy import pl
from xinzhi.core.parameters import setting
from xinzhi.core.provenance import provenance
from xinzhi.core.text import Text, same
from xinzhi.micro import internal
from xinzhi.studies.draft import SILENT, Draft, Progress, Study
from xinzhi.studies.firm_plan import Plan, measure, read_deflator, read_plan, rules_of, with_value
from xinzhi.studies.registry import topic

if TYPE_CHECKING:
    from xinzhi.core.arrays import AnyFrame
    from xinzhi.core.result import Result
    from xinzhi.micro import Panel, Rules

MANIFEST = "manifest.json"
_SAME = 9  # digits of a sum that do not depend on the order in which an engine adds
PARTS = ".parts"  # of a run that was interrupted; what stands there has passed the rules
AMOUNTS = ("output", "labour")  # of whose contributions no level and no part may give one back
NEGATIVE = "negative_amounts"  # a table: what totals leave out
TABLES = "totals_"  # what the names of tables of totals begin with
TOTALS = ("output", "capital", "labour", "wages")


@topic
def firms(
    source: AnyFrame,
    *,
    plan: str | None = None,
    engine: str | None = None,
    memory: str | None = None,
    out: str | None = None,
    progress: Progress = SILENT,
) -> Study:
    """Compute misallocation and decompositions of firms, and withhold what would identify any of them.

    The source is a table of firms, its file or folder; or a folder of cells that an earlier run wrote, which is read
    back. `plan` is a file that says which jobs run and how, `out` the folder for tables and manifest.

    Examples
    --------
    >>> import xinzhi
    >>> from xinzhi.micro import mock
    >>> made = xinzhi.study("firms", mock(4000, (2000, 2002), seed=1))
    >>> list(made.results)
    ['totals', 'misallocation', 'decomposition', 'covariance']
    """
    if isinstance(source, str | Path) and (Path(source) / MANIFEST).is_file():
        return _read_back(Path(source))
    job_plan = read_plan(plan)
    rules = rules_of(job_plan)
    progress.step("read")
    database = micro.connect(engine, memory_limit=memory)
    reading: dict[str, Any] = {"duplicates": job_plan.duplicates, "least": rules.least, "encoding": job_plan.encoding}
    if job_plan.layout == "survey":
        panel = micro.read_survey(source, engine=database, **reading)
    else:
        panel = micro.panel(source, job_plan.columns, engine=database, **reading)
    if job_plan.region is not None and panel.has("region"):
        panel = panel.of_region(job_plan.region, provincial=job_plan.layout == "survey")
    folder = None if out is None else Path(out)
    label = same(Path(source).name) if isinstance(source, str | Path) else words.firms.table()
    try:
        run = _Run(panel, job_plan, rules, folder, Draft(name="firms", source=label), progress)
        study = run.study()
        if folder is not None:
            run.write(folder)
    finally:
        database.close()  # of the firms nothing stays on disk
    return study


class _Run:
    """One run of the payload: jobs in turn, each of which may be left out for want of a column."""

    def __init__(
        self, panel: Panel, plan: Plan, rules: Rules, folder: Path | None, draft: Draft, progress: Progress
    ) -> None:
        self.panel, self.plan, self.rules, self.draft, self.progress = panel, plan, rules, draft, progress
        self.tables: dict[str, pl.DataFrame] = {}
        self.protected: dict[tuple[str, ...], dict[str, pl.DataFrame]] = {}
        self.key = _fingerprint(panel, plan, rules)
        self.parts = None if folder is None else folder / PARTS / self.key
        if self.parts is not None:
            self.parts.mkdir(parents=True, exist_ok=True)

    def study(self) -> Study:
        """Return the study of what may leave the office; a job that an interrupted run has done is not done again."""
        jobs: Mapping[str, Callable[[], dict[str, pl.DataFrame]]] = {
            "totals": self._totals,
            "misallocation": self._misallocation,
            "decomposition": lambda: self._split(self.plan.method, "decomposition"),
            "covariance": lambda: self._split("olley-pakes", "covariance"),
        }
        for name in self.plan.jobs:
            self.progress.step(name)
            part = None if self.parts is None else self.parts / name
            if part is not None and part.is_dir():  # what an interrupted run has made
                stored = json.loads((part / MANIFEST).read_text(encoding="utf-8"))
                self.tables |= {name: pl.read_parquet(part / f"{name}.parquet") for name in stored["tables"]}
                self.draft.notes += [Text(**note) for note in stored["notes"]]
                continue
            notes = len(self.draft.notes)
            outputs = self.draft.run(name, jobs[name]) or {}  # a job that fails leaves no table behind
            self.tables |= outputs
            if part is not None and outputs:
                self._keep(part, sorted(outputs), self.draft.notes[notes:])
        self.draft.results |= results_of(self.tables, asdict(self.plan))
        self.draft.notes += [finding.text for finding in self.panel.findings]
        study = self.draft.done(cells=dict(self.tables), plan=asdict(self.plan), digits=self.rules.digits)
        return replace(study, findings=self.panel.findings)

    def _keep(self, part: Path, names: list[str], notes: list[Text]) -> None:
        """Write what a job has made, whole or not at all."""
        aside = part.with_name(f".{part.name}")
        aside.mkdir(parents=True, exist_ok=True)
        for name in names:
            self.tables[name].write_parquet(aside / f"{name}.parquet")
        stored = {"tables": names, "notes": [asdict(note) for note in notes]}
        (aside / MANIFEST).write_text(json.dumps(stored, ensure_ascii=False), encoding="utf-8")
        aside.rename(part)

    def _totals(self) -> dict[str, pl.DataFrame]:
        """Return totals by the dimensions, with margins, the cells withheld that would identify a firm."""
        dimensions = [name for name in self.plan.dimensions if self.panel.has(name)]
        if lost := [name for name in self.plan.dimensions if name not in dimensions]:
            self.draft.note("dropped-dimension", names=[same(name) for name in lost])
        if not dimensions:
            self.panel.need(*self.plan.dimensions)
        for value in TOTALS:
            if not self.panel.has(value):
                self.draft.note("dropped-total", name=value)
        if not any(map(self.panel.has, TOTALS)):
            self.panel.need(*TOTALS)
        totals = self._protected(tuple(dimensions))
        tables = {f"{TABLES}{value}": table for value, table in totals.items()}
        below = self._negative()
        return tables | ({NEGATIVE: below} if below.height else {})

    def _negative(self) -> pl.DataFrame:
        """Return what totals leave out, firms and sums below zero by amount and year, blank where they identify one."""
        parts = []
        for value in filter(self.panel.has, TOTALS):
            table = self.panel.table
            turned = _above_zero(replace(self.panel, table=table.mutate(**{value: -table[value]})), value)
            cells = micro.cell_sums(turned, (), value, self.rules)
            if cells.is_empty():
                continue
            hidden, base = pl.Series(internal.identifying(cells, self.rules)), self.rules.base
            rows = internal.rounded(
                cells.select(
                    pl.lit(value).alias("amount"),
                    pl.col("year").cast(pl.Int64),
                    firms=pl.when(~hidden).then((pl.col("firms") / base).round().cast(pl.Int64) * base),
                    value=pl.when(~hidden).then(-pl.col("value")),
                    withheld=hidden,
                ),
                self.rules,
            )
            parts.append(rows)
            if hidden.all():
                self.draft.note("negative-hidden", name=value)
                continue
            n, total, blank = int(rows["firms"].sum()), float(rows["value"].sum()), int(hidden.sum())
            self.draft.note("negative", name=value, n=n, sum=total, hidden=blank, table=f"{NEGATIVE}.csv")
        return pl.concat(parts) if parts else pl.DataFrame()

    def _protected(self, dimensions: tuple[str, ...]) -> dict[str, pl.DataFrame]:
        """Return the totals with their margins, as they may be published, by amount; computed once."""
        # One pattern is withheld in all of them.
        if dimensions not in self.protected:
            sums = {
                value: micro.cell_sums(_above_zero(self.panel, value), dimensions, value, self.rules)
                for value in filter(self.panel.has, TOTALS)
            }
            self.protected[dimensions] = micro.protect_together(sums, dimensions, self.rules)
        return self.protected[dimensions]

    def _industries(self, value: str, *, total: bool = False) -> pl.DataFrame:
        """Return the totals of industries (or of all) and years as may be told: ``industry, year, value, withheld``."""
        dimensions = tuple(name for name in self.plan.dimensions if self.panel.has(name))
        margins = dimensions if "industry" in dimensions and "totals" in self.plan.jobs else ("industry",)
        rest = [pl.col(name) == internal.TOTAL for name in margins if name != "industry"]
        margin = self._protected(margins)[value].filter((pl.col("industry") == internal.TOTAL) == total, *rest)
        return margin.select("industry", pl.col("year").cast(pl.Int64), "value", "withheld")

    def _hidden(self) -> pl.DataFrame:
        """Return the industries and years whose totals are withheld, for whatever reason: ``industry, year``."""
        # A statistic that is weighted by a total, or is a ratio of totals, would give such a total back.
        amount = next(filter(self.panel.has, TOTALS))  # one pattern is withheld in all
        return self._industries(amount).filter(pl.col("withheld") != "").select("industry", "year").unique()

    def _misallocation(self) -> dict[str, pl.DataFrame]:
        """Return misallocation of the industries and years whose totals are told."""
        # What is withheld takes no part, so that no figure of the others, of a year or of groups holds anything of it.
        self.panel.need("industry", "output", "capital")
        hidden, panel, plan = self._hidden().filter(pl.col("industry") != ""), self.panel, self.plan
        table = panel.table
        if hidden.height:
            off = panel.engine.table(hidden.select(_industry="industry", _year="year", _off=pl.lit(1)))
            joined = table.left_join(off, [table.industry == off["_industry"], table.year == off["_year"]])
            table = joined.filter(joined["_off"].isnull()).drop("_industry", "_year", "_off")
        panel = replace(panel, table=table)
        by = [name for name in plan.by if panel.has(name)]
        if lost := [name for name in plan.by if name not in by]:
            self.draft.note("dropped-dimension", names=[same(name) for name in lost])
        result = micro.misallocation(
            panel,
            sigma=plan.sigma,
            capital_share=plan.capital_share,
            labour=plan.labour,
            trim=plan.trim,
            trim_within=plan.trim_within,
            by=by,
        )
        error = self._noise(panel) if plan.measurement_error else None
        self.draft.notes += [
            finding.text for finding in result.findings if finding.rule in {"share-outside", "no-industry"}
        ]
        industries = result.frame.drop("value_added", "left_out").with_columns(pl.col("year").cast(pl.Int64))
        blank = hidden.with_columns(firms=pl.lit(1))  # those whose totals are withheld stand there blank
        combined = pl.concat([industries, blank], how="diagonal_relaxed").sort("industry", "year")
        frame = micro.withhold(combined, ["firms"], ["industry", "year"], self.rules)
        years = self._years(frame, error)
        tables = {"misallocation": frame, "misallocation_years": years}
        if by:
            workers = plan.labour or ("wages" if panel.has("wages") else "labour")
            tables["misallocation_groups"] = self._groups(
                result.groups, _above_zero(panel, "output", "capital", workers)
            )
        if error is not None:
            tables["measurement_error"] = internal.rounded(pl.DataFrame([asdict(error)]), self.rules)
        return tables

    def _noise(self, panel: Panel) -> internal.Noise | None:
        """Return what of the dispersion is error of measurement, or None and a note where changes are too few."""
        plan = self.plan
        try:
            result = micro.misallocation(
                panel,
                sigma=plan.sigma,
                capital_share=plan.capital_share,
                labour=plan.labour,
                trim=plan.trim,
                trim_within=plan.trim_within,
                measurement_error=True,
            )
        except InputError as error:
            self.draft.notes.append(error.reason)
            return None
        return result.noise

    def _years(self, frame: pl.DataFrame, error: internal.Noise | None) -> pl.DataFrame:
        """Return the yearly figures from the industries that are told, weighted by their totals, which are told too."""
        # Their share of value added is of the published total, null where that is withheld.
        weights = self._industries("output").select("industry", "year", weight="value")
        totals = self._industries("output", total=True).select("year", whole="value")
        joined = frame.filter(~pl.col("withheld")).join(weights, on=["industry", "year"])
        weight = pl.col("weight") / pl.col("weight").sum()
        log = (weight * pl.col("efficiency").log()).sum()
        years = (
            joined.group_by("year")
            .agg(
                firms=pl.col("firms").sum(),
                sd_tfpr=(weight * pl.col("sd_tfpr") ** 2).sum().sqrt(),
                efficiency=log.exp(),
                gain=(-log).exp() - 1,
                told=pl.col("weight").sum(),
            )
            .join(totals, on="year", how="left")
            .sort("year")
        )
        years = years.with_columns(covered=pl.col("told") / pl.col("whole")).drop("told", "whole")
        if years.is_empty():
            raise InputError("micro.all-withheld", ())
        if error is not None:
            years = years.with_columns(corrected_gain=error.corrected(pl.col("gain")))
        return internal.rounded(years, self.rules)

    def _groups(self, groups: pl.DataFrame, panel: Panel) -> pl.DataFrame:
        """Return what goes on inside groups and between them, blank in years in which a group would identify a firm."""
        # `held` has the rows that take part: no others make a group look larger.
        identified = [pl.DataFrame(schema={"dimension": pl.String, "year": pl.Int64})]
        for name in groups["dimension"].unique():
            cells = micro.cell_sums(panel, (name,), "output", self.rules).filter(pl.col(name) != internal.TOTAL)
            bad = cells.filter(pl.Series(internal.identifying(cells, self.rules)))
            identified.append(bad.select(pl.lit(name).alias("dimension"), pl.col("year").cast(pl.Int64)).unique())
        blocked = pl.concat(identified).with_columns(withheld=pl.lit(value=True))
        frame = groups.join(blocked, on=["dimension", "year"], how="left", maintain_order="left")
        frame = frame.with_columns(pl.col("withheld").fill_null(value=False))
        columns = [name for name in groups.columns if name not in {"dimension", "year"}]
        return internal.rounded(
            frame.with_columns(pl.when(~pl.col("withheld")).then(name).alias(name) for name in columns), self.rules
        )

    @cached_property
    def _panel_with_value(self) -> Panel:
        """The rows with the value that is decomposed and its weight."""
        prices = None
        if self.plan.deflator is not None:
            prices = read_deflator(self.plan.deflator, self.panel, self.plan.value)
            self.draft.note("deflated", year=prices["base"][0], table=Path(self.plan.deflator).name)
        return with_value(self.panel, self.plan.value, prices)

    def _split(self, method: str, name: str) -> dict[str, pl.DataFrame]:
        """Return a decomposition by industry and of all firms, of what the plan says."""
        panel = self._panel_with_value
        total = micro.decompose(panel, method=method)  # type: ignore[arg-type] # checked there
        self.draft.notes += [finding.text for finding in total.findings if finding.rule == "blank-between"]
        tables = {}
        if panel.has("industry"):
            by = micro.decompose(panel, method=method, group="industry")  # type: ignore[arg-type] # checked there
            tables[f"{name}_industry"] = self._publishable(by, panel, ("industry",))
        tables[name] = self._publishable(total, panel, ())
        if _without_merged(tables[name], total.parts)[1].is_empty():  # blank tables stay, they say what is withheld
            why = InputError("micro.all-withheld", ()).reason
            self.draft.note("left-out", what=words.studies.part_of(name), why=why)
        return tables

    def _publishable(self, split: micro.Decomposition, panel: Panel, by: tuple[str, ...]) -> pl.DataFrame:
        """Return what may be told of a decomposition: nothing of a group and year whose level would identify a firm."""
        blocked = self._levels(panel, by).with_columns(blocked=pl.lit(value=True))
        frame = split.frame
        ends = [name for name in ("year", "start", "end") if name in frame.columns]
        if split.method != "olley-pakes":
            later = dict(frame.select("start", "end").unique().iter_rows())
            sums = micro.cohort_sums(panel, by, later, AMOUNTS, self.rules)
            frame = micro.merge_cohorts(frame, sums, by, self.rules)
        frame = frame.with_columns(pl.col(ends).cast(pl.Int64))
        for end in ends:
            at = blocked.rename({"year": end, "blocked": f"blocked_{end}"})
            frame = frame.join(at, on=[*by, end], how="left", maintain_order="left")
        marks = [f"blocked_{end}" for end in ends]
        frame = frame.with_columns(withheld=pl.any_horizontal(pl.col(marks).fill_null(value=False))).drop(marks)
        if "firms" in frame.columns:
            base = self.rules.base
            frame = frame.with_columns((pl.col("firms") / base).round().cast(pl.Int64) * base)
        columns = [name for name in frame.columns if name not in {*by, *ends, "withheld"}]
        return internal.rounded(
            frame.with_columns(pl.when(~pl.col("withheld")).then(name).alias(name) for name in columns), self.rules
        )

    def _levels(self, panel: Panel, by: tuple[str, ...]) -> pl.DataFrame:
        """Return the groups and years whose level identifies a firm, or gives a withheld one back: the keys."""
        # The level of all is a weighted sum of those of the industries: one that is withheld alone would follow from
        # it, so another goes with it, at least as large where there is one.
        keys, identified = [*by, "year"], []
        for amount in AMOUNTS:
            cells = micro.cell_sums(panel, by, amount, self.rules).with_columns(pl.col("year").cast(pl.Int64))
            identified.append(cells.filter(pl.Series(internal.identifying(cells, self.rules))).select(keys))
        if not by:
            return pl.concat(identified).unique()
        blocked = pl.concat([*identified, self._hidden().select(keys)]).unique()
        cells = cells.join(blocked.with_columns(hidden=pl.lit(value=True)), on=keys, how="left")
        more = []
        for part in cells.partition_by("year"):
            single, rest = part.filter(pl.col("hidden")), part.filter(pl.col("hidden").is_null()).sort("value", *by)
            if single.height == 1 and rest.height:
                larger = rest.filter(pl.col("value") >= single["value"][0])
                more.append((larger.head(1) if larger.height else rest.tail(1)).select(keys))
        return pl.concat([blocked, *more])

    def manifest(self) -> dict[str, object]:
        """Return what was computed, by which rules, and what was withheld."""
        tables = {}
        for name, frame in self.tables.items():
            entry: dict[str, object] = {"cells": frame.height}
            if "withheld" in frame.columns:
                withheld = frame["withheld"].cast(pl.String)
                entry["withheld"] = {
                    kind: int((withheld == kind).sum())
                    for kind in ("primary", "secondary", "true")
                    if (withheld == kind).any()
                }
            tables[name] = entry
        protocol = protocols.load(self.plan.protocol)
        return {
            "xinzhi": __version__,
            "protocol": protocol.id,
            "protocol_fingerprint": protocol.fingerprint,
            "plan": asdict(self.plan),
            "run": self.key,
            "engine": self.panel.engine.name,
            "rules": {rule.name: getattr(self.rules, rule.name) for rule in fields(self.rules)},
            "tables": tables,
            "notes": [asdict(note) for note in self.draft.notes],
        }

    def write(self, folder: Path) -> None:
        """Write tables and manifest, all or none, and forget the parts."""
        names = [*(f"{name}.csv" for name in self.tables), MANIFEST]
        with whole(folder, names) as paths:
            for path, frame in zip(paths, self.tables.values(), strict=False):
                frame.write_csv(path)
            paths[-1].write_text(
                json.dumps(self.manifest(), ensure_ascii=False, indent=2, default=str) + "\n", encoding="utf-8"
            )
        shutil.rmtree(folder / PARTS, ignore_errors=True)


def _above_zero(panel: Panel, *amounts: str) -> Panel:
    """Return the rows in which some amounts are above zero, which the rules of dominance can judge."""
    return replace(panel, table=panel.table.filter([panel.table[name] > 0 for name in amounts]))


def _without_merged(frame: pl.DataFrame, parts: tuple[str, ...]) -> tuple[tuple[str, ...], pl.DataFrame]:
    """Return the parts and the rows that a page can show: what is merged into another part is zero there."""
    rows = frame.filter(~pl.col("withheld"))
    if "merged" in frame.columns:
        rows = rows.filter(pl.col("merged").fill_null("") != "growth")
        if rows["net_entry"].is_not_null().any():
            parts = (*(name for name in parts if name != "net_entry"), "net_entry")
        else:
            rows, parts = rows.drop("net_entry"), tuple(name for name in parts if name != "net_entry")
    return parts, rows.with_columns(pl.col(parts).fill_null(0.0))


def _fingerprint(panel: Panel, plan: Plan, rules: Rules) -> str:
    """Return what tells one run from another: version, plan, rules, and rows and sums of every column by year."""
    table = panel.table
    sums = {"rows": table.count()}
    for name in panel.columns:
        kind = table[name].type()
        sums[f"sum_{name}"] = (
            table[name] if kind.is_numeric() else (table[name].hash() % internal.PRIME).cast("int64")
        ).sum()
    totals = panel.engine.collect(table.group_by("year").agg(**sums)).sort("year")
    totals = totals.with_columns(pl.col(pl.Float64).round_sig_figs(_SAME))
    contents = [__version__, str(plan), str(rules), *totals.columns, *map(str, totals.rows())]
    return hashlib.sha256("\n".join(contents).encode()).hexdigest()[:16]


def results_of(tables: Mapping[str, pl.DataFrame], plan: Mapping[str, Any]) -> dict[str, Result]:
    """Return the results that tables tell, of a run or read back."""
    results: dict[str, Result] = {}
    if totals := [name for name in tables if name.startswith(TABLES)]:
        long = [tables[name].with_columns(amount=pl.lit(name.removeprefix(TABLES))) for name in totals]
        frame = pl.concat(long).select("amount", pl.exclude("amount")).with_columns(pl.col("withheld").fill_null(""))
        results["totals"] = internal.Totals(frame=frame, provenance=provenance("firm_totals"))
    if "misallocation" in tables:
        error = tables["measurement_error"].row(0, named=True) if "measurement_error" in tables else None
        results["misallocation"] = micro.Misallocation(
            frame=tables["misallocation"],
            years=tables["misallocation_years"],
            groups=tables.get("misallocation_groups", pl.DataFrame()),
            counterfactuals=pl.DataFrame(),
            noise=None if error is None else internal.Noise(**error),
            sigma=float(plan["sigma"] or setting(internal.CONVENTIONS, "misallocation.sigma")),
            provenance=provenance("misallocation"),
        )
    for name, method in (("decomposition", plan["method"]), ("covariance", "olley-pakes")):
        if name in tables:
            outer = {"start", "end", "year", "growth", "aggregate", "withheld", "firms", "merged"}
            measures = tuple(
                column for column in tables[name].columns if column not in outer and not column.startswith("n_")
            )
            parts, frame = _without_merged(tables[name].cast(dict.fromkeys(measures, pl.Float64)), measures)
            if frame.is_empty():
                continue
            results[name] = micro.Decomposition(
                frame=frame,
                method=method,
                parts=parts,
                value=measure(plan),
                provenance=provenance("micro_decompose"),
            )
    return results


def _read_back(folder: Path) -> Study:
    """Return the study of a folder of cells."""
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    draft = Draft(name="firms", source=same(folder.name))
    text = dict.fromkeys(("industry", "region", "ownership", "merged", "withheld", "dimension"), pl.String)
    cells = {}
    for name in manifest["tables"]:
        path = folder / f"{name}.csv"
        frame = pl.read_csv(path, schema_overrides=text, infer_schema_length=None)
        if set(frame.get_column("withheld", default=pl.Series([""])).drop_nulls()) <= {"true", "false"}:
            frame = frame.with_columns(withheld=pl.col("withheld") == "true")
        cells[name] = frame
    draft.results |= results_of(cells, manifest["plan"])
    draft.notes += [Text(**note) for note in manifest["notes"]]
    return draft.done(cells=cells, plan=manifest["plan"], digits=manifest["rules"]["digits"], manifest=manifest)
