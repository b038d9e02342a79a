"""Breakthrough in depth: what regions know, what their neighbours know, and what it does to productivity.

Verbs: `knowledge_stock` adds up R&D or patents, `spillovers` weighs the stocks of other regions by nearness in space or
in technology, `knowledge_elasticity` relates TFP to both, `innovation_shares` returns shares of high technology and new
products.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
