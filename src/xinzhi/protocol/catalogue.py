"""The catalogue: every parameter that a protocol may fix, read from ``parameters.yaml``."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xinzhi.core.errors import UsageError
from xinzhi.core.text import Text
from xinzhi.protocol import yamlfile
from xinzhi.protocol.values import READERS, Dated, Fault, Kind, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

_FILE = Path(__file__).with_name("parameters.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Specification:
    """What the catalogue says of one parameter.

    Parameters
    ----------
    path
        Dotted path, such as ``capital.depreciation``.
    kind
        The kind of value, see `xinzhi.protocol.values`.
    title, description
        Name and meaning.
    unit
        Unit of the numbers; ``choice`` where the value is a word.
    allowed
        The words of a choice, with their meaning.
    minimum, maximum, above
        Bounds of the numbers: at least, at most, more than.
    years
        First and last year that may stand in a row of stocks.
    dated
        Whether the value may change from one year to the next.
    needed_when
        The parameter has to be filled when every one of these paths has one of its values; empty means always.
    """

    path: str
    kind: Kind
    title: Text
    description: Text
    unit: str = "choice"
    allowed: Mapping[str, Text] = field(default_factory=dict)
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    years: tuple[int, int] = (0, 0)
    dated: bool = False
    needed_when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def group(self) -> str:
        """The first part of the path."""
        return self.path.partition(".")[0]

    @property
    def bounds(self) -> str:
        """The bounds as an interval, such as ``[0, 1]`` or ``(0, ∞)``."""
        low = f"[{self.minimum:g}" if self.minimum is not None else "(-∞" if self.above is None else f"({self.above:g}"
        return f"{low}, {self.maximum:g}]" if self.maximum is not None else f"{low}, ∞)"

    def read(self, value: object) -> Any:  # noqa: ANN401 - the kind fixes the type
        """Check `value` and return its canonical form; a blank (None) stays blank.

        Raises
        ------
        Fault
            When the value is of the wrong kind, not allowed, or out of bounds.
        """
        if value is None:
            return None
        if not isinstance(value, Dated):
            return READERS[self.kind](value, self)
        if not self.dated:
            raise Fault("protocol.not-dated", path=self.path)
        return Dated(tuple((start, self._version(start.isoformat(), item)) for start, item in value.entries))

    def _version(self, start: str, value: object) -> Any:  # noqa: ANN401 - the kind fixes the type
        if value is None:
            raise Fault("protocol.blank-version", start=start)
        return READERS[self.kind](value, self)


@cache
def catalogue() -> Mapping[str, Specification]:
    """Return every parameter by its dotted path, in the order of the file.

    Examples
    --------
    >>> catalogue()["capital.depreciation"].bounds
    '[0, 1]'
    """
    return {path: _specification(path, entry) for path, entry in _content()["parameters"].items()}


@cache
def groups() -> Mapping[str, Text]:
    """Return the groups of parameters with their titles.

    Examples
    --------
    >>> groups()["labour"].zh
    '劳动投入'
    """
    return {name: Text(**text) for name, text in _content()["groups"].items()}


def specification(path: str) -> Specification:
    """Return what the catalogue says of `path`.

    Raises
    ------
    UsageError
        When the catalogue does not know it; names the nearest path.

    Examples
    --------
    >>> specification("labour.unit").kind
    'choice'
    """
    if path not in catalogue():
        raise UsageError("protocol.unknown-path", path=path, near=nearest(path, catalogue()))
    return catalogue()[path]


@cache
def _content() -> dict[str, Any]:
    content: dict[str, Any] = yamlfile.read(_FILE).content
    return content


def _specification(path: str, entry: Mapping[str, Any]) -> Specification:
    plain = {name: entry[name] for name in ("kind", "unit", "minimum", "maximum", "above", "dated") if name in entry}
    years: list[int] = entry.get("years", [0, 0])
    return Specification(
        path=path,
        title=Text(**entry["title"]),
        description=Text(**entry["description"]),
        allowed={word: Text(**text) for word, text in entry.get("allowed", {}).items()},
        years=(years[0], years[1]),
        needed_when={other: tuple(values) for other, values in entry["needed_when"].items()},
        **plain,
    )
