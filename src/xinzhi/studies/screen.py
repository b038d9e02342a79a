"""Screening: are projects new, or archived ones over again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from xinzhi import risks as verbs
from xinzhi.core.arrays import AnyFrame
from xinzhi.core.errors import InputError, UsageError, translate_native_errors
from xinzhi.core.text import Text, paragraph, same, words
from xinzhi.data import Package, nearest, read_file
from xinzhi.risks import Archive
from xinzhi.studies.study import SILENT, Asked, Draft, Progress, Study, options, title
from xinzhi.studies.tables import is_plain, load, read_plain, require_file

PUBLIC_ARCHIVE = "china-provinces"  # whose archive holds public lists
TEXTS = (".csv", ".tsv", ".txt")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenOptions:
    """What can be asked of `screen`; tables are frames or paths."""

    archive: Any = None
    keep: str | Path | None = None
    prior: float | None = None
    id: str | None = None
    labels: Any = None
    encoding: str | None = None

    def __post_init__(self) -> None:
        """Refuse a share that is none, before an archive is read that may be large."""
        if self.prior is not None and not 0 < self.prior < 1:
            raise UsageError("studies.prior", prior=self.prior)
        if self.keep is not None and self.archive is None:
            raise UsageError("studies.keep-what")


def screen(source: AnyFrame, *, progress: Progress = SILENT, **asked: Asked) -> Study:
    """Study which projects of a table repeat archived ones.

    The source is a package with the tables `projects` and `archive`, or a table of projects, which alone is held
    against the public lists of `china-provinces`. The options are the fields of `ScreenOptions`.

    Examples
    --------
    >>> import xinzhi
    >>> tables = xinzhi.risks.example()
    >>> xinzhi.studies.screen(tables["projects"], archive=tables["archive"]).results["screening"].frame.height
    19
    """
    wish: ScreenOptions = options(ScreenOptions, asked)
    if source is None:
        raise UsageError("studies.name-projects")
    if verbs.is_archive(source):
        raise UsageError("studies.index-as-projects", folder=source)
    projects, line = _read(source, wish.encoding)
    package, public = projects if isinstance(projects, Package) else None, None
    if package is not None and "projects" not in package.tables:
        raise InputError("studies.no-projects", name=package.name, archive="archive" in package.tables)
    if wish.archive is None:
        archive: Any = package
        if package is None:
            archive = load(PUBLIC_ARCHIVE)
            table = archive.tables["archive"]
            public = {
                "package": archive.name,
                "n": table.height,
                "first": table["year"].min(),
                "last": table["year"].max(),
                "regions": table["region"].drop_nulls().n_unique(),
            }
            line = words("studies.label.against", projects=line, archive=words("studies.label.public-lists"))
        index = _indexed(archive, wish, progress)
    else:
        index, other = archive_of(wish, progress)
        line = words("studies.label.against", projects=line, archive=other)
    try:
        progress.step("projects")
        found = verbs.screen(projects, index, encoding=wish.encoding, prior=wish.prior)
    except InputError as error:
        raise _explained(error, projects, wish.encoding) from None
    made = replace(found.provenance, package=None if package is None else package.name)
    found = replace(found, provenance=made, public=public)
    if wish.labels is not None:
        require_file(wish.labels)
        if not is_plain(wish.labels):
            raise InputError("studies.no-labels", path=wish.labels)
        truth = read_plain(wish.labels, wish.encoding, text=("id", "label", "archive_id"))
        found = verbs.with_truth(found, truth.frame)
    draft = Draft(name="screen", source=line, results={"screening": found})
    more: dict[str, Any] = {"candidates": found.candidates, "findings": list(found.findings)}
    if wish.id is not None:
        first, ranks = found.explain(wish.id), found.candidates.filter(id=wish.id)["rank"]
        more["explanation"] = [first, *(found.explain(wish.id, rank) for rank in ranks if rank > 1)]
        more |= {part: getattr(found, part).filter(id=wish.id) for part in ("ledger", "changes")}
    return draft.done(region=wish.id, **more)


def archive_of(wish: ScreenOptions, progress: Progress = SILENT) -> tuple[Archive, Text]:
    """Return the archive of a call, indexed, and what it is called; it is kept on disk where a folder was named."""
    if verbs.is_archive(wish.archive):
        if wish.keep is not None:
            raise UsageError("studies.keep-what")
        return _indexed(str(wish.archive), wish, progress), same(Path(wish.archive).name)
    place = Path(wish.archive) if isinstance(wish.archive, (str, Path)) else None
    if place is not None and place.is_dir() and not [*place.glob("*.parquet"), *place.glob("datapackage.*")]:
        raise InputError("studies.no-kept-index", folder=place)
    archive, line = _read(wish.archive, wish.encoding, parts=wish.keep is not None)
    return _indexed(archive, wish, progress), line


def _indexed(archive: AnyFrame, wish: ScreenOptions, progress: Progress) -> Archive:
    progress.step("archive")
    source = Path(wish.archive).name if isinstance(wish.archive, (str, Path)) else None
    more: dict[str, Any] = {"folder": wish.keep, "source": source, "progress": progress.count}
    try:
        return verbs.index_archive(archive, encoding=wish.encoding, **more)
    except InputError as error:
        raise _explained(error, archive, wish.encoding) from None


def _read(place: AnyFrame, encoding: str | None, *, parts: bool = False) -> tuple[AnyFrame, Text]:
    """Return a delimited file as its path, so that lines can be named; other tables as frames; else a package."""
    # With `parts` a parquet file is left on disk, to be read some rows at a time.
    if parts and isinstance(place, (str, Path)) and Path(place).suffix.lower() == ".parquet":
        require_file(place)
        with translate_native_errors("data.bad-columnar", pl.exceptions.PolarsError, OSError, path=Path(place)):
            lazy = pl.scan_parquet(place, glob=False, hive_partitioning=False)
            if not lazy.collect_schema() or not lazy.select(pl.len()).collect().item():
                raise InputError("studies.no-rows", table=Path(place).name)
        return lazy, same(Path(place).name)
    if isinstance(place, (str, Path)) and Path(place).suffix.lower() in TEXTS:
        require_file(place)
        return Path(place), same(Path(place).name)
    if is_plain(place):
        table = read_plain(place, encoding, text=("id", "region", "year"))
        return (table.frame if isinstance(place, (str, Path)) else place), table.source
    package = load(place, encoding)
    return package, title(package)


def _explained(error: InputError, source: AnyFrame, encoding: str | None) -> InputError:
    """Return an error in the words of a plain table: what to mend, or its columns when none tells of projects."""
    columns = _columns(source, encoding)
    if columns is None:
        return error
    name = source.name if isinstance(source, Path) else "table"
    if error.findings:
        return InputError("studies.mend-projects", error.findings, table=name)
    read, _ = verbs.rename_columns(pl.DataFrame(schema=dict.fromkeys(columns, pl.String)), "projects")
    if {"title", "text"} & set(read.columns) or verbs.sentences(list(read.columns)):
        return error
    like = {one: nearest(one, columns) for one in ("title", "text")}
    guesses = [words("studies.label.looks-like", column=found, name=one) for one, found in like.items() if found]
    return InputError("studies.no-text", table=name, known=list(columns), guesses=paragraph([same(""), *guesses]))


def _columns(source: AnyFrame, encoding: str | None) -> Sequence[str] | None:
    """Return the columns of a plain table; None of a package, and of a file that cannot be read."""
    if isinstance(source, (Package, str)):
        return None
    if isinstance(source, pl.LazyFrame):
        return source.collect_schema().names()
    if not isinstance(source, Path):
        return list(getattr(source, "columns", ())) or None
    try:
        return list(read_file(source, source.stem, encoding=encoding).cells.columns) or None
    except InputError:
        return None
