"""What is wrong with one value of a protocol, before it is known where the value stands."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from xinzhi.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable


class Fault(Exception):  # noqa: N818 - it becomes a finding, never leaves the room as an error
    """A value that the catalogue does not allow.

    Parameters
    ----------
    rule
        Short name of the rule that is broken.
    message, hint
        What is wrong and how to mend it.
    at
        Keys or positions below the value where the fault lies.
    """

    def __init__(self, *, rule: str, message: Text, hint: Text, at: tuple[object, ...] = ()) -> None:
        super().__init__(message.en)
        self.rule, self.message, self.hint, self.at = rule, message, hint, at


def nearest(name: object, known: Iterable[str]) -> Text:
    """Return a hint that names the nearest known name, or all of them.

    Examples
    --------
    >>> nearest("valeu", ["value", "unit"]).en
    "Did you mean 'value'?"
    """
    names = sorted(known)
    close = get_close_matches(str(name), names, n=1)
    if close:
        return Text(zh=f"是否应为“{close[0]}”？", en=f"Did you mean '{close[0]}'?")
    return Text(zh=f"可用：{'、'.join(names)}。", en=f"Known: {', '.join(names)}.")
