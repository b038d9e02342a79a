"""The plan of an office: which jobs run on its firms, and how, each word judged; and what is decomposed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from xinzhi import data, micro, words
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.lazy import pl
from xinzhi.core.parameters import setting
from xinzhi.core.text import same
from xinzhi.core.yamlfile import YamlError, read, write
from xinzhi.data import internal as data_internal
from xinzhi.micro import internal as micro_internal
from xinzhi.studies.draft import PROTOCOL

if TYPE_CHECKING:
    from xinzhi.micro import Panel

JOBS = ("totals", "misallocation", "decomposition", "covariance")
VALUES = ("labour", "tfp")
_KEYS = ("industry", "year")
Entries = TypeVar("Entries", "Plan", "micro.Rules")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a plan may say; every field has a default, so that an empty plan runs.

    Parameters
    ----------
    layout
        ``plain``, columns by their names or `columns`; ``survey``, the survey of industrial firms.
    encoding
        Of text files that are not in UTF-8, such as ``gb18030``.
    columns, jobs, dimensions
        What columns are called, which of the jobs run, and by which columns totals are told.
    method, duplicates
        As of `decompose` and `panel`.
    value, deflator
        What the decompositions are of: ``labour``, value added per person, weighted by persons; ``tfp``, the Törnqvist
        index of every firm, weighted by value added. A table with ``industry, year, deflator`` (for ``tfp`` also
        ``capital_deflator``), whose path counts from the plan: without it figures hold inflation.
    sigma, capital_share, labour, trim, trim_within, by, measurement_error
        As of `misallocation`; the share of capital is a word, a number, or the path of a table.
    rules
        Of disclosure, where they differ from ``micro.yaml``.
    protocol
        Whose fingerprint the manifest carries.
    region, unit
        Whose firms these are, where they are of one region, and the unit of output, such as ``1e3 CNY`` (that of the
        survey): by these `sources` puts the cells beside the accounts of regions.
    """

    layout: str = "plain"
    encoding: str | None = None
    columns: Mapping[str, str] | None = None
    jobs: tuple[str, ...] = JOBS
    dimensions: tuple[str, ...] = ("industry",)
    method: str = "melitz-polanec"
    value: str = "labour"
    deflator: str | None = None
    sigma: float | None = None
    capital_share: str | float = "income"
    labour: Literal["wages", "labour"] | None = None
    trim: float | None = None
    trim_within: Literal["year", "industry"] = "year"
    by: tuple[str, ...] = ()
    measurement_error: bool = False
    duplicates: Literal["refuse", "largest", "plants", "unchecked"] = "refuse"
    rules: Mapping[str, object] | None = None
    protocol: str = PROTOCOL
    region: str | None = None
    unit: str | None = None


def plan_to_edit() -> str:
    """Return a plan with its defaults as YAML, for an office to edit.

    Examples
    --------
    >>> print(plan_to_edit().splitlines()[0])
    layout: plain
    """
    names = ("layout", "region", "unit", "jobs", "dimensions", "value", "method", "by", "duplicates")
    defaults = asdict(Plan())
    plan = {name: list(defaults[name]) if isinstance(defaults[name], tuple) else defaults[name] for name in names}
    return write(plan, flow=True)


def _filled(kind: type[Entries], entries: Mapping[str, Any]) -> Entries:
    """Return a part of a plan from its entries; an unknown one is refused with those that there are."""
    names = [entry.name for entry in fields(kind)]
    if unknown := [name for name in entries if name not in names]:
        raise UsageError("studies.no-option", name=unknown[0], known=[same(name) for name in names])
    return kind(**entries)


def _content(path: str) -> dict[str, Any]:
    """Return the entries of a file; one that cannot be read is refused with the reason."""
    try:
        if Path(path).is_file() and not Path(path).read_bytes().strip():  # every field has a default
            return {}
        source = read(Path(path))
    except YamlError as error:
        raise InputError("studies.no-plan", [error.finding], path=path, why=error.finding.text) from error
    if source.findings:
        raise InputError("studies.no-plan", source.findings, path=path, why=source.findings[0].text)
    content = source.content
    if not isinstance(content, dict) or not all(isinstance(name, str) for name in content):
        raise InputError("studies.plan-entries", (), path=path)
    return content


