from .check_claims import VERDICTS as VERDICTS
from .check_claims import ClaimCheck as ClaimCheck
from .check_claims import Claims as Claims
from .check_claims import check_claim as check_claim
from .check_claims import check_claims as check_claims
from .check_claims import note as note
from .survey import UNJUDGED as UNJUDGED
from .survey import published_claims as published_claims
