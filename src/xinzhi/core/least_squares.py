"""Ordinary least squares under its former name; use `xinzhi.core.regression.ols`."""

from __future__ import annotations

from xinzhi.core.regression import Line as Fit
from xinzhi.core.regression import ols as fit

__all__ = ["Fit", "fit"]
