"""Not the economic department's business alone: education, culture and green beside the economy.

The claim
    New-quality productive forces are not made by one department: education, culture and a green economy carry them, and
    a sector that lags holds the others back. Indices that are built to show this can be gamed by convention.
The question
    Do the sectors advance together, which one holds the region back, and how much of the answer is convention?
The verbs
    `advance` puts the sectors of every region and year side by side; `index` builds a composite indicator from a
    declared system. Each sector: `education`, `schooling_return`, `composition`; `culture`; `green`, `decoupling`,
    `lmdi`, `kaya`. Several together: `coupling`, `obstacle`. Between regions: `inequality` (with `gini`, `dagum`,
    `theil`), `ridgelines`, `moran`, `markov`, `ellipse`, on the borders of `contiguity`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xinzhi.sectors.autocorrelation import SpatialAutocorrelation, moran
    from xinzhi.sectors.borders import contiguity
    from xinzhi.sectors.centrography import Ellipses, ellipse
    from xinzhi.sectors.chains import MarkovChain, markov
    from xinzhi.sectors.composite import Index, index
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
    "Composition": "labour_mix",
    "Coupling": "coordination",
    "Culture": "cultural",
    "Dagum": "dispersion",
    "Decoupling": "decouple",
    "Densities": "density",
    "Drivers": "logmean",
    "Education": "schooling",
    "Ellipses": "centrography",
    "Green": "environment",
    "Index": "composite",
    "Inequality": "dispersion",
    "MarkovChain": "chains",
    "Obstacles": "obstacles",
    "SchoolingReturn": "schooling",
    "Sectors": "progress",
    "SpatialAutocorrelation": "autocorrelation",
    "Theil": "dispersion",
    "advance": "progress",
    "composition": "labour_mix",
    "contiguity": "borders",
    "coupling": "coordination",
    "culture": "cultural",
    "dagum": "dispersion",
    "decoupling": "decouple",
    "education": "schooling",
    "ellipse": "centrography",
    "gini": "dispersion",
    "green": "environment",
    "index": "composite",
    "inequality": "dispersion",
    "kaya": "identity",
    "lmdi": "logmean",
    "markov": "chains",
    "moran": "autocorrelation",
    "obstacle": "obstacles",
    "ridgelines": "density",
    "schooling_return": "schooling",
    "theil": "dispersion",
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
    "Obstacles",
    "SchoolingReturn",
    "Sectors",
    "SpatialAutocorrelation",
    "Theil",
    "advance",
    "composition",
    "contiguity",
    "coupling",
    "culture",
    "dagum",
    "decoupling",
    "education",
    "ellipse",
    "gini",
    "green",
    "index",
    "inequality",
    "kaya",
    "lmdi",
    "markov",
    "moran",
    "obstacle",
    "ridgelines",
    "schooling_return",
    "theil",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - one of the verbs
    """Load a verb on first use: importing the room costs nothing."""
    if name not in _HOMES:
        message = f"module 'xinzhi.sectors' has no attribute '{name}'"
        raise AttributeError(message)
    return getattr(importlib.import_module(f"xinzhi.sectors.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted({*globals(), *_HOMES})
