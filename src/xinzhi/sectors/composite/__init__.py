"""Composite indices: built from a declared system, and held to what convention alone could make of them."""
