"""Words of a text: components, sectors, phases, approvals, buzzwords, and the tokens that texts are compared by."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain
from typing import Any, TypedDict, cast

import numpy as np
import numpy.typing as npt
import polars as pl

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray, release
from xinzhi.risks.projects.conventions import HERE, KEPT, by_row, convention, document, in_letters, places_table

BitArray = npt.NDArray[np.uint64]
CodeArray = npt.NDArray[np.uint32]


_PHASES = {"first": 1, "second": 2, "third": 3, "fourth": 4, "expansion": 9}
# the national project code (region, month), a document number such as 皖发改产业〔2021〕123号, a parcel number
_PROJECT_CODE = r"(?-u:\b)[0-9]{4}-[0-9]{6}-[0-9]{2}-[0-9]{2}-[0-9]{6}(?-u:\b)"
_DOCUMENT = r"[\[〔(](?:19|20)[0-9]{2}[\]〕)] ?(?:第|No\.? ?)?[0-9]{1,5}(?:号|(?-u:\b))"
# the number under which a tender is kept: 项目编号:GXZC2023-G1-004147-GXRY
_TENDER = r"(?:项目|采购|招标|计划)编号(?:为|是|:)? ?[A-Za-z0-9][A-Za-z0-9/_-]{6,}[0-9A-Za-z]"
# or that its title has in brackets, with its year: (LZZC2023-G3-990650-YZLZ)
_BRACKETED = r"[(\[【][A-Z]{2,}[A-Z0-9-]*20[0-9]{2}[A-Z0-9]*(?:-[A-Z0-9]+)+[)\]】]"
APPROVAL = rf"{_PROJECT_CODE}|{_DOCUMENT}|{_TENDER}|{_BRACKETED}"


def lower(texts: pl.Series, letters: pl.Series | None = None) -> pl.Series:
    """Return plain texts in lower case between spaces, so that English words begin with one.

    `letters` are the rows that hold any (`in_letters`), where they are known.
    """
    rows = in_letters(texts) if letters is None else letters
    small = texts.clone().scatter(rows, texts.gather(rows).str.to_lowercase())
    return " " + small.str.replace_all(r"[\"(/,;:-]", " ") + " "


def find_words(texts: pl.Series, kind: str) -> pl.DataFrame:
    """Return ``row, word, bit``: the known words of a kind in texts that `lower` has prepared."""
    return _spotted(texts, kind).unique(["row", "bit"], maintain_order=True)


def _spotted(texts: pl.Series, kind: str) -> pl.DataFrame:
    if kind == "sectors":
        return _trades(texts)
    table = _table(kind)
    matches = by_row(texts.str.extract_all(_any_of(table["word"])), "word")
    return matches.join(table, on="word", how="inner", maintain_order="left")


def _trades(texts: pl.Series) -> pl.DataFrame:
    """Return the words of trades, none that only name a place; of parks and what belongs to them where they are all.

    Examples
    --------
    >>> told = _trades(lower(pl.Series(["中心小学旁的化工园内新建污水站", "食品产业园", "near the school, a dairy"])))
    >>> told["word"].str.strip_chars().to_list()
    ['污水', '食品', '产业园', 'dairy']
    """
    spans = by_row(texts.str.extract_all(_trade_pattern()), "span")
    rows = [(span, *trade) for span in spans["span"].unique().to_list() for trade in _trade_words(span)]
    schema = {"span": pl.String, "word": pl.String, "bit": pl.Int64, "alone": pl.Boolean}
    matches = spans.join(pl.DataFrame(rows, schema=schema, orient="row"), on="span", how="inner", maintain_order="left")
    return matches.filter(~pl.col("alone") | pl.col("alone").all().over("row")).select("row", "word", "bit")


@cache
def _trade_pattern() -> str:
    words, trades = document("words.yaml"), _table("sectors")["word"]
    foreign = _any_of(word for word in trades if word.isascii())
    ends = "|".join((*words["sectors_of_places"], *words["sectors_of_parks"]))
    return f"{words['sectors_beside']}(?:{foreign})|(?:{_any_of(trades)})(?:{ends})?"


@lru_cache(maxsize=KEPT)
def _trade_words(span: str) -> list[tuple[str, int, bool]]:
    """Return the words of trades in a span of a text, and whether each counts only where a text names no other."""
    table, words = dict(_table("sectors").rows()), document("words.yaml")
    if span in table:
        weak_trades = {at for at, name in enumerate(words["sectors"]) if name in words["sectors_alone"]}
        return [(span, table[span], table[span] in weak_trades)]
    word = next((word for word in table if span.startswith(word)), span)
    end = span.removeprefix(word)
    park = end in words["sectors_of_parks"]
    return [(trade_word, table[trade_word], True) for trade_word in (word, end) if park and trade_word in table]


def bits(texts: pl.Series, kind: str) -> BitArray:
    """Return the words of a kind in every text as a mask, one bit for each of ``words.yaml``."""
    matches = _spotted(texts, kind)
    row, begin = np.unique(matches["row"].to_numpy(), return_index=True)
    out = np.zeros(len(texts), dtype=np.uint64)
    mask = np.uint64(1) << matches["bit"].to_numpy().astype(np.uint64)
    out[row] = np.bitwise_or.reduceat(mask, begin) if len(begin) else mask
    return out


def without_buzzwords(texts: pl.Series) -> pl.Series:
    """Return texts that `lower` has prepared without their buzzwords."""
    return texts.str.replace_all(_any_of(_table("buzzwords")["word"]), " ")


def phases(texts: pl.Series) -> npt.NDArray[np.int8]:
    """Return the phase that texts speak of: 2 to 4, 9 for an expansion without number, 0 for none or the first."""
    # The first sentence, which is the title where there is one, decides if it names a phase: a first phase that keeps
    # land for a second is none, and a second one speaks of the first.
    out = np.zeros(len(texts), dtype=np.int8)
    # most texts have nothing that a word for a phase begins with, and need no further look
    rows = texts.str.contains(_any_of(sorted({word.split()[0] for word in _phase_words()}))).arg_true()
    candidates = texts.gather(rows)
    head, rest = (candidates.str.extract(pattern, 1).fill_null("") for pattern in (r"^([^。]*)", r"^[^。]*。(.*)$"))
    to_come = document("words.yaml")["phases_to_come"]
    first, later = (_phase(part.str.replace_all(to_come, " ")) for part in (head, rest))
    phase_numbers = np.where(first > 0, first, later)
    out[rows.to_numpy()] = np.where(phase_numbers == _PHASES["first"], 0, phase_numbers)
    return out


@cache
def _phase_words() -> dict[str, int]:
    words = document("words.yaml")["phases"]
    return {_pattern(word): _PHASES[name] for name, spellings in words.items() for word in spellings}


def _phase(texts: pl.Series) -> npt.NDArray[np.int8]:
    """Return the lowest later phase that texts name, 1 where they name the first alone, 0 for none."""
    table = _phase_words()
    matches = by_row(texts.str.extract_all(_any_of(sorted(table, key=len, reverse=True))), "word")
    number = pl.col("word").replace_strict(table, return_dtype=pl.Int8)
    order = pl.when(number == _PHASES["first"]).then(_PHASES["expansion"] + 1).otherwise(number)
    first = matches.select("row", number.alias("phase"), order.alias("order")).sort("row", "order")
    first = first.unique("row", keep="first", maintain_order=True)
    out = np.zeros(len(texts), dtype=np.int8)
    out[first["row"].to_numpy()] = first["phase"].to_numpy()
    return out


def approvals(texts: pl.Series) -> pl.DataFrame:
    """Return ``row, span, code``: approval numbers; `code` holds their digits alone."""
    matches = by_row(texts.str.extract_all(APPROVAL), "span")
    digits = pl.col("span").str.extract_all("[0-9]+").list.join("/")
    written = pl.col("span").str.contains(f"^(?:{_PROJECT_CODE}|{_TENDER}|{_BRACKETED})$")
    code = (
        pl.when(written)
        .then(pl.col("span").str.replace_all(r"^.*编号(?:为|是|:)? ?|[(\[【\]】)]", ""))
        .otherwise(digits)
    )
    return matches.with_columns(code.alias("code"))


class Label(TypedDict, total=False):
    """A word of a kind, in both languages; buzzwords have the year since when they are used, and where that stands."""

    name: str
    zh: str
    en: str
    since: int
    reference: str


def labels(kind: str) -> list[Label]:
    """Return ``name, zh, en`` (and for buzzwords ``since, reference``) of the words of a kind, by bit."""
    return [
        cast("Label", {**entry, "name": name, "zh": entry["zh"][0], "en": entry["en"][0].strip()})
        for name, entry in _entries(kind).items()
    ]


def _entries(kind: str) -> dict[str, Any]:
    if kind == "buzzwords":
        return dict(document("buzzwords.yaml")["words"])
    return dict(document("words.yaml")[kind])


def _any_of(words: Iterable[str]) -> str:
    """Return the pattern of words, the earlier before the later; quicker than to look for many words as such."""
    return "|".join(map(re.escape, words))


def _pattern(word: str) -> str:
    """Return the pattern of a word: an English one begins where a word begins."""
    return word.lower() if not word.isascii() or word.startswith(" ") else f" {word.lower()}"


@cache
def _table(kind: str) -> pl.DataFrame:
    rows = [
        (_pattern(word), bit)
        for bit, entry in enumerate(_entries(kind).values())
        for word in (*entry["zh"], *entry["en"])
    ]
    return (
        pl.DataFrame(rows, schema={"word": pl.String, "bit": pl.Int64}, orient="row")
        .unique("word", keep="first")
        .sort(pl.col("word").str.len_chars(), "word", descending=[True, False])
    )


BUCKET_BITS = 22
_CHUNK, _AT_ONCE = 40_000, 1 << 26
_BLOCK = 1 << 18  # buckets that are sorted sooner than all are counted
_BATCH = 5_000  # texts whose signs fit the cache of a processor
_PRIME = np.uint64(1_099_511_628_211)  # of the Fowler-Noll-Vo hash
_MIX = np.uint64(0x9E3779B97F4A7C15)  # 2**64 over the golden ratio: Knuth's multiplicative hash
_CJK = (0x3400, 0x9FFF)


def families(sectors: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return one bit for every family to which one of the sectors belongs.

    Examples
    --------
    >>> power, storage, sewage = (bits(pl.Series([word]), "sectors") for word in ("抽水蓄能", "储能", "污水"))
    >>> bool(families(power) & families(storage)), bool(families(power) & families(sewage))
    (True, False)
    """
    place = {name: np.uint64(1 << at) for at, name in enumerate(document("words.yaml")["sectors"])}
    out = np.zeros_like(sectors)
    for at, members in enumerate(document("words.yaml")["sector_families"].values()):
        out |= ((sectors & np.bitwise_or.reduce([place[name] for name in members])) > 0) * np.uint64(1 << at)
    return out


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
            release(self.bucket, self.start)

    def take(self, rows: IntArray) -> Tokens:
        """Return the tokens of some of the texts."""
        size = self.start[rows + 1] - self.start[rows]
        start = np.append(0, size.cumsum())
        at = np.repeat(self.start[rows] - start[:-1], size) + np.arange(start[-1])
        return Tokens(bucket=self.bucket[at], start=start)

    def frequency(self) -> FloatArray:
        """Return in how many texts each bucket occurs."""
        out = np.zeros(1 << BUCKET_BITS)
        for low in range(0, len(self.bucket), _AT_ONCE):  # some at a time: numpy counts in whole numbers of eight bytes
            part = self.bucket[low : low + _AT_ONCE]
            if len(part) < _BLOCK:
                buckets, counts = np.unique(part, return_counts=True)
                out[buckets] += counts
            else:
                out += np.bincount(part, minlength=len(out))
            release(self.bucket)
        return out


