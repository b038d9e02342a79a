"""A parameter of a protocol: its value with the argument for it, its sources, and what others use."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from xinzhi.core.errors import ProtocolError
from xinzhi.protocol.dated import Dated
from xinzhi.protocol.fingerprint import plain

if TYPE_CHECKING:
    from xinzhi.core.text import Text


@dataclass(frozen=True, slots=True)
class Reference:
    """A source, and the place in it."""

    title: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """A value that others use for the same parameter.

    Parameters
    ----------
    value
        The value, or `Dated` values.
    used_by
        Protocols of the registry, or the short names of works that the reference gives.
    reference, note
        Where it is used, and what there is to say of it.
    """

    value: Any
    used_by: tuple[str, ...] = ()
    reference: tuple[Reference, ...] = ()
    note: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of a protocol.

    Parameters
    ----------
    path
        Dotted path in the catalogue.
    value
        The value, `Dated` values, or None where it was left blank.
    unit, title
        From the catalogue.
    description
        The argument for the value; the catalogue's meaning of the parameter where the file gives none.
    reference, alternatives
        Sources of the value, and the values that others use.
    origin
        The protocol in the chain of `extends` that fixed the value.
    """

    path: str
    value: Any
    unit: str
    title: Text
    description: Text
    reference: tuple[Reference, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    origin: str = ""

    def at(self, year: int | None = None) -> Any:  # noqa: ANN401 - the catalogue fixes the type
        """Return the value that is valid at the end of `year`; without a year the value must not be dated.

        Raises
        ------
        ProtocolError
            When the parameter is blank, or dated and no year is given, or no value is valid in that year.
        """
        if self.value is None:
            message = (
                f"the parameter {self.path} ({self.title.en}) is blank: fill it in a protocol that extends this one."
            )
            raise ProtocolError(message)
        if not isinstance(self.value, Dated):
            return self.value
        if year is None:
            message = f"the parameter {self.path} changes with time: ask for the value of one year."
            raise ProtocolError(message)
        try:
            return self.value.at(year)
        except ProtocolError as error:
            message = f"the parameter {self.path}: {error}"
            raise ProtocolError(message) from None

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        others = [
            {
                "value": plain(item.value),
                "used_by": list(item.used_by),
                "reference": [asdict(source) for source in item.reference],
                "note": asdict(item.note) if item.note else None,
            }
            for item in self.alternatives
        ]
        return {
            "value": plain(self.value),
            "unit": self.unit,
            "title": asdict(self.title),
            "description": asdict(self.description),
            "reference": [asdict(source) for source in self.reference],
            "origin": self.origin,
            "alternatives": others,
        }
