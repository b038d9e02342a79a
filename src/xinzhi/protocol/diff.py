"""The difference of two protocols, parameter by parameter."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from xinzhi.core.text import Text
from xinzhi.protocol.catalogue import catalogue
from xinzhi.protocol.load import load
from xinzhi.protocol.model import Protocol, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One parameter in which two protocols differ: its value (or `Dated` values) in each, None where there is none."""

    path: str
    title: Text
    unit: str
    left: Any
    right: Any

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        return {
            "path": self.path,
            "title": asdict(self.title),
            "unit": self.unit,
            "left": plain(self.left),
            "right": plain(self.right),
        }


def diff(left: str | Path | Protocol, right: str | Path | Protocol) -> tuple[Difference, ...]:
    """Return the parameters whose values differ, in the order of the catalogue.

    Examples
    --------
    >>> [(item.path, item.left, item.right) for item in diff("zhang-2004", "chenpu-2021")][0]
    ('capital.investment_after_official', 'extrapolated', 'stop')
    """
    one, other = load(left), load(right)
    pairs = ((spec, _value(one, path), _value(other, path)) for path, spec in catalogue().items())
    return tuple(
        Difference(path=spec.path, title=spec.title, unit=spec.unit, left=a, right=b) for spec, a, b in pairs if a != b
    )


def _value(protocol: Protocol, path: str) -> Any:  # noqa: ANN401 - the catalogue fixes the type
    return protocol.parameters[path].value if path in protocol.parameters else None
