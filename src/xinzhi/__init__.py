"""xinzhi (新质): one yardstick for regional productivity.

Every public name is loaded when it is first used, so that ``import xinzhi`` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinzhi.core.lazy import lazy

if TYPE_CHECKING:
    from xinzhi.data import Package, load
    from xinzhi.report import plot, write
    from xinzhi.yardstick import (
        Audit,
        Breaks,
        ClaimCheck,
        Claims,
        Measurement,
        VintageChange,
        VintageHistory,
        audit,
        breaks,
        check_claim,
        check_claims,
        compare_vintages,
        measure,
        vintage_history,
    )

__version__ = "0.1.0"

_HOMES = {
    "Audit": ".yardstick",
    "Breaks": ".yardstick",
    "ClaimCheck": ".yardstick",
    "Claims": ".yardstick",
    "Measurement": ".yardstick",
    "Package": ".data",
    "VintageChange": ".yardstick",
    "VintageHistory": ".yardstick",
    "audit": ".yardstick",
    "breaks": ".yardstick",
    "check_claim": ".yardstick",
    "check_claims": ".yardstick",
    "compare_vintages": ".yardstick",
    "load": ".data",
    "measure": ".yardstick",
    "plot": ".report",
    "vintage_history": ".yardstick",
    "write": ".report",
}

__all__ = [
    "Audit",
    "Breaks",
    "ClaimCheck",
    "Claims",
    "Measurement",
    "Package",
    "VintageChange",
    "VintageHistory",
    "audit",
    "breaks",
    "check_claim",
    "check_claims",
    "compare_vintages",
    "load",
    "measure",
    "plot",
    "vintage_history",
    "write",
]

__getattr__, __dir__ = lazy(
    __name__,
    _HOMES,
    ("core", "data", "frontier", "pathways", "protocol", "report", "risks", "scope", "sectors", "sources", "yardstick"),
)
