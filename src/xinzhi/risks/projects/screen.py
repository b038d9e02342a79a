"""The verb `screen`: are projects new, or archived ones in new words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import numpy as np
import polars as pl

from xinzhi.core.arrays import AnyFrame, FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.files import whole_folder
from xinzhi.core.finding import Finding
from xinzhi.core.result import Provenance
from xinzhi.data.catalogue import limit
from xinzhi.risks.projects.conventions import convention
from xinzhi.risks.projects.disk import About, Shelf, close_archive, foreign, is_archive, open_archive, write_archive
from xinzhi.risks.projects.forest import shipped_forests
from xinzhi.risks.projects.index import PART, Index, build
from xinzhi.risks.projects.learning import adapt_weights
from xinzhi.risks.projects.ledger import Side, best_pairs, candidate_frame, ledger_frames, verdict_frame, with_evidence
from xinzhi.risks.projects.places import places
from xinzhi.risks.projects.quantities import narrow, plain
from xinzhi.risks.projects.reading import library, rename_columns, unknown_place
from xinzhi.risks.projects.records import Records, read
from xinzhi.risks.projects.scoring import judge, pairs, score
from xinzhi.risks.projects.screening import Screening, project_names
from xinzhi.risks.projects.weights import Weights, shipped_weights

_BATCH = 1000


def screen(
    projects: AnyFrame,
    archive: AnyFrame,
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
        Weights of your own (`xinzhi.risks.projects.learning.learn_weights`); by default those that ship.

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
    >>> old = "肥西县上派镇污水处理厂，鑫辉水务公司，投资1.83亿元，占地62.5亩，管网12.7公里，日处理污水4.5万吨"
    >>> new = "肥西县上派镇智慧水务中心：鑫辉水务公司，投资18300万元，用地62.5亩，管网12.7公里，日处理污水4.5万吨"
    >>> found = screen(pl.DataFrame({"id": ["p1"], "text": [new]}), pl.DataFrame({"id": ["a1"], "text": [old]}))
    >>> found.frame.select("id", "archive_id", "verdict").row(0)
    ('p1', 'a1', 'repackaged')
    """
    from xinzhi import __version__

    indexed = archive if isinstance(archive, Archive) else index_archive(archive, encoding=encoding, weights=weights)
    shares = _shares(indexed.weights, prior)
    new_projects = library(projects, "projects", encoding=encoding)
    parts = []
    for at in range(0, new_projects.frame.height, _BATCH):
        parts.append(_batch(indexed, new_projects.frame.slice(at, _BATCH), shares))
        indexed.release()
    verdicts, candidates, ledger, changed, archived_rows = (pl.concat(part) for part in zip(*parts, strict=True))
    texts = _texts(new_projects.frame), _texts(archived_rows.unique("row").sort("row"))
    return Screening(
        frame=verdicts,
        candidates=candidates,
        ledger=ledger,
        changes=changed,
        projects=texts[0],
        archive=texts[1],
        names=project_names(*texts),
        findings=(*new_projects.findings, *_nowhere(new_projects.frame), *indexed.findings),
        archive_size=indexed.frame.height,
        index_origin=None if indexed.about is None else {"source": indexed.about.source, "day": indexed.about.indexed},
        prior=prior,
        weights_synthetic=bool(indexed.weights.origin.get("synthetic", False)),
        kind=new_projects.kind,
        provenance=Provenance(
            verb="screen",
            version=__version__,
            inputs={"projects": new_projects.fingerprint, "archive": indexed.fingerprint},
            options={"prior": prior, "weights": str(indexed.weights.origin.get("generator", "own"))},
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """An archive that is read and indexed: it can be asked again and again."""

    frame: pl.DataFrame | Shelf
    index: Index
    weights: Weights  # adapted to the coincidences of the archive
    fingerprint: str  # sha256 of its table
    findings: tuple[Finding, ...]
    about: About | None = None  # of an index on disk

    def release(self) -> None:
        """Give back the memory of what was read of an archive on disk."""
        if isinstance(self.frame, Shelf):
            self.frame.release()
            self.index.release()


def index_archive(
    archive: AnyFrame,
    *,
    encoding: str | None = None,
    weights: Weights | None = None,
    folder: str | Path | None = None,
    source: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Archive:
    """Read and index an archive that is to be asked more than once.

    Parameters
    ----------
    archive, encoding, weights
        As in `screen`, which takes the result in place of the table. Also a folder in which an index was kept.
    folder
        Where to keep the index on disk, so that it need not fit memory and is there the next time. A polars LazyFrame
        is then read a part at a time.
    source
        What the table is called in the index on disk; by default by the name of its file.
    progress
        Called with the records read and their number, when the index is kept on disk.

    Raises
    ------
    InputError
        As `screen` does; when identifiers of a table that is read in parts repeat; when an index on disk is damaged,
        or was made by another version of xinzhi, of its lists or of polars.
    UsageError
        When the folder holds anything but an index, or the table.

    Examples
    --------
    >>> old = index_archive(pl.DataFrame({"id": ["a1"], "text": ["肥西县水厂，总投资1.83亿元"]}))
    >>> screen(pl.DataFrame({"id": ["p1"], "text": ["长丰县学校，总投资2.4亿元"]}), old).frame["verdict"].to_list()
    ['new']
    """
    if is_archive(archive):
        frame, index, about, learned = open_archive(Path(archive))
        adapted_weights = _with_saved_learning(weights or shipped_weights(), learned)
        return Archive(
            frame=frame,
            index=index,
            weights=adapted_weights,
            fingerprint=about.fingerprint,
            findings=about.findings,
            about=about,
        )
    if folder is None:
        theirs = library(archive, "archive", encoding=encoding)
        index = build(read(theirs.frame["text"], _regions(theirs.frame)))
        adapted_weights = adapt_weights(weights or shipped_weights(), index, shipped_forests())
        return Archive(
            frame=theirs.frame,
            index=index,
            weights=adapted_weights,
            fingerprint=theirs.fingerprint,
            findings=theirs.findings,
        )
    place, source_path = Path(folder), Path(archive) if isinstance(archive, str | Path) else None

    def check() -> None:
        strange = foreign(place)
        if source_path is not None and source_path.exists() and source_path.resolve().is_relative_to(place.resolve()):
            strange.append(source_path.name)
        if strange:
            raise UsageError("projects.folder-in-use", folder=place, what=strange)

    check()
    archive_parts = _Parts(archive, encoding, progress)
    with whole_folder(place, check) as stage:
        index = write_archive(archive_parts, archive_parts.count, stage)
        if pl.concat(archive_parts.names).n_unique() < archive_parts.count:
            raise InputError("projects.repeated-in-parts")
        adapted_weights = adapt_weights(weights or shipped_weights(), index, shipped_forests())
        about = About(
            fingerprint=archive_parts.fingerprint,
            source=source or (source_path.name if source_path else None),
            indexed=datetime.now().astimezone().date().isoformat(),
            findings=tuple(archive_parts.findings),
        )
        close_archive(
            stage,
            about,
            share=adapted_weights.agreement.share,
            level=adapted_weights.agreement.level,
            closest=adapted_weights.closest_share,
            counted=np.array(adapted_weights.counted),
        )
        del index  # where files that are open cannot be moved
    return index_archive(place, weights=weights)


class _Parts:
    """The tables and records of an archive, some rows at a time."""

    def __init__(self, archive: AnyFrame, encoding: str | None, progress: Callable[[int, int], None] | None) -> None:
        lazy = isinstance(archive, pl.LazyFrame)
        self.whole = None if lazy else library(archive, "archive", encoding=encoding)
        self.lazy = archive if self.whole is None else self.whole.frame.lazy()
        self.count = int(self.lazy.select(pl.len()).collect().item())
        self.findings: list[Finding] = list(self.whole.findings) if self.whole else []
        self.fingerprint = self.whole.fingerprint if self.whole else ""
        self.names: list[pl.Series] = []
        self.progress = progress
        self.notes_of_kind: Counter[tuple[str, str | None]] = Counter()

    def __iter__(self) -> Iterator[tuple[pl.DataFrame, Records]]:
        for at in range(0, max(self.count, 1), PART):
            frame = self.lazy.slice(at, PART).collect()
            if self.whole is None:
                frame = self._read(frame, at)
            self.names.append(frame["id"])
            yield frame, read(frame["text"], _regions(frame))
            if self.progress is not None:
                self.progress(min(at + PART, self.count), self.count)

    def _read(self, frame: pl.DataFrame, at: int) -> pl.DataFrame:
        """Return a part as `library` reads it; notes on columns are kept once, others up to the limit of their kind."""
        unnumbered = [note for note in rename_columns(frame.head(0), "archive")[1] if note.rule == "rows-numbered"]
        if unnumbered:
            digits, rows = len(str(self.count)), range(at + 1, at + frame.height + 1)
            frame = frame.insert_column(0, pl.Series("id", [f"{row:0{digits}}" for row in rows], dtype=pl.String))
        part = library(frame, "archive")
        self.fingerprint = sha256(f"{self.fingerprint}{part.fingerprint}".encode()).hexdigest()
        for problem in (*unnumbered, *part.findings):
            kind = (problem.rule, problem.column)
            self.notes_of_kind[kind] += 1
            if self.notes_of_kind[kind] <= (1 if problem.line is None else limit("findings_per_rule")):
                self.findings.append(problem if problem.line is None else replace(problem, line=problem.line + at))
        return part.frame


def _with_saved_learning(weights: Weights, saved: Mapping[str, FloatArray]) -> Weights:
    """Return weights with what they had learned from an archive before it was written."""
    agreement = replace(weights.agreement, share=saved["share"], level=saved["level"])
    counted = (float(saved["counted"][0]), float(saved["counted"][1]))
    return replace(weights, agreement=agreement, closest_share=saved["closest"], counted=counted)


def _batch(indexed: Archive, frame: pl.DataFrame, shares: FloatArray | None) -> tuple[pl.DataFrame, ...]:
    """Return verdicts, candidates, ledger, changes and the archived rows shown of some projects."""
    new = Side(frame=frame, records=read(frame["text"], _regions(frame)), rows=np.arange(frame.height))
    compared = pairs(indexed.index, new.records)
    scores = score(indexed.weights.agreement, compared, new.records)
    show = best_pairs(compared, scores)
    rows = np.unique(compared.record[show.at])
    old = Side(frame=indexed.frame[rows], records=indexed.index.records, rows=rows)
    verdicts = verdict_frame(judge(indexed.weights, compared, scores, shares), new, compared.reached)
    candidates = candidate_frame(compared, scores, show, new, old)
    repackaged = (verdicts["verdict"] == "repackaged").to_numpy()
    ledger, changed = ledger_frames(indexed.weights, compared, show, new, old, repackaged)
    archived_rows = old.frame.with_columns(pl.Series("row", rows))
    return with_evidence(verdicts, candidates, ledger, changed), candidates, ledger, changed, archived_rows


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
    """Return ``id, title, text``, digits and spaces in one form, Chinese characters as they stand."""
    title = narrow(frame["title"].cast(pl.String)) if "title" in frame.columns else pl.Series([""] * frame.height)
    return frame.select("id", title.fill_null("").alias("title"), narrow(frame["text"]).alias("text"))


def _nowhere(frame: pl.DataFrame) -> Iterator[Finding]:
    """Yield the projects whose text names a place that GB/T 2260 has not, and none that it has."""
    words = "|".join(convention("unknown_place_words"))
    text = plain(frame["text"])
    place_named = text.str.extract(
        rf"(?:{words})([^,。;:、 ]{{2,12}}?(?:省|市|县|区|旗|州|盟|County|City|District|Province))"
    )
    unknown = places(text, _regions(frame))[:, 0] == 0
    for row in np.flatnonzero(unknown & place_named.is_not_null().to_numpy()).tolist():
        yield unknown_place("projects", frame["id"][row], place_named[row])
