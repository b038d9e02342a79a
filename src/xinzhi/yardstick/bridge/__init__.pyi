from .bridge import Bridge as Bridge
from .bridge import bridge as bridge
