"""The agreement of two records, field by field and level by level."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.risks.projects.conventions import convention
from xinzhi.risks.projects.index import Commonness, Index, lengths, significant
from xinzhi.risks.projects.places import city_of
from xinzhi.risks.projects.records import NUMBERS, Records
from xinzhi.risks.projects.sites import LANDMARK_KINDS
from xinzhi.risks.projects.vocabulary import families

LevelArray = npt.NDArray[np.int8]


MISSING = -1
_COUNTY, _PROVINCE = 100, 10_000
_NUMBER_LEVELS = ("differs", "within 25 %", "within 10 %", "within 3 %", "equal, round", "equal, precise")


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the evidence and its levels of agreement, from none to full."""

    name: str
    levels: tuple[str, ...]


FIELDS = (
    Field("place", ("other province", "other city", "other county", "same city", "same county")),
    Field("site", ("other site", "partly the same site", "same site")),
    Field("landmark", ("other landmark", "no landmark in common", "same landmark")),
    Field("object", ("other number", "same number")),
    Field("name", ("other name", "some of the name", "most of the name", "same title")),
    Field("beginning", ("another of the kind", "other beginning", "same beginning")),
    Field("owner", ("other owner", "same public body", "same brand", "same name")),
    *(Field(name, _NUMBER_LEVELS) for name in NUMBERS),
    Field("capacity", _NUMBER_LEVELS),
    Field("figures", ("none", "common", "rare", "several rare", "many rare")),
    Field("components", ("none", "few", "many", "most")),
    Field("sector", ("other sector", "related sector", "same sector")),
    Field("approval", ("other number", "same number")),
    Field("words", ("none", "a rare one", "a rare name", "some rare names", "many rare ones", "whole rare passages")),
    Field("dates", ("other years", "one year", "same years")),
    Field("text", ("none", "faint", "some", "much", "close", "same")),
    Field("phase", ("same phase", "later phase")),
    Field("edition", ("other year in the name", "same year in the name")),
    Field("cue", ("beside what stands", "handed in again")),
)
NAMES = tuple(field.name for field in FIELDS)


def level(field: str, agreement: str) -> int:
    """Return the number of a level of agreement.

    Examples
    --------
    >>> level("owner", "other owner"), level("owner", "same name")
    (0, 3)
    """
    return FIELDS[NAMES.index(field)].levels.index(agreement)


# levels from which on these are the same
SAME_SITE, SAME_LANDMARK = level("site", "partly the same site"), level("landmark", "same landmark")
_EQUAL_ROUND = level("investment", "equal, round")
# what is said of the project itself, and is no matter of wording or trade
FACTS = tuple(
    NAMES.index(name)
    for name in ("place", "site", "landmark", "object", "name", "beginning", "owner", *NUMBERS, "capacity", "approval")
)
_WHERE, _NAME = [NAMES.index(name) for name in ("place", "site", "landmark")], NAMES.index("name")


def compared_counts(levels: LevelArray) -> IntArray:
    """Return how many facts of each pair could be compared.

    Examples
    --------
    >>> levels = np.full((2, len(FIELDS)), MISSING, dtype=np.int8)
    >>> levels[0, [NAMES.index(name) for name in ("place", "site", "owner")]] = 1
    >>> compared_counts(levels).tolist()
    [2, 0]
    """
    # a name that is only like another is wording, and no fact; a county and its town and its hill are one: where it is
    comparable = (levels[:, FACTS] >= 0).sum(axis=1) - np.isin(levels[:, _NAME], range(level("name", "same title")))
    return np.asarray(comparable - np.maximum((levels[:, _WHERE] >= 0).sum(axis=1) - 1, 0))


# What the agreement of a pair says beside its levels: the wording (a cosine), and how rare it is, in nats, that all
# figures, rare words and the sum agree; NaN where one of the two does not say. And whether only one of them is
# numbered: a power station is not its first unit; and whether their capacities are of other kinds: beds, tons a day.
MEASURES = ("wording", "told by figures", "told by words", "told by the sum", "numbered once", "sized otherwise")


