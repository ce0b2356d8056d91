"""Pages of other origins: `django_apistar.cors.Cors` in EVENT_HOOKS."""

from django_apistar.service.cors import Cors

__all__ = ['Cors']
