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
        schemes |= challenged_scheme(component)
    return schemes


def challenged_scheme(owner: object) -> dict[str, Schema]:
    """Return the scheme that *owner*, a component or a handler, names by `challenge`; {} for none.

    A handler with a `challenge` refuses by itself who does not come with these credentials.
    """
    word = str(getattr(owner, 'challenge', None) or '').partition(' ')[0].lower()
    if word == 'session':
        cookie = django_settings.SESSION_COOKIE_NAME
        return {word: {'type': 'apiKey', 'in': 'cookie', 'name': cookie}}
    return {word: {'type': 'http', 'scheme': word}} if word else {}
