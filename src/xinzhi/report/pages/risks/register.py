"""The page of `register`: which pitfalls the evidence points to, by region and item; there is no total score."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.core.schema import describe
from xinzhi.core.text import Text, has, listing, paragraph, same, words
from xinzhi.report.charts import kit
from xinzhi.report.pages.risks.register_tables import Called, figure, flag_table, rule_table, unchecked_table
from xinzhi.report.picture import picture
from xinzhi.report.section import Picture, Section
from xinzhi.report.sentence import answer_of, fact, finding_notes, sentence
from xinzhi.report.table import column, table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.risks import Register

MOST = 50  # rows of a picture
WIDE, CELL = 76, 58
SIGNS = {"note": "", "warning": " !", "alert": " !!"}
GRAVITY = {"note": 1, "warning": 2, "alert": 3}
NOT_CHECKED, CLEAR = "–", "0"


def register(result: Register, *, region: str | None = None) -> Section:
    """Return what the register says: the matrix of regions and pitfalls, industries, and one region's own figures."""
    called = Called(result)
    code = None if region is None else result.names.resolve(region, called.codes)
    facts = result.facts()
    own = None if code is None else _ledger(result, called, code)
    drawn = [matrix(result, code), _items(result, called), own]
    others = [one for one in result.findings if one.rule != "evidence-not-given"]
    more = () if code is not None or not called.codes else (words("register.note.one"),)
    tables = [unchecked_table(result, called), flag_table(result, called), rule_table()]
    return Section.of(
        "register.section",
        drawn,
        [one for one in tables if one.rows],
        anchor="risks-register",
        answer=[*answer_of(facts, "register"), *([] if own is None else [sentence(own.headline)])],
        notes=(
            words("register.note.thresholds"), words("register.note.umbrella"), *more, *finding_notes(others),
        ),
    )  # fmt: skip


def pitfall_heads() -> dict[str, Text]:
    """Return the names of pitfalls that head a column."""
    known = describe("register", "pitfall").values
    return {name: words(f"register.chart.{name}") if has(f"register.chart.{name}") else known[name] for name in known}


def matrix(result: Register, region: str | None = None) -> Picture | None:
    """Return the risk matrix: the share of checks flagged as shade, their number and the worst severity as text."""
    codes = result.codes()
    if not codes:
        return None
    shown = codes[:MOST]
    if region is not None and region not in shown:
        shown = [*shown[:-1], region]
    names, heads = result.names.distinct("region", codes), pitfall_heads()
    cells = [
        {
            "row": names[r["region"]], "column": heads[r["pitfall"]], "mark": same(mark(r)),
            "value": None if r["status"] == "not checked" else 100 * r["share"],
        }
        for r in result.matrix.filter(pl.col("region").is_in(shown)).iter_rows(named=True)
    ]  # fmt: skip
    columns = ("region", "pitfall", "status", "checked", "flagged", column("register.share", "figure"), "severity",
               column("register.why", "text", of="reason"))  # fmt: skip
    frame = result.matrix.with_columns(pl.col("share") * 100)
    how = words("register.how.matrix")
    if len(shown) < len(codes):
        how = paragraph((how, words("register.how.matrix_first", k=len(shown))))
    return picture(
        "register.matrix", kit.matrix, cells, table("register_matrix", frame, columns, result),
        headline=_headline(result), how=how, unit="flags", legend="share", domain=(0.0, 100.0), cell=WIDE,
    )  # fmt: skip


def mark(row: Mapping[str, Any]) -> str:
    """Return what a cell of the matrix says: how many flags and how grave the worst is, clear, or not checked."""
    if row["status"] == "not checked":
        return NOT_CHECKED
    return f"{row['flagged']}{SIGNS[row['severity']]}" if row["flagged"] else CLEAR


def _headline(result: Register) -> Text:
    """Return how many regions each pitfall touches, and what was not checked at all."""
    heads, tallies = pitfall_heads(), result.tallies()
    unseen = [heads[row["pitfall"]] for row in tallies if not row["checked"]]
    parts = [
        words("register.headline.part", name=heads[row["pitfall"]], k=row["flagged"])
        for row in tallies
        if row["flagged"]
    ]
    key = f"{'matrix' if parts else 'none'}{'' if unseen else '_all'}"
    return words(f"register.headline.{key}", n=len(result.codes()), parts=parts, unchecked=unseen)


