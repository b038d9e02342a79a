"""The technology that units span, and how far points lie from it."""
