"""Routes and views that want more than a GET, and one that stalls."""

from __future__ import annotations

import itertools
import time
from typing import Any

from apistar import Route, http
from django.contrib.auth.models import User
from django.http import HttpRequest, JsonResponse
from django.urls import path

BODY = b'{"name": "a \'quoted\' body\\n"}'
HEADERS = (('X-Kind', 'b "c" \\ d'), ('Authorization', 'Bearer a-key'))
numbers = itertools.count()
PAUSE_S = 0.005  # in which a load tool waits, and neither it nor the server takes CPU time


def exact(headers: http.Headers, body: http.Body, method: http.Method) -> http.JSONResponse:
    """Answer 200 to the request above alone, after the pause."""
    time.sleep(PAUSE_S)
    is_exact = body == BODY and headers['Content-Type'] == 'application/json'
    for name, value in HEADERS:
        is_exact = is_exact and headers.get(name) == value
    return http.JSONResponse({'method': method, 'exact': is_exact}, 200 if is_exact else 400)


def take_any(accept: http.Header) -> http.Response:
    """Answer 204 to who accepts anything, as load tools and curl say, else 406."""
    return http.Response(b'', 204 if accept == '*/*' else 406)


def create() -> dict:
    return {'id': User.objects.create(username=f'bench-{next(numbers)}').pk}


def stall() -> dict:
    """Hold the one thread of the server for 200 ms, once in 1,000 requests."""
    if next(numbers) % 1000 == 500:
        time.sleep(0.2)
    return {}


def brief() -> dict:
    """Answer after the pause."""
    time.sleep(PAUSE_S)
    return {}


def late() -> dict:
    """Answer after more than the shortest round of tools that take whole seconds."""
    time.sleep(1.2)
    return {}


def remove() -> http.Response:
    return http.Response(b'', 204)


def create_in_django(request: HttpRequest) -> JsonResponse:
    return JsonResponse(create())


routes: list[Any] = [
    Route('/exact/', 'POST', exact),
    Route('/exact/', 'PUT', exact, name='put'),
    Route('/exact/', 'PATCH', exact, name='patch'),
    Route('/any/', 'DELETE', take_any),
    Route('/created/', 'POST', create),
    Route('/removed/', 'DELETE', remove),
    Route('/stall/', 'GET', stall),
    Route('/brief/', 'GET', brief),
    Route('/late/', 'GET', late),
]
urlpatterns = [path('django/created/', create_in_django)]
