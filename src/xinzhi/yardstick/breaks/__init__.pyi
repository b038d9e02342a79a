from .breaks import Breaks as Breaks
from .breaks import break_findings as break_findings
from .breaks import breaks as breaks
