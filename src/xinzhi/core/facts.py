"""A sentence that remembers what it was made from."""

from __future__ import annotations

from collections.abc import Mapping

from xinzhi.core.text import Text, sentence


class Fact(Text):
    """A filled text of the catalogue with its topic, its key and the values of its placeholders.

    It is a `Text` and enters other texts as one; as a sentence of an answer it is `text`.

    >>> from xinzhi.words import yardstick
    >>> fact = yardstick.answer_until(names=["Jilin"], year=2020)
    >>> fact.key, dict(fact.values)
    ('answer.until', {'names': ['Jilin'], 'year': 2020})
    """

    __slots__ = ("key", "topic", "values")

    key: str
    topic: str
    values: Mapping[str, object]

    def __init__(self, topic: str, key: str, values: Mapping[str, object], filled: Text) -> None:
        super().__init__(filled.zh, filled.en)
        for name, value in {"topic": topic, "key": key, "values": values}.items():
            object.__setattr__(self, name, value)

    @property
    def text(self) -> Text:
        """The fact as a sentence, with a capital letter and a full stop."""
        return sentence(self)

    def __reduce__(self) -> tuple[type[Fact], tuple[str, str, Mapping[str, object], Text]]:
        return Fact, (self.topic, self.key, self.values, Text(self.zh, self.en))
