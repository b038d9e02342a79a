"""The ruler audited: what choosing one's own yardstick buys.

The claim: disputes over how to measure capital and labour tempt some to game the number. The question: how far does the
answer move over every admissible protocol, and what could a region gain by choosing its own? The verb: `audit`.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
