"""What `scope` says: what counts on a day, who uses digital input, and two centuries of power."""
