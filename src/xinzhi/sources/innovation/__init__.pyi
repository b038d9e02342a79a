from .in_depth import Innovation as Innovation
from .in_depth import in_depth as in_depth
from .knowledge_stock import geographic_proximity as geographic_proximity
from .knowledge_stock import innovation_shares as innovation_shares
from .knowledge_stock import knowledge_elasticity as knowledge_elasticity
from .knowledge_stock import knowledge_stock as knowledge_stock
from .knowledge_stock import spillovers as spillovers
from .knowledge_stock import technological_proximity as technological_proximity
