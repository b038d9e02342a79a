"""The archive by its keys: which archived records share two keys with a project."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from xinzhi.core.arrays import FloatArray, IntArray, release
from xinzhi.core.errors import InputError
from xinzhi.risks.projects.conventions import convention
from xinzhi.risks.projects.places import city_of
from xinzhi.risks.projects.records import MANY, NUMBERS, Records
from xinzhi.risks.projects.vocabulary import background, background_size, idf, place_tokens

KeyArray = npt.NDArray[np.uint64]


KEY_BITS = 40
_MIX_1, _MIX_2 = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)  # finaliser of MurmurHash3
_SHIFT = np.uint64(33)
_MOST_DIGITS, _EQUAL = 4, 1e-6
_FINE = ("investment", "turnover", "land", "floor", "length", "capacity")
_COARSE = tuple(f"about {name}" for name in _FINE)
# Which keys are joined: a place or an owner with anything else, exact numbers with each other, rare words likewise.
PAIRS = (
    *(("place", second) for second in ("owner", *_COARSE, "token", "approval")),
    *(("owner", second) for second in (*_COARSE, "token", "approval")),
    ("place", "figure"),
    ("figure", "figure"),
    *(("site", second) for second in ("owner", "about investment", "about land", "about capacity")),
    *combinations(_FINE, 2),
    *((exact, f"about {number}") for exact in ("capacity", "floor") for number in ("investment", "land")),
    ("capacity", "capacity"),
    ("token", "token"),
    ("approval", "approval"),
)


def pair_keys(
    records: Records, frequency: FloatArray, most: float, *, asking: bool, count: int
) -> Iterator[tuple[str, IntArray, KeyArray]]:
    """Yield the second member, the rows and the keys of every kind of pair.

    `count` is the size of the archive, of whose tokens `frequency` says how many records have each and `most` how many
    have the commonest.
    """
    # An approval number is region, year and number in one and stands alone as a pair.
    single = _single(records, _rare(records, frequency, most, count, asking=asking), asking=asking)
    for first, right in PAIRS:
        first_keys, second_keys = single[first], single[right]
        combined = np.ones((first_keys.shape[1], second_keys.shape[1]), dtype=bool)
        if first == right:
            combined = np.eye(len(combined), dtype=bool) if first == "approval" else np.triu(combined, 1)
        at, to = np.nonzero(combined)
        rows, which = np.nonzero((first_keys != 0)[:, at] & (second_keys != 0)[:, to])
        # a sum does not care which of two tokens came first
        yield (
            right,
            rows,
            _hash_bits(first_keys[rows, at[which]] + second_keys[rows, to[which]]) >> np.uint64(64 - KEY_BITS),
        )


def _single(records: Records, rare: KeyArray, *, asking: bool) -> dict[str, KeyArray]:
    """Return `(N, W)` single keys by name, 0 where there is none."""
    keys = {
        "place": _salted_keys(_cities(records.place), "place"),
        "site": _salted_keys(_sites(records), "site"),
        "owner": _salted_keys(records.brand[:, None], "owner"),
        "approval": _salted_keys(records.approval, "approval"),
        "figure": _salted_keys(_telling_figures(records), "figure"),
        "token": _salted_keys(rare, "token"),
    }
    fine, coarse = float(convention("fine_bin")), float(convention("coarse_bin"))
    reach = float(convention("coarse_reach")) if asking else 0.0
    for at, name in enumerate(NUMBERS):
        value = records.number[:, at]
        keys[name] = _salted_keys(_bins(value, fine, fine / 2 if asking else 0.0), name)
        keys[f"about {name}"] = _salted_keys(_bins(value, coarse, reach), f"about {name}")
    kinds = records.capacity_kind
    for name, width, within in (("capacity", fine, fine / 2 if asking else 0.0), ("about capacity", coarse, reach)):
        slots = []
        for at in range(kinds.shape[1]):
            bins = _bins(records.capacity[:, at], width, within)
            kind = kinds[:, at, None].astype(np.uint64)
            slots.append(np.where((bins > 0) & (kind > 0), bins * np.uint64(64) + kind, np.uint64(0)))
        keys[name] = _salted_keys(np.hstack(slots), name)
    return keys


def _sites(records: Records) -> KeyArray:
    """Return the township (else village, else park) of every text: a township leads on where its city is unnamed."""
    village, town, park = (records.site[:, kind, 0] for kind in range(3))
    return np.asarray(np.where(town > 0, town, np.where(village > 0, village, park))[:, None])


def _telling_figures(records: Records) -> KeyArray:
    """Return the figures of most digits of every text, by which two texts meet that share nothing else."""
    value = records.figure
    finite = np.isfinite(value)
    digits = np.where(finite, significant(np.where(finite, value, 1.0).astype(np.float64)), 0.0)
    keep = int(convention("telling_figures"))
    order = np.argsort(-digits, axis=1, kind="stable")[:, :keep]
    values, many = np.take_along_axis(value, order, axis=1), np.take_along_axis(digits, order, axis=1)
    bins = np.round(np.log(np.where(many > 1, values, 1.0).astype(np.float64)) / float(convention("fine_bin")))
    return np.asarray(np.where(many > 1, bins + (1 << 20), 0).astype(np.uint64))


def _cities(place: IntArray) -> KeyArray:
    """Return the cities of places; municipalities are their own."""
    cities = city_of(place)
    cities[:, 1:][cities[:, 1:] == cities[:, :1]] = 0
    return cities.astype(np.uint64)


def _bins(value: FloatArray, width: float, reach: float) -> KeyArray:
    """Return `(N, W)` logarithmic bins that hold everything within `reach` (a ratio) of a value, from 1; 0 for none."""
    positive = np.isfinite(value) & (value > 0)
    log = np.log(np.where(positive, value, 1.0))
    low, high = np.floor((log + np.log1p(-reach)) / width), np.floor((log - np.log1p(-reach)) / width)
    span = int((high - low).max(initial=0)) + 1
    bins = low[:, None] + np.arange(span)
    return np.asarray(np.where(positive[:, None] & (bins <= high[:, None]), bins + (1 << 20), 0).astype(np.uint64))


def _rare(records: Records, frequency: FloatArray, most: float, count: int, *, asking: bool) -> KeyArray:
    """Return the rarest tokens of every text, from 1; those that no archived text has lead nowhere."""
    keep = int(convention("rare_tokens")) * (int(convention("rare_tokens_asked")) if asking else 1)
    share = float(convention("rare_token_share"))
    limit = max(float(convention("rare_token_limit")), share * most)
    out = np.zeros((len(records), keep), dtype=np.uint64)
    counts, size = background(), background_size()
    for part, rows, bucket in records.tokens.parts():
        often = frequency[bucket]
        at = np.flatnonzero((often <= limit) & (often > 0))
        # of those that this archive has once, what project texts at large have is not rare
        rank = (often[at] + counts[bucket[at]] * (float(count) / size)).astype(np.uint64)
        code = (rows[at].astype(np.uint64) << np.uint64(32)) | rank
        order = at[np.argsort(code, kind="stable")]
        row = rows[order]
        place = np.arange(len(row)) - np.searchsorted(row, row)
        among_rarest = place < keep
        out[part.start + row[among_rarest], place[among_rarest]] = bucket[order[among_rarest]].astype(
            np.uint64
        ) + np.uint64(1)
    return out


def _salted_keys(values: KeyArray, name: str) -> KeyArray:
    """Return keys that tell what they are keys of; 0 stays 0."""
    salt = np.uint64(int.from_bytes(name.encode()[-8:], "little"))
    return np.asarray(np.where(values > 0, _hash_bits(values ^ _hash_bits(np.full(1, salt))), np.uint64(0)))


def _hash_bits(values: KeyArray) -> KeyArray:
    """Return a hash of 64 bits in which every bit of the input counts."""
    out = values ^ (values >> _SHIFT)
    out *= _MIX_1
    out ^= out >> _SHIFT
    out *= _MIX_2
    out ^= out >> _SHIFT
    return out


ROW_BITS = 64 - KEY_BITS
PART, _LEADING = 100_000, 4  # records whose keys are made at once, and bits by which these are merged


@dataclass(frozen=True, slots=True)
class Commonness:
    """How common figures and components are in an archive."""

    figure: npt.NDArray[np.float32]  # the distinct figures, rising
    times: IntArray  # in how many records each stands
    component: FloatArray  # what each component says, in nats
    count: int

    def of_figures(self, values: npt.NDArray[np.float32]) -> FloatArray:
        """Return what figures say, in nats."""
        # the archive's own share, beside the share of all numbers of as many digits that this one is
        finite_values = np.where(np.isfinite(values), values, 1.0)
        at = np.minimum(np.searchsorted(self.figure, finite_values), max(len(self.figure) - 1, 0))
        times = (
            np.where(self.figure[at] == finite_values, self.times[at], 0)
            if len(self.figure)
            else np.zeros(values.shape)
        )
        mass = float(convention("adapted_prior"))
        expected = mass / (9.0 * 10.0 ** (significant(finite_values.astype(np.float64)) - 1))
        return np.asarray(np.log((self.count + mass) / (times + expected)))


def significant(values: FloatArray) -> FloatArray:
    """Return how many significant digits numbers have, four at most."""
    scaled = values / 10.0 ** np.floor(np.log10(np.maximum(values, 1e-300)))
    out = np.full(values.shape, float(_MOST_DIGITS))
    for digits in range(_MOST_DIGITS - 1, 0, -1):
        size = scaled * 10.0 ** (digits - 1)
        out[np.abs(size - np.round(size)) < _EQUAL * size] = digits
    return out


def commonness(records: Records) -> Commonness:
    """Return how common figures and components are among records."""
    figure, times = np.unique(records.figure[np.isfinite(records.figure)], return_counts=True)
    mass, count = float(convention("adapted_prior")), len(records)
    component_counts = np.array(
        [np.count_nonzero(records.components & (np.uint64(1) << np.uint64(bit))) for bit in range(64)]
    )
    share = (component_counts + mass * float(convention("component_share"))) / (count + mass)
    records.release()
    return Commonness(figure, times, -np.log(np.minimum(share, 1.0)), count)


@dataclass(frozen=True, slots=True)
class Index:
    """An archive ready to be searched."""

    records: Records
    postings: npt.NDArray[np.uint64]  # sorted: the key in the upper bits, the record in the lower ones
    frequency: FloatArray  # in how many records each token occurs
    most: float  # in how many the commonest
    weight: npt.NDArray[np.float32]  # its inverse document frequency
    norm: npt.NDArray[np.float32]  # length of every record in the space of tokens
    telling: npt.NDArray[np.float32]  # what a pair of signs says beyond place and trade, 0 for what is common
    commonness: Commonness

    def release(self) -> None:
        """Give back the memory of what was read of an index on disk."""
        self.records.release()
        release(self.postings, self.norm)


@dataclass(frozen=True, slots=True)
class Candidates:
    """Pairs of a project and an archived record that share at least one pair of keys, in the order of the projects."""

    project: IntArray
    record: IntArray
    shared: IntArray
    reached: IntArray


def build(records: Records, folder: Path | None = None) -> Index:
    """Return the index of an archive; with a folder, the postings are written there and stay on disk."""
    if len(records) >= 1 << ROW_BITS:
        raise InputError("projects.too-many", n=len(records), most=(1 << ROW_BITS) - 1)
    frequency = records.tokens.frequency()
    most = float(frequency.max(initial=0))
    weight = idf(frequency, len(records))
    parts = _postings(records, frequency, most)
    if folder is None:
        postings = np.empty(0, np.uint64)
        for keys in parts:
            end = len(postings)
            postings.resize(end + len(keys), refcheck=False)  # where it stands: no second copy of a gigabyte
            postings[end:] = keys
        postings.sort()
    else:
        postings = _sorted_on_disk(parts, folder)
    return Index(
        records,
        postings,
        frequency,
        most,
        weight,
        lengths(records, weight),
        telling(frequency, len(records)),
        commonness(records),
    )


def _postings(records: Records, frequency: FloatArray, most: float) -> Iterator[KeyArray]:
    """Yield the postings of a part of the records at a time."""
    for low in range(0, len(records), PART):
        part = records.take(np.arange(low, min(low + PART, len(records))))
        pairs = pair_keys(part, frequency, most, asking=False, count=len(records))
        packed = [(keys << np.uint64(ROW_BITS)) | (rows + low).astype(np.uint64) for _, rows, keys in pairs]
        yield np.concatenate(packed)


def _sorted_on_disk(parts: Iterator[KeyArray], folder: Path) -> KeyArray:
    """Return postings in order, written to a folder: each part is sorted, then all are merged by their leading bits."""
    shares: list[list[KeyArray]] = [[] for _ in range(1 << _LEADING)]
    edges = np.arange(1, 1 << _LEADING, dtype=np.uint64) << np.uint64(64 - _LEADING)
    with tempfile.TemporaryFile(dir=folder) as aside:
        for keys in parts:
            keys.sort()
            for share, piece in zip(shares, np.split(keys, np.searchsorted(keys, edges)), strict=True):
                share.append(_spill_keys(aside, piece))
        size = sum(len(piece) for share in shares for piece in share)
        with column_file(folder / "postings.npy", np.dtype(np.uint64), (size,)) as into:
            for share in shares:
                merged = np.concatenate(share) if share else np.zeros(0, np.uint64)
                share.clear()
                merged.sort(kind="stable")  # the parts are in order already
                merged.tofile(into)
    return np.asarray(np.load(folder / "postings.npy", mmap_mode="r"))


def column_file(path: Path, kind: np.dtype[Any], shape: tuple[int, ...]) -> IO[bytes]:
    """Return an array file of that kind and shape, open to be filled from the front."""
    file = path.open("wb")
    head = {"descr": np.lib.format.dtype_to_descr(kind), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, head)
    return file


def _spill_keys(aside: IO[bytes], piece: KeyArray) -> KeyArray:
    """Return keys written to a file, as they are read back from it."""
    if not len(piece):
        return piece
    at = aside.seek(0, 2)
    piece.tofile(aside)
    aside.flush()
    return np.asarray(np.memmap(aside, dtype=np.uint64, mode="r", offset=at, shape=piece.shape))


def telling(frequency: FloatArray, count: int) -> npt.NDArray[np.float32]:
    """Return what tokens say beyond what is common in project texts, in this archive, and in names of places."""
    mass, least = count + background_size(), float(convention("telling_from"))
    out = np.zeros(len(frequency), dtype=np.float32)  # of words and numbers: figures have a field of their own
    out[::2] = max(np.log(mass) - least, 0.0)
    seen = 2 * np.flatnonzero((frequency[::2] != 0) | (background()[::2] != 0))  # a few of millions
    out[seen] = np.maximum(np.log(mass / (frequency[seen] + background()[seen] + 1.0)) - least, 0.0)
    out[place_tokens()] = 0.0
    return out


def lengths(records: Records, weight: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the Euclidean length of every text in the space of its tokens."""
    out = np.zeros(len(records), dtype=np.float32)
    for part, rows, bucket in records.tokens.parts():
        squares = np.bincount(rows, weights=weight[bucket] ** 2, minlength=part.stop - part.start)
        out[part] = np.sqrt(squares)
    return out


