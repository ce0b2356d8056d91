"""The WSGI application that picks a framework for each request."""

from django_apistar.dispatch.dispatcher import Dispatcher, get_application

__all__ = ['Dispatcher', 'get_application']
