"""Explosive behaviour: recursive Dickey-Fuller tests, their critical values, and the dates of bubbles."""

from __future__ import annotations

from xinzhi.risks.explosive.critical import CriticalValues, critical_values, stored_values
from xinzhi.risks.explosive.housing import house_prices
from xinzhi.risks.explosive.panel import PanelBubbles, panel_bubbles
from xinzhi.risks.explosive.result import BubbleExplanation, Bubbles
from xinzhi.risks.explosive.rules import BubbleRules
from xinzhi.risks.explosive.statistics import Recursive, minimum_window, recursive_adf
from xinzhi.risks.explosive.verb import bubbles

__all__ = [
    "BubbleExplanation",
    "BubbleRules",
    "Bubbles",
    "CriticalValues",
    "PanelBubbles",
    "Recursive",
    "bubbles",
    "critical_values",
    "house_prices",
    "minimum_window",
    "panel_bubbles",
    "recursive_adf",
    "stored_values",
]
