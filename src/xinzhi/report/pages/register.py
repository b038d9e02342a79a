"""The page of `register`: which pitfalls the evidence points to, by region and item; there is no total score."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

import polars as pl

from xinzhi import words
from xinzhi.core.schema import describe
from xinzhi.core.text import LANGUAGES, Text, has, join_names, number, paragraph, same
from xinzhi.report.section import Picture, Section, shown
from xinzhi.report.section_rows import section
from xinzhi.report.sentence import answer_of, distinct, finding_notes, sentence, truncate
from xinzhi.report.table import Table, table
from xinzhi.risks import Register
from xinzhi.risks.internal import conventions

MOST = 50  # rows of a picture
SIGNS = {"note": "", "warning": " !", "alert": " !!"}
GRAVITY = {"note": 1, "warning": 2, "alert": 3}
NOT_CHECKED, CLEAR = "–", "0"
TENTHS = ("borrowing-beyond-stable",)  # figures of a few points: a decimal more
ANSWERS = ("ongoing-episode", "debt-band")  # yes or no: the figure itself only says on which side it lies
MOST_DECIMALS = 4
FIELDS = ("pitfall", "severity")  # of a rule, as they stand
NARROW = 19.0  # width of a name on the axis of a chart, in units of its size


class Labels:
    """Names of the regions and items of a register, no two alike."""

    def __init__(self, result: Register) -> None:
        self.codes = result.codes()
        self.regions = result.names.distinct("region", self.codes)
        pairs = result.items
        titles = distinct({item: result.names.text(kind, item) for kind, item in pairs if kind != "region"})
        self.items = {
            (kind, item): words.register.chart_self() if kind == "region" else titles[item] for kind, item in pairs
        }

    def item(self, kind: str, item: str) -> Text:
        """Return the name of an item; that of a region itself is the same everywhere."""
        return words.register.chart_self() if kind == "region" else self.items[kind, item]

    @cached_property
    def narrow(self) -> dict[tuple[str, str], Text]:
        """The names of the items cut to what the axis of a chart holds, no two alike."""
        cut = distinct({item: truncate(name, NARROW) for (kind, item), name in self.items.items() if kind != "region"})
        return {(kind, item): name if kind == "region" else cut[item] for (kind, item), name in self.items.items()}

    def region_list(self, codes: Iterable[str]) -> Text:
        """Return the names of regions, or that they are all there are."""
        names = [self.regions[code] for code in codes]
        if len(names) == len(self.codes) > 1:
            return words.register.chart_every(n=len(names))
        return join_names(names)


def figure(name: str, value: float | None, edge: float | None = None) -> Text | None:
    """Return a figure of a rule in its own unit, with as many decimals as part it from the threshold."""
    if value is None:
        return None
    if name in ANSWERS:
        return words.register.chart_yes() if value >= 0 else words.register.chart_no()
    decimals = 1 if name in TENTHS and edge is not None else 0
    while (
        edge is not None and value != edge and decimals < MOST_DECIMALS and round(100 * (value - edge), decimals) == 0
    ):
        decimals += 1
    text = number(100 * value, decimals)
    return Text(zh=f"{text}%", en=f"{text}\u00a0%")


def _with(frame: pl.DataFrame, **texts: Iterable[Text | None]) -> pl.DataFrame:
    """Add texts in both languages to a frame: ``<name>_zh, <name>_en``."""
    columns = {name: list(cells) for name, cells in texts.items()}
    return frame.with_columns(
        pl.Series(f"{name}_{language}", [text and text.lang(language) for text in column], dtype=pl.String)
        for name, column in columns.items()
        for language in LANGUAGES
    )


def _with_names(frame: pl.DataFrame, labels: Labels, **texts: Iterable[Text | None]) -> pl.DataFrame:
    """Add what the items of a frame are called, and of grouped regions their names and their number."""
    pairs = zip(frame["kind"], frame["item"], strict=True)
    items = [None if item is None else labels.item(kind, item) for kind, item in pairs]
    if frame.schema["region"] == pl.List:
        texts["regions"] = [labels.region_list(codes) for codes in frame["region"]]
        frame = frame.with_columns(count=pl.col("region").list.len())
    return _with(frame.drop("item"), item=items, **texts)


def flag_table(result: Register, labels: Labels) -> Table:
    """Return every flag; regions of which the same is said share a row, for what all build is idle everywhere."""
    grouped = result.flags_of_regions
    figures = list(map(figure, grouped["rule"], grouped["value"], grouped["threshold"]))
    edges = list(map(figure, grouped["rule"], grouped["threshold"]))
    rows = _with_names(grouped.drop("threshold"), labels, figure=figures, threshold=edges)
    return table("register_flags", rows, of=result)


def rule_table(result: Register) -> Table:
    """Return every rule with its threshold and the argument for it."""
    rows, rules = [], conventions("register")["rules"]
    for name, rule in rules.items():
        side = "below" if "below" in rule else "above"
        edges = [None if bound is None else figure(name, float(bound)) for bound in (rule.get(side), rule.get("alert"))]
        reference = Text(zh=rule["reference_zh"], en=" ".join(str(rule["reference"]).split()))
        rows.append((words.register.chart_of(side), *edges, reference))
    frame = pl.DataFrame({"rule": list(rules), **{key: [rule[key] for rule in rules.values()] for key in FIELDS}})
    heads = ("side", "threshold", "alert", "reference")
    return table("register_rules", _with(frame, **dict(zip(heads, zip(*rows, strict=True), strict=True))), of=result)


def unchecked_table(result: Register, labels: Labels) -> Table:
    """Return every check that was not done, and why: evidence that was not given, and figures that are not there."""
    frame = result.unchecked(labels.codes)
    return table("register_unchecked", _with_names(frame, labels), of=result)


@section.register
def register(result: Register, *, region: str | None = None) -> Section:
    """Return what the register says: the matrix of regions and pitfalls, industries, and one region's own figures."""
    labels = Labels(result)
    code = None if region is None else result.names.resolve(region, labels.codes)
    facts = result.facts()
    ledger = None if code is None else _ledger(result, labels, code)
    pictures = [matrix(result, code), ledger]
    findings = [finding for finding in result.findings if finding.rule != "evidence-not-given"]
    more = () if code is not None or not labels.codes else (words.register.note_one(),)
    pairs = zip(result.national["kind"], result.national["item"], strict=True)
    items = [None if kind == "rule" else result.names.text(kind, item) for kind, item in pairs]
    tables = [
        table(
            "register_worst",
            _with_names(result.worst_in_percent, labels),
            of=result,
            names={"region": labels.regions.__getitem__},
        ),
        table("register_national", _with(result.national.drop("item"), item=items), of=result),
        unchecked_table(result, labels),
        flag_table(result, labels),
        rule_table(result),
    ]
    return Section.of(
        "register.section",
        pictures,
        [table for table in tables if table.rows],
        anchor="risks-register",
        answer=[*answer_of(facts, "register"), *([] if ledger is None else [sentence(ledger.headline)])],
        notes=(
            words.register.note_thresholds(),
            words.register.note_umbrella(),
            *more,
            *finding_notes(findings),
        ),
    )


