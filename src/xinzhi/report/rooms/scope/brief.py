"""The section on scope in the report of an assessment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinzhi.core.errors import InputError
from xinzhi.report.catalogue import same, words
from xinzhi.report.rooms.scope.classified import brief
from xinzhi.report.section import Section
from xinzhi.scope import classify_package
from xinzhi.scope.facts import read_date

if TYPE_CHECKING:
    from xinzhi.data import Package


def scope_in_brief(package: Package, as_of: object) -> Section | None:
    """Return what of a package's industries counts on a day, with one picture and the industries that count.

    Parameters
    ----------
    package
        A data package.
    as_of
        A date, ``YYYY-MM-DD`` or a year.

    Returns
    -------
    Section or None
        None when the package has no industries; when their codes are not of the standard, a section that says so.

    Raises
    ------
    UsageError
        When the day cannot be read, or no definition was in force on it.

    Examples
    --------
    >>> from xinzhi.data import load
    >>> scope_in_brief(load("china-provinces"), "2024-01-01").answer[0].en
    'On 2024-01-01, 2 of 38 industries count in full as new quality, 6 in part, 30 not at all.'
    """
    try:
        scope = classify_package(package, as_of=as_of)
    except InputError as error:
        why = str(error).splitlines()
        said = same(" ".join(line.strip() for line in why[:2]))
        return Section(
            key="scope",
            title=words("scope.title.scope", day=read_date(as_of).isoformat()),
            answer=(words("scope.note.unknown", why=said),),
        )
    return None if scope is None else brief(scope)
