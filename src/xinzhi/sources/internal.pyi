from .span_view import SpanView as SpanView
