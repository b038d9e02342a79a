"""Data in and out.

The claim
    Disputes over capital and labour invite gaming: figures must say what they are, in which unit, from which vintage,
    and whether they are official.
The question
    What does this package hold, and what is wrong with it?
The verbs
    `load` reads a package from wherever it is; `check` lists everything that is wrong with it; `export` writes it;
    `connect` makes one of what was downloaded from an official source, each a `Connector` that `connectors` lists;
    `packages` names those that ship with xinzhi, `tables_by_name` the tables that it knows; `national_series` reads
    one series of the nation in the vintage that counts; `NATION` is its code, `nation_codes` what else it is called,
    and `national_package` a package of its accounts alone. `tidy` reads a single table, a frame of any kind or a
    file, by a schema of `Field` and returns a `Tidy`; `read_file` reads one as it stands. `provenance` says what a
    result was made from, by the `fingerprint` of each frame; `is_package` tells a package from a frame, `as_package`
    loads it, `names_of` names its codes. `units` reads and converts units, `admission` holds the tests that figures
    must pass before they are ranked.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