def pitfall_heads() -> dict[str, Text]:
    """Return the names of pitfalls that head a column."""
    pitfalls = describe("register", "pitfall").values
    return {
        name: words.register.chart_of(name) if has(f"register.chart.{name}") else pitfalls[name] for name in pitfalls
    }


def matrix(result: Register, region: str | None = None) -> Picture | None:
    """Return the risk matrix: the share of checks flagged as shade, their number and the worst severity as text."""
    codes = result.codes()
    if not codes:
        return None
    columns = codes[:MOST]
    if region is not None and region not in columns:
        columns = [*columns[:-1], region]
    names, heads, parts = result.names.distinct("region", codes), pitfall_heads(), telling(result)
    cells = [
        {
            "row": names[r["region"]],
            "column": heads[r["pitfall"]],
            "mark": same(mark(r)),
            "value": None if r["status"] == "not checked" else r["share"],
        }
        for r in result.matrix_of(columns).iter_rows(named=True)
        if r["pitfall"] in parts
    ]
    how: Text = words.register.how_matrix()
    if len(columns) < len(codes):
        how = paragraph((how, words.register.how_matrix_first(k=len(columns))))
    return shown("register.matrix", result, result.matrix_in_percent, rows=cells, headline=_headline(result), how=how)


def telling(result: Register) -> list[str]:
    """Return the pitfalls that part the regions: neither unchecked, nor clear, nor marked alike everywhere."""
    marks: dict[str, set[str]] = {}
    for row in result.matrix.iter_rows(named=True):
        marks.setdefault(row["pitfall"], set()).add(mark(row))
    return [name for name, signs in marks.items() if signs - {NOT_CHECKED, CLEAR} and len(signs) > 1] or list(marks)


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
        words.register.headline_part(name=heads[row["pitfall"]], k=row["flagged"]) for row in tallies if row["flagged"]
    ]
    key = f"{'matrix' if parts else 'none'}{'' if unseen else '_all'}"
    return words.register.headline_of(key, n=len(result.codes()), parts=parts, unchecked=unseen)


def _ledger(result: Register, labels: Labels, region: str) -> Picture | None:
    """Return what was held against which threshold in one region, item by item; None where nothing was."""
    checks = result.checks_of(region)
    if not checks.height:
        return None
    thresholds = dict(zip(checks["rule"], checks["threshold"], strict=True))
    rules = [name for name in describe("register", "rule").values if name in thresholds]
    by_cell = {(r["kind"], r["item"], r["rule"]): r for r in checks.iter_rows(named=True)}
    items = list(dict.fromkeys(zip(checks["kind"], checks["item"], strict=True)))
    cells = [
        {
            "row": labels.narrow[item],
            **_cell(by_cell.get((*item, name))),
            "column": words.register.chart_of(name, edge=figure(name, thresholds[name]) or ""),
        }
        for item in items[:MOST]
        for name in rules
    ]
    keys = [(*item, name) for item in items for name in rules]
    ordered = [by_cell[key] for key in keys if key in by_cell]
    frame = _with(
        pl.DataFrame(ordered, schema=checks.schema).drop("item"),
        item=[labels.items[r["kind"], r["item"]] for r in ordered],
        figure=[figure(r["rule"], r["value"], r["threshold"]) for r in ordered],
        edge=[figure(r["rule"], r["threshold"]) for r in ordered],
    )
    name = {"name": labels.regions[region]}
    return shown("register.ledger", result, frame, result.of_region(region), rows=cells, values=name)


def _cell(row: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the shade and the words of a cell; neither where the rule does not apply."""
    if row is None:
        return {"value": None}
    if row["status"] == "not checked":
        return {"value": None, "mark": same(NOT_CHECKED)}
    settled = words.register.chart_there() if row["kind"] == "category" else words.register.chart_no()
    cell = figure(row["rule"], row["value"], row["threshold"]) or settled
    sign = SIGNS.get(row["severity"], "")
    return {"value": float(GRAVITY.get(row["severity"], 0)), "mark": Text(zh=f"{cell.zh}{sign}", en=f"{cell.en}{sign}")}
