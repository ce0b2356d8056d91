"""What an App says of itself: the parts of its document that are not in its routes."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from django.conf import settings as django_settings

from django_apistar.api.injector import is_built_in
from django_apistar.api.responders import AppParts
from django_apistar.routes.entries import APIStarEntry
from django_apistar.schema.dialect import Schema
from django_apistar.schema.openapi import Info, Surroundings, Warn, build_openapi
from django_apistar.schema.security import challenged_scheme, security_schemes

if TYPE_CHECKING:
    from apistar.document import Document


class DescribedApp(AppParts, Protocol):
    """What the document and its page need of an App."""

    document: 'Document'
    docs_ui: str
    docs_csp: str | None
    servers: tuple[Any, ...]
    tags: Mapping[str, object]
    more_info: Mapping[str, object]

    @property
    def problem_type(self) -> type | None: ...

    def render_template(self, path: str, **context: Any) -> str: ...

    def reverse_url(self, name: str, **params: Any) -> str: ...

    def static_url(self, filename: str) -> str: ...


def build_app_openapi(
    app: DescribedApp, version: str = '3.1', warn: Warn = lambda sentence: None
) -> Schema:
    """Return the OpenAPI document of *app*, an `apistar.App` with our router."""
    return build_openapi(app.router.entries, info_of(app), surroundings_of(app), version, warn)


def info_of(app: DescribedApp) -> Info:
    document = app.document
    return Info(
        title=document.title,
        version=document.version,
        description=document.description,
        servers=app.servers or (django_settings.FORCE_SCRIPT_NAME or '/',),
        tags=app.tags,
        more=app.more_info,
    )


def surroundings_of(app: DescribedApp) -> Surroundings:
    """Return what *app* puts around its handlers.

    A hook that lets only users in tells so by `guards(handler, name)`, *name* being the route's
    full name.
    """
    components = tuple(item for item in app.injector.components if not is_built_in(item))
    on_request, on_response, _ = app.get_event_hooks()
    hooks: list[object] = [getattr(function, '__self__', None) for function in on_request]
    guards = [hook.guards for hook in hooks if hasattr(hook, 'guards')]

    def needs_user(entry: APIStarEntry) -> bool:
        if any(rule.needs_user for rule in entry.rules) or challenged_scheme(entry.handler):
            return True
        has_hooks = not entry.route.standalone
        return has_hooks and any(guard(entry.handler, entry.name) for guard in guards)

    return Surroundings(
        components=components,
        hooks=(*on_request, *on_response),
        security=security_schemes((*components, *app.auth_components)),
        needs_user=needs_user,
        problem=app.problem_type,
    )
