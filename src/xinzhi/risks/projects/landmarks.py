"""Landmarks that the texts of projects name: rivers, bridges, stations, schools."""

from __future__ import annotations

import re
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt
import polars as pl

from xinzhi.risks.projects.conventions import (
    KEPT,
    document,
    first_of_row,
    readings,
)
from xinzhi.risks.projects.owners import syllables_of
from xinzhi.risks.projects.places import phonetic_form
from xinzhi.risks.projects.sites import (
    LANDMARK_KINDS,
    LANDMARKS,
    SHORTEST,
    matches_by_script,
    short_places,
)
from xinzhi.risks.projects.vocabulary import everyday_pairs


def landmarks(texts: pl.Series, letters: pl.Series | None = None) -> npt.NDArray[np.uint32]:
    """Return ``(N, 4)`` the first bridges, hills, schools of texts: the lowest bits tell the kind; 0 where none."""
    out = np.zeros((len(texts), LANDMARKS), dtype=np.uint32)
    first = first_landmarks(landmark_spans(texts, letters))
    code = (first["key"].hash().to_numpy() >> np.uint64(32)).astype(np.uint32) & ~np.uint32(LANDMARK_KINDS - 1)
    out[first["row"].to_numpy(), first["slot"].to_numpy()] = code | (first["kind"].to_numpy() + 1).astype(np.uint32)
    return out


def first_landmarks(landmark_rows: pl.DataFrame) -> pl.DataFrame:
    """Return the landmarks by which a text is compared, with their `slot`."""
    return first_of_row(landmark_rows.unique(["row", "key"], keep="first", maintain_order=True), LANDMARKS)


def landmark_spans(texts: pl.Series, letters: pl.Series | None = None) -> pl.DataFrame:
    """Return ``row, span, kind, key``: bridges, hills, schools and the like by the names that they bear."""
    spans = matches_by_script(texts, letters, _landmark_pattern(), _roman_landmark())
    meaning = [
        (span_read, *landmark) for span_read in spans["read"].unique().to_list() if (landmark := _landmark(span_read))
    ]
    schema = {"read": pl.String, "span": pl.String, "kind": pl.Int64, "key": pl.String}
    meanings = pl.DataFrame(meaning, schema=schema, orient="row")
    return spans.join(meanings, on="read", how="inner", maintain_order="left").select("row", "span", "kind", "key")


@lru_cache(maxsize=KEPT)
def _landmark(span_read: str) -> tuple[str, int, str] | None:
    """Return words, kind and sound of a landmark; None where the words are no name."""
    if span_read.isascii():
        return _spelled_landmark(span_read)
    span_read = _ends_beside().sub("", span_read)
    stem, end = span_read[:SHORTEST], span_read[SHORTEST:]
    words, everyday = document("words.yaml")["landmarks"], everyday_pairs()
    # 石嘴山 is a city, and 宿州砀山 a county
    places = {stem, stem + end, stem[1] + end} & short_places()
    common = places or {stem, stem[1] + end[0]} & everyday or stem in words["common"]
    if common or stem[0] in words["no_start"] or stem[1] in words["no_end"]:
        return None
    kind = _landmark_ends()[end]
    return span_read, kind, f"{kind} {phonetic_form(stem.translate(readings()))}"


def _spelled_landmark(span_read: str) -> tuple[str, int, str] | None:
    """Return what `_landmark` does of English words: Longmei Bridge, near Longmeiqiao."""
    name, _, end = re.sub("^[a-z ]+", "", span_read).partition(" ")
    syllables = syllables_of(phonetic_form(name)) or []
    kind = _landmark_ends().get(end)
    for size in () if end else (SHORTEST, 1):  # laojie, qiao
        if kind is None and (kind := _landmark_sounds().get("".join(syllables[-size:]))) is not None:
            syllables = syllables[:-size]
    if kind is None or len(syllables) < SHORTEST:
        return None
    return span_read, kind, f"{kind} {''.join(syllables[-SHORTEST:])}"


@cache
def _landmark_ends() -> dict[str, int]:
    """Return the kind of landmark that every ending tells, Chinese and English."""
    kinds = document("words.yaml")["landmarks"]["kinds"].values()
    return {
        end: kind for kind, entry in enumerate(kinds) for end in (*entry["zh"], *entry.get("beside", ()), *entry["en"])
    }


@cache
def _landmark_sounds() -> dict[str, int]:
    return {
        phonetic_form(end.translate(readings())): kind for end, kind in _landmark_ends().items() if not end.isascii()
    }


@cache
def _landmark_pattern() -> str:
    kinds = document("words.yaml")["landmarks"]["kinds"].values()
    ends = "|".join(sorted((end for entry in kinds for end in entry["zh"]), key=len, reverse=True))
    endings_beside = "|".join(
        sorted((end for entry in kinds for end in entry.get("beside", ())), key=len, reverse=True)
    )
    return rf"[\u4e00-\u9fff]{{2}}(?:{ends}|(?:{endings_beside})(?:{_words_beside()}))"


@cache
def _roman_landmark() -> str:
    kinds = document("words.yaml")["landmarks"]["kinds"].values()
    ends = "|".join(sorted((end for entry in kinds for end in entry["en"]), key=len, reverse=True))
    return rf"[A-Z][a-z]{{3,}} (?:{ends})(?-u:\b)|(?:near|beside|opposite|next to|adjacent to) [A-Z][a-z]{{5,}}(?-u:\b)"


@cache
def _ends_beside() -> re.Pattern[str]:
    return re.compile(f"(?:{_words_beside()})$")


@cache
def _words_beside() -> str:
    return "|".join(document("words.yaml")["landmarks"]["beside"])