def compare(
    index: Index, projects: Records, project: IntArray, record: IntArray, cosine: FloatArray
) -> tuple[LevelArray, FloatArray]:
    """Return the levels of agreement of pairs, and what agrees as a measure (`MEASURES`)."""
    archive = index.records
    out = np.full((len(project), len(FIELDS)), MISSING, dtype=np.int8)
    column = {name: at for at, name in enumerate(NAMES)}
    out[:, column["place"]] = _places(projects.place[project], archive.place[record])
    begins = projects.beginning[project], archive.beginning[record]
    out[:, column["site"]] = _sites(projects.site[project], archive.site[record])
    out[:, column["beginning"]] = _beginnings(*begins)
    out[:, column["landmark"]] = _landmarks(projects.landmark[project], archive.landmark[record])
    kind, number = projects.numbered[project].T
    other_kind, other_number = archive.numbered[record].T
    out[:, column["object"]] = _either(number == other_number, (kind > 0) & (kind == other_kind))
    out[:, column["name"]] = _names(projects, archive, project, record)
    edition, other_edition = projects.edition[project], archive.edition[record]
    both_dated = (edition > 0) & (other_edition > 0)
    out[:, column["edition"]] = _either(
        ((edition == other_edition) | ~both_dated).all(axis=1), np.asarray(both_dated.any(axis=1))
    )
    out[:, column["cue"]] = projects.cue[project]
    out[:, column["owner"]] = _owners(projects, archive, project, record)
    for at, name in enumerate(NUMBERS):
        out[:, column[name]] = _numbers(
            projects.number[project, at],
            archive.number[record, at],
            np.minimum(projects.digits[project, at], archive.digits[record, at]),
        )
    figures = projects.figure[project], archive.figure[record]
    for name in ("land", "floor", "length"):
        at = NUMBERS.index(name)
        numbers = projects.number[project, at], archive.number[record, at]
        out[:, column[name]] = _among(out[:, column[name]], numbers, figures)
    at = NUMBERS.index("length")
    numbers = projects.number[project, at], archive.number[record, at]
    out[:, column["length"]] = _part_by_part(out[:, column["length"]], numbers, figures)
    out[:, column["capacity"]] = _capacities(projects, archive, project, record)
    by_figures = _figures(*figures, index.commonness)
    out[:, column["figures"]] = _agreement_levels(by_figures, "figure_levels")
    out[:, column["components"]] = _overlap(
        projects.components[project], archive.components[record], index.commonness.component
    )
    sector = projects.sectors[project], archive.sectors[record]
    out[:, column["sector"]] = _sectors(*sector)
    out[:, column["approval"]] = _approvals(projects.approval[project], archive.approval[record])
    out[:, column["dates"]] = _dates(projects.years[project], archive.years[record])
    by_words = _words(index, projects, project, record)
    out[:, column["words"]] = _agreement_levels(by_words, "word_levels")
    has_tokens = np.diff(projects.tokens.start)[project] > 0
    same = projects.chinese[project] == archive.chinese[record]
    text = np.digitize(cosine, convention("text_levels"))
    out[:, column["text"]] = np.where(same & has_tokens, text, MISSING)
    later = (projects.phase[project] > 0) & (projects.phase[project] != archive.phase[record])
    out[:, column["phase"]] = later
    sums = out[:, column["investment"]]
    by_sum = index.commonness.of_figures(projects.number[project, NUMBERS.index("investment")].astype(np.float32))
    by_sum = np.where(sums == MISSING, np.nan, np.where(sums >= _EQUAL_ROUND, by_sum, 0.0))
    # in thousandths: sums differ in the last digits with what else is compared at once
    wording = np.where(same & has_tokens, cosine, np.nan)
    once = (kind > 0) != (other_kind > 0)
    sized = (projects.capacity_kind[project] > 0).any(axis=1) & (archive.capacity_kind[record] > 0).any(axis=1)
    otherwise = sized & (out[:, column["capacity"]] == MISSING)
    return out, np.column_stack([wording, by_figures, by_words, by_sum, once, otherwise]).round(3)


def cosines(index: Index, projects: Records, project: IntArray, record: IntArray) -> FloatArray:
    """Return the cosine of pairs in the space of tokens weighted by their inverse document frequency."""
    product = _shared_weight(index, projects, project, record, index.weight, power=2)
    norm = lengths(projects, index.weight)[project].astype(np.float64) * index.norm[record]
    return np.divide(product, norm, out=np.zeros_like(product), where=norm > 0)


