"""What changed between two documents, and which changes break a client.

What a server takes may only grow, what it answers may only shrink. `rules` is the table of all that
is judged, `walk` finds what belongs together, a judge for each area says what a difference means,
and `schemas` compares two schemas as sets of values.
"""

from django_apistar.schema.changes.changes import Change as Change
from django_apistar.schema.changes.comparing import Report as Report
from django_apistar.schema.changes.comparing import compare as compare
from django_apistar.schema.changes.documents import UnreadableError as UnreadableError
