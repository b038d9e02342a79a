"""Allocation in depth: whether capital and labour go where they earn more, and what it would bring if they did.

Verbs: `shift_share` splits the growth of labour productivity, `olley_pakes` its level; `marginal_products` and
`dispersion` say how unequal returns are between regions and between industries, `equalising_gain` what output would
gain without, and `nested_gain` the same for state and non-state inside provinces; `flows` whether factors follow
returns; `among_firms` what firms of an industry gave, from the cells of an office.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
