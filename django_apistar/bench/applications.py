"""The WSGI application of each target: the project's, and what it is compared with."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import apistar
import django
from django.conf import settings as django_settings
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http import HttpRequest, JsonResponse
from django.test.utils import override_settings
from django.urls import path as django_path
from django.utils.module_loading import import_string

from django_apistar.bench.in_process import call
from django_apistar.bench.targets import APISTAR, BARE_APISTAR, BARE_DJANGO, FLOOR, HOST, Target
from django_apistar.dispatch.dispatcher import get_application
from django_apistar.server.launch import DEFAULT_APPLICATION
from django_apistar.server.loading import bind, get_application_name

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MESSAGE = {'message': 'Hello, World!'}  # of the targets that are not the project's
_BODY = b'{"message":"Hello, World!"}'


def build_application(target: Target) -> WSGIApplication:
    """Return the WSGI application of *target*; the project's as runapistar's workers call it."""
    if target.is_stand_in:
        return StandIn(target)
    if target.key == FLOOR.key:
        return respond
    if target.key == BARE_APISTAR.key:
        routes = [apistar.Route('/', 'GET', greet)]
        app: WSGIApplication = apistar.App(
            routes=routes, schema_url=None, docs_url=None, static_url=None
        )
        return app
    if target.key == BARE_DJANGO.key:
        with override_settings(MIDDLEWARE=[]):
            return BareDjango()
    name = get_application_name()
    # Built again where settings have changed since its module was imported.
    own = get_application() if name == DEFAULT_APPLICATION else import_string(name)
    return bind(own)


def respond(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Respond to any request: the least that a WSGI application can do."""
    headers = [('content-length', str(len(_BODY))), ('content-type', 'application/json')]
    start_response('200 OK', headers)
    return [_BODY]


def greet() -> dict[str, str]:
    return MESSAGE


def view(request: HttpRequest) -> JsonResponse:
    """Greet as the other targets do."""
    return render(MESSAGE)


def render(data: object) -> JsonResponse:
    """Return *data*, with the length that CommonMiddleware would add to keep a connection open."""
    response = JsonResponse(data, safe=False, json_dumps_params={'separators': (',', ':')})
    response['Content-Length'] = str(len(response.content))
    return response


class BareRequest(WSGIRequest):
    """A request to the one view: the project's URLconf is not used."""

    urlconf: Any = (django_path('', view),)


class BareDjango(WSGIHandler):
    """Django's WSGI application with one view and no middleware."""

    request_class = BareRequest


class StandIn(WSGIHandler):
    """Django under the project's middleware, with one view that answers API Star's JSON."""

    def __init__(self, target: Target) -> None:
        super().__init__()
        own = dataclasses.replace(APISTAR, path=target.path, request=target.request)
        data = json.loads(call(build_application(own), own).body)

        def view(request: HttpRequest) -> JsonResponse:
            return render(data)

        view.login_required = False  # type: ignore[attr-defined]  # of LoginRequiredMiddleware
        path = unquote(target.path.partition('?')[0]).removeprefix('/')
        self.request_class = type(
            'StandInRequest', (WSGIRequest,), {'urlconf': (django_path(path, view),)}
        )


def open_to_loopback() -> override_settings:
    """Let requests to 127.0.0.1 pass within this context."""
    return override_settings(
        ALLOWED_HOSTS=[*django_settings.ALLOWED_HOSTS, HOST], SECURE_SSL_REDIRECT=False
    )


def load_target(target: Target) -> WSGIApplication:
    """Set the project up in a server's process, and return the application of *target*."""
    django.setup()
    open_to_loopback().enable()
    return build_application(target)
