"""What `xinzhi risks` was asked, and which verbs answer: the evidence pitfall by pitfall, then the register of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xinzhi.cli.found import Found
from xinzhi.cli.industries import PANEL, anchor_of, endowments_of, industries
from xinzhi.cli.speech import say
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import polars as pl

    from xinzhi.core.result import Result
    from xinzhi.core.text import Language
    from xinzhi.data import Package
    from xinzhi.risks import BubbleRules, Bubbles, Debt, HerdEntry, Register, Screening

PARTS = ("register", "capacity", "debt", "screen", "bubbles")
_YEARLY = ("vehicles", "hidden", "resources")
_PART_OF = {
    "projects": "screen", "archive": "screen", "firms": "capacity", "rates": "capacity", "bands": "debt",
    **dict.fromkeys(_YEARLY, "debt"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options of the call."""

    data: str
    region: str | None
    year: int | None
    only: tuple[str, ...]
    projects: str | None
    archive: str | None
    vehicles: str | None
    hidden: str | None
    resources: str | None
    bands: str | None
    firms: str | None
    rates: str | None
    draws: int | None
    seed: int | None
    encoding: str | None
    language: Language
    quiet: bool

    def __post_init__(self) -> None:
        """Refuse an option whose part is left out."""
        for option, part in _PART_OF.items():
            if getattr(self, option) is not None and not self.wants(part):
                message = f"--{option} belongs to the part '{part}', which --only {','.join(self.only)} leaves out."
                raise UsageError(message)

    def wants(self, part: str) -> bool:
        """Say whether a part is shown, or the register needs it."""
        return part in self.only or "register" in self.only

    def given(self, **names: str) -> dict[str, Any]:
        """Return the seed and the draws under the names that a verb has for them, as far as they were asked for."""
        return {name: getattr(self, option) for option, name in names.items() if getattr(self, option) is not None}


@dataclass(slots=True, kw_only=True)
class Evidence:
    """What was found for each pitfall."""

    shown: dict[str, list[Result]] = field(default_factory=lambda: {part: [] for part in PARTS})
    density: Result | None = None
    likeness: Result | None = None
    wave: HerdEntry | None = None
    debt: Debt | None = None
    screening: Screening | None = None
    places: pl.DataFrame | None = None
    bubbles: Bubbles | None = None


def parts(text: str | None) -> tuple[str, ...]:
    """Return the parts of ``--only``, all of them by default.

    Raises
    ------
    UsageError
        When there is no such part.

    Examples
    --------
    >>> parts("debt, register")
    ('register', 'debt')
    """
    if text is None:
        return PARTS
    asked = [one.strip() for one in text.split(",") if one.strip()]
    strange = [one for one in asked if one not in PARTS]
    if strange or not asked:
        message = f"--only {text}: there is no part '{strange[0] if strange else ''}'; there are {', '.join(PARTS)}."
        raise UsageError(message)
    return tuple(one for one in PARTS if one in asked)


def of_package(asked: Asked) -> tuple[Found, Register | None]:
    """Return everything that a package is enough for, the register first, and the register itself."""
    from xinzhi.cli.progress import steps
    from xinzhi.data import load
    from xinzhi.pathways import names_in
    from xinzhi.report.page import package_line

    said = {
        "read": say("读取数据", "reading the data"),
        "fit": say("条件是否适合、规划是否趋同", "fit and likeness of plans"),
        "capacity": say("产能", "capacity"),
        "debt": say("债务", "debt"),
        "screen": say("比对旧项目", "screening projects"),
        "bubbles": say("检验价格泡沫（较慢）", "testing prices (the slow part)"),
        "register": say("风险台账", "the register"),
    }
    makers: Mapping[str, Callable[[Package, Asked, Found, Evidence], None]] = {
        "capacity": _capacity, "debt": _debt, "screen": _screen, "bubbles": _bubbles,
    }  # fmt: skip
    with steps(said, quiet=asked.quiet) as step:
        step("read")
        package = load(asked.data, encoding=asked.encoding)
        found = Found(source=package_line(package), place_names=names_in(package, "regions", "region"))
        found.places = tuple(_regions(package))
        if asked.region is not None:
            found.code(asked.region)  # a region that is not there is an error before the work, not after it
        evidence = Evidence()
        if "register" in asked.only:
            step("fit")
            _fit(package, asked, found, evidence)
        for part, maker in makers.items():
            if asked.wants(part):
                step(part)
                maker(package, asked, found, evidence)
        step("register")
        register = _register(package, asked, found, evidence) if "register" in asked.only else None
    found.results = [_sealed(one, package) for part in PARTS if part in asked.only for one in evidence.shown[part]]
    return found, register