def candidates(index: Index, projects: Records) -> Candidates:
    """Return the archived records to be compared with each project."""
    # A record is reached through every pair of keys that it shares with the project; those reached through the rarest
    # pairs are kept.
    project, key, share = _project_keys(projects, index)
    low = np.searchsorted(index.postings, key << np.uint64(ROW_BITS))
    high = np.searchsorted(index.postings, (key + np.uint64(1)) << np.uint64(ROW_BITS))
    length = high - low
    usable = np.flatnonzero((length > 0) & (length <= int(convention("longest_list"))))
    low, length, project, share = low[usable], length[usable], project[usable], share[usable]
    at = np.repeat(low - np.append(0, length.cumsum()[:-1]), length) + np.arange(length.sum())
    record = index.postings[at] & np.uint64((1 << ROW_BITS) - 1)
    if len(project) > MANY:
        release(index.postings)
    rarity = np.repeat(share * np.log((len(index.records) + 1) / length), length)
    code = (np.repeat(project, length).astype(np.uint64) << np.uint64(ROW_BITS)) | record
    order = np.argsort(code)
    code, rarity = code[order], rarity[order]
    first = np.flatnonzero(np.append(True, code[1:] != code[:-1])) if len(code) else np.zeros(0, dtype=np.int64)
    shared = np.diff(np.append(first, len(code)))
    strength = np.add.reduceat(rarity, first) if len(first) else np.zeros(0)
    pair = code[first]
    rows = (pair >> np.uint64(ROW_BITS)).astype(np.int64)
    strong = np.flatnonzero(strength >= _strength_threshold(strength, rows)[rows])
    best = strong[np.lexsort((-strength[strong], rows[strong]))]
    place = np.arange(len(best)) - np.searchsorted(rows[best], rows[best])
    selected = np.sort(best[place < int(convention("candidates"))])
    return Candidates(
        project=rows[selected],
        record=(pair[selected] & np.uint64((1 << ROW_BITS) - 1)).astype(np.int64),
        shared=shared[selected],
        reached=np.bincount(rows, minlength=len(projects)),
    )


