"""What texts say, field by field, in their own words: the two sides of the ledger, and where they agree."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from xinzhi.core.arrays import IntArray
from xinzhi.risks.projects import landmarks, notices, quantities, sites, vocabulary
from xinzhi.risks.projects.conventions import convention, places_table
from xinzhi.risks.projects.owners import companies, owners
from xinzhi.risks.projects.places import SLOTS, name_of, places
from xinzhi.risks.projects.records import NUMBERS, capacity_spans, figure_spans, number_spans, without_approvals

Span = tuple[int, int]
Mark = tuple[str, Span, Span]
BETWEEN = "; "
_LOWERED = ("components", "sector")
_LETTER, _MORE_LETTERS = re.compile("[A-Za-z]"), re.compile("(?!s(?![A-Za-z]))[A-Za-z]")
_CITY, _PROVINCE = 100, 10_000
_EQUAL = 1e-6


def sayings(texts: pl.Series, regions: pl.Series | None = None) -> pl.DataFrame:
    """Return ``row, field, said``: what every text says about every field in its own words, places by their names."""
    normalised = notices.notice_days(quantities.plain(texts))[1]
    company_spans = companies(normalised)
    parts = [_place_names(places(normalised, regions, company_spans)), *_field_quotations(normalised, company_spans)]
    all_parts = pl.concat([part.select(pl.col("row").cast(pl.UInt32), "field", "said") for part in parts])
    return (
        all_parts.group_by("row", "field", maintain_order=True)
        .agg(pl.col("said").str.join(BETWEEN))
        .sort("row", maintain_order=True)
    )


def _field_quotations(normalised: pl.Series, company_spans: pl.DataFrame | None) -> Iterator[pl.DataFrame]:
    """Yield ``row, field, said, meaning, value``: the words of plain texts about all fields but the place."""
    quantity_rows = quantities.extract(without_approvals(normalised))
    numbers, capacities = number_spans(quantity_rows), capacity_spans(quantity_rows)
    owned, heads = owners(normalised, company_spans), sites.heads(normalised)
    yield _as_quotations(owned, "owner")
    yield _as_quotations(sites.beginning_spans(heads, notices.bare(heads, owned)), "beginning")
    yield _as_quotations(sites.first_sites(sites.site_spans(normalised)), "site", "key")
    yield _as_quotations(landmarks.first_landmarks(landmarks.landmark_spans(normalised)), "landmark", "key")
    yield _as_quotations(
        sites.numbered_spans(normalised).unique("row", keep="first", maintain_order=True), "object", "key"
    )
    yield _as_quotations(sites.name_spans(normalised), "name")
    yield _as_quotations(vocabulary.cue_spans(normalised), "cue")
    names = dict(enumerate(NUMBERS))
    field = pl.col("field").replace_strict(names, return_dtype=pl.String)
    yield _as_quotations(numbers, field, value="value")
    yield _as_quotations(capacities, "capacity", "number", "value")
    yield _as_quotations(figure_spans(quantity_rows), "figures", value="value")
    lowered = vocabulary.lower(normalised)
    for kind, name in (("components", "components"), ("sectors", "sector")):
        yield _as_quotations(vocabulary.find_words(lowered, kind).rename({"word": "span"}), name, "bit")
    yield _as_quotations(vocabulary.approvals(normalised), "approval", "code")
    years = quantity_rows.filter(pl.col("kind") == "year").unique(["row", "value"], maintain_order=True)
    yield _as_quotations(years, "dates", "value", "value")


def _as_quotations(
    part: pl.DataFrame, field: str | pl.Expr, meaning: str | None = None, value: str | None = None
) -> pl.DataFrame:
    return part.select(
        "row",
        (pl.lit(field) if isinstance(field, str) else field).alias("field"),
        pl.col("span").str.strip_chars().alias("said"),
        (pl.col(meaning) if meaning else pl.lit(None)).alias("meaning"),
        (pl.col(value) if value else pl.lit(0.0)).alias("value"),
    )


def _place_names(codes: IntArray) -> pl.DataFrame:
    rows = [(row, "place", name_of(int(codes[row, slot]))[0]) for row, slot in np.argwhere(codes[:, :SLOTS]).tolist()]
    return pl.DataFrame(rows, schema={"row": pl.UInt32, "field": pl.String, "said": pl.String}, orient="row")


@dataclass(frozen=True, slots=True)
class _Quotation:
    """Words of a text: which field they speak of, what they say, and every place where they stand."""

    field: str
    meaning: Hashable
    value: float
    spans: tuple[Span, ...]


def marks(texts: tuple[str, str], ledger: pl.DataFrame) -> list[Mark]:
    """Return where agreeing words stand: field, span in the project's text, span in the archived text."""
    texts = _simplified(texts)
    sides = [_read(text) for text in texts]
    # figures hold every number once more: a number that has a field of its own is marked as that
    last = pl.col("field") == "figures"
    agreeing = ledger.filter(pl.col("level") > 0).sort(last, -pl.col("weight"), maintain_order=True)
    marked: list[Mark] = []
    marked_spans: tuple[list[Span], list[Span]] = ([], [])
    for field in agreeing["field"].to_list():
        for first, second in _pairs(field, sides[0], sides[1], texts):
            spans = [_free(quotation, used) for quotation, used in zip((first, second), marked_spans, strict=True)]
            if spans[0] is not None and spans[1] is not None:
                marked.append((field, spans[0], spans[1]))
                marked_spans[0].append(spans[0])
                marked_spans[1].append(spans[1])
    return marked


