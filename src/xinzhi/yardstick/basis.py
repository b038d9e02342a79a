"""What every measurement begins with: a package, a protocol that can be computed from it, and the aligned panel."""

from __future__ import annotations

from xinzhi.data import Package, as_package
from xinzhi.protocol import Protocol
from xinzhi.protocol import load as load_protocol
from xinzhi.yardstick.panel import Panel, Ruler, Source, read_panel, require
from xinzhi.yardstick.release import require_current, with_release


def basis(package: Source, protocol: Ruler) -> tuple[Package, Protocol, Panel, list[str]]:
    """Return a package, a protocol with the series of a release that holds for it, the panel, and the tables read."""
    data = as_package(package)
    rules = with_release(load_protocol(protocol), data)
    tables = require(data, rules)
    panel = read_panel(data)
    require_current(rules, data)
    return data, rules, panel, tables
