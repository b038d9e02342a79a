"""Polars, loaded at its first use: the help of a verb reads the signature of its study and needs no arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl
else:

    class _Polars:
        """Stands in the place of the module until an attribute of it is asked for."""

        def __getattr__(self, name: str) -> object:
            import polars  # noqa: ICN001 - the module itself

            return getattr(polars, name)

    pl = _Polars()

__all__ = ["pl"]