def _strength_threshold(strength: FloatArray, rows: IntArray) -> FloatArray:
    """Return the strength by project that as many pairs reach as are kept; of sums of thousands few need an order."""
    most = int(convention("candidates"))
    edges = np.append(0, np.bincount(rows).cumsum())
    parts = (strength[low:high] for low, high in pairwise(edges.tolist()))
    return np.array([np.partition(part, -most)[-most] if len(part) > most else 0.0 for part in parts])


def _project_keys(projects: Records, index: Index) -> tuple[IntArray, npt.NDArray[np.uint64], npt.NDArray[np.float32]]:
    """Return the distinct keys of the projects in rising order, with the project of each, and how far each counts."""
    parts = [*pair_keys(projects, index.frequency, index.most, asking=True, count=len(index.records))]
    rows = np.concatenate([row for _, row, _ in parts]).astype(np.uint64)
    keys = np.concatenate([key for _, _, key in parts])
    words = float(convention("token_pairs"))
    counts = np.concatenate(
        [np.full(len(row), words if name == "token" else 1.0, dtype=np.float32) for name, row, _ in parts]
    )
    # rows fit into the bits that the keys leave free: one number orders and thins out both
    packed = (keys << np.uint64(ROW_BITS)) | rows
    order = np.argsort(packed)
    packed = packed[order]
    order = order[np.append(True, packed[1:] != packed[:-1])] if len(packed) else order
    return rows[order].astype(np.int64), keys[order], counts[order]
