"""Answers that a handler declares: in the schema, and a warning where it answers another."""

import functools
from typing import Dict, List

import pytest
from apistar import Route, exceptions, http, types, validators
from apistar.exceptions import ConfigurationError
from django.test import override_settings

from django_apistar.exceptions import Conflict, HTTPError, ProblemDetails
from django_apistar.responses import responds
from django_apistar.routes.entries import walk_apistar
from django_apistar.schema import build_openapi
from django_apistar.types import ModelType
from management_tests.project.models import Note
from management_tests.support.oracle import ask, both_modes, build

LOGGER = 'django_apistar.api.declared'


class Product(types.Type):
    name = validators.String()
    size = validators.String(default='M')
    code = validators.String(max_length=3)


DICT = {'name': 'Hat', 'code': 'H1'}
PROBLEM = ProblemDetails(title='Taken', status=409)


def make(answer, declared, annotation=None):
    """Return a handler *handler* that answers with what *answer* is or raises."""

    def handler():
        if isinstance(answer, Exception):
            raise answer
        return answer

    if annotation is not None:
        handler.__annotations__['return'] = annotation
    return responds(declared)(handler)


def warn(app_class, caplog, handler, times=1):
    """Return the warnings of requests for *handler* under DEBUG, without its name."""
    with override_settings(DEBUG=True):
        app = build(app_class, Route('/', 'GET', handler, name='tested'))
        for _ in range(times):
            assert ask(app).code != 500
    records = [record for record in caplog.records if record.name == LOGGER]
    start = f'{handler.__module__}.{handler.__qualname__} answers '
    return [record.getMessage().removeprefix(start) for record in records]


FITTING = [
    (http.JSONResponse(Product(DICT), 201), {201: Product}, None),
    (http.JSONResponse(DICT, 201), {201: Product}, None),
    (Product(DICT), {200: Product}, None),
    (DICT, {200: Product, 409: ProblemDetails, 599: None}, None),
    (Product(DICT), {409: ProblemDetails}, Product),
    ([DICT], {200: List[Product]}, None),
    (Product(DICT), {300: dict}, Product),
    ([], {404: None}, List[Product]),
    (http.Response(b'', 204), {204: None}, None),
    (http.Response(b'', 202), {202: None}, None),
    (http.HTMLResponse('x', 201), {201: str}, None),
    (http.Response(b'\xff', 201, {'Content-Type': 'text/plain'}), {201: str}, None),
    (http.HTMLResponse('5', 201), {201: http.HTMLResponse}, None),
    (http.Response(b'\x00', 200, {'Content-Type': 'image/png'}), {200: Product}, None),
    (iter(['a']), {200: dict}, None),
    (5, {200: float}, None),
    ('x', {400: dict}, None),
    (Conflict(PROBLEM), {201: Product, 409: ProblemDetails}, None),
    (Conflict(dict(PROBLEM)), {201: Product, 409: ProblemDetails}, None),
    (exceptions.NotFound(), {201: Product}, None),
]


@both_modes
@pytest.mark.parametrize(('answer', 'declared', 'annotation'), FITTING)
def test_declared_answer_is_no_warning(app_class, caplog, answer, declared, annotation):
    assert warn(app_class, caplog, make(answer, declared, annotation)) == []


MISFITS = [
    (DICT, {201: Product, 409: ProblemDetails}, None, '200, and declares 201, 409 only.'),
    (http.JSONResponse(DICT, 202), {201: Product}, None, '202, and declares 201 only.'),
    (http.JSONResponse(DICT, 409), {404: dict}, Product, '409, and declares 200, 404 only.'),
    (
        http.JSONResponse({'name': 'Hat'}, 201), {201: Product}, None,
        "201 with an object without 'code', and declares Product.",
    ),
    ([DICT], {200: Product}, None, '200 with a list, and declares Product.'),
    (DICT, {200: List[Product]}, None, '200 with an object, and declares a list of Product.'),
    ([DICT, {}], {200: List[Product]}, None,
     "200 with an object without 'name', and declares a list of Product."),
    (PROBLEM, {200: Product}, None, '200 with ProblemDetails, and declares Product.'),
    (http.HTMLResponse('x', 201), {201: Product}, None, '201 with text, and declares Product.'),
    (http.JSONResponse(5, 201), {201: None}, None, '201 with a number, and declares nothing.'),
    (http.JSONResponse(5, 201), {201: http.HTMLResponse}, None,
     '201 with JSONResponse, and declares HTMLResponse.'),
    (True, {200: str}, None, '200 with a truth value, and declares str.'),
    (1.5, {200: str}, None, '200 with a number, and declares str.'),
    (5, {200: bool}, None, '200 with a number, and declares bool.'),
    ('x', {200: int}, None, '200 with text, and declares int.'),
    ({}, {200: list}, None, '200 with an object, and declares list.'),
    ([5, {}], {200: List[int]}, None, '200 with an object, and declares a list of int.'),
    ([['x', 5]], {200: List[List[str]]}, None,
     '200 with a number, and declares a list of a list of str.'),
    (http.Response(b'', 202), {202: Product}, None, '202 with nothing, and declares Product.'),
    (None, {200: Product}, None, '200 with nothing, and declares Product.'),
    (None, {404: str}, dict, '200 with nothing, and declares dict.'),
    (http.HTMLResponse('x', 201), {201: Dict[str, int]}, None,
     '201 with text, and declares Dict.'),
    (exceptions.Forbidden({'x': 1}), {403: str}, None, '403 with an object, and declares str.'),
    (Conflict(), {201: Product, 409: ProblemDetails}, None,
     '409 with text, and declares ProblemDetails.'),
    (HTTPError({'x': 1}, 409), {201: Product, 409: ProblemDetails}, None,
     "409 with an object without 'title', and declares ProblemDetails."),
]  # fmt: skip


