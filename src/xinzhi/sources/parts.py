"""Parts: breakthrough, allocation and upgrading of every region, from its industries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xinzhi.sources.identity import require_identity

if TYPE_CHECKING:
    from xinzhi.core.arrays import BoolArray, FloatArray
    from xinzhi.sources.best_practice import BestPractice
    from xinzhi.sources.detail import Detail
    from xinzhi.sources.identity import Accounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts of the residual `(R, T)`; NaN where one cannot be told from the others."""

    breakthrough: FloatArray
    allocation: FloatArray
    traditional: FloatArray
    emerging: FloatArray
    allocation_capital: FloatArray
    allocation_labour: FloatArray
    unallocated: FloatArray
    within: FloatArray
    by_industry: tuple[FloatArray, FloatArray]
    mask: BoolArray

    @classmethod
    def of(cls, detail: Detail, accounts: Accounts, best: BestPractice, mask: BoolArray) -> Parts:
        """Weigh the movement of best practice and the rest of every industry's residual."""
        exists = detail.exists[..., None]
        carried = accounts.domar * best.movement[:, None, :]
        advance = np.where(exists, carried, np.where(np.isfinite(accounts.weight), 0.0, np.nan))
        behind = np.where(exists, accounts.weight * accounts.residual - carried, advance)
        # Inside one industry nothing can be seen to move.
        unseen = np.nan if detail.level == "total" else 0.0
        capital, labour = accounts.allocation_capital + unseen, accounts.allocation_labour + unseen
        return cls(
            breakthrough=advance.sum(axis=0),
            allocation=capital + labour,
            traditional=behind[~mask].sum(axis=0) + _unknown(behind),
            emerging=behind[mask].sum(axis=0) + _unknown(behind),
            allocation_capital=capital,
            allocation_labour=labour,
            unallocated=accounts.unallocated,
            within=accounts.within,
            by_industry=(advance, behind),
            mask=mask,
        )

    def check(self, residual: FloatArray) -> float:
        """Return the largest gap between the official residual and the known parts; refuse one that matters."""
        whole = self.breakthrough + self.traditional + self.emerging
        rest = np.where(np.isfinite(whole), whole, self.within)
        total = rest + np.nan_to_num(self.allocation) + self.unallocated
        return require_identity(residual, total, "the sources")


def _unknown(parts: FloatArray) -> FloatArray:
    """Return 0 `(R, T)`, NaN where a part of any industry is unknown: an empty sum is no knowledge."""
    return np.where(np.isfinite(parts).all(axis=0), 0.0, np.nan)
