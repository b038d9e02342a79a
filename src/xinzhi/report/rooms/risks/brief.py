"""What an assessment says of risks: the matrix of regions and pitfalls, and one sentence a pitfall."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from xinzhi.core.errors import InputError, UsageError
from xinzhi.report.catalogue import words
from xinzhi.report.section import Section
from xinzhi.report.sentence import answer_of

if TYPE_CHECKING:
    from xinzhi.data import Package
    from xinzhi.pathways import Opportunities
    from xinzhi.yardstick import Measurement


def brief(package: Package, measurement: Measurement) -> Section | None:
    """Return the register of a package in brief; its debt alone without plans, None without either.

    Parameters
    ----------
    package
        With `plans` and `plan_categories`; `debt` alone where there are none.
    measurement
        Its total factor productivity says which end of complexity is up where output per head is not there.

    Notes
    -----
    Prices and projects are not tested here, `xinzhi risks` does it: the matrix says that they were not checked.

    Examples
    --------
    >>> import xinzhi
    >>> package = xinzhi.load("china-provinces")
    >>> brief(package, xinzhi.measure(package)).pictures[0].kind
    'matrix'
    """
    if {"plans", "plan_categories"} <= set(package.tables):
        return _register(package, measurement)
    return _debt(package) if {"debt", "fiscal"} & set(package.tables) else None


def _register(package: Package, measurement: Measurement) -> Section:
    from xinzhi.report.rooms.risks.register import Called, matrix
    from xinzhi.report.rooms.risks.register_tables import unchecked_table
    from xinzhi.risks import register

    try:
        found = register(package, density=_density(package, measurement))
    except (InputError, UsageError) as error:
        return _left_out(error)
    missing = unchecked_table(found, Called(found))
    return Section.of(
        "register.brief",
        [matrix(found)],
        [missing if missing.rows else None],
        anchor="risks",
        answer=answer_of(found.facts(), "register"),
        notes=(words("register.note.thresholds"), words("register.note.more")),
    )


def _density(package: Package, measurement: Measurement) -> Opportunities | None:
    """Return how near regions are to what they could enter, in the last year of industries; None without it."""
    from xinzhi.report.rooms.pathways.brief import near_and_complex

    try:
        found = near_and_complex(package, measurement)
    except (InputError, UsageError):
        return None  # the section on pathways says why; here the matrix says that it was not checked
    return None if found is None else found[2]


def _debt(package: Package) -> Section:
    from xinzhi.report.rooms.risks.debt import debt as section
    from xinzhi.risks import debt

    try:
        told = section(debt(package))
    except (InputError, UsageError) as error:
        return _left_out(error)
    return replace(
        told, key="risks", title=words("register.title.brief"), pictures=told.pictures[:1], tables=(),
        notes=(*told.notes, words("register.note.more")),
    )  # fmt: skip


def _left_out(error: Exception) -> Section:
    why = str(error).splitlines()[0]
    return Section(
        key="risks", title=words("register.title.brief"), answer=(words("register.answer.left_out", why=why),)
    )
