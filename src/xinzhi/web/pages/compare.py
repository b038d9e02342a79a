"""Regions side by side: the same figures in the columns of a table, and their levels of TFP over the years."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from xinzhi.core.schema import describe
from xinzhi.core.text import NOTHING, Text, percent, same, words
from xinzhi.studies import Assessment
from xinzhi.web.drawing import CHOSEN, lines
from xinzhi.web.page import Address, Asked, Page, file
from xinzhi.web.pages.explain import COLUMNS, Why, why
from xinzhi.web.settings import decimals, kicker, overall
from xinzhi.web.store import Store
from xinzhi.yardstick import Span, View

Rows = dict[str, dict[str, Any]]
PARTS = ("output_growth", "capital_contribution", "labour_contribution", "human_capital_contribution")


def page(store: Store, address: Address) -> Page:
    """Return the page; the columns of all regions are there, those that were chosen are shown."""
    study = overall(store, address)
    view = View(study.measurement)
    chosen = [store.region(address.query[name]) for name in CHOSEN if name in address.query]
    chosen = list(dict.fromkeys(chosen)) or _first(study, view)
    return Page(
        title=words("web.compare.title"),
        kicker=kicker(study),
        lead=[words("web.compare.lead", n=len(view.codes))],
        study=study,
        asked=Asked(topic="assess"),
        decimals=decimals(study),
        template="compare.html.j2",
        files=[file("assess", "ranking"), file("measure", "measurement")],
        more={
            "codes": view.codes, "names": {code: view.name(code) for code in view.codes}, "chosen": chosen,
            "rows": rows(study, view, why(store, address)),
            "chart": lines(view.measurement.levels.select("region", "year", value="tfp_level"), chosen),
            "forms": [(name, chosen[at] if at < len(chosen) else "") for at, name in enumerate(CHOSEN)],
        },
    )  # fmt: skip


def _first(study: Assessment, view: View) -> list[str]:
    """Return the two regions that stand first where nobody chose: the ends of the ranking."""
    newest = view.spans[-1]
    order = study.ranking.of(newest.start, newest.end).drop_nulls("tfp_growth")["region"].to_list() or view.codes
    return list(dict.fromkeys([order[0], order[-1]]))


def rows(study: Assessment, view: View, link: Why) -> list[tuple[Text, list[Text | Markup]]]:
    """Return what is compared: its name, and the cell of every region."""
    newest = view.spans[-1]
    ranked = {row["region"]: row for row in study.ranking.of(newest.start, newest.end).rows(named=True)}
    own = {row["region"]: row for row in view.of(newest).rows(named=True)}
    made = _growth(view, ranked, "tfp_growth", newest, link)
    found: list[tuple[Text, list[Text | Markup]]] = [(words("web.compare.tfp", span=newest.label), made)]
    found += [
        (words("web.compare.band"), [_pair(ranked, code, "low", "high") for code in view.codes]),
        (words("web.compare.ranks"), [_places(ranked, code, "rank") for code in view.codes]),
        (words("web.compare.wide"), [_places(ranked, code, "protocol_rank") for code in view.codes]),
        (words("web.compare.grade"), [same(_of(ranked, code, "grade") or NOTHING) for code in view.codes]),
    ]
    found += [(describe("measure", name).title, _growth(view, own, name, newest, link)) for name in PARTS]
    for span in reversed(view.spans[:-1]):
        before = {row["region"]: row for row in view.of(span).rows(named=True)}
        found.append((words("web.compare.tfp", span=span.label), _growth(view, before, "tfp_growth", span, link)))
    return found


def _of(rows_: Rows, code: str, name: str) -> Any:  # noqa: ANN401 - a cell
    return rows_.get(code, {}).get(name)


def _growth(view: View, rows_: Rows, name: str, span: Span, link: Why) -> list[Text | Markup]:
    return [link(code, span, COLUMNS[name], percent(_of(rows_, code, name))) for code in view.codes]


def _pair(rows_: Rows, code: str, low: str, high: str) -> Text:
    ends = [_of(rows_, code, name) for name in (low, high)]
    return same(NOTHING) if ends[0] is None else same(f"{percent(ends[0])} … {percent(ends[1])}")


def _places(rows_: Rows, code: str, name: str) -> Text:
    low, high = (_of(rows_, code, f"{name}_{end}") for end in ("low", "high"))
    return same(NOTHING) if low is None else same(f"{low}–{high}")