def _shared_weight(
    index: Index,
    projects: Records,
    project: IntArray,
    record: IntArray,
    weight: npt.NDArray[np.float32],
    power: int = 1,
) -> FloatArray:
    """Return the sum of the weights, or of a power of them, of the tokens that both texts of a pair have."""
    bucket, start = index.records.tokens.bucket, index.records.tokens.start
    size = start[record + 1] - start[record]
    ends = size.cumsum()
    at = np.repeat(start[record] - ends + size, size) + np.arange(int(size.sum()))
    mark = np.zeros(len(weight), dtype=np.float32)
    product = np.zeros(len(record))
    edges = np.append(np.flatnonzero(np.diff(project, prepend=-1)), len(project))
    mine_bucket, mine_start = projects.tokens.bucket, projects.tokens.start
    for low, high in pairwise(edges.tolist()):
        buckets = mine_bucket[mine_start[project[low]] : mine_start[project[low] + 1]]
        mark[buckets] = weight[buckets] ** power
        begin = ends[low] - size[low]
        # a cumulative sum and not reduceat: a text without tokens has an empty slice
        sums = np.append(0.0, mark[bucket[at[begin : ends[high - 1]]]].cumsum(dtype=np.float64))
        product[low:high] = sums[ends[low:high] - begin] - sums[ends[low:high] - size[low:high] - begin]
        mark[buckets] = 0.0
    return product


def _places(project_places: IntArray, record_places: IntArray) -> LevelArray:
    """Return the closest level over all places of both; a text that names only the province leaves it open which."""
    best = np.full(len(project_places), MISSING, dtype=np.int8)
    for at in range(project_places.shape[1]):
        for to in range(record_places.shape[1]):
            a, b = project_places[:, at], record_places[:, to]
            city_a, city_b = city_of(a), city_of(b)
            province = a // _PROVINCE == b // _PROVINCE
            city = province & (city_a == city_b) & (city_a > 0)
            counties = (a % _COUNTY > 0) & (b % _COUNTY > 0)
            unknown = (a == 0) | (b == 0) | province & ((city_a == 0) | (city_b == 0))
            level = np.select(
                [unknown, counties & (a == b), city & counties, city, province],
                [MISSING, 4, 2, 3, 1],
                default=0,
            )
            best = np.maximum(best, level).astype(np.int8)
    return best


def _owners(projects: Records, archive: Records, project: IntArray, record: IntArray) -> LevelArray:
    brand, other_brand = projects.brand[project], archive.brand[record]
    name, other_name = projects.owner[project], archive.owner[record]
    stem, other_stem = projects.stem[project], archive.stem[record]
    # 吉锐 and 吉锐互连, Haihuang and 海煌水产: one brand is what the other begins with
    same_brand = ((brand == other_brand) | (stem == other_brand)) & (other_brand > 0) | (
        (brand == other_stem) & (brand > 0)
    )
    same_name = name == other_name
    either = projects.public[project] | archive.public[record]
    level = np.select([(same_name | same_brand) & either, same_name, same_brand], [1, 3, 2], default=0)
    # the bodies of a county are renamed and merged with every reform: two names of them are no difference
    bodies = (level == 0) & projects.public[project] & archive.public[record]
    # 由原永钧精密更名而来
    former = projects.former[project]
    level = np.where((level == 0) & (former > 0) & ((former == other_stem) | (former == other_brand)), 2, level)
    return np.where((name > 0) & (other_name > 0) & ~bodies, level, MISSING).astype(np.int8)


def _numbers(project_number: FloatArray, record_number: FloatArray, digits: npt.NDArray[np.int8]) -> LevelArray:
    """Return how close two numbers are."""
    comparable = np.isfinite(project_number) & np.isfinite(record_number)
    larger = np.where(comparable, np.maximum(project_number, record_number), 1.0)
    gap = np.where(comparable, np.abs(project_number - record_number), 0.0) / larger
    bounds = [float(bound) for bound in convention("number_levels")]
    level = sum((gap <= bound).astype(np.int8) for bound in bounds)
    precise = (gap <= bounds[-1]) & (digits >= int(convention("precise_digits")))
    return np.where(comparable, level + precise, MISSING).astype(np.int8)


def _among(
    level: LevelArray, numbers: tuple[FloatArray, FloatArray], figures: tuple[npt.NDArray[np.float32], ...]
) -> LevelArray:
    """Return levels by which a number agrees that the other text has too, though its own whole is another."""
    out, within = level.copy(), float(convention("number_levels")[-1])
    for number, other_figures in zip(numbers, figures[::-1], strict=True):
        rows = np.flatnonzero((level >= 0) & (level < _EQUAL_ROUND) & np.isfinite(number))
        values = number[rows]
        # 2 or 300 coincide with any count
        telling = significant(values) > 1
        matches = (np.abs(other_figures[rows] - values[:, None]) <= within * values[:, None]).any(axis=1) & telling
        out[rows[matches]] = _EQUAL_ROUND
    return out