def _sealed(result: Result, package: Package) -> Result:
    """Return a result that says what it was computed from, where its verb was handed frames."""
    made = result.provenance
    return result if made.package or made.verb == "screen" else replace(
        result, provenance=replace(made, package=package.name)
    )  # fmt: skip


def _note(found: Found, zh: str, en: str) -> None:
    found.notes.append(Text(zh=zh, en=en))


def _add(found: Found, evidence: Evidence, part: str, name: Text, verb: Callable[[], Any]) -> Any:  # noqa: ANN401 - the result, or None
    """Run a verb and keep what it returns under its part; a note where the data do not reach so far."""
    result = found.add(name, verb)
    if result is not None:
        evidence.shown[part].append(result)
    return result


def _fit(package: Package, asked: Asked, found: Found, evidence: Evidence) -> None:
    """Find how near regions are to what they could enter, how it suits them, and who names what."""
    from xinzhi.pathways import choices, complexity, opportunities

    if "plans" not in package.tables:
        return
    table, year = industries(package, None, found, verb="risks")
    if table is None:
        return
    anchor, have = anchor_of(package, None, year), endowments_of(package, year)
    name = Text(zh="关联密度与禀赋匹配", en="relatedness and endowment fit")
    evidence.density = found.add(
        name, lambda: opportunities(complexity(table, **PANEL, anchor=anchor), endowments=have)
    )
    drawn = asked.given(seed="seed", draws="draws")
    evidence.likeness = found.add(
        Text(zh="规划趋同", en="likeness of plans"), lambda: choices(package, years=asked.year, **drawn)
    )


def _capacity(package: Package, asked: Asked, found: Found, evidence: Evidence) -> None:
    """Read the survey, put the plans on the market, and judge firms where there are any."""
    from xinzhi.risks import capacity, herd_entry, zombies

    _add(found, evidence, "capacity", Text(zh="产能利用率", en="utilisation"), lambda: capacity(package))
    drawn = asked.given(seed="seed", draws="draws")
    evidence.wave = _add(
        found, evidence, "capacity", Text(zh="潮涌", en="the wave of entry"),
        lambda: herd_entry(package, year=asked.year, **drawn),
    )  # fmt: skip
    if asked.firms is not None:
        best = None if asked.rates is None else _table(asked.rates, asked)
        evidence.shown["capacity"].append(zombies(_table(asked.firms, asked, "firm"), rates=best))
    elif "firms" in package.tables:
        best = None if asked.rates is None else _table(asked.rates, asked)
        name = Text(zh="僵尸企业", en="zombie firms")
        _add(found, evidence, "capacity", name, lambda: zombies(package, rates=best))
    elif asked.rates is not None:
        message = "--rates says at what rates the best firms borrow: name the firms with --firms."
        raise UsageError(message)


