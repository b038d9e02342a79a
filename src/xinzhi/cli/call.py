"""One call of a verb: what was given, and how to answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xinzhi.core.text import Language

PROTOCOL = "xinzhi-cn-2026"
DEFAULT = "china-provinces"  # the data of a call that names none


@dataclass(frozen=True, slots=True)
class Call:
    """One call: its verb, the options that were given, and how to answer."""

    verb: str
    options: Mapping[str, object]
    language: Language
    json: bool = False
    out: Path | None = None

    def among(self, names: Iterable[str]) -> dict[str, object]:
        """Return the options of these names that were given."""
        return {name: self.options[name] for name in names if name in self.options}

    def get(self, name: str, default: object = None) -> Any:  # noqa: ANN401 - of the kind that its option says
        """Return an option."""
        return self.options.get(name, default)
