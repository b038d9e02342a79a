"""The four pitfalls and overcapacity: old wine in new bottles, bubbles, misfits, local debt, and everybody building it.

The claim
    New quality productive forces fail in known ways; each leaves evidence before it fails.
The question
    Which projects and regions are exposed, and on what evidence?
The verbs
    `screen` holds new projects against an archive of old ones and keeps a ledger of what agrees and what changed;
    `Screening` is its result, which answers with `explain`; `index_archive` prepares an archive to be asked again.
    `capacity` reads the survey of utilisation, `peak_to_peak`, `plant_capacity` and `cost_capacity` estimate it,
    `herd_entry` says what becomes of it if every region builds its plan, `zombies` which firms live on credit.
    `debt` holds debt against output and revenue, `debt_dynamics` says what moved it, `debt_fan` and `debt_stress` where
    it may go. `register` brings the evidence together by region, flag by flag.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
