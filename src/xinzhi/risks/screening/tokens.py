"""Texts as sets of tokens: pairs of Chinese characters, and whole words and numbers, each hashed into a bucket."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt
    import polars as pl

    from xinzhi.core.arrays import BoolArray, FloatArray, IntArray

    CodeArray = npt.NDArray[np.uint32]

BUCKET_BITS = 22
_CHUNK = 40_000
_PRIME = np.uint64(1_099_511_628_211)  # of the Fowler-Noll-Vo hash
_MIX = np.uint64(0x9E3779B97F4A7C15)  # 2**64 over the golden ratio: Knuth's multiplicative hash
_CJK = (0x3400, 0x9FFF)


@dataclass(frozen=True, slots=True)
class Tokens:
    """The distinct tokens of texts: those of text `i` are ``bucket[start[i]:start[i + 1]]``, in rising order."""

    bucket: CodeArray
    start: IntArray

    def parts(self) -> Iterator[tuple[slice, IntArray, CodeArray]]:
        """Yield which texts a part holds, the text of every token within it, and the tokens."""
        for low in range(0, len(self.start) - 1, _CHUNK):
            high = min(low + _CHUNK, len(self.start) - 1)
            rows = np.repeat(np.arange(high - low), np.diff(self.start[low : high + 1]))
            yield slice(low, high), rows, self.bucket[self.start[low] : self.start[high]]

    def take(self, rows: IntArray) -> Tokens:
        """Return the tokens of some of the texts."""
        size = np.diff(self.start)[rows]
        start = np.append(0, size.cumsum())
        at = np.repeat(self.start[rows] - start[:-1], size) + np.arange(start[-1])
        return Tokens(bucket=self.bucket[at], start=start)

    def frequency(self) -> FloatArray:
        """Return in how many texts each bucket occurs."""
        return np.bincount(self.bucket, minlength=1 << BUCKET_BITS).astype(np.float64)


def tokenise(texts: pl.Series) -> Tokens:
    """Return the tokens of texts in lower case.

    Numbers stay whole and are never masked: they are the evidence. No token is dropped for being rare: a village that
    one text names is what sets it apart.

    Parameters
    ----------
    texts
        Texts in lower case.

    Returns
    -------
    Tokens
        Buckets of a hash: two tokens share one with a chance of one in four million.

    Examples
    --------
    >>> import polars as pl
    >>> tokens = tokenise(pl.Series(["水厂12.5", "水厂", ""]))
    >>> np.diff(tokens.start).tolist()
    [2, 1, 0]
    """
    parts = [_chunk(texts.slice(at, _CHUNK)) for at in range(0, len(texts), _CHUNK)]
    counts = np.concatenate([count for _, count in parts]) if parts else np.zeros(0, dtype=np.int64)
    bucket = np.concatenate([codes for codes, _ in parts]) if parts else np.zeros(0, dtype=np.uint32)
    return Tokens(bucket=bucket, start=np.concatenate([[0], counts.cumsum()]).astype(np.int64))


def joined(parts: list[Tokens]) -> Tokens:
    """Return the tokens of several lists of texts as those of one."""
    sizes = np.concatenate([np.diff(part.start) for part in parts])
    bucket = np.concatenate([part.bucket for part in parts])
    return Tokens(bucket=bucket, start=np.append(0, sizes.cumsum()).astype(np.int64))


def idf(frequency: FloatArray, count: int) -> npt.NDArray[np.float32]:
    """Return ``log(1 + N / (n + 1/2))``: what a token says; a token that no text has says most.

    Examples
    --------
    >>> idf(np.array([0.0, 1.0, 100.0]), 100).astype(float).round(2).tolist()
    [5.3, 4.21, 0.69]
    """
    return np.log1p(count / (frequency + 0.5)).astype(np.float32)


def _chunk(texts: pl.Series) -> tuple[CodeArray, IntArray]:
    """Return the distinct buckets of every text, and how many there are."""
    sign = np.frombuffer(
        "\n".join([*texts.fill_null("").str.replace_all("\n", " "), ""]).encode("utf-32-le"), np.uint32
    )
    ends = np.flatnonzero(sign == ord("\n"))
    row = np.repeat(np.arange(len(ends)), np.diff(ends, prepend=-1))
    pair_row, pair_code = _pairs(sign, row)
    word_row, word_code = _words(sign, row)
    key = (np.concatenate([pair_row, word_row]).astype(np.uint64) << np.uint64(BUCKET_BITS)) | np.concatenate(
        [_bucket(pair_code), _bucket(word_code)]
    )
    key.sort()
    key = key[np.append(True, key[1:] != key[:-1])] if len(key) else key
    counts = np.bincount((key >> np.uint64(BUCKET_BITS)).astype(np.int64), minlength=len(ends))
    return (key & np.uint64((1 << BUCKET_BITS) - 1)).astype(np.uint32), counts


def _pairs(sign: CodeArray, row: IntArray) -> tuple[IntArray, npt.NDArray[np.uint64]]:
    """Return pairs of neighbouring Chinese characters."""
    chinese = (sign >= _CJK[0]) & (sign <= _CJK[1])
    at = np.flatnonzero(chinese[:-1] & chinese[1:])
    return row[at], (sign[at].astype(np.uint64) << np.uint64(32)) | sign[at + 1].astype(np.uint64)


def _words(sign: CodeArray, row: IntArray) -> tuple[IntArray, npt.NDArray[np.uint64]]:
    """Return runs of letters, and numbers with their decimals."""
    inside = _wordly(sign)
    at = np.flatnonzero(inside)
    if not len(at):
        return at, at.astype(np.uint64)
    first = np.append(True, np.diff(at) > 1)
    begin = np.flatnonzero(first)
    place = np.arange(len(at)) - np.repeat(begin, np.diff(np.append(begin, len(at))))
    powers = _PRIME ** np.arange(int(place.max()) + 1, dtype=np.uint64)
    code = np.add.reduceat(sign[at].astype(np.uint64) * powers[place], begin)
    return row[at[begin]], code + np.uint64(1)


def _wordly(sign: CodeArray) -> BoolArray:
    """Return whether signs belong to a word or number: letters, digits, and a point between digits."""
    digit = (sign >= ord("0")) & (sign <= ord("9"))
    letter = ((sign >= ord("a")) & (sign <= ord("z"))) | ((sign >= 0xC0) & (sign <= 0x24F))  # noqa: PLR2004 - accented Latin
    point = np.zeros_like(digit)
    point[1:-1] = (sign[1:-1] == ord(".")) & digit[:-2] & digit[2:]
    # 12.5亿 and 12.5 are one number; 350mw is a number and a word
    alike = digit | point | letter
    return alike.astype(bool)


def _bucket(code: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    return (code * _MIX) >> np.uint64(64 - BUCKET_BITS)
