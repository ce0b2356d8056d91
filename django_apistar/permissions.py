"""Who may call a handler or the routes of an Include, and how often."""

from django_apistar.service.authentications import authenticated_by
from django_apistar.service.permissions import check, requires
from django_apistar.service.rates import limit_rate

__all__ = ['authenticated_by', 'check', 'limit_rate', 'requires']
