from .allocation.allocation_frames import SPREADS as SPREADS
from .span_view import SpanView as SpanView
