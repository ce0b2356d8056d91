"""Pages of a list: parameters that take what the client asks for, and what handlers return."""

from django_apistar.service.cursors import Cursor
from django_apistar.service.page_requests import LimitOffset, PageNumber
from django_apistar.service.pages import Page

__all__ = ['Cursor', 'LimitOffset', 'Page', 'PageNumber']
