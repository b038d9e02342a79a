"""The ledger: verdicts, candidates, what agrees field by field, and what changed between the two texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import polars as pl

from xinzhi.core.arrays import BoolArray, IntArray
from xinzhi.core.text import Language, Text, page
from xinzhi.risks.projects.comparison import FIELDS, MISSING, NAMES, SAME_LANDMARK, SAME_SITE, level
from xinzhi.risks.projects.conventions import convention, value_words
from xinzhi.risks.projects.purchases import CHAIN, NATS, UNDECIDABLE
from xinzhi.risks.projects.quantities import narrow, to_simplified
from xinzhi.risks.projects.quotations import BETWEEN, sayings
from xinzhi.risks.projects.records import NUMBERS, Records
from xinzhi.risks.projects.scoring import CLASSES, Judgement, Pairs, Scores
from xinzhi.risks.projects.vocabulary import labels
from xinzhi.risks.projects.weights import Weights

# What no template explains, and from which level on it agrees: a design fixes wording, works and capacity, not these.
_NUMBER_EQUAL, _NUMBER_PRECISE = level("investment", "equal, round"), level("investment", "equal, precise")
_MUCH, _SEVERAL, _SAME_YEARS = level("text", "much"), level("figures", "several rare"), level("dates", "same years")
_OWN = {
    "place": level("place", "same city"),
    "site": SAME_SITE,
    "landmark": SAME_LANDMARK,
    "object": level("object", "same number"),
    "edition": level("edition", "same year in the name"),
    "owner": level("owner", "same public body"),
    "approval": level("approval", "same number"),
} | dict.fromkeys(NUMBERS, _NUMBER_EQUAL)
_EXPLAINED = ("design", "numbered", "yearly")
FINDINGS = ("purchase", "beyond", "differs", *_EXPLAINED)
# levels of a number that moved and is still recognisable
_CLOSE = range(level("investment", "within 25 %"), _NUMBER_EQUAL)
_NUMBERS = tuple(NAMES.index(name) for name in (*NUMBERS, "capacity"))


def changes(
    sides: tuple[Records, int, Records, int],
    levels: npt.NDArray[np.int8],
    titles: tuple[str, str],
    words_by_field: tuple[Mapping[str, str], Mapping[str, str]],
    texts: tuple[str, str],
    kind: str = "change",
) -> Iterator[tuple[str, Text]]:
    """Yield what changed from an archived text to a project, or what each says where they are not one (`apart`)."""
    projects, project, archive, record = sides
    yield from _buzzwords(int(projects.buzzwords[project]) & ~int(archive.buzzwords[record]), kind)
    if all(titles):
        yield "name", change_text("name", kind, old=titles[1], new=titles[0])
    if projects.chinese[project] != archive.chinese[record]:
        yield "language", change_text("into_english" if archive.chinese[record] else "into_chinese", kind)
    for field in _NUMBERS:
        if levels[field] in _CLOSE:
            name = NAMES[field]
            label = value_words("field", "ledger")[name]
            yield "number", change_text("number", kind, zh=label.zh, en=label.en, **_sides(words_by_field, name))
    if levels[NAMES.index("owner")] == 0:
        yield "owner", change_text("owner", kind, **_sides(words_by_field, "owner"))
    if levels[NAMES.index("dates")] not in (MISSING, _SAME_YEARS):
        yield "dates", change_text("dates", kind, **_sides(words_by_field, "dates"))
    if _is_reordered(levels, words_by_field, texts):
        yield "order", change_text("order", kind)


def findings(levels: npt.NDArray[np.int8], repackaged: bool) -> Iterator[tuple[str, Text]]:  # noqa: FBT001 - one call
    """Yield what agrees beyond a template, what differs, and what explains the rest: a design, a number, a year."""
    at = dict(zip(NAMES, levels.tolist(), strict=True))
    beyond = [name for name, least in _OWN.items() if at[name] >= least]
    differs = [name for name in (*_OWN, "capacity") if at[name] == 0 or (name == "place" and 0 < at[name] < _OWN[name])]
    names = value_words("field", "ledger")
    for key, fields in (("beyond", beyond), ("differs", differs)):
        if fields:
            yield (
                key,
                change_text(
                    key,
                    zh="、".join(names[name].zh for name in fields),
                    en=", ".join(names[name].en for name in fields),
                ),
            )
    built = at["capacity"] >= _NUMBER_EQUAL and at["components"] != 0
    alike = at["text"] >= _MUCH or built or at["figures"] >= _SEVERAL
    # exact sums and one approval are no matter of design; another owner or year alone does not make it another place
    specific = at["approval"] == _OWN["approval"] or any(at[name] == _NUMBER_PRECISE for name in NUMBERS)
    if not alike or specific or repackaged:
        return
    if at["object"] == 0:
        yield "numbered", change_text("numbered")
    elif "place" in differs or at["site"] == 0:
        yield "design", change_text("design")
    elif at["edition"] == 0:
        yield "yearly", change_text("yearly")


def _purchase(compared: Pairs, at: int, days: tuple[int, int]) -> Iterator[tuple[str, Text]]:
    """Yield what two notices of one buyer are to each other, and the days between them where both are known."""
    expected_nats, chain, undecidable = compared.bought[at, [NATS, CHAIN, UNDECIDABLE]]
    if not chain:
        if undecidable and compared.levels[at, NAMES.index("name")] > 0:
            yield "purchase", change_text("purchase_nameless")
        return
    gap = days[0] - days[1]
    between = Text(zh="", en="")
    if min(days) > 0:
        order = {1: "later", -1: "earlier", 0: "same"}[int(np.sign(gap))]
        between = change_text(f"days_{order}", days=f"{abs(gap):,}")
    key = "change.purchase"
    if undecidable:
        key += "_held"
    elif np.isnan(expected_nats):
        key += "_seen"
    elif expected_nats <= -convention("other_purchase"):
        key += "_next"
    pattern = page("pages", "screen")[key]
    yield "purchase", Text(zh=pattern.zh.format(days=between.zh), en=pattern.en.format(days=between.en))


def change_text(key: str, kind: str = "change", **values: object) -> Text:
    """Return what changed in both languages; filled plainly, since there are many and they quote texts as they are."""
    pattern = page("pages", "screen")[f"{kind}.{key}"]
    return Text(zh=pattern.zh.format(**values), en=pattern.en.format(**values))


def _sides(words_by_field: tuple[Mapping[str, str], Mapping[str, str]], name: str) -> dict[str, str]:
    return {"old": words_by_field[1].get(name, ""), "new": words_by_field[0].get(name, "")}


def _buzzwords(new: int, kind: str) -> Iterator[tuple[str, Text]]:
    """Yield the buzzwords that came in, with the year of each."""
    for bit, entry in enumerate(labels("buzzwords")):
        if new >> bit & 1:
            yield "buzzword", change_text("buzzword", kind, zh=entry["zh"], en=entry["en"], since=entry["since"])


def _is_reordered(
    levels: npt.NDArray[np.int8], words_by_field: tuple[Mapping[str, str], Mapping[str, str]], texts: tuple[str, str]
) -> bool:
    """Return whether the fields that both texts give differ in order."""
    places = [
        (
            texts[0].find(words_by_field[0][name].split(BETWEEN)[0]),
            texts[1].find(words_by_field[1][name].split(BETWEEN)[0]),
        )
        for at, name in enumerate(NAMES)
        if levels[at] > 0 and name in words_by_field[0] and name in words_by_field[1]
    ]
    places_in_order = sorted(pair for pair in places if min(pair) >= 0)
    return any(earlier[1] > later[1] for earlier, later in pairwise(places_in_order))


_QUOTED = 60  # characters of a text that the ledger quotes for one field
_LEDGER: dict[str, type[pl.DataType]] = {
    **dict.fromkeys(("id", "archive_id"), pl.String), "rank": pl.Int64, "field": pl.String, "level": pl.Int8,
    "agreement": pl.String, "weight": pl.Float64, "project": pl.String, "archive": pl.String,
}  # fmt: skip
_CHANGES = dict.fromkeys(("id", "archive_id", "what", "zh", "en"), pl.String)


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """The projects, or the archived records that are shown: their table, and where they stand among the records."""

    frame: pl.DataFrame
    records: Records
    rows: IntArray

    def texts(self) -> list[str]:
        """Return the texts in their own characters."""
        return narrow(self.frame["text"]).to_list()

    def titles(self) -> list[str]:
        """Return the titles, empty where there are none."""
        if "title" not in self.frame.columns:
            return [""] * self.frame.height
        return narrow(self.frame["title"].cast(pl.String)).str.strip_chars().to_list()

    def row_texts(self) -> list[dict[str, str]]:
        """Return what rows say, by field, in their own characters."""
        out: list[dict[str, str]] = [{} for _ in range(self.frame.height)]
        regions = self.frame["region"] if "region" in self.frame.columns else None
        for row, field, words in sayings(self.frame["text"], regions).iter_rows():
            out[row][field] = words
        originals = narrow(self.frame["text"])
        simple = to_simplified(originals)
        for row in (originals != simple).arg_true().to_list():
            out[row] = {field: in_own_signs(words, originals[row], simple[row]) for field, words in out[row].items()}
        return out


def in_own_signs(words: str, original: str, simple: str) -> str:
    """Return words of a simplified text as they stand in the text itself; others as they are.

    Examples
    --------
    >>> in_own_signs("水厂; 兴国县; 3吨", "興國縣水廠", "兴国县水厂")
    '水廠; 興國縣; 3吨'
    """
    parts = [(part, simple.find(part)) for part in words.split(BETWEEN)]
    return BETWEEN.join(original[at : at + len(part)] if at >= 0 else part for part, at in parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class BestPairs:
    """The pairs that the ledger keeps: `(S,)` their place among all pairs, and their rank, from 1."""

    at: IntArray
    rank: IntArray


def best_pairs(compared: Pairs, scores: Scores) -> BestPairs:
    """Return the best pairs of every project."""
    project = compared.project[scores.order]
    rank = np.arange(len(project)) - np.searchsorted(project, project) + 1
    keep = rank <= int(convention("shown"))
    return BestPairs(at=scores.order[keep], rank=rank[keep])


def verdict_frame(judged: Judgement, side: Side, reached: IntArray) -> pl.DataFrame:
    """Return the verdicts without candidates and evidence."""
    chance = judged.chance
    readable = side.records.readable()
    empty = side.frame["text"].str.strip_chars().to_numpy() == ""
    best = chance.argmax(axis=1)
    least = np.where(judged.factual & (best == CLASSES.index("repackaged")), judged.accused, convention("certain"))
    # where it is sure that a project is no repeat, the likelier of new and follow-on is said: neither accuses anybody
    honest = judged.factual & (chance[:, CLASSES.index("repackaged")] <= 1 - float(convention("certain")))
    unsure = ~honest & (chance.max(axis=1) < least)
    few = readable < int(convention("readable"))
    # wording alone tells a repeat word for word; it finds no paraphrase, so its silence does not make a project new
    unreadable = np.where(judged.factual, few & (best == CLASSES.index("new")), ~judged.verbatim | unsure)
    placed = (judged.placed & few) | judged.silent
    # no verdict of repackaged on a pattern that too few learned cases had
    strange = judged.outside & (best == CLASSES.index("repackaged"))
    reason = np.select(
        [empty, unreadable | placed, unsure, strange], ["empty", "unreadable", "undecided", "outside"], default=""
    )
    verdict = np.where(reason != "", "cannot tell", np.array(CLASSES)[best])
    # beside too few learned cases, or where nothing but the place was compared, a number would be a guess
    has_number = pl.Series((reason != "outside") & ~placed)
    chances = ("probability", "lower", "upper", "probability_follow_on", "probability_new")
    return pl.DataFrame(
        {
            "id": side.frame["id"],
            "verdict": verdict.tolist(),
            "probability": chance[:, 2],
            "lower": judged.lower,
            "upper": judged.upper,
            "probability_follow_on": chance[:, 1],
            "probability_new": chance[:, 0],
            "reason": [word or None for word in reason.tolist()],
            "readable": readable,
            "basis": np.select(
                [reason == "outside", judged.by_name, judged.factual & judged.chain, judged.factual],
                ["outside", "buyer", "notices", "facts"],
                default="wording",
            ).tolist(),
            "reached": reached,
        },
        schema_overrides={"reason": pl.String},
    ).with_columns(pl.when(has_number).then(pl.col(*chances)))


def candidate_frame(compared: Pairs, scores: Scores, show: BestPairs, projects: Side, archive: Side) -> pl.DataFrame:
    """Return the candidates that are kept."""
    return pl.DataFrame(
        {
            "id": projects.frame["id"].gather(compared.project[show.at]),
            "rank": show.rank,
            "archive_id": archive.frame["id"].gather(np.searchsorted(archive.rows, compared.record[show.at])),
            "odds_repackaged": scores.odds[show.at, 1],
            "odds_follow_on": scores.odds[show.at, 0],
            "text_similarity": compared.cosine[show.at],
            "shared_keys": compared.shared[show.at],
        }
    )


def ledger_frames(
    weights: Weights, compared: Pairs, show: BestPairs, projects: Side, archive: Side, repackaged: BoolArray
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the ledger and the changes of the pairs that are kept."""
    project_rows, theirs = compared.project[show.at], np.searchsorted(archive.rows, compared.record[show.at])
    words_by_row = projects.row_texts(), archive.row_texts()
    levels = compared.levels[show.at]
    last = len(weights.agreement.share) - 1
    heavy = weights.agreement.weights(levels, last)
    ids, archive_ids = projects.frame["id"].gather(project_rows).to_list(), archive.frame["id"].gather(theirs).to_list()
    rows = [
        (
            ids[at],
            archive_ids[at],
            int(show.rank[at]),
            name,
            int(levels[at, field]),
            _level(field, levels[at, field]),
            float(heavy[at, field]),
            _short(words_by_row[0][project_rows[at]].get(name)),
            _short(words_by_row[1][theirs[at]].get(name)),
        )
        for at in range(len(ids))
        for field, name in enumerate(NAMES)
    ]
    titles = projects.titles(), archive.titles()
    simple = [to_simplified(pl.Series(side, dtype=pl.String)) for side in titles]
    renamed = (simple[0].gather(project_rows) != simple[1].gather(theirs)).to_list()
    texts = projects.texts(), archive.texts()
    announced = (projects.records.announced[project_rows], archive.records.announced[archive.rows[theirs]])
    days = list(zip(*(side.tolist() for side in announced), strict=True))
    changed = [
        (ids[at], archive_ids[at], what, words.zh, words.en)
        for at in np.flatnonzero(show.rank == 1).tolist()
        for what, words in (
            *_purchase(compared, int(show.at[at]), days[at]),
            *findings(levels[at], bool(repackaged[project_rows[at]])),
            *changes(
                (projects.records, int(project_rows[at]), archive.records, int(archive.rows[theirs[at]])),
                levels[at],
                (titles[0][project_rows[at]], titles[1][theirs[at]]) if renamed[at] else ("", ""),
                (words_by_row[0][project_rows[at]], words_by_row[1][theirs[at]]),
                (texts[0][project_rows[at]], texts[1][theirs[at]]),
                "change" if repackaged[project_rows[at]] else "apart",
            ),
        )
    ]
    return pl.DataFrame(rows, schema=_LEDGER, orient="row"), pl.DataFrame(changed, schema=_CHANGES, orient="row")


