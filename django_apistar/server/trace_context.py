"""The trace of a request, as its client names it: W3C Trace Context, `traceparent`."""

from __future__ import annotations

import re

# Version, trace, span, flags; a later version may add to them. All zeros are no trace.
_TRACEPARENT = re.compile(
    r'(?!ff)[0-9a-f]{2}-(?!0{32})(?P<trace_id>[0-9a-f]{32})-(?!0{16})(?P<span_id>[0-9a-f]{16})'
    r'-(?P<trace_flags>[0-9a-f]{2})(-.*)?'
)


def parse_traceparent(header: str | None) -> dict[str, str]:
    """Return `trace_id`, `span_id` and `trace_flags` of *header*; {} where it names no trace."""
    match = _TRACEPARENT.fullmatch(header) if header else None
    return match.groupdict() if match else {}
