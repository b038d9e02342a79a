"""Old wine in new bottles: new projects against an archive of old ones, as a ledger of evidence."""

from __future__ import annotations

from xinzhi.risks.screening.result import Comparison, Screening
from xinzhi.risks.screening.verb import Archive, index_archive, screen

__all__ = ["Archive", "Comparison", "Screening", "index_archive", "screen"]
