"""Breakthrough in depth: what regions know, what their neighbours know, and what it does to productivity.

Verbs: `knowledge_stock` adds up R&D or patents, `spillovers` weighs the stocks of other regions by nearness in space or
in technology, `knowledge_elasticity` relates TFP to both, `innovation_shares` returns shares of high technology and new
products.
"""

from __future__ import annotations

from xinzhi.sources.innovation.depth import Innovation, in_depth
from xinzhi.sources.innovation.elasticity import knowledge_elasticity
from xinzhi.sources.innovation.knowledge import innovation_shares, knowledge_stock
from xinzhi.sources.innovation.spillovers import geographic_proximity, spillovers, technological_proximity

__all__ = [
    "Innovation",
    "geographic_proximity",
    "in_depth",
    "innovation_shares",
    "knowledge_elasticity",
    "knowledge_stock",
    "spillovers",
    "technological_proximity",
]
