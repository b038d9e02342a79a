"""A section of a report: what one result of a room says, in words, pictures and tables, in both languages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from xinzhi.report import svg
from xinzhi.report.figures import Figure

if TYPE_CHECKING:
    from collections.abc import Callable

    from altair.typing import ChartType

    from xinzhi.core.text import Text
    from xinzhi.report.charts.style import Words
    from xinzhi.report.tables import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A chart that can be drawn, and what belongs to it.

    Parameters
    ----------
    kind
        The name by which `plot` draws it.
    title
        What it is, a few words.
    headline
        The sentence that it shows.
    draw
        What draws it with given words, without a title.
    how
        How to read it.
    unit
        The unit of its figures.
    twin
        Its figures as a table.
    """

    kind: str
    title: Text
    headline: Text
    draw: Callable[[Words], ChartType]
    how: Text
    unit: Text
    twin: Table

    def figure(self, room: str) -> Figure:
        """Return the picture drawn for a page, under an anchor of its room."""
        key = f"{room}-{self.kind}"
        return Figure(
            key=key,
            section=self.title,
            headline=self.headline,
            svg=Markup(svg.inline(self.draw, key)),  # noqa: S704 - made here, its words escaped
            how=self.how,
            unit=self.unit,
            twin=self.twin,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What one result says.

    Parameters
    ----------
    key
        Name of the room or verb: the anchor on the page, and the name of its files.
    title
        The question that it answers.
    answer
        The finding, in a few sentences.
    pictures
        Its charts, the leading one first; `brief` reports show `lead` of them.
    tables
        Tables that stand on the page and in the workbook, beside the twins of the pictures.
    notes
        What it rests on, what it leaves out and why, and what it cannot tell.
    """

    key: str
    title: Text
    answer: tuple[Text, ...]
    pictures: tuple[Picture, ...] = ()
    tables: tuple[Table, ...] = ()
    notes: tuple[Text, ...] = ()
    lead: int = 1

    def contents(self) -> list[Table]:
        """Return every table of the section, each once."""
        found = [*(picture.twin for picture in self.pictures), *self.tables]
        return list({table.key: table for table in found}.values())

    def figures(self, *, brief: bool = False) -> list[Figure]:
        """Return its pictures drawn; the leading ones when `brief`."""
        return [picture.figure(self.key) for picture in self.pictures[: self.lead if brief else None]]
