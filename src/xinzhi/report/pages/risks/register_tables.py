"""The tables of the register: every flag with what stands behind it, every check that was not done, and the rules."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.core.schema import describe
from xinzhi.core.text import Text, number, words
from xinzhi.report.sentence import distinct, short
from xinzhi.report.table import Table, column
from xinzhi.risks import conventions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xinzhi.core.schema import Column, Kind
    from xinzhi.risks import Register

TENTHS = ("borrowing-beyond-stable", "idle-now")  # figures of a few points: a decimal more
PERCENT = ("idle-now",)  # is in percent as it is; the others are ratios
ANSWERS = ("ongoing-episode", "debt-band")  # yes or no: the figure itself only says on which side it lies
MOST_DECIMALS = 4
SEVERITIES = ("note", "warning", "alert")


NARROW = 19.0  # width of a name on the axis of a chart, in units of its size


class Called:
    """Names of the regions and items of a register, no two alike."""

    def __init__(self, result: Register) -> None:
        self.codes = result.codes()
        self.regions = result.names.distinct("region", self.codes)
        pairs = sorted(result.checks.select("kind", "item").unique().rows())
        named = distinct({item: result.names.text(kind, item) for kind, item in pairs if kind != "region"})
        self.items = {
            (kind, item): words("register.chart.self") if kind == "region" else named[item] for kind, item in pairs
        }

    @cached_property
    def narrow(self) -> dict[tuple[str, str], Text]:
        """The names of the items cut to what the axis of a chart holds, no two alike."""
        cut = distinct({item: short(name, NARROW) for (kind, item), name in self.items.items() if kind != "region"})
        return {(kind, item): name if kind == "region" else cut[item] for (kind, item), name in self.items.items()}

    def listed(self, codes: Iterable[str]) -> Text:
        """Return the names of regions, or that they are all there are."""
        named = [self.regions[code] for code in codes]
        if len(named) == len(self.codes) > 1:
            return words("register.chart.every", n=len(named))
        return Text(zh="、".join(one.zh for one in named), en=", ".join(one.en for one in named))


def figure(name: str, value: float | None, edge: float | None = None) -> Text | None:
    r"""Return a figure of a rule in its own unit, with as many decimals as part it from the threshold.

    Examples
    --------
    >>> figure("named-by-most", 0.92).en, figure("named-by-most", 0.4998, 0.5).zh, figure("idle-now", 71.34, 75).zh
    ('92\xa0%', '49.98%', '71.3%')
    """
    if value is None:
        return None
    if name in ANSWERS:
        return words("register.chart.yes" if value >= 0 else "register.chart.no")
    scale = 1.0 if name in PERCENT else 100.0
    decimals = 1 if name in TENTHS and edge is not None else 0
    while (
        edge is not None and value != edge and decimals < MOST_DECIMALS and round(scale * (value - edge), decimals) == 0
    ):
        decimals += 1
    said = number(scale * value, decimals)
    return Text(zh=f"{said}%", en=f"{said}\u00a0%")


def _columns(**kinds: Kind) -> tuple[Column, ...]:
    return tuple(column(f"register.{name}", kind) for name, kind in kinds.items())


def _word(name: str, value: str | None) -> Text | None:
    """Return the word of a pitfall, rule, status or severity."""
    return None if value is None else describe("register", name).values[value]


def _both(row: Mapping[str, Any], name: str) -> Text:
    return Text(zh=row[f"{name}_zh"], en=row[f"{name}_en"])


def flag_table(result: Register, called: Called) -> Table:
    """Return every flag; regions of which the same is said share a row.

    What all build is idle everywhere by the same figure: the table says it once and names the regions.
    """
    order = {name: place for place, name in enumerate(describe("register", "pitfall").values)}
    gravity = {name: place for place, name in enumerate(SEVERITIES)}
    same = [name for name in result.frame.columns if name != "region"]
    item = pl.when(pl.col("kind") == "region").then(pl.lit("")).otherwise("item")
    grouped = (
        result.frame.with_columns(item=item)  # the region itself is an item of the same name everywhere
        .group_by(same, maintain_order=True)
        .agg("region")
        .with_columns(
            place=pl.col("pitfall").replace_strict(order, return_dtype=pl.Int64),
            gravity=pl.col("severity").replace_strict(gravity, return_dtype=pl.Int64),
        )
        .sort("place", "gravity", "rule", "value", descending=[False, True, False, True], maintain_order=True)
    )
    rows = [
        (
            _word("pitfall", r["pitfall"]), _item(called, r), _word("severity", r["severity"]),
            figure(r["rule"], r["value"], r["threshold"]), figure(r["rule"], r["threshold"]),
            called.listed(r["region"]), len(r["region"]), _both(r, "evidence"), _both(r, "clears"), r["source"],
        )
        for r in grouped.iter_rows(named=True)
    ]  # fmt: skip
    columns = _columns(
        pitfall="text", item="name", severity="text", figure="text", threshold="text", regions="text", count="integer",
        evidence="text", clears="text", source="text",
    )  # fmt: skip
    return Table(key="register_flags", title=words("register.table.flags"), columns=columns, rows=rows)


def rule_table() -> Table:
    """Return every rule with its threshold and the argument for it."""
    rows = []
    for name, one in conventions("register")["rules"].items():
        side = "above" if "above" in one else "below"
        grave = one.get("alert")
        rows.append(
            (
                _word("pitfall", one["pitfall"]), _word("rule", name), words(f"register.chart.{side}"),
                figure(name, float(one[side])), None if grave is None else figure(name, float(grave)),
                _word("severity", one["severity"]),
                Text(zh=one["reference_zh"], en=" ".join(str(one["reference"]).split())),
            )
        )  # fmt: skip
    columns = _columns(
        pitfall="text", rule="name", side="text", threshold="text", alert="text", severity="text", reference="text"
    )
    return Table(key="register_rules", title=words("register.table.rules"), columns=columns, rows=rows)


def _item(called: Called, row: Mapping[str, Any]) -> Text:
    return words("register.chart.self") if row["kind"] == "region" else called.items[row["kind"], row["item"]]


def unchecked_table(result: Register, called: Called) -> Table:
    """Return every check that was not done, and why: evidence that was not given, and figures that are not there."""
    absent = [one for one in result.findings if one.rule == "evidence-not-given" and one.key is not None]
    rows: list[tuple[Text | int | None, ...]] = [
        (_word("pitfall", one.key), None, None, called.listed(called.codes), len(called.codes), one.message)
        for one in absent
    ]
    untouched = (
        result.matrix.filter(pl.col("status") == "not checked", ~pl.col("pitfall").is_in([one.key for one in absent]))
        .join(result.checks, on=["region", "pitfall"], how="anti")
        .group_by("pitfall", "reason_zh", "reason_en", maintain_order=True)
        .agg("region")
    )
    rows += [
        (_word("pitfall", r["pitfall"]), None, None, called.listed(r["region"]), len(r["region"]), _both(r, "reason"))
        for r in untouched.iter_rows(named=True)
    ]
    missing = result.checks.filter(status="not checked").with_columns(
        item=pl.when(pl.col("kind") == "region").then(pl.lit("")).otherwise("item")
    )
    same = ["pitfall", "rule", "kind", "item", "reason_zh", "reason_en"]
    grouped = missing.group_by(same, maintain_order=True).agg("region").sort("pitfall", "rule", "item")
    rows += [
        (
            _word("pitfall", r["pitfall"]), _word("rule", r["rule"]), _item(called, r), called.listed(r["region"]),
            len(r["region"]), _both(r, "reason"),
        )
        for r in grouped.iter_rows(named=True)
    ]  # fmt: skip
    columns = _columns(pitfall="name", rule="text", item="text", regions="text", count="integer", why="text")
    return Table(key="register_unchecked", title=words("register.table.unchecked"), columns=columns, rows=rows)
