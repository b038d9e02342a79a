"""What the verbs that look inside units refuse, in both languages, and what they say."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import xinzhi.frontier as verbs
from xinzhi.core.errors import XinzhiError
from xinzhi.frontier import internal
from xinzhi.report.pages import section

X, Y = np.array([[4.0, 1.0], [1.0, 4.0], [6.0, 4.0]]), np.array([1.0, 1.0, 1.0])
Z = np.array([2.0, 3.0, 2.0])

NET, PAIR = {"mine": (X, None), "mill": (None, Y)}, ("mine", "mill")
PANEL = pl.DataFrame(
    {"u": list("abc") * 2, "t": [1] * 3 + [2] * 3, "x": [4.0, 1, 6, 4, 2, 5], "y": [1.0] * 6, "k": [2.0, 3, 2, 2, 3, 3]}
)


def dynamic(frame: pl.DataFrame, **asked: object) -> internal.Staged:
    return verbs.dynamic_efficiency(frame, "u", "t", ["x"], ["y"], **asked)


REFUSED = {
    "contents-shape": (lambda: verbs.materials_balance(X, Y, [1.0]), "2 inputs", "投入有2种"),
    "retained-shape": (lambda: verbs.materials_balance(X, Y, [1.0, 1.0], [1.0, 2.0]), "1 outputs", "产出有1种"),
    "contents-sign": (lambda: verbs.materials_balance(X, Y, [1.0, -1.0]), "that of 'x2' is", "“x2”"),
    "contents-nan": (lambda: verbs.materials_balance(X, Y, [np.nan, 1.0]), "must be finite", "非负数"),
    "contents-none": (lambda: verbs.materials_balance(X, Y, [0.0, 0.0]), "no input holds any", "都不含"),
    "imbalance": (lambda: verbs.materials_balance(X, Y, [1.0, 1.0], [6.0]), "unit 1 hold more", "物质不平衡"),
    "rts": (lambda: verbs.materials_balance(X, Y, [1.0, 1.0], rts="fdh"), "rts 'fdh'", "规模报酬"),
    "division": (lambda: verbs.network_efficiency(NET, {("mine", "port"): Z}), "name 'port'", "“port”"),
    "divisions-apart": (
        lambda: verbs.network_efficiency({**NET, "port": (Z, None), "dock": (None, Z)}, {PAIR: Z, ("port", "dock"): Z}),
        "nothing flows between port and dock and mine and mill",
        "port、dock与mine、mill之间没有流",
    ),
    "no-division": (lambda: verbs.network_efficiency({}, {}), "at least one division", "至少"),
    "link": (lambda: verbs.network_efficiency(NET, {PAIR: Z}, link="loose"), "unknown link 'loose'", "不能为“loose”"),
    "orientation": (lambda: verbs.network_efficiency(NET, {PAIR: Z}, orientation="up"), "'up'", "“up”"),
    "weights": (lambda: verbs.network_efficiency(NET, {PAIR: Z}, weights={"mine": 1.0}), "one number", "权数"),
    "weights-sign": (lambda: verbs.network_efficiency(NET, {PAIR: Z}, weights={"mine": 2, "mill": -1}), "zero", "权数"),
    "positive": (lambda: verbs.network_efficiency(NET, {PAIR: 0 * Z}), "must be positive", "须为正"),
    "carry-over": (lambda: dynamic(PANEL), "carried over", "结转"),
    "panel-gap": (lambda: dynamic(PANEL[:-1], free=["k"]), "'c' is missing in 2", "单元c缺少2"),
    "period-weights": (lambda: dynamic(PANEL, free=["k"], weights={1: 1.0}), "one number", "权数"),
    "panel-zero": (lambda: dynamic(PANEL.with_columns(k=0 * pl.col("k")), free=["k"]), "must be positive", "须为正"),
}


@pytest.mark.parametrize("case", list(REFUSED))
def test_what_is_refused(case: str) -> None:
    call, english, chinese = REFUSED[case]
    with pytest.raises(XinzhiError) as caught:
        call()
    assert english in caught.value.text.en
    assert chinese in caught.value.text.zh


def test_a_unit_without_the_material_is_named() -> None:
    with pytest.raises(XinzhiError) as caught:
        verbs.materials_balance([[4.0, 1.0], [1.0, 0.0]], [1.0, 1.0], [0.0, 1.0], units=["a", "b"])
    assert "unit b" in caught.value.text.en
    assert "单元b" in caught.value.text.zh


def results() -> list[internal.Labelled]:
    return [
        verbs.materials_balance(X, Y, [3.0, 1.0], [0.5]),
        verbs.network_efficiency(NET, {PAIR: Z}),
        dynamic(PANEL, good=["k"]),
    ]


@pytest.mark.parametrize("number", range(3))
def test_results_speak_both_languages_and_have_a_page(number: int) -> None:
    result = results()[number]
    for language in ("zh", "en"):
        assert result.summary(language).count("\n") >= 2
    for frame in ("frame", "stages", "slacks") if number else ("frame",):
        assert [one.name for one in result.columns(frame)] == getattr(result, frame).columns
    made = section(result)
    assert made.pictures
    assert made.tables or number == 0
