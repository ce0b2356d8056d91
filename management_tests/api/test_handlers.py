"""What API Star's users asked for and never got: parameters and return values of handlers."""

import inspect
import json
import sys
import types as types_of_python
import typing
from unittest import mock

import apistar
import pytest
from apistar import Component, Route, http, types, validators
from django.test import override_settings

from django_apistar.api import unresolvable
from django_apistar.application import App
from django_apistar.test import TestClient
from management_tests.project.models import Note
from management_tests.support.oracle import Accelerated, Request, ask, both_modes, build, quiet


class Item(types.Type):
    name = validators.String(max_length=5)
    size = validators.Integer(minimum=0, default=1)


class Tenant:
    def __init__(self, name: str) -> None:
        self.name = name


class TenantComponent(Component):
    def resolve(self, x_tenant: http.Header) -> Tenant:
        return Tenant(x_tenant) if x_tenant else None


class MaybeTenantComponent(Component):
    def resolve(self, x_tenant: http.Header) -> typing.Optional[Tenant]:
        return Tenant('maybe')


def optional(q: typing.Optional[int], r: typing.Optional[str] = None) -> list:
    return [q, r]


def piped(q: int | None, r: str | None = None) -> list:
    return [q, r]


def first_is_none(q: None | int, r: typing.Union[None, str] = 'default') -> list:  # noqa: RUF036
    return [q, 'x' if r is None else r]


@both_modes
@pytest.mark.parametrize(
    ('handler', 'query', 'expected'),
    [
        (optional, '', [None, None]), (optional, 'q=3&r=x', [3, 'x']),
        (piped, '', [None, None]), (piped, 'q=3&r=x', [3, 'x']),
        (first_is_none, '', [None, 'default']), (first_is_none, 'q=-3&r=y', [-3, 'y']),
    ],
)  # fmt: skip
def test_optional_query_parameter(app_class, handler, query, expected):
    app = build(app_class, Route('/', 'GET', handler))

    assert ask(app, query=query).json() == expected


@both_modes
@pytest.mark.parametrize('handler', [optional, piped])
def test_optional_query_parameter_is_validated(app_class, handler):
    answer = ask(build(app_class, Route('/', 'GET', handler)), query='q=x')

    assert (answer.code, answer.json()) == (400, {'q': 'Must be a number.'})


@both_modes
@pytest.mark.parametrize('annotation', [typing.Optional[Item], Item | None])
def test_optional_body(app_class, annotation):
    def handler(item) -> typing.Any:
        return item

    handler.__annotations__['item'] = annotation
    app = build(app_class, Route('/', 'POST', handler))

    assert ask(app, '/', 'POST', body=b'').json() is None
    assert ask(app, '/', 'POST', body=b'{"name": "n"}').json() == {'name': 'n', 'size': 1}
    assert ask(app, '/', 'POST', body=b'{}').code == 400


@both_modes
def test_optional_of_what_a_component_provides(app_class):
    def handler(tenant: Tenant | None) -> str:
        return tenant.name if tenant else 'nobody'

    app = build(app_class, Route('/', 'GET', handler), components=[TenantComponent()])

    assert ask(app).body == b'nobody'
    assert ask(app, headers=(('X_TENANT', 'shop'),)).body == b'shop'


@both_modes
def test_component_that_provides_an_optional_comes_first(app_class):
    for clear in typing._cleanups:  # else the handler's Optional[Tenant] is the component's
        clear()

    def handler(tenant: typing.Optional[Tenant]) -> str:
        return tenant.name

    components = [TenantComponent(), MaybeTenantComponent()]
    app = build(app_class, Route('/', 'GET', handler), components=components)

    assert ask(app).body == b'maybe'


@both_modes
@pytest.mark.parametrize(
    ('named', 'path'), [({}, ''), ({'SCRIPT_NAME': '/in'}, '/in'), ({'PATH_INFO': '/'}, '/')]
)
def test_path_is_what_the_server_names(app_class, named, path):
    def handler(path: http.Path) -> dict:
        return {'path': path}

    environ = Request().build_environ()
    del environ['SCRIPT_NAME'], environ['PATH_INFO']
    body = build(app_class, Route('/', 'GET', handler))({**environ, **named}, lambda *args: None)

    assert json.loads(b''.join(body)) == {'path': path}


class Label(str):
    pass


class LabelComponent(Component):
    def resolve(self, parameter: inspect.Parameter) -> Label:
        return Label(parameter.name)


