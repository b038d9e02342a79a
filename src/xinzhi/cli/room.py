"""How the verbs of the rooms end: the files written, the answer said, one JSON document if asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinzhi.cli.speech import console, print_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from xinzhi.core.result import Result
    from xinzhi.core.text import Language, Text


def conclude(
    results: Sequence[Result],
    *,
    name: str,
    source: Text,
    out: Path | None,
    language: Language,
    as_json: bool,
    more: Mapping[str, Any] | None = None,
    region: str | None = None,
) -> list[Path]:
    """Write the files if a folder was named, then print the summaries and the files, or all as JSON.

    Parameters
    ----------
    results
        What the verbs of the room returned.
    name, source
        Name of the verb and of its files, and what was read, in words.
    out
        The folder, or None to write nothing.
    language, as_json
        The language, and whether one JSON document is all that is printed.
    more
        What else the JSON document holds.
    region
        The region that pictures of one region show.
    """
    files: list[Path] = []
    if out is not None:
        from xinzhi.report import write_room

        files = write_room(results, out, name=name, source=source, language=language, region=region)
    if as_json:
        print_json(_document(results, files, more or {}))
        return files
    for result in results:
        console().print(result.summary(language), markup=False)
    for path in files:
        console().print(str(path), markup=False)
    return files


def _document(results: Sequence[Result], files: Sequence[Path], more: Mapping[str, Any]) -> dict[str, Any]:
    from xinzhi.report.document import rows

    return {
        "results": [
            {"provenance": result.provenance.to_dict(), "frame": rows(result.frame), "answer": result.summary("en")}
            for result in results
        ],
        **more,
        "files": [str(path) for path in files],
    }
