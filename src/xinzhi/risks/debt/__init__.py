"""Local debt: its ratios and grades, what moved them, and where they may go."""
