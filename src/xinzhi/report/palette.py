"""The colours of charts and page, told apart by colour-blind readers and in grey print."""

from __future__ import annotations

INK, SOFT, FAINT, SHADE = "#22303c", "#5c6b78", "#d8dee4", "#eef1f4"
FACTORS = {"tfp": "#d9731a", "capital": "#b3c0cd", "labour": "#76899e", "human_capital": "#33506e"}
GROUPS = ("#1b6ca8", "#7f9a99", "#d9a441", "#a8402d", "#5b4a8a", "#4f8a5b", "#c77d9e", "#6b5b4b")
DIVERGING = ("#8c510a", "#d8b365", "#f3efe6", "#5ab4ac", "#01665e")
SEVERITY = {"error": "#f4c7c3", "warning": "#fce8b2", "note": "#d2e3f3"}
ACCENT, BAND, DEEP = "#d9731a", "#b3c0cd", "#1b6ca8"
