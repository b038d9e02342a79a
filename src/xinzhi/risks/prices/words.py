"""The sentences of the results, in Chinese and English."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.risks.prices.conventions import LEVELS, setting, text
from xinzhi.risks.prices.power import episode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.core.finding import Finding
    from xinzhi.core.text import Language


_SHOWN = 6


def summarise(statistics: pl.DataFrame, episodes: pl.DataFrame, findings: Sequence[Finding], language: Language) -> str:
    """Return the lines of the summary."""
    zh = language == "zh"
    tested = statistics.filter(status="tested")
    if not tested.height:
        return "没有可检验的序列。" if zh else "No series could be tested."
    lines = [_verdict(statistics, tested, language)]
    lines += _episode_lines(episodes, language)
    lines.append(line_in_words(tested, language))
    lines += _power_lines(tested, language)
    lines += _echo_lines(findings, tested.height, language)
    lines.append(
        "显著只说明序列自我加速：须与基本面（收入、租金）对照后方可称为泡沫。"
        if zh
        else "Explosive means that the series feeds on itself; whether that is a bubble depends on its fundamentals."
    )
    return "\n".join(lines)


def _verdict(statistics: pl.DataFrame, tested: pl.DataFrame, language: Language) -> str:
    """Say how many series reject, and which."""
    zh, level = language == "zh", int(tested["level"][0])
    rejecting = tested.filter("rejects").sort("gsadf", descending=True)
    names = listed([f"{row['series']} ({row['gsadf']:.2f})" for row in rejecting.iter_rows(named=True)], language)
    left = statistics.height - tested.height
    if zh:
        head = f"{tested.height} 个序列中有 {rejecting.height} 个呈爆炸性上涨或下跌（GSADF，{level} %）"
        return head + (f"：{names}" if names else "") + (f"；另有 {left} 个无法检验" if left else "") + "。"
    head = f"{rejecting.height} of {tested.height} series are explosive (GSADF, {level} %)"
    return head + (f": {names}" if names else "") + (f"; {left} could not be tested" if left else "") + "."


def _episode_lines(episodes: pl.DataFrame, language: Language) -> list[str]:
    """Tell the longest episodes."""
    zh = language == "zh"
    longest = episodes.sort("duration", descending=True, maintain_order=True)
    lines = [_run(row, language) for row in longest.head(_SHOWN).iter_rows(named=True)]
    if episodes.height > _SHOWN:
        more = episodes.height - _SHOWN
        lines.append(f"  …另有 {more} 段" if zh else f"  … and {more} more")
    return lines


def _run(row: dict[str, Any], language: Language) -> str:
    """Tell one episode, of a series or of the panel."""
    fall, first, last, count = row["signal"] == "negative", row["start"], row["last"], row["duration"]
    if language == "zh":
        name = f"{row['series']}：" if "series" in row else ""
        going = "，仍在持续" if row["ongoing"] else ""
        return f"  {name}{first} 至 {last}，{count} 期，{'加速下跌' if fall else '加速上涨'}{going}"
    name = f"{row['series']}: " if "series" in row else ""
    going = ", ongoing" if row["ongoing"] else ""
    return f"  {name}{first} to {last}, {count} periods, accelerating {'fall' if fall else 'rise'}{going}"


def line_in_words(tested: pl.DataFrame, language: Language) -> str:
    """Name the convention of the critical values, where they come from, and how often they cry wolf."""
    zh, row = language == "zh", tested.row(0, named=True)
    convention = setting("conventions")[row["convention"]]
    methods = [text(f"methods.{name}.name").lang(language) for name in tested["method"].unique(maintain_order=True)]
    source = ("、" if zh else ", ").join(methods)
    draws = tested["replications"].drop_nulls().unique().sort().to_list()
    alarms = tested["false_alarms"].drop_nulls()
    often = "" if not len(alarms) else _share(float(alarms.min()), float(alarms.max()))  # type: ignore[arg-type] # shares
    count = "/".join(f"{number:,}" for number in draws)
    if zh:
        wolf = f"；没有泡沫的序列有 {often} 至少越线一次" if often else ""
        drawn = f"，{count} 次重复" if count else ""
        return f"起止日期：{convention['zh']}（{convention['meaning_zh']}），{source}{drawn}{wolf}。"
    wolf = f"; {often} of series without a bubble pass it somewhere" if often else ""
    drawn = f", {count} replications" if count else ""
    return f"Dates by {convention['en']} ({convention['meaning_en']}), {source}{drawn}{wolf}."


def _power_lines(tested: pl.DataFrame, language: Language) -> list[str]:
    """Say what the test would have found at this length, and warn where that is little."""
    zh = language == "zh"
    known = tested.filter(pl.col("power").is_not_null()).sort("observations")
    short = tested.filter(pl.col("observations") < setting("short")).height
    lines = []
    if known.height:
        least, most = known["observations"][0], known["observations"][-1]
        lines.append(_found(known.row(0, named=True), language))
        lines += [_found(known.row(-1, named=True), language)] if most > least else []
    else:
        lines.append(
            "检验功效：此种临界值、滞后阶数或窗口未作模拟。"
            if zh
            else "Power: not simulated for these critical values, this lag or this window."
        )
    if short:
        limit = setting("short")
        lines.append(
            f"{short} 个序列不足 {limit} 个观测值：未拒绝不等于没有泡沫。"
            if zh
            else f"{short} series have fewer than {limit} observations: no rejection is no acquittal there."
        )
    return lines


def _echo_lines(findings: Sequence[Finding], tested: int, language: Language) -> list[str]:
    """Warn of what the critical values do not allow for."""
    zh, lines = language == "zh", []
    if count := sum(found.rule == "bubbles-autocorrelated" for found in findings):
        why = "have autocorrelated residuals, so the test rejects too often: take more lags (lag='bic')."
        lines.append(
            f"{tested} 个序列中有 {count} 个残差仍有自相关，检验会过度拒绝：可增加滞后阶数（lag='bic'）。"
            if zh
            else f"{count} of {tested} series {why}"
        )
    if count := sum(found.rule == "bubbles-drift" for found in findings):
        why = "drift, so the test rejects too often: take critical='sieve', or divide by a fundamental."
        lines.append(
            f"{tested} 个序列中有 {count} 个有明显漂移，检验会过度拒绝：可用 critical='sieve'，或除以基本面。"
            if zh
            else f"{count} of {tested} series {why}"
        )
    return lines


def _found(row: dict[str, Any], language: Language) -> str:
    """Say how often a bubble of either speed is found at the length of a series."""
    size = row["observations"]
    start, stop, root = episode(size)
    slow = episode(size, "gentle")[2]
    rate, rates = f"{100 * (root - 1):.1f} %", f"{100 * (slow - 1):.1f} %"
    often, seldom = f"{100 * row['power']:.0f} %", f"{100 * row['power_gentle']:.0f} %"
    if language == "zh":
        return (
            f"检验功效（{size} 个观测值）：连续 {stop - start} 期每期上涨 {rate} 的泡沫（Phillips-Shi-Yu，2015）"
            f"发现率 {often}；每期 {rates} 的发现率 {seldom}。"
        )
    return (
        f"Power at {size} observations: a bubble of {rate} a period for {stop - start} periods (Phillips, Shi and Yu "
        f"2015) is found in {often}, one of {rates} in {seldom}."
    )


def _share(low: float, high: float) -> str:
    """Return a share, or the span of several, in per cent."""
    first, second = f"{100 * low:.0f}", f"{100 * high:.0f}"
    return f"{first} %" if first == second else f"{first}-{second} %"


def listed(names: Sequence[str], language: Language) -> str:
    """Return the first few names."""
    comma = "、" if language == "zh" else ", "
    more = f"{comma}… ({len(names)})" if len(names) > _SHOWN else ""
    return comma.join(names[:_SHOWN]) + more


def explain_series(row: dict[str, Any], critical: pl.DataFrame, episodes: pl.DataFrame, language: Language) -> str:
    """Return the explanation of one series."""
    zh = language == "zh"
    if row["status"] != "tested":
        return f"{row['series']}{'：' if zh else ': '}{row[f'reason_{language}']}"
    lines = [_head(row, language)]
    for name in ("adf", "sadf", "gsadf"):
        limits = critical.filter(statistic=name).sort("level")["critical_value"].to_list()
        shown = " / ".join(f"{value:.3f}" for value in limits)
        value = "-" if row[name] is None else f"{row[name]:.4f}"
        levels = "/".join(map(str, LEVELS))
        word = "临界值" if zh else "critical values"
        label = name.upper()
        lines.append(
            f"  {label} {value}（{word} {levels} %：{shown}）"
            if zh
            else f"  {label} {value} ({word} {levels} %: {shown})"
        )
    lines.append("  " + line_in_words(pl.DataFrame([row], infer_schema_length=None), language))
    if not episodes.height:
        lines.append("  没有爆炸性时段。" if zh else "  No explosive episode.")
    lines += _episode_lines(episodes, language)
    if row["power"] is not None:
        lines.append("  " + _found(row, language))
    return "\n".join(lines)


def _head(row: dict[str, Any], language: Language) -> str:
    """Say what was tested."""
    mark = row["significance"]
    if language == "zh":
        verdict = "不拒绝单位根" if mark is None else f"在 {mark} % 水平拒绝单位根"
        return (
            f"{row['series']}：{row['first']} 至 {row['last']}，{row['observations']} 个观测值，滞后 {row['lag']} 阶，"
            f"最小窗口 {row['minimum_window']} 行；GSADF {verdict}"
        )
    verdict = "does not reject a unit root" if mark is None else f"rejects a unit root at {mark} %"
    return (
        f"{row['series']}: {row['first']} to {row['last']}, {row['observations']} observations, lag {row['lag']}, "
        f"smallest window {row['minimum_window']} rows; GSADF {verdict}"
    )


def panel_summary(row: dict[str, Any], episodes: pl.DataFrame, language: Language) -> str:
    """Return the lines of the summary of a panel."""
    zh = language == "zh"
    convention, source = setting("conventions")[row["convention"]][language], text("methods.sieve.name").lang(language)
    meaning = text("panel_conventions." + row["convention"]).lang(language)
    limit, level = row[f"critical_{row['level']}"], row["level"]
    if zh:
        verdict = "整体呈爆炸性" if row["rejects"] else "整体未呈爆炸性"
        head = (
            f"{row['series']} 个序列（{row['first']} 至 {row['last']}）{verdict}：面板 GSADF {row['gsadf']:.3f}，"
            f"{level} % 临界值 {limit:.3f}，p 值 {row['p_value']:.4f}。"
        )
    else:
        verdict = "are explosive together" if row["rejects"] else "are not explosive together"
        head = (
            f"{row['series']} series ({row['first']} to {row['last']}) {verdict}: panel GSADF {row['gsadf']:.3f}, "
            f"{level} % critical value {limit:.3f}, p-value {row['p_value']:.4f}."
        )
    lines = [head, *(_run(item, language) for item in episodes.iter_rows(named=True))]
    alarms = f"{100 * row['false_alarms']:.0f} %"
    lines.append(
        f"起止日期：{convention}（{meaning}），{source}，{row['replications']:,} 次重复；"
        f"无泡沫时有 {alarms} 至少越线一次。"
        if zh
        else f"Dates by {convention} ({meaning}), {source}, {row['replications']:,} replications; without a bubble "
        f"{alarms} of panels pass it somewhere."
    )
    return "\n".join(lines)
