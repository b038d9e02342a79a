"""Bridges: why our figure of the nation is not that of another source, choice by choice.

The claim: two sources measure the same growth and differ by two points. The question: which of their choices, and which
of their data, make the difference? The verb: `bridge`.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
