"""The index of an archive: one sorted array of pair keys, each with the record that has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.errors import InputError
from xinzhi.risks.screening.facts import convention
from xinzhi.risks.screening.keys import KEY_BITS, pair_keys
from xinzhi.risks.screening.tokens import idf

if TYPE_CHECKING:
    import numpy.typing as npt

    from xinzhi.core.arrays import FloatArray, IntArray
    from xinzhi.risks.screening.records import Records

ROW_BITS = 64 - KEY_BITS


@dataclass(frozen=True, slots=True)
class Index:
    """An archive ready to be searched.

    Parameters
    ----------
    records
        What was read of it.
    postings
        Sorted: the key in the upper bits, the record in the lower ones. A pair that two records share stands twice.
    frequency, weight
        In how many records each token occurs, and its inverse document frequency.
    norm
        Length of every record in the space of tokens.
    """

    records: Records
    postings: npt.NDArray[np.uint64]
    frequency: FloatArray
    weight: npt.NDArray[np.float32]
    norm: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Pairs of a project and an archived record that share at least one pair of keys, in the order of the projects.

    Parameters
    ----------
    project, record
        `(P,)` rows.
    shared
        How many pairs of keys they share.
    reached
        `(Q,)` how many records each project led to, before the best were kept.
    """

    project: IntArray
    record: IntArray
    shared: IntArray
    reached: IntArray


def build(records: Records) -> Index:
    """Return the index of an archive.

    Parameters
    ----------
    records
        What was read of the archive: at most 16.7 million records.

    Raises
    ------
    InputError
        When there are more.
    """
    if len(records) >= 1 << ROW_BITS:
        message = f"the archive has {len(records):,} records; at most {(1 << ROW_BITS) - 1:,} fit: split it by region."
        raise InputError(message)
    frequency = records.tokens.frequency()
    weight = idf(frequency, len(records))
    parts = [
        (keys << np.uint64(ROW_BITS)) | rows.astype(np.uint64)
        for _, rows, keys in pair_keys(records, frequency, asking=False)
    ]
    postings = np.concatenate(parts)
    del parts
    postings.sort()
    return Index(records, postings, frequency, weight, lengths(records, weight))


def lengths(records: Records, weight: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the Euclidean length of every text in the space of its tokens."""
    out = np.zeros(len(records), dtype=np.float32)
    for part, rows, bucket in records.tokens.parts():
        squares = np.bincount(rows, weights=weight[bucket] ** 2, minlength=part.stop - part.start)
        out[part] = np.sqrt(squares)
    return out


def candidates(index: Index, projects: Records) -> Candidates:
    """Return the archived records to be compared with each project.

    A record is reached through every pair of keys that it shares with the project; those reached through the rarest
    pairs are kept.

    Parameters
    ----------
    index, projects
        The archive and the projects.
    """
    project, key, share = _asked(projects, index.frequency)
    low = np.searchsorted(index.postings, key << np.uint64(ROW_BITS))
    high = np.searchsorted(index.postings, (key + np.uint64(1)) << np.uint64(ROW_BITS))
    length = high - low
    some = np.flatnonzero((length > 0) & (length <= int(convention("longest_list"))))
    low, length, project, share = low[some], length[some], project[some], share[some]
    at = np.repeat(low - np.append(0, length.cumsum()[:-1]), length) + np.arange(length.sum())
    record = index.postings[at] & np.uint64((1 << ROW_BITS) - 1)
    rarity = np.repeat(share * np.log((len(index.records) + 1) / length), length)
    code = (np.repeat(project, length).astype(np.uint64) << np.uint64(ROW_BITS)) | record
    order = np.argsort(code)
    code, rarity = code[order], rarity[order]
    first = np.flatnonzero(np.append(True, code[1:] != code[:-1])) if len(code) else np.zeros(0, dtype=np.int64)
    shared = np.diff(np.append(first, len(code)))
    strength = np.add.reduceat(rarity, first) if len(first) else np.zeros(0)
    pair = code[first]
    rows = (pair >> np.uint64(ROW_BITS)).astype(np.int64)
    best = np.lexsort((-strength, rows))
    place = np.arange(len(rows)) - np.searchsorted(rows, rows)
    kept = np.sort(best[place < int(convention("candidates"))])
    return Candidates(
        project=rows[kept],
        record=(pair[kept] & np.uint64((1 << ROW_BITS) - 1)).astype(np.int64),
        shared=shared[kept],
        reached=np.bincount(rows, minlength=len(projects)),
    )


def _asked(
    projects: Records, frequency: FloatArray
) -> tuple[IntArray, npt.NDArray[np.uint64], npt.NDArray[np.float32]]:
    """Return the distinct keys of the projects in rising order, with the project of each, and how far each counts."""
    parts = [*pair_keys(projects, frequency, asking=True)]
    rows = np.concatenate([row for _, row, _ in parts]).astype(np.uint64)
    keys = np.concatenate([key for _, _, key in parts])
    words = float(convention("token_pairs"))
    counts = np.concatenate(
        [np.full(len(row), words if name == "token" else 1.0, dtype=np.float32) for name, row, _ in parts]
    )
    # rows fit into the bits that the keys leave free: one number orders and thins out both
    both = (keys << np.uint64(ROW_BITS)) | rows
    order = np.argsort(both)
    both = both[order]
    order = order[np.append(True, both[1:] != both[:-1])] if len(both) else order
    return rows[order].astype(np.int64), keys[order], counts[order]
