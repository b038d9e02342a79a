"""What the rooms of the essay say of one assessed package, each in brief."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xinzhi.data import Package
    from xinzhi.protocol import Protocol
    from xinzhi.report.section import Section
    from xinzhi.yardstick import Measurement


def essay(package: Package, measurement: Measurement, protocol: Protocol) -> list[Section]:
    """Return the sections that the data are enough for, in the order of the essay's points.

    Parameters
    ----------
    package, measurement, protocol
        What was read, what was measured from it, by which yardstick.

    Notes
    -----
    A room whose tables are not there is left out; one whose tables cannot be used says so in its section, so that an
    assessment never fails on a room.

    Examples
    --------
    >>> import xinzhi, xinzhi.protocol
    >>> package, ours = xinzhi.load("china-provinces"), xinzhi.protocol.load("xinzhi-cn-2026")
    >>> [section.key for section in essay(package, xinzhi.measure(package, ours), ours)][:2]
    ['scope', 'sources']
    """
    makers: Sequence[Callable[[Package, Measurement, Protocol], Section | None]] = (
        _scope,
        _sources,
        _sectors,
        _paths,
        _frontier,
        _risks,
    )
    found = (maker(package, measurement, protocol) for maker in makers)
    return [section for section in found if section is not None]


def _scope(package: Package, measurement: Measurement, _: Protocol) -> Section | None:
    """Take the last day of the last year measured: the same data give the same report on any day."""
    from xinzhi.report.rooms.scope.brief import scope_in_brief

    last = max(measurement.frame["year"].to_list())
    return scope_in_brief(package, f"{last}-12-31")


def _sources(package: Package, _: Measurement, protocol: Protocol) -> Section | None:
    from xinzhi.report.rooms.sources import brief

    return brief(package, protocol)


def _sectors(package: Package, measurement: Measurement, _: Protocol) -> Section | None:
    from xinzhi.report.rooms.sectors.advance import assessed

    return assessed(package, measurement)


def _paths(package: Package, measurement: Measurement, _: Protocol) -> Section | None:
    from xinzhi.report.rooms.pathways.brief import brief

    return brief(package, measurement)


def _frontier(package: Package, measurement: Measurement, _: Protocol) -> Section | None:
    from xinzhi.report.rooms.frontier.brief import brief

    return brief(package, measurement)


def _risks(package: Package, measurement: Measurement, _: Protocol) -> Section | None:
    from xinzhi.report.rooms.risks.brief import brief

    return brief(package, measurement)
