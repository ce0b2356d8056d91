"""The WSGI entry point: WSGI_APPLICATION = 'django_apistar.wsgi.application'."""

import django

from django_apistar.dispatch import get_application

django.setup()

# The bound method: for the object itself Python would look `__call__` up at each request.
application = get_application().__call__
