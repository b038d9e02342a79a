"""What `xinzhi bubbles` was asked, and the tests that answer."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xinzhi.cli.bubble_tables import DATE, SERIES, VALUE, Prices, read_table
from xinzhi.cli.speech import say
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.text import Text

if TYPE_CHECKING:
    import polars as pl

    from xinzhi.core.finding import Finding
    from xinzhi.core.text import Language
    from xinzhi.data import Package
    from xinzhi.risks import BubbleRules, Bubbles, PanelBubbles

_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options of the call."""

    data: str
    of: str | None
    homes: str | None
    series: str | None
    date: str | None
    value: str | None
    log: bool
    region: str | None
    lag: str | None
    critical: str
    convention: str | None
    gaps: str | None
    rules: dict[str, Any]
    panel: bool
    encoding: str | None
    language: Language
    quiet: bool


@dataclass(slots=True, kw_only=True)
class Found:
    """What came of it."""

    prices: Prices
    series: Bubbles
    panel: PanelBubbles | None = None
    region: str | None = None
    notes: list[Text] = field(default_factory=list)


def whole(text: str, name: str, *words: str) -> int | str:
    """Return an option that is a whole number or one of some words.

    Raises
    ------
    UsageError
        When it is neither.
    """
    if text in words:
        return text
    try:
        return int(text)
    except ValueError:
        message = f"{name} {text}: it is a whole number, {' or '.join(words)}."
        raise UsageError(message) from None


def run(asked: Asked) -> Found:
    """Read the series, test each of them, and where asked the panel.

    Raises
    ------
    UsageError
        When an option is off, or there is no such series.
    InputError
        When the data cannot be read, or no series can be tested.
    """
    from xinzhi.cli.plain import is_plain
    from xinzhi.cli.progress import steps
    from xinzhi.risks import find_series, place_text

    said = {
        "read": say("读取数据", "reading the data"),
        "test": say("检验各序列（自助法较慢）", "testing every series (a bootstrap takes a while)"),
        "panel": say("检验面板", "testing the panel"),
    }
    with steps(said, quiet=asked.quiet) as step:
        step("read")
        prices = _table(asked) if is_plain(asked.data) else _package(asked)
        known = [*prices.frame[SERIES].drop_nulls().unique(maintain_order=True), *(one.key for one in prices.left)]
        names = {one: place_text(one) for one in known if one is not None}
        own = next((one for one, text in prices.names.items() if asked.region in {text.zh, text.en}), None)
        region = None if asked.region is None else own or find_series(names, asked.region)
        if asked.log:
            prices.in_logarithms()
        step("test")
        found = Found(prices=prices, series=_tested(asked, prices), region=region, notes=list(prices.notes))
        _say_how(asked, found)
        if asked.panel:
            step("panel")
            found.panel = _panel(asked, found)
    return found


def _table(asked: Asked) -> Prices:
    if asked.of or asked.homes:
        message = f"--of and --homes choose prices of a data package; {Path(asked.data).name} is a plain table."
        raise UsageError(message)
    return read_table(asked.data, asked.encoding, series=asked.series, date=asked.date, value=asked.value)


def _package(asked: Asked) -> Prices:
    """Return the house prices of a package."""
    import polars as pl

    from xinzhi.data import load
    from xinzhi.report.page import package_line
    from xinzhi.risks import house_prices

    if Path(asked.data).suffix and not Path(asked.data).exists():
        message = f"{asked.data}: there is no such file."
        raise InputError(message)
    if asked.series or asked.date:
        message = f"--series and --date name columns of a plain table; {asked.data} is a data package."
        raise UsageError(message)
    package = load(asked.data, encoding=asked.encoding)
    of = asked.of or ("provinces" if "city_prices" not in package.tables and "prices" in package.tables else "cities")
    homes = {"homes": asked.homes} if asked.homes else {}
    prices = house_prices(package, of, **homes)  # type: ignore[arg-type] # checked there
    value = asked.value or ("price" if asked.log else "log_price")
    columns = [name for name in ("price", "log_price", "price_to_output") if name in prices.columns]
    if value not in columns:
        message = f"--value {value}: {of} have {', '.join(columns)}."
        raise UsageError(message)
    if asked.log and value == "log_price":
        message = "--log with --value log_price: that is a logarithm already."
        raise UsageError(message)
    code, date = ("city", "month") if of == "cities" else ("region", "year")
    labels = _labels(prices, code, asked.language)
    frame = prices.select(
        pl.col(code).replace_strict(labels, return_dtype=pl.String).alias(SERIES),
        pl.col(date).alias(DATE),
        pl.col(value).alias(VALUE),
    )
    return Prices(
        frame=frame,
        source=package_line(package),
        file="city_prices" if of == "cities" else "prices",
        value=value,
        names=_names(prices, code, labels),
        notes=[_what(package, of, value)],
        package=package.name,
    )


