"""Claims: published figures held against the one ruler.

The claim: who may choose the ruler chooses the result. The question: is this published growth of total factor
productivity what the one yardstick gives, what another admissible yardstick gives, what the data gave before they were
revised, or none of these? The verbs: `check_claim` for one figure, `check_claims` for a table of them.
"""

from __future__ import annotations

from xinzhi.yardstick.claims.note import note
from xinzhi.yardstick.claims.result import ClaimCheck, Claims
from xinzhi.yardstick.claims.verb import check_claim, check_claims

__all__ = ["ClaimCheck", "Claims", "check_claim", "check_claims", "note"]
