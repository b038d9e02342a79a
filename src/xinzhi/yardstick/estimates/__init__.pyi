from .backtest import backtest as backtest
from .bands import bands as bands
from .results import Backtest as Backtest
from .results import Bands as Bands
