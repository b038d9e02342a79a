"""Allocation in depth: whether capital and labour go where they earn more, and what it would bring if they did.

Verbs: `shift_share` splits the growth of labour productivity, `olley_pakes` its level; `marginal_products` and
`dispersion` say how unequal returns are between regions and between industries, `equalising_gain` what output would
gain without, and `nested_gain` the same for state and non-state inside provinces; `flows` whether factors follow
returns.
"""

from __future__ import annotations

from xinzhi.sources.allocation.depth import Allocation, in_depth
from xinzhi.sources.allocation.flows import Flows, flows
from xinzhi.sources.allocation.gains import equalising_gain, nested_gain
from xinzhi.sources.allocation.marginal import dispersion, marginal_products
from xinzhi.sources.allocation.shift_share import olley_pakes, shift_share

__all__ = [
    "Allocation",
    "Flows",
    "dispersion",
    "equalising_gain",
    "flows",
    "in_depth",
    "marginal_products",
    "nested_gain",
    "olley_pakes",
    "shift_share",
]
