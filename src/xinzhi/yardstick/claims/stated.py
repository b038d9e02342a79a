"""What a source states of its method, as parameters of a protocol, and what our data give under them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xinzhi.core.errors import XinzhiError
from xinzhi.core.parameters import setting
from xinzhi.core.text import Text, clauses, same, words
from xinzhi.data import Package
from xinzhi.protocol import Protocol, specification
from xinzhi.yardstick.audit.choices import spell
from xinzhi.yardstick.audit.wording import value_text
from xinzhi.yardstick.measure import measure

Settings = Mapping[str, Any]
HERE = Path(__file__).with_name("claims.yaml")


def stated_choices(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that the words of a claim name, by the patterns of ``claims.yaml``, and nothing beyond.

    A range, such as that of a share which moves from year to year, is its middle; a number that is no ratio is no
    choice.
    """
    found: dict[str, Any] = {}
    for column, patterns in setting(HERE, "stated").items():
        text = str(row.get(column) or "").casefold()
        for pattern in patterns:
            value = _value(pattern, text)
            if value is not None and not {pattern["parameter"], *pattern.get("with", {})} & set(found):
                found |= {**pattern.get("with", {}), pattern["parameter"]: value}
    return found


def _value(pattern: Mapping[str, Any], text: str) -> Any:  # noqa: ANN401 - the value of any parameter
    """Return what a pattern finds in a text; None where it finds nothing."""
    spelt = [word for word in (str(one).casefold() for one in pattern["words"]) if word in text]
    if "value" in pattern or not spelt:
        return pattern.get("value") if spelt else None
    after = text[text.index(spelt[0]) + len(spelt[0]) :] if spelt[0] else text
    number = re.match(setting(HERE, "number.pattern"), after)
    if number is None:
        return None
    # In a range the sign of percent may stand once, at its end.
    scale = 100 if number[2] or number[4] else 1
    ends = [float(one) / scale for one in (number[1], number[3]) if one]
    middle = round(sum(ends) / len(ends), 6)
    return middle if 0 < middle < 1 else None


@dataclass(frozen=True, slots=True)
class Own:
    """The measurements of one package under the methods that sources state, each made once."""

    data: Package
    rules: Protocol
    made: dict[str, dict[tuple[str, int], float]] = field(default_factory=dict)

    def growth(self, settings: Settings, region: str, start: int, end: int) -> tuple[float | None, Settings]:
        """Return mean TFP growth under the stated choices that these data allow, and those.

        They are taken one after the other; one with which the period cannot be measured is left out.
        """
        kept: Settings = {}
        value = None
        for group in _groups(settings):
            trial = self._mean({**kept, **group}, region, start, end)
            if trial is not None:
                kept, value = {**kept, **group}, trial
        return value, kept

    def _mean(self, settings: Settings, region: str, start: int, end: int) -> float | None:
        """Return mean growth of a period; None where a year of it cannot be measured."""
        key = repr(sorted(settings.items()))
        if key not in self.made:
            self.made[key] = self._measured(settings)
        found = self.made[key]
        values = [found[region, year] for year in range(start + 1, end + 1) if (region, year) in found]
        return sum(values) / len(values) if len(values) == end - start else None

    def _measured(self, settings: Settings) -> dict[tuple[str, int], float]:
        """Return TFP growth by region and year; nothing where these data have not what the choices need."""
        try:
            frame = measure(self.data, self.rules.replace(settings)).frame.drop_nulls("tfp_growth")
        except XinzhiError:
            return {}
        return {(region, year): value for region, year, value in frame.select("region", "year", "tfp_growth").rows()}


def _groups(settings: Settings) -> Iterator[Settings]:
    """Yield the choices one by one; a constant share comes with the rule that makes it count."""
    rest = dict(settings)
    while rest:
        paths = ["shares.rule", "shares.constant"] if "shares.constant" in rest else []
        paths = paths if next(iter(rest)) in paths else [next(iter(rest))]
        yield {path: rest.pop(path) for path in paths if path in rest}


def spelt(settings: Settings) -> str:
    """Return choices as ``path=value``, as the departures of a claim are written."""
    return ", ".join(f"{path}={spell(value)}" for path, value in settings.items())


def in_words(choices: str) -> Text:
    """Return such choices in words; a constant share says its rule.

    Examples
    --------
    >>> in_words("shares.rule=constant, shares.constant=0.6").en
    'constant labour share: 60%'
    """
    said = []
    for one in choices.split(", ") if choices else []:
        path, _, text = one.partition("=")
        if one != "shares.rule=constant":
            known = specification(path)
            value = value_text(path, float(text) if known.kind == "number" else text)
            said.append(words("audit.departure", name=known.title, level=value))
    return clauses(said) if said else same("")
