"""Growth targets: what a target requires of productivity, what such targets came to, and the plan's own indicators.

The claim: every government sets a growth target. The question: what must total factor productivity do for it, with
which investment, and how often has it done as much?

Verb: `goals` of a package.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
