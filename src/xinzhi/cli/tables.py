"""Tables on the terminal, in one style."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table


def table(*headers: str) -> Table:
    """Return an empty table with these headers."""
    from rich import box
    from rich.table import Table

    found = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for header in headers:
        found.add_column(header, overflow="fold")
    return found
