from __future__ import annotations

from xinzhi.risks.register.evidence import chance_words, growth_words


def test_chance_words() -> None:
    assert (chance_words(0.64).en, chance_words(0.9999).en) == ("64%", "over 99%")


def test_growth_words() -> None:
    assert growth_words(0.102, 0.0372).en == ", or nominal growth of 10.2% a year (3.7% in these years)"
