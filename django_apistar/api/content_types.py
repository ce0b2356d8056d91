"""The Content-Type of a request as Django can read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.http import parse_header_parameters

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_LONGEST = 8190  # characters, as in gunicorn: Django takes a second for 100,000


def normalize_content_type(environ: WSGIEnvironment) -> WSGIEnvironment:
    """Leave a Content-Type whose parameters nobody can read its media type; return *environ*."""
    content_type = environ.get('CONTENT_TYPE') or ''
    if ';' in content_type and not _is_readable(content_type):
        environ['CONTENT_TYPE'] = content_type[:_LONGEST].partition(';')[0]
    return environ


def _is_readable(content_type: str) -> bool:
    if len(content_type) > _LONGEST:
        return False
    try:
        parse_header_parameters(content_type)
    except Exception:  # Django's ValueError for an unknown charset, Python's own for RFC 2231
        return False
    return True
