from .certify import NAMES as NAMES
from .certify import certify as certify
from .certify import write_certificate as write_certificate
from .keys import add_signature as add_signature
from .schema import Certificate as Certificate
from .schema import read_certificate as read_certificate
from .verify import Verification as Verification
from .verify import verify as verify
