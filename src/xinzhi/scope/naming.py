"""What industries are called, in Chinese and English."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinzhi.core.text import Text
from xinzhi.scope.facts import document
from xinzhi.scope.tree import standard

if TYPE_CHECKING:
    from collections.abc import Mapping

_ENGLISH = "standards/names-en.yaml"


def industry_name(code: str, name: str | None = None, given: Mapping[str, Text] | None = None) -> Text:
    """Return what an industry is called.

    The standard has English names for sections and divisions only: a group or class is called by its code and division.

    Parameters
    ----------
    code, name
        A code as the standard writes it, and the standard.
    given
        Names that go first.

    Examples
    --------
    >>> industry_name("3973")
    Text(zh='集成电路制造', en='3973 in Computers, communication and other electronic equipment')
    """
    if given and code in given:
        return given[code]
    tree = standard(name)
    english: Mapping[str, str] = document(_ENGLISH)[tree.name]["names"]
    above = next((one for one in (code, *tree.above(code)) if one in english), None)
    en = code if above is None else english[above] if above == code else f"{code} in {english[above]}"
    return Text(zh=tree.names.get(code) or en, en=en)
