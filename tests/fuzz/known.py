"""Cases that fail for a reason that is known and open: by name, with the reason."""

from __future__ import annotations

OPEN: dict[str, str] = {}
