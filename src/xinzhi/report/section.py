"""A section of a report: what one result of a room says, in words, pictures and tables, in both languages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from xinzhi.core.text import words
from xinzhi.report import svg
from xinzhi.report.sentence import sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from altair.typing import ChartType

    from xinzhi.core.text import Text
    from xinzhi.report.charts.style import Words
    from xinzhi.report.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A picture drawn for a page, and what belongs to it."""

    key: str
    section: Text
    headline: Text
    svg: Markup
    how: Text
    unit: Text
    twin: Table
    legend: tuple[Text, ...] = ()


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
class Piece:
    """Some words of a text.

    Parameters
    ----------
    text
        The words.
    mark
        The number under which they stand in the ledger; None: they are not among what agrees.
    field
        What they speak of, where they are marked.
    near
        Whether they agree only nearly.
    shared
        Whether they stand word for word in the other text.
    """

    text: str
    mark: int | None = None
    field: Text | None = None
    near: bool = False
    shared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of a ledger.

    Parameters
    ----------
    mark
        The number of the words in the texts; None where nothing is marked.
    field, agreement
        What is compared, and how far it agrees.
    words
        What the two texts say.
    figure, start, length
        The weight as written, and its bar: where it begins and how long it is, in percent of the room.
    against
        Whether the weight speaks against.
    """

    mark: int | None
    field: Text
    agreement: Text
    words: tuple[str, str]
    figure: str
    start: float
    length: float
    against: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Two texts side by side, what agrees marked in both, and what each agreement weighs.

    Parameters
    ----------
    key
        The anchor on the page.
    title, finding
        Which two texts they are, and what follows.
    heads, sides
        The names of both texts, and the texts.
    entries
        The evidence, the weightiest first.
    nought
        Where the bars begin, in percent of their room.
    total
        What it adds up to.
    notes
        What changed, and what cannot be compared.
    """

    key: str
    title: Text
    finding: Text
    heads: tuple[Text, Text]
    sides: tuple[tuple[Piece, ...], tuple[Piece, ...]]
    entries: tuple[Entry, ...]
    nought: float
    total: Text
    notes: tuple[Text, ...] = ()


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
    ledgers, ledgers_how
        Pairs of texts with the evidence that they are one; and how to read them. A `brief` report shows the first.
    sheets
        Tables of the workbook alone; one of the same key as a table of the page stands in its place.
    """

    key: str
    title: Text
    answer: tuple[Text, ...]
    pictures: tuple[Picture, ...] = ()
    tables: tuple[Table, ...] = ()
    notes: tuple[Text, ...] = ()
    lead: int = 1
    ledgers: tuple[Ledger, ...] = ()
    ledgers_how: Text | None = None
    sheets: tuple[Table, ...] = ()

    @classmethod
    def of(
        cls,
        key: str,
        pictures: Iterable[Picture | None] = (),
        tables: Iterable[Table | None] = (),
        *,
        anchor: str,
        answer: Sequence[Text] | None = None,
        facts: Mapping[str, object] | None = None,
        **more: Any,  # noqa: ANN401 - the other fields
    ) -> Section:
        """Return a section whose words stand in the catalogue: ``<topic>.title.<name>``, ``<topic>.answer.<name>``.

        Parameters
        ----------
        key
            ``<topic>.<name>``.
        pictures, tables
            As in the class; None is left out.
        anchor
            Its `key`: the place on the page.
        answer
            The finding; None: the headlines of the pictures as sentences, else that of the catalogue.
        facts
            What stands for the placeholders of title and answer.
        more
            The other fields of the class.
        """
        topic, _, name = key.rpartition(".")
        drawn = tuple(one for one in pictures if one is not None)
        values = dict(facts or {})
        if answer is None:
            answer = [sentence(one.headline) for one in drawn] or [words(f"{topic}.answer.{name}", **values)]
        if "title" not in more:
            more["title"] = words(f"{topic}.title.{name}", **values)
        shown = tuple(one for one in tables if one is not None)
        return cls(key=anchor, answer=tuple(answer), pictures=drawn, tables=shown, **more)

    def contents(self) -> list[Table]:
        """Return every table of the section, each once."""
        found = [*(picture.twin for picture in self.pictures), *self.tables, *self.sheets]
        return list({table.key: table for table in found}.values())

    def figures(self, *, brief: bool = False) -> list[Figure]:
        """Return its pictures drawn; the leading ones when `brief`."""
        return [picture.figure(self.key) for picture in self.pictures[: self.lead if brief else None]]
