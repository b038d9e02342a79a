"""A result or a study in a notebook: what it says, the leading chart, and the first rows of its table."""

from __future__ import annotations

import os
from dataclasses import dataclass
from html import escape
from importlib import import_module
from typing import Any

import polars as pl

from xinzhi import words
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.result import Result
from xinzhi.core.text import Language, Text, same
from xinzhi.report.plots import Plot
from xinzhi.report.section import Picture
from xinzhi.report.table import Column, Table, cell, table
from xinzhi.studies.internal import Brief, Study

ROWS = 8  # of the table that are shown; the others are counted
FIRST = 3  # sentences that stand open
DECIMALS = 2  # of growth in percent
VARIABLE = "XINZHI_LANG"


@dataclass(frozen=True, slots=True)
class NotebookView:
    """A result or a study as a notebook shows it; Jupyter, marimo and others ask it in their own ways.

    Parameters
    ----------
    subject
        The result, or the study.
    language
        ``zh`` or ``en``.
    """

    subject: Result | Study
    language: Language

    @property
    def result(self) -> Result:
        """The result that leads."""
        return self.subject if isinstance(self.subject, Result) else next(iter(self.subject.results.values()))

    def sentences(self) -> list[str]:
        """Return what it says."""
        if isinstance(self.subject, Brief):
            texts = [text for part in self.subject.parts for text in self.subject.sentences(part)]
        else:
            texts = self.result.sentences()
        return [text.lang(self.language) for text in texts]

    @property
    def region(self) -> str | None:
        """The region that a study was asked about."""
        return None if isinstance(self.subject, Result) else self.subject.region

    @property
    def frame(self) -> pl.DataFrame:
        """The tidy frame of the result that leads, of the region that was asked about where it has rows of it."""
        frame = self.result.frame
        rows = frame.filter(region=self.region) if self.region and "region" in frame.columns else frame
        return rows if rows.height else frame

    def remarks(self) -> list[str]:
        """Return what else a study has: its other results, and its notes."""
        if isinstance(self.subject, Result):
            return []
        further = [f"{name} ({result.frame.height})" for name, result in list(self.subject.results.items())[1:]]
        more = [words.notebook.others(names=[same(name) for name in further])] if further else []
        return [text.lang(self.language) for text in (*more, *self.subject.notes)]

    def picture(self) -> Picture | None:
        """Return the leading picture; None where nothing is drawn of it."""
        from xinzhi.report.pages import section

        try:
            pictures = section(self.result, region=self.region).pictures
        except UsageError:  # nothing is drawn of it, or nothing of this region
            return None
        if isinstance(self.subject, Brief):
            pictures = (*(picture for picture in pictures if picture.kind == "region"), *pictures)
        return next(iter(pictures), None)

    def plot(self) -> Plot | None:
        """Return the leading picture as a chart with its title; None where nothing is drawn of it."""
        picture = self.picture()
        if picture is None:
            return None
        return Plot(picture.chart, picture.headline, self.result.provenance.foot(self.language), self.language)

    def table(self) -> Table:
        """Return the first rows of the tidy frame, titled and named by the catalogue."""
        result = self.result
        return table(f"{result.topic}_frame", self.frame.head(ROWS), of=result, title=same(type(result).__name__))

    def _sentences_html(self, lines: list[str]) -> str:
        """Return sentences as HTML: the first ones, the others to be opened."""
        first, rest = ("".join(f"<p>{escape(line)}</p>" for line in part) for part in (lines[:FIRST], lines[FIRST:]))
        more = escape(words.notebook.more(n=len(lines) - FIRST).lang(self.language))
        return first + (f"<details><summary>{more}</summary>{rest}</details>" if rest else "")

    def _table(self) -> str:
        """Return the table as HTML, with the count of the rows that are not shown."""
        content = self.table()
        heads = "".join(f'<th scope="col">{escape(self._head(column))}</th>' for column in content.columns)
        rows = "".join(
            "<tr>"
            + "".join(f"<td>{escape(self._cell(value, at, content))}</td>" for at, value in enumerate(row))
            + "</tr>"
            for row in content.rows
        )
        height = self.frame.height
        count = words.notebook.rows(shown=len(content.rows), n=height).lang(self.language)
        foot = self.result.provenance.foot(self.language)
        return (
            f'<div style="overflow-x:auto"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
            f"<p><small>{escape(count)} {escape(foot)}</small></p>"
        )

    def _head(self, column: Column) -> str:
        headed = words.workbook.header(title=column.title, unit=column.unit) if column.unit.en else column.title
        return headed.lang(self.language)

    def _cell(self, value: object, at: int, content: Table) -> str:
        text = cell(value, content.columns[at], DECIMALS)
        return text.lang(self.language) if isinstance(text, Text) else text

    def _svg(self) -> str:
        """Return the leading chart as SVG, which needs no script and no network."""
        plot = self.plot()
        try:
            return "" if plot is None else plot.inline
        except InputError:  # figures that cannot be drawn: the table tells them
            return ""

    def _repr_html_(self) -> str:
        before, after = self._sentences_html(self.sentences()), self._sentences_html(self.remarks())
        return f'<div lang="{self.language}">{before}{self._svg()}{self._table()}{after}</div>'

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        del include, exclude  # a notebook takes of the two what it shows
        return {"text/plain": self.subject.summary(self.language), "text/html": self._repr_html_()}

    def _ipython_display_(self) -> None:
        """Show in Jupyter: words, the chart by the notebook's own Vega-Lite (else as SVG), the table."""
        display: Any = import_module("IPython.display").display
        summary = self.subject.summary(self.language)
        display({"text/html": self._sentences_html(self.sentences()), "text/plain": summary}, raw=True)
        plot = self.plot()
        if plot is not None:
            spec = plot.to_dict()
            version = str(spec["$schema"]).rpartition("/v")[2].partition(".")[0]
            mime = f"application/vnd.vegalite.v{version}+json"
            display({mime: spec, "image/svg+xml": self._svg(), "text/plain": type(self.result).__name__}, raw=True)
        rest = self._table() + self._sentences_html(self.remarks())
        display({"text/html": rest, "text/plain": str(self.frame.head(ROWS))}, raw=True)

    def _display_(self) -> object:
        """Return what marimo shows: words, the chart, the table, one below the other."""
        marimo: Any = import_module("marimo")
        parts = [marimo.Html(self._sentences_html(self.sentences())), marimo.Html(self._svg())]
        return marimo.vstack([*parts, marimo.Html(self._table() + self._sentences_html(self.remarks()))])


def show(what: Result | Study, language: Language | None = None) -> NotebookView:
    """Show a result or a study in a notebook: what it says, the leading chart, the first rows of its table.

    Parameters
    ----------
    what
        A result, or a study, of which the first result leads.
    language
        ``zh`` or ``en``; None: that of the variable ``XINZHI_LANG``, else English.

    Returns
    -------
    NotebookView
        What notebooks display: Jupyter with its own Vega-Lite, others as HTML with the chart as SVG. Nothing is loaded
        from a network.

    Examples
    --------
    >>> import xinzhi
    >>> xinzhi.report.show(xinzhi.measure("china-provinces"), "zh")._repr_html_()[:15]
    '<div lang="zh">'
    """
    default: Language = "zh" if os.environ.get(VARIABLE, "").lower().startswith("zh") else "en"
    return NotebookView(what, language or default)
