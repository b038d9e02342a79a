"""Screening: are projects new, or archived ones over again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from xinzhi import data, words
from xinzhi import risks as verbs
from xinzhi.core.errors import InputError, UsageError, translate_native_errors
from xinzhi.core.lazy import pl
from xinzhi.core.text import paragraph, same
from xinzhi.data import internal as data_internal
from xinzhi.risks import internal as risks_internal
from xinzhi.studies.draft import SILENT, Draft, title
from xinzhi.studies.registry import on_server, topic
from xinzhi.studies.tables import is_plain, load, read_plain, require_file

if TYPE_CHECKING:
    from xinzhi.core.arrays import AnyFrame
    from xinzhi.core.text import Text
    from xinzhi.risks.internal import Archive
    from xinzhi.studies.draft import Progress, Study

PUBLIC_ARCHIVE = "china-provinces"  # whose archive holds public lists
TEXTS = (".csv", ".tsv", ".txt")


@on_server("id", "prior")
@topic
def screen(
    source: AnyFrame,
    *,
    archive: AnyFrame = None,
    keep: str | Path | None = None,
    prior: float | None = None,
    id: str | None = None,  # noqa: A002 - the name of the option
    labels: AnyFrame = None,
    encoding: str | None = None,
    progress: Progress = SILENT,
) -> Study:
    """Study which projects of a table repeat archived ones.

    The source is a package with the tables `projects` and `archive`, or a table of projects, which alone is held
    against the public lists of `china-provinces`. `keep` is a folder for the indexed archive, `prior` the share of
    repeats, `id` the project to explain, `labels` a table of verdicts to test by.

    Examples
    --------
    >>> import xinzhi
    >>> tables = xinzhi.risks.example()
    >>> xinzhi.studies.screen(tables["projects"], archive=tables["archive"]).results["screening"].frame.height
    19
    """
    _check(source, archive, keep, prior)
    projects, line = _read(source, encoding)
    package, public = projects if isinstance(projects, data.Package) else None, None
    if package is not None and "projects" not in package.tables:
        raise InputError("studies.no-projects", name=package.name, archive="archive" in package.tables)
    if archive is not None:
        index, archive_line = archive_of(archive, keep=keep, encoding=encoding, progress=progress)
        line = words.studies.label_against(projects=line, archive=archive_line)
    elif package is not None:
        index = _indexed(package, None, keep, encoding, progress)
    else:
        lists = load(PUBLIC_ARCHIVE)
        public = _public(lists)
        line = words.studies.label_against(projects=line, archive=words.studies.label_public_lists())
        index = _indexed(lists, None, keep, encoding, progress)
    try:
        progress.step("projects")
        result = verbs.screen(projects, index, encoding=encoding, prior=prior)
    except InputError as error:
        raise _explained(error, projects, encoding) from None
    provenance = replace(result.provenance, package=None if package is None else package.name)
    result = replace(result, provenance=provenance, public=public)
    if labels is not None:
        result = verbs.with_truth(result, _truth(labels, encoding))
    draft = Draft(name="screen", source=line, results={"screening": result})
    more: dict[str, object] = {"candidates": result.candidates, "findings": list(result.findings)}
    if id is not None:
        first, ranks = result.explain(id), result.candidates.filter(id=id)["rank"]
        more["explanation"] = [first, *(result.explain(id, rank) for rank in ranks if rank > 1)]
        more |= {part: getattr(result, part).filter(id=id) for part in ("ledger", "changes")}
    return draft.done(id, **more)


def _check(source: AnyFrame, archive: AnyFrame, keep: str | Path | None, prior: float | None) -> None:
    """Refuse what does not go together, before an archive is read that may be large."""
    if prior is not None and not 0 < prior < 1:
        raise UsageError("studies.prior", prior=prior)
    if keep is not None and archive is None:
        raise UsageError("studies.keep-what")
    if source is None:
        raise UsageError("studies.name-projects")
    if risks_internal.is_archive(source):
        raise UsageError("studies.index-as-projects", folder=source)


def _truth(labels: AnyFrame, encoding: str | None) -> pl.DataFrame:
    """Return a table of verdicts by hand."""
    require_file(labels)
    if not is_plain(labels):
        raise InputError("studies.no-labels", path=labels)
    return read_plain(labels, encoding, text=("id", "label", "archive_id")).frame


def _public(package: data.Package) -> dict[str, object]:
    """Return what the public lists of a package cover."""
    table = package.tables["archive"]
    return {
        "package": package.name,
        "n": table.height,
        "first": table["year"].min(),
        "last": table["year"].max(),
        "regions": table["region"].drop_nulls().n_unique(),
    }


def archive_of(
    archive: AnyFrame, *, keep: str | Path | None = None, encoding: str | None = None, progress: Progress = SILENT
) -> tuple[Archive, Text]:
    """Return an archive, indexed, and what it is called; it is kept on disk where a folder is named."""
    if risks_internal.is_archive(archive):
        if keep is not None:
            raise UsageError("studies.keep-what")
        return _indexed(str(archive), archive, keep, encoding, progress), same(Path(archive).name)
    place = Path(archive) if isinstance(archive, (str, Path)) else None
    if place is not None and place.is_dir() and not [*place.glob("*.parquet"), *place.glob("datapackage.*")]:
        raise InputError("studies.no-kept-index", folder=place)
    table, line = _read(archive, encoding, parts=keep is not None)
    return _indexed(table, archive, keep, encoding, progress), line


def _indexed(
    table: AnyFrame, archive: AnyFrame, keep: str | Path | None, encoding: str | None, progress: Progress
) -> Archive:
    """Return the index of a table; `archive` is where it was read from."""
    progress.step("archive")
    source = Path(archive).name if isinstance(archive, (str, Path)) else None
    try:
        return verbs.index_archive(table, encoding=encoding, folder=keep, source=source, progress=progress.count)
    except InputError as error:
        raise _explained(error, table, encoding) from None


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
    renamed, _ = risks_internal.rename_columns(pl.DataFrame(schema=dict.fromkeys(columns, pl.String)), "projects")
    if {"title", "text"} & set(renamed.columns) or risks_internal.sentences(list(renamed.columns)):
        return error
    like = {name: data_internal.nearest(name, columns) for name in ("title", "text")}
    guesses = [words.studies.label_looks_like(column=column, name=name) for name, column in like.items() if column]
    return InputError("studies.no-text", table=name, known=list(columns), guesses=paragraph([same(""), *guesses]))


def _columns(source: AnyFrame, encoding: str | None) -> Sequence[str] | None:
    """Return the columns of a plain table; None of a package, and of a file that cannot be read."""
    if isinstance(source, (data.Package, str)):
        return None
    if isinstance(source, pl.LazyFrame):
        return source.collect_schema().names()
    if not isinstance(source, Path):
        return list(getattr(source, "columns", ())) or None
    try:
        return list(data.read_file(source, source.stem, encoding=encoding).cells.columns) or None
    except InputError:
        return None
