from .check_claims import VERDICTS as VERDICTS
from .check_claims import ClaimCheck as ClaimCheck
from .check_claims import Claims as Claims
from .check_claims import check_claim as check_claim
from .check_claims import check_claims as check_claims
from .note import note as note
from .published import published_claims as published_claims
from .rows import UNJUDGED as UNJUDGED
