"""Risks: the evidence pitfall by pitfall, then the register of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from xinzhi import data
from xinzhi import risks as verbs
from xinzhi.core import yamlfile
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.lazy import pl
from xinzhi.core.text import same
from xinzhi.risks import internal
from xinzhi.studies.draft import SILENT, Draft, enough_draws
from xinzhi.studies.plan import PlanEvidence, regions_of
from xinzhi.studies.registry import on_server, topic
from xinzhi.studies.tables import read_plain, require_file

if TYPE_CHECKING:
    from xinzhi.core.arrays import AnyFrame, AnyPackage
    from xinzhi.core.names import Names
    from xinzhi.core.result import Result
    from xinzhi.core.text import Language
    from xinzhi.data import Package
    from xinzhi.pathways.internal import Able
    from xinzhi.risks import Bubbles, Debt, Screening
    from xinzhi.risks.internal import BandSet, HerdEntry
    from xinzhi.studies.draft import Progress, Study

PARTS = ("register", "capacity", "debt", "screen", "bubbles")
Made = TypeVar("Made", bound="Result")


@dataclass(slots=True, kw_only=True)
class Evidence:
    """What was found for each pitfall."""

    able: Able | None = None
    likeness: Result | None = None
    wave: HerdEntry | None = None
    debt: Debt | None = None
    screening: Screening | None = None
    places: pl.DataFrame | None = None
    bubbles: Bubbles | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One call: the package, the draft, what is shared by the parts, and the evidence that they gather."""

    package: Package
    draft: Draft
    names: Names
    parts: tuple[str, ...]
    year: int | None
    drawn: Mapping[str, Any]  # the draws and the seed, where they are given
    encoding: str | None
    results: dict[str, dict[str, Result]] = field(default_factory=lambda: {part: {} for part in PARTS})
    evidence: Evidence = field(default_factory=Evidence)

    def add(self, part: str, name: str, verb: Callable[[], Made]) -> Made | None:
        """Run a verb and keep its result under its part; a note where the data do not reach so far."""
        result = self.draft.run(name, verb)
        if result is not None:
            self.results[part][name] = result
        return result


@on_server("region", "year", "only")
@topic
def risks(
    source: AnyPackage,
    *,
    region: str | None = None,
    year: int | None = None,
    only: tuple[str, ...] = PARTS,
    projects: AnyFrame = None,
    archive: AnyFrame = None,
    vehicles: AnyFrame = None,
    hidden: AnyFrame = None,
    resources: AnyFrame = None,
    bands: str | Path | Mapping[str, Any] | None = None,
    firms: AnyFrame = None,
    rates: AnyFrame = None,
    draws: int | None = None,
    seed: int | None = None,
    encoding: str | None = None,
    language: Language = "en",
    evidence: PlanEvidence | None = None,
    progress: Progress = SILENT,
) -> Study:
    """Study which regions and projects are exposed to which pitfall, on what evidence, and what was not checked.

    Parameters
    ----------
    source
        A data package, its name or path.
    only
        The parts that are shown, of ``register, capacity, debt, screen, bubbles``.
    projects, archive
        Tables of the part `screen`.
    vehicles, hidden, resources, bands
        Amounts by region and year beside the debt of governments, and limits of debt, of the part `debt`.
    firms, rates
        Firms and the least interest of the part `capacity`.
    evidence
        What plans name and regions are able to do, where another topic asks for it too.

    Examples
    --------
    >>> import xinzhi
    >>> made = xinzhi.studies.risks("china-provinces", only=("debt",))
    >>> list(made.results)
    ['debt', 'dynamics', 'fan', 'stress']
    """
    amounts = {"vehicles": vehicles, "hidden": hidden, "resources": resources}
    tables = {
        "screen": {"projects": projects, "archive": archive},
        "capacity": {"firms": firms, "rates": rates},
        "debt": {"bands": bands, **amounts},
    }
    parts = _parts(only, tables)
    enough_draws(draws, "draws_risks")
    draft, package = Draft.of("risks", source, encoding, progress)
    code = draft.code(region, regions_of(package))
    sampling = {name: value for name, value in {"draws": draws, "seed": seed}.items() if value is not None}
    case = Case(package, draft, data.names_of(package), parts, year, sampling, encoding)
    makers: Mapping[str, Callable[[], None]] = {
        "capacity": lambda: _capacity(case, firms, rates),
        "debt": lambda: _debt(case, amounts, bands),
        "screen": lambda: _screen(case, projects, archive),
        "bubbles": lambda: _bubbles(case, language),
    }
    if "register" in parts:
        progress.step("fit")
        _evidence(case, evidence or PlanEvidence(package))
    for part, maker in makers.items():
        if _needs(parts, part):
            progress.step(part)
            maker()
    matrix: dict[str, object] = {}
    if "register" in parts:
        progress.step("register")
        register = case.add("register", "register", lambda: _register(case))
        matrix = {} if register is None else {"matrix": register.matrix}
    for part in parts:
        draft.results |= case.results[part]
    return draft.done(code, **matrix)


