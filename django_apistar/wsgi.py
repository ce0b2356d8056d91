"""The WSGI entry point: WSGI_APPLICATION = 'django_apistar.wsgi.application'."""

import django

from django_apistar.dispatch import get_application

django.setup()

application = get_application()
