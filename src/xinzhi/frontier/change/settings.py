"""The further options of `productivity_change`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from xinzhi.frontier.unit_names import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The further options of `productivity_change`, which says what each is, with their defaults."""

    group: str | None = None
    window: int | None = None
    base: str = "mean"
    corner: str | None = None
    direction: str | Mapping[str, float] = "output"
    measure: str = "radial"
    weights: Mapping[str, float] | None = None
    disposability: str = "kuosmanen"
    input_prices: Sequence[str] = ()
    output_prices: Sequence[str] = ()
    draws: int = 0
    confidence: float = setting("level")
    bandwidth: float | None = None
    seed: int = 0
    n_jobs: int = 1
    progress: Callable[[int, int], None] | None = None
