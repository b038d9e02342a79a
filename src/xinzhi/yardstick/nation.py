"""The nation measured on its own accounts, under the same protocol as its regions: the verb `measure_nation`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from xinzhi.data import Package, as_package, national_package
from xinzhi.protocol import Protocol
from xinzhi.yardstick.measure import measure
from xinzhi.yardstick.measurement import Measurement
from xinzhi.yardstick.panel import DEFAULT_PROTOCOL


def measure_nation(
    package: Package | str | Path | Mapping[str, object], protocol: Protocol | str | Path = DEFAULT_PROTOCOL
) -> Measurement:
    """Measure the nation from its own accounts, the table `nation`, under the protocol of its regions.

    The sum of the regions (`Measurement.national`) is another figure: regional output and investment do not add up to
    the nation's. Investment is the nation's own, so that the protocol's control total leaves it as it is.

    Parameters
    ----------
    package, protocol
        As in `measure`; the package has the table `nation`.

    Raises
    ------
    InputError
        When the table lacks a series that is needed; as in `measure`.

    Examples
    --------
    >>> import xinzhi
    >>> nation = xinzhi.measure_nation("china-provinces")
    >>> nation.periods.filter(start=2012)["tfp_growth"].round(4).item()
    0.0177
    """
    return measure(national_package(as_package(package), verb="measure_nation"), protocol)
