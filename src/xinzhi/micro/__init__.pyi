from .decompose import Decomposition as Decomposition
from .decompose import decompose as decompose
from .engine import Engine as Engine
from .engine import connect as connect
from .engine import poisson_weight as poisson_weight
from .panel import Panel as Panel
from .panel import panel as panel
