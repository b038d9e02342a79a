"""Explosive prices: recursive Dickey-Fuller tests, their critical values, and the dates of bubbles."""
