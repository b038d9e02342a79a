"""Keys: what two texts about one project may share, joined two by two, since one alone leads everywhere."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from xinzhi.risks.screening.facts import convention
from xinzhi.risks.screening.records import NUMBERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from xinzhi.core.arrays import FloatArray, IntArray
    from xinzhi.risks.screening.records import Records

    KeyArray = npt.NDArray[np.uint64]

KEY_BITS = 40
_ASKED = 2  # a project may lead to its source through twice as many rare tokens as are kept of an archived text
_MIX_1, _MIX_2 = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)  # finaliser of MurmurHash3
_SHIFT = np.uint64(33)
_FINE = ("investment", "turnover", "land", "floor", "length", "capacity")
_COARSE = tuple(f"about {name}" for name in _FINE)
# Which keys are joined: a place or an owner with anything else, exact numbers with each other, rare words likewise.
PAIRS = (
    *(("place", other) for other in ("owner", *_COARSE, "token", "approval")),
    *(("owner", other) for other in (*_COARSE, "token", "approval")),
    *combinations(_FINE, 2),
    *((exact, f"about {other}") for exact in ("capacity", "floor") for other in ("investment", "land")),
    ("capacity", "capacity"),
    ("token", "token"),
    ("approval", "approval"),
)


def pair_keys(records: Records, frequency: FloatArray, *, asking: bool) -> Iterator[tuple[str, IntArray, KeyArray]]:
    """Yield the second member, the rows and the keys of every kind of pair.

    Parameters
    ----------
    records
        What was read.
    frequency
        `(B,)` in how many archived texts a token occurs.
    asking
        Whether the records look for others: then a number leads to the neighbouring bins too.

    Notes
    -----
    An approval number is region, year and number in one and stands alone as a pair.
    """
    single = _single(records, frequency, asking=asking)
    for left, right in PAIRS:
        one, other = single[left], single[right]
        for at in range(one.shape[1]):
            for to in range(at if left == "approval" else at + 1 if left == right else 0, other.shape[1]):
                if left == right == "approval" and at != to:
                    continue
                rows = np.flatnonzero((one[:, at] != 0) & (other[:, to] != 0))
                # a sum does not care which of two tokens came first
                yield right, rows, _mixed(one[rows, at] + other[rows, to]) >> np.uint64(64 - KEY_BITS)


def _single(records: Records, frequency: FloatArray, *, asking: bool) -> dict[str, KeyArray]:
    """Return `(N, W)` single keys by name, 0 where there is none."""
    found = {
        "place": _salted(_cities(records.place), "place"),
        "owner": _salted(records.brand[:, None], "owner"),
        "approval": _salted(records.approval, "approval"),
        "token": _salted(_rare(records, frequency, asking=asking), "token"),
    }
    fine, coarse = float(convention("fine_bin")), float(convention("coarse_bin"))
    reach = float(convention("coarse_reach")) if asking else 0.0
    for at, name in enumerate(NUMBERS):
        value = records.number[:, at]
        found[name] = _salted(_bins(value, fine, fine / 2 if asking else 0.0), name)
        found[f"about {name}"] = _salted(_bins(value, coarse, reach), f"about {name}")
    kinds = records.capacity_kind
    for name, width, within in (("capacity", fine, fine / 2 if asking else 0.0), ("about capacity", coarse, reach)):
        slots = []
        for at in range(kinds.shape[1]):
            bins = _bins(records.capacity[:, at], width, within)
            kind = kinds[:, at, None].astype(np.uint64)
            slots.append(np.where((bins > 0) & (kind > 0), bins * np.uint64(64) + kind, np.uint64(0)))
        found[name] = _salted(np.hstack(slots), name)
    return found


def _cities(place: IntArray) -> KeyArray:
    """Return the cities of places; municipalities are their own."""
    from xinzhi.risks.screening.comparison import city_of

    cities = city_of(place)
    cities[:, 1:][cities[:, 1:] == cities[:, :1]] = 0
    return cities.astype(np.uint64)


def _bins(value: FloatArray, width: float, reach: float) -> KeyArray:
    """Return `(N, W)` logarithmic bins that hold everything within `reach` (a ratio) of a value, from 1; 0 for none."""
    known = np.isfinite(value) & (value > 0)
    log = np.log(np.where(known, value, 1.0))
    low, high = np.floor((log + np.log1p(-reach)) / width), np.floor((log - np.log1p(-reach)) / width)
    span = int((high - low).max(initial=0)) + 1
    bins = low[:, None] + np.arange(span)
    found: KeyArray = np.where(known[:, None] & (bins <= high[:, None]), bins + (1 << 20), 0).astype(np.uint64)
    return found


def _rare(records: Records, frequency: FloatArray, *, asking: bool) -> KeyArray:
    """Return the rarest tokens of every text, from 1; those that no archived text has lead nowhere."""
    keep = int(convention("rare_tokens")) * (_ASKED if asking else 1)
    limit = max(float(convention("rare_token_limit")), 0.02 * float(frequency.max(initial=0)))
    out = np.zeros((len(records), keep), dtype=np.uint64)
    for part, rows, bucket in records.tokens.parts():
        often = frequency[bucket]
        at = np.flatnonzero((often <= limit) & (often > 0))
        code = (rows[at].astype(np.uint64) << np.uint64(32)) | often[at].astype(np.uint64)
        order = at[np.argsort(code, kind="stable")]
        row = rows[order]
        place = np.arange(len(row)) - np.searchsorted(row, row)
        chosen = place < keep
        out[part.start + row[chosen], place[chosen]] = bucket[order[chosen]].astype(np.uint64) + np.uint64(1)
    return out


def _salted(values: KeyArray, name: str) -> KeyArray:
    """Return keys that tell what they are keys of; 0 stays 0."""
    salt = np.uint64(int.from_bytes(name.encode()[-8:], "little"))
    found: KeyArray = np.where(values > 0, _mixed(values ^ _mixed(np.full(1, salt))), np.uint64(0))
    return found


def _mixed(values: KeyArray) -> KeyArray:
    """Return a hash of 64 bits in which every bit of the input counts."""
    out = values ^ (values >> _SHIFT)
    out *= _MIX_1
    out ^= out >> _SHIFT
    out *= _MIX_2
    out ^= out >> _SHIFT
    return out
