"""Risks: the evidence pitfall by pitfall, then the register of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

import polars as pl

from xinzhi import risks as verbs
from xinzhi.core import yamlfile
from xinzhi.core.arrays import AnyFrame, AnyPackage
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.names import Names
from xinzhi.core.result import Result
from xinzhi.core.text import Language, same
from xinzhi.data import Package, names_of
from xinzhi.pathways import Able
from xinzhi.risks import Bubbles, Debt, HerdEntry, Screening
from xinzhi.studies.plan import PlanEvidence, regions_of
from xinzhi.studies.study import SILENT, Asked, Draft, Progress, Study, enough_draws, options
from xinzhi.studies.tables import read_plain, require_file

PARTS = ("register", "capacity", "debt", "screen", "bubbles")
Made: TypeAlias = Any  # the result of a verb, or None
_YEARLY = ("vehicles", "hidden", "resources")
_PART_OF = {
    "projects": "screen", "archive": "screen", "firms": "capacity", "rates": "capacity", "bands": "debt",
    **dict.fromkeys(_YEARLY, "debt"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class RisksOptions:
    """What can be asked of `risks`; tables are frames or paths."""

    region: str | None = None
    year: int | None = None
    only: tuple[str, ...] = PARTS
    projects: Any = None
    archive: Any = None
    vehicles: Any = None
    hidden: Any = None
    resources: Any = None
    bands: Any = None
    firms: Any = None
    rates: Any = None
    draws: int | None = None
    seed: int | None = None
    encoding: str | None = None
    language: Language = "en"

    def __post_init__(self) -> None:
        """Put the parts in their order; refuse an unknown one, and an option whose part is left out."""
        strange = [part for part in self.only if part not in PARTS]
        if strange or not self.only:
            raise UsageError("studies.no-part", part=(strange or [""])[0], known=[same(part) for part in PARTS])
        object.__setattr__(self, "only", tuple(part for part in PARTS if part in self.only))
        for option, part in _PART_OF.items():
            if getattr(self, option) is not None and not self.wants(part):
                raise UsageError("studies.part-left-out", option=option, part=part, only=list(self.only))
        enough_draws(self.draws, "draws_risks")

    def wants(self, part: str) -> bool:
        """Say whether a part is shown, or the register needs it."""
        return part in self.only or "register" in self.only

    def given(self, **names: str) -> dict[str, Any]:
        """Return options under the names that a verb has for them, as far as they were asked for."""
        return {name: getattr(self, option) for option, name in names.items() if getattr(self, option) is not None}


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
    """One call: the package, the options, the draft, and the evidence that it gathers."""

    package: Package
    wish: RisksOptions
    draft: Draft
    names: Names
    shown: dict[str, dict[str, Result]] = field(default_factory=lambda: {part: {} for part in PARTS})
    evidence: Evidence = field(default_factory=Evidence)

    def add(self, part: str, name: str, verb: Callable[[], Any]) -> Made:
        """Run a verb and keep its result under its part; a note where the data do not reach so far."""
        result = self.draft.run(name, verb)
        if result is not None:
            self.shown[part][name] = result
        return result


def risks(
    source: AnyPackage, *, evidence: PlanEvidence | None = None, progress: Progress = SILENT, **asked: Asked
) -> Study:
    """Study which regions and projects are exposed to which pitfall, on what evidence, and what was not checked.

    Parameters
    ----------
    source, progress, asked
        As in `study`; the options are the fields of `RisksOptions`.
    evidence
        What plans name and regions are able to do, where another topic asks for it too.

    Examples
    --------
    >>> import xinzhi
    >>> made = xinzhi.studies.risks("china-provinces", only=("debt",))
    >>> list(made.results)
    ['debt', 'dynamics', 'fan', 'stress']
    """
    wish: RisksOptions = options(RisksOptions, asked)
    draft, package = Draft.of("risks", source, wish.encoding, progress)
    region = draft.code(wish.region, regions_of(package))
    case = Case(package, wish, draft, names_of(package))
    makers: Mapping[str, Callable[[Case], None]] = {
        "capacity": _capacity,
        "debt": _debt,
        "screen": _screen,
        "bubbles": _bubbles,
    }
    if "register" in wish.only:
        progress.step("fit")
        _evidence(case, evidence or PlanEvidence(package))
    for part, maker in makers.items():
        if wish.wants(part):
            progress.step(part)
            maker(case)
    matrix: dict[str, Any] = {}
    if "register" in wish.only:
        progress.step("register")
        register = case.add("register", "register", lambda: _register(case))
        matrix = {} if register is None else {"matrix": register.matrix}
    for part in wish.only:
        draft.results |= case.shown[part]
    return draft.done(region=region, **matrix)


def _evidence(case: Case, held: PlanEvidence) -> None:
    """Find what regions are able to do, and who names what."""
    if "plans" not in case.package.tables:
        return
    if "capability" in case.package.tables:
        case.evidence.able = case.draft.run("able", lambda: held.able)
    asked = case.wish.given(year="years", seed="seed", draws="draws")
    case.evidence.likeness = case.draft.run("choices", lambda: held.choices_of(**asked) if asked else held.choices)


def _capacity(case: Case) -> None:
    """Read the survey, put the plans on the market, and judge firms where there are any."""
    package, wish = case.package, case.wish
    case.add("capacity", "capacity", lambda: verbs.capacity(package))
    drawn = wish.given(seed="seed", draws="draws")
    case.evidence.wave = case.add("capacity", "wave", lambda: verbs.herd_entry(package, year=wish.year, **drawn))
    rates = None if wish.rates is None else _table(wish.rates, wish)
    if wish.firms is not None:
        case.shown["capacity"]["zombies"] = verbs.zombies(_table(wish.firms, wish, "firm"), rates=rates)
    elif "firms" in package.tables:
        case.add("capacity", "zombies", lambda: verbs.zombies(package, rates=rates))
    elif rates is not None:
        raise UsageError("studies.rates-without-firms")


def _debt(case: Case) -> None:
    """Hold debt against output and revenue, say what moved it, and where it may go."""
    package, wish = case.package, case.wish
    extra = {name: _yearly(path, name, wish) for name in _YEARLY if (path := getattr(wish, name)) is not None}
    bands = _bands(wish.bands)
    if extra or bands is not None:
        # What the user hands in and cannot be used is an error, not a part that the data do not reach.
        case.shown["debt"]["debt"] = verbs.debt(package, **extra, bands=bands)
    else:
        case.add("debt", "debt", lambda: verbs.debt(package))
    owed: Any = case.shown["debt"].get("debt")
    case.evidence.debt = owed
    if owed is None or "debt" not in wish.only:
        return
    drawn = wish.given(seed="seed", draws="draws")
    case.add("debt", "dynamics", lambda: verbs.debt_dynamics(owed))
    case.add("debt", "fan", lambda: verbs.debt_fan(owed, **drawn))
    case.add("debt", "stress", lambda: verbs.debt_stress(owed))


def _table(source: AnyFrame, wish: RisksOptions, *text: str) -> pl.DataFrame:
    """Return a plain table that an option names; columns of codes stay as they are written."""
    return read_plain(require_file(source), wish.encoding, text=text).frame


def _yearly(source: AnyFrame, name: str, wish: RisksOptions) -> pl.DataFrame:
    """Return a table of amounts by region and year that an option names."""
    found = _table(source, wish, "region")
    needed = ("region", "year", name)
    if missing := [one for one in needed if one not in found.columns]:
        raise InputError(
            "studies.yearly",
            table=Path(source).name if isinstance(source, (str, Path)) else "table",
            option=name,
            needed=list(needed),
            missing=missing[0],
            known=list(found.columns),
        )
    return found


def _bands(asked: str | Path | Mapping[str, Any] | None) -> str | Mapping[str, Any] | None:
    """Return a set of bands: one of the package's by name, or the caller's own from a YAML file."""
    if not isinstance(asked, (str, Path)) or not (Path(asked).suffix or Path(asked).exists()):
        return asked if asked is None or isinstance(asked, Mapping) else str(asked)
    require_file(asked)
    try:
        read = yamlfile.read(Path(asked)).content
    except yamlfile.YamlError as error:
        raise UsageError("studies.bad-bands", path=asked, why=error.finding.text) from error
    if not isinstance(read, dict):
        raise UsageError("studies.no-bands", path=asked)
    return read


def _screen(case: Case) -> None:
    """Hold projects against an archive: those of the options, else those of the package."""
    package, wish = case.package, case.wish
    handed = wish.projects is not None or wish.archive is not None
    projects, archive = (
        require_file(asked) if asked is not None else package if name in package.tables else None
        for name, asked in (("projects", wish.projects), ("archive", wish.archive))
    )
    if (projects is None) != (archive is None) and handed:
        raise UsageError("studies.projects-and-archive")
    if projects is None or archive is None:
        if wish.only != PARTS and "screen" in wish.only:
            case.draft.note("no-projects")
        return
    case.evidence.screening = verbs.screen(projects, archive, encoding=wish.encoding)
    case.shown["screen"]["screening"] = case.evidence.screening
    case.evidence.places = _places(verbs.library(projects, "projects", encoding=wish.encoding).frame, case)


def _places(projects: pl.DataFrame, case: Case) -> pl.DataFrame | None:
    """Return ``id, region`` of the projects that are in a region of the package; the others are named."""
    if "region" not in projects.columns:
        case.draft.note("projects-nowhere")
        return None
    codes = regions_of(case.package)

    def code(asked: str) -> str | None:
        try:
            return case.names.resolve(asked, codes)
        except UsageError:
            return f"{asked[:2]}0000" if f"{asked[:2]}0000" in codes else None

    given = {asked: code(asked) for asked in projects["region"].cast(pl.String).drop_nulls().unique()}
    placed = projects.select(
        pl.col("id").cast(pl.String),
        pl.col("region").cast(pl.String).replace_strict(given, default=None, return_dtype=pl.String),
    )
    lost = placed.filter(pl.col("region").is_null())["id"].to_list()
    if lost:
        case.draft.note("projects-lost", n=len(lost), few=list(lost[:3]))
    return placed.drop_nulls("region")


def _bubbles(case: Case) -> None:
    """Test house prices of cities, or where there are none of provinces."""
    package, wish = case.package, case.wish
    rules = verbs.BubbleRules(gaps="longest", **wish.given(seed="seed", draws="replications"))

    def verb() -> Bubbles:
        if "city_prices" in package.tables:
            return verbs.bubbles(verbs.house_prices(package, of="cities"), "city", "month", "log_price", rules=rules)
        prices = verbs.house_prices(package, of="provinces")
        beside = "price_to_output" if prices["price_to_output"].count() else "log_price"
        return verbs.bubbles(prices.drop_nulls(beside), "region", "year", beside, rules=rules)

    if not {"city_prices", "prices"} & set(package.tables):
        case.draft.note("no-prices")
        return
    found: Bubbles | None = case.draft.run("bubbles", verb)
    case.evidence.bubbles = found
    if found is not None:
        case.shown["bubbles"]["bubbles"] = called(found, wish.language)


def called(result: Bubbles, language: Language) -> Bubbles:
    """Return a result whose series bear names of places in place of codes; two of one name keep their codes."""
    codes = [str(one) for one in result.statistics["series"]]
    known = {code: verbs.place_text(code) for code in codes}
    told = {code: text.lang(language) for code, text in known.items()}
    names = {code: name if verbs.place_text(name) == known[code] else code for code, name in told.items()}
    named = pl.col("series").cast(pl.String).replace(names)
    held = ("frame", "statistics", "episodes", "critical")
    return replace(result, **{name: getattr(result, name).with_columns(named) for name in held})


def _register(case: Case) -> verbs.Register:
    held, screening = case.evidence, case.evidence.screening
    if screening is not None:
        rows = None if held.places is None else screening.frame.join(held.places, on="id")
        screening = None if rows is None or not rows.height else replace(screening, frame=rows)
    return verbs.register(
        case.package,
        able=held.able,
        debt=held.debt,
        capacity=held.wave,
        likeness=held.likeness,
        screening=screening,
        bubbles=held.bubbles,
        year=case.wish.year,
    )
