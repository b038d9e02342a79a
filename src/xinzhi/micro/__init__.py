"""Firms: where the residual is born, measured where the data lie, from a laptop to a cluster.

The claim
    The productivity of a region is that of its firms and of how inputs are shared among them. Microdata may not leave
    the office that holds them, so the code travels to the data and brings back tables that identify nobody.
The question
    How much would output rise if marginal revenue products of firms were equal, and did aggregate productivity grow
    within firms, between them, or by entry and exit?
The verbs
    `panel` reads a table of firms and names what is wrong with it; `decompose` splits growth of aggregate productivity;
    `misallocation` measures dispersion, wedges and gains; `tfp_index` compares firms; `domar` aggregates industries
    with markups; `production_function` estimates what inputs give and how productive each firm is; `protect` withholds
    what would identify a firm; `mock` makes a panel whose truth is known. `connect` names the engine: DuckDB in this
    process by default, the same expressions on Spark and others.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
