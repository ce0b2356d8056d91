"""For LOGGING: `RequestIdFilter`."""

from django_apistar.api.request_id import RequestIdFilter

__all__ = ['RequestIdFilter']
