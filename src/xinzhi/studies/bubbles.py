"""Bubbles: which price series are explosive, since when, and whether it is over."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from xinzhi import risks as verbs
from xinzhi.core.arrays import AnyFrame, AnyPackage
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import Finding
from xinzhi.core.text import Language, Text, same, words
from xinzhi.data import Package
from xinzhi.risks import BubbleRules, Bubbles, PanelBubbles
from xinzhi.studies.study import SILENT, Asked, Draft, Progress, Study, first_line, options, title
from xinzhi.studies.tables import DATE, SERIES, VALUE, Prices, is_plain, load, read_prices

SHOWN = 5  # names in a note
VALUES = ("price", "log_price", "price_to_output")
PANEL_LINES = frozenset({"pointwise", "family-wise"})  # a panel has no running maximum


@dataclass(frozen=True, slots=True, kw_only=True)
class BubblesOptions:
    """What can be asked of `bubbles`."""

    of: str | None = None
    homes: str | None = None
    series: str | None = None
    date: str | None = None
    value: str | None = None
    log: bool = False
    region: str | None = None
    lag: str | None = None
    critical: str = "sieve"
    convention: str | None = None
    level: int = 95
    minimum_window: int | None = None
    minimum_duration: str = "0"
    join: bool = False
    replications: int | None = None
    seed: int | None = None
    gaps: str | None = None
    zeros: str = "refuse"
    panel: bool = False
    encoding: str | None = None
    language: Language = "en"

    def rules(self, gaps: str) -> BubbleRules:
        """Return the rules of the test."""
        return BubbleRules(
            gaps=self.gaps or gaps,  # type: ignore[arg-type] # checked there
            level=self.level,
            minimum_window=self.minimum_window,
            replications=self.replications,
            seed=self.seed,
            join=self.join,
            zeros=self.zeros,  # type: ignore[arg-type] # checked there
            minimum_duration=_whole(self.minimum_duration, "minimum-duration", "log"),  # type: ignore[arg-type] # a whole number or log
        )


def _whole(text: int | str, name: str, *others: str) -> int | str:
    """Return an option that is a whole number or one of some words."""
    if text in others:
        return str(text)
    try:
        return int(text)
    except ValueError:
        raise UsageError("studies.whole-or", option=name, given=text, others=" or ".join(others)) from None


def bubbles(source: AnyFrame = "china-provinces", *, progress: Progress = SILENT, **asked: Asked) -> Study:
    """Study which price series of a package or of a plain table are explosive, and since when.

    The source may be a table, too, long or wide. The options are the fields of `BubblesOptions`.

    Examples
    --------
    >>> import xinzhi
    >>> made = xinzhi.studies.bubbles("china-provinces", of="provinces", critical="stored")
    >>> list(made.results)
    ['bubbles']
    """
    wish: BubblesOptions = options(BubblesOptions, asked)
    wish.rules("refuse")
    progress.step("read")
    package = None
    if not is_plain(source):
        prices, package = _package(source, wish)
    elif wish.of or wish.homes:
        raise UsageError("studies.columns-of-package", options="--of, --homes", source=source)
    else:
        prices = read_prices(source, wish.encoding, series=wish.series, date=wish.date, value=wish.value)
    region = None if wish.region is None else _region(prices, wish.region)
    if wish.log:
        prices.take_logarithms()
    draft = Draft(name="bubbles", source=prices.source, package=package, notes=prices.notes)
    progress.step("test")
    found = _tested(prices, wish)
    draft.results["bubbles"] = found
    if wish.lag is None and wish.critical == "sieve":  # which defaults were taken and why
        draft.note("sieve", short=found.provenance.options["lag"] == 0)
    if prices.package is None and not wish.log and (prices.frame[VALUE].drop_nulls() > 0).all():
        draft.note("as-given")
    panel: PanelBubbles | None = None
    if wish.panel:
        progress.step("panel")
        panel = _panel(prices, found, wish, draft)
        draft.results |= {} if panel is None else {"panel": panel}
    more: dict[str, Any] = {
        "statistics": found.statistics,
        "episodes": found.episodes,
        "names": dict(prices.names),
        "untested": [one for one in found.findings if one.severity == "error"],
    }
    if region is not None:
        more["explanation"] = found.explain(region)
    if panel is not None:
        more["panel"] = {"statistics": panel.statistics, "episodes": panel.episodes, "members": list(panel.members)}
    return draft.done(region=region, **more)


def _region(prices: Prices, asked: str) -> str:
    """Return the series that is called so."""
    own = next((one for one, text in prices.names.items() if asked in {text.zh, text.en}), None)
    there = [*prices.frame[SERIES].drop_nulls().unique(maintain_order=True), *(one.key for one in prices.aside)]
    return own or verbs.find_series({one: verbs.place_text(one) for one in there if one is not None}, asked)


def _package(source: AnyPackage, wish: BubblesOptions) -> tuple[Prices, Package]:
    """Return the house prices of a package."""
    package = load(source, wish.encoding)
    if wish.series or wish.date:
        raise UsageError("studies.columns-of-table", options="--series, --date", source=package.name)
    of = wish.of or ("provinces" if "city_prices" not in package.tables and "prices" in package.tables else "cities")
    homes = {"homes": wish.homes} if wish.homes else {}
    frame = verbs.house_prices(package, of, **homes)  # type: ignore[arg-type] # checked there
    value = wish.value or ("price" if wish.log else "log_price")
    columns = [name for name in VALUES if name in frame.columns]
    if value not in columns:
        raise UsageError("studies.no-value", value=value, of=of, known=list(columns))
    if wish.log and value == "log_price":
        raise UsageError("studies.log-twice")
    code, date = ("city", "month") if of == "cities" else ("region", "year")
    labels = _labels(frame, code, wish.language)
    prices = Prices(
        frame=frame.select(
            pl.col(code).replace_strict(labels, return_dtype=pl.String).alias(SERIES),
            pl.col(date).alias(DATE),
            pl.col(value).alias(VALUE),
        ),
        source=title(package),
        file="city_prices" if of == "cities" else "prices",
        value=value,
        names=_names(frame, code, labels),
        notes=[words("studies.note.tested", value=value, of=of, package=package.name)],
        package=package.name,
    )
    return prices, package


def _labels(prices: pl.DataFrame, code: str, language: Language) -> dict[str, str]:
    """Return the name of every place in a language; of two alike, and without a name, its code."""
    name = f"name_{language}"
    if name not in prices.columns:
        return {one: one for one in prices[code].unique().to_list()}
    pairs = prices.select(code, name).unique(maintain_order=True).rows()
    times = Counter(label for _, label in pairs)
    return {one: label if label and times[label] == 1 else f"{label or ''} {one}".strip() for one, label in pairs}


def _names(prices: pl.DataFrame, code: str, labels: dict[str, str]) -> dict[str, Text]:
    if "name_zh" not in prices.columns:
        return {}
    rows = prices.select(code, "name_zh", "name_en").unique(maintain_order=True).rows()
    return {labels[one]: Text(zh=zh or one, en=en or one) for one, zh, en in rows}


def _tested(prices: Prices, wish: BubblesOptions) -> Bubbles:
    """Return every series tested, with findings that name file, line and column."""
    more: dict[str, Any] = {} if wish.convention is None else {"convention": wish.convention}
    rules = wish.rules("longest" if prices.package else "refuse")
    lag = None if wish.lag is None else _whole(wish.lag, "lag", "aic", "bic")
    try:
        if not prices.frame.height:
            raise InputError("studies.no-series", file=prices.file)  # noqa: TRY301 - one message for both
        result = verbs.bubbles(
            prices.frame,
            SERIES,
            DATE,
            VALUE,
            lag=lag,  # type: ignore[arg-type] # checked there
            critical=wish.critical,  # type: ignore[arg-type] # checked there
            rules=rules,
            **more,
        )
    except InputError as error:
        findings = [*prices.aside, *prices.placed(error.findings)]
        if findings:
            raise InputError("studies.no-series", findings, file=prices.file) from error
        raise InputError("studies.in-file", file=prices.file, why=error.text) from error
    return _sealed(result, prices)


def _sealed(result: Bubbles, prices: Prices) -> Bubbles:
    """Return a result whose findings are placed, and that lists the series set aside before the test too."""
    statistics = result.statistics
    if prices.aside:
        rows = [
            {
                "series": one.key,
                "level": result.level,
                "convention": result.convention,
                "status": one.rule.removeprefix("bubbles-"),
                "reason_zh": f"{one.message.zh}{one.hint.zh}",
                "reason_en": f"{one.message.en} {one.hint.en}",
            }
            for one in prices.aside
        ]
        statistics = pl.concat([statistics, pl.DataFrame(rows)], how="diagonal_relaxed")
    chosen = {**result.provenance.options, "value": prices.value or None, "log": prices.logarithms}
    return replace(
        result,
        statistics=statistics,
        findings=(*prices.aside, *prices.placed(result.findings)),
        provenance=replace(result.provenance, package=prices.package, options=chosen),
    )


def _panel(prices: Prices, found: Bubbles, wish: BubblesOptions, draft: Draft) -> PanelBubbles | None:
    """Return the panel tested with the lag that most series have; where it cannot be, a note says why."""
    lag = found.provenance.options["lag"]
    if not isinstance(lag, int):
        lag = int(found.statistics["lag"].drop_nulls().mode().min())  # type: ignore[arg-type] # whole numbers
        draft.note("panel-lag", lag=lag)
    more: dict[str, Any] = {"convention": wish.convention} if wish.convention in PANEL_LINES else {}
    if wish.convention is not None and not more:
        draft.note("panel-line")
    try:
        result = verbs.panel_bubbles(prices.frame, SERIES, DATE, VALUE, lag=lag, rules=wish.rules("refuse"), **more)
    except InputError as error:
        draft.note("no-panel", why=first_line(error))
        return None
    out = list(dict.fromkeys(one.key for one in result.findings if one.severity == "error" and one.key))
    if out:
        draft.note("out-of-panel", names=", ".join(out[:SHOWN]), rest=f" … ({len(out)})" if len(out) > SHOWN else "")
    return replace(
        result,
        findings=tuple(prices.placed(result.findings)),
        provenance=replace(result.provenance, package=prices.package),
    )


def remarks(findings: tuple[Finding, ...]) -> list[Text]:
    """Return what was found without stopping the test, each thing once with the series that it holds for."""
    groups: dict[Text, list[str]] = {}
    for one in findings:
        if one.severity != "error":
            what = Text(zh=f"{one.message.zh}{one.hint.zh}", en=f"{one.message.en} {one.hint.en}".strip())
            groups.setdefault(what, []).append(one.key or "")
    return [
        words(
            "studies.note.remark",
            names=[same(key) for key in keys[:SHOWN]],
            more=f" … ({len(keys)})" if len(keys) > SHOWN else "",
            what=what,
        )
        if any(keys)
        else what
        for what, keys in groups.items()
    ]
