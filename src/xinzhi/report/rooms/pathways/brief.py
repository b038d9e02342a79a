"""What an assessment says of pathways: complexity and opportunities in the last year of industries, one picture."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from xinzhi.core.errors import InputError, UsageError
from xinzhi.report.catalogue import words
from xinzhi.report.section import Section
from xinzhi.report.sentence import sentence

if TYPE_CHECKING:
    from xinzhi.data import Package
    from xinzhi.pathways import Complexity, Opportunities
    from xinzhi.yardstick import Measurement


def brief(package: Package, measurement: Measurement) -> Section | None:
    """Return complexity and what regions could enter in brief; None where the package has no industries by region.

    Parameters
    ----------
    package
        With `activity`; `accounts` fixes which end of complexity is up.
    measurement
        Its total factor productivity is the anchor where output per head is not there.

    Examples
    --------
    >>> import xinzhi
    >>> package = xinzhi.load("china-provinces")
    >>> brief(package, xinzhi.measure(package)).pictures[0].kind
    'space'
    """
    from xinzhi.report.rooms.pathways import complexity as pages
    from xinzhi.report.rooms.pathways import entry

    try:
        measured = near_and_complex(package, measurement)
    except (InputError, UsageError) as error:
        why = str(error).splitlines()[0]
        return Section(
            key="paths", title=words("pathways.title.brief"), answer=(words("pathways.answer.left_out", why=why),)
        )
    if measured is None:
        return None
    year, found, chances = measured
    told = pages.complexity(found)
    more = entry.regions(chances)
    lead = told.pictures[0]
    return replace(
        told,
        key="paths",
        title=words("pathways.title.brief"),
        answer=(words("pathways.answer.year", year=year), *told.answer[:2], sentence(more.headline)),
        pictures=(lead,),
        tables=(more.twin,),
    )


def near_and_complex(package: Package, measurement: Measurement) -> tuple[int, Complexity, Opportunities] | None:
    """Return the last year of industries, their complexity, and what regions could enter; None without industries.

    Raises
    ------
    InputError, UsageError
        When the table cannot be used.
    """
    from xinzhi.pathways import complexity, opportunities, output_per_head, with_names

    columns = {"region", "industry", "year", "employment"}
    table = package.tables.get("activity")
    if table is None or not columns <= set(table.columns) or not table.height:
        return None
    year = int(table["year"].max())  # type: ignore[arg-type] # years are whole numbers
    rows = table.filter(pl.col("year") == year).drop_nulls("employment")
    levels = measurement.levels.filter(pl.col("year") == year).drop_nulls("tfp_level")
    given = output_per_head(package, year) or dict(levels.select("region", "tfp_level").rows()) or None
    found = with_names(complexity(rows, place="region", activity="industry", value="employment", anchor=given), package)
    return year, found, with_names(opportunities(found), package)