def with_evidence(
    verdicts: pl.DataFrame, candidates: pl.DataFrame, ledger: pl.DataFrame, changed: pl.DataFrame
) -> pl.DataFrame:
    """Return the verdicts with the closest archived project and a line of evidence in both languages."""
    columns = verdicts.columns[1:]
    first = candidates.filter(pl.col("rank") == 1).select("id", "archive_id")
    agreeing = ledger.filter(
        (pl.col("rank") == 1) & (pl.col("level") > 0) & (pl.col("weight") > float(convention("telling")))
    )
    agreeing = agreeing.sort("weight", descending=True, maintain_order=True)
    zh = _words("field", "zh") + "（" + _words("agreement", "zh") + "）"
    en = _words("field", "en") + " (" + _words("agreement", "en") + ")"
    agreeing_fields = agreeing.group_by("id").agg(
        en.str.join(", ").alias("agrees"), zh.str.join("、").alias("agrees_zh")
    )
    names = {name: text.zh for name, text in value_words("what", "changes").items()}
    kinds = pl.col("what").unique(maintain_order=True)
    alterations = changed.filter(~pl.col("what").is_in(FINDINGS))
    design = changed.filter(pl.col("what").is_in(_EXPLAINED)).select("id", explained="what").unique("id")
    what = alterations.group_by("id", maintain_order=True).agg(
        kinds.str.join(", ").alias("changed"),
        kinds.replace_strict(names, return_dtype=pl.String).str.join("、").alias("changed_zh"),
    )
    for part in (first, agreeing_fields, what, design):
        verdicts = verdicts.join(part, on="id", how="left", maintain_order="left")
    return verdicts.select(
        "id",
        "archive_id",
        *columns,
        _sentence("agrees", "changed", "en").alias("evidence"),
        _sentence("agrees_zh", "changed_zh", "zh").alias("evidence_zh"),
    )


