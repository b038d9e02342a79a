"""Diagnosis of one region: whom it is like, where its growth falls short of theirs, and what earlier ones were worth.

The claim: a region grows slowly for want of one thing. The question: by how many points does each source of growth fall
short of that of regions of the same structure, how sure is that, and would such statements have held in the past? The
verbs: `peers`, `gaps`, `backcast`.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
