from .goals import goals as goals
from .result import Goals as Goals
