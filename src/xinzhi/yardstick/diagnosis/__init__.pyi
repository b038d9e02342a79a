from .backcast import Backcast as Backcast
from .backcast import backcast as backcast
from .gaps import Gaps as Gaps
from .gaps import gaps as gaps
from .peers import Peers as Peers
from .peers import peers as peers
