"""Django's request, which every Content-Type may have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.handlers.wsgi import WSGIRequest

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_LONGEST = 8190  # characters, as in gunicorn: Django takes a second for 100,000


class DjangoRequest(WSGIRequest):
    """A WSGIRequest that takes parameters of its media type which nobody can read for none."""

    def _set_content_type_params(self, meta: WSGIEnvironment) -> None:
        content_type = meta.get('CONTENT_TYPE', '')
        stock: Any = super()  # No stub knows its methods.
        try:
            if len(content_type) > _LONGEST:
                raise ValueError
            stock._set_content_type_params(meta)
        except Exception:  # Django's ValueError for an unknown charset, Python's own for RFC 2231
            # Whoever reads a form looks at it again.
            meta['CONTENT_TYPE'] = content_type[:_LONGEST].partition(';')[0]
            stock._set_content_type_params(meta)
