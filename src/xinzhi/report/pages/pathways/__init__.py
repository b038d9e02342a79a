"""Pathways in a report: complexity and entry, likeness and choices, convergence and leaps, and the coordinated plan."""