def _part_by_part(
    level: LevelArray, numbers: tuple[FloatArray, FloatArray], figures: tuple[npt.NDArray[np.float32], ...]
) -> LevelArray:
    """Return levels by which 2×1.86 km agree with two lines of 1.86 km each: one text gives the sum, one a part."""
    out = level.copy()
    within = float(convention("number_levels")[-1])
    for (total, part), other_figures in zip((numbers, numbers[::-1]), figures, strict=True):
        times = np.divide(total, part, out=np.zeros(len(total)), where=np.isfinite(part) & np.isfinite(total))
        count = np.round(times)
        # the text with the sum names the part and the number of parts too
        has_value = [
            (np.abs(other_figures - value[:, None]) <= within * value[:, None]).any(axis=1) for value in (part, count)
        ]
        alike = (count > 1) & (np.abs(times - count) <= within * count) & has_value[0] & has_value[1]
        out[alike] = np.maximum(out[alike], _EQUAL_ROUND)
    return out


def _capacities(projects: Records, archive: Records, project: IntArray, record: IntArray) -> LevelArray:
    """Return how close the closest capacities of one kind are."""
    best = np.full(len(project), MISSING, dtype=np.int8)
    for at in range(projects.capacity_kind.shape[1]):
        for to in range(archive.capacity_kind.shape[1]):
            kind = projects.capacity_kind[project, at]
            alike = (kind > 0) & (kind == archive.capacity_kind[record, to])
            digits = np.minimum(projects.capacity_digits[project, at], archive.capacity_digits[record, to])
            sides = projects.capacity[project, at], archive.capacity[record, to]
            level = _part_by_part(_numbers(*sides, digits), sides, (projects.figure[project], archive.figure[record]))
            best = np.maximum(best, np.where(alike, level, MISSING)).astype(np.int8)
    return best


def _agreement_levels(nats: FloatArray, bounds: str) -> LevelArray:
    """Return the levels of agreement of measures in nats."""
    return np.where(np.isnan(nats), MISSING, np.digitize(nats, convention(bounds))).astype(np.int8)


def _figures(
    project_figures: npt.NDArray[np.float32], record_figures: npt.NDArray[np.float32], common: Commonness
) -> FloatArray:
    """Return the weight of the figures that both lists have, in nats: 4 is in every tenth text, 317 in none."""
    nats = np.zeros(len(project_figures))
    within = np.float32(convention("number_levels")[-1])
    rows = np.arange(len(project_figures))
    for at in range(project_figures.shape[1]):
        values = project_figures[:, at]
        rows_with_value = np.flatnonzero(np.isfinite(values))
        if not len(rows_with_value):
            break
        matches = (
            np.abs(values[rows_with_value, None] - record_figures[rows_with_value])
            <= within * np.abs(values[rows_with_value, None])
        ).any(axis=1)
        nats[rows[rows_with_value[matches]]] += common.of_figures(values[rows_with_value[matches]])
    comparable = np.isfinite(project_figures[:, 0]) & np.isfinite(record_figures[:, 0])
    return np.where(comparable, nats, np.nan)


def _words(index: Index, projects: Records, project: IntArray, record: IntArray) -> FloatArray:
    """Return the weight of the rare pairs of signs that both texts have: 九七丘 names a spot, 污水处理 does not."""
    shared = _shared_weight(index, projects, project, record, index.telling)
    alike = projects.chinese[project] & index.records.chinese[record]
    return np.where(alike, shared, np.nan)


def _overlap(
    project_bits: npt.NDArray[np.uint64], record_bits: npt.NDArray[np.uint64], weight: FloatArray
) -> LevelArray:
    """Return the level of the overlap of two sets whose members weigh by how rare they are in the archive."""
    common, project_weight, theirs = (
        _bit_weights(bits, weight) for bits in (project_bits & record_bits, project_bits, record_bits)
    )
    smaller = np.minimum(project_weight, theirs)
    share = np.divide(common, smaller, out=np.zeros_like(common), where=smaller > 0)
    level = np.digitize(share, convention("component_levels"))
    # one common word, such as 设备, agrees wholly and says little
    level = np.where(
        (np.bitwise_count(project_bits & record_bits) == 1) & (common < float(convention("figure_levels")[0])),
        np.minimum(level, 1),
        level,
    )
    return np.where(smaller > 0, level, MISSING).astype(np.int8)


def _bit_weights(bits: npt.NDArray[np.uint64], weight: FloatArray) -> FloatArray:
    """Return the sum of the weights of the bits that are set."""
    out = np.zeros(len(bits))
    for at, bit_weight in enumerate(weight):
        if bit_weight > 0:
            out += bit_weight * ((bits >> np.uint64(at)) & np.uint64(1))
    return out


