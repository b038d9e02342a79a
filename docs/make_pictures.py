"""Draw the pictures of the readme files and of these pages: ``python docs/make_pictures.py``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import xinzhi

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.core.result import Result
    from xinzhi.core.text import Language

ASSETS = Path(__file__).resolve().parent / "assets"
PICTURES: dict[str, tuple[str, Language]] = {
    "first-look": ("map", "en"),
    "first-look-zh": ("map", "zh"),
    "groups": ("groups", "en"),
    "contributions": ("contributions", "en"),
    "sources": ("sources", "en"),
}
OF_THE_AUDIT: dict[str, tuple[str, Language]] = {
    "audit-ranks": ("room", "en"),
    "audit-ranks-zh": ("room", "zh"),
    "audit-variance": ("variance", "en"),
    "audit-reversals": ("reversals", "en"),
}
OF_A_REGION: dict[str, tuple[str, Language]] = {"audit-curve": ("curve", "en")}
OF_THE_SCREENING: dict[str, tuple[str, Language]] = {
    "screen-weights": ("weights", "en"),
    "screen-calibration": ("calibration", "en"),
}
OF_THE_BUBBLES: dict[str, tuple[str, Language]] = {
    "bubbles": ("bsadf", "en"),
    "bubbles-episodes": ("episodes", "en"),
}
OF_THE_SURVEY: dict[str, tuple[str, Language]] = {"capacity": ("utilisation", "en")}
OF_THE_WAVE: dict[str, tuple[str, Language]] = {"wave": ("crowd", "en"), "wave-profit": ("lure", "en")}
OF_THE_REGISTER: dict[str, tuple[str, Language]] = {"risk-matrix": ("matrix", "en")}
OF_THE_DEBT: dict[str, tuple[str, Language]] = {"debt-fan": ("fan", "en")}
GALLERY = frozenset({"contributions", "sources", "audit-variance", "audit-reversals", "audit-curve"})


def draw(
    result: Result,
    folder: Path = ASSETS,
    pictures: Mapping[str, tuple[str, Language]] = PICTURES,
    region: str | None = None,
) -> list[Path]:
    """Draw every picture of a result as SVG, those outside the gallery also as PNG, and return the files."""
    files = []
    for name, (kind, language) in pictures.items():
        chart = result.plot(kind, language, region=region)
        suffixes = ("svg",) if name in GALLERY else ("svg", "png")
        files += [chart.save(folder / f"{name}.{suffix}") for suffix in suffixes]
    return files


def screened() -> Result:
    """Return the held-out synthetic projects of ``bench/bench_screen.py``, screened and labelled."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bench"))
    from made_up_projects import labelled
    from xinzhi.risks import screen
    from xinzhi.risks.projects.screening import with_truth

    made = labelled("held_out", archive=3000, rewrites=200, others=400, neighbours=400)
    return with_truth(screen(made.projects, made.archive), made.truth)


def tested() -> Result:
    """Return the second-hand house prices of 70 cities, tested for explosive behaviour."""
    from xinzhi.risks import BubbleRules, bubbles, house_prices

    cities, rules = house_prices("china-provinces"), BubbleRules(gaps="longest")
    return bubbles(cities, "name_en", "month", "log_price", lag="bic", critical="sieve", rules=rules)


def registered() -> Result:
    """Return the register with all evidence that the package has."""
    from xinzhi.pathways import able
    from xinzhi.risks import BubbleRules, bubbles, house_prices, register

    package = xinzhi.load("china-provinces")
    rules = BubbleRules(gaps="longest")
    prices = bubbles(house_prices(package), "city", "month", "log_price", lag="bic", critical="sieve", rules=rules)
    return register(package, able=able(package), bubbles=prices)


def main() -> int:
    """Draw the pictures of all pages; with ``--ruler`` those alone that follow from the protocol."""
    from xinzhi import risks

    draw(xinzhi.measure("china-provinces", protocol="xinzhi-cn-2026"))
    audit = xinzhi.audit("china-provinces", protocol="xinzhi-cn-2026")
    draw(audit, pictures=OF_THE_AUDIT)
    draw(audit, pictures=OF_A_REGION, region="Guizhou")
    if "--ruler" in sys.argv:
        return 0
    draw(screened(), pictures=OF_THE_SCREENING)
    draw(tested(), pictures=OF_THE_BUBBLES, region="Shanghai")
    draw(risks.capacity("china-provinces"), pictures=OF_THE_SURVEY)
    draw(risks.herd_entry("china-provinces"), pictures=OF_THE_WAVE)
    draw(risks.debt_fan("china-provinces"), pictures=OF_THE_DEBT, region="Tianjin")
    draw(registered(), pictures=OF_THE_REGISTER)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