def _parts(only: Collection[str], tables: Mapping[str, Mapping[str, object]]) -> tuple[str, ...]:
    """Return the parts in their order; refuse an unknown one, and a table whose part is left out."""
    unknown = [part for part in only if part not in PARTS]
    if unknown or not only:
        raise UsageError("studies.no-part", part=(unknown or [""])[0], known=[same(part) for part in PARTS])
    parts = tuple(part for part in PARTS if part in only)
    for part, options in tables.items():
        option = next((name for name, table in options.items() if table is not None), None)
        if option is not None and not _needs(parts, part):
            raise UsageError("studies.part-left-out", option=option, part=part, only=list(parts))
    return parts


def _needs(parts: Collection[str], part: str) -> bool:
    """Return whether a part is shown, or the register needs it."""
    return part in parts or "register" in parts


def _evidence(case: Case, evidence: PlanEvidence) -> None:
    """Find what regions are able to do, and who names what."""
    if "plans" not in case.package.tables:
        return
    if "capability" in case.package.tables:
        case.evidence.able = case.draft.run("able", lambda: evidence.able)
    rules = {**({} if case.year is None else {"years": case.year}), **case.drawn}
    case.evidence.likeness = case.draft.run(
        "choices", lambda: evidence.choices_of(rules) if rules else evidence.choices
    )


def _capacity(case: Case, firms: AnyFrame, rates: AnyFrame) -> None:
    """Read the survey, put the plans on the market, and judge firms where there are any."""
    package = case.package
    case.add("capacity", "capacity", lambda: verbs.capacity(package))
    case.evidence.wave = case.add("capacity", "wave", lambda: verbs.herd_entry(package, year=case.year, **case.drawn))
    least = None if rates is None else _table(rates, case.encoding)
    if firms is not None:
        case.results["capacity"]["zombies"] = verbs.zombies(_table(firms, case.encoding, "firm"), rates=least)
    elif "firms" in package.tables:
        case.add("capacity", "zombies", lambda: verbs.zombies(package, rates=least))
    elif least is not None:
        raise UsageError("studies.rates-without-firms")


def _debt(case: Case, amounts: Mapping[str, AnyFrame], bands: str | Path | Mapping[str, Any] | None) -> None:
    """Hold debt against output and revenue, say what moved it, and where it may go."""
    package = case.package
    extra = {name: _yearly(table, name, case.encoding) for name, table in amounts.items() if table is not None}
    limits = cast("str | BandSet | None", _bands(bands))
    owed: Debt | None
    if extra or limits is not None:
        # What the user hands in and cannot be used is an error, not a part that the data do not reach.
        case.results["debt"]["debt"] = owed = verbs.debt(package, **extra, bands=limits)
    else:
        owed = case.add("debt", "debt", lambda: verbs.debt(package))
    case.evidence.debt = owed
    if owed is None or "debt" not in case.parts:
        return
    case.add("debt", "dynamics", lambda: verbs.debt_dynamics(owed))
    case.add("debt", "fan", lambda: verbs.debt_fan(owed, **case.drawn))
    case.add("debt", "stress", lambda: verbs.debt_stress(owed))


def _table(source: AnyFrame, encoding: str | None, *text: str) -> pl.DataFrame:
    """Return a plain table that an option names; columns of codes stay as they are written."""
    return read_plain(require_file(source), encoding, text=text).frame


def _yearly(source: AnyFrame, name: str, encoding: str | None) -> pl.DataFrame:
    """Return a table of amounts by region and year that an option names."""
    frame = _table(source, encoding, "region")
    needed = ("region", "year", name)
    if missing := [column for column in needed if column not in frame.columns]:
        raise InputError(
            "studies.yearly",
            table=Path(source).name if isinstance(source, (str, Path)) else "table",
            option=name,
            needed=list(needed),
            missing=missing[0],
            known=list(frame.columns),
        )
    return frame


