"""Output of regions in one account with the nation's: adjusted by how reliable each figure is, with standard errors.

The claim: levels and growth that regions publish add up to another nation than the national accounts, and price indices
say other things than the deflators that are implied. The question: which levels and growth rates fit all of this best,
how far are they from the published ones, and how sure is growth? The function: `balance`.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
