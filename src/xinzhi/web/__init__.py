"""The explorer: the studies of one package as pages, as an interface for programs, and as tools of an assistant.

The claim
    A number on a screen is the number of the command line, and whoever doubts it can ask what stands behind it.
The question
    How does one put a study before people and programs without computing or saying anything a second time?
The verbs
    `Store` reads a package once and answers every question about it once, by a bounded queue.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