def _bands(bands: str | Path | Mapping[str, Any] | None) -> str | Mapping[str, Any] | None:
    """Return a set of bands: one of the package's by name, or the caller's own from a YAML file."""
    if not isinstance(bands, (str, Path)) or not (Path(bands).suffix or Path(bands).exists()):
        return bands if bands is None or isinstance(bands, Mapping) else str(bands)
    require_file(bands)
    try:
        content = yamlfile.read(Path(bands)).content
    except yamlfile.YamlError as error:
        raise UsageError("studies.bad-bands", path=bands, why=error.finding.text) from error
    if not isinstance(content, dict):
        raise UsageError("studies.no-bands", path=bands)
    return content


def _screen(case: Case, projects: AnyFrame, archive: AnyFrame) -> None:
    """Hold projects against an archive: those of the options, else those of the package."""
    named_tables = projects is not None or archive is not None
    new, past = _table_or_package(case, projects, "projects"), _table_or_package(case, archive, "archive")
    if (new is None) != (past is None) and named_tables:
        raise UsageError("studies.projects-and-archive")
    if new is None or past is None:
        if case.parts != PARTS and "screen" in case.parts:
            case.draft.note("no-projects")
        return
    case.evidence.screening = verbs.screen(new, past, encoding=case.encoding)
    case.results["screen"]["screening"] = case.evidence.screening
    case.evidence.places = _places(verbs.library(new, "projects", encoding=case.encoding).frame, case)


def _table_or_package(case: Case, table: AnyFrame, name: str) -> AnyFrame:
    """Return a table of an option, else the package where it has one of this name, else None."""
    if table is not None:
        return require_file(table)
    return case.package if name in case.package.tables else None


def _places(projects: pl.DataFrame, case: Case) -> pl.DataFrame | None:
    """Return ``id, region`` of the projects that are in a region of the package; the others are named."""
    if "region" not in projects.columns:
        case.draft.note("projects-nowhere")
        return None
    codes = regions_of(case.package)

    def code(region: str) -> str | None:
        try:
            return case.names.resolve(region, codes)
        except UsageError:
            return f"{region[:2]}0000" if f"{region[:2]}0000" in codes else None

    codes_by_name = {region: code(region) for region in projects["region"].cast(pl.String).drop_nulls().unique()}
    placed = projects.select(
        pl.col("id").cast(pl.String),
        pl.col("region").cast(pl.String).replace_strict(codes_by_name, default=None, return_dtype=pl.String),
    )
    lost = placed.filter(pl.col("region").is_null())["id"].to_list()
    if lost:
        case.draft.note("projects-lost", n=len(lost), few=list(lost[:3]))
    return placed.drop_nulls("region")


def _bubbles(case: Case, language: Language) -> None:
    """Test house prices of cities, or where there are none of provinces."""
    package = case.package
    rules = verbs.BubbleRules(gaps="longest", draws=case.drawn.get("draws"), seed=case.drawn.get("seed"))

    def verb() -> Bubbles:
        if "city_prices" in package.tables:
            return verbs.bubbles(verbs.house_prices(package, of="cities"), "city", "month", "log_price", rules=rules)
        prices = verbs.house_prices(package, of="provinces")
        series = "price_to_output" if prices["price_to_output"].count() else "log_price"
        return verbs.bubbles(prices.drop_nulls(series), "region", "year", series, rules=rules)

    if not {"city_prices", "prices"} & set(package.tables):
        case.draft.note("no-prices")
        return
    result = case.draft.run("bubbles", verb)
    case.evidence.bubbles = result
    if result is not None:
        case.results["bubbles"]["bubbles"] = with_place_names(result, language)


def with_place_names(result: Bubbles, language: Language) -> Bubbles:
    """Return a result whose series bear names of places in place of codes; two of one name keep their codes."""
    codes = [str(series) for series in result.statistics["series"]]
    texts = {code: internal.place_text(code) for code in codes}
    labels = {code: text.lang(language) for code, text in texts.items()}
    names = {code: name if internal.place_text(name) == texts[code] else code for code, name in labels.items()}
    renamed = pl.col("series").cast(pl.String).replace(names)
    frames = ("frame", "statistics", "episodes", "critical")
    return replace(result, **{name: getattr(result, name).with_columns(renamed) for name in frames})


def _register(case: Case) -> verbs.Register:
    evidence, screening = case.evidence, case.evidence.screening
    if screening is not None:
        rows = None if evidence.places is None else screening.frame.join(evidence.places, on="id")
        screening = None if rows is None or not rows.height else replace(screening, frame=rows)
    return verbs.register(
        case.package,
        able=evidence.able,
        debt=evidence.debt,
        capacity=evidence.wave,
        likeness=evidence.likeness,
        screening=screening,
        bubbles=evidence.bubbles,
        year=case.year,
    )
