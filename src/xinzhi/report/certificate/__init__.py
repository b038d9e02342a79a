"""A result that proves itself.

The claim
    One yardstick ends a dispute only when everyone can see that it was applied: to these figures, by this protocol,
    with this outcome.
The question
    Does recomputing give what the certificate says, and if not, which cell, parameter or result differs?
The verbs
    `certify` states the data, the protocol, the software and the results; `write_certificate` writes that with a
    description of the folder (RO-Crate) and of the computation (PROV-JSON), signed on request; `verify` recomputes
    everything from the data and names what differs.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
