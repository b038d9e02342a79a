"""xinzhi (新质): one yardstick for regional productivity.

Every public name is loaded when it is first used, so that ``import xinzhi`` costs nothing.
"""

from __future__ import annotations

import lazy_loader

__version__ = "0.2.0.dev0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
