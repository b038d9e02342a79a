"""Firms: what an office computes of its own microdata, and the tables that may leave it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import polars as pl

from xinzhi import micro
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.files import whole
from xinzhi.core.parameters import setting
from xinzhi.core.text import Text, same, words
from xinzhi.micro import CONVENTIONS, PRIME, TOTAL, Decomposition, Misallocation, Panel, Rules
from xinzhi.studies.study import SILENT, Draft, Progress, Study, options

MANIFEST = "manifest.json"
_SAME = 9  # digits of a sum that do not depend on the order in which an engine adds
PARTS = ".parts"  # of a run that was interrupted; what stands there has passed the rules
JOBS = ("totals", "misallocation", "decomposition", "covariance")
AMOUNTS = ("output", "labour")  # of whose contributions no level and no part may give one back
TOTALS = ("output", "capital", "labour", "wages")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a plan may say; every field has a default, so that an empty plan runs.

    Parameters
    ----------
    layout
        ``plain``, columns by their names or `columns`; ``survey``, the survey of industrial firms.
    columns, jobs, dimensions
        What columns are called, which of the jobs run, and by which columns totals are told.
    method, sigma, capital_share, duplicates
        As of the verbs of `xinzhi.micro`.
    rules
        Of disclosure, where they differ from ``micro.yaml``.
    protocol
        Whose fingerprint the manifest carries.
    """

    layout: str = "plain"
    columns: Mapping[str, str] | None = None
    jobs: tuple[str, ...] = JOBS
    dimensions: tuple[str, ...] = ("industry",)
    method: str = "melitz-polanec"
    sigma: float | None = None
    capital_share: Any = "income"
    duplicates: Any = "refuse"
    rules: Mapping[str, Any] | None = None
    protocol: str = "xinzhi-cn-2026"


