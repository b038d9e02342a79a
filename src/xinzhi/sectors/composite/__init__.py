"""Composite indices: built from a declared system, and held to what convention alone could make of them.

The claim: whether education, culture and green keep up is read off indices that anyone can bend by convention. The
question: what does the index say, which indicators is it made of, and how much of a rank is convention? The verbs:
`index` builds one; `Index.uncertainty`, `Index.sensitivity` and `Index.gaming` say how far to trust it; `load_system`,
`check_system`, `systems` and `from_package` handle indicator systems and their data.
"""

from __future__ import annotations

from xinzhi.sectors.composite.normalisation import Normalisation
from xinzhi.sectors.composite.packages import from_package
from xinzhi.sectors.composite.reading import check_system, load_system, systems
from xinzhi.sectors.composite.result import Index
from xinzhi.sectors.composite.system import System
from xinzhi.sectors.composite.verb import index

__all__ = ["Index", "Normalisation", "System", "check_system", "from_package", "index", "load_system", "systems"]
