"""Upgrading in depth: how fast the structure changes, whether it gets better, and who catches up with the frontier.

Verbs: `structural_change` (speed), `rationalisation` (do shares of labour match shares of output) and `advancement`
(how far the structure has turned towards higher sectors); `catch_up` regresses industry TFP growth on the frontier's
growth and the distance to it.
"""

from __future__ import annotations

from xinzhi.sources.upgrading.catch_up import CatchUp, catch_up
from xinzhi.sources.upgrading.depth import Upgrading, in_depth
from xinzhi.sources.upgrading.structure import advancement, rationalisation, structural_change

__all__ = ["CatchUp", "Upgrading", "advancement", "catch_up", "in_depth", "rationalisation", "structural_change"]
