"""Upgrading in depth: how fast the structure changes, whether it gets better, and who catches up with the frontier.

Verbs: `structural_change` (speed), `rationalisation` (do shares of labour match shares of output) and `advancement`
(how far the structure has turned towards higher sectors); `catch_up` regresses industry TFP growth on the frontier's
growth and the distance to it.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
