from .in_depth import Innovation as Innovation
from .in_depth import in_depth as in_depth
from .knowledge_stock import innovation_shares as innovation_shares
from .knowledge_stock import knowledge_elasticity as knowledge_elasticity
from .knowledge_stock import knowledge_stock as knowledge_stock
from .spillovers import geographic_proximity as geographic_proximity
from .spillovers import spillovers as spillovers
from .spillovers import technological_proximity as technological_proximity
