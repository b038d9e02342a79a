"""Recipes: what one topic says of a data package, the same for the command line, the report, the web and Python.

The claim
    Whoever asks, by whichever door, gets the same answer.
The question
    What do all the verbs of a topic say of this package together, what was assumed, and what was left out and why?
The verbs
    `study` runs the recipe of a topic by name: `assess` (growth accounts and every topic), `measure`, `audit`, `claim`,
    `vintages`, `scope`, `sources`, `sectors`, `paths`, `plan`, `frontier`, `risks`, `screen`, `bubbles`. Each returns
    a `Study`: results by name, facts, notes, and `write`. The options of a topic are the
    keywords of its signature. `check` lists what is wrong with a package.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
