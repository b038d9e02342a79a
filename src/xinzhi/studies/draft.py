"""What a study is: the results of one topic, in the order of its page, and what was assumed or left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from xinzhi import data, words
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.parameters import setting
from xinzhi.core.result import Displayed
from xinzhi.core.text import Text
from xinzhi.studies.tables import load

if TYPE_CHECKING:
    from xinzhi.core.arrays import AnyPackage
    from xinzhi.core.finding import Finding
    from xinzhi.core.lazy import pl
    from xinzhi.core.names import Names
    from xinzhi.core.result import Facts, Result
    from xinzhi.core.signatures import PrivateKey
    from xinzhi.core.text import Language
    from xinzhi.data import Package

LEAST = Path(__file__).with_name("studies.yaml")
PROTOCOL = "xinzhi-cn-2026"  # of a call that names none
Made = TypeVar("Made")
Kind = TypeVar("Kind", bound="Result")


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a study tells how far it is; by default nobody listens.

    Parameters
    ----------
    step
        Called with the name of a step that begins.
    count
        Called with what is done and the total of a piece of work that counts.
    """

    step: Callable[[str], None] = lambda _: None
    count: Callable[[int, int], None] = lambda _done, _total: None


SILENT = Progress()


@dataclass(frozen=True, kw_only=True, repr=False)
class Study(Displayed):
    """What a topic says of one source: the same object for the command line, the report, the web and Python.

    Parameters
    ----------
    name
        The topic.
    source
        What was read, in words.
    results
        The results by name, in the order of the page.
    notes
        What was assumed, and what was left out and why.
    region
        The code of the region, unit or series that was asked for.
    more
        Frames, texts and figures beside the results, by name.
    findings
        What is wrong with the data.

    Examples
    --------
    >>> import xinzhi
    >>> made = xinzhi.study("plan", "china-provinces")
    >>> made.name, list(made.results)
    ('plan', ['plan'])
    """

    name: str
    source: Text
    results: Mapping[str, Result]
    notes: tuple[Text, ...] = ()
    region: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    @property
    def facts(self) -> dict[str, Facts]:
        """What the sentences about every result are made from."""
        return {name: result.facts() for name, result in self.results.items()}

    def find(self, kind: type[Kind]) -> Kind | None:
        """Return the first result of a class; None where the study has none."""
        return next((result for result in self.results.values() if isinstance(result, kind)), None)

    def result(self, kind: type[Kind]) -> Kind:
        """Return the first result of a class, which the study has."""
        result = self.find(kind)
        if result is None:
            raise KeyError(kind.__name__)
        return result

    def summary(self, language: Language = "en") -> str:
        """Return what the results say, and the notes."""
        lines = [result.summary(language) for result in self.results.values()]
        return "\n".join([*lines, *(note.lang(language) for note in self.notes)])

    def write(
        self,
        folder: Path | str,
        language: Language = "en",
        *,
        encoding: str | None = None,
        key: PrivateKey | None = None,
    ) -> list[Path]:
        """Write page, workbook, document and tables into a folder, whole or not at all; an assessment is certified.

        Parameters
        ----------
        folder
            It is made when it is not there.
        language
            The language that the page opens in.
        encoding, key
            Of an assessment: what its certificate states of the files that were read, and the key that signs it.
        """
        import xinzhi

        files: list[Path] = xinzhi.report.write_study(self, folder, language=language, encoding=encoding, key=key)
        return files

    def __repr__(self) -> str:
        """Return the summary."""
        return self.summary()


