"""The bridge: why the nation's TFP growth is another one in another source."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from xinzhi import yardstick
from xinzhi.core.errors import UsageError
from xinzhi.protocol import Protocol
from xinzhi.studies.plain import load
from xinzhi.studies.study import SILENT, Draft, Progress, Study, options, title

_PERIOD = re.compile(r"\s*(\d{4})\s*[-:–—]\s*(\d{4})\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeOptions:
    """What can be asked of `bridge`."""

    protocol: Protocol | str = "xinzhi-cn-2026"
    to: str = "pwt-10.01"
    period: str | None = None
    encoding: str | None = None

    @property
    def years(self) -> tuple[int, int] | None:
        """The years of the period; None where none was asked for."""
        if self.period is None:
            return None
        found = _PERIOD.fullmatch(self.period)
        if not found:
            raise UsageError("studies.period", period=self.period)
        return int(found[1]), int(found[2])


def bridge(source: Any, *, progress: Progress = SILENT, **asked: Any) -> Study:  # noqa: ANN401 - a package; options
    """Study what makes the difference between our TFP growth of the nation and that of another source.

    Parameters
    ----------
    source
        A data package, its name or path.
    progress
        Who is told how far it is.
    asked
        Fields of `BridgeOptions`.

    Examples
    --------
    >>> import xinzhi
    >>> made = xinzhi.studies.bridge("china-provinces", to="cip-4.0", period="2007-2012")
    >>> made.results["bridge"].frame["step"][-1]
    'remains'
    """
    wish: BridgeOptions = options(BridgeOptions, asked)
    years = wish.years
    progress.step("read")
    package = load(source, wish.encoding)
    progress.step("measure")
    found = yardstick.bridge(package, wish.protocol, to=wish.to, period=years)
    draft = Draft(name="bridge", source=title(package), package=package, results={"bridge": found})
    return draft.done()
