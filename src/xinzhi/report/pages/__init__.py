"""What each topic says in a report: one function a result, each giving a `Section`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from inspect import signature

from xinzhi.core.errors import UsageError
from xinzhi.core.result import Result
from xinzhi.report.section import Section

SECTIONS: Mapping[str, tuple[str, str]] = {
    "Measurement": ("yardstick.measurement", "measurement"),
    "Ranking": ("yardstick.measurement", "ranking"),
    "Audit": ("yardstick.audit", "audit"),
    "Bridge": ("yardstick.compared", "bridge"),
    "DigitalCapital": ("yardstick.compared", "digital"),
    "Claims": ("yardstick.compared", "claims"),
    "VintageHistory": ("yardstick.compared", "history"),
    "VintageChange": ("yardstick.compared", "change"),
    "Bands": ("yardstick.compared", "bands"),
    "yardstick.Backtest": ("yardstick.compared", "backtest"),
    "Scope": ("scope.classify", "classified"),
    "DigitalCore": ("scope.history", "core"),
    "Dependence": ("scope.history", "dependence"),
    "History": ("scope.history", "history"),
    "Sources": ("sources", "decomposition"),
    "Allocation": ("sources_in_depth", "allocation"),
    "AmongFirms": ("sources_in_depth", "among_firms"),
    "Upgrading": ("sources_in_depth", "upgrading"),
    "Innovation": ("sources_in_depth", "innovation"),
    "Sectors": ("sectors.advance", "together"),
    "Index": ("sectors.index", "indexed"),
    "Uncertainty": ("sectors.index", "uncertain"),
    "Gaming": ("sectors.index", "gamed"),
    "Sensitivity": ("sectors.index", "sensitive"),
    "Inequality": ("sectors.others", "unequal"),
    "Densities": ("sectors.others", "dense"),
    "SpatialAutocorrelation": ("sectors.others", "neighbouring"),
    "MarkovChain": ("sectors.others", "moving"),
    "Education": ("sectors.others", "educated"),
    "Culture": ("sectors.others", "cultured"),
    "Green": ("sectors.others", "intense"),
    "Decoupling": ("sectors.others", "decoupled"),
    "Drivers": ("sectors.others", "driven"),
    "Efficiency": ("frontier", "efficiency"),
    "Bootstrap": ("frontier_models", "bootstrap"),
    "ProductivityChange": ("productivity_change", "change"),
    "Metafrontier": ("frontier_models", "metafrontier"),
    "StochasticFrontier": ("frontier_models", "stochastic"),
    "Stoned": ("frontier_models", "stoned"),
    "TwoStage": ("frontier_models", "two_stage"),
    "ReturnsTest": ("frontier_models", "returns_test"),
    "Window": ("frontier_models", "window"),
    "Partial": ("frontier_models", "partial_frontier"),
    "Economic": ("frontier_models", "economic"),
    "MaterialsBalance": ("frontier_models", "materials"),
    "Staged": ("frontier_models", "staged"),
    "ProductionFunction": ("firms", "production"),
    "Markups": ("firms", "markups"),
    "Totals": ("firms", "totals"),
    "Misallocation": ("firms", "misallocation"),
    "Decomposition": ("firms", "decomposition"),
    "Complexity": ("pathways.complexity", "complexity"),
    "pathways.Uncertainty": ("pathways.complexity", "uncertainty"),
    "Opportunities": ("pathways.entry", "opportunities"),
    "Backtest": ("pathways.entry", "backtest"),
    "Isomorphism": ("pathways.entry", "isomorphism"),
    "Choices": ("pathways.entry", "choices"),
    "Clubs": ("pathways.convergence", "clubs"),
    "BetaConvergence": ("pathways.convergence", "beta"),
    "SigmaConvergence": ("pathways.convergence", "sigma"),
    "LeadChanges": ("pathways.convergence", "lead_changes"),
    "Leapfrog": ("pathways.convergence", "leapfrog"),
    "LaneChanges": ("pathways.convergence", "lane_changes"),
    "Northeast": ("pathways.convergence", "northeast"),
    "Able": ("pathways.entry", "able"),
    "Plan": ("pathways.entry", "plan"),
    "Screening": ("screening", "screening"),
    "Bubbles": ("bubbles", "bubbles"),
    "PanelBubbles": ("bubbles", "panel"),
    "Utilisation": ("overcapacity", "capacity"),
    "PeakToPeak": ("overcapacity", "peak_to_peak"),
    "PlantCapacity": ("overcapacity", "plant_capacity"),
    "HerdEntry": ("herd_entry", "herd_entry"),
    "Zombies": ("overcapacity", "zombies"),
    "Debt": ("debt", "debt"),
    "DebtDynamics": ("debt", "debt_dynamics"),
    "DebtFan": ("debt", "debt_fan"),
    "DebtStress": ("debt", "debt_stress"),
    "Register": ("register", "register"),
}


def section(result: Result, *, region: str | None = None) -> Section:
    """Return what a result says; pictures of one region show `region`, else a telling one."""
    for kind in type(result).__mro__:
        # Two packages may have a class of one name: the package before the name tells them apart.
        key = f"{kind.__module__.split('.')[1]}.{kind.__name__}" if kind.__module__.startswith("xinzhi.") else ""
        key = key if key in SECTIONS else kind.__name__
        if key in SECTIONS:
            module, name = SECTIONS[key]
            make: Callable[..., Section] = getattr(import_module(f"xinzhi.report.pages.{module}"), name)
            return make(result, region=region) if "region" in signature(make).parameters else make(result)
    raise UsageError("report.no-picture", name=type(result).__name__)
