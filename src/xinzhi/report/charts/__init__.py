"""Charts as altair objects in one language: kinds that all pages share, and their look."""