def _words(column: str, language: Language) -> pl.Expr:
    labels = {name: text.lang(language) for name, text in value_words(column, "ledger").items()}
    return pl.col(column).replace_strict(labels, return_dtype=pl.String)


def _sentence(agrees: str, changed: str, language: Language) -> pl.Expr:
    """Return what agrees and what changed, and what explains it."""
    lead, then, unlike = (
        page("pages", "screen")[f"evidence.{key}"].lang(language).replace("{what}", "{}")
        for key in ("agrees", "changed", "apart")
    )
    explanations = {key: page("pages", "screen")[f"evidence.{key}"].lang(language) for key in _EXPLAINED}
    has_agreement = pl.col(agrees).is_not_null()
    lead_text = pl.when(has_agreement).then(pl.format(lead, agrees)).otherwise(pl.lit(""))
    again = pl.col("verdict") == "repackaged"
    change_text_of_pair = (
        pl.when(again).then(pl.format(then, changed)).otherwise(pl.format(unlike, changed)).fill_null("")
    )
    change_text_of_pair = pl.when(has_agreement).then(change_text_of_pair).otherwise(pl.lit(""))
    design = pl.col("explained").replace_strict(explanations, default="", return_dtype=pl.String)
    explained = pl.when(has_agreement).then(design).otherwise(pl.lit(""))
    return lead_text + change_text_of_pair + explained


def _level(field: int, at: int) -> str | None:
    return None if at == MISSING else FIELDS[field].levels[at]


def _short(words: str | None) -> str | None:
    return words if words is None or len(words) <= _QUOTED else f"{words[:_QUOTED]}…"