def tokenise(texts: pl.Series) -> Tokens:
    """Return the tokens of texts in lower case."""
    # Numbers stay whole and are never masked: they are the evidence. No token is dropped for being rare: a village that
    # one text names is what sets it apart.
    parts = [_chunk(texts.slice(at, _BATCH)) for at in range(0, len(texts), _BATCH)]
    counts = np.concatenate([count for _, count in parts]) if parts else np.zeros(0, dtype=np.int64)
    bucket = np.concatenate([codes for codes, _ in parts]) if parts else np.zeros(0, dtype=np.uint32)
    return Tokens(bucket=bucket, start=np.concatenate([[0], counts.cumsum()]).astype(np.int64))


def join_tokens(parts: list[Tokens]) -> Tokens:
    """Return the tokens of several lists of texts as those of one."""
    sizes = np.concatenate([np.diff(part.start) for part in parts])
    bucket = np.concatenate([part.bucket for part in parts])
    return Tokens(bucket=bucket, start=np.append(0, sizes.cumsum()).astype(np.int64))


@cache
def background() -> FloatArray:
    """Return in how many of ``size`` project texts at large each token occurs: what is common says little anywhere."""
    lines = (HERE / "pairs.txt").read_text("utf-8").splitlines()
    out = np.zeros(1 << BUCKET_BITS)
    for line in lines[1:]:
        times, words = line.split(" ", 1)
        tokens = tokenise(pl.Series(words.split(" ")))
        out[tokens.bucket] = np.maximum(out[tokens.bucket], float(times))
    return out


