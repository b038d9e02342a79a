"""The frontier in a report: efficiency, productivity change, stochastic frontiers, and what goes with them."""