def _labels(prices: pl.DataFrame, code: str, language: Language) -> dict[str, str]:
    """Return the name of every place in a language; of two alike, and without a name, its code."""
    name = f"name_{language}"
    if name not in prices.columns:
        return {one: one for one in prices[code].unique().to_list()}
    pairs = prices.select(code, name).unique(maintain_order=True).rows()
    labels = [label for _, label in pairs]
    return {
        one: label if label and labels.count(label) == 1 else f"{label or ''} {one}".strip() for one, label in pairs
    }


def _names(prices: pl.DataFrame, code: str, labels: dict[str, str]) -> dict[str, Text]:
    """Return what every series is called in both languages."""
    if "name_zh" not in prices.columns:
        return {}
    rows = prices.select(code, "name_zh", "name_en").unique(maintain_order=True).rows()
    return {labels[one]: Text(zh=zh or one, en=en or one) for one, zh, en in rows}


def _what(package: Package, of: str, value: str) -> Text:
    what = {
        "log_price": Text(zh="价格的对数", en="logarithms of prices"),
        "price": Text(zh="价格", en="prices"),
        "price_to_output": Text(
            zh="100平方米住宅价格与人均产出之比", en="100 m² of housing in years of output per head"
        ),
    }[value]
    kind = Text(zh="城市" if of == "cities" else "省份", en=of)
    return Text(zh=f"检验{kind.zh}的{what.zh}（{package.name}）", en=f"tested: {what.en}, {kind.en} of {package.name}")


def _lag(asked: Asked, prices: Prices) -> Any:  # noqa: ANN401 - a number, or the name of a criterion
    """Return the lag: as asked, none for the stored table, which knows no other, and for short series, else by BIC."""
    if asked.lag is not None:
        return whole(asked.lag, "--lag", "aic", "bic")
    return 0 if asked.critical == "stored" or _short(prices) else "bic"


def _short(prices: Prices) -> bool:
    """Say whether every series is short, so that a lag would leave the smallest window hardly a degree of freedom."""
    from xinzhi.risks.prices.conventions import setting

    lengths = prices.frame.drop_nulls().group_by(SERIES).len()["len"].to_list()
    return max(lengths, default=0) < int(setting("short"))


def _rules(asked: Asked, gaps: str) -> BubbleRules:
    from xinzhi.risks import BubbleRules

    return BubbleRules(gaps=asked.gaps or gaps, **asked.rules)  # type: ignore[arg-type] # checked there


def _tested(asked: Asked, prices: Prices) -> Bubbles:
    """Return every series tested, with findings that name file, line and column."""
    from xinzhi.risks import bubbles

    usual = "longest" if prices.package else "refuse"
    more = {} if asked.convention is None else {"convention": asked.convention}
    try:
        if not prices.frame.height:
            raise InputError(say("没有可检验的序列", "no series can be tested"))  # noqa: TRY301 - one message for both
        result = bubbles(
            prices.frame, SERIES, DATE, VALUE, lag=_lag(asked, prices), critical=asked.critical,  # type: ignore[arg-type] # checked there
            rules=_rules(asked, usual), **more,  # type: ignore[arg-type] # checked there
        )  # fmt: skip
    except InputError as error:
        raise _placed_error(error, prices) from error
    return _sealed(result, prices)


def _placed_error(error: InputError, prices: Prices) -> InputError:
    """Return the error of a test in which nothing could be tested, with the places in the file."""
    findings = [*prices.left, *(prices.placed(one) for one in error.findings)]
    if not findings:
        return InputError(f"{prices.file}: {error}")
    return InputError(say(f"{prices.file}：没有可检验的序列。", f"{prices.file}: no series can be tested."), findings)


def _sealed(result: Bubbles, prices: Prices) -> Bubbles:
    """Return a result whose findings are placed, and that lists the series set aside before the test too."""
    import polars as pl

    placed = [*prices.left, *(prices.placed(one) for one in result.findings)]
    statistics = result.statistics
    aside = [
        {"series": one.key, "level": result.level, "convention": result.convention,
         "status": one.rule.removeprefix("bubbles-"),
         "reason_zh": f"{one.message.zh}{one.hint.zh}", "reason_en": f"{one.message.en} {one.hint.en}"}
        for one in prices.left
    ]  # fmt: skip
    if aside:
        statistics = pl.concat([statistics, pl.DataFrame(aside)], how="diagonal_relaxed")
    options = {**result.provenance.options, "value": prices.value or None, "log": prices.logarithms}
    return replace(
        result,
        statistics=statistics,
        findings=tuple(placed),
        provenance=replace(result.provenance, package=prices.package, options=options),
    )