@cache
def background_size() -> int:
    """Return how many texts the counts of `background` come from."""
    with (HERE / "pairs.txt").open(encoding="utf-8") as lines:
        return int(next(lines))


@cache
def everyday_pairs() -> frozenset[str]:
    """Return the pairs of signs that are language and name nothing: more than one project text in thirty has them."""
    with (HERE / "pairs.txt").open(encoding="utf-8") as lines:
        count = int(next(lines))
        least = count * np.exp(-float(convention("telling_from")))
        counted_pairs = (line.split() for line in lines)
        everyday = (pairs for times, *pairs in counted_pairs if float(times) > least)
        return frozenset(chain.from_iterable(everyday))


@cache
def place_tokens() -> IntArray:
    """Return the pairs of signs of which the names of places are made: the field place has said what they say."""
    table = places_table()
    names = pl.concat([table["name"], table["short"]])
    return np.unique(tokenise(names).bucket).astype(np.int64)


def idf(frequency: FloatArray, count: int) -> npt.NDArray[np.float32]:
    """Return ``log(1 + N / (n + 1/2))``: what a token says; a token that no text has says most."""
    weight = np.full(len(frequency), np.log1p(count / 0.5), dtype=np.float32)
    present = np.flatnonzero(frequency)  # a few of a million
    weight[present] = np.log1p(count / (frequency[present] + 0.5))
    return weight


