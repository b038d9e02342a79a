"""The four pitfalls and overcapacity: old wine in new bottles, bubbles, misfits, local debt, and everybody building it.

The claim
    New quality productive forces fail in known ways; each leaves evidence before it fails.
The question
    Which projects and regions are exposed, and on what evidence?
The verbs
    `screen` holds new projects against an archive of old ones and keeps a ledger of what agrees and what changed;
    `Screening` is its result, which answers with `explain`; `index_archive` prepares an archive to be asked again.
    `capacity` reads the survey of utilisation, `peak_to_peak`, `plant_capacity` and `cost_capacity` estimate it,
    `herd_entry` says what becomes of it if every region builds its plan, `zombies` who is kept alive.
    `debt` holds debt against output and revenue, `debt_dynamics` says what moved it, `debt_fan` and `debt_stress` where
    it may go. `register` brings the evidence together by region, flag by flag.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinzhi.core.lazy import lazy

if TYPE_CHECKING:
    from xinzhi.risks.balances import Debt, debt
    from xinzhi.risks.explosive import (
        BubbleRules,
        Bubbles,
        CriticalValues,
        PanelBubbles,
        bubbles,
        house_prices,
        panel_bubbles,
    )
    from xinzhi.risks.fans import DebtFan, debt_fan
    from xinzhi.risks.grading import grade
    from xinzhi.risks.peak_trend import PeakToPeak, peak_to_peak
    from xinzhi.risks.plants import PlantCapacity, cost_capacity, plant_capacity
    from xinzhi.risks.ratio_dynamics import DebtDynamics, debt_dynamics
    from xinzhi.risks.registers import Register, register
    from xinzhi.risks.screening import Screening, index_archive, screen
    from xinzhi.risks.stressing import DebtStress, debt_stress
    from xinzhi.risks.utilisation import Utilisation, capacity
    from xinzhi.risks.waves import HerdEntry, herd_entry
    from xinzhi.risks.zombie_firms import Zombies, zombies

_HOMES = {
    "BubbleRules": ".explosive",
    "Bubbles": ".explosive",
    "CriticalValues": ".explosive",
    "PanelBubbles": ".explosive",
    "bubbles": ".explosive",
    "house_prices": ".explosive",
    "panel_bubbles": ".explosive",
    "Debt": ".balances",
    "DebtDynamics": ".ratio_dynamics",
    "DebtFan": ".fans",
    "DebtStress": ".stressing",
    "HerdEntry": ".waves",
    "PeakToPeak": ".peak_trend",
    "PlantCapacity": ".plants",
    "Register": ".registers",
    "Utilisation": ".utilisation",
    "Zombies": ".zombie_firms",
    "capacity": ".utilisation",
    "cost_capacity": ".plants",
    "debt": ".balances",
    "debt_dynamics": ".ratio_dynamics",
    "debt_fan": ".fans",
    "debt_stress": ".stressing",
    "grade": ".grading",
    "herd_entry": ".waves",
    "peak_to_peak": ".peak_trend",
    "plant_capacity": ".plants",
    "register": ".registers",
    "zombies": ".zombie_firms",
    "Screening": ".screening",
    "index_archive": ".screening",
    "screen": ".screening",
}

__all__ = [
    "BubbleRules",
    "Bubbles",
    "CriticalValues",
    "Debt",
    "DebtDynamics",
    "DebtFan",
    "DebtStress",
    "HerdEntry",
    "PanelBubbles",
    "PeakToPeak",
    "PlantCapacity",
    "Register",
    "Screening",
    "Utilisation",
    "Zombies",
    "bubbles",
    "capacity",
    "cost_capacity",
    "debt",
    "debt_dynamics",
    "debt_fan",
    "debt_stress",
    "grade",
    "herd_entry",
    "house_prices",
    "index_archive",
    "panel_bubbles",
    "peak_to_peak",
    "plant_capacity",
    "register",
    "screen",
    "zombies",
]

__getattr__, __dir__ = lazy(__name__, _HOMES)
