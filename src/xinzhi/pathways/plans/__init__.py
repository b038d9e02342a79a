"""How alike structures and plans are, and a plan that keeps national limits."""
