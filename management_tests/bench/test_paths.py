"""Which paths of a project are measured where none is named."""

from types import FunctionType
from typing import Any

import pytest
from apistar import Route
from apistar.server import handlers
from django.urls import path, re_path
from django.views import View

from django_apistar.application import serve_schema
from django_apistar.bench.paths import iter_paths
from django_apistar.routes.entries import Framework, walk_apistar
from django_apistar.routes.table import RouteTable

pytestmark = pytest.mark.once


def answer(n: int = 0) -> dict:
    return {}


made: Any = FunctionType(answer.__code__, {}, 'made')  # of no module, as what exec() makes


class Reader(View):
    def get(self, request: Any) -> None:
        """Never called."""


class Writer(View):
    def post(self, request: Any) -> None:
        """Never called."""


class Urls:
    urlpatterns = (
        path('in/view/', answer), path('in/reader/', Reader.as_view()),
        path('in/writer/', Writer.as_view()), path('in/<int:n>/', answer),
        path('in/ours/', serve_schema), path('out/', answer), path('in/view/', Reader.as_view()),
        re_path('^in/dollar/$', answer), re_path(r'^in/end/\Z', answer),
        re_path('^in/(?P<n>a)/$', answer), re_path('^in/[ab]/$', answer),
        re_path(r'^in/\d/$', answer), re_path('^in/a*/$', answer), re_path('^in/b+/$', answer),
        re_path('^in/c?/$', answer), re_path('^in/d{2}/$', answer), re_path('^in/e|f/$', answer),
    )  # fmt: skip


ROUTES = [
    Route('/', 'GET', answer), Route('/posted/', 'POST', answer, name='posted'),
    Route('/braces/{n}/', 'GET', answer, name='braces'), Route('/rule/<n>/', 'GET', answer),
    Route('/café b/', 'get', answer, name='café'), Route('/ours/', 'GET', serve_schema),
    Route('/theirs/', 'GET', handlers.serve_schema), Route('/in/route/', 'GET', answer, name='in'),
    Route('/', 'HEAD', answer, name='again'), Route('/X', 'GET', answer, name='last'),
    Route('/made/', 'GET', made, name='made'),
]  # fmt: skip


@pytest.mark.parametrize(
    ('framework', 'paths'),
    [
        (Framework.APISTAR, ['/', '/caf%C3%A9%20b/', '/X', '/made/']),
        (
            Framework.DJANGO,
            ['/in/view/', '/in/reader/', '/in/ours/', '/in/dollar/', '/in/end/'],
        ),
    ],
)
def test_paths_without_parameters_that_take_get_and_are_reached(
    framework: Framework, paths: list[str]
) -> None:
    urlconf: Any = Urls
    table = RouteTable(walk_apistar(ROUTES), lambda *_: None, ['/in/'], urlconf=urlconf)

    assert [*iter_paths(table, framework)] == paths
