"""What `xinzhi screen` reads: tables of projects as files of every kind, packages, labels; and an example of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xinzhi.cli.plain import TEXTS, is_plain
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.text import Text

if TYPE_CHECKING:
    import polars as pl

    from xinzhi.data import Package
    from xinzhi.risks import Screening


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is held against what.

    Parameters
    ----------
    projects, archive
        A path, a frame, or a package.
    source
        Both in words.
    package
        The name of the package that the projects are from; None for plain tables.
    """

    projects: Any
    archive: Any
    source: Text
    package: str | None

    def sealed(self, found: Screening) -> Screening:
        """Return a result that knows its package."""
        return replace(found, provenance=replace(found.provenance, package=self.package))


def asked_for(projects: str | None, archive: str | None, encoding: str | None) -> Asked:
    """Return the tables of the call.

    Raises
    ------
    UsageError
        When one of the two is not said.
    InputError
        When a file is missing or cannot be read.
    """
    if projects is None:
        message = (
            "name the table of projects, as in xinzhi screen projects.csv --archive archive.csv; "
            "xinzhi screen --example DIR writes two such tables to begin with."
        )
        raise UsageError(message)
    mine = _source(projects, encoding)
    if archive is None:
        if not _is_package(mine):
            message = f"{projects} is a table of projects: say what to hold it against, --archive ARCHIVE."
            raise UsageError(message)
        theirs, source = mine, _named(mine, projects)
    else:
        theirs = _source(archive, encoding)
        one, other = _named(mine, projects), _named(theirs, archive)
        source = Text(zh=f"{one.zh}与{other.zh}比对", en=f"{one.en} against {other.en}")
    return Asked(projects=mine, archive=theirs, source=source, package=mine.name if _is_package(mine) else None)


def _is_package(source: object) -> bool:
    from xinzhi.data import Package

    return isinstance(source, Package)


def _named(source: Package | Any, place: str) -> Text:  # noqa: ANN401 - a path or a frame otherwise
    from xinzhi.report.page import package_line

    return package_line(source) if _is_package(source) else Text(zh=Path(place).name, en=Path(place).name)


def _source(place: str, encoding: str | None) -> Any:  # noqa: ANN401 - whatever `screen` reads
    """Return a delimited file as its path, so that lines can be named; other tables as frames; else a package."""
    from xinzhi.data import load

    path = Path(place)
    if path.suffix.lower() in TEXTS:
        if not path.is_file():
            message = f"{place}: there is no such file."
            raise InputError(message)
        return path
    return _frame(path) if is_plain(place) else load(place, encoding=encoding)


def _frame(path: Path) -> pl.DataFrame:
    """Return a workbook of one sheet or a parquet file as a frame."""
    import polars as pl

    try:
        return pl.read_parquet(path) if path.suffix.lower() == ".parquet" else pl.read_excel(path)
    except (pl.exceptions.PolarsError, ValueError, OSError) as error:
        message = f"{path}: this file cannot be read as a {path.suffix.removeprefix('.')} table."
        raise InputError(message) from error


def explained(error: InputError, source: object, encoding: str | None) -> InputError:
    """Return an error in the words of a plain table: what to mend, or its columns when none tells of projects."""
    import polars as pl

    from xinzhi.data.catalogue import nearest
    from xinzhi.risks.projects.reading import renamed, sentences

    columns = _columns(source, encoding)
    if columns is None:
        return error
    if error.findings:
        name = source.name if isinstance(source, Path) else "the table"
        return InputError(f"{name} cannot be used until these errors are mended.", error.findings)
    read, _ = renamed(pl.DataFrame(schema=dict.fromkeys(columns, pl.String)), "projects")
    if {"title", "text"} & set(read.columns) or sentences(read.columns):
        return error
    like = {name: nearest(name, columns) for name in ("title", "text")}
    guess = "".join(f" '{found}' looks like {name}." for name, found in like.items() if found)
    where = source.name if isinstance(source, Path) else "the table"
    message = (
        f"{where} has no column 'title' or 'text'; it has {', '.join(columns)}.{guess} "
        "Name the column that says what a project is 'text'."
    )
    return InputError(message)


def _columns(source: object, encoding: str | None) -> list[str] | None:
    """Return the columns of a plain table; None of a package, and of a file that cannot be read."""
    if _is_package(source):
        return None
    if not isinstance(source, Path):
        return list(getattr(source, "columns", ())) or None
    from xinzhi.data.delimited import read_delimited

    grid = read_delimited(source, source.stem, encoding=encoding)
    return list(grid.cells.columns) or None


def known_truth(found: Screening, labels: str, encoding: str | None) -> Screening:
    """Return a screening that knows the truth of a file of labels."""
    from xinzhi.cli.plain import read_plain
    from xinzhi.risks.projects.truth import with_truth

    if not Path(labels).exists():
        message = f"{labels}: there is no such file."
        raise InputError(message)
    if not is_plain(labels):
        message = f"{labels}: --labels is a table (CSV, .xlsx, parquet) of the columns id and label."
        raise InputError(message)
    return with_truth(found, read_plain(labels, encoding, text=("id", "label", "archive_id")).frame)


def write_example(folder: Path) -> list[Path]:
    """Write synthetic projects, an archive and the truth about them."""
    from xinzhi.report.files import whole
    from xinzhi.risks import example

    frames = {f"{name}.csv": frame for name, frame in example().items()}
    with whole(folder, list(frames)) as paths:
        for path, frame in zip(paths, frames.values(), strict=True):
            frame.write_csv(path)
    return [folder / name for name in frames]
