"""Not the economic department's business alone: education, culture and green beside the economy.

The claim
    New-quality productive forces are not made by one department: education, culture and a green economy carry them, and
    a sector that lags holds the others back. Indices that are built to show this can be gamed by convention.
The question
    Do the sectors advance together, which one holds the region back, and how much of the answer is convention?
The verbs
    `advance` puts the sectors of every region and year side by side; `index` builds a composite indicator from a
    declared system (`systems`, `load_system`, `check_system`, `from_package`, `Normalisation`). Each sector:
    `education`, `schooling_return`, `composition`; `culture`; `green`, `decoupling`, `lmdi`, `kaya`. Several together:
    `coupling`, `obstacle`. Between regions: `inequality` (with `gini`, `dagum`, `theil`), `ridgelines`, `moran`,
    `markov`, `ellipse`, on the borders of `contiguity`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinzhi.core.lazy import lazy

if TYPE_CHECKING:
    from xinzhi.sectors.autocorrelation import SpatialAutocorrelation, moran
    from xinzhi.sectors.borders import contiguity
    from xinzhi.sectors.centrography import Ellipses, ellipse
    from xinzhi.sectors.chains import MarkovChain, markov
    from xinzhi.sectors.composite import (
        Index,
        Normalisation,
        System,
        check_system,
        from_package,
        index,
        load_system,
        systems,
    )
    from xinzhi.sectors.coordination import Coupling, coupling
    from xinzhi.sectors.cultural import Culture, culture
    from xinzhi.sectors.decouple import Decoupling, decoupling
    from xinzhi.sectors.density import Densities, ridgelines
    from xinzhi.sectors.dispersion import Dagum, Inequality, Theil, dagum, gini, inequality, theil
    from xinzhi.sectors.environment import Green, green
    from xinzhi.sectors.identity import kaya
    from xinzhi.sectors.labour_mix import Composition, composition
    from xinzhi.sectors.logmean import Drivers, lmdi
    from xinzhi.sectors.obstacles import Obstacles, obstacle
    from xinzhi.sectors.progress import Sectors, advance
    from xinzhi.sectors.schooling import Education, SchoolingReturn, education, schooling_return

# No module bears the name of a verb: importing it would put the module in the verb's place.
_HOMES = {
    "Composition": ".labour_mix",
    "Coupling": ".coordination",
    "Culture": ".cultural",
    "Dagum": ".dispersion",
    "Decoupling": ".decouple",
    "Densities": ".density",
    "Drivers": ".logmean",
    "Education": ".schooling",
    "Ellipses": ".centrography",
    "Green": ".environment",
    "Index": ".composite",
    "Inequality": ".dispersion",
    "MarkovChain": ".chains",
    "Normalisation": ".composite",
    "Obstacles": ".obstacles",
    "SchoolingReturn": ".schooling",
    "Sectors": ".progress",
    "SpatialAutocorrelation": ".autocorrelation",
    "System": ".composite",
    "Theil": ".dispersion",
    "advance": ".progress",
    "check_system": ".composite",
    "composition": ".labour_mix",
    "contiguity": ".borders",
    "coupling": ".coordination",
    "culture": ".cultural",
    "dagum": ".dispersion",
    "decoupling": ".decouple",
    "education": ".schooling",
    "ellipse": ".centrography",
    "from_package": ".composite",
    "gini": ".dispersion",
    "green": ".environment",
    "index": ".composite",
    "inequality": ".dispersion",
    "kaya": ".identity",
    "lmdi": ".logmean",
    "load_system": ".composite",
    "markov": ".chains",
    "moran": ".autocorrelation",
    "obstacle": ".obstacles",
    "ridgelines": ".density",
    "schooling_return": ".schooling",
    "systems": ".composite",
    "theil": ".dispersion",
}

__all__ = [
    "Composition",
    "Coupling",
    "Culture",
    "Dagum",
    "Decoupling",
    "Densities",
    "Drivers",
    "Education",
    "Ellipses",
    "Green",
    "Index",
    "Inequality",
    "MarkovChain",
    "Normalisation",
    "Obstacles",
    "SchoolingReturn",
    "Sectors",
    "SpatialAutocorrelation",
    "System",
    "Theil",
    "advance",
    "check_system",
    "composition",
    "contiguity",
    "coupling",
    "culture",
    "dagum",
    "decoupling",
    "education",
    "ellipse",
    "from_package",
    "gini",
    "green",
    "index",
    "inequality",
    "kaya",
    "lmdi",
    "load_system",
    "markov",
    "moran",
    "obstacle",
    "ridgelines",
    "schooling_return",
    "systems",
    "theil",
]

__getattr__, __dir__ = lazy(__name__, _HOMES)
