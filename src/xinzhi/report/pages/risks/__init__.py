"""Risks in a report: old wine in new bottles, bubbles, overcapacity, local debt, and the register of flags."""
