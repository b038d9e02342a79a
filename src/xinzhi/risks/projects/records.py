"""Records of a project library as arrays: what was read of every text, ready to be compared."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray, release
from xinzhi.risks.projects import landmarks, notices, places, quantities, sites, vocabulary
from xinzhi.risks.projects.conventions import convention, document, first_of_row, in_letters
from xinzhi.risks.projects.owners import companies, former, owners, public
from xinzhi.risks.projects.vocabulary import Tokens, join_tokens, tokenise

NUMBERS = ("investment", "turnover", "land", "floor", "length")
CAPACITIES, FIGURES, CODES = 3, 20, 2
_CHUNK = 50_000
MANY = 10_000  # rows of an archive on disk after which the memory of what was read is given back at once
_YEARS = (1800, 2100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """What was read of `N` texts; 0, NaN and empty slots mean that a text says nothing."""

    place: IntArray
    site: npt.NDArray[np.uint64]  # villages, townships, parks, roads
    landmark: npt.NDArray[np.uint32]  # bridges, hills, schools by name
    numbered: npt.NDArray[np.uint64]  # kind and number of a line, a school
    name: npt.NDArray[np.uint64]
    name_bits: npt.NDArray[np.uint64]
    beginning: npt.NDArray[np.uint64]  # with what the name begins, and what follows
    cue: npt.NDArray[np.int8]
    notice: npt.NDArray[np.int16]  # of what kind a notice is (`notices`)
    service: npt.NDArray[np.int16]  # which services it buys
    announced: npt.NDArray[np.int32]  # its day
    edition: npt.NDArray[np.int16]  # the year that a name or a programme bears, and the part of it
    ordinal: npt.NDArray[np.uint64]  # which of its kind: 第二手术室
    round: npt.NDArray[np.int8]  # how often it is tendered for, where the name says so
    public: BoolArray  # whether the owner spends public money on whatever a county builds
    brand: npt.NDArray[np.uint64]
    stem: npt.NDArray[np.uint64]
    owner: npt.NDArray[np.uint64]
    former: npt.NDArray[np.uint64]  # the first two syllables of the company before
    number: FloatArray
    digits: npt.NDArray[np.int8]
    capacity: FloatArray
    capacity_kind: npt.NDArray[np.int8]
    capacity_digits: npt.NDArray[np.int8]
    figure: npt.NDArray[np.float32]  # every quantity but years, in base units
    approval: npt.NDArray[np.uint64]
    years: npt.NDArray[np.int16]
    phase: npt.NDArray[np.int8]
    components: npt.NDArray[np.uint64]
    sectors: npt.NDArray[np.uint64]
    buzzwords: npt.NDArray[np.uint64]
    chinese: BoolArray
    tokens: Tokens

    def __len__(self) -> int:
        return len(self.brand)

    def take(self, rows: IntArray) -> Records:
        """Return some of the records, in memory; of records on disk no more than one array is held at a time."""
        arrays = {}
        for name in ARRAYS:
            array = getattr(self, name)
            arrays[name] = array[rows]
            if len(rows) > MANY:
                release(array)
        tokens = self.tokens.take(rows)
        if len(rows) > MANY:
            release(self.tokens.bucket, self.tokens.start)
        return Records(**arrays, tokens=tokens)

    def release(self) -> None:
        """Give back the memory of what was read of records on disk."""
        release(*(getattr(self, name) for name in ARRAYS), self.tokens.bucket, self.tokens.start)

    def readable(self) -> IntArray:
        """Return how many of place, owner, numbers and a name of its own each text gives."""
        numbers: IntArray = np.isfinite(self.number).sum(axis=1) + (self.capacity_kind > 0).any(axis=1)
        return numbers + (self.place[:, 0] > 0) + (self.owner > 0) + (self.beginning[:, 0] > 0)


ARRAYS = tuple(field.name for field in dataclass_fields(Records) if field.name != "tokens")


def read(texts: pl.Series, regions: pl.Series | None = None) -> Records:
    """Read project texts."""
    columns: dict[str, list[npt.NDArray[np.generic]]] = {name: [] for name in ARRAYS}
    tokens: list[Tokens] = []
    for at in range(0, max(len(texts), 1), _CHUNK):
        part = _read(texts.slice(at, _CHUNK), None if regions is None else regions.slice(at, _CHUNK))
        for name in ARRAYS:
            columns[name].append(getattr(part, name))
        tokens.append(part.tokens)
    if len(tokens) == 1:
        return part
    # the parts of a column are given back before the next is joined
    arrays = {name: np.concatenate(columns.pop(name)) for name in ARRAYS}
    return Records(**arrays, tokens=join_tokens(tokens))


def _read(texts: pl.Series, regions: pl.Series | None) -> Records:
    """Read a part of a library: the spans of a million texts at once would not fit."""
    announced, normalised = notices.notice_days(quantities.plain(texts))
    letters = in_letters(normalised)
    lowered = vocabulary.lower(normalised, letters)
    count = len(normalised)
    approved = vocabulary.approvals(normalised)
    quantity_rows = quantities.extract(without_approvals(normalised), letters)
    company_spans = companies(normalised)
    owned = owners(normalised, company_spans)
    owner, brand, stem = (np.zeros(count, dtype=np.uint64) for _ in range(3))
    rows = owned["row"].to_numpy()
    spending = np.zeros(count, dtype=bool)
    spending[rows] = public(owned)
    heads = sites.heads(normalised)
    bare = notices.bare(heads, owned)
    named_so, name_bits, beginning = sites.names(heads, bare)
    for array, column in ((owner, "name"), (brand, "brand"), (stem, "stem")):
        array[rows] = owned[column].hash().to_numpy() * (owned[column] != "").to_numpy()
    numbers, capacities = number_spans(quantity_rows), capacity_spans(quantity_rows)
    figures = figure_spans(quantity_rows)
    number_shape, slots = (count, len(NUMBERS)), (count, CAPACITIES)
    return Records(
        place=places.places(normalised, regions, company_spans, letters),
        site=sites.sites(normalised, letters),
        landmark=landmarks.landmarks(normalised, letters),
        numbered=sites.numbered_objects(normalised),
        name=named_so,
        name_bits=name_bits,
        beginning=beginning,
        cue=vocabulary.cues(normalised),
        notice=notices.kinds(heads, bare),
        service=notices.services(heads),
        announced=announced,
        edition=notices.editions(heads, normalised),
        ordinal=sites.ordinals(bare),
        round=notices.rounds(heads),
        public=spending,
        brand=brand,
        stem=stem,
        owner=owner,
        former=former(normalised),
        number=_scatter_rows(numbers, "field", "value", number_shape, np.float64),
        digits=_scatter_rows(numbers, "field", "digits", number_shape, np.int8),
        capacity=_scatter_rows(capacities, "slot", "value", slots, np.float64),
        capacity_kind=_scatter_rows(capacities, "slot", "number", slots, np.int8),
        capacity_digits=_scatter_rows(capacities, "slot", "digits", slots, np.int8),
        figure=_scatter_rows(figures, "slot", "value", (count, FIGURES), np.float32),
        approval=_codes(approved, count),
        years=_years(quantity_rows, count),
        phase=vocabulary.phases(lowered),
        components=vocabulary.bits(lowered, "components"),
        sectors=vocabulary.bits(lowered, "sectors"),
        buzzwords=vocabulary.bits(lowered, "buzzwords"),
        chinese=_chinese(normalised, letters),
        tokens=tokenise(
            vocabulary.without_buzzwords(vocabulary.lower(without_companies(normalised, company_spans), letters))
        ),
    )


def without_approvals(texts: pl.Series) -> pl.Series:
    """Return texts without approval numbers: their digits are no quantity."""
    return texts.str.replace_all(vocabulary.APPROVAL, " ")


def without_companies(normalised: pl.Series, company_spans: pl.DataFrame) -> pl.Series:
    """Return texts without the names of companies: the owner has a field of its own."""
    spans = company_spans.group_by("row", maintain_order=True).agg("span")
    rows = spans["row"].to_numpy()
    texts = normalised.gather(rows).to_list()
    bare = [_without(text, names) for text, names in zip(texts, spans["span"].to_list(), strict=True)]
    return normalised.scatter(rows, bare)


def _without(text: str, names: list[str]) -> str:
    for name in names:
        text = text.replace(name, " ")
    return text


@cache
def fields() -> pl.DataFrame:
    """Return ``field, kind, role, rank``: which quantities make the numbers of a record, best first."""
    rows = [
        (NUMBERS.index(name), kind, role, rank)
        for name, sources in document("quantities.yaml")["fields"].items()
        for rank, (kind, role) in enumerate(sources)
    ]
    return pl.DataFrame(rows, schema=["field", "kind", "role", "rank"], orient="row")


@cache
def capacity_kinds() -> dict[str, int]:
    """Return the number of every kind of capacity, from 1."""
    base = document("quantities.yaml")["capacity_kinds"]
    return {kind: at for at, kind in enumerate([*base, *(f"{kind}_day" for kind in ("mass", "volume", "goods"))], 1)}


def number_spans(quantity_rows: pl.DataFrame) -> pl.DataFrame:
    """Return ``row, field, span, value, digits``: the quantity that each number of each text is read from."""
    # Of several of one rank the largest: it is the whole, and does not depend on the order of the parts.
    return (
        quantity_rows.join(fields(), on=["kind", "role"], how="inner", maintain_order="left")
        .sort("row", "field", "rank", "value", descending=[False, False, False, True], maintain_order=True)
        .unique(["row", "field"], keep="first", maintain_order=True)
    )


def capacity_spans(quantity_rows: pl.DataFrame) -> pl.DataFrame:
    """Return ``row, slot, number, span, value, digits``: the first capacities of each text, `number` their kind."""
    # Those that the text calls so come first, then machines and stores.
    kind = pl.col("kind").replace_strict(capacity_kinds(), default=0, return_dtype=pl.Int8)
    # three sets are equipment and forty persons a staff, unless the text says that they are what the project can do
    meant = ~pl.col("kind").is_in(["goods", "people"]) | (pl.col("role") == "capacity")
    part = quantity_rows.with_columns(kind.alias("number")).filter(
        (pl.col("number") > 0) & meant & (pl.col("role") != "other")
    )
    part = part.sort("row", pl.col("role") != "capacity", maintain_order=True).unique(
        ["row", "number", "value"], keep="first", maintain_order=True
    )
    return first_of_row(part, CAPACITIES)


def figure_spans(quantity_rows: pl.DataFrame) -> pl.DataFrame:
    """Return ``row, slot, span, value``: every quantity but years, whatever it measures; a one says nothing."""
    # 40,000 m3 a day and 4万吨/日 are one figure, and so are 9.6万㎡ of which one text says that they are workshops
    several = quantity_rows.filter(pl.col("times") != 1)  # 3×350: some say 1,050, some three of 350
    factors = [
        several.with_columns(value.alias("value")) for value in (pl.col("times"), pl.col("value") / pl.col("times"))
    ]
    # 1912—1947 are years too, though nothing says so
    dated = (pl.col("kind") == "year") | (pl.col("kind") == "bare") & pl.col("value").is_between(*_YEARS)
    part = pl.concat([quantity_rows, *factors]).filter(~dated & (pl.col("value") != 1))
    return first_of_row(part.unique(["row", "value"], maintain_order=True), FIGURES)


def _scatter_rows(
    part: pl.DataFrame, column: str, value: str, shape: tuple[int, int], kind: type[np.generic]
) -> npt.NDArray[Any]:
    """Return an array with the values of long rows in their slots; NaN or 0 elsewhere."""
    out = np.full(shape, np.nan if issubclass(kind, np.floating) else 0, dtype=kind)
    out[part["row"].to_numpy(), part[column].to_numpy()] = part[value].to_numpy()
    return out


def _codes(approved: pl.DataFrame, count: int) -> npt.NDArray[np.uint64]:
    part = first_of_row(approved.unique(["row", "code"], maintain_order=True), CODES)
    out = np.zeros((count, CODES), dtype=np.uint64)
    out[part["row"].to_numpy(), part["slot"].to_numpy()] = part["code"].hash().to_numpy()
    return out


def _years(quantity_rows: pl.DataFrame, count: int) -> npt.NDArray[np.int16]:
    years_by_row = quantity_rows.filter(pl.col("kind") == "year").group_by("row")
    span = years_by_row.agg(pl.col("value").min().alias("first"), pl.col("value").max().alias("last"))
    out = np.zeros((count, 2), dtype=np.int16)
    out[span["row"].to_numpy()] = span.select("first", "last").to_numpy().astype(np.int16)
    return out


def _chinese(texts: pl.Series, letters: pl.Series) -> BoolArray:
    """Return whether texts are Chinese; one without letters is."""
    out, part = np.ones(len(texts), dtype=bool), texts.gather(letters)
    signs = part.str.count_matches(r"[\u4e00-\u9fff]").to_numpy()
    latin = part.str.count_matches("[A-Za-z]").to_numpy()
    out[letters.to_numpy()] = signs >= float(convention("chinese_share")) * (signs + latin)
    return out
