"""Claims: published figures held against the one ruler.

The claim: who may choose the ruler chooses the result. The question: is this published growth of total factor
productivity what the one yardstick gives, what another admissible yardstick gives, what the data gave before they were
revised, or none of these? The verbs: `check_claim` for one figure, `check_claims` for a table of them.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
