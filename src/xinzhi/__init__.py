"""xinzhi (新质): one yardstick for regional productivity.

Every public name is loaded when it is first used, so that ``import xinzhi`` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xinzhi.data import Package, load
    from xinzhi.report import plot, write
    from xinzhi.yardstick.audit import Audit, audit
    from xinzhi.yardstick.breaks import Breaks, breaks
    from xinzhi.yardstick.claims import ClaimCheck, Claims, check_claim, check_claims
    from xinzhi.yardstick.measure import measure
    from xinzhi.yardstick.measurement import Measurement
    from xinzhi.yardstick.vintage_history import VintageHistory, vintage_history
    from xinzhi.yardstick.vintages import VintageChange, compare_vintages

__version__ = "0.1.0"

_LAZY = {
    "Audit": "xinzhi.yardstick",
    "Breaks": "xinzhi.yardstick",
    "ClaimCheck": "xinzhi.yardstick",
    "Claims": "xinzhi.yardstick",
    "Measurement": "xinzhi.yardstick",
    "Package": "xinzhi.data",
    "VintageChange": "xinzhi.yardstick",
    "VintageHistory": "xinzhi.yardstick",
    "audit": "xinzhi.yardstick",
    "breaks": "xinzhi.yardstick",
    "check_claim": "xinzhi.yardstick",
    "check_claims": "xinzhi.yardstick",
    "compare_vintages": "xinzhi.yardstick",
    "load": "xinzhi.data",
    "measure": "xinzhi.yardstick",
    "plot": "xinzhi.report",
    "vintage_history": "xinzhi.yardstick",
    "write": "xinzhi.report",
    "core": "",
    "data": "",
    "frontier": "",
    "pathways": "",
    "protocol": "",
    "report": "",
    "risks": "",
    "scope": "",
    "sectors": "",
    "sources": "",
    "yardstick": "",
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


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module or one of its names
    """Load a public name on first use."""
    if name not in _LAZY:
        message = f"module 'xinzhi' has no attribute '{name}'"
        raise AttributeError(message)
    home = _LAZY[name]
    value = getattr(importlib.import_module(home), name) if home else importlib.import_module(f"xinzhi.{name}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted({*globals(), *_LAZY})
