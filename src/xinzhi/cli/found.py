"""What a verb that calls many others found: the results, and why some are not there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from xinzhi.core.errors import InputError
from xinzhi.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xinzhi.core.result import Result


@dataclass(slots=True, kw_only=True)
class Found:
    """What came of it: results in the order of the page, and notes on what was assumed or left out."""

    source: Text
    results: list[Result] = field(default_factory=list)
    notes: list[Text] = field(default_factory=list)
    place_names: Mapping[str, Text] = field(default_factory=dict)
    places: tuple[str, ...] = ()

    def add(self, name: Text, verb: Callable[[], Result]) -> Any:  # noqa: ANN401 - the result, or None
        """Run a verb; where the data do not reach so far, note why and go on."""
        try:
            result = verb()
        except InputError as error:
            why = str(error).splitlines()[0]
            self.notes.append(Text(zh=f"未计算{name.zh}：{why}", en=f"left out: {name.en}: {why}"))
            return None
        self.results.append(result)
        return result

    def code(self, asked: str) -> str:
        """Return the code of a region that is given by code or name.

        Raises
        ------
        UsageError
            When no region is called so.
        """
        from xinzhi.core.names import Names

        return Names({"region": self.place_names}).resolve(asked, self.places)
