"""Security schemes of a document, from the components that authenticate."""

from collections.abc import Iterable

from django.conf import settings as django_settings

from django_apistar.schema.dialect import Schema


def security_schemes(components: Iterable[object]) -> dict[str, Schema]:
    """Return the security schemes of those *components* that authenticate, by name.

    A component tells by `challenge`, the WWW-Authenticate value that asks for it, or by
    `security_scheme`, an OpenAPI security scheme object, named after its class.
    """
    schemes: dict[str, Schema] = {}
    for component in components:
        scheme = getattr(component, 'security_scheme', None)
        if scheme:
            schemes[type(component).__name__] = dict(scheme)
            continue
        word = str(getattr(component, 'challenge', None) or '').partition(' ')[0].lower()
        if word == 'session':
            schemes['session'] = {
                'type': 'apiKey', 'in': 'cookie', 'name': django_settings.SESSION_COOKIE_NAME,
            }  # fmt: skip
        elif word:
            schemes[word] = {'type': 'http', 'scheme': word}
    return schemes
