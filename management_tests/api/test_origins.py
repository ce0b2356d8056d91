"""Where a handler's parameters come from, as `apistar_routes --resolve` and the admin tell."""

import datetime
import typing
import uuid

import django_filters as filters
import pytest
from apistar import Component, Route, http, types, validators
from apistar.server.validation import (
    ValidatedPathParams,
    ValidatedQueryParams,
    ValidatedRequestData,
)
from apistar.server.wsgi import WSGIEnviron

from django_apistar.api.origins import explain_call
from django_apistar.application import App
from django_apistar.pagination import PageNumber
from management_tests.project.models import Article
from management_tests.support.oracle import build


class Thing(types.Type):
    name = validators.String()


class ThingFilter(filters.FilterSet):
    class Meta:
        model = Article
        fields = ['state']


class Now(Component):
    def resolve(self) -> datetime.datetime:
        return datetime.datetime.now()


class Circle(Component):
    def resolve(self, day: datetime.date) -> datetime.date:
        return day


def find_origins(annotation, path='/', method='GET'):
    def handler(x_a): ...

    handler.__annotations__['x_a'] = annotation
    app = build(App, Route(path, method, handler), components=[Now(), Circle()])
    return explain_call(app, app.router.entries[0]).origins


@pytest.mark.parametrize(
    ('annotation', 'origin'),
    [
        (int, 'query'), (str, 'query'), (http.QueryParam, 'query'), (typing.List[int], 'query'),
        (http.QueryParams, 'query'), (http.QueryString, 'query'), (Thing, 'query'),
        (ValidatedQueryParams, 'query'), (ThingFilter, 'query'), (PageNumber, 'query'),
        (uuid.UUID, 'path'), (http.PathParams, 'path'), (ValidatedPathParams, 'path'),
        (http.Body, 'body'), (http.RequestData, 'body'), (ValidatedRequestData, 'body'),
        (typing.List[Thing], 'body'),
        (http.Header, 'header X-A'), (http.Headers, 'request'), (http.Method, 'request'),
        (http.Path, 'request'), (WSGIEnviron, 'request'), (App, 'request'),
        (datetime.datetime, f'{__name__}.Now'),
    ],
)  # fmt: skip
def test_parameter_comes_from_where_its_component_reads(annotation, origin):
    assert find_origins(annotation) == {'x_a': origin}


@pytest.mark.parametrize(
    ('annotation', 'method', 'origin'),
    [(Thing, 'DELETE', 'query'), (Thing, 'delete', 'query'), (Thing, 'POST', 'body'),
     (int, 'POST', 'query')],
)  # fmt: skip
def test_type_is_the_body_where_the_method_has_one(annotation, method, origin):
    assert find_origins(annotation, method=method) == {'x_a': origin}


def test_parameter_whose_name_is_in_the_path_comes_from_there():
    assert find_origins(int, '/{x_a}/') == {'x_a': 'path'}


def test_what_stands_behind_other_arguments_is_told_too():
    def handler(x_a: int, *others: int, x_b: http.Header) -> None: ...

    app = build(App, Route('/', 'GET', handler))

    assert explain_call(app, app.router.entries[0]).origins == {
        'x_a': 'query', 'others': 'its default', 'x_b': 'header X-B',
    }  # fmt: skip


@pytest.mark.parametrize('annotation', [object, datetime.date])
def test_nothing_is_told_of_a_handler_that_cannot_be_called(annotation):
    assert find_origins(annotation) == {}
