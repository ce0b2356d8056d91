"""What handlers return beside API Star's own, what they declare, how they answer preconditions."""

from django_apistar.api.responses import JSONResponse, StreamingResponse
from django_apistar.service.conditional import conditional
from django_apistar.service.declarations import responds

__all__ = ['JSONResponse', 'StreamingResponse', 'conditional', 'responds']
