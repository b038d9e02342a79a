"""The result of `screen`: verdicts, their evidence and sentences, and whether probabilities came true."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import erfc, sqrt
from typing import Any

import polars as pl

from xinzhi import words
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import Finding
from xinzhi.core.names import Names
from xinzhi.core.result import Facts
from xinzhi.core.text import Language, Text, Values, number, same
from xinzhi.risks.projects.conventions import convention, document, value_words
from xinzhi.risks.projects.ledger import FINDINGS
from xinzhi.risks.projects.places import code_of, places
from xinzhi.risks.projects.quantities import plain
from xinzhi.risks.projects.quotations import marks, passages
from xinzhi.risks.projects.screening_frames import ScreeningFrames
from xinzhi.risks.projects.weights import shipped_weights

PERCENT = "\N{NO-BREAK SPACE}%"
_RARE, _HALF = 0.01, 0.5
_SUREST = 3
_TITLE = 40  # signs of a title that a name holds
LABELS = ("repackaged", "follow-on", "new")
VERDICTS = (*LABELS, "cannot tell")
NOTICES = ("buyer", "notices")  # what a verdict on a notice beside another one of its buyer rests on
_SHOWN = {"repackaged": "purchase", "follow-on": "next purchase"}


@dataclass(frozen=True, repr=False, kw_only=True)
class Comparison:
    """A project beside one archived record (None when none shares two keys with it), with its part of the `Screening`.

    Both texts are in their own characters, digits and spaces in one form: what the ledger quotes stands in them.
    """

    id: str
    archive_id: str | None
    project_text: str
    archive_text: str
    verdict: Mapping[str, Any]
    ledger: pl.DataFrame
    changes: pl.DataFrame

    def text(self, language: Language = "en") -> str:
        """Return the ledger as lines: weight (natural log-odds), field, agreement, what both say; then what changed."""
        return "\n  ".join(line.lang(language) for line in comparison_lines(self))

    def marks(self) -> list[tuple[str, tuple[int, int], tuple[int, int]]]:
        """Return fields and their spans in both texts, the weightiest first; what is not spelled out has none."""
        return marks((self.project_text, self.archive_text), self.ledger)

    def sentences(self) -> tuple[list[Text], list[Text]]:
        """Return what was found side by side (what agrees, differs, explains it), and what changed."""
        is_finding = pl.col("what").is_in(FINDINGS)
        findings, changes = (
            [Text(zh=zh, en=en) for zh, en in self.changes.filter(part).select("zh", "en").rows()]
            for part in (is_finding, ~is_finding)
        )
        return findings, changes

    def passages(self) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Return the spans of the project's and of the archived text that stand word for word in the other."""
        return passages(self.project_text, self.archive_text)

    def __repr__(self) -> str:
        return self.text()


