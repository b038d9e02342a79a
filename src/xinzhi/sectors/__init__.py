"""Not the economic department's business alone: education, culture and green beside the economy.

The claim
    New-quality productive forces are not made by one department: education, culture and a green economy carry them, and
    a sector that lags holds the others back. Indices that are built to show this can be gamed by convention.
The question
    Do the sectors advance together, which one holds the region back, and how much of the answer is convention?
The verbs
    `advance` puts the sectors of every region and year side by side; `index` builds a composite indicator from a
    declared system (`systems`, `load_system`, `check_system`, `from_package`, `Normalisation`). Each sector:
    `education`, `schooling_return`, `composition`; `culture`; `green`, `decoupling`, `lmdi`, `kaya`. Several together:
    `coupling`, `obstacle`. Between regions: `inequality` (with `gini`, `dagum`, `theil`), `ridgelines`, `moran`,
    `markov`, on the borders of `contiguity`.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
