"""The verb `screen`: are projects new, or archived ones in new words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import polars as pl

from xinzhi.core.errors import UsageError
from xinzhi.core.result import Provenance, Result
from xinzhi.risks.projects import quotations
from xinzhi.risks.projects.conventions import convention
from xinzhi.risks.projects.facts import comparison_lines, project_names, screening_facts
from xinzhi.risks.projects.index import build
from xinzhi.risks.projects.ledger import (
    Side,
    candidate_frame,
    ledger_frames,
    shown,
    verdict_frame,
    with_evidence,
)
from xinzhi.risks.projects.places import code_of, places
from xinzhi.risks.projects.quantities import plain
from xinzhi.risks.projects.reading import library, unknown_place
from xinzhi.risks.projects.records import read
from xinzhi.risks.projects.scoring import judge, pairs, score
from xinzhi.risks.projects.weights import adapted, shipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xinzhi.core.arrays import FloatArray
    from xinzhi.core.finding import Finding
    from xinzhi.core.result import Facts
    from xinzhi.core.text import Language
    from xinzhi.risks.projects.index import Index
    from xinzhi.risks.projects.weights import Weights


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
        return "\n  ".join(line.lang(language) for line in comparison_lines(self))

    def marks(self) -> list[tuple[str, tuple[int, int], tuple[int, int]]]:
        """Return where agreeing words stand: field, span in the project's text, span in the archived text.

        The weightiest field comes first. What a text does not spell out (a place that stands in a column) has no span.
        """
        return quotations.marks(self)

    def passages(self) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Return the spans of the project's and of the archived text that stand word for word in the other."""
        return quotations.passages(self.project_text, self.archive_text)

    def __repr__(self) -> str:
        return self.text()