def _say_how(asked: Asked, found: Found) -> None:
    """Say which defaults were taken and why."""
    prices = found.prices
    if asked.lag is None and asked.critical == "sieve":
        zh, en = ("滞后0阶（序列短）", "lag 0 (the series are short)") if _short(prices) else (
            "滞后阶数按BIC选择", "lags by BIC",
        )  # fmt: skip
        found.notes.append(
            Text(zh=f"临界值取自筛自助法，{zh}：随附临界值表会把漂移和自相关当作泡沫（--critical stored 为通常做法）",
                 en=f"critical values by a sieve bootstrap, {en}: the stored table takes drift and autocorrelation for "
                 "bubbles (--critical stored for the usual test)")
        )  # fmt: skip
    if prices.package is None and not asked.log and (prices.frame[VALUE].drop_nulls() > 0).all():
        found.notes.append(
            Text(zh="按所给数值检验；匀速增长的水平值也会呈爆炸性，价格可用 --log 取对数",
                 en="tested as given; a steady growth rate is explosive in levels: --log takes logarithms of prices")
        )  # fmt: skip


def _panel(asked: Asked, found: Found) -> PanelBubbles | None:
    """Return the panel tested with the lag that most series have; where it cannot be, a note says why."""
    from xinzhi.risks import panel_bubbles

    prices = found.prices
    lag = _lag(asked, prices)
    if not isinstance(lag, int):
        lag = int(found.series.statistics["lag"].drop_nulls().mode().min())  # type: ignore[arg-type] # whole numbers
        found.notes.append(
            Text(zh=f"面板各序列用同一滞后阶数：{lag}（各序列所选中最多的）",
                 en=f"the panel has one lag for all: {lag}, the one that most series have")
        )  # fmt: skip
    more = {"convention": asked.convention} if asked.convention in {"pointwise", "family-wise"} else {}
    if asked.convention is not None and not more:
        found.notes.append(
            Text(zh="面板没有累进最大值临界值，改用逐点临界值",
                 en="a panel has no running-maximum critical values; the pointwise ones were taken")
        )  # fmt: skip
    try:
        result = panel_bubbles(
            prices.frame, SERIES, DATE, VALUE, lag=lag, rules=_rules(asked, "refuse"), **more,  # type: ignore[arg-type] # checked there
        )  # fmt: skip
    except InputError as error:
        why = error.text
        found.notes.append(Text(zh=f"未检验面板：{why.zh}", en=f"the panel was not tested: {why.en}"))
        return None
    left = list(dict.fromkeys(one.key for one in result.findings if one.severity == "error" and one.key))
    if left:
        rest = f" … ({len(left)})" if len(left) > _SHOWN else ""
        found.notes.append(
            Text(zh=f"有中断等问题的序列未纳入面板：{'、'.join(left[:_SHOWN])}{rest}",
                 en=f"left out of the panel, as they are interrupted or too short: {', '.join(left[:_SHOWN])}{rest}")
        )  # fmt: skip
    return replace(
        result,
        findings=tuple(prices.placed(one) for one in result.findings),
        provenance=replace(result.provenance, package=prices.package),
    )


def untested(result: Bubbles) -> list[Finding]:
    """Return why series were not tested."""
    return [one for one in result.findings if one.severity == "error"]


def remarks(result: Bubbles, language: Language) -> list[str]:
    """Return what was found without stopping the test, each thing once with the names that it holds for."""
    found: dict[str, list[str]] = {}
    for one in result.findings:
        if one.severity != "error":
            text = f"{one.message.lang(language)}{' ' if language == 'en' else ''}{one.hint.lang(language)}".strip()
            found.setdefault(text, []).append(one.key or "")
    comma, colon = ("、", "：") if language == "zh" else (", ", ": ")
    lines = []
    for text, keys in found.items():
        more = f" … ({len(keys)})" if len(keys) > _SHOWN else ""
        lines.append(f"{comma.join(keys[:_SHOWN])}{more}{colon}{text}" if any(keys) else text)
    return lines


__all__ = ["Asked", "Found", "remarks", "run", "untested", "whole"]
