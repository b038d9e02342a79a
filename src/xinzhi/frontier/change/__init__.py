"""Productivity change of a panel against a frontier: indices, their parts, and intervals."""
