"""Arithmetic on numpy arrays, and what every room speaks: results, findings, errors.

Nothing here knows a file, a protocol or a region; a function takes arrays whose last axis is the year and gives arrays.
"""
