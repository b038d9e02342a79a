"""Digital capital: the growth account of the nation with hardware and software as assets of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from xinzhi import yardstick
from xinzhi.core.errors import UsageError
from xinzhi.data import nation_codes
from xinzhi.protocol import Protocol
from xinzhi.studies.plain import load
from xinzhi.studies.study import SILENT, Draft, Progress, Study, options, title


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitalOptions:
    """What can be asked of `digital`."""

    protocol: Protocol | str = "xinzhi-cn-2026"
    choose: Mapping[str, Any] = field(default_factory=dict)
    region: str | None = None
    encoding: str | None = None


def digital(source: Any, *, progress: Progress = SILENT, **asked: Any) -> Study:  # noqa: ANN401 - a package; options
    """Study what hardware and software contribute to the growth of the nation.

    Parameters
    ----------
    source
        A data package, its name or path.
    progress
        Who is told how far it is.
    asked
        Fields of `DigitalOptions`; `choose` has other values of the choices of `digital_capital`.

    Raises
    ------
    UsageError
        When a region is asked for: the data have no investment by product of provinces.

    Examples
    --------
    >>> import xinzhi
    >>> made = xinzhi.studies.digital("china-provinces", choose={"rate_of_return": 0.1})
    >>> made.results["digital"].periods["end"][-1]
    2020
    """
    wish: DigitalOptions = options(DigitalOptions, asked)
    if wish.region is not None and wish.region.casefold() not in nation_codes():
        raise UsageError("yardstick.digital-of-a-region", region=wish.region)
    progress.step("read")
    package = load(source, wish.encoding)
    progress.step("measure")
    found = yardstick.digital_capital(package, wish.protocol, **wish.choose)
    return Draft(name="digital", source=title(package), package=package, results={"digital": found}).done()