@dataclass(slots=True, kw_only=True)
class Draft:
    """A study while it is made."""

    name: str
    source: Text
    package: Package | None = None
    results: dict[str, Result] = field(default_factory=dict)
    notes: list[Text] = field(default_factory=list)
    wanting: dict[Text, list[Text]] = field(default_factory=dict)  # by reason, the parts that could not be computed

    @classmethod
    def of(
        cls, name: str, source: AnyPackage, encoding: str | None, progress: Progress, step: str = ""
    ) -> tuple[Draft, Package]:
        """Return the draft of a study of a package, and the package, read; tell which step begins then."""
        progress.step("read")
        package = load(source, encoding)
        if step:
            progress.step(step)
        return cls(name=name, source=title(package), package=package), package

    def code(self, region: str | None, codes: Iterable[object]) -> str | None:
        """Return which of the codes of the package is asked for; None where nothing is."""
        return (
            None
            if region is None
            else data.names_of(self.package).resolve(region, sorted({str(entry) for entry in codes}))
        )

    def note(self, key: str, **values: object) -> None:
        """Add a note of the page `studies`."""
        self.notes.append(words.by_key(f"studies.note.{key}", **values))

    def run(self, name: str, verb: Callable[[], Made]) -> Made | None:
        """Return what a verb gives; where the data do not reach so far, None and a note that says why."""
        try:
            return verb()
        except InputError as error:
            self._leave_out(words.studies.part_of(name), error.reason)
            return None

    def _leave_out(self, part: Text, why: Text) -> None:
        """Note a part that could not be computed; parts with one and the same reason share a note."""
        parts = self.wanting.setdefault(why, [])
        before = words.studies.note_left_out(what=[*parts], why=why)
        parts.append(part)
        now = words.studies.note_left_out(what=[*parts], why=why)
        self.notes = [now if note == before else note for note in self.notes]
        if now not in self.notes:
            self.notes.append(now)

    def add(self, name: str, verb: Callable[[], Kind]) -> Kind | None:
        """Run a verb and keep its result."""
        result = self.run(name, verb)
        if result is not None:
            self.results[name] = result
        return result

    def done(self, region: str | None = None, labels: Names | None = None, /, **more: object) -> Study:
        """Return the study, its results with the package that they are from; refuse one without result or cells."""
        if not (self.results or more.get("cells")):
            raise InputError("studies.nothing", why=joined(self.notes), reasons=tuple(self.notes))
        return Study(
            name=self.name,
            source=self.source,
            results={name: with_package(result, self.package, labels) for name, result in self.results.items()},
            notes=tuple(self.notes),
            region=region,
            more=more,
            findings=() if self.package is None else tuple(self.package.findings),
        )


def with_package(result: Result, package: Package | None, names: Names | None = None) -> Result:
    """Return a result that knows its package and what its codes are called."""
    provenance = result.provenance
    if package is not None and not provenance.package and provenance.verb != "screen":
        provenance = replace(provenance, package=package.name)
    if package is not None:
        provenance = replace(provenance, issuers=package.issued_by(provenance.inputs))
    result = replace(result, provenance=provenance)
    return result if names is None else replace(result, names=names)


def joined(texts: Iterable[Text]) -> Text:
    """Return texts, a line each."""
    lines = list(texts)
    return Text(zh="\n".join(text.zh for text in lines), en="\n".join(text.en for text in lines))


def enough_draws(draws: int | None, least: str) -> None:
    """Refuse fewer draws than a topic takes at the least, by its name in ``studies.yaml``."""
    if draws is not None and draws < setting(LEAST, least):
        raise UsageError("studies.few-draws", draws=draws, least=setting(LEAST, least))


def year_of(years: pl.Series, year: int | None, table: str) -> int:
    """Return the year of a table that is asked for, by default the last; one that is not there is refused."""
    periods = years.unique().sort().to_list()
    if year is not None and year not in periods:
        raise UsageError("studies.no-year", year=year, table=table, first=periods[0], last=periods[-1])
    return int(periods[-1] if year is None else year)


def title(package: Package) -> Text:
    """Return title and version of a package."""
    version = f" {package.version}" if package.version else ""
    return Text(zh=f"{package.title.zh}{version}", en=f"{package.title.en}{version}")
