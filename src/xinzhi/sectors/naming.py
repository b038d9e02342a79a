"""What regions, choices and methods are called: codes are for frames, sentences have names."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from xinzhi.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

CHOICES = {
    "imputation": Text(zh="填补方法", en="imputation"),
    "treatment": Text(zh="异常值处理", en="treatment of outliers"),
    "normalisation": Text(zh="标准化", en="normalisation"),
    "weights": Text(zh="权重", en="weights"),
    "aggregation": Text(zh="合成方法", en="aggregation"),
    "pooled": Text(zh="各年共用界限与权重", en="bounds and weights shared by all years"),
    "noise": Text(zh="权重扰动", en="noise in the weights"),
}


def region_text(code: str, names: Mapping[str, Text]) -> Text:
    """Return the name of a region: its own, else that of a province of China, else its code.

    Examples
    --------
    >>> region_text("220000", {}).en, region_text("XX", {}).en
    ('Jilin', 'XX')
    """
    from xinzhi.data.rules.keys import PROVINCES, standard

    if code in names:
        return names[code]
    known = standard(PROVINCES).get(code)
    return Text(zh=known[0], en=known[2]) if known else Text(zh=code, en=code)


def method(choice: str, level: str) -> Text:
    """Return a level of a choice in words, with the scale of a normalisation behind it.

    Examples
    --------
    >>> method("normalisation", "min-max 1-100").en, method("aggregation", "grey").en
    ('min-max 1-100', 'grey relational grade')
    """
    plain, _, scale = level.partition(" ")
    found = _methods().get(choice, {}).get(plain, Text(zh=plain, en=plain))
    return Text(zh=f"{found.zh} {scale}", en=f"{found.en} {scale}") if scale else found


def departures(text: str) -> Text:
    """Return choices such as ``weights=critic, aggregation=grey`` in words.

    Examples
    --------
    >>> departures("weights=equal, pooled=false").en
    'weights: equal, bounds and weights shared by all years: set anew every year'
    """
    pairs = [part.partition("=")[::2] for part in text.split(", ") if part]
    said = [(CHOICES[choice], method(choice, level)) for choice, level in pairs]
    return Text(
        zh="、".join(f"{choice.zh}：{level.zh}" for choice, level in said),
        en=", ".join(f"{choice.en}: {level.en}" for choice, level in said),
    )


@cache
def _methods() -> dict[str, dict[str, Text]]:
    import yaml

    read = yaml.safe_load(Path(__file__).with_name("methods.yaml").read_text("utf-8"))
    return {choice: {name: Text(**said) for name, said in levels.items()} for choice, levels in read.items()}
