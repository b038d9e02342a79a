"""What the places and activities of a result are called, in both languages."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from xinzhi.core.result import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.core.text import Language, Text
    from xinzhi.data.package import Package

Kind = TypeVar("Kind", bound="Named")


@dataclass(frozen=True, repr=False, kw_only=True)
class Named(Result):
    """A result whose places and activities may have names.

    Parameters
    ----------
    place_names, activity_names
        Names by code; what is not in them is called by its code.
    """

    place_names: Mapping[str, Text] = field(default_factory=dict)
    activity_names: Mapping[str, Text] = field(default_factory=dict)

    def place_called(self, code: object, language: Language) -> str:
        """Return the name of a place in one language, or its code."""
        name = self.place_names.get(str(code))
        return str(code) if name is None else name.lang(language)


def with_names(result: Kind, package: Package) -> Kind:
    """Return the result with the names that a package has for its regions and industries.

    Parameters
    ----------
    result
        What a verb of the room returned about codes of the package.
    package
        With the tables `regions` and `industries` where there are any.

    Examples
    --------
    >>> import xinzhi
    >>> from xinzhi.pathways import complexity, with_names
    >>> package = xinzhi.load("china-provinces")
    >>> jobs = package.tables["activity"].filter(year=2016)
    >>> rich = {"440000": 3.0, "310000": 4.0, "110000": 5.0, "620000": 1.0, "530000": 1.5}
    >>> found = complexity(jobs, place="region", activity="industry", value="employment", anchor=rich)
    >>> with_names(found, package).summary().splitlines()[0]
    '31 places, 38 activities. Most complex: Guangdong, Zhejiang, Fujian; least: Qinghai, Shanxi, Inner Mongolia.'
    """
    from xinzhi.pathways.package_reading import names_in

    return replace(
        result,
        place_names=names_in(package, "regions", "region"),
        activity_names=names_in(package, "industries", "industry"),
    )