def read_plan(path: str | None) -> Plan:
    """Return a plan of a YAML file; without one, the usual plan. An unknown word is refused."""
    if path is None:
        return Plan()
    content = _content(path)
    entries: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in content.items()
    }
    for name in _LISTS:
        if isinstance(entries.get(name), str):  # one word is a list of one
            entries[name] = (entries[name],)
    if isinstance(entries.get("region"), int):  # a code
        entries["region"] = str(entries["region"])
    plan = _filled(Plan, entries)
    _judge(plan)
    folder = Path(path).parent  # paths count from there
    if plan.unit is None and plan.layout == "survey":
        plan = replace(plan, unit=setting(micro_internal.SURVEY, "unit"))
    if plan.deflator is not None:
        plan = replace(plan, deflator=str(folder / plan.deflator))
    if isinstance(plan.capital_share, str) and plan.capital_share != "income":
        plan = replace(plan, capital_share=str(folder / plan.capital_share))
    return plan


_LISTS = ("jobs", "dimensions", "by")


def _words() -> dict[str, tuple[object, ...]]:
    """Return the words that may stand at each entry of a plan which is a word or a list of words."""
    return {
        "layout": ("plain", "survey"),
        "value": VALUES,
        "trim_within": ("year", "industry"),
        "labour": ("wages", "labour", None),
        "duplicates": tuple(policy for policy in micro_internal.POLICIES if policy != "unchecked"),
        "method": micro_internal.DECOMPOSITIONS,
        "jobs": JOBS,
        "dimensions": micro_internal.GROUPS,
        "by": ("region", "ownership"),
    }


_OF_KIND = {
    "sigma": "number", "trim": "number", "measurement_error": "flag", "encoding": "text", "deflator": "text",
    "region": "text", "unit": "text", "rules": "rules", **dict.fromkeys(_LISTS, "names"),
}  # fmt: skip
_KINDS: Mapping[str, Callable[[object], bool]] = {
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "flag": lambda value: isinstance(value, bool),
    "text": lambda value: isinstance(value, str),
    "names": lambda value: isinstance(value, tuple) and all(isinstance(name, str) for name in value),
    "rules": lambda value: isinstance(value, dict),
}


def _judge(plan: Plan) -> None:
    """Refuse values of a plan that are of another kind, with what should stand there."""
    checks = [(name, getattr(plan, name), kind) for name, kind in _OF_KIND.items()]
    if isinstance(plan.rules, dict):
        checks += [(name, value, "number") for name, value in plan.rules.items()]
    if not isinstance(plan.capital_share, str):
        checks.append(("capital_share", plan.capital_share, "number"))
    for name, value, kind in checks:
        if value is not None and not _KINDS[kind](value):
            raise UsageError("studies.plan-value", name=name, given=str(value), wanted=words.studies.wanted_of(kind))
    if plan.unit is not None:
        data.units.parse(plan.unit)
    for name, choices in _words().items():
        value = getattr(plan, name)
        for word in value if name in _LISTS else (value,):
            if word not in choices:
                expected = words.studies.wanted_word(known=[same(choice) for choice in choices if choice])
                raise UsageError("studies.plan-value", name=name, given=str(word), wanted=expected)


def rules_of(plan: Plan) -> micro.Rules:
    """Return the rules of disclosure of a plan; one that there is not is refused."""
    return _filled(micro.Rules, plan.rules or {})


def measure(plan: Plan | Mapping[str, object]) -> str:
    """Return which words tell what is decomposed: labour productivity or TFP, at current or constant prices."""
    entries = plan if isinstance(plan, Mapping) else vars(plan)
    return f"{entries['value']}-{'constant' if entries['deflator'] else 'current'}"


