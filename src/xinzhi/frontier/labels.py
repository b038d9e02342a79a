"""What the units and goods of a result are called, and what a reader should know of the data behind them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from xinzhi.core.result import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.core.text import Language, Text

Kind = TypeVar("Kind", bound="Labelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """Names in both languages.

    Parameters
    ----------
    units
        Name of every unit, by its code.
    groups
        The group (macro-region) of every unit that has one, by the unit's code.
    measures
        The unit of measurement of every good, by its column, such as ``1e8 CNY at 2000 prices``.
    notes
        What the data rest on and what was left out.
    """

    units: Mapping[str, Text] = field(default_factory=dict)
    groups: Mapping[str, Text] = field(default_factory=dict)
    measures: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[Text, ...] = ()


NONE = Labels()


@dataclass(frozen=True, repr=False, kw_only=True)
class Labelled(Result):
    """A result whose units may have names.

    Parameters
    ----------
    labels
        The names; without them units are called by their codes.
    """

    labels: Labels = NONE

    def called(self, unit: object, language: Language) -> str:
        """Return the name of a unit in one language, or its code."""
        name = self.labels.units.get(str(unit))
        return str(unit) if name is None else name.lang(language)


def labelled(result: Kind, labels: Labels) -> Kind:
    """Return the result with names for its units.

    Parameters
    ----------
    result
        What a verb of the room returned.
    labels
        The names.

    Examples
    --------
    >>> import xinzhi.frontier
    >>> from xinzhi.core.text import Text
    >>> result = xinzhi.frontier.efficiency([[1.0], [2.0]], [[1.0], [1.0]], units=["110000", "120000"])
    >>> names = Labels(units={"120000": Text(zh="天津", en="Tianjin")})
    >>> "Tianjin (0.5000)" in labelled(result, names).summary("en")
    True
    """
    return replace(result, labels=labels)