def passages(first: str, second: str) -> tuple[list[Span], list[Span]]:
    """Return the passages of each text that stand word for word in the other."""
    first, second = _simplified((first, second))
    return _shared(first, second), _shared(second, first)


def _simplified(texts: tuple[str, str]) -> tuple[str, str]:
    first, second = quantities.to_simplified(pl.Series(texts)).to_list()
    return first, second


def _shared(text: str, second: str) -> list[Span]:
    spans: list[Span] = []
    least = convention("passage")
    for size in (least["signs"], least["letters"]):
        grams = {second[at : at + size] for at in range(len(second) - size + 1)}
        spans += [
            (at, at + size)
            for at in range(len(text) - size + 1)
            if (gram := text[at : at + size]) in grams and (size == least["letters"] or not any(map(str.isascii, gram)))
        ]
    return joined_spans(spans)


def joined_spans(spans: Sequence[Span]) -> list[Span]:
    """Return spans in order, those that touch or overlap as one.

    Examples
    --------
    >>> joined_spans([(4, 7), (0, 2), (6, 9)])
    [(0, 2), (4, 9)]
    """
    out: list[Span] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return out


def _free(quotation: _Quotation, marked_spans: Sequence[Span]) -> Span | None:
    """Return the first place of words that overlaps none that is marked."""
    return next((span for span in quotation.spans if all(span[1] <= a or b <= span[0] for a, b in marked_spans)), None)


def _pairs(
    field: str,
    quotations: Mapping[str, list[_Quotation]],
    theirs: Mapping[str, list[_Quotation]],
    texts: tuple[str, str],
) -> Iterator[tuple[_Quotation, _Quotation]]:
    """Yield the words of a field that say the same, or nearly so."""
    if field == "place":
        yield from _shared_places(texts)
        return
    candidates = list(theirs.get(field, ()))
    for quotation in quotations.get(field, ()):
        alike = [candidate for candidate in candidates if candidate.meaning == quotation.meaning]
        if field == "figures":
            alike = [
                candidate for candidate in alike if abs(candidate.value - quotation.value) <= _EQUAL * quotation.value
            ]
        if field == "capacity":
            widest = float(convention("number_levels")[0])
            alike = [
                candidate
                for candidate in alike
                if abs(candidate.value - quotation.value) <= widest * max(candidate.value, quotation.value)
            ]
        if alike:
            best = min(alike, key=lambda candidate: abs(candidate.value - quotation.value))
            candidates.remove(best)
            yield quotation, best


def _read(text: str) -> dict[str, list[_Quotation]]:
    """Return what a text says by field, with the places of the words."""
    out: dict[str, list[_Quotation]] = defaultdict(list)
    for part in _field_quotations(pl.Series([text]), None):
        for field, words, meaning, value in part.select("field", "said", "meaning", "value").iter_rows():
            # `lower` puts one space before the text; a word that is spelt otherwise there is left out
            where = text.lower() if field in _LOWERED else text
            out[field].append(_Quotation(field, meaning, value, _word_positions(where, words)))
    return out


def _word_positions(text: str, span: str) -> tuple[Span, ...]:
    """Return every place of words: digits where a number begins and ends, letters where a word does (but for an s)."""
    needle = span.strip()
    out: list[Span] = []
    at = text.find(needle) if needle else -1
    while at >= 0:
        end = at + len(needle)
        before, after = text[max(at - 2, 0) : at], text[end : end + 1]
        cut = (needle[0].isdigit() and _joins(before)) or (needle[-1].isdigit() and after.isdigit())
        if not cut and not _within_a_word(text, at, end):
            out.append((at, end))
        at = text.find(needle, at + 1)
    return tuple(out)


def _within_a_word(text: str, at: int, end: int) -> bool:
    """Return whether letters go on before or behind, but for an s: the ten of intends, not the plant of plants."""
    joined = _LETTER.match(text, at) and _LETTER.match(text, max(at - 1, 0)) and at > 0
    goes_on = _LETTER.match(text, end - 1) and _MORE_LETTERS.match(text, end)
    return bool(joined or goes_on)


def _joins(before: str) -> bool:
    """Return whether a digit after these signs is no number of its own: 45,000, m2."""
    last = before[-1:]
    separated = last in {".", ","} and before[:-1].isdigit()
    return last.isdigit() or separated or (last.isascii() and last.isalpha())


def _shared_places(texts: tuple[str, str]) -> Iterator[tuple[_Quotation, _Quotation]]:
    """Yield the names of the county, the city and the province that both texts are of."""
    codes = [[int(code) for code in row if code] for row in places(pl.Series(texts)).tolist()]
    above = [
        {unit for code in side for unit in (code, code // _CITY * _CITY, code // _PROVINCE * _PROVINCE)}
        for side in codes
    ]
    for code in sorted(above[0] & above[1], key=lambda code: (code % _CITY == 0, code % _PROVINCE == 0)):
        sides = [_Quotation("place", code, 0.0, _place_positions(text, code)) for text in texts]
        if sides[0].spans and sides[1].spans:
            yield sides[0], sides[1]


def _place_positions(text: str, code: int) -> tuple[Span, ...]:
    """Return where a place is named: the longest of its names that the text has."""
    place_rows = places_table().filter(pl.col("code") == str(code))
    rows = place_rows.select("name", "short", "roman").rows()
    full, roman = name_of(code)
    names = dict.fromkeys((*(rows[0] if rows else ()), full, roman))
    return max((_word_positions(text, name) for name in names if name), key=_length, default=())


def _length(spans: Sequence[Span]) -> int:
    return spans[0][1] - spans[0][0] if spans else 0