@both_modes
def test_component_is_asked_once_or_for_each_parameter_that_it_looks_at(app_class):
    def handler(first: Label, second: Label, one: Tenant | None, other: Tenant | None) -> list:
        return [first, second, one.name, one is other]

    components = [LabelComponent(), TenantComponent()]
    app = build(app_class, Route('/', 'GET', handler), components=components)

    answer = ask(app, headers=(('X_TENANT', 'shop'),))

    assert answer.json() == ['first', 'second', 'shop', True]


def typing_list(items: typing.List[Item]) -> typing.List[Item]:
    return items


def builtin_list(items: list[Item]) -> list[Item]:
    return items


@both_modes
@pytest.mark.parametrize('handler', [typing_list, builtin_list])
@pytest.mark.parametrize(
    ('body', 'status', 'expected'),
    [
        (b'[]', 200, []),
        (b'[{"name": "a"}, {"name": "b", "size": 3}]', 200,
         [{'name': 'a', 'size': 1}, {'name': 'b', 'size': 3}]),
        (b'[{"name": "a", "size": "3"}]', 400, {'0': {'size': 'Must be a number.'}}),
        (b'[{"name": "a"}, {"size": -1}]', 400,
         {'1': {'name': 'The "name" field is required.',
                'size': 'Must be greater than or equal to 0.'}}),
        (b'{"name": "a"}', 400, 'Must be an array.'),
        (b'', 400, 'May not be null.'),
    ],
)  # fmt: skip
def test_body_may_be_a_list_of_a_type(app_class, handler, body, status, expected):
    app = build(app_class, Route('/', 'POST', handler))

    answer = ask(app, '/', 'POST', body=body)

    assert (answer.code, answer.json()) == (status, expected)


@both_modes
@pytest.mark.parametrize(('default', 'shown'), [(None, None), ((), []), ((1, 2), [1, 2])])
def test_list_in_the_body_has_its_default_where_there_is_no_body(app_class, default, shown):
    def handler(items: list[Item] = default) -> dict:
        return {'items': items}

    app = build(app_class, Route('/', 'POST', handler))
    answers = [ask(app, '/', 'POST', body=body) for body in (b'', b'[{"name": "a"}]')]

    assert [(answer.code, answer.json()) for answer in answers] == [
        (200, {'items': shown}), (200, {'items': [{'name': 'a', 'size': 1}]}),
    ]  # fmt: skip


def integers(ids: typing.List[int]) -> list:
    return ids


def words(ids: list[str] = ('a', 'b')) -> list:
    return list(ids)


def floats(ids: typing.Optional[typing.List[float]] = None) -> typing.Any:
    return {'ids': ids}


@both_modes
@pytest.mark.parametrize(
    ('handler', 'query', 'expected'),
    [
        (integers, '', []), (integers, 'ids=1', [1]), (integers, 'ids=1&x=2&ids=3', [1, 3]),
        (words, 'ids=%C3%A9&ids=+', ['é', ' ']), (words, '', ['a', 'b']),
        (floats, '', {'ids': None}), (floats, 'ids=1.5', {'ids': [1.5]}),
    ],
)  # fmt: skip
def test_query_parameter_may_be_a_list(app_class, handler, query, expected):
    app = build(app_class, Route('/', 'GET', handler))

    assert ask(app, query=query).json() == expected


@both_modes
def test_list_of_the_query_string_is_validated(app_class):
    answer = ask(build(app_class, Route('/', 'GET', integers)), query='ids=1&ids=x')

    assert (answer.code, answer.json()) == (400, {'ids': {'1': 'Must be a number.'}})


class Stamp:
    def on_response(self, response: http.Response) -> None:
        response.headers['X-Stamp'] = 'yes'


class ListHook:
    def on_request(self, ids: typing.List[int]) -> None:
        self.ids = ids

    def on_response(self, response: http.Response) -> None:
        response.headers['X-Ids'] = repr(self.ids)


@both_modes
def test_hook_may_ask_for_a_list_that_the_handler_does_not_know(app_class):
    app = build(app_class, Route('/', 'GET', optional), hooks=[ListHook])

    assert ask(app, query='ids=1&ids=2').get('x-ids') == '[1, 2]'
    assert ask(app, query='ids=x').json() == {'ids': {'0': 'Must be a number.'}}


class NoteType(types.Type):
    id = validators.Integer()
    text = validators.String()


def notes() -> typing.List[NoteType]:
    return Note.objects.order_by('id')


def some_notes() -> list[NoteType]:
    return Note.objects.order_by('-id')[:1]