def _debt(package: Package, asked: Asked, found: Found, evidence: Evidence) -> None:
    """Hold debt against output and revenue, say what moved it, and where it may go."""
    from xinzhi.risks import debt, debt_dynamics, debt_fan, debt_stress

    extra = {name: _yearly(path, name, asked) for name in _YEARLY if (path := getattr(asked, name)) is not None}
    bands = _bands(asked.bands)
    name = Text(zh="债务", en="debt")
    if extra or bands is not None:
        # What the user hands in and cannot be used is an error, not a part that the data do not reach.
        evidence.debt = debt(package, **extra, bands=bands)
        evidence.shown["debt"].append(evidence.debt)
    else:
        evidence.debt = _add(found, evidence, "debt", name, lambda: debt(package))
    owed = evidence.debt
    if owed is None or "debt" not in asked.only:
        return
    _add(found, evidence, "debt", Text(zh="债务动态", en="debt dynamics"), lambda: debt_dynamics(owed))
    drawn = asked.given(seed="seed", draws="draws")
    _add(found, evidence, "debt", Text(zh="债务扇形图", en="the debt fan"), lambda: debt_fan(owed, **drawn))
    _add(found, evidence, "debt", Text(zh="债务压力测试", en="debt under stress"), lambda: debt_stress(owed))


def _yearly(path: str, name: str, asked: Asked) -> pl.DataFrame:
    """Return a table of amounts by region and year that an option names."""
    found = _table(path, asked, "region")
    needed = ("region", "year", name)
    if missing := [one for one in needed if one not in found.columns]:
        message = (
            f"{Path(path).name}: --{name} needs the columns {', '.join(needed)}; '{missing[0]}' is not there, only "
            f"{', '.join(found.columns)}."
        )
        raise InputError(message)
    return found


def _screen(package: Package, asked: Asked, found: Found, evidence: Evidence) -> None:
    """Hold projects against an archive: those of the options, else those of the package."""
    from xinzhi.risks import screen
    from xinzhi.risks.projects.reading import library

    projects: Any = _there(asked.projects) or (package if "projects" in package.tables else None)
    archive: Any = _there(asked.archive) or (package if "archive" in package.tables else None)
    if (projects is None) != (archive is None) and (asked.projects or asked.archive):
        message = "--projects and --archive belong together: screening holds the one against the other."
        raise UsageError(message)
    if projects is None or archive is None:
        if asked.only != PARTS and "screen" in asked.only:
            _note(found, "没有项目和旧项目库（--projects、--archive），未比对", "left out: screening: no projects and "
                  "archive (--projects, --archive)")  # fmt: skip
        return
    evidence.screening = screen(projects, archive, encoding=asked.encoding)
    evidence.shown["screen"].append(evidence.screening)
    evidence.places = _home(library(projects, "projects", encoding=asked.encoding).frame, package, found)


def _there(path: str | None) -> str | None:
    """Return the path of a table of projects."""
    if path is not None and not Path(path).exists():
        message = f"{path}: there is no such file."
        raise InputError(message)
    return path


def _home(projects: pl.DataFrame, package: Package, found: Found) -> pl.DataFrame | None:
    """Return ``id, region`` of the projects that are in a region of the package; the others are named."""
    import polars as pl

    if "region" not in projects.columns:
        _note(found, "项目没有 region 列，风险台账不含旧项目翻新", "the projects have no column 'region': the register "
              "is silent on old wine")  # fmt: skip
        return None
    known: dict[str, str] = {}
    for code in _regions(package):
        name = found.place_names.get(code)
        known |= dict.fromkeys((code, name.zh, name.en) if name else (code,), code)
    given = {str(one): known.get(str(one)) or known.get(f"{str(one)[:2]}0000") for one in projects["region"].unique()}
    placed = projects.select(
        pl.col("id").cast(pl.String),
        pl.col("region").cast(pl.String).replace_strict(given, default=None, return_dtype=pl.String),
    )
    lost = placed.filter(pl.col("region").is_null())["id"].to_list()
    if lost:
        few = ", ".join(lost[:3])
        _note(found, f"{len(lost)}个项目不在任何地区（{few}），风险台账不含它们",
              f"{len(lost)} projects are in no region of the package ({few}): not in the register")  # fmt: skip
    return placed.drop_nulls("region")


def _regions(package: Package) -> list[str]:
    tables = [package.tables[name] for name in ("regions", "plans", "accounts") if name in package.tables]
    return sorted({str(code) for table in tables if "region" in table.columns for code in table["region"].unique()})


