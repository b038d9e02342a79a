from .adopting import adoption_findings as adoption_findings
from .adoption import Adoption as Adoption
from .authoring import adoption_faults as adoption_faults
