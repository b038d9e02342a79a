"""The result of a screening: verdicts, the ledger behind them, and what changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from xinzhi.core.errors import UsageError
from xinzhi.core.result import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from xinzhi.core.finding import Finding
    from xinzhi.core.text import Language


@dataclass(frozen=True, repr=False, kw_only=True)
class Comparison:
    """A project beside one archived record.

    Parameters
    ----------
    id, archive_id
        The project and the record; None when no record shares two keys with the project.
    project_text, archive_text
        Both texts in one form of every character, so that what the ledger quotes can be found and marked in them.
    verdict
        The row of the project in `Screening.frame`.
    ledger, changes
        The rows of this pair in `Screening.ledger` and `Screening.changes`.
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
        from xinzhi.risks.screening.sentences import tell

        return tell(self, language)

    def marks(self) -> list[tuple[str, tuple[int, int], tuple[int, int]]]:
        """Return where agreeing words stand: field, span in the project's text, span in the archived text.

        The weightiest field comes first. What a text does not spell out (a place that stands in a column) has no span.
        """
        from xinzhi.risks.screening.marking import marks

        return marks(self)

    def passages(self) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Return the spans of the project's and of the archived text that stand word for word in the other."""
        from xinzhi.risks.screening.marking import passages

        return passages(self.project_text, self.archive_text)

    def __repr__(self) -> str:
        return self.text()


@dataclass(frozen=True, repr=False, kw_only=True)
class Screening(Result):
    """New projects held against an archive of old ones.

    Parameters
    ----------
    frame
        One row a project: ``id, archive_id`` (the archived project that comes closest), ``verdict`` (``repackaged,
        follow-on, new, cannot tell``), ``probability, lower, upper`` (of being repackaged, with its 95 % interval),
        ``probability_follow_on, probability_new, reason`` (why nothing can be told: ``undecided, unreadable, empty``),
        ``readable`` (how many of place, owner and numbers the text gives), ``basis`` (``facts``, or ``wording`` where
        fewer than two facts could be compared), ``reached`` (records that share two keys),
        ``evidence, evidence_zh`` (what agrees, and what changed).
    candidates
        ``id, rank, archive_id, odds_repackaged, odds_follow_on, text_similarity, shared_keys``: the archived projects
        that come closest, with the natural log-odds of each against being unrelated.
    ledger
        ``id, archive_id, rank, field, level, agreement, weight, project, archive``: for every candidate, field by
        field, how far it agrees (level -1: one of the two does not say), what that weighs (natural log-odds of
        repackaged against the likeliest innocent explanation) and what the two texts say.
    changes
        ``id, archive_id, what, zh, en``: what changed between the archived text and the closest project.
    projects, archive
        ``id, title, text``: the texts as compared; of the archive those that are candidates.
    findings
        What is odd about the data: empty texts, repeated identifiers, unknown places.
    archive_size, weights_synthetic
        How many records were screened against; whether the weights come from synthetic projects.
    truth
        ``id, label`` of projects whose truth is known (`xinzhi.risks.screening.measuring.with_truth`): ``repackaged,
        follow-on, new``; and where known ``archive_id``, the source, and ``level`` of disguise.
    """

    key: ClassVar[tuple[str, ...]] = ("id",)

    candidates: pl.DataFrame
    ledger: pl.DataFrame
    changes: pl.DataFrame
    projects: pl.DataFrame
    archive: pl.DataFrame
    findings: tuple[Finding, ...]
    archive_size: int
    weights_synthetic: bool
    truth: pl.DataFrame | None = None

    def explain(self, id: str, rank: int = 1) -> Comparison:  # noqa: A002 - the column is called id
        """Return a project beside one of its candidates.

        Parameters
        ----------
        id
            The project.
        rank
            Which candidate, from 1.

        Raises
        ------
        UsageError
            When there is no such project or candidate.
        """
        import polars as pl

        rows = self.frame.filter(pl.col("id") == id)
        if rows.is_empty():
            message = f"there is no project '{id}'; the first are {', '.join(self.frame['id'].head(5).to_list())}."
            raise UsageError(message)
        found = self.candidates.filter((pl.col("id") == id) & (pl.col("rank") == rank))
        if found.is_empty() and rank > 1:
            known = self.candidates.filter(pl.col("id") == id).height
            message = f"'{id}' has {known} candidates in the ledger, none of rank {rank}."
            raise UsageError(message)
        other = found["archive_id"][0] if found.height else None
        pair = (pl.col("id") == id) & (pl.col("archive_id") == pl.lit(other, dtype=pl.String))
        return Comparison(
            id=id,
            archive_id=other,
            project_text=self.projects.filter(pl.col("id") == id)["text"][0],
            archive_text=self.archive.filter(pl.col("id") == other)["text"][0] if other is not None else "",
            verdict=rows.row(0, named=True),
            ledger=self.ledger.filter(pair),
            changes=self.changes.filter(pair),
        )

    def summary(self, language: Language = "en") -> str:
        """Return the finding in a few lines."""
        from xinzhi.risks.screening.sentences import summarise

        return summarise(self, language)
