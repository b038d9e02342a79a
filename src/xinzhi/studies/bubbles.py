"""Bubbles: which price series are explosive, since when, and whether it is over."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xinzhi import risks as verbs
from xinzhi import words
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.lazy import pl
from xinzhi.core.text import Text, same
from xinzhi.risks import internal
from xinzhi.studies.draft import SILENT, Draft, title
from xinzhi.studies.registry import on_server, topic
from xinzhi.studies.tables import DATE, SERIES, VALUE, Prices, is_plain, load, read_prices

if TYPE_CHECKING:
    from xinzhi.core.arrays import AnyFrame
    from xinzhi.core.finding import Finding
    from xinzhi.core.text import Language
    from xinzhi.data import Package
    from xinzhi.risks import Bubbles
    from xinzhi.risks.internal import PanelBubbles
    from xinzhi.studies.draft import Progress, Study

SHOWN = 5  # names in a note
VALUES = ("price", "log_price", "price_to_output")
PANEL_LINES = frozenset({"pointwise", "family-wise"})  # a panel has no running maximum


def _whole(text: int | str, name: str, *words_allowed: str) -> int | str:
    """Return an option that is a whole number or one of some words."""
    if text in words_allowed:
        return str(text)
    try:
        return int(text)
    except ValueError:
        raise UsageError("studies.whole-or", option=name, given=text, others=" or ".join(words_allowed)) from None


@on_server("region", "of")
@topic
def bubbles(
    source: AnyFrame = "china-provinces",
    *,
    of: str | None = None,
    homes: str | None = None,
    series: str | None = None,
    date: str | None = None,
    value: str | None = None,
    log: bool = False,
    region: str | None = None,
    lag: str | None = None,
    critical: str = "sieve",
    convention: str | None = None,
    level: int | None = None,
    minimum_window: int | None = None,
    minimum_duration: str = "0",
    join: bool = False,
    draws: int | None = None,
    seed: int | None = None,
    gaps: str | None = None,
    zeros: str = "refuse",
    panel: bool = False,
    encoding: str | None = None,
    language: Language = "en",
    progress: Progress = SILENT,
) -> Study:
    """Study which price series of a package or of a plain table are explosive, and since when.

    The source may be a table, too, long or wide: `series`, `date` and `value` name its columns. Of a package, `of` and
    `homes` say which prices; `lag`, `critical`, `convention`, `level` and those that follow are rules of the test.

    Examples
    --------
    >>> import xinzhi
    >>> made = xinzhi.studies.bubbles("china-provinces", of="provinces", critical="stored")
    >>> list(made.results)
    ['bubbles']
    """
    rules = verbs.BubbleRules(
        gaps=gaps or "refuse",  # type: ignore[arg-type] # checked there
        minimum_window=minimum_window,
        draws=draws,
        seed=seed,
        join=join,
        zeros=zeros,  # type: ignore[arg-type] # checked there
        minimum_duration=_whole(minimum_duration, "minimum-duration", "log"),  # type: ignore[arg-type] # a whole number or log
    )
    rules = rules if level is None else replace(rules, level=level)
    progress.step("read")
    package = None
    if not is_plain(source):
        package = load(source, encoding)
        if series or date:
            raise UsageError("studies.columns-of-table", options="--series, --date", source=package.name)
        prices = _prices(package, of, homes, value, language, log=log)
    elif of or homes:
        raise UsageError("studies.columns-of-package", options="--of, --homes", source=source)
    else:
        prices = read_prices(source, encoding, series=series, date=date, value=value)
    key = None if region is None else _region(prices, region)
    if log:
        prices.take_logarithms()
    draft = Draft(name="bubbles", source=prices.source, package=package, notes=prices.notes)
    progress.step("test")
    single = rules if gaps or not prices.package else replace(rules, gaps="longest")
    result = _tested(prices, lag, critical, convention, single)
    draft.results["bubbles"] = result
    _add_notes(draft, prices, result, default=lag is None and critical == "sieve", log=log)
    panel_result = None
    if panel:
        progress.step("panel")
        panel_result = _panel(prices, result, convention, rules, draft)
        draft.results |= {} if panel_result is None else {"panel": panel_result}
    more: dict[str, object] = {
        "statistics": result.statistics,
        "episodes": result.episodes,
        "names": dict(prices.names),
        "untested": [finding for finding in result.findings if finding.severity == "error"],
    }
    if key is not None:
        more["explanation"] = result.explain(key)
    if panel_result is not None:
        members = list(panel_result.members)
        frames = {"statistics": panel_result.statistics, "episodes": panel_result.episodes}
        more["panel"] = {**frames, "members": members}
    return draft.done(key, **more)


def _add_notes(draft: Draft, prices: Prices, result: Bubbles, *, default: bool, log: bool) -> None:
    """Note which defaults were taken and why, and that prices are tested as they are written."""
    if default:
        draft.note("sieve", short=result.provenance.options["lag"] == 0)
    if prices.package is None and not log and (prices.frame[VALUE].drop_nulls() > 0).all():
        draft.note("as-given")


def _region(prices: Prices, region: str) -> str:
    """Return the series that is called so."""
    exact = next((key for key, text in prices.names.items() if region in {text.zh, text.en}), None)
    series = [
        *prices.frame[SERIES].drop_nulls().unique(maintain_order=True),
        *(finding.key for finding in prices.aside),
    ]
    return exact or verbs.find_series({key: internal.place_text(key) for key in series if key is not None}, region)


def _prices(
    package: Package, of: str | None, homes: str | None, value: str | None, language: Language, *, log: bool
) -> Prices:
    """Return the house prices of a package."""
    of = of or ("provinces" if "city_prices" not in package.tables and "prices" in package.tables else "cities")
    kind = {"homes": homes} if homes else {}
    frame = verbs.house_prices(package, of, **kind)  # type: ignore[arg-type] # checked there
    value = value or ("price" if log else "log_price")
    columns = [name for name in VALUES if name in frame.columns]
    if value not in columns:
        raise UsageError("studies.no-value", value=value, of=of, known=list(columns))
    if log and value == "log_price":
        raise UsageError("studies.log-twice")
    code, date = ("city", "month") if of == "cities" else ("region", "year")
    labels = _labels(frame, code, language)
    return Prices(
        frame=frame.select(
            pl.col(code).replace_strict(labels, return_dtype=pl.String).alias(SERIES),
            pl.col(date).alias(DATE),
            pl.col(value).alias(VALUE),
        ),
        source=title(package),
        file="city_prices" if of == "cities" else "prices",
        value=value,
        names=_names(frame, code, labels),
        notes=[words.studies.note_tested(value=value, of=of, package=package.name)],
        package=package.name,
    )


def _labels(prices: pl.DataFrame, code: str, language: Language) -> dict[str, str]:
    """Return the name of every place in a language; of two alike, and without a name, its code."""
    name = f"name_{language}"
    if name not in prices.columns:
        return {place: place for place in prices[code].unique().to_list()}
    pairs = prices.select(code, name).unique(maintain_order=True).rows()
    times = Counter(label for _, label in pairs)
    return {place: label if label and times[label] == 1 else f"{label or ''} {place}".strip() for place, label in pairs}


def _names(prices: pl.DataFrame, code: str, labels: dict[str, str]) -> dict[str, Text]:
    if "name_zh" not in prices.columns:
        return {}
    rows = prices.select(code, "name_zh", "name_en").unique(maintain_order=True).rows()
    return {labels[place]: Text(zh=zh or place, en=en or place) for place, zh, en in rows}


def _tested(
    prices: Prices, lag: str | None, critical: str, convention: str | None, rules: verbs.BubbleRules
) -> Bubbles:
    """Return every series tested, with findings that name file, line and column."""
    more: dict[str, Any] = {} if convention is None else {"convention": convention}
    order = None if lag is None else _whole(lag, "lag", "aic", "bic")
    try:
        if not prices.frame.height:
            raise InputError("studies.no-series", file=prices.file)  # noqa: TRY301 - one message for both
        result = verbs.bubbles(
            prices.frame,
            SERIES,
            DATE,
            VALUE,
            lag=order,  # type: ignore[arg-type] # checked there
            critical=critical,  # type: ignore[arg-type] # checked there
            rules=rules,
            **more,
        )
    except InputError as error:
        findings = [*prices.aside, *prices.with_places(error.findings)]
        if findings:
            raise InputError("studies.no-series", findings, file=prices.file) from error
        raise InputError("studies.in-file", file=prices.file, why=error.text) from error
    return _with_places(result, prices)


def _with_places(result: Bubbles, prices: Prices) -> Bubbles:
    """Return a result whose findings are placed, and that lists the series set aside before the test too."""
    statistics = result.statistics
    if prices.aside:
        rows = [
            {
                "series": finding.key,
                "level": result.level,
                "convention": result.convention,
                "status": finding.rule.removeprefix("bubbles-"),
                "reason_zh": f"{finding.message.zh}{finding.hint.zh}",
                "reason_en": f"{finding.message.en} {finding.hint.en}",
            }
            for finding in prices.aside
        ]
        statistics = pl.concat([statistics, pl.DataFrame(rows)], how="diagonal_relaxed")
    options = {**result.provenance.options, "value": prices.value or None, "log": prices.logarithms}
    return replace(
        result,
        statistics=statistics,
        findings=(*prices.aside, *prices.with_places(result.findings)),
        provenance=replace(result.provenance, package=prices.package, options=options),
    )


def _panel(
    prices: Prices, single: Bubbles, convention: str | None, rules: verbs.BubbleRules, draft: Draft
) -> PanelBubbles | None:
    """Return the panel tested with the lag that most series have; where it cannot be, a note says why."""
    lag = single.provenance.options["lag"]
    if not isinstance(lag, int):
        lag = int(single.statistics["lag"].drop_nulls().mode().min())  # type: ignore[arg-type] # whole numbers
        draft.note("panel-lag", lag=lag)
    more: dict[str, Any] = {"convention": convention} if convention in PANEL_LINES else {}
    if convention is not None and not more:
        draft.note("panel-line")
    try:
        result = verbs.panel_bubbles(prices.frame, SERIES, DATE, VALUE, lag=lag, rules=rules, **more)
    except InputError as error:
        draft.note("no-panel", why=error.reason)
        return None
    out = list(dict.fromkeys(finding.key for finding in result.findings if finding.severity == "error" and finding.key))
    if out:
        draft.note("out-of-panel", names=", ".join(out[:SHOWN]), rest=f" … ({len(out)})" if len(out) > SHOWN else "")
    return replace(
        result,
        findings=tuple(prices.with_places(result.findings)),
        provenance=replace(result.provenance, package=prices.package),
    )


def remarks(findings: tuple[Finding, ...]) -> list[Text]:
    """Return what was found without stopping the test, each thing once with the series that it holds for."""
    groups: dict[Text, list[str]] = {}
    for finding in findings:
        if finding.severity != "error":
            what = Text(
                zh=f"{finding.message.zh}{finding.hint.zh}", en=f"{finding.message.en} {finding.hint.en}".strip()
            )
            groups.setdefault(what, []).append(finding.key or "")
    return [_remark(what, keys) if any(keys) else what for what, keys in groups.items()]


def _remark(what: Text, keys: list[str]) -> Text:
    """Return what holds for some series, the first of them by name."""
    more = f" … ({len(keys)})" if len(keys) > SHOWN else ""
    return words.studies.note_remark(names=[same(key) for key in keys[:SHOWN]], more=more, what=what)
