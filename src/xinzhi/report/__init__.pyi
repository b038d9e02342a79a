from .export import write as write
from .marked import write_marked as write_marked
from .numbers import unit_text as unit_text
from .writing import plot as plot
from .writing import write_assessment as write_assessment
from .writing import write_audit as write_audit
from .writing import write_report as write_report
from .writing import write_study as write_study
