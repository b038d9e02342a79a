"""The sections on where debt may go: the fan of percentiles, and paths under stress."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from xinzhi.core.text import Text
from xinzhi.report.catalogue import listing, words
from xinzhi.report.charts import kit
from xinzhi.report.numbers import number
from xinzhi.report.rooms.risks.debt_names import Names, chance, column, sentence, span, swapped
from xinzhi.report.rooms.risks.debt_shocks import stressed as stressed  # noqa: PLC0414 - the register of sections names it here
from xinzhi.report.section import Picture, Section
from xinzhi.report.tables import Table

if TYPE_CHECKING:
    from xinzhi.risks import DebtFan

MIDDLE, EVEN = 50.0, 0.5
LASTING, FOLLOWS = "autocorrelated", "pooled-autoregression"
RULES = {"too-short": "debt.note.too_short", "explosive-draws": "debt.note.explosive"}


def fanned(result: DebtFan, *, region: str | None = None) -> Section:
    """Return where debt to output may go: the fan of one region, and where all may end."""
    names = Names.of(result.ends["region"], result.labels)
    code = names.asked(region, str(result.ends.sort("high", "region", descending=[True, False])["region"][0]))
    drawn = (fan(result, names, code), ends(result, names))
    return Section(
        key="risks-debt-fan",
        title=words("debt.title.fanned"),
        answer=tuple(sentence(one.headline) for one in reversed(drawn)),
        pictures=drawn,
        notes=_notes(result, names),
    )


def fan(result: DebtFan, names: Names, code: str) -> Picture:
    """Return the past of one region and nested bands of percentiles of its future."""
    own = result.frame.filter(pl.col("region") == code)
    end = result.ends.filter(pl.col("region") == code).row(0, named=True)
    cuts = sorted(set(own["percentile"]))
    rows = {
        cut: own.filter(pl.col("percentile") == cut).sort("year").select("year", "debt_ratio").rows() for cut in cuts
    }
    past = {when: 100 * value for when, value in result.history.filter(region=code).select("year", "debt_ratio").rows()}
    line = [(when, past.get(when)) for when in range(min(past), max(past) + 1)]
    bands = {
        words("debt.chart.percentiles", low=f"{low:g}", high=f"{high:g}"): [
            (year, 100 * a, 100 * b) for (year, a), (_, b) in zip(rows[low], rows[high], strict=True)
        ]
        for low, high in _nested(cuts)
    }
    middle = [(year, 100 * value) for year, value in rows.get(MIDDLE, rows[cuts[0]] if len(cuts) == 1 else ())]
    marked = [
        (
            100 * rows[cut][-1][1],
            words("debt.chart.percentile", cut=f"{cut:g}", value=number(100 * rows[cut][-1][1], 0)),
        )
        for cut in dict.fromkeys((cuts[0], cuts[-1]))
        if cut != MIDDLE
    ]
    if MIDDLE in rows:
        marked.append((middle[-1][1], words("debt.chart.median", value=number(middle[-1][1], 0))))
    today = words("debt.chart.today", year=end["start_year"], value=number(100 * end["start"], 0))
    title = words("debt.title.fan", name=names(code))
    columns = (column("year", "year"), *(column("percentile", "percent", "percent", cut=f"{cut:g}") for cut in cuts))
    years = [year for year, _ in rows[cuts[0]]]
    values = {
        "name": names(code), "start": number(100 * end["start"], 0), "year": end["start_year"],
        "median": number(100 * end["median"], 0), "end": end["end_year"], "low": number(100 * end["low"], 0),
        "high": number(100 * end["high"], 0), "a": f"{cuts[0]:g}", "b": f"{cuts[-1]:g}",
        "chance": chance(end["chance_higher"]),
    }  # fmt: skip
    return Picture(
        kind="fan",
        title=title,
        headline=words("debt.headline.fan" if bands else "debt.headline.fan_plain", **values),
        draw=lambda w: kit.fan(
            w, line, bands, middle, y=words("debt.chart.to_output"), ends=marked, reference=(100 * end["start"], today)
        ),
        how=words("debt.how.fan"),
        unit=words("debt.unit_of.percent"),
        twin=Table(
            key="debt_fan", title=title, columns=columns,
            rows=[(year, *(100 * rows[cut][at][1] for cut in cuts)) for at, year in enumerate(years)],
        ),
    )  # fmt: skip


def ends(result: DebtFan, names: Names) -> Picture:
    """Return where every region may end, with the chance that its ratio rises."""
    cuts = sorted(set(result.frame["percentile"]))
    last = result.frame.join(result.ends.select("region", year="end_year"), on=["region", "year"])
    found: dict[str, dict[float, float]] = {}
    for code, cut, value in last.select("region", "percentile", "debt_ratio").rows():
        found.setdefault(code, {})[cut] = 100 * value
    order = result.ends.sort("median", "region", descending=[True, False])
    rows = [
        {
            "name": names(r["region"]), "value": 100 * r["median"], "tick": 100 * r["start"],
            "bands": [(found[r["region"]][low], found[r["region"]][high]) for low, high in _nested(cuts)],
            "today": number(100 * r["start"], 0), "median": number(100 * r["median"], 0),
            "chance": chance(r["chance_higher"]),
        }
        for r in order.iter_rows(named=True)
    ]  # fmt: skip
    likely = order.filter(pl.col("chance_higher") > EVEN).height
    top = order.row(0, named=True)
    years = span(int(top["end_year"] - top["start_year"]))
    values = {"n": order.height, "k": likely, "years": years, "name": names(top["region"]),
              "median": number(100 * top["median"], 0)}  # fmt: skip
    columns = (column("region", "name"), column("start_year", "year"), column("start", "percent", "percent"),
               column("end_year", "year"), column("median", "percent", "percent"),
               column("percentile", "percent", "percent", cut=f"{cuts[0]:g}"),
               column("percentile", "percent", "percent", cut=f"{cuts[-1]:g}"),
               column("chance", "percent", "percent"))  # fmt: skip
    cells = [
        (names(r["region"]), r["start_year"], 100 * r["start"], r["end_year"], 100 * r["median"], 100 * r["low"],
         100 * r["high"], 100 * r["chance_higher"])
        for r in order.iter_rows(named=True)
    ]  # fmt: skip
    return Picture(
        kind="ends",
        title=words("debt.title.ends", years=years),
        headline=words("debt.headline.ends" if order.height > 1 else "debt.headline.ends_one", **values,
                       chance=chance(top["chance_higher"])),
        draw=lambda w: kit.spreads(
            w, rows, x=words("debt.chart.to_output_in", years=years),
            columns=((words("debt.chart.now"), "today"), (words("debt.chart.middle"), "median"),
                     (words("debt.chart.rises"), "chance")),
        ),
        how=words("debt.how.ends", bands=listing([
            words("debt.chart.pair", low=f"{low:g}", high=f"{high:g}") for low, high in _nested(cuts)
        ])) if len(cuts) > 1 else words("debt.how.ends_plain"),
        unit=words("debt.unit_of.percent"),
        twin=Table(key="debt_ends", title=words("debt.title.ends", years=years), columns=columns, rows=cells),
    )  # fmt: skip


def _nested(cuts: list[float]) -> list[tuple[float, float]]:
    """Return pairs of percentiles from the outermost to the innermost.

    Examples
    --------
    >>> _nested([5, 25, 50, 75, 95])
    [(5, 95), (25, 75)]
    """
    return [(cuts[at], cuts[-1 - at]) for at in range(len(cuts) // 2)]


def _capital(text: Text) -> Text:
    return Text(zh=text.zh, en=text.en[:1].upper() + text.en[1:])


def _notes(result: DebtFan, names: Names) -> tuple[Text, ...]:
    options = result.provenance.options
    found = [words("debt.note.fan", draws=options.get("draws"))]
    rate = dict(options.get("baseline") or {}).get("rate")
    if rate is not None:
        found.append(words("debt.note.ahead", rate=number(100 * rate, 2)))
    pooled = result.ends.filter(pl.col("shocks") == "pooled").height
    if pooled == result.ends.height:
        found.append(words("debt.note.pooled_all"))
    elif pooled:
        found.append(words("debt.note.pooled", k=pooled, n=result.ends.height))
    found += [_capital(one.message) for one in result.findings if one.rule == FOLLOWS]
    early = result.ends.filter(pl.col("start_year") < result.ends["start_year"].max())
    for (when,), rows in early.group_by("start_year", maintain_order=True):
        found.append(words("debt.note.early", year=when, names=names.some(rows["region"].to_list())))
    lasting = [one.column for one in result.findings if one.rule == LASTING]
    if lasting:
        found.append(words("debt.note.lasting", names=listing([words(f"debt.chart.of_{name}") for name in lasting])))
    for rule, key in RULES.items():
        codes = [one.key for one in result.findings if one.rule == rule and one.key]
        if codes:
            found.append(words(key, names=Names.of(codes, result.labels).some(codes)))
    return (*found, *swapped(result.ends["region"].to_list(), ahead=True))
