"""A template for lists of industries of one's own: empty tables with the coding rules, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import yaml

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import Finding, finding
from xinzhi.core.text import Text
from xinzhi.pathways.conventions import check_known
from xinzhi.pathways.industries import as_package

if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike

    from xinzhi.core.text import Language


_PLANS, _CATEGORIES, _RULES = "plans.csv", "plan_categories.csv", "coding-rules.md"
_COLUMNS = ("region", "year", "category", "named", "mentioned")
_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTemplate:
    """Tables to fill in, in the form that data packages have.

    Parameters
    ----------
    plans
        ``region, year, category, named, mentioned``: one row per cell, the last two empty.
    plan_categories
        ``category, name_zh, name_en, divisions, informative``.
    rules
        The coding rules.
    """

    plans: pl.DataFrame
    plan_categories: pl.DataFrame
    rules: tuple[Text, ...]

    def write(self, folder: str | PathLike[str], *, language: Language = "zh") -> tuple[Path, ...]:
        """Write ``plans.csv``, ``plan_categories.csv`` and ``coding-rules.md`` into a folder, and return their paths.

        Parameters
        ----------
        folder
            Made when it is not there.
        language
            Of the rules.

        Raises
        ------
        UsageError
            When one of the files is there already: filled-in lists are not overwritten.
        """
        place = Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        paths = tuple(place / name for name in (_PLANS, _CATEGORIES, _RULES))
        if there := [path.name for path in paths if path.exists()]:
            raise UsageError("pathways.template-there", folder=folder, files=there)
        title = _book()["title"][language]
        lines = [f"{number}. {rule.lang(language)}" for number, rule in enumerate(self.rules, start=1)]
        text = f"# {title}\n\n" + "\n".join(lines) + "\n"
        for path, content in zip(paths, (self.plans.write_csv(), self.plan_categories.write_csv(), text), strict=True):
            draft = path.with_name(path.name + ".part")
            draft.write_text(content, encoding="utf-8")
            draft.replace(path)
        return paths


@cache
def _book() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((files("xinzhi.pathways") / "plan_coding.yaml").read_text(encoding="utf-8"))
    return found


def plan_template(
    year: int,
    *,
    regions: Sequence[str] | None = None,
    package: Any = "china-provinces",  # noqa: ANN401 - a package, its name or path, or a mapping of frames
    categories: Any = None,  # noqa: ANN401 - a frame of categories of one's own
) -> PlanTemplate:
    """Return empty tables for the lists of industries that plans of a year name.

    Parameters
    ----------
    year
        Of the plans.
    regions
        Codes of the regions; None: all of the package's table `regions`.
    package
        Where regions and categories come from.
    categories
        A polars frame ``category, name_zh, name_en, divisions, informative`` of one's own (divisions of GB/T 4754
        separated by ``;``); None: those of the package.

    Raises
    ------
    UsageError
        When a region is unknown or a column of the categories is missing.

    Examples
    --------
    >>> plan_template(2027, regions=["220000"]).plans.height
    43
    """
    data = as_package(package)
    known = data.require("regions", ["region"], verb="plan_template")["region"].to_list()
    chosen = list(known if regions is None else regions)
    check_known(chosen, known, "region", "plan_template")
    columns = ["category", "name_zh", "name_en", "divisions", "informative"]
    if categories is None:
        categories = data.require("plan_categories", columns, verb="plan_template")
    if missing := [name for name in columns if name not in categories.columns]:
        raise UsageError("pathways.template-categories", columns=missing)
    cells = pl.DataFrame({"region": sorted(chosen)}, schema={"region": pl.String}).join(
        categories.select("category").sort("category"), how="cross"
    )
    plans = cells.with_columns(
        pl.lit(year, pl.Int64).alias("year"), *(pl.lit(None, pl.Int64).alias(name) for name in ("named", "mentioned"))
    )
    return PlanTemplate(
        plans=plans.select(_COLUMNS),
        plan_categories=categories.select(columns).sort("category"),
        rules=tuple(Text(zh=rule["zh"].strip(), en=rule["en"].strip()) for rule in _book()["rules"]),
    )


def read_plan_template(folder: str | PathLike[str]) -> dict[str, pl.DataFrame]:
    """Return the tables of a filled-in template, checked: hand them to `load` with the tables of a package.

    Parameters
    ----------
    folder
        With ``plans.csv`` and ``plan_categories.csv`` as `PlanTemplate.write` writes them.

    Returns
    -------
    dict
        ``plans`` and ``plan_categories``; cells left empty are null (not seen), never 0.

    Raises
    ------
    InputError
        When a file or column is missing, a cell is neither 0, 1 nor empty, a category is unknown, a cell stands twice,
        or `named` is 1 where `mentioned` is 0; the findings name the lines.
    """
    place = Path(folder)
    tables = {}
    for name, columns in ((_PLANS, _COLUMNS), (_CATEGORIES, ("category", "divisions", "informative"))):
        path = place / name
        if not path.is_file():
            raise InputError("pathways.template-missing", folder=folder, file=name)
        table = pl.read_csv(path, infer_schema=False, encoding="utf8-lossy")
        table = table.rename({column: column.strip().removeprefix("\ufeff") for column in table.columns})
        if missing := [column for column in columns if column not in table.columns]:
            raise InputError("pathways.template-columns", path=path, missing=missing, columns=table.columns)
        tables[name] = table
    plans = tables[_PLANS].with_columns(pl.col(_COLUMNS).str.strip_chars().replace("", None))
    findings = _check(plans.with_row_index("line", offset=2), set(tables[_CATEGORIES]["category"].to_list()))
    if findings:
        raise InputError(
            "pathways.template-cells",
            findings,
            n=len(findings),
            path=place / _PLANS,
            first=Text(zh=findings[0].sentence("zh"), en=findings[0].sentence()),
        )
    numbers = pl.col("year", "named", "mentioned").cast(pl.Int64)
    return {
        "plans": plans.select(_COLUMNS).with_columns(numbers),
        "plan_categories": tables[_CATEGORIES].with_columns(pl.col("informative").cast(pl.Int64)),
    }


def _check(plans: pl.DataFrame, categories: set[str]) -> list[Finding]:
    """Return what is wrong with the filled-in cells."""
    flags = ("0", "1")
    not_mentioned = (pl.col("named") == "1") & (pl.col("mentioned") == "0")
    rules = {
        "pathways.plan-year": ~pl.col("year").str.contains(r"^\d{4}$").fill_null(value=False),
        "pathways.plan-named": pl.col("named").is_not_null() & ~pl.col("named").is_in(flags),
        "pathways.plan-mentioned": pl.col("mentioned").is_not_null() & ~pl.col("mentioned").is_in(flags)
        | not_mentioned,
        "pathways.plan-category": ~pl.col("category").is_in(list(categories)).fill_null(value=False),
        "pathways.plan-region": pl.col("region").is_null() | pl.struct("region", "year", "category").is_duplicated(),
    }
    return [
        finding(code, table="plans", file=_PLANS, line=row["line"], column=column, value=row[column],
                key=f"{row['region']}/{row['year']}/{row['category']}")
        for code, where in rules.items()
        for column in (code.removeprefix("pathways.plan-"),)
        for row in plans.filter(where).head(_SHOWN).iter_rows(named=True)
    ]  # fmt: skip
