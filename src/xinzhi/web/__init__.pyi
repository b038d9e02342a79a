from .queue import BusyError as BusyError
from .queue import Limits as Limits
from .store import Store as Store