def _items(result: Register, called: Called) -> Picture | None:
    """Return in how many regions each industry is flagged, by pitfall; None where no industry is checked."""
    counts = _counts(result)
    if not counts.height:
        return None
    every, heads = counts["item"].unique(maintain_order=True).to_list(), pitfall_heads()
    cells = [
        {
            "row": called.narrow["category", r["item"]], "column": heads[r["pitfall"]], "value": r["share"],
            "mark": same(NOT_CHECKED if r["share"] is None else r["flagged"]),
        }
        for r in counts.filter(pl.col("item").is_in(every[:MOST])).iter_rows(named=True)
    ]  # fmt: skip
    pitfalls = describe("register", "pitfall").values
    names = {"item": lambda item: called.items["category", item], "pitfall": lambda name: pitfalls[name]}
    columns = ("item", "pitfall", "flagged", "checked", column("register.share", "figure"))
    most = int(counts["worst"][0])
    worst = counts.filter(item=every[0], flagged=most)["pitfall"].to_list()
    values = {
        "name": called.items["category", every[0]], "k": most, "m": len(every),
        "pitfall": listing([heads[one] for one in worst]),
        "some": counts.filter(pl.col("worst") > 0)["item"].n_unique(),
    }  # fmt: skip
    return picture(
        "register.items", kit.matrix, cells, table("register_items", counts, columns, result, names=names), values,
        headline="items" if most else "no_items", unit="regions", legend="share_regions", domain=(0.0, 100.0),
        cell=WIDE,
    )  # fmt: skip


def _counts(result: Register) -> pl.DataFrame:
    """Return ``item, pitfall, checked, flagged, share`` (percent of regions), those flagged in most regions first."""
    here = pl.col("region")
    counts = (
        result.checks.filter(kind="category")
        .group_by("item", "pitfall")
        .agg(
            checked=here.filter(pl.col("status") != "not checked").n_unique(),
            flagged=here.filter(pl.col("status") == "flagged").n_unique(),
            named=here.n_unique(),
        )
        .with_columns(share=pl.when(pl.col("checked") > 0).then(100.0 * pl.col("flagged") / pl.col("checked")))
    )
    order = {name: place for place, name in enumerate(describe("register", "pitfall").values)}
    return counts.with_columns(
        worst=pl.col("flagged").max().over("item"),
        most=pl.col("named").max().over("item"),
        place=pl.col("pitfall").replace_strict(order, return_dtype=pl.Int64),
    ).sort("worst", "most", "item", "place", descending=[True, True, False, False])


def _ledger(result: Register, called: Called, region: str) -> Picture | None:
    """Return what was held against which threshold in one region, item by item; None where nothing was."""
    flagged = result.frame.select("region", "item", "rule", "severity")
    checks = result.checks.filter(region=region).join(flagged, on=["region", "item", "rule"], how="left")
    ledger = fact(result.of_region(region), "ledger")
    if not checks.height or ledger is None:
        return None
    worst = pl.col("severity").replace_strict(GRAVITY, default=0, return_dtype=pl.Int64).max()
    order = (
        checks.group_by("kind", "item")
        .agg(worst=worst, flags=pl.col("severity").count())
        .with_columns(own=pl.col("kind") == "region")
        .sort("own", "worst", "flags", "kind", "item", descending=[True, True, True, False, False])
        .select("kind", "item")
    )
    asked = dict(checks.select("rule", "threshold").unique().rows())
    rules = [name for name in describe("register", "rule").values if name in asked]
    known = {(r["kind"], r["item"], r["rule"]): r for r in checks.iter_rows(named=True)}
    cells = [
        {
            "row": called.narrow[kind, item], **_cell(known.get((kind, item, name))),
            "column": words(f"register.chart.{name}", edge=figure(name, asked[name])),
        }
        for kind, item in order.rows()[:MOST]
        for name in rules
    ]  # fmt: skip
    held = [known[kind, item, name] for kind, item in order.rows() for name in rules if (kind, item, name) in known]
    figures = [figure(r["rule"], r["value"], r["threshold"]) for r in held]
    frame = pl.DataFrame(held, schema=checks.schema).with_columns(
        place=pl.int_range(len(held)), figure=pl.int_range(len(held)), edge=pl.int_range(len(held))
    )
    values = {name: describe("register", name).values for name in ("pitfall", "rule", "status", "severity")}
    names: dict[str, Any] = {name: said.__getitem__ for name, said in values.items()} | {
        "place": lambda at: called.items[held[at]["kind"], held[at]["item"]],
        "figure": lambda at: figures[at],
        "edge": lambda at: figure(held[at]["rule"], held[at]["threshold"]),
    }
    columns = (
        column("register.item", "name", of="place"), "pitfall", "rule", "status", "severity",
        column("register.figure", "text"), column("register.threshold", "text", of="edge"),
        column("register.why", "text", of="reason"),
    )  # fmt: skip
    twin = table("register_ledger", frame, columns, result, names=names, name=called.regions[region])
    return picture(
        "register.ledger", kit.matrix, cells, twin, ledger[1], unit="own", legend="severity", domain=(0.0, 3.0),
        cell=CELL,
    )  # fmt: skip


def _cell(row: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the shade and the words of a cell; neither where the rule does not apply."""
    if row is None:
        return {"value": None}
    if row["status"] == "not checked":
        return {"value": None, "mark": same(NOT_CHECKED)}
    settled = words("register.chart.there" if row["kind"] == "category" else "register.chart.no")
    said = figure(row["rule"], row["value"], row["threshold"]) or settled
    sign = SIGNS.get(row["severity"], "")
    return {"value": float(GRAVITY.get(row["severity"], 0)), "mark": Text(zh=f"{said.zh}{sign}", en=f"{said.en}{sign}")}
