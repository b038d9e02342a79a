from .result import Balance as Balance
from .solve import balance as balance
from .weights import ErrorModel as ErrorModel
from .weights import Weights as Weights
from .weights import load_weights as load_weights
