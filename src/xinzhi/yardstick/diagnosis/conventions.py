"""The conventions of the diagnosis."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from xinzhi.core import parameters

setting = partial(parameters.setting, Path(__file__).with_name("diagnosis.yaml"))
