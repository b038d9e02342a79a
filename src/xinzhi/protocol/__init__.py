"""The yardstick as data.

*The claim*: total factor productivity is disputed because everyone picks the capital and labour that suit; the cure
is one standard for every region. *The question*: what exactly is fixed, on whose authority, and what do others use
instead? *The verbs*: `load` one protocol, `registry` lists those that ship, `diff` compares two, `check` finds what is
wrong with a file, `new` writes a file to start from. `catalogue` says what a protocol may fix, `spell` writes a value
for a person.
"""

from __future__ import annotations

from xinzhi.protocol.catalogue import Specification, catalogue, groups
from xinzhi.protocol.checking import check
from xinzhi.protocol.dated import Dated
from xinzhi.protocol.difference import Difference, diff
from xinzhi.protocol.fingerprint import spell
from xinzhi.protocol.loading import load, registry
from xinzhi.protocol.model import Exclusion, Protocol
from xinzhi.protocol.parameter import Alternative, Parameter, Reference
from xinzhi.protocol.template import new

__all__ = [
    "Alternative",
    "Dated",
    "Difference",
    "Exclusion",
    "Parameter",
    "Protocol",
    "Reference",
    "Specification",
    "catalogue",
    "check",
    "diff",
    "groups",
    "load",
    "new",
    "registry",
    "spell",
]
