"""A study as one JSON document: what ``--json`` prints, and what the interface for programs answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from xinzhi.core.finding import Finding
from xinzhi.core.text import LANGUAGES, Language, Text
from xinzhi.report.document import rows, text
from xinzhi.studies import Assessment, Brief, Study


def study_document(study: Study, language: Language = "en", files: Sequence[Path] = ()) -> dict[str, Any]:
    """Return a study as a JSON-ready dictionary: every result with its provenance, and what stands beside them.

    Parameters
    ----------
    study
        What a recipe of `xinzhi.studies` returned.
    language
        Of the notes, and of explanations.
    files
        What was written.

    Examples
    --------
    >>> import xinzhi
    >>> study_document(xinzhi.study("plan", "china-provinces"))["results"][0]["provenance"]["verb"]
    'plan'
    """
    written = [str(path) for path in files]
    if isinstance(study, Brief):
        from xinzhi.report.pages.brief import document

        return document(study) | {"files": written}
    if isinstance(study, Assessment):
        return _assessed(study, written)
    results = [
        {"provenance": one.provenance.to_dict(), "frame": rows(one.frame), "answer": one.summary("en")}
        for one in study.results.values()
    ]
    more = {name: plain(value, language) for name, value in study.more.items()}
    return {"results": results, **more, "notes": [note.lang(language) for note in study.notes], "files": written}


def plain(value: Any, language: Language) -> Any:  # noqa: ANN401 - of any kind
    """Return a value as JSON can hold it."""
    match value:
        case pl.DataFrame():
            return rows(value)
        case Finding():
            return value.to_dict()
        case Text():
            return text(value)
        case dict():
            return {key: plain(one, language) for key, one in value.items()}
        case list() | tuple():
            return [plain(one, language) for one in value]
    told = getattr(value, "text", None)
    return told(language) if callable(told) else value


def _assessed(made: Assessment, files: list[str]) -> dict[str, Any]:
    """Return an assessment; its figures of every topic stand in its files."""
    result, rules = made.measurement, made.protocol
    return {
        "provenance": result.provenance.to_dict(),
        "protocol": {name: getattr(rules, name) for name in ("id", "version", "status", "fingerprint")},
        "identity_gap": result.identity_gap,
        "answer": {language: made.ranking.summary(language).splitlines() for language in LANGUAGES},
        "ranking": made.ranking.frame.to_dicts(),
        "national": result.national_periods.to_dicts(),
        "periods": result.periods.to_dicts(),
        "coverage": result.coverage.to_dicts(),
        "omitted": result.omitted.height,
        "findings": [finding.to_dict() for finding in made.findings],
        "files": files,
    }


def as_json(document: Any) -> bytes:  # noqa: ANN401 - whatever can be told
    """Return a document as JSON in UTF-8; what is not a number is null.

    Parameters
    ----------
    document
        Such as `study_document` returns.

    Examples
    --------
    >>> as_json({"值": float("nan")}).decode()
    '{"值": null}'
    """
    return json.dumps(_finite(document), ensure_ascii=False, allow_nan=False, default=str).encode()


def _finite(value: Any) -> Any:  # noqa: ANN401 - of any kind
    match value:
        case float():
            return value if value - value == 0 else None
        case Mapping():
            return {str(key): _finite(one) for key, one in value.items()}
        case list() | tuple():
            return [_finite(one) for one in value]
    return value