def _bubbles(package: Package, asked: Asked, found: Found, evidence: Evidence) -> None:
    """Test house prices of cities, or where there are none of provinces; series bear the codes of their places."""
    from xinzhi.risks import BubbleRules, bubbles, house_prices

    name = Text(zh="价格泡沫", en="bubbles")
    rules: BubbleRules = BubbleRules(gaps="longest", **asked.given(seed="seed", draws="replications"))
    ways: dict[str, Any] = {"lag": "bic", "critical": "sieve", "rules": rules}
    if "city_prices" in package.tables:

        def verb() -> Result:
            return bubbles(house_prices(package, of="cities"), "city", "month", "log_price", **ways)
    elif "prices" in package.tables:

        def verb() -> Result:
            prices = house_prices(package, of="provinces")
            beside = "price_to_output" if prices["price_to_output"].count() else "log_price"
            return bubbles(prices.drop_nulls(beside), "region", "year", beside, **ways)
    else:
        _note(found, "没有房价（city_prices 或 prices 表），未检验泡沫", "left out: bubbles: no house prices (table "
              "'city_prices' or 'prices')")  # fmt: skip
        return
    evidence.bubbles = found.add(name, verb)
    if evidence.bubbles is not None:
        evidence.shown["bubbles"].append(_called(evidence.bubbles, asked.language))


def _called(result: Bubbles, language: Language) -> Bubbles:
    """Return a result whose series bear names of places in place of codes; two of one name keep their codes."""
    import polars as pl

    from xinzhi.risks import place_text

    codes = [str(one) for one in result.statistics["series"]]
    known = {code: place_text(code) for code in codes}
    names = {
        code: text.lang(language) if place_text(text.lang(language)) == text else code for code, text in known.items()
    }
    named = pl.col("series").cast(pl.String).replace(names)
    return replace(
        result,
        frame=result.frame.with_columns(named),
        statistics=result.statistics.with_columns(named),
        episodes=result.episodes.with_columns(named),
        critical=result.critical.with_columns(named),
    )


def _register(package: Package, asked: Asked, found: Found, evidence: Evidence) -> Register | None:
    """Bring the evidence together."""
    from xinzhi.risks import register

    near, placed, screening = evidence.density, evidence.places, evidence.screening
    if screening is not None and placed is not None:
        rows = screening.frame.join(placed, on="id")
        screening = replace(screening, frame=rows) if rows.height else None
    else:
        screening = None

    def verb() -> Register:
        return register(
            package, density=near, fit=near if near is not None and _has_fit(near) else None, debt=evidence.debt,
            capacity=evidence.wave, likeness=evidence.likeness, screening=screening, bubbles=evidence.bubbles,
            year=asked.year,
        )  # fmt: skip

    made: Register | None = found.add(Text(zh="风险台账", en="the register"), verb)
    if made is not None:
        evidence.shown["register"].append(made)
    return made


def _has_fit(near: Result) -> bool:
    return "fit" in near.frame.columns and near.frame["fit"].count() > 0


def _table(path: str, asked: Asked, *text: str) -> pl.DataFrame:
    """Return a plain table that an option names; columns of codes stay as they are written."""
    from xinzhi.cli.plain import read_plain

    _there(path)
    return read_plain(path, asked.encoding, text=text).frame


def _bands(asked: str | None) -> str | Mapping[str, Any] | None:
    """Return a set of bands: one of the package's by name, or the caller's own from a YAML file."""
    if asked is None or not (Path(asked).suffix or Path(asked).exists()):
        return asked
    from xinzhi.protocol.yamlfile import YamlError, parse

    _there(asked)
    try:
        read = parse(Path(asked).read_text(encoding="utf-8"), asked).content
    except (YamlError, UnicodeDecodeError) as error:
        message = f"--bands {asked}: {error}"
        raise UsageError(message) from error
    if not isinstance(read, dict):
        message = f"--bands {asked}: a set of bands has numerator, denominator, grades, source and dated."
        raise UsageError(message)
    return read
