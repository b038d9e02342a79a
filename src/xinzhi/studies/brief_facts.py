"""What every brief on a package rests on, each verb run once; what it says of ability, plans and moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from xinzhi import pathways, risks, sources, words, yardstick
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.lazy import pl
from xinzhi.core.parameters import setting
from xinzhi.core.text import Text, chance_text, clauses, join_with_commas, measured, span_text
from xinzhi.data import internal as data_internal
from xinzhi.pathways import internal as pathways_internal
from xinzhi.risks import internal as risks_internal
from xinzhi.studies.draft import LEAST, SILENT, Draft, title
from xinzhi.yardstick import internal as yardstick_internal

if TYPE_CHECKING:
    from xinzhi.core.result import Facts
    from xinzhi.data import Package
    from xinzhi.pathways.internal import Able
    from xinzhi.protocol import Protocol
    from xinzhi.studies.draft import Progress
    from xinzhi.yardstick import Bands, Measurement
    from xinzhi.yardstick.internal import Gaps, Goals, Peers

SURVEY, WAVE, MOST = "idle-now", "idle-if-all-build", "named-by-most"  # rules of the register, all of the nation
CHECKED = {"both": 0, "survey": 1, "wave": 1, "none": 2}  # what of the nation's capacity was checked: most first
UNMADE = "designated"  # what rests on a decision of the centre alone is partly a plan of the centre
BARE = frozenset({"ratio", "rank", "mention", "items"})  # units of evidence without an amount
TALK = ("mention", "growth")  # what a region says of itself without an amount


@dataclass(frozen=True, slots=True)
class Plans:
    """The plans of the last year: who names what, without umbrella terms."""

    year: int
    named: pl.DataFrame  # region, category
    general: frozenset[str]

    def of(self, region: str) -> list[str]:
        """Return the categories that a region names."""
        return self.named.filter(region=region)["category"].to_list()


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What all briefs on a package share: every verb is run once."""

    package: Package
    measured: Measurement
    bands: Bands | None
    protocols: pl.DataFrame  # the range of growth over protocols in the newest period, as `robustness` has it
    sources: sources.Sources | None
    able: pathways_internal.Able | None
    ahead: risks_internal.HerdEntry | None  # what would follow if all that is planned is built
    register: risks.Register | None
    peers: Peers | None
    gaps: Gaps | None
    backcast: yardstick_internal.Backcast | None
    plans: Plans | None
    goals: Goals | None
    notes: tuple[Text, ...]


def plans(package: Package) -> Plans | None:
    """Return the plans of the last year; None where the package has none."""
    table = package.tables.get("plans")
    if table is None or not {"region", "year", "category", "named"} <= set(table.columns) or table.is_empty():
        return None
    year = int(str(table["year"].max()))
    kinds = package.tables.get("plan_categories")
    general: frozenset[str] = frozenset()
    if kinds is not None and "informative" in kinds.columns:
        general = frozenset(kinds.filter(pl.col("informative") == 0)["category"])
    named = table.filter(pl.col("year") == year, pl.col("named") == 1, ~pl.col("category").is_in(list(general)))
    return Plans(year, named.select("region", "category"), general)