@dataclass(frozen=True, repr=False, kw_only=True)
class Screening(ScreeningFrames, verb="screen", topic="screen", key=("id",)):
    """New projects held against an archive of old ones.

    A row of `frame` is a project with its verdict, of `candidates` an archived project that comes close, of `ledger` a
    field of a candidate: how far it agrees (level -1: one of the two does not say) and what that weighs (natural
    log-odds of repackaged against the likeliest innocent explanation), of `changes` what changed from the closest, of
    `projects` and `archive` a text as written. `truth` has ``id, label`` and where known ``archive_id, level`` (of
    disguise) of projects whose truth is known (`xinzhi.risks.with_truth`). `public` says what the archive holds where
    none was given and public lists stand in, `index_origin` from which table and on which day an index on disk was
    made.
    """

    findings: tuple[Finding, ...]
    archive_size: int
    weights_synthetic: bool
    prior: float | None = None
    truth: pl.DataFrame | None = None
    public: Mapping[str, object] | None = None
    index_origin: Mapping[str, str | None] | None = None

    def explain(self, id: str, rank: int = 1) -> Comparison:  # noqa: A002 - the column is called id
        """Return a project beside one of its candidates, `rank` from 1; `UsageError` when there is no such one."""
        rows = self.frame.filter(pl.col("id") == id)
        if rows.is_empty():
            raise UsageError("projects.no-project", asked=id, known=self.frame["id"].head(5).to_list())
        candidate = self.candidates.filter((pl.col("id") == id) & (pl.col("rank") == rank))
        if candidate.is_empty() and rank > 1:
            raise UsageError("projects.no-rank", id=id, n=self.candidates.filter(pl.col("id") == id).height, rank=rank)
        archive_id = candidate["archive_id"][0] if candidate.height else None
        pair = (pl.col("id") == id) & (pl.col("archive_id") == pl.lit(archive_id, dtype=pl.String))
        return Comparison(
            id=id,
            archive_id=archive_id,
            project_text=self.projects.filter(pl.col("id") == id)["text"][0],
            archive_text=self.archive.filter(pl.col("id") == archive_id)["text"][0] if archive_id is not None else "",
            verdict=rows.row(0, named=True),
            ledger=self.ledger.filter(pair),
            changes=self.changes.filter(pair),
        )

    @property
    def matches(self) -> pl.DataFrame:
        """The verdicts beside an archived record, but for the new ones: by verdict, the most probable first."""
        rows = reader_verdicts(self.frame).filter(pl.col("verdict") != "new", pl.col("archive_id").is_not_null())
        place = pl.col("verdict").cast(pl.Enum(list(value_words("verdict"))))
        return rows.sort(place, "probability", "id", descending=[False, True, False], nulls_last=True)

    def facts(self) -> Facts:
        """Return how many projects are what, the surest of them, and what the probabilities rest on."""
        frame = reader_verdicts(by_probability(self.frame))
        if not frame.height:
            return {"answer.nothing": {}}
        verdicts = value_words("verdict")
        counts = [
            words.screen.answer_count(name=text, k=f"{frame.filter(verdict=name).height:,}")
            for name, text in verdicts.items()
            if name in VERDICTS or frame.filter(verdict=name).height
        ]
        facts: Facts = {} if self.public is None else {"answer.public": dict(self.public)}
        if self.index_origin is not None:
            source = same(self.index_origin["source"]) if self.index_origin["source"] else words.screen.answer_a_table()
            facts["answer.kept"] = {"n": self.archive_size, "day": self.index_origin["day"], "source": source}
        facts |= {"answer.counts": {"n": frame.height, "m": self.archive_size, "parts": counts}}
        surest = frame.filter(verdict="repackaged").head(_SUREST)
        usual = frame.filter(verdict="purchase").height
        without_notices = frame.filter(~pl.col("basis").is_in(NOTICES))
        closest = without_notices.drop_nulls(["archive_id", "probability"]).head(1)
        if surest.height:
            facts["answer.surest"] = {
                "pairs": [words.screen.answer_pair(**_pair(self, row)) for row in surest.iter_rows(named=True)]
            }
            zh, en = surest.select("evidence_zh", "evidence").row(0)
            facts["answer.evidence"] = {"evidence": Text(zh=zh, en=en)}
        elif closest.height:
            facts["answer.closest"] = _pair(self, closest.row(0, named=True))
        elif without_notices.height == frame.height:
            facts["answer.nothing_alike"] = {}
        if usual:
            facts["answer.usual"] = {"k": usual}
        if self.truth is not None:
            labelled = self.truth.join(self.frame, on="id", suffix="_found")
            accused = labelled.filter(verdict="repackaged")
            facts["answer.truth"] = {
                "n": labelled.height,
                "called": accused.height,
                "hits": accused.filter(label="repackaged").height,
                "known": labelled.filter(label="repackaged").height,
            }
        if self.weights_synthetic and without_notices.height:  # of notices other cases were counted
            facts |= _assumption_notes(self.labelled_share, self.prior)
        facts["answer.synthetic" if self.weights_synthetic else "answer.learned"] = {}
        if problems := sum(problem.severity != "note" for problem in self.findings):
            facts["answer.findings"] = {"k": problems}
        return facts

    @property
    def purchase_said(self) -> float:
        """Return the probability from which two notices are called notices of one purchase."""
        return float(convention("purchase_said"))

    @property
    def certain(self) -> float:
        """Return the probability of no repeat from which new or follow-on is said."""
        return float(convention("certain"))

    @property
    def accused(self) -> float:
        """Return the probability from which a project is called repackaged by the weights that ship."""
        return shipped_weights().accused

    @property
    def telling(self) -> float:
        """Return the natural log-odds from which a weight is worth a word."""
        return float(convention("telling"))

    @property
    def labelled_share(self) -> float:
        """Return the share of repackaged projects among those on which the shipped probabilities were calibrated."""
        return float(shipped_weights().calibration.shares[-1])

    def within(self, region: str) -> pl.DataFrame:
        """Return the verdicts on projects that name a place of a region (code or name); `UsageError` when none does."""
        codes = places(plain(self.projects["text"]))
        code = int(code_of(pl.Series([region]))[0]) or int(places(pl.Series([region]))[0, 0])
        width = next((size for size in (10_000, 100, 1) if code % size == 0), 1)
        inside = ((codes // width * width == code) & (codes > 0)).any(axis=1) & (code > 0)
        if not inside.any():
            raise UsageError("projects.no-region", asked=region, known=self.frame["id"].head(5).to_list())
        return self.frame.filter(pl.Series(inside))


def share_interval(count: int, of: int) -> tuple[float, float]:
    """Return the 95 % interval of a share that was counted (Clopper and Pearson 1934).

    Examples
    --------
    >>> [round(end, 3) for end in share_interval(2, 56)]
    [0.004, 0.123]
    """
    from scipy.special import betaincinv

    rest = erfc(float(convention("interval")) / sqrt(2)) / 2
    low = float(betaincinv(count, of - count + 1, rest)) if count else 0.0
    return low, float(betaincinv(count + 1, of - count, 1 - rest)) if count < of else 1.0


def true_accusations(trial: Mapping[str, int]) -> tuple[float, float, float]:
    """Return how many accusations would be true, and its interval, were a tenth repackaged and that not said.

    Parameters
    ----------
    trial
        Of `trials.yaml`: how many of the honest were accused, of the repeats found.

    Examples
    --------
    >>> trial = {"honest": 56, "accused": 2, "repeats": 54, "found": 36}
    >>> [round(value, 2) for value in true_accusations(trial)]
    [0.67, 0.38, 0.94]
    """
    share = float(convention("told_share"))
    hits = share * trial["found"] / trial["repeats"]
    low, high = share_interval(trial["accused"], trial["honest"])
    middle, least, most = (
        hits / (hits + (1 - share) * wrong) if hits else 0.0
        for wrong in (trial["accused"] / trial["honest"], high, low)
    )
    return middle, least, most


def _assumption_notes(share: float, prior: float | None) -> Facts:
    """Return what part is taken to be repackaged, what the trials on written texts found, and what the worse means."""
    trial_counts = document("trials.yaml")
    counts: dict[str, float] = {}
    for name, mark in (("kept", "kept_"), ("last", "")):
        low, high = share_interval(trial_counts[name]["accused"], trial_counts[name]["honest"])
        counts |= {f"{mark}{key}": value for key, value in ({**trial_counts[name], "low": low, "high": high}).items()}
    trials = words.screen.answer_trials(**counts)
    if prior is not None:
        return {"answer.assumed_prior": {"share": share, "prior": prior, "trials": trials}}
    true, least, most = min(true_accusations(trial_counts[name]) for name in ("kept", "last"))
    return {"answer.assumed": {"share": share, "trials": trials, "true": true, "least": least, "most": most}}


def chance_text(value: float | None) -> Text:
    """Return a probability in percent, never as certain; a dash where there is none.

    Examples
    --------
    >>> [chance_text(value).zh for value in (0.423, 0.9938, 0.99997, 0.0002)]
    ['42%', '99.4%', '>99.9%', '<0.1%']
    """
    return same("–") if value is None else _spaced(_chance(value))


def interval_text(low: float | None, high: float | None) -> Text:
    """Return the interval of a probability; a dash where there is none.

    Examples
    --------
    >>> [interval_text(*ends).zh for ends in ((0.31, 0.55), (0.9996, 0.9999), (0.95, 0.9999), (0.0002, 0.004))]
    ['31–55%', '>99.9%', '≥95%', '≤0.4%']
    """
    if low is None or high is None:
        return same("–")
    ends = (_chance(low), _chance(high))
    if ends[0] == ends[1]:
        return _spaced(ends[0])
    if ends[1].startswith(">"):
        return _spaced(f"≥{ends[0]}")
    return _spaced(f"≤{ends[1]}" if ends[0].startswith("<") else f"{ends[0].removesuffix('%')}–{ends[1]}")


def _chance(value: float) -> str:
    if not _RARE / 10 <= value <= 1 - _RARE / 10:
        return ">99.9%" if value > _HALF else "<0.1%"
    return f"{value:.1%}" if value < _RARE or value > 1 - _RARE else f"{value:.0%}"


def _spaced(text_shown: str) -> Text:
    return Text(zh=text_shown, en=text_shown.replace("%", PERCENT))


def project_names(projects: pl.DataFrame, archive: pl.DataFrame) -> Names:
    """Return what projects and archived records are called: identifier and title."""
    kinds = {"project": projects, "archive": archive}
    return Names(
        {
            kind: {id_: _name(id_, title) for id_, title in frame.select("id", "title").rows()}
            for kind, frame in kinds.items()
        }
    )


def _name(code: str, title: str) -> Text:
    title = title.strip()
    return same(f"{code} {title if len(title) <= _TITLE else f'{title[:_TITLE]}…'}".strip())


def by_probability(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the verdicts, the most probable first, last those without a probability.

    Examples
    --------
    >>> chances = {"probability": [0.1, 0.9], "probability_follow_on": [0.2, 0.1]}
    >>> by_probability(pl.DataFrame({"id": ["a", "b"], **chances}))["id"].to_list()
    ['b', 'a']
    """
    return frame.sort("probability", "probability_follow_on", "id", descending=[True, True, False], nulls_last=True)


def reader_verdicts(frame: pl.DataFrame) -> pl.DataFrame:
    """Return verdicts as pages show them: notices of one buyer are stages of a purchase, not old wine.

    Examples
    --------
    >>> reader_verdicts(pl.DataFrame({"verdict": ["repackaged"] * 2, "basis": ["buyer", "facts"]}))["verdict"].to_list()
    ['purchase', 'repackaged']
    """
    notices = pl.col("basis").is_in(NOTICES)
    return frame.with_columns(verdict=pl.when(notices).then(pl.col("verdict").replace(_SHOWN)).otherwise("verdict"))


def shown_verdict(row: Mapping[str, object]) -> str:
    """Return the verdict on a project as pages show it (`reader_verdicts`).

    Examples
    --------
    >>> shown_verdict({"verdict": "follow-on", "basis": "buyer"})
    'next purchase'
    """
    verdict = str(row["verdict"])
    return _SHOWN.get(verdict, verdict) if row.get("basis") in NOTICES else verdict


def _pair(result: Screening, row: Mapping[str, object]) -> Values:
    return {
        "name": result.names.text("project", row["id"]),
        "source": result.names.text("archive", row["archive_id"]),
        "chance": chance_text(float(row["probability"])),  # type: ignore[arg-type] # a share
    }


def verdict_text(row: Mapping[str, object]) -> Text:
    """Return the verdict on a project with its probability and interval, and why nothing can be told.

    Examples
    --------
    >>> verdict_text({"verdict": "new", "probability": 0.02, "lower": 0.01, "upper": 0.04, "reason": None}).zh
    '未在本档案中发现：为旧项目新包装的概率2%（95%区间1–4%）'
    """
    if row["probability"] is None:  # a number there would be a guess
        verdict_and_reason = {
            "verdict": value_words("verdict")[str(row["verdict"])],
            "reason": value_words("reason")[str(row["reason"])],
        }
        return words.screen.chart_unknown(**verdict_and_reason)
    notices = row.get("basis") in NOTICES
    finding = words.screen.chart_finding_notices if notices else words.screen.chart_finding
    finding_text = finding(
        verdict=value_words("verdict")[shown_verdict(row)],
        chance=chance_text(float(row["probability"])),  # type: ignore[arg-type] # shares
        span=interval_text(float(row["lower"]), float(row["upper"])),  # type: ignore[arg-type] # shares
    )
    if row["verdict"] == "follow-on":
        later = chance_text(float(row["probability_follow_on"]))  # type: ignore[arg-type] # a share
        finding_text = (
            words.screen.chart_as_next(finding=finding_text, chance=later)
            if notices
            else words.screen.chart_as_later(finding=finding_text, chance=later)
        )
    if not row["reason"]:
        return finding_text
    return words.screen.chart_because(finding=finding_text, reason=value_words("reason")[str(row["reason"])])


def comparison_lines(pair: Comparison) -> list[Text]:
    """Return the ledger of one pair as lines: weight, field, agreement, what both say; then what changed."""
    if pair.archive_id is None:
        verdict = value_words("verdict")[pair.verdict["verdict"]]
        return [words.screen.explain_alone(id=pair.id, verdict=verdict)]
    rank = int(pair.ledger["rank"][0])
    pair_names = {"id": pair.id, "archive": pair.archive_id}
    if rank == 1:
        lines = [words.screen.explain_closest(**pair_names, verdict=verdict_text(pair.verdict))]
    else:
        total = float(pair.ledger["weight"].sum())
        lines = [words.screen.explain_candidate(**pair_names, rank=rank, total=number(total, 1, sign=True))]
    fields, levels = value_words("field", "ledger"), value_words("agreement", "ledger")
    for row in pair.ledger.filter(pl.col("level") >= 0).iter_rows(named=True):
        key = "entry" if row["project"] or row["archive"] else "bare"
        lines.append(
            words.screen.explain_of(
                key,
                weight=row["weight"],
                field=fields[row["field"]],
                level=levels[row["agreement"]],
                **{side: row[side] or words.screen.explain_unsaid() for side in ("project", "archive")},
            )
        )
    findings, changes = pair.sentences()
    key = "changed" if pair.verdict["verdict"] == "repackaged" and rank == 1 else "apart"
    return [*lines, *findings, *(words.screen.explain_of(key, what=text) for text in changes)]


def with_truth(screening: Screening, truth: pl.DataFrame) -> Screening:
    """Return a screening that knows what some of its projects are: `plot` then draws its calibration.

    Parameters
    ----------
    screening
        A screening.
    truth
        ``id`` and ``label`` (``repackaged, follow-on, new``) of projects that somebody has looked at or made up; where
        known ``archive_id``, the source of a repackaged one.

    Raises
    ------
    InputError
        When a column is missing, a label unknown, a project labelled twice, or none of the projects is labelled.

    Examples
    --------
    >>> from xinzhi.risks import screen
    >>> old = pl.DataFrame({"id": ["a1"], "text": ["肥西县水厂，总投资1.83亿元"]})
    >>> new = pl.DataFrame({"id": ["p1"], "text": ["长丰县学校，总投资2.4亿元"]})
    >>> with_truth(screen(new, old), pl.DataFrame({"id": ["p1"], "label": ["new"]})).truth.rows()
    [('p1', 'new')]
    """
    if missing := [name for name in ("id", "label") if name not in truth.columns]:
        raise InputError("projects.label-columns", missing=missing, known=truth.columns)
    labelled = truth.with_columns(pl.col("id").cast(pl.String)).join(screening.frame.select("id"), on="id", how="semi")
    strange = labelled.filter(~pl.col("label").is_in(LABELS) | pl.col("label").is_null())["label"].unique().to_list()
    twice = labelled.filter(pl.col("id").is_duplicated())["id"].unique(maintain_order=True).to_list()
    if strange:
        raise InputError("projects.unknown-label", labels=strange, known=LABELS)
    if twice:
        raise InputError("projects.labelled-twice", ids=twice)
    if not labelled.height:
        raise InputError("projects.none-labelled")
    return replace(screening, truth=labelled)


def calibration_table(table: pl.DataFrame, bins: int = convention("bins")) -> pl.DataFrame:
    """Return how often projects were repackaged, by the probability that was said.

    Parameters
    ----------
    table
        What `judged` returns, or any table of ``label`` and ``probability``.
    bins
        How many bins of equal width.

    Returns
    -------
    polars.DataFrame
        ``up_to, said, was, projects``: upper bound of the bin, mean probability, share that was repackaged, how many;
        ``lower, upper``: the 95 % interval of that share (Wilson 1927).

    Examples
    --------
    >>> seen = pl.DataFrame({"label": ["new"] * 9 + ["repackaged"], "probability": [0.1] * 10})
    >>> calibration_table(seen).select("said", "was", "projects", pl.col("lower", "upper").round(3)).row(0)
    (0.1, 0.1, 10, 0.018, 0.404)
    """
    tenth = (pl.col("probability") * bins).floor().clip(0, bins - 1)
    frame = (
        table.drop_nulls("probability")
        .group_by(tenth.alias("up_to"))
        .agg(
            pl.col("probability").mean().alias("said"),
            (pl.col("label") == "repackaged").mean().alias("was"),
            pl.len().cast(pl.Int64).alias("projects"),
        )
        .sort("up_to")
        .with_columns((pl.col("up_to") + 1) / bins)
    )
    share, square = pl.col("was"), float(convention("interval")) ** 2 / pl.col("projects")
    middle = (share + square / 2) / (1 + square)
    half = (square * share * (1 - share) + square**2 / 4).sqrt() / (1 + square)
    return frame.with_columns((middle - half).clip(0, 1).alias("lower"), (middle + half).clip(0, 1).alias("upper"))
