"""What Django's security middleware does for Django's views, done for API Star's.

Only where SecurityMiddleware and XFrameOptionsMiddleware stand in MIDDLEWARE, and by their own
settings. `X-Content-Type-Options: nosniff` is always sent: an API's str is HTML.
"""

import re
import string
from typing import Any
from urllib.parse import quote

from django.conf import settings as django_settings
from django.http.request import split_domain_port, validate_host

Headers = tuple[tuple[str, str], ...]
SECURITY = 'django.middleware.security.SecurityMiddleware'
FRAMES = 'django.middleware.clickjacking.XFrameOptionsMiddleware'
_DEVELOPMENT_HOSTS = ['.localhost', '127.0.0.1', '[::1]']  # as Django allows under DEBUG
_MAX_KNOWN_HOSTS = 1024
_IN_QUERY = string.punctuation  # what servers let through stays as it is


def build_headers() -> Headers:
    """Return the headers of every API response."""
    headers = [('x-content-type-options', 'nosniff')]
    if SECURITY in django_settings.MIDDLEWARE:
        policy: Any = django_settings.SECURE_REFERRER_POLICY
        if policy:
            names = policy.split(',') if isinstance(policy, str) else policy
            headers.append(('referrer-policy', ','.join(name.strip() for name in names)))
        opener: Any = django_settings.SECURE_CROSS_ORIGIN_OPENER_POLICY
        if opener:
            headers.append(('cross-origin-opener-policy', opener))
    if FRAMES in django_settings.MIDDLEWARE:
        headers.append(('x-frame-options', django_settings.X_FRAME_OPTIONS.upper()))
    return tuple(headers)


class Transport:
    """HTTPS as SecurityMiddleware wants it: the redirect to it, and Strict-Transport-Security."""

    def __init__(self) -> None:
        is_on = SECURITY in django_settings.MIDDLEWARE
        self.hsts = _build_hsts() if is_on and django_settings.SECURE_HSTS_SECONDS else None
        self.redirects = is_on and django_settings.SECURE_SSL_REDIRECT
        self.is_needed = bool(self.hsts or self.redirects)
        self._exempt = [re.compile(pattern) for pattern in django_settings.SECURE_REDIRECT_EXEMPT]

    def find_redirect(self, environ: dict[str, Any]) -> str | None:
        """Return the https URL that *environ* must be redirected to, None where it need not."""
        path = environ.get('PATH_INFO') or '/'
        if not self.redirects or is_secure(environ):
            return None
        if any(pattern.search(path.lstrip('/')) for pattern in self._exempt):
            return None
        host = django_settings.SECURE_SSL_HOST or get_host(environ)
        raw = environ.get('SCRIPT_NAME', '') + path
        location = quote(raw.encode('latin-1'), safe="/:@!$&'()*+,;=~")
        return f'https://{host}{location}{format_query(environ)}'


def format_query(environ: dict[str, Any]) -> str:
    """Return '?' and the query string as a Location may have it, '' where there is none."""
    query = environ.get('QUERY_STRING')
    return f'?{quote(query.encode("latin-1", "replace"), safe=_IN_QUERY)}' if query else ''


def _build_hsts() -> str:
    value = f'max-age={django_settings.SECURE_HSTS_SECONDS}'
    if django_settings.SECURE_HSTS_INCLUDE_SUBDOMAINS:
        value += '; includeSubDomains'
    return value + ('; preload' if django_settings.SECURE_HSTS_PRELOAD else '')


def is_secure(environ: dict[str, Any]) -> bool:
    """Return whether the client's connection is HTTPS, by SECURE_PROXY_SSL_HEADER if set."""
    header = django_settings.SECURE_PROXY_SSL_HEADER
    if header and header[0] in environ:
        return str(environ[header[0]]).split(',')[0].strip() == header[1]
    return environ.get('wsgi.url_scheme') == 'https'


class Hosts:
    """ALLOWED_HOSTS. Remembers the Host headers that it has allowed."""

    def __init__(self) -> None:
        self.known: set[str] = set()
        self._allowed = django_settings.ALLOWED_HOSTS
        if django_settings.DEBUG and not self._allowed:
            self._allowed = _DEVELOPMENT_HOSTS

    def is_allowed(self, environ: dict[str, Any]) -> bool:
        host = get_host(environ)
        domain, _ = split_domain_port(host)
        if not domain or not validate_host(domain, self._allowed):
            return False
        if len(self.known) < _MAX_KNOWN_HOSTS:
            self.known.add(host)
        return True


def get_host(environ: dict[str, Any]) -> str:
    """Return the host as Django's `HttpRequest.get_host` reads it, not yet validated."""
    if django_settings.USE_X_FORWARDED_HOST and 'HTTP_X_FORWARDED_HOST' in environ:
        return str(environ['HTTP_X_FORWARDED_HOST'])
    if 'HTTP_HOST' in environ:
        return str(environ['HTTP_HOST'])
    host, port = environ.get('SERVER_NAME', ''), environ.get('SERVER_PORT', '')
    usual = '443' if is_secure(environ) else '80'
    return host if port == usual else f'{host}:{port}'
