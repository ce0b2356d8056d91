"""What handlers return beside API Star's own responses, and how they answer preconditions."""

from django_apistar.api.responses import JSONResponse, StreamingResponse
from django_apistar.service.conditional import conditional

__all__ = ['JSONResponse', 'StreamingResponse', 'conditional']
