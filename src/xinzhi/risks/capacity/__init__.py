"""Capacity: the survey of utilisation, two estimates of it, what a wave of entry does, and zombie firms."""