def no_notes() -> list[NoteType]:
    return Note.objects.none()


def plain_rows() -> list:
    return Note.objects.order_by('id').values('text')


@both_modes
@pytest.mark.django_db
@pytest.mark.parametrize(
    ('handler', 'expected'),
    [
        (notes, [{'id': 1, 'text': 'a'}, {'id': 2, 'text': 'b'}]),
        (some_notes, [{'id': 2, 'text': 'b'}]),
        (no_notes, []),
        (plain_rows, [{'text': 'a'}, {'text': 'b'}]),
    ],
)  # fmt: skip
def test_queryset_is_a_list_of_the_type(app_class, handler, expected):
    Note.objects.bulk_create([Note(id=1, text='a'), Note(id=2, text='b')])

    assert ask(build(app_class, Route('/', 'GET', handler))).json() == expected
    assert ask(build(app_class, Route('/', 'GET', handler), hooks=[Stamp])).json() == expected


@both_modes
@pytest.mark.django_db
def test_queryset_of_other_handlers_is_the_projects_fault(app_class):
    """Nobody has said what of a model is to be shown."""
    Note.objects.create(text='a')

    with quiet():
        assert ask(build(app_class, Route('/', 'GET', Note.objects.all, name='all'))).code == 500


@both_modes
def test_handlers_that_a_decorator_wraps_without_saying_so(app_class):
    """`*args, **kwargs` take nothing, as before they could not be resolved at all."""

    def handler(*args: typing.Any, **kwargs: typing.Any) -> list:
        return [args, kwargs]

    assert ask(build(app_class, Route('/', 'GET', handler))).json() == [[], {}]


def shown(handler: typing.Any) -> typing.Any:
    """Return the fields of *handler* in the document: name, location, required."""
    [link] = build(App, Route('/', 'POST', handler)).document.content
    return [(field.name, field.location, field.required) for field in link.fields]


class OwnApp(App):
    """As APP_CLASS names one."""


def by_stock_class(app: apistar.App) -> list:
    return [type(app).__name__]


def by_our_class(app: App) -> list:
    return [type(app).__name__]


def by_own_class(app: typing.Optional[OwnApp]) -> list:
    return [type(app).__name__]


@pytest.mark.parametrize('accelerate', [True, False])
def test_the_app_is_injected_by_any_of_its_classes(accelerate):
    handlers = (by_stock_class, by_our_class, by_own_class)
    app = build(OwnApp, *(Route(f'/{n}/', 'GET', handler) for n, handler in enumerate(handlers)))
    app.accelerate = accelerate

    assert [ask(app, f'/{n}/').json() for n in range(3)] == [['OwnApp']] * 3


def test_the_projects_app_is_injected_by_its_class():
    module = types_of_python.ModuleType('app_routes')
    module.routes = [Route('/', 'GET', by_own_class)]
    keys = {'APP_CLASS': f'{__name__}.OwnApp'}
    with (
        mock.patch.dict(sys.modules, app_routes=module),
        override_settings(APISTAR_ROUTE_CONF='app_routes', APISTAR_SETTINGS=keys),
    ):
        assert TestClient().get('/').json() == ['OwnApp']


def test_another_app_is_not_injected():
    app = build(App, Route('/', 'GET', by_own_class))

    [problem] = unresolvable.find_problems(app)

    assert problem.message.startswith(
        f"Parameter 'app: Optional[{__name__}.OwnApp]' of {__name__}.by_own_class cannot be"
    )
    assert problem.hint == (
        'Annotate it with django_apistar.application.App, or with the class in APP_CLASS.'
    )


def test_document_knows_them():
    assert shown(optional) == [('q', 'query', False), ('r', 'query', False)]
    assert shown(typing_list) == [('items', 'body', True)]
    assert shown(integers) == [('ids', 'query', False)]


@pytest.mark.parametrize('accelerate', [True, False])
def test_project_runs_in_both_modes(accelerate, client):
    with override_settings(APISTAR_SETTINGS={'ACCELERATE': accelerate}):
        answers = [client.get('/echo/?a=1').json()['query'], client.get('/nope/').status_code]

    assert answers == [[['a', '1']], 404]


def test_plans_can_be_read():
    """The text of a plan is Python, with every literal by its repr."""
    app = build(Accelerated, Route("/it's/{q}/", 'GET', optional))
    text = app.responder.get_plan(0).text

    compile(text, '<plan>', 'exec')
    assert text.startswith('def respond(environ, start_response, path_params):\n')
