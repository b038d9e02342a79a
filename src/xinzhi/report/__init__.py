"""What a minister and an analyst see.

The claim
    A number that nobody can read, trace or print settles no dispute.
The question
    What do the figures say, how far do official ones carry, and by which yardstick?
The verbs
    `plot` draws a result, `write` puts it into a file (csv, parquet, xlsx, dta), `write_assessment` writes the whole
    assessment (page, workbook, tables), `write_audit` that of an audit, `write_report` that of
    any other results, `write_marked` the checked tables with their bad cells coloured.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
