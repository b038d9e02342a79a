"""Stochastic frontiers (`sfa`), concave least squares (`cnls`) and the two together (`stoned`)."""
