from __future__ import annotations

import polars as pl

from xinzhi.risks.register.evidence import chance_words, growth_words, ranked


def test_ranked() -> None:
    given = pl.DataFrame({"region": ["a", "a", "b"], "industry": ["38", "39", "38"], "density": [0.1, 0.4, 0.2]})
    plan = pl.DataFrame({"region": ["a"], "item": ["pv"], "kind": ["category"]})
    parts = pl.DataFrame({"item": ["pv"], "division": ["38"]})
    assert ranked(given, "density", plan, parts, {}).row(0, named=True)["value"] == 0.5


def test_chance_words() -> None:
    assert (chance_words(0.64).en, chance_words(0.9999).en) == ("64%", "over 99%")


def test_growth_words() -> None:
    assert growth_words(0.102, 0.0372).en == ", or nominal growth of 10.2% a year (3.7% in these years)"
