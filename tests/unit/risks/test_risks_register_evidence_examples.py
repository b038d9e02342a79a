from __future__ import annotations

from xinzhi.core.text import chance_text
from xinzhi.risks.register.evidence import growth_words


def test_chance_text() -> None:
    assert [chance_text(one).en for one in (0.64, 0.9999, 0.001)] == ["64\u00a0%", "over 99\u00a0%", "under 1\u00a0%"]
    assert [chance_text(one).zh for one in (0.64, 0.9999, 0.001)] == ["64%", "99%以上", "不到1%"]


def test_growth_words() -> None:
    past = {"growth": 0.0372, "best": 0.11, "window": 5, "first": 2017}
    assert growth_words(0.102, past).en == ", or nominal growth of 10.2% a year (3.7% in these years)"
    beyond = growth_words(0.102, past | {"best": 0.06})
    assert beyond.en.startswith(
        "; growth alone will not clear it (it would take 10.2% a year, and no 5 years since 2017"
    )
    assert beyond.zh.startswith("；单靠增长消除不了")
