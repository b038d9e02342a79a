"""The three sources in a report: the decomposition itself, and what looks deeper into each source."""