def _chunk(texts: pl.Series) -> tuple[CodeArray, IntArray]:
    """Return the distinct buckets of every text, and how many there are."""
    lines = str(texts.fill_null("").str.replace_all("\n", " ", literal=True).str.join("\n").item()) + "\n"
    sign = np.frombuffer(lines.encode("utf-32-le"), np.uint32)
    ends = np.flatnonzero(sign == ord("\n"))
    row = np.repeat(np.arange(len(ends)), np.diff(ends, prepend=-1))
    pair_row, pair_code = _pairs(sign, row)
    word_row, word_code = _words(sign, row)
    key = (np.concatenate([pair_row, word_row]).astype(np.uint64) << np.uint64(BUCKET_BITS)) | np.concatenate(
        # the last bit tells pairs of signs from words and numbers
        [_bucket(pair_code) & ~np.uint64(1), _bucket(word_code) | np.uint64(1)]
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


def cues(texts: pl.Series) -> npt.NDArray[np.int8]:
    """Return cues of the words: 1 submitted again, 0 built at or beside an existing plant, -1 neither."""
    again, adjoining = (texts.str.contains(_cue(name)).to_numpy() for name in ("again", "beside"))
    return np.where(again, 1, np.where(adjoining, 0, -1)).astype(np.int8)


def cue_spans(texts: pl.Series) -> pl.DataFrame:
    """Return ``row, span``: the first cue of every text."""
    rows = pl.int_range(len(texts), dtype=pl.UInt32, eager=True)
    first_cue = pl.coalesce(pl.col("text").str.extract(f"({_cue(name)[4:]})", 0) for name in ("again", "beside"))
    return pl.DataFrame({"row": rows, "text": texts}).select("row", first_cue.alias("span")).drop_nulls()


@cache
def _cue(name: str) -> str:
    return "(?i)" + "|".join(document("words.yaml")["cues"][name])
