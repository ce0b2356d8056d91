"""Who may call a handler or the routes of an Include, and how often."""

from django_apistar.service.permissions import check, requires

__all__ = ['check', 'requires']
