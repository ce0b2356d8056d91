"""The application behind DJANGO_PROXIES proxies: the client's address is the one that they saw."""

from django.conf import settings
from werkzeug.middleware.proxy_fix import ProxyFix

from django_apistar.wsgi import application as site

# Django itself reads X-Forwarded-Proto, see SECURE_PROXY_SSL_HEADER.
application = ProxyFix(site, x_for=settings.PROXIES, x_proto=0)
