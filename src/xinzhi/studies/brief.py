"""The brief of one region: seven answers and the record of earlier ones, every sentence from a verb."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xinzhi import data, sectors, sources, words
from xinzhi.core.errors import UsageError
from xinzhi.core.lazy import pl
from xinzhi.core.schema import describe
from xinzhi.core.text import Text, outward, ranks_text, same, sentences, span_text
from xinzhi.studies import brief_sheet
from xinzhi.studies.brief_facts import Read, ability, evidence, headline, moves, read, record
from xinzhi.studies.draft import PROTOCOL, SILENT, Draft, Progress, Study, title
from xinzhi.studies.registry import on_server, topic
from xinzhi.studies.tables import load
from xinzhi.yardstick import internal

if TYPE_CHECKING:
    from xinzhi import risks
    from xinzhi.core.arrays import AnyPackage
    from xinzhi.core.result import Facts
    from xinzhi.core.text import Language
    from xinzhi.data import Package
    from xinzhi.protocol import Protocol
    from xinzhi.yardstick import Bands, Measurement

SURE = {"sure", "residual"}
UNCOUNTED = {"abundant", "doubtful", "unsteady", "chance"}  # no shortfall, even where the band lies above zero


@dataclass(frozen=True, kw_only=True, repr=False)
class Brief(Study):
    """A study of one region.

    Parameters
    ----------
    about
        The name of the region.
    span
        The newest period.
    parts
        The facts of every part, by its name, behind the sentences of the page of the region in the explorer.
    sheet
        The sentences of the two printed pages by section: answer, growth, target, advice, risk, reliability.
    head
        Who issues the brief, and the date of the data.
    """

    about: Text
    span: Text
    parts: Mapping[str, Facts]
    sheet: Mapping[brief_sheet.Section, tuple[Text, ...]]
    head: Mapping[str, Text]

    def sentences(self, part: str) -> list[Text]:
        """Return the sentences of a part."""
        return sentences(self.parts[part], "brief")

    def summary(self, language: Language = "en") -> str:
        """Return the two pages as lines for a person."""
        lines = [words.brief.sheet_page(name=self.about).lang(language)]
        titles = brief_sheet.headings(self.sheet)
        for section, texts in self.sheet.items():
            lines += ["", titles[section].lang(language)] if section in titles else []
            lines += [text.lang(language) for text in texts]
        return "\n".join([*lines, "", self.results["measurement"].provenance.foot(language)])


@on_server("region")
@topic
def brief(
    source: AnyPackage,
    *,
    region: str | None = None,
    issuer: str | None = None,
    protocol: Protocol | str = PROTOCOL,
    encoding: str | None = None,
    progress: Progress = SILENT,
) -> Brief:
    """Say in two pages how a region grew, what its target requires, and what evidence supports.

    `region` must be given; `issuer` stands in the head of the pages.

    Examples
    --------
    >>> import xinzhi
    >>> made = xinzhi.studies.brief("china-provinces", region="Jilin")
    >>> made.region, list(made.parts)[:3]
    ('220000', ['answer', 'growth', 'where'])
    """
    progress.step("read")
    package = load(source, encoding)
    codes = _codes(package)
    if region is None:
        raise UsageError("studies.brief-of", known=[data.names_of(package).region(code) for code in codes])
    code = data.names_of(package).resolve(region, codes)
    return of_region(read(package, protocol, progress), code, issuer)


def briefs(package: Package, protocol: Protocol | str = PROTOCOL) -> Callable[[str], Brief]:
    """Return what gives the brief of any region of a package, from what is read and measured once.

    Examples
    --------
    >>> import xinzhi
    >>> from xinzhi.studies.internal import briefs
    >>> made = briefs(xinzhi.load("china-provinces"))
    >>> made("Jilin").region, made("52").region
    ('220000', '520000')
    """
    shared, codes = read(package, protocol, SILENT), _codes(package)
    return lambda region: of_region(shared, data.names_of(package).resolve(region, codes))


def _codes(package: Package) -> list[str]:
    table = package.tables.get("regions")
    if table is None:
        table = package.require("accounts", ["region"], verb="brief")
    return [str(code) for code in table["region"].unique().sort().to_list()]


def of_region(shared: Read, code: str, issuer: str | None = None) -> Brief:
    """Return the brief of one region from what was read once."""
    measured, bands = shared.measured, shared.bands
    span = internal.View(measured).spans[-1]
    about = data.names_of(shared.package).region(code)
    state = ability(shared, code)
    parts: dict[str, Facts] = {
        "answer": {},
        "growth": growth(shared, code, about),
        "where": where(shared, code),
        **({} if state is None else {"able": state.facts}),
        **({} if shared.gaps is None else {"gaps": shortfalls(shared.gaps, code)}),
        **({} if state is None else {"moves": moves(shared, state, _band_of(bands, code))}),
        **({} if shared.register is None else {"flags": flags(shared.register, code)}),
        **({} if shared.peers is None else {"company": company(shared, code)}),
        "record": record(shared, code, about),
    }
    parts["answer"] = answer(parts, 0.0 if bands is None else bands.level)
    parts["growth"] = {key: values for key, values in parts["growth"].items() if key not in parts["answer"]}
    draft = Draft(name="brief", source=title(shared.package), package=shared.package)
    draft.notes.extend(shared.notes)
    draft.results["measurement"] = measured
    available = {
        "bands": bands,
        "gaps": shared.gaps,
        "able": shared.able,
        "register": shared.register,
        "backcast": shared.backcast,
        "goals": None if shared.goals is None else shared.goals.about(code),
    }
    draft.results |= {name: result for name, result in available.items() if result is not None}
    study = draft.done(code)
    more: dict[str, Any] = {} if shared.gaps is None else {"gaps": shared.gaps.frame.filter(region=code)}
    more |= {"sources_of_growth": contributions(shared, code), "company": comparison(shared, code)}
    more |= {"bars": brief_sheet.bars(shared, code), "requirement": brief_sheet.requirement(shared.goals, code)}
    if state is not None:
        more["evidence"] = evidence(shared, state)
    return Brief(
        name="brief",
        source=study.source,
        results=study.results,
        notes=study.notes,
        region=code,
        more=more,
        findings=study.findings,
        about=about,
        span=span.label,
        parts={name: facts for name, facts in parts.items() if facts},
        sheet=brief_sheet.sheet(shared, code, parts),
        head=brief_sheet.head(shared.package, issuer),
    )


def answer(parts: Mapping[str, Facts], level: float) -> Facts:
    """Return what stands first: growth, gaps that are sure, what evidence supports, the gravest flag."""
    facts = dict(list(parts["growth"].items())[:1])
    if parts.get("gaps"):  # those that are sure; else those whose band lies above zero and why they do not count
        rows: Sequence[Mapping[str, Any]] = parts["gaps"].get("gaps.one", [])
        sure = [row["factor"] for row in rows if row["verdict"] in SURE]
        above = [words.brief.answer_uncounted_one(**row) for row in rows if _uncounted(row)]
        if sure or above:
            key = "answer.gaps" if sure else "answer.uncounted"
            facts[key] = {"names": sure or above, "level": level}
        else:
            facts["answer.no_gaps" if rows else "answer.none_short"] = {}
    if "moves" in parts:
        facts |= headline(parts["moves"])
    worst = parts.get("flags", {}).get("flags.one", [])
    if worst:
        facts["answer.flag"] = {"severity": worst[0]["severity"], "pitfall": worst[0]["pitfall"]}
    return facts


def _uncounted(row: Mapping[str, Any]) -> bool:
    """Return whether the band of a gap lies above zero and the gap is no shortfall all the same."""
    return row["verdict"] in UNCOUNTED and row["banded"] and row["low"] > 0


def _period(measured: Measurement, code: str, span: internal.Span) -> dict[str, Any] | None:
    rows = measured.periods.filter(region=code, start=span.start, end=span.end)
    return rows.row(0, named=True) if rows.height else None


def _nation(measured: Measurement, span: internal.Span) -> float | None:
    rows = measured.national_periods.filter(start=span.start, end=span.end)
    return rows["tfp_growth"][0] if rows.height else None


def _band_of(bands: Bands | None, code: str) -> dict[str, Any] | None:
    """Return the band of a region in the newest period; None where it has none."""
    if bands is None:
        return None
    start, end = internal.leading_span(bands)
    rows = bands.frame.filter(region=code, start=start, end=end, component=internal.TOGETHER)
    return rows.row(0, named=True) if rows.height else None


def _sided(bands: Bands, row: Mapping[str, Any], agreed: float | None) -> dict[str, object]:
    """Return on which side of all together a region is, if decided, and whether only some protocols say so."""
    # `agreed` is the share of protocols by which it is above.
    if row["above_nation"] >= bands.decided:
        return {"side": "above", "alone": agreed is not None and agreed < internal.AGREED}
    if row["above_nation"] <= 1 - bands.decided:
        return {"side": "below", "alone": agreed is not None and 1 - agreed < internal.AGREED}
    return {"side": "tie", "alone": False}


def growth(shared: Read, code: str, about: Text) -> Facts:
    """Return growth of the newest period with its band, its rank only with its range, and the period before."""
    measured, bands = shared.measured, shared.bands
    *earlier, span = internal.View(measured).spans
    row, band = _period(measured, code, span), _band_of(bands, code)
    over = next(shared.protocols.filter(region=code, start=span.start, end=span.end).iter_rows(named=True), {})
    record_text: Text | str = ""
    corrected: Text | str = ""
    if bands is not None:  # how such bands held in the past, and what growth would be had investment been corrected
        newest = internal.leading_span(bands)
        record_text = internal.record_clause(bands, *newest, single=True)
        corrected = internal.corrected_clause(bands, code, *newest)
    untested: Facts = {} if record_text else {"growth.untested": {}}
    facts: Facts = {}
    if row is None:
        facts["growth.missing"] = {"name": about, "span": span.label}
    elif bands is not None and band is not None and bands.part is not None and band["low"] is not None:
        # Nothing is compared where a part of the regions is there.
        figures_of = {
            "name": about,
            "span": span.label,
            "level": bands.level,
            "value": row["tfp_growth"],
            "held": record_text,
            "moved": corrected,
        }
        facts["growth.banded_alone"] = figures_of | {"low": band["low"], "high": band["high"], "n": bands.part[1]}
        facts |= untested
    elif bands is not None and band is not None and bands.part is None:
        figures_of = {"name": about, "span": span.label, "level": bands.level, "moved": corrected}
        figures_of |= _sided(bands, band, over.get("protocol_above"))
        if band["low"] is None:
            facts["growth.relative"] = figures_of | {"low": band["relative_low"], "high": band["relative_high"]}
        else:
            figures = {"value": row["tfp_growth"], "low": band["low"], "high": band["high"], "held": record_text}
            facts["growth.banded"] = figures_of | figures | {"nation": _nation(measured, span)}
            facts |= untested
        if row["grade"] != "D":
            n = bands.frame.filter(pl.col("region") != internal.NATIONAL)["region"].n_unique()
            facts["growth.ranks"] = {"ranks": ranks_text(band["rank_low"], band["rank_high"]), "n": n}
    else:
        facts["growth.plain"] = {"name": about, "span": span.label, "value": row["tfp_growth"]}
    if row is not None and over:
        key = "growth.protocols" if over["protocol_rank_low"] is None else "growth.protocols_ranked"
        ranks = ranks_text(over["protocol_rank_low"], over["protocol_rank_high"])
        facts[key] = {**over, "protocols": f"{over['protocols']:,}", "ranks": ranks}
    before = _period(measured, code, earlier[-1]) if earlier else None
    if before is not None:
        nation = _nation(measured, earlier[-1])
        key = "growth.before_alone" if nation is None else "growth.before"
        facts[key] = {
            "span": earlier[-1].label,
            "value": before["tfp_growth"],
            "nation": nation,
            "poor": before["grade"] == "D",
            "adjusted": internal.View(measured).adjusted(earlier[-1]),
        }
    if row is not None and row["grade"]:
        years = measured.frame.filter(pl.col("region") == code, pl.col("year").is_between(span.start + 1, span.end))
        facts["growth.grade"] = {"grade": row["grade"], "n": years.height, "poor": years.filter(grade="D").height}
    return facts


def where(shared: Read, code: str) -> Facts:
    """Return the contributions to growth in the newest period, and what reallocation brought in the last one known."""
    span = internal.View(shared.measured).spans[-1]
    growth_row = _period(shared.measured, code, span)
    facts: Facts = {}
    if growth_row is not None:
        facts["where.parts"] = {
            **internal.rates(growth_row),
            "tfp": growth_row["tfp_growth"],
            **{name: growth_row[f"{name}_contribution"] for name in ("capital", "labour", "human_capital")},
        }
    if shared.sources is None or not {"allocation_labour", "allocation_capital"} <= set(shared.sources.periods.columns):
        return facts
    rows = shared.sources.periods.filter(region=code).drop_nulls("allocation").sort("end", "start")
    if rows.height:
        row = rows.row(-1, named=True)
        same_span = growth_row is not None and (row["start"], row["end"]) == (span.start, span.end)
        span_of = {name: row[name] for name in ("region", "start", "end")}
        pairs = [view.periods.filter(**span_of).row(0, named=True) for view in shared.sources.views]
        rest = [] if growth_row is None else [growth_row["tfp_growth"] - pair["allocation"] for pair in pairs]
        facts["where.allocation_of" if same_span else "where.allocation"] = {
            "span": span_text(row["start"], row["end"]),
            "shares": len(pairs) > 1,
            **{
                name: sources.share_range_text([pair[column] for pair in pairs], "plain")
                for name, column in _MOVES.items()
            },
            "rest": sources.share_range_text(rest, "tenths") if rest else None,
        }
    return facts


_MOVES = {"total": "allocation", "labour": "allocation_labour", "capital": "allocation_capital"}


def contributions(shared: Read, code: str) -> pl.DataFrame:
    """Return the contributions in the last two periods, of the region and of all together."""
    keys = ["output_growth", "capital_contribution", "labour_contribution", "human_capital_contribution", "tfp_growth"]
    tables = []
    frames = {"self": shared.measured.periods.filter(region=code), "total": shared.measured.national_periods}
    for span in internal.View(shared.measured).spans[-2:]:
        for kind, frame in frames.items():
            rows = frame.filter(start=span.start, end=span.end).select(keys)
            tables.append(rows.select(*keys, span=pl.lit(span.label.en), kind=pl.lit(kind)))
    return pl.concat([*tables[2:], *tables[:2]])


def shortfalls(gaps: internal.Gaps, code: str) -> Facts:
    """Return the two largest gaps to the median of the peers, which of them is sure, and how many chance would show."""
    rows = gaps.of_region(code)
    if not rows:
        return {"gaps.none": {}} if gaps.frame.filter(region=code).height else {}
    sure = sum(row["sure"] and row["banded"] for row in rows)
    counts = gaps.counts()
    sentences = [
        {
            **row,
            **counts,
            "factor": words.brief.factor_of(row["factor"]),
            "verdict": _verdict(row),
            **gap_figures(row),
            "shares": row["gap_other"] is not None,
            **dict(zip(("low_end", "high_end"), outward(row["low"], row["high"]), strict=True)),
        }
        for row in rows
    ]
    head: Facts = {"gaps.about": {"names": gaps.peers.labels(code), "span": span_text(gaps.start, gaps.end)}}
    above = any(_uncounted(row) for row in sentences)
    unsure = "gaps.uncounted" if above else "gaps.no_sure"
    verdict: Facts = {"gaps.sure": {"n": sure}} if sure else {unsure: {}}
    counted: Facts = {"gaps.counted": counts} if sure or above else {}
    return {**verdict, **counted, **head, "gaps.one": sentences}


def gap_figures(row: Mapping[str, Any]) -> dict[str, Text]:
    """Return region, peers and gap of a row of `Gaps` as percentage points, with their range over labour shares.

    Examples
    --------
    >>> row = {"own": 0.011, "own_other": 0.005, "peers": 0.012, "peers_other": 0.011, "gap": 0.001, "gap_other": 0.006}
    >>> [one.en for one in gap_figures(row).values()]
    ['0.50 to 1.10', '1.10 to 1.20', '0.10 to 0.60']
    """
    pairs = {name: (row[name], row[f"{name}_other"]) for name in ("own", "peers", "gap")}
    return {
        name: sources.share_range_text([value for value in ends if value is not None], "plain")
        for name, ends in pairs.items()
    }


def _verdict(row: Mapping[str, Any]) -> str:
    if not row["scarce"]:
        return "abundant"
    if not row["reliable"]:
        return "doubtful"
    if row["gap_other"] is not None and row["gap"] * row["gap_other"] <= 0:
        return "shares"
    if not row["banded"]:
        return "plain" if row["steady"] else "unsure"
    if not row["sure"]:
        shown = "chance" if row["steady"] else "unsteady"
        return "unsure" if row["low"] <= 0 else shown
    return "residual" if row["factor"] == "tfp" else "sure"  # what is left over is no factor that policy could add


def flags(register: risks.Register, code: str) -> Facts:
    """Return the three worst flags of the region in the register."""
    worst = register.worst()
    rows = worst.filter(region=code).sort("place")
    pitfalls = describe("register", "pitfall").values
    sentences = [
        {
            "severity": words.register.chart_of(row["severity"]),
            "pitfall": (pitfall := pitfalls.get(row["pitfall"], same(row["pitfall"]))),
            "about": pitfall
            if row["kind"] == "region"
            else words.brief.flags_item(pitfall=pitfall, name=register.names.text(row["kind"], row["item"])),
            "evidence": Text(zh=row["evidence_zh"], en=row["evidence_en"]),
            "clears": Text(zh=row["clears_zh"], en=row["clears_en"]),
        }
        for row in rows.iter_rows(named=True)
    ]
    if not sentences:
        return {"flags.none": {}}
    facts: Facts = {"flags.one": sentences}
    if len(sentences) < int(str(worst["place"].max())):
        facts["flags.fewer"] = {"n": len(sentences)}
    return facts


def neighbours(shared: Read, code: str) -> list[str] | None:
    """Return who borders on a region; None where borders are not known."""
    borders = sectors.contiguity()
    measured = set(shared.measured.regions["region"])
    return [region for region in borders[code] if region in measured] if code in borders else None


def company(shared: Read, code: str) -> Facts:
    """Return peers and neighbours, and from which of them the region can be told apart."""
    peers = shared.peers
    facts: Facts = {}
    around = neighbours(shared, code)
    names = shared.measured.names
    if peers is not None and peers.codes(code):
        facts["company.peers"] = {"year": peers.year, "names": peers.labels(code), "measures": peers.measures}
        if peers.frame.filter(region=code)["far"].mean() > 1 / 2:  # type: ignore[operator] # a share
            facts["company.far"] = {}
        elif (hung := peers.hangs(code)) is not None:
            values = {"measure": words.brief.measure_of(hung[0]), "k": hung[1], "n": len(peers.codes(code))}
            facts["company.hangs"] = values
        if peers.missing:
            facts["peers.missing"] = peers.facts()["peers.missing"]
    if around is not None:
        facts["company.neighbours" if around else "company.island"] = {
            "names": [names.region(region) for region in around]
        }
    companions = list(dict.fromkeys([*(peers.codes(code) if peers is not None else []), *(around or [])]))
    return facts | _distinct(shared.bands, code, companions)


def _distinct(bands: Bands | None, code: str, companions: list[str]) -> Facts:
    """Return which of the others grew surely more slowly or faster in the newest period."""
    if bands is None or bands.part is not None or not companions:
        return {}
    start, end = internal.leading_span(bands)

    def decided(component: str) -> tuple[list[str], list[str]]:
        sure = bands.pairs.filter(pl.col("decided"), start=start, end=end, component=component)
        below = sure.filter(pl.col("region") == code, pl.col("other").is_in(companions))["other"]
        above = sure.filter(pl.col("other") == code, pl.col("region").is_in(companions))["region"]
        return below.to_list(), above.to_list()

    faster, slower = decided(internal.TOGETHER)
    sides = {"faster": faster, "slower": slower}
    key = "apart" if faster and slower else next((name for name, regions in sides.items() if regions), "tied")
    certain = {region for side in decided(internal.ALL) for region in side}
    lost = [bands.names.region(region) for region in (*faster, *slower) if region not in certain]
    lists = {side: [bands.names.region(region) for region in regions] for side, regions in sides.items()}
    return {f"company.{key}": {**lists, "lost": words.brief.company_lost(names=lost) if lost else ""}}


def comparison(shared: Read, code: str) -> pl.DataFrame:
    """Return the region, its peers and its neighbours with growth, band and ranks of the newest period."""
    peers = [] if shared.peers is None else shared.peers.codes(code)
    around = neighbours(shared, code) or []
    span = internal.View(shared.measured).spans[-1]
    rows = []
    for region in dict.fromkeys([code, *peers, *around]):
        growth_row, band = _period(shared.measured, region, span), _band_of(shared.bands, region) or {}
        company_of = {(True, True): "both", (True, False): "peer", (False, True): "neighbour"}
        kind = "self" if region == code else company_of[region in peers, region in around]
        rows.append(
            {
                "region": region,
                "kind": kind,
                "growth": None if growth_row is None else growth_row["tfp_growth"],
                **{name: band.get(name) for name in ("low", "high", "rank_low", "rank_high")},
            }
        )
    kinds = {"growth": pl.Float64, "low": pl.Float64, "high": pl.Float64, "rank_low": pl.Int64, "rank_high": pl.Int64}
    return pl.DataFrame(rows, schema_overrides=kinds)