def read_deflator(path: str, panel: Panel, value: str) -> pl.DataFrame:
    """Return the deflators of a table, 1 in the first year of the panel: ``industry, year, output, capital, base``."""
    # Every industry and year of the panel must be there, and for TFP a deflator of capital: figures that are deflated
    # in part compare nothing.
    panel.need("industry")
    cells = data_internal.read_any(Path(path), "deflator")[0].cells
    if missing := [name for name in (*_KEYS, "deflator") if name not in cells.columns]:
        raise InputError("studies.deflator-column", path=path, missing=[same(name) for name in missing])
    if value == "tfp" and "capital_deflator" not in cells.columns:
        raise InputError("studies.deflator-capital", path=path)
    capital = "capital_deflator" if "capital_deflator" in cells.columns else None
    levels = cells.select(
        pl.col("industry").cast(pl.String).str.strip_chars(),
        pl.col("year").cast(pl.Int64, strict=False),
        output=pl.col("deflator").cast(pl.Float64, strict=False),
        capital=pl.col(capital).cast(pl.Float64, strict=False) if capital else pl.lit(1.0),
    ).filter(pl.col("output") > 0, pl.col("capital") > 0)
    if twice := levels.filter(levels.select(_KEYS).is_duplicated())["industry"].unique().to_list():
        raise InputError("studies.deflator-twice", path=path, industries=[same(name) for name in sorted(twice)])
    base = min(panel.years)
    first = levels.filter(pl.col("year") == base).drop("year")
    relative = levels.join(first, on="industry", suffix="_base").select(
        *_KEYS, pl.col("output") / pl.col("output_base"), pl.col("capital") / pl.col("capital_base"), base=pl.lit(base)
    )
    cells_present = panel.engine.collect(panel.table.select(*_KEYS).distinct()).filter(pl.col("industry") != "")
    lost = cells_present.with_columns(pl.col("year").cast(pl.Int64)).join(relative, on=_KEYS, how="anti")["industry"]
    if len(lost):
        raise InputError(
            "studies.deflator-gap", path=path, industries=[same(industry) for industry in sorted(set(lost))]
        )
    return relative


def with_value(panel: Panel, value: str, prices: pl.DataFrame | None) -> Panel:
    """Return firms with ``value`` and ``weight``, null where a firm is there and cannot be measured."""
    # Of labour productivity, value added per person in logs weighted by persons; of TFP, the Törnqvist index against
    # the mean firm of the industry, chained over years, weighted by value added at current prices.
    needed = ("output", "labour") if value == "labour" else ("industry", "output", "capital", "labour", "wages")
    panel.need(*needed)
    table = panel.table
    if prices is None:
        table = table.mutate(_output=1.0, _capital=1.0)
    else:
        deflators = prices.select(_industry="industry", _year="year", _output="output", _capital="capital")
        small = panel.engine.table(deflators)
        joined = table.left_join(small, [table.industry == small["_industry"], table.year == small["_year"]])
        table = joined.drop("_industry", "_year")
    real = table.output / table["_output"]
    if value == "labour":
        value_of = ((table.output > 0) & (table.labour > 0)).ifelse(real / table.labour, None).ln()
        table, weight = table.mutate(value=value_of), "labour"
    else:
        deflated = table.mutate(
            output=real, wages=table.wages / table["_output"], capital=table.capital / table["_capital"]
        )
        index = micro.tfp_index(replace(panel, table=deflated)).table
        index = index.select(_firm=index.firm, _year=index.year, value=index.ln_tfp)
        joined = table.drop("value", "weight") if {"value", "weight"} & set(table.columns) else table
        joined = joined.left_join(index, [joined.firm == index["_firm"], joined.year == index["_year"]])
        table, weight = joined.drop("_firm", "_year"), "output"
    has_value = table.value.notnull()
    blank = {name: has_value.ifelse(table[name], None) for name in ("output", "labour")}  # the row still says: not gone
    table = table.mutate(**blank, weight=has_value.ifelse(table[weight], None))
    table = panel.engine.keep(table.drop("_output", "_capital"))
    names = {"value": "/".join(panel.columns[name] for name in needed), "weight": panel.columns[weight]}
    return replace(panel, table=table, columns={**panel.columns, **names})
