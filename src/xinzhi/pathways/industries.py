"""What the verbs on plans read from a package: names, industries by place in a year, densities."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyPackage, BoolArray, FloatArray
from xinzhi.core.errors import UsageError
from xinzhi.core.names import Names
from xinzhi.core.result import Facts, Result
from xinzhi.core.text import Language, Text, has, same, sentences
from xinzhi.data import load, names_of
from xinzhi.data.package import Package
from xinzhi.data.units import parse
from xinzhi.pathways.complexity import relatedness
from xinzhi.pathways.complexity.cells import Cells, read_cells
from xinzhi.pathways.complexity.relatedness import present, revealed_advantage
from xinzhi.pathways.conventions import setting


def as_package(source: AnyPackage) -> Package:
    """Return a package, read if it is not yet."""
    return source if isinstance(source, Package) else load(source)


def name_columns(names: Names, kind: str, codes: Iterable[str], stem: str = "name") -> dict[str, list[str]]:
    """Return what codes are called, as columns ``name_zh, name_en``, or with another stem."""
    texts = [names.text(kind, code) for code in codes]
    return {f"{stem}_zh": [name.zh for name in texts], f"{stem}_en": [name.en for name in texts]}


def scale_of(package: Package, table: str, column: str, unit: str = "persons") -> float:
    """Return what a figure of a column is multiplied with to be in single units."""
    return float(parse(package.units.get(table, {}).get(column, unit)).scale)


def years_of(frame: pl.DataFrame) -> list[int]:
    """Return the years of a table, rising."""
    return sorted(int(year) for year in frame["year"].drop_nulls().unique())


def jobs(package: Package, year: int | None, *, verb: str) -> tuple[Cells, int]:
    """Return persons by place and industry in a year (None: the last), and the year."""
    table = package.require("activity", ["region", "industry", "year", "employment"], verb=verb)
    years = years_of(table)
    year = years[-1] if year is None else year
    if year not in years:
        raise UsageError(
            "pathways.unknown-year", verb=verb, table="activity", asked=year, first=years[0], last=years[-1]
        )
    # Persons, not ten thousands of them: a null of sampling counts heads.
    scale = scale_of(package, "activity", "employment")
    rows = table.filter(pl.col("year") == year, pl.col("employment").is_not_null())
    heads = rows.with_columns(pl.col("employment") * scale)
    return read_cells(heads, place="region", activity="industry", value="employment"), year


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearness:
    """How near every place is to every industry."""

    places: tuple[str, ...]
    industries: tuple[str, ...]
    quotient: FloatArray
    present: BoolArray
    density: FloatArray
    able: BoolArray


def nearness(cells: Cells) -> Nearness:
    """Return densities, and who is able to build what."""
    presence, share = present(cells.values), float(setting("choices.able_quantile"))
    densities = relatedness.density(presence, relatedness.proximity(presence, diagonal="zero"))
    able = presence.copy()
    for column in range(presence.shape[1]):
        of_those = densities[presence[:, column], column]
        # No region is short of a threshold that is zero: without relatedness there is nothing to be able with.
        edge = np.quantile(of_those, share) if len(of_those) else np.inf
        able[:, column] |= (densities[:, column] >= edge) & (densities[:, column] > 0)
    return Nearness(
        places=cells.places,
        industries=cells.activities,
        quotient=revealed_advantage(cells.values),
        present=presence,
        density=densities,
        able=able,
    )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Explanation:
    """What stands behind the figures of one region: its code, its name, and the facts of the sentences about it."""

    region: str
    name: Text
    facts: Facts

    def text(self, language: Language = "en") -> str:
        """Return the explanation as lines for a person."""
        return "\n".join(line.lang(language) for line in sentences(self.facts, "pathways"))

    def __repr__(self) -> str:
        """Return the English text."""
        return self.text()


def word(shelf: str, name: object) -> Text:
    """Return a word of the catalogue, or the name itself where there is none."""
    key = f"pathways.{shelf}.{name}"
    return words.by_key(key) if has(key) else same(name)


Kind = TypeVar("Kind", bound="Result")


def with_names(result: Kind, package: Package) -> Kind:
    """Return the result with the names that a package has for its regions and industries.

    Parameters
    ----------
    result
        What a verb of this package returned about codes of the data package.
    package
        With the tables `regions` and `industries` where there are any.

    Examples
    --------
    >>> import xinzhi
    >>> from xinzhi.pathways import complexity
    >>> from xinzhi.pathways.internal import with_names
    >>> package = xinzhi.load("china-provinces")
    >>> jobs = package.tables["activity"].filter(year=2016)
    >>> rich = dict(package.tables["accounts"].filter(year=2016).select("region", "output_real").rows())
    >>> found = complexity(jobs, place="region", activity="industry", value="employment", anchor=rich)
    >>> with_names(found, package).summary().splitlines()[0]
    'Guangdong, Zhejiang and Fujian are the most complex of 31, Qinghai, Shanxi and Inner Mongolia the least.'
    """
    return replace(result, names=names_of(package))