def _sites(project_sites: npt.NDArray[np.uint64], record_sites: npt.NDArray[np.uint64]) -> LevelArray:
    """Return whether villages, townships, parks and roads are the same, of those that both name."""
    comparable = (project_sites > 0).any(axis=2) & (record_sites > 0).any(axis=2)
    equal = ((project_sites[:, :, :, None] == record_sites[:, :, None, :]) & (project_sites[:, :, :, None] > 0)).any(
        axis=(2, 3)
    )
    same, differs = equal.any(axis=1), (comparable & ~equal).any(axis=1)
    # 罗坳镇 and 罗坳园区 bear one name
    flat = [codes.reshape(len(codes), codes.shape[1] * codes.shape[2]) for codes in (project_sites, record_sites)]
    same_name = ((flat[0][:, :, None] == flat[1][:, None, :]) & (flat[0][:, :, None] > 0)).any(axis=(1, 2))
    return np.select([same & ~differs, same_name, differs], [2, 1, 0], default=MISSING).astype(np.int8)


def _landmarks(project_landmarks: npt.NDArray[np.uint32], record_landmarks: npt.NDArray[np.uint32]) -> LevelArray:
    """Return whether one landmark is named in both texts, or other ones of a kind, or of other kinds."""
    pairs = (project_landmarks[:, :, None] > 0) & (record_landmarks[:, None, :] > 0)
    same = (pairs & (project_landmarks[:, :, None] == record_landmarks[:, None, :])).any(axis=(1, 2))
    kinds = project_landmarks & np.uint32(LANDMARK_KINDS - 1), record_landmarks & np.uint32(LANDMARK_KINDS - 1)
    rivals = (pairs & (kinds[0][:, :, None] == kinds[1][:, None, :])).any(axis=(1, 2))
    return np.select([same, rivals, pairs.any(axis=(1, 2))], [2, 0, 1], default=MISSING).astype(np.int8)


def _names(projects: Records, archive: Records, project: IntArray, record: IntArray) -> LevelArray:
    """Return how far the names agree, of one language."""
    project_bits, record_bits = projects.name_bits[project], archive.name_bits[record]
    count = [
        np.bitwise_count(bits).astype(np.float64) for bits in (project_bits, record_bits, project_bits & record_bits)
    ]
    share = np.divide(
        count[2], np.maximum(count[0], count[1]), out=np.zeros(len(project_bits)), where=count[0] + count[1] > 0
    )
    level = np.digitize(share, convention("name_levels"))
    level[projects.name[project] == archive.name[record]] = len(convention("name_levels")) + 1
    has_names = (projects.name[project] > 0) & (archive.name[record] > 0)
    alike = projects.chinese[project] == archive.chinese[record]
    return np.where(has_names & alike, level, MISSING).astype(np.int8)


def _beginnings(project_heads: npt.NDArray[np.uint64], record_heads: npt.NDArray[np.uint64]) -> LevelArray:
    """Return whether names begin alike, of those that begin with a name: 南石水泥粉磨 is not 杨老水泥粉磨."""
    comparable = (project_heads[:, 0] > 0) & (record_heads[:, 0] > 0)
    level = np.where(project_heads[:, 0] == record_heads[:, 0], 2, project_heads[:, 1] != record_heads[:, 1])
    return np.where(comparable, level, MISSING).astype(np.int8)


def _sectors(project_trades: npt.NDArray[np.uint64], record_trades: npt.NDArray[np.uint64]) -> LevelArray:
    """Return whether the trades are the same, of one family, or others."""
    project_families, theirs = families(project_trades), families(record_trades)
    # a park or a row of flats is of no family: what else stands there is no other trade
    return np.select(
        [(project_trades & record_trades) > 0, (project_families & theirs) > 0, (project_families > 0) & (theirs > 0)],
        [2, 1, 0],
        MISSING,
    ).astype(np.int8)


def _either(agrees: BoolArray, comparable: BoolArray) -> LevelArray:
    return np.where(comparable, agrees, MISSING).astype(np.int8)


def _approvals(project_codes: npt.NDArray[np.uint64], record_codes: npt.NDArray[np.uint64]) -> LevelArray:
    same = ((project_codes[:, :, None] == record_codes[:, None, :]) & (project_codes[:, :, None] > 0)).any(axis=(1, 2))
    return _either(same, (project_codes[:, 0] > 0) & (record_codes[:, 0] > 0))


def _dates(project_years: npt.NDArray[np.int16], record_years: npt.NDArray[np.int16]) -> LevelArray:
    equal = (project_years == record_years).sum(axis=1)
    return np.where((project_years[:, 0] > 0) & (record_years[:, 0] > 0), equal, MISSING).astype(np.int8)
