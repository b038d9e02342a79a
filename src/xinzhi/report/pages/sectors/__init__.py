"""What `sectors` says: the sectors side by side, composite indices and their conventions, space, and green."""
