"""A region, its brief first, each answer with the evidence, its accounts, who is like it; and regions side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from markupsafe import Markup

from xinzhi import words
from xinzhi.core.schema import describe
from xinzhi.core.text import NOTHING, Text, percent, same
from xinzhi.report import Table
from xinzhi.report.internal import bilingual_html, evidence, gaps, profiles, region_chart
from xinzhi.report.internal import growth as growth_pictures
from xinzhi.studies.internal import Assessment, Brief, Series, input_units
from xinzhi.web.html_charts import SLOTS, lines, pair, ranges
from xinzhi.web.page import Address, Call, Page, file
from xinzhi.web.pages import category
from xinzhi.web.pages.explain import COLUMNS, Why, explained, why
from xinzhi.web.parameters import assessment_of, decimals, kicker
from xinzhi.web.store import Store
from xinzhi.yardstick import Measurement
from xinzhi.yardstick.internal import Span, View

FILES = (("measure", "measurement"), ("assess", "bands"), ("able", "able"))
LINKS = (  # the part of the brief, and the page and key of what says more
    ("where", "topic", "sources"), ("able", "topic", "plan"), ("moves", "topic", "paths"), ("flags", "topic", "risks"),
    ("company", "compare", ""),
)  # fmt: skip
OWN_PLACE = ("answer", "record")  # parts of the brief with a place of their own

Rows = dict[str, dict[str, Any]]
PARTS = ("output_growth", "capital_contribution", "labour_contribution", "human_capital_contribution")


def keys(store: Store) -> Sequence[str]:
    """Return the codes of the regions."""
    return store.regions


def page(store: Store, address: Address) -> Page:
    """Return the page of a region."""
    code = store.region(address.key)
    region_study = region_brief(store, address, code)
    measured = region_study.result(Measurement)
    view = View(measured)
    units = input_units(measured.protocol, store.package)
    newest = view.spans[-1]
    profile = next(iter(profiles(view, units, [code])), None) if code in view.codes else None
    if profile is not None:  # drawn in both widths; its figures lead to what they are made of
        places = int(measured.protocol.value("reporting.decimals"))
        shapes = [region_chart(view, code, address.language, narrow=narrow) for narrow in (False, True)]
        periods = explained(profile.periods, view, code, places, why(store, address))
        profile = replace(profile, svg=pair(*shapes), periods=periods)
    codes = store.regions
    at = codes.index(code)
    call = Call(topic="brief", options={"region": code})
    growth = growth_pictures(region_study.more["sources_of_growth"], region_study.about, address.language)
    return Page(
        title=region_study.about,
        kicker=words.brief.subtitle(source=region_study.source, span=region_study.span),
        lead=region_study.sentences("answer"),
        study=region_study,
        call=call,
        decimals=int(measured.protocol.value("reporting.decimals")),
        template="region.html.j2",
        files=[file(*entry) for entry in FILES if entry[1] in region_study.results],
        more={
            "brief": region_study,
            "sections": [part for part in region_study.parts if part not in OWN_PLACE],
            "evidence": _linked_evidence(store, address, region_study),
            "planned": planned(store, code),
            "newest": newest,
            "place": f"{newest.start}-{newest.end}",
            "gaps": gaps(region_study),
            "growth": Markup(growth),  # noqa: S704 - made there, its words escaped
            "company": company(region_study, view),
            "profile": profile,
            "group": view.group_of.get(code),
            "code": code,
            "links": LINKS,
            "before": (codes[at - 1], view.name(codes[at - 1])),
            "after": (codes[(at + 1) % len(codes)], view.name(codes[(at + 1) % len(codes)])),
        },
    )


def region_brief(store: Store, address: Address, code: str) -> Brief:
    """Return the brief of a region; that under the protocol of the site is there with those of all the others."""
    if address.query.get("protocol") in {None, store.rules.id}:
        ready = next((study for study in assessment_of(store, address).briefs if study.region == code), None)
        if ready is not None:
            return ready
    return cast("Brief", store.study("brief", address.query.get("protocol"), region=code))


def planned(store: Store, code: str) -> list[tuple[str, Text]]:
    """Return the industries that the newest plan of a region names, each of which has a page."""
    if not category.ready(store):
        return []
    plans = category.named_categories(store)
    planned_codes, names = plans.categories_of(code), plans.able.names
    return [(key, names.text("category", key)) for key in category.keys(store) if key in planned_codes]


def _linked_evidence(store: Store, address: Address, region_study: Brief) -> Table | None:
    """Return the main evidence; its industries lead to their pages."""
    table = evidence(region_study)
    if table is None or not category.ready(store):
        return table
    link, codes = Markup('<a href="{}">{}</a>'), region_study.more["evidence"]["category"].to_list()
    rows = [
        (link.format(address.to("category", code), bilingual_html(row[0])), *row[1:])
        for code, row in zip(codes, table.rows, strict=True)
    ]
    return replace(table, rows=rows)


def company(region_study: Brief, view: View) -> dict[str, object]:
    """Return the region, its peers and its neighbours with growth, band and ranks of the newest period."""
    nation = view.national_of(view.spans[-1]).get("tfp_growth")
    rows = [
        {
            "code": row["region"],
            "name": view.name(row["region"]),
            "value": row["growth"],
            "low": row["low"],
            "high": row["high"],
            "ranks": (row["rank_low"], row["rank_high"]),
            "kind": row["kind"],
            "about": words.brief.company_of(row["kind"]),
        }
        for row in region_study.more["company"].rows(named=True)
        if row["growth"] is not None
    ]
    axis, placed = ranges(rows, [] if nation is None else [float(nation)])
    return {"rows": placed, "axis": axis, "nation": nation, "title": words.brief.table_company(span=region_study.span)}


def compare(store: Store, address: Address) -> Page:
    """Return the page; the columns of all regions are there, those that were chosen are shown."""
    study = assessment_of(store, address)
    view = View(study.measurement)
    selection = [store.region(address.query[name]) for name in SLOTS if name in address.query]
    newest = view.spans[-1]
    order = study.ranking.in_period(newest.start, newest.end).drop_nulls("tfp_growth")["region"].to_list() or view.codes
    selection = list(dict.fromkeys(selection or [order[0], order[-1]]))  # the ends of the ranking where nobody chose
    return Page(
        title=words.web.compare_title(),
        kicker=kicker(study),
        lead=[words.web.compare_lead(n=len(view.codes))],
        study=study,
        call=Call(topic="assess"),
        decimals=decimals(study),
        template="compare.html.j2",
        files=[file("assess", "ranking"), file("measure", "measurement")],
        more={
            "codes": view.codes,
            "names": {code: view.name(code) for code in view.codes},
            "chosen": selection,
            "rows": rows(study, view, why(store, address)),
            "chart": lines(Series.from_column(view.measurement.levels, "tfp_level").lines, selection),
            "forms": [(name, selection[at] if at < len(selection) else "") for at, name in enumerate(SLOTS)],
        },
    )


def rows(study: Assessment, view: View, link: Why) -> list[tuple[Text, list[Text | Markup]]]:
    """Return what is compared: its name, and the cell of every region."""
    newest = view.spans[-1]
    ranked = {row["region"]: row for row in study.ranking.in_period(newest.start, newest.end).rows(named=True)}
    periods = {row["region"]: row for row in view.regions_in(newest).rows(named=True)}
    growth_cells = _growth(view, ranked, "tfp_growth", newest, link)
    comparison: list[tuple[Text, list[Text | Markup]]] = [(words.web.compare_tfp(span=newest.label), growth_cells)]
    comparison += [
        (words.web.compare_band(), [_band(ranked.get(code, {})) for code in view.codes]),
        (words.web.compare_ranks(), [_places(ranked, code, "rank") for code in view.codes]),
        (words.web.compare_wide(), [_places(ranked, code, "protocol_rank") for code in view.codes]),
        (words.web.compare_grade(), [same(_cell(ranked, code, "grade") or NOTHING) for code in view.codes]),
    ]
    comparison += [(describe("measure", name).title, _growth(view, periods, name, newest, link)) for name in PARTS]
    for span in reversed(view.spans[:-1]):
        before = {row["region"]: row for row in view.regions_in(span).rows(named=True)}
        comparison.append((words.web.compare_tfp(span=span.label), _growth(view, before, "tfp_growth", span, link)))
    return comparison


def _cell(rows_: Rows, code: str, name: str) -> Any:  # noqa: ANN401 - a cell
    return rows_.get(code, {}).get(name)


def _growth(view: View, rows_: Rows, name: str, span: Span, link: Why) -> list[Text | Markup]:
    return [link(code, span, COLUMNS[name], percent(_cell(rows_, code, name))) for code in view.codes]


def _band(row: dict[str, Any]) -> Text:
    low, high = row.get("low"), row.get("high")
    return same(NOTHING if low is None else f"{percent(low)} … {percent(high)}")


def _places(rows_: Rows, code: str, name: str) -> Text:
    low, high = (_cell(rows_, code, f"{name}_{end}") for end in ("low", "high"))
    return same(NOTHING) if low is None else same(f"{low}–{high}")
