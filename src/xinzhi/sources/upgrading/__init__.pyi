from .in_depth import Upgrading as Upgrading
from .in_depth import in_depth as in_depth
from .structural_change import CatchUp as CatchUp
from .structural_change import advancement as advancement
from .structural_change import catch_up as catch_up
from .structural_change import rationalisation as rationalisation
from .structural_change import structural_change as structural_change