@dataclass(frozen=True, repr=False, kw_only=True)
class Screening(Result):
    """New projects held against an archive of old ones.

    Parameters
    ----------
    frame
        One row a project: the archived project that comes closest, the ``verdict`` (``repackaged, follow-on, new,
        cannot tell``) and why nothing can be told, the probability of being repackaged with its 95 % interval, and the
        evidence.
    candidates
        The archived projects that come closest, with the natural log-odds of each against being unrelated.
    ledger
        For every candidate, field by field: how far it agrees (level -1: one of the two does not say), what that weighs
        (natural log-odds of repackaged against the likeliest innocent explanation) and what the two texts say.
    changes
        What changed between the archived text and the closest project.
    projects, archive
        ``id, title, text``: the texts as compared; of the archive those that are candidates.
    findings
        What is odd about the data: empty texts, repeated identifiers, unknown places.
    archive_size, weights_synthetic
        How many records were screened against; whether the weights come from synthetic projects.
    truth
        ``id, label`` of projects whose truth is known (`xinzhi.risks.with_truth`): ``repackaged,
        follow-on, new``; and where known ``archive_id``, the source, and ``level`` of disguise.
    """

    verb: ClassVar[str] = "screen"
    topic: ClassVar[str] = "screen"
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
        rows = self.frame.filter(pl.col("id") == id)
        if rows.is_empty():
            raise UsageError("projects.no-project", asked=id, known=self.frame["id"].head(5).to_list())
        found = self.candidates.filter((pl.col("id") == id) & (pl.col("rank") == rank))
        if found.is_empty() and rank > 1:
            raise UsageError("projects.no-rank", id=id, n=self.candidates.filter(pl.col("id") == id).height, rank=rank)
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

    def facts(self) -> Facts:
        """Return how many projects are what, the surest of them, and what the probabilities rest on."""
        return screening_facts(self)

    @property
    def certain(self) -> float:
        """Return the probability from which a verdict is given."""
        return float(convention("certain"))

    @property
    def telling(self) -> float:
        """Return the natural log-odds from which a weight is worth a word."""
        return float(convention("telling"))

    @property
    def labelled_share(self) -> float:
        """Return the share of repackaged projects among those on which the shipped probabilities were calibrated."""
        return float(shipped().calibration.shares[-1])

    def within(self, region: str) -> pl.DataFrame:
        """Return the verdicts on the projects whose texts name a place of a region, given by its code or a name.

        Raises
        ------
        UsageError
            When no project names one.
        """
        codes = places(self.projects["text"])
        code = int(code_of(pl.Series([region]))[0]) or int(places(pl.Series([region]))[0, 0])
        width = next((size for size in (10_000, 100, 1) if code % size == 0), 1)
        inside = ((codes // width * width == code) & (codes > 0)).any(axis=1) & (code > 0)
        if not inside.any():
            raise UsageError("projects.no-region", asked=region, known=self.frame["id"].head(5).to_list())
        return self.frame.filter(pl.Series(inside))


_BATCH = 1000


def screen(
    projects: Any,  # noqa: ANN401 - any kind of frame or place
    archive: Any,  # noqa: ANN401 - any kind of frame or place
    *,
    encoding: str | None = None,
    prior: float | None = None,
    weights: Weights | None = None,
) -> Screening:
    """Hold projects against an archive and keep a ledger of what agrees and what changed.

    Parameters
    ----------
    projects, archive
        Tables with ``id`` and ``title`` or ``text`` (or both), and where known ``region`` (code of GB/T 2260) and
        ``year``. The usual Chinese and English headings are taken for these, with a note; rows without identifiers are
        numbered. Columns for owner, approval number, place, sums and more are read too (``words.yaml``). A frame of any
        kind, the path of a CSV file, a workbook or a data package, or a loaded package; in place of the archive also
        what `index_archive` returns.
    encoding
        Of CSV files that are not UTF-8, such as ``gb18030``.
    prior
        Share of repackaged projects where these come from, between 0 and 1; by default that among the labelled projects
        on which the probabilities were calibrated.
    weights
        Weights of your own (`xinzhi.risks.projects.weights.learn_weights`); by default those that ship.

    Returns
    -------
    Screening
        A verdict, its probability and its ledger for every project.

    Raises
    ------
    InputError
        When a table cannot be read, or has no text.
    UsageError
        When `prior` is no share.

    Notes
    -----
    Records are looked up by pairs of agreeing keys and compared field by field; what each agreement weighs is learned
    (Fellegi and Sunter 1969), the probabilities are calibrated on projects kept apart. See the page on screening.

    Examples
    --------
    >>> old = "合肥市肥西县污水处理厂，总投资1.83亿元，占地62.5亩，日处理污水4.5万吨，2016年开工"
    >>> new = "肥西县智慧水务中心：投资18300万元，用地62.5亩，日处理4.5万吨，2024年启动"
    >>> found = screen(pl.DataFrame({"id": ["p1"], "text": [new]}), pl.DataFrame({"id": ["a1"], "text": [old]}))
    >>> found.frame.select("id", "archive_id", "verdict").row(0)
    ('p1', 'a1', 'repackaged')
    """
    from xinzhi import __version__

    known = archive if isinstance(archive, Archive) else index_archive(archive, encoding=encoding, weights=weights)
    shares = _shares(known.weights, prior)
    mine = library(projects, "projects", encoding=encoding)
    parts = [_batch(known, mine.frame.slice(at, _BATCH), shares) for at in range(0, mine.frame.height, _BATCH)]
    verdicts, candidates, ledger, changed = (pl.concat([part[at] for part in parts]) for at in range(4))
    seen = candidates["archive_id"].unique().to_list()
    texts = _texts(mine.frame), _texts(known.side.frame.filter(pl.col("id").is_in(seen)))
    return Screening(
        frame=verdicts,
        candidates=candidates,
        ledger=ledger,
        changes=changed,
        projects=texts[0],
        archive=texts[1],
        names=project_names(*texts),
        findings=(*mine.findings, *_nowhere(mine.frame), *known.findings),
        archive_size=known.side.frame.height,
        weights_synthetic=bool(known.weights.origin.get("synthetic", False)),
        kind=mine.kind,
        provenance=Provenance(
            verb="screen",
            version=__version__,
            inputs={"projects": mine.fingerprint, "archive": known.fingerprint},
            options={"prior": prior, "weights": str(known.weights.origin.get("generator", "own"))},
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """An archive that is read and indexed: it can be asked again and again.

    Parameters
    ----------
    side, index
        Its table, what was read of it, and its index.
    weights
        The weights, adapted to its coincidences.
    fingerprint, findings
        sha256 of its table, and what is odd about it.
    """

    side: Side
    index: Index
    weights: Weights
    fingerprint: str
    findings: tuple[Finding, ...]


def index_archive(
    archive: Any,  # noqa: ANN401 - any kind of frame or place
    *,
    encoding: str | None = None,
    weights: Weights | None = None,
) -> Archive:
    """Read and index an archive that is to be asked more than once.

    Parameters
    ----------
    archive, encoding, weights
        As in `screen`, which takes the result in place of the table.

    Raises
    ------
    InputError
        As `screen` does.

    Examples
    --------
    >>> old = index_archive(pl.DataFrame({"id": ["a1"], "text": ["肥西县水厂，总投资1.83亿元"]}))
    >>> screen(pl.DataFrame({"id": ["p1"], "text": ["长丰县学校，总投资2.4亿元"]}), old).frame["verdict"].to_list()
    ['new']
    """
    theirs = library(archive, "archive", encoding=encoding)
    index = build(read(theirs.frame["text"], _regions(theirs.frame)))
    return Archive(
        side=Side(frame=theirs.frame, records=index.records),
        index=index,
        weights=adapted(weights or shipped(), index),
        fingerprint=theirs.fingerprint,
        findings=theirs.findings,
    )


def _batch(known: Archive, frame: pl.DataFrame, shares: FloatArray | None) -> tuple[pl.DataFrame, ...]:
    """Return verdicts, candidates, ledger and changes of some projects."""
    new = Side(frame=frame, records=read(frame["text"], _regions(frame)))
    found = pairs(known.index, new.records)
    scores = score(known.weights.agreement, found, new.records)
    show = shown(found, scores)
    verdicts = verdict_frame(judge(known.weights, found, scores, shares), new, found.reached)
    candidates = candidate_frame(found, scores, show, new, known.side)
    ledger, changed = ledger_frames(known.weights, known.index, found, show, new, known.side)
    return with_evidence(verdicts, candidates, ledger, changed), candidates, ledger, changed


def _shares(weights: Weights, prior: float | None) -> FloatArray | None:
    """Return how common new, follow-on and repackaged projects are; None for as among the labelled ones."""
    if prior is None:
        return None
    if not 0 < prior < 1:
        raise UsageError("projects.prior", prior=prior)
    rest = weights.calibration.shares[:2]
    return np.append(rest / rest.sum() * (1 - prior), prior)


def _regions(frame: pl.DataFrame) -> pl.Series | None:
    return frame["region"] if "region" in frame.columns else None


def _texts(frame: pl.DataFrame) -> pl.DataFrame:
    """Return ``id, title, text`` in one form of every character."""
    title = plain(frame["title"].cast(pl.String)) if "title" in frame.columns else pl.Series([""] * frame.height)
    return frame.select("id", title.alias("title"), plain(frame["text"]).alias("text"))


def _nowhere(frame: pl.DataFrame) -> Iterator[Finding]:
    """Yield the projects whose text names a place that GB/T 2260 has not, and none that it has."""
    words = "|".join(convention("unknown_place_words"))
    text = plain(frame["text"])
    named = text.str.extract(
        rf"(?:{words})([^,。;:、 ]{{2,12}}?(?:省|市|县|区|旗|州|盟|County|City|District|Province))"
    )
    unknown = places(text, _regions(frame))[:, 0] == 0
    for row in np.flatnonzero(unknown & named.is_not_null().to_numpy()).tolist():
        yield unknown_place("projects", frame["id"][row], named[row])