def plan_to_edit() -> str:
    """Return a plan with its defaults as YAML, for an office to edit.

    Examples
    --------
    >>> print(plan_to_edit().splitlines()[0])
    layout: plain
    """
    import yaml

    shown = ("layout", "jobs", "dimensions", "method", "duplicates")
    given = asdict(Plan())
    plan = {name: list(given[name]) if isinstance(given[name], tuple) else given[name] for name in shown}
    return yaml.safe_dump(plan, sort_keys=False, allow_unicode=True, default_flow_style=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmsOptions:
    """What can be asked of `firms`; the words for each stand in ``words/options.yaml``."""

    plan: str | None = None
    engine: str | None = None
    memory: str | None = None
    out: str | None = None


def firms(source: Any, *, progress: Progress = SILENT, **asked: Any) -> Study:  # noqa: ANN401 - a table, a path, a folder of cells; options
    """Compute misallocation and decompositions of firms, and withhold what would identify any of them.

    Parameters
    ----------
    source
        A table of firms, its file or folder; or a folder of cells that an earlier run wrote, which is read back.
    progress
        Who is told how far it is.
    asked
        Fields of `FirmsOptions`; `out` is the folder into which tables and manifest are written.

    Examples
    --------
    >>> import xinzhi
    >>> from xinzhi.micro import mock
    >>> made = xinzhi.study("firms", mock(4000, (2000, 2002), seed=1))
    >>> list(made.results)
    ['misallocation', 'decomposition', 'covariance']
    """
    wish: FirmsOptions = options(FirmsOptions, asked)
    if isinstance(source, str | Path) and (Path(source) / MANIFEST).is_file():
        return _read_back(Path(source))
    plan = read_plan(wish.plan)
    rules = _rules(plan)
    progress.step("read")
    engine = micro.connect(wish.engine, memory_limit=wish.memory)
    if plan.layout == "survey":
        held = micro.read_survey(source, engine=engine, duplicates=plan.duplicates, least=rules.least)
    else:
        held = micro.panel(source, plan.columns, engine=engine, duplicates=plan.duplicates, least=rules.least)
    folder = None if wish.out is None else Path(wish.out)
    called = same(Path(source).name) if isinstance(source, str | Path) else words("firms.table")
    run = _Run(held, plan, rules, folder, Draft(name="firms", source=called), progress)
    made = run.study()
    if folder is not None:
        run.write(folder)
    return made


class _Run:
    """One run of the payload: jobs in turn, each of which may be left out for want of a column."""

    def __init__(
        self, held: Panel, plan: Plan, rules: Rules, folder: Path | None, draft: Draft, progress: Progress
    ) -> None:
        self.held, self.plan, self.rules, self.draft, self.progress = held, plan, rules, draft, progress
        self.tables: dict[str, pl.DataFrame] = {}
        self.protected: dict[tuple[str, tuple[str, ...]], pl.DataFrame] = {}
        self.key = _fingerprint(held, plan, rules)
        self.parts = None if folder is None else folder / PARTS / self.key
        if self.parts is not None:
            self.parts.mkdir(parents=True, exist_ok=True)

    def study(self) -> Study:
        """Return the study of what may leave the office."""
        jobs: Mapping[str, Callable[[], Any]] = {
            "totals": self._totals, "misallocation": self._misallocation,
            "decomposition": self._decomposition, "covariance": self._covariance,
        }  # fmt: skip
        for name in self.plan.jobs:
            self.progress.step(name)
            made = self.draft.run(name, jobs[name])
            if name != "totals" and made is not None:
                self.draft.results[name] = made
        if not self.tables:
            self.draft.done()
        findings = [one.text for one in self.held.findings]
        self.draft.notes += findings
        study = self.draft.done(cells=dict(self.tables))
        return replace(study, findings=self.held.findings)

    def _totals(self) -> pl.DataFrame:
        """Return totals by the dimensions, with margins, the cells withheld that would identify a firm."""
        known = [name for name in self.plan.dimensions if self.held.has(name)]
        if lost := [name for name in self.plan.dimensions if name not in known]:
            self.draft.note("dropped-dimension", names=[same(name) for name in lost])
        if not known:
            self.held.need(*self.plan.dimensions)
        made = None
        for value in TOTALS:
            if not self.held.has(value):
                self.draft.note("dropped-total", name=value)
                continue
            made = self.tables[f"totals_{value}"] = self._total(value, tuple(known))
        if made is None:
            self.held.need("output")
        return self.tables[next(name for name in self.tables)]

    def _total(self, value: str, dimensions: tuple[str, ...]) -> pl.DataFrame:
        """Return a table of totals with its margins, as it may be published; computed once."""
        if (value, dimensions) not in self.protected:
            positive = replace(self.held, table=self.held.table.filter(self.held.table[value] > 0))
            sums = micro.cell_sums(positive, dimensions, value, self.rules)
            self.protected[value, dimensions] = micro.protect(sums, dimensions, self.rules)
        return self.protected[value, dimensions]

    def _industries(self, value: str) -> pl.DataFrame:
        """Return the totals of industries and years as they may be told: ``industry, year, value, withheld``."""
        told = tuple(name for name in self.plan.dimensions if self.held.has(name))
        known = told if "industry" in told and "totals" in self.plan.jobs else ("industry",)
        others = [pl.col(name) == TOTAL for name in known if name != "industry"]
        margin = self._total(value, known).filter(pl.col("industry") != TOTAL, *others)
        return margin.select("industry", pl.col("year").cast(pl.Int64), "value", "withheld")

    def _hidden(self, *values: str) -> pl.DataFrame:
        """Return the industries and years of which some total is withheld, for whatever reason: ``industry, year``.

        A statistic that is weighted by a total, or is a ratio of totals, would give such a total back.
        """
        parts = [self._industries(value) for value in values if self.held.has(value)]
        return pl.concat(parts).filter(pl.col("withheld") != "").select("industry", "year").unique()

    def _misallocation(self) -> Misallocation:
        """Return misallocation, an industry at a time, so that a run that was interrupted goes on where it stopped."""
        self.held.need("industry", "output", "capital")
        kept, held, last, lost = [], self.held, None, 0
        hidden = self._hidden(*TOTALS)
        industries = sorted(held.engine.collect(held.table.select("industry").distinct())["industry"])
        for at, code in enumerate(industries):
            part = self._part("misallocation", code)
            if part is not None and part.is_file():
                kept.append(pl.read_parquet(part))
            else:
                try:
                    last = self._industry(code)
                except InputError:  # no usable rows, or no share of capital: the other industries go on
                    lost += 1
                    continue
                frame = self._tellable(last.frame, hidden.filter(pl.col("industry") == code))
                kept.append(frame)
                if part is not None:
                    frame.write_parquet(part)
            self.progress.count(at + 1, len(industries))
        if lost:
            self.draft.note("lost-industries", n=lost)
        if not kept:
            raise InputError("micro.all-withheld", ())
        frame = pl.concat(kept).sort("industry", "year")
        weights = self._industries("output").select("industry", "year", weight="value")
        joined = frame.filter(~pl.col("withheld")).join(weights, on=["industry", "year"])
        share = pl.col("weight") / pl.col("weight").sum()
        log = (share * pl.col("efficiency").log()).sum()
        years = joined.group_by("year").agg(
            firms=pl.col("firms").sum(), sd_tfpr=(share * pl.col("sd_tfpr") ** 2).sum().sqrt(), efficiency=log.exp(),
            gain=(-log).exp() - 1,
        ).sort("year")  # fmt: skip
        if years.is_empty():
            raise InputError("micro.all-withheld", ())
        years = micro.rounded(years, self.rules)
        self.tables["misallocation"], self.tables["misallocation_years"] = frame, years
        last = self._industry(industries[0]) if last is None else last
        return replace(last, frame=frame, years=years, firms=None, findings=())

    def _tellable(self, frame: pl.DataFrame, hidden: pl.DataFrame) -> pl.DataFrame:
        """Return what may be told of an industry: nothing of a year whose totals are withheld.

        Its share of capital comes from the totals of all years: with one of them withheld the share would give it back.
        """
        own = frame.drop("value_added", "left_out").with_columns(pl.col("year").cast(pl.Int64))
        if self.plan.capital_share == "income" and hidden.height:
            own = own.with_columns(capital_share=pl.lit(None, pl.Float64))
        blocked = hidden.with_columns(blocked=pl.lit(value=True))
        own = own.join(blocked, on=["industry", "year"], how="left", maintain_order="left")
        own = own.with_columns(firms=pl.when("blocked").then(1).otherwise("firms")).drop("blocked")
        return micro.withhold(own, ["firms"], ["industry", "year"], self.rules)

    def _industry(self, code: str) -> Misallocation:
        """Return the misallocation of one industry."""
        own = replace(self.held, table=self.held.table.filter(self.held.table.industry == code))
        plan = self.plan
        return micro.misallocation(own, sigma=plan.sigma, capital_share=plan.capital_share, trim_within="industry")

    def _split(self, method: str, name: str) -> Decomposition:
        """Return a decomposition by industry and of all firms: log labour productivity, current prices, by persons."""
        self.held.need("output", "labour")
        held = self.held
        output, labour = ((held.table[name] > 0).ifelse(held.table[name], None) for name in ("output", "labour"))
        value = (output / labour).ln()
        output, labour = (value.isnull().ifelse(None, one) for one in (output, labour))
        # an unusable row still says: not gone
        table = held.table.mutate(value=value, weight=labour, output=output, labour=labour)
        held = replace(held, table=table, columns={**held.columns, "value": "value", "weight": "weight"})
        whole = micro.decompose(held, method=method)  # type: ignore[arg-type] # checked there
        self.draft.notes += [one.text for one in whole.findings if one.rule == "blank-between"]
        if held.has("industry"):
            by = micro.decompose(held, method=method, group="industry")  # type: ignore[arg-type] # checked there
            self.tables[f"{name}_industry"] = self._told(by, held, ("industry",))
        frame = self.tables[name] = self._told(whole, held, ())
        parts, shown = _shown(frame, whole.parts)
        if shown.is_empty():
            raise InputError("micro.all-withheld", ())
        return replace(whole, frame=shown, parts=parts, findings=())

    def _told(self, made: Decomposition, held: Panel, by: tuple[str, ...]) -> pl.DataFrame:
        """Return what may be told of a decomposition: nothing of a group and year whose level would identify a firm."""
        blocked = self._levels(held, by).with_columns(blocked=pl.lit(value=True))
        frame = made.frame
        ends = [name for name in ("year", "start", "end") if name in frame.columns]
        if made.method != "olley-pakes":
            later = dict(frame.select("start", "end").unique().iter_rows())
            sums = micro.cohort_sums(held, by, later, AMOUNTS, self.rules)
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
        told = [name for name in frame.columns if name not in {*by, *ends, "withheld"}]
        return micro.rounded(
            frame.with_columns(pl.when(~pl.col("withheld")).then(name).alias(name) for name in told), self.rules
        )

    def _levels(self, held: Panel, by: tuple[str, ...]) -> pl.DataFrame:
        """Return the groups and years whose level identifies a firm, or gives a withheld one back: the keys.

        The level of all is a weighted sum of those of the industries: one that is withheld alone would follow from it,
        so another goes with it, at least as large where there is one.
        """
        keys, found = [*by, "year"], []
        for amount in AMOUNTS:
            cells = micro.cell_sums(held, by, amount, self.rules).with_columns(pl.col("year").cast(pl.Int64))
            found.append(cells.filter(pl.Series(micro.identifying(cells, self.rules))).select(keys))
        if not by:
            return pl.concat(found).unique()
        blocked = pl.concat([*found, self._hidden(*AMOUNTS).select(keys)]).unique()
        cells = cells.join(blocked.with_columns(hidden=pl.lit(value=True)), on=keys, how="left")
        more = []
        for part in cells.partition_by("year"):
            alone, others = part.filter(pl.col("hidden")), part.filter(pl.col("hidden").is_null()).sort("value", *by)
            if alone.height == 1 and others.height:
                larger = others.filter(pl.col("value") >= alone["value"][0])
                more.append((larger.head(1) if larger.height else others.tail(1)).select(keys))
        return pl.concat([blocked, *more])

    def _decomposition(self) -> Decomposition:
        return self._split(self.plan.method, "decomposition")

    def _covariance(self) -> Decomposition:
        return self._split("olley-pakes", "covariance")

    def _part(self, job: str, code: str) -> Path | None:
        return (
            None
            if self.parts is None
            else self.parts / f"{job}-{hashlib.sha256(code.encode()).hexdigest()[:16]}.parquet"
        )

    def manifest(self) -> dict[str, Any]:
        """Return what was computed, by which rules, and what was withheld."""
        from xinzhi import __version__
        from xinzhi.protocol import load

        tables = {}
        for name, frame in self.tables.items():
            entry: dict[str, Any] = {"cells": frame.height}
            if "withheld" in frame.columns:
                held = frame["withheld"].cast(pl.String)
                entry["withheld"] = {
                    kind: int((held == kind).sum()) for kind in ("primary", "secondary", "true") if (held == kind).any()
                }
            tables[name] = entry
        protocol = load(self.plan.protocol)
        return {
            "xinzhi": __version__, "protocol": protocol.id, "protocol_fingerprint": protocol.fingerprint,
            "plan": asdict(self.plan), "run": self.key, "engine": self.held.engine.name,
            "rules": {one.name: getattr(self.rules, one.name) for one in fields(self.rules)},
            "tables": tables, "notes": [{"zh": one.zh, "en": one.en} for one in self.draft.notes],
        }  # fmt: skip

    def write(self, folder: Path) -> None:
        """Write tables and manifest, all or none, and forget the parts."""
        import shutil

        names = [*(f"{name}.csv" for name in self.tables), MANIFEST]
        with whole(folder, names) as paths:
            for path, frame in zip(paths, self.tables.values(), strict=False):
                frame.write_csv(path)
            paths[-1].write_text(
                json.dumps(self.manifest(), ensure_ascii=False, indent=2, default=str) + "\n", encoding="utf-8"
            )
        shutil.rmtree(folder / PARTS, ignore_errors=True)


def read_plan(path: str | None) -> Plan:
    """Return a plan of a YAML file; without one, the usual plan. An unknown word is refused."""
    if path is None:
        return Plan()
    import yaml

    try:
        given = yaml.safe_load(Path(path).read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError("studies.no-plan", (), path=path) from error
    if not isinstance(given, dict):
        raise InputError("studies.no-plan", (), path=path)
    known = [one.name for one in fields(Plan)]
    if strange := [name for name in given if name not in known]:
        raise UsageError("studies.no-option", name=strange[0], known=[same(name) for name in known])
    asked: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    for name in ("jobs", "dimensions"):
        if isinstance(asked.get(name), str):  # one word is a list of one
            asked[name] = (asked[name],)
    made = Plan(**asked)
    _judge(made)
    if wrong := [name for name in made.jobs if name not in JOBS]:
        raise UsageError("studies.no-option", name=wrong[0], known=[same(name) for name in JOBS])
    if made.layout not in {"plain", "survey"}:
        raise UsageError("studies.no-option", name=made.layout, known=[same("plain"), same("survey")])
    return made


def _judge(made: Plan) -> None:
    """Refuse values of a plan that are of another kind."""
    figures = {"sigma": made.sigma, **(made.rules if isinstance(made.rules, dict) else {})}
    wrong_value = {name: value for name, value in figures.items() if value is not None and not _number(value)}
    if made.rules is not None and not isinstance(made.rules, dict):
        wrong_value["rules"] = made.rules
    wrong_value |= {name: getattr(made, name) for name in ("jobs", "dimensions") if not _words(getattr(made, name))}
    for name, value in wrong_value.items():
        raise UsageError("studies.plan-value", name=name, given=str(value))


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _words(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(one, str) for one in value)


def _rules(plan: Plan) -> Rules:
    given, known = dict(plan.rules or {}), [one.name for one in fields(Rules)]
    if strange := [name for name in given if name not in known]:
        raise UsageError("studies.no-option", name=strange[0], known=[same(name) for name in known])
    return Rules(**given)


def _shown(frame: pl.DataFrame, parts: tuple[str, ...]) -> tuple[tuple[str, ...], pl.DataFrame]:
    """Return the parts and the rows that a page can show: what is merged into another part is zero there."""
    shown = frame.filter(~pl.col("withheld"))
    if "merged" in frame.columns:
        shown = shown.filter(pl.col("merged").fill_null("") != "growth")
        if shown["net_entry"].is_not_null().any():
            parts = (*(name for name in parts if name != "net_entry"), "net_entry")
        else:
            shown, parts = shown.drop("net_entry"), tuple(name for name in parts if name != "net_entry")
    return parts, shown.with_columns(pl.col(parts).fill_null(0.0))


def _fingerprint(held: Panel, plan: Plan, rules: Rules) -> str:
    """Return what tells one run from another: version, plan, rules, and rows and sums of every column by year."""
    from xinzhi import __version__

    table = held.table
    sums = {"rows": table.count()}
    for name in held.columns:
        kind = table[name].type()
        sums[f"sum_{name}"] = (table[name] if kind.is_numeric() else (table[name].hash() % PRIME).cast("int64")).sum()
    found = held.engine.collect(table.group_by("year").agg(**sums)).sort("year")
    found = found.with_columns(pl.col(pl.Float64).round_sig_figs(_SAME))
    told = [__version__, str(plan), str(rules), *found.columns, *map(str, found.rows())]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]


def _read_back(folder: Path) -> Study:
    """Return the study of a folder of cells."""
    from xinzhi.data import provenance

    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    plan, draft = manifest["plan"], Draft(name="firms", source=same(folder.name))
    text = dict.fromkeys(("industry", "region", "ownership", "merged"), pl.String)
    files = {name: folder / f"{name}.csv" for name in manifest["tables"]}
    held = {name: pl.read_csv(path, schema_overrides=text, infer_schema_length=None) for name, path in files.items()}
    if "misallocation" in held:
        none = pl.DataFrame()
        draft.results["misallocation"] = Misallocation(
            frame=held["misallocation"], years=held["misallocation_years"], groups=none, counterfactuals=none,
            sigma=float(plan["sigma"] or setting(CONVENTIONS, "misallocation.sigma")),
            provenance=provenance("misallocation"),
        )  # fmt: skip
    for name, method in (("decomposition", plan["method"]), ("covariance", "olley-pakes")):
        if name in held:
            outer = {"start", "end", "year", "growth", "aggregate", "withheld", "firms", "merged"}
            told = tuple(one for one in held[name].columns if one not in outer and not one.startswith("n_"))
            parts, frame = _shown(held[name].cast(dict.fromkeys(told, pl.Float64)), told)
            draft.results[name] = Decomposition(
                frame=frame, method=method, parts=parts, provenance=provenance("micro_decompose")
            )  # fmt: skip
    draft.notes += [Text(zh=one["zh"], en=one["en"]) for one in manifest["notes"]]
    return draft.done(cells=held, manifest=manifest)
