"""Whether units grow together: tests, clubs, transitions and distributions."""
