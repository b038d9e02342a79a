"""What projects and archived records are called, and how probabilities are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xinzhi.core.text import Text
from xinzhi.report.catalogue import same
from xinzhi.report.rooms.sectors.names import short
from xinzhi.risks.projects import sentences

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.risks import Screening

IN_TEXT, IN_PICTURE = 26.0, 17.0  # width of a title, in units of its size


@dataclass(frozen=True, slots=True)
class Names:
    """Titles of the projects and of the archived records, by identifier."""

    projects: Mapping[str, str]
    archive: Mapping[str, str]

    @classmethod
    def of(cls, result: Screening) -> Names:
        """Return the names of a result."""
        return cls(*(dict(frame.select("id", "title").rows()) for frame in (result.projects, result.archive)))

    def project(self, code: str, width: float = IN_TEXT) -> Text:
        """Return the name of a project: its identifier and, where it has one, its title."""
        return _name(code, self.projects.get(code, ""), width)

    def source(self, code: str | None, width: float = IN_TEXT) -> Text:
        """Return the name of an archived record; nothing for None."""
        return same("–") if code is None else _name(code, self.archive.get(code, ""), width)


def _name(code: str, title: str, width: float) -> Text:
    shown = short(same(title.strip()), width)
    return Text(zh=f"{code} {shown.zh}".strip(), en=f"{code} {shown.en}".strip())


def chance(value: float) -> Text:
    """Return a probability in percent, never as certain."""
    return _spaced(sentences.chance(value))


def span(low: float, high: float) -> Text:
    """Return the interval of a probability."""
    return _spaced(sentences.span(low, high))


def _spaced(shown: str) -> Text:
    return Text(zh=shown, en=shown.replace("%", "\N{NO-BREAK SPACE}%"))
