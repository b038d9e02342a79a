"""The outcomes of the wave: utilisation and its ranges, chances by path of demand, prices, and what would offset it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.report.catalogue import words
from xinzhi.report.charts import kit
from xinzhi.report.numbers import number, percent
from xinzhi.report.palette import GROUPS
from xinzhi.report.rooms.risks.capacity_names import FULL, column, times
from xinzhi.report.rooms.risks.herd_facts import BASE, ENTRIES
from xinzhi.report.section import Picture
from xinzhi.report.tables import Column, Table

if TYPE_CHECKING:
    from xinzhi.report.rooms.risks.herd_facts import Wave

INKS = (GROUPS[3], GROUPS[0])


def idle(wave: Wave) -> Picture:
    """Return the range of utilisation of every category after the horizon, by who builds."""
    frame = wave.rows.sort("utilisation", "category")
    rows = [
        {
            "name": wave.brief[r["category"]], "group": wave.entry(entry),
            "bands": wave.intervals(r["category"], entry, BASE),
            "value": times(wave.at(r["category"], entry, BASE)["utilisation"]),
            "tick": times(r["base_utilisation"]),
            "all": percent(r["utilisation"], 0),
            "some": percent(wave.at(r["category"], "uncertain", BASE)["utilisation"], 0),
            "now": percent(r["base_utilisation"], 0),
        }
        for r in frame.iter_rows(named=True)
        for entry in ENTRIES
    ]  # fmt: skip
    low = frame.row(0, named=True)
    values = {
        "edge": f"{wave.edge:g}", "n": frame.height, "k": wave.below("all", BASE),
        "some": wave.below("uncertain", BASE), "name": wave.names[low["category"]],
        "value": percent(low["utilisation"], 0),
    }  # fmt: skip
    heads = (("now_short", "now"), ("some_short", "some"), ("all_short", "all"))
    title = words("overcapacity.title.idle", years=wave.horizon)
    columns = (
        column("category", "name"), column("start", "percent"),
        *(column(f"{name}_{entry}", "percent") for entry in ENTRIES for name in ("middle", "low", "high", "chance")),
    )  # fmt: skip
    cells = [
        (wave.names[r["category"]], times(r["base_utilisation"]), *(times(one) for entry in ENTRIES
         for one in wave.ends(r["category"], entry, BASE)))
        for r in frame.iter_rows(named=True)
    ]  # fmt: skip
    return Picture(
        kind="idle",
        title=title,
        headline=words("overcapacity.headline.idle", **values),
        draw=lambda w: kit.spreads(
            w, rows, x=words("overcapacity.chart.utilisation_then", years=wave.horizon), reference=wave.edge,
            groups=[wave.entry(entry) for entry in ENTRIES], inks=INKS,
            columns=[(words(f"overcapacity.chart.{head}"), key) for head, key in heads],
        ),
        how=words("overcapacity.how.idle", bands=wave.bands_said(), edge=f"{wave.edge:g}"),
        unit=words("overcapacity.unit_of.percent"),
        twin=Table(key="herd_idle", title=title, columns=columns, rows=cells),
    )  # fmt: skip


def chances(wave: Wave) -> Picture:
    """Return the chance of ending below the threshold by entry and path of demand: what the answer rests on."""
    frame = wave.rows.sort("chance_below", "category", descending=[True, False])
    paths = wave.paths
    cells = [
        {
            "row": wave.brief[r["category"]], "column": wave.case(entry, path),
            "value": times(wave.at(r["category"], entry, path)["chance_below"]),
        }
        for r in frame.iter_rows(named=True)
        for entry in ENTRIES
        for path in paths
    ]  # fmt: skip
    counts = [wave.below(entry, path) for entry in ENTRIES for path in paths]
    columns = (
        column("category", "name"),
        *(Column(title=wave.case(entry, path), kind="percent") for entry in ENTRIES for path in paths),
    )
    table = [
        (wave.names[r["category"]], *(times(wave.at(r["category"], entry, path)["chance_below"])
                                      for entry in ENTRIES for path in paths))
        for r in frame.iter_rows(named=True)
    ]  # fmt: skip
    title = words("overcapacity.title.chances", edge=f"{wave.edge:g}")
    values: dict[str, Any] = {
        "edge": f"{wave.edge:g}", "n": frame.height, "least": min(counts), "most": max(counts),
        "base": wave.below("all", BASE),
    }  # fmt: skip
    return Picture(
        kind="chances",
        title=title,
        headline=words("overcapacity.headline.chances", **values),
        draw=lambda w: kit.matrix(
            w,
            cells,
            title=words("overcapacity.chart.chance", edge=f"{wave.edge:g}"),
            decimals=0,
            domain=(0.0, FULL),
            cell=48,
        ),
        how=words("overcapacity.how.chances", paths=wave.paths_said()),
        unit=words("overcapacity.unit_of.chance"),
        twin=Table(key="herd_chances", title=title, columns=columns, rows=table),
    )


def ordinary(name: str) -> Column:
    """Return the column of a figure: numbers of entrants as they are, all else in per cent."""
    return column(name, "score" if name.startswith("break_even") else "percent")


def outlook(wave: Wave, code: str | None) -> Picture | None:
    """Return the range of utilisation of one category over the paths of demand and the two kinds of entry."""
    if code is None or code in wave.reasons:
        return None
    paths, name = wave.paths, wave.names[code]
    own = wave.at(code, "all", BASE)
    rows = [
        {
            "name": wave.path(path), "group": wave.entry(entry), "bands": wave.intervals(code, entry, path),
            "value": times(wave.at(code, entry, path)["utilisation"]), "tick": times(own["base_utilisation"]),
            "all": percent(wave.at(code, "all", path)["utilisation"], 0),
            "some": percent(wave.at(code, "uncertain", path)["utilisation"], 0),
        }
        for path in paths
        for entry in ENTRIES
    ]  # fmt: skip
    names = ("growth", "capacity_added", "utilisation", "utilisation_low", "utilisation_high", "price", "chance_below",
             "profit", "chance_loss", "break_even", "break_even_low", "break_even_high")  # fmt: skip
    columns = (column("demand", "name"), column("entry", "name"), *(ordinary(one) for one in names))
    cells = [
        (wave.path(path), wave.entry(entry), *(
            wave.at(code, entry, path)[one] if one.startswith("break_even") else times(wave.at(code, entry, path)[one])
            for one in names))
        for path in paths
        for entry in ENTRIES
    ]  # fmt: skip
    some = wave.at(code, "uncertain", BASE)
    title = words("overcapacity.title.outlook", name=name, years=wave.horizon)
    heads = (("some_short", "some"), ("all_short", "all"))
    return Picture(
        kind="outlook",
        title=title,
        headline=words(
            "overcapacity.headline.outlook", name=name, years=wave.horizon, k=own["regions"],
            low=percent(own["utilisation_low"], 0), high=percent(own["utilisation_high"], 0),
            some_low=percent(some["utilisation_low"], 0), some_high=percent(some["utilisation_high"], 0),
            now=percent(own["base_utilisation"], 0),
        ),
        draw=lambda w: kit.spreads(
            w, rows, x=words("overcapacity.chart.utilisation_then", years=wave.horizon), reference=wave.edge,
            groups=[wave.entry(entry) for entry in ENTRIES], inks=INKS,
            columns=[(words(f"overcapacity.chart.{head}"), key) for head, key in heads],
        ),
        how=words("overcapacity.how.outlook", bands=wave.bands_said(), edge=f"{wave.edge:g}", paths=wave.paths_said()),
        unit=words("overcapacity.unit_of.percent"),
        twin=Table(key="herd_outlook", title=title, columns=columns, rows=cells),
    )  # fmt: skip


def prices(wave: Wave) -> Picture:
    """Return what happens to prices if all build."""
    frame = wave.rows.sort("price", "category")
    names = ("price", "price_low", "price_high")
    rows = [
        {
            "name": wave.brief[r["category"]],
            "value": times(r["price"]),
            "low": times(r["price_low"]),
            "high": times(r["price_high"]),
        }
        for r in frame.iter_rows(named=True)
    ]
    low = frame.row(0, named=True)
    title = words("overcapacity.title.prices", years=wave.horizon)
    columns = (column("category", "name"), *(ordinary(name) for name in names))
    cells = [(wave.names[r["category"]], *(times(r[name]) for name in names)) for r in frame.iter_rows(named=True)]
    return Picture(
        kind="prices",
        title=title,
        headline=words(
            "overcapacity.headline.prices", k=frame.filter(pl.col("price") < 1).height, n=frame.height,
            name=wave.names[low["category"]], change=percent(low["price"] - 1, 0, sign=True),
            low=percent(low["price_low"] - 1, 0, sign=True), high=percent(low["price_high"] - 1, 0, sign=True),
        ),
        draw=lambda w: kit.dots(w, rows, x=words("overcapacity.chart.price"), reference=FULL, decimals=0),
        how=words("overcapacity.how.prices"),
        unit=words("overcapacity.unit_of.price"),
        twin=Table(key="herd_prices", title=title, columns=columns, rows=cells),
    )  # fmt: skip


def offsets(wave: Wave) -> Picture | None:
    """Return how much market entry would have to make for itself; None where demand outgrows capacity everywhere."""
    frame = wave.rows.filter(pl.col("offsetting_spillover") > 0).sort(
        "offsetting_spillover", "category", descending=[True, False]
    )
    if not frame.height:
        return None
    rows = [
        {"name": wave.brief[r["category"]], "value": r["offsetting_spillover"]} for r in frame.iter_rows(named=True)
    ]
    top = frame.row(0, named=True)
    title = words("overcapacity.title.offsets")
    columns = (column("category", "name"), column("offsetting_spillover", "score"), column("capacity_added", "percent"))
    cells = [
        (wave.names[r["category"]], r["offsetting_spillover"], times(r["capacity_added"]))
        for r in wave.rows.sort("offsetting_spillover", descending=True, nulls_last=True).iter_rows(named=True)
    ]
    return Picture(
        kind="offsets",
        title=title,
        headline=words(
            "overcapacity.headline.offsets", k=wave.rows.filter(pl.col("offsetting_spillover") <= 0).height,
            n=wave.rows.height, name=wave.names[top["category"]], value=number(top["offsetting_spillover"], 2),
        ),
        draw=lambda w: kit.bars(w, rows, x=words("overcapacity.chart.spillover"), decimals=2),
        how=words("overcapacity.how.offsets"),
        unit=words("overcapacity.unit_of.elasticity"),
        twin=Table(key="herd_offsets", title=title, columns=columns, rows=cells),
    )  # fmt: skip