@both_modes
@pytest.mark.parametrize(('answer', 'declared', 'annotation', 'sentence'), MISFITS)
def test_other_answer_is_one_warning(app_class, caplog, answer, declared, annotation, sentence):
    assert warn(app_class, caplog, make(answer, declared, annotation), times=3) == [sentence]


class NoteType(ModelType):
    class Meta:
        model = Note
        fields = ('id', 'text')
        write_only = ('text',)


@both_modes
def test_type_of_a_model_lacks_what_only_comes_in(app_class, caplog):
    handler = make(http.JSONResponse({'id': 1}, 201), {201: NoteType})

    assert warn(app_class, caplog, handler) == []


@both_modes
def test_handler_of_two_routes_is_one_warning(app_class, caplog):
    handler = make(DICT, {201: Product})
    with override_settings(DEBUG=True):
        app = build(
            app_class, Route('/', 'GET', handler, name='a'), Route('/b/', 'GET', handler, name='b')
        )
        answers = [ask(app, path).code for path in ('/', '/b/')]

    assert answers == [200, 200]
    assert len([record for record in caplog.records if record.name == LOGGER]) == 1


@both_modes
def test_without_debug_nobody_looks(app_class, caplog):
    handler = make(DICT, {201: Product})
    app = build(app_class, Route('/', 'GET', handler, name='tested'))

    assert ask(app).json() == DICT
    assert [record for record in caplog.records if record.name == LOGGER] == []


def test_handler_is_itself():
    def handler() -> Product:
        return Product(DICT)

    assert responds({201: Product})(handler) is handler


def describe(handler, build_document=build_openapi):
    document = build_document([*walk_apistar([Route('/', 'POST', handler, name='tested')])])
    return document['paths']['/']['post']['responses'], document['components']


def test_schema_shows_what_is_declared():
    answers, components = describe(make(DICT, {201: Product, 409: ProblemDetails, 204: None}))

    problem = {'schema': {'$ref': '#/components/schemas/ProblemDetails'}}
    assert answers == {
        '201': {
            'description': 'Created',
            'content': {'application/json': {'schema': {'$ref': '#/components/schemas/Product'}}},
        },
        '204': {'description': 'No Content'},
        '409': {
            'description': 'Conflict',
            'content': {'application/problem+json': problem, 'application/json': problem},
        },
        'default': {'$ref': '#/components/responses/Error'},
    }
    assert {'Product', 'ProblemDetails'} <= set(components['schemas'])


def test_schema_keeps_the_annotation_beside_declared_errors():
    answers, _ = describe(make(DICT, {404: str}, Product))

    assert list(answers) == ['200', '404', 'default']
    assert answers['404'] == {
        'description': 'There is nothing under this URL, or a parameter of it is not valid.',
        'content': {'text/html': {'schema': {'type': 'string'}}},
    }


def test_partial_of_a_handler_declares_the_same():
    partial = functools.partial(make(DICT, {201: Product}))

    assert list(describe(partial)[0]) == ['201', 'default']


@pytest.mark.parametrize(
    ('answers', 'sentence'),
    [
        ({}, 'responds() is given {}, no answers by status.'),
        (Product, f'responds() is given {Product!r}, no answers by status.'),
        ({'201': Product}, "responds() has the status '201'; it must be a number from 200 to 599."),
        ({199: None}, 'responds() has the status 199; it must be a number from 200 to 599.'),
        ({600: None}, 'responds() has the status 600; it must be a number from 200 to 599.'),
        ({True: None}, 'responds() has the status True; it must be a number from 200 to 599.'),
        ({201: 'Product'}, "responds() has 'Product' for 201, which is no type."),
        ({201: [Product]}, f'responds() has [{Product!r}] for 201, which is no type.'),
    ],
)
def test_mistake_is_told_at_once(answers, sentence):
    with pytest.raises(ConfigurationError) as caught:
        responds(answers)

    assert str(caught.value) == f'{sentence} Write responds({{201: Product, 409: ProblemDetails}}).'


class View:
    def get(self):
        return DICT


def test_bound_method_is_told_at_once():
    with pytest.raises(ConfigurationError) as caught:
        responds({201: Product})(View().get)

    said = f'{__name__}.View.get takes no responds(). Decorate the function itself.'
    assert str(caught.value) == said