def read(
    package: Package,
    protocol: Protocol | str,
    progress: Progress = SILENT,
    *,
    measured: Measurement | None = None,
    protocols: pl.DataFrame | None = None,
) -> Read:
    """Run every verb that briefs on a package need; what the data do not reach is None, with a note."""
    # `measured` and `protocols` (what `robustness` gives of the newest period) are computed where they are not at hand.
    progress.step("measure")
    measured = yardstick.measure(package, protocol) if measured is None else measured
    yardstick_internal.require_value_added(measured.protocol, "brief")
    yardstick_internal.require_yearly(measured.panel, "brief")
    draft = Draft(name="brief", source=title(package), package=package)
    progress.step("bands")
    bands: Bands | None = None
    try:
        bands = yardstick.bands(measured)
    except (InputError, UsageError) as error:
        if error.code != "yardstick.nothing-estimated":  # then none are missed
            draft.note("left-out", what=words.studies.part_bands(), why=error.reason)
    if protocols is None:
        newest = [(span.start, span.end) for span in yardstick_internal.View(measured).spans[-1:]]
        protocols = yardstick.robustness(measured, newest)
    peers = draft.run("peers", lambda: yardstick.peers(measured, package))
    parts = draft.run("reallocation", lambda: sources.decompose(package, measurement=measured))
    if parts is not None and not parts.periods["allocation"].count():
        draft.note("left-out", what=words.studies.part_reallocation(), why=words.brief.where_no_sectors())
        parts = None
    views = () if parts is None else parts.views
    reallocation = dict(zip(("allocation", "alternative"), (view.periods for view in views), strict=False))
    gaps = None if peers is None else yardstick.gaps(measured, peers, bands=bands, **reallocation)
    goals: Goals | None = None
    if bands is not None and "targets" in package.tables:
        goals = draft.run("goals", lambda: yardstick.goals(package, banded=bands))
    progress.step("able")
    able = draft.run("able", lambda: pathways.able(package))
    around = data_internal.among(package)
    largest = package if around is None else around.package
    portfolios = plans(largest)
    progress.step("risks")
    ahead: risks_internal.HerdEntry | None = None
    with suppress(InputError):  # the register says what it lacks
        ahead = risks.herd_entry(largest)
    register = draft.run("register", lambda: risks.register(package, able=able, capacity=ahead))
    progress.step("backtest")
    backcast = draft.run("backcast", lambda: yardstick.backcast(package, measurement=measured))
    return Read(
        package=package,
        measured=measured,
        bands=bands,
        protocols=protocols,
        sources=parts,
        able=able,
        ahead=ahead,
        register=register,
        peers=peers,
        gaps=gaps,
        backcast=backcast,
        plans=portfolios,
        goals=goals,
        notes=tuple(draft.notes),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ability:
    """What a region can do and what it names; `rows` has a row for each category with its verdict."""

    region: str
    rows: pl.DataFrame
    facts: Facts
    planned: bool
    codes: Mapping[str, Sequence[str]] = field(default_factory=dict)


def ability(shared: Read, code: str) -> Ability | None:
    """Hold what a region names against the evidence of what it can do; None without evidence on any region."""
    able = shared.able
    if able is None:
        return None
    rows = able.frame.filter(region=code)
    portfolios = shared.plans
    general = portfolios.general if portfolios is not None else frozenset()
    rows = rows.filter(~pl.col("category").is_in(list(general)))
    portfolio = set(portfolios.of(code)) if portfolios is not None else set()
    rows = rows.with_columns(named=pl.col("category").is_in(list(portfolio)))

    def codes(value: str, *, planned: bool, designated: bool = False) -> list[str]:
        matches = rows.filter((pl.col("reason") == UNMADE) == designated, able=value, named=planned)
        return matches.sort("output", descending=True, nulls_last=True)["category"].to_list()

    lists = {
        "can": codes("able", planned=True),
        "by_proxy": codes("by proxy", planned=True),
        "designated": codes("by proxy", planned=True, designated=True),
        "unproven": codes("unknown", planned=True),
        "contradicted": codes("not able", planned=True),
        "open": codes("able", planned=False),
    }
    if portfolios is None or not portfolio:
        proxies = codes("by proxy", planned=False) + codes("by proxy", planned=False, designated=True)
        none = words.brief.able_none()
        only = {
            "names": _names(able, lists["open"]) if lists["open"] else none,
            "proxy": _names(able, proxies) if proxies else none,
        }
        return Ability(region=code, rows=rows, facts={"able.only": only}, planned=False, codes=lists)
    counts = [
        words.brief.able_count_of(name, n=len(members)) for name, members in lists.items() if members and name != "open"
    ]
    staff = dict(rows.filter(able="by proxy", reason="quotient").select("category", "quotient_year").iter_rows())
    facts: Facts = {"able.named": {"year": portfolios.year, "n": len(portfolio), "counts": join_with_commas(counts)}}
    if general:
        facts["able.general"] = {"n": len(general)}
    facts |= {f"able.{name}": {"names": _names(able, members, staff)} for name, members in lists.items() if members}
    return Ability(region=code, rows=rows, facts=facts, planned=True, codes=lists)


def _names(able: Able, codes: Sequence[str], staff: Mapping[str, int] = MappingProxyType({})) -> Text:
    """Return the names of categories, of many the first."""
    # `staff` has the year of those that rest on employment or spending alone.
    return _first(
        [
            words.brief.able_staff(name=name, year=staff[code]) if code in staff else name
            for code, name in ((code, able.names.text("category", code)) for code in codes)
        ]
    )


def _first(names: Sequence[Text]) -> Text:
    """Return names parted by semicolons; of many the first, and how many others there are."""
    limit = int(setting(LEAST, "brief_names"))
    if len(names) > limit + 1:
        names = [*names[:limit], words.brief.able_others(n=len(names) - limit)]
    return clauses(names)


def best_evidence(able: Able, region: str, category: str) -> dict[str, Any] | None:
    """Return the piece of evidence that the verdict rests on, else the first as `able` sorts them."""
    rows = able.evidence.filter(
        pl.col("region") == region,
        pl.col("for_category") == category,
        ~pl.col("measure").is_in(TALK),
        pl.col("value").ne_missing(0.0),  # nothing made is no evidence of what is made
    )
    row = able.frame.row(by_predicate=(pl.col("region") == region) & (pl.col("category") == category), named=True)
    decides = {
        "output": pl.col("measure").eq_missing(row["output_measure"]),
        "cluster": pl.col("evidence") == "designation",
    }
    decisive = rows.filter(decides[row["reason"]]) if row["reason"] in decides else rows.clear()
    rows = decisive if decisive.height else rows
    return rows.row(0, named=True) if rows.height else None


def evidence_text(row: Mapping[str, Any]) -> Text:
    """Return a piece of evidence in words: what, how much, in which year, by whom."""
    issuer = Text(zh=row["issuer_zh"] or row["issuer_en"] or "", en=row["issuer_en"] or "")
    what = Text(zh=row["name_zh"] or row["measure"], en=row["name_en"] or row["measure"])
    figures = {"what": what, "year": row["year"], "issuer": issuer}
    if row["evidence"] == "designation" or row["unit"] in BARE:
        return words.brief.moves_named(**figures)
    return words.brief.moves_evidence(value=measured(row["value"], row["unit"]), **figures)


def evidence(shared: Read, state: Ability) -> pl.DataFrame:
    """Return the main evidence of a region: what is planned and made first, then what is made and not planned."""
    able = shared.able
    if able is None:
        return pl.DataFrame()
    order = [code for name in ("contradicted", "can", "open", "by_proxy", "designated") for code in state.codes[name]]
    rows: list[dict[str, Any]] = []
    verdicts = {row["category"]: row for row in state.rows.iter_rows(named=True)}
    for category in order:
        piece = best_evidence(able, state.region, category)
        if piece is None or len(rows) == setting(LEAST, "brief_evidence"):
            continue
        text, verdict = evidence_text(piece), verdicts[category]
        rows.append(
            {
                "category": category,
                "able": verdict["able"],
                "designated": verdict["reason"] == UNMADE,
                "grade": verdict["grade"],
                "named": verdict["named"],
                "evidence_zh": text.zh,
                "evidence_en": text.en,
            }
        )
    return pl.DataFrame(rows, schema_overrides={"grade": pl.String})


def under(shared: Read, rule: str) -> dict[str, dict[str, Any]]:
    """Return what the register says of the nation under a rule, by the industry that it flags."""
    if shared.register is None:
        return {}
    return {row["item"]: row for row in shared.register.national.filter(rule=rule).iter_rows(named=True)}


def capacity_checks(shared: Read, category: str) -> str:
    """Return which figures of the nation's capacity were held against a threshold: both, survey, wave or none."""
    if shared.register is None:
        return "none"
    rows = shared.register.checks.filter(pl.col("status") != "not checked", item=category)
    rules = set(rows["rule"]) & {SURVEY, WAVE}
    if not rules:
        return "none"
    if len(rules) > 1:
        return "both"
    return "survey" if SURVEY in rules else "wave"


def moves(shared: Read, state: Ability, band: Mapping[str, Any] | None) -> Facts:
    """Return up to three moves that evidence supports, all others of the kind, what to stop, what would change this."""
    # What the region plans comes first; then certainty decides, then how many figures of the nation's capacity were
    # checked, then how few regions name it. Of every move it is said what was checked.
    evidence_base = shared.able
    if evidence_base is None:
        return {}
    surveyed, waves, most = (under(shared, rule) for rule in (SURVEY, WAVE, MOST))
    grades = list(setting(LEAST, "brief_grades"))
    eligible = pl.col("named") | ~pl.col("category").is_in(list(setting(LEAST, "brief_mature")))
    firm = state.rows.filter(
        pl.col("able") == "able",
        pl.col("reason") != UNMADE,
        pl.col("grade").is_in(grades),
        eligible,
        ~pl.col("category").is_in([*surveyed, *waves]),
    )
    able = [
        _move(shared, evidence_base, state.region, row) | {"most": row["category"] in most}
        for row in firm.sort("output", "category", descending=[True, False], nulls_last=True).iter_rows(named=True)
    ]
    able.sort(
        key=lambda move: (
            move["named"] is False,
            grades.index(move["grade"]),
            CHECKED[move["capacity"]],
            move["others"] + (move["named"] is True),
        )
    )
    limit = int(setting(LEAST, "brief_moves"))
    facts: Facts = {"moves.about": {}, "moves.build": able[:limit]} if able else {"moves.none": {}}
    if rest := able[limit:]:
        names = _first([words.brief.moves_other(**move) for move in rest])
        facts["moves.rest"] = {"n": limit, "of": len(able), "names": names, "bare": _first(_move_names(rest))}
    feasible = [code for name in ("can", "by_proxy", "designated") for code in state.codes[name]]
    against = state.codes["contradicted"]
    stopped = [code for code in against if code in evidence_base.nothing(state.region)]
    doubted = [code for code in against if code not in stopped]
    if stopped:
        facts["moves.stop"] = {"names": clauses([_with_series(evidence_base, state, code) for code in stopped])}
    if doubted:
        facts["moves.contradicted"] = {"names": clauses([_with_series(evidence_base, state, code) for code in doubted])}
    if idle := [code for code in feasible if code in surveyed]:
        facts["moves.idle_now"] = {"names": _names(evidence_base, idle)}
    facts |= _if_all(shared, [waves[code] for code in feasible if code in waves and code not in surveyed])
    little = evidence_base.little(state.region)
    if low := [code for code in state.codes["unproven"] if code in little]:
        facts["moves.unproven"] = {"names": _first([_with_series(evidence_base, state, code) for code in low])}
    if silent := [code for code in state.codes["unproven"] if code not in little]:
        facts["moves.no_figure"] = {"names": _names(evidence_base, silent)}
    if state.codes["unproven"] or against:
        facts["moves.change_evidence"] = {}
    if band is not None and band["low"] is not None:
        facts["moves.change_band"] = {
            "span": span_text(band["start"], band["end"]),
            "low": band["low"],
            "high": band["high"],
        }
    return facts


def _if_all(shared: Read, flagged: Sequence[Mapping[str, Any]]) -> Facts:
    """Return what would idle if all that is planned is built: with any demand, and with slow demand only."""
    if not flagged or shared.ahead is None:
        return {}
    names, options = shared.ahead.names, shared.ahead.provenance.options
    ranges = {row["category"]: row for row in shared.ahead.ranges().iter_rows(named=True)}
    texts: dict[bool, list[Text]] = {True: [], False: []}
    for row in flagged:
        least, most = (chance_text(ranges[row["item"]][end]) for end in ("least", "most"))
        least = Text(zh=least.zh.removesuffix("%"), en=least.en.removesuffix("\u00a0%"))  # told once, after both
        ends = {"name": names.text("category", row["item"]), "n": row["hit"], "least": least, "most": most}
        texts[row["severity"] != "note"].append(words.brief.moves_chance(**ends))
    rates = [ranges[row["item"]] for row in flagged]
    return {
        "moves.if_all": {
            "firm": bool(texts[True]),
            "loose": bool(texts[False]),
            "both": all(texts.values()),
            "sure": clauses(texts[True]),
            "some": clauses(texts[False]),
            "slow": min(rate["slow"] for rate in rates),
            "fast": max(rate["fast"] for rate in rates),
            "edge": float(options["threshold"]),
            "years": int(options["horizon"]),
        }
    }


def headline(facts_of_moves: Facts) -> Facts:
    """Return what the first screen says of moves: by what was checked of capacity, and which others there are."""
    built: Sequence[Mapping[str, Any]] = facts_of_moves.get("moves.build", [])
    if not built:
        return {"answer.no_moves": {}}
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in built:
        groups.setdefault(row["capacity"], []).append(row)
    facts: Facts = {
        "answer.moves": [
            {"capacity": key, "checked": members[0]["checked"], "names": clauses(_move_names(members))}
            for key, members in groups.items()
        ]
    }
    return facts | ({"answer.moves_rest": facts_of_moves["moves.rest"]} if "moves.rest" in facts_of_moves else {})


def _move_names(rows: Sequence[Mapping[str, Any]]) -> list[Text]:
    """Return the names of moves: the year of the evidence, whether it is a title, and if most regions name one."""
    return [
        words.brief.answer_noted(name=row["category"], **{name: row[name] for name in ("title", "year", "most")})
        if row["year"]
        else row["category"]
        for row in rows
    ]


def _with_series(able: Able, state: Ability, category: str) -> Text:
    """Return the name of a category with the series that shows next to nothing, and its year."""
    row = state.rows.row(by_predicate=pl.col("category") == category, named=True)
    series = able.evidence.filter(for_category=category, measure=row["output_measure"])
    zh, en = series.select("name_zh", "name_en").row(0) if series.height else (row["output_measure"],) * 2
    about = able.names.text("category", category)
    return words.brief.moves_dated(name=about, year=row["output_year"], series=Text(zh=zh or en, en=en))


def _move(shared: Read, able: Able, region: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the sentence about one move says."""
    category = row["category"]
    piece, capacity = best_evidence(able, region, category), capacity_checks(shared, category)
    elsewhere = (
        0
        if shared.plans is None
        else shared.plans.named.filter(pl.col("category") == category, pl.col("region") != region).height
    )
    return {
        "category": able.names.text("category", category),
        "named": "none" if shared.plans is None else bool(row["named"]),
        "evidence": words.brief.able_none() if piece is None else evidence_text(piece),
        "others": elsewhere,
        "able": able.everywhere.filter(category=category, able="able").height,
        "grade": row["grade"],
        "title": row["reason"] == "cluster",
        "year": None if piece is None else piece["year"],
        "capacity": capacity,
        "checked": words.brief.capacity_of(capacity),
    }


def record(shared: Read, code: str, about: Text) -> Facts:
    """Return the hit rate of earlier briefs, and what they would have said of the region."""
    backcast = shared.backcast
    if backcast is None:
        return {}
    facts = backcast.facts()
    sentences = [
        words.brief.backcast_told(year=row["as_of"], said=row["said"] > 0, happened=row["happened"] > 0, hit=row["hit"])
        for row in backcast.of_region(code)
    ]
    if sentences:
        facts["backcast.region"] = {"name": about, "told": clauses(sentences)}
    if shared.able is not None:
        facts["backcast.unscored"] = {}
    return facts
