from .store import Store as Store
from .workers import BusyError as BusyError
from .workers import Limits as Limits
