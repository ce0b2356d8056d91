"""What handlers return beside API Star's own responses."""

from django_apistar.api.responses import JSONResponse, StreamingResponse

__all__ = ['JSONResponse', 'StreamingResponse']
