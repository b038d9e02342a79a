"""Everything that a verb of a room hands over, written whole or not at all."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from xinzhi.core.errors import UsageError
from xinzhi.core.text import Text
from xinzhi.report.catalogue import paragraph, same, words
from xinzhi.report.document import dump, rows, text
from xinzhi.report.files import whole
from xinzhi.report.rooms import section

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import polars as pl

    from xinzhi.core.result import Provenance, Result
    from xinzhi.core.text import Language
    from xinzhi.report.section import Section

DECIMALS = 2  # of growth in percent, where no protocol says otherwise


def write_room(
    results: Sequence[Result],
    out_dir: Path,
    *,
    name: str,
    source: Text,
    language: Language = "en",
    region: str | None = None,
) -> list[Path]:
    """Write the report of the results of a room: a page, a workbook, a table each and a document for machines.

    Parameters
    ----------
    results
        What verbs of the room returned, in the order of the page; the first one gives the provenance.
    out_dir
        The folder; it is made when it is not there. Files of the same names are replaced, all at the end.
    name
        Name of the verb, and of the files.
    source
        What was read, in words.
    language
        The language that the page opens in and that names the sheets of the workbook.
    region
        The region that pictures of one region show, of the results that have it; None: the room chooses.

    Returns
    -------
    list of Path
        ``NAME.html``, ``NAME.xlsx``, ``NAME.json`` and one csv a result: ``NAME.csv``, or ``NAME-VERB.csv``.

    Raises
    ------
    UsageError
        When the folder cannot be written in, no room knows a result, or no result has the region.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from xinzhi.core.text import Text
    >>> write_room([], pathlib.Path(tempfile.mkdtemp()), name="nothing", source=Text(zh="无", en="none"))
    []
    """
    from xinzhi.report.writing import write_csv

    if not results:
        return []
    sections = _sections(results, region)
    frames = _frames(name, results)
    names = [f"{name}.html", f"{name}.xlsx", f"{name}.json", *frames]
    with whole(out_dir, names) as (html, book, document, *tables):
        provenance = results[0].provenance
        html.write_text(_page(sections, source, provenance, language), encoding="utf-8", newline="\n")
        _workbook(sections, source, provenance, book, language)
        document.write_text(dump(_summary(sections, source, results)), encoding="utf-8", newline="\n")
        for frame, path in zip(frames.values(), tables, strict=True):
            write_csv(frame, path)
    return [out_dir / one for one in names]


def _sections(results: Sequence[Result], region: str | None) -> list[Section]:
    """Return what the results say; one that has no such region (a survey of industries) says what it says anyway.

    Raises
    ------
    UsageError
        When no result has the region.
    """
    told, strange = [], []
    for result in results:
        try:
            told.append(section(result, region=region))
        except UsageError as error:
            if region is None:
                raise
            strange.append(error)
            told.append(section(result))
    if len(strange) == len(results):
        raise strange[0]
    return told


def _frames(name: str, results: Sequence[Result]) -> Mapping[str, pl.DataFrame]:
    if len(results) == 1:
        return {f"{name}.csv": _flat(results[0].frame)}
    return {f"{name}-{type(one).__name__.lower()}.csv": _flat(one.frame) for one in results}


def _flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame that csv can hold: lists are joined with semicolons."""
    import polars as pl
    import polars.selectors as cs

    return frame.with_columns(cs.by_dtype(pl.List).cast(pl.List(pl.String)).list.join(";"))


def _page(sections: Sequence[Section], source: Text, provenance: Provenance, language: Language) -> str:
    from xinzhi.report import markup
    from xinzhi.report.html import render

    return render(
        "room.html.j2",
        sections[0].title,
        source,
        language=language,
        subtitle=source,
        table=partial(markup.table, decimals=DECIMALS),
        sections=sections,
        foot_line=foot(source, provenance),
        provenance=provenance,
    )


def _workbook(
    sections: Sequence[Section], source: Text, provenance: Provenance, path: Path, language: Language
) -> None:
    from xinzhi.report.sheets import Cover, write_sheets

    facts: list[tuple[Text, object]] = [
        (words("cover.package"), source),
        *((words("cover.inputs"), f"{name}: {digest}") for name, digest in provenance.inputs.items()),
        (words("cover.version"), provenance.version),
        *((words("cover.answer"), paragraph(one.answer)) for one in sections),
        *((words("cover.note"), note) for one in sections for note in one.notes),
        (words("cover.sheets"), words("cover.header")),
    ]
    write_sheets(
        path,
        sections[0].title.lang(language),
        Cover(title=sections[0].title, rows=facts),
        [table for one in sections for table in one.contents()],
        foot(source, provenance),
        decimals=DECIMALS,
        language=language,
    )


def _summary(sections: Sequence[Section], source: Text, results: Sequence[Result]) -> dict[str, object]:
    return {
        "source": text(source),
        "results": [
            {
                "room": one.key,
                "answer": text(paragraph(one.answer)),
                "notes": [text(note) for note in one.notes],
                "provenance": result.provenance.to_dict(),
                "frame": rows(result.frame),
            }
            for one, result in zip(sections, results, strict=True)
        ],
    }


def foot(source: Text, provenance: Provenance) -> Text:
    """Return the line that stands under every table: source and version."""
    mark = same(provenance.foot())
    return Text(zh=f"{source.zh}；{mark.zh}", en=f"{source.en}; {mark.en}")
