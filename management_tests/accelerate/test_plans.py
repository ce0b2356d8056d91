"""A route's compiled plan: which routes have one, and what is told where it has not."""

import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from apistar import Component, Route, types, validators
from apistar.server.components import ReturnValue
from django.test import override_settings

import django_apistar
from django_apistar.api import compiled
from management_tests.accelerate import plan_texts
from management_tests.support.oracle import Accelerated, Plain, ask, both_modes, build

pytestmark = pytest.mark.once

BROWSER = {'HTTP_ACCEPT': 'text/html'}


class Price(types.Type):
    amount = validators.Number()


class Failing(validators.Validator):
    def validate(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        raise ZeroDivisionError('out of order')


class Broken(types.Type):
    amount = Failing()


def fail() -> dict:
    raise ZeroDivisionError('from a handler')


def fail_in_type() -> dict:
    return Broken(Price(amount=1))


def read_broken(data: Broken) -> dict:
    return {}


def answer() -> dict:
    return {}


@both_modes
@pytest.mark.parametrize('handler', [fail, fail_in_type])
def test_debug_page_shows_the_lines_of_every_frame(app_class, handler) -> None:
    app = build(app_class, Route('/', 'GET', handler), Route('/ok/', 'GET', answer))

    with override_settings(DEBUG=True):
        page = ask(app, environ=BROWSER).body.decode()

    assert 'ZeroDivisionError' in page
    assert 'source code not available' not in page
    plan = '&lt;django_apistar plan GET /'
    assert (plan in page) is app_class.accelerate
    assert ('value = _handler()' in page) is app_class.accelerate


def test_debug_page_shows_the_lines_of_a_compiled_type() -> None:
    app = build(Accelerated, Route('/', 'POST', read_broken))

    with override_settings(DEBUG=True):
        answer = ask(app, method='POST', body=b'{"amount": 1}', environ=BROWSER)

    page = answer.body.decode()
    assert 'source code not available' not in page
    assert '&lt;django_apistar validator Object Broken&gt;' in page


def test_route_that_a_fault_of_ours_leaves_without_a_plan_is_told_once(monkeypatch, caplog) -> None:
    def compile_plan(spec: Any, context: Any) -> Any:
        raise ZeroDivisionError('a fault')

    monkeypatch.setattr(compiled, 'compile_plan', compile_plan)
    app = build(Accelerated, Route('/a/{pk}/', 'GET', answer))

    answers = [ask(app, f'/a/{pk}/').code for pk in range(3)]

    [record] = caplog.records
    assert answers == [200, 200, 200]
    assert (record.name, record.levelno) == ('django_apistar.api.compiled', logging.WARNING)
    assert record.getMessage() == (
        'GET /a/{pk}/ cannot be compiled, by a fault of django_apistar; it is answered step by '
        'step, with the same answers. Report it with this traceback.'
    )
    assert record.exc_info[0] is ZeroDivisionError
    assert not app.responder.is_compiled(app.router.entries[0].route)


def test_plan_has_these_lines_and_no_more() -> None:
    """`compiler`, `inline`, `parameters`, `response_writer`, `scope`"""
    pytest.importorskip('orjson')
    text = '\n'.join(plan_texts.iter_texts())
    if os.environ.get('WRITE_PLANS'):
        plan_texts.FILE.write_text(text)

    assert text == plan_texts.FILE.read_text()


class Thing:
    pass


class ThingComponent(Component):
    def __init__(self) -> None:
        self.asked = 0

    def can_handle_parameter(self, parameter: Any) -> bool:
        self.asked += 1
        if self.asked > 1:
            raise ZeroDivisionError("the project's own fault")
        return parameter.annotation is Thing

    def resolve(self) -> Thing:
        return Thing()


def take(thing: Thing) -> dict:
    return {}


def test_route_that_a_fault_of_the_project_leaves_without_a_plan_is_told_by_its_answer(
    caplog,
) -> None:
    component = ThingComponent()
    component.asked = 1
    app = build(Accelerated, Route('/', 'GET', take), components=[component])

    assert ask(app).code == 500
    assert [record.name for record in caplog.records] == ['django.request']


def repeat(value: ReturnValue) -> dict:
    return value


@both_modes
def test_handler_that_takes_what_nothing_has_returned_is_told_by_its_key(app_class, caplog) -> None:
    app = build(app_class, Route('/', 'GET', repeat))

    assert ask(app).code == 500
    assert [repr(record.exc_info[1]) for record in caplog.records] == ["KeyError('return_value')"]


def read_all(n: int = 0, ratio: float = 0.5, flag: bool = False, word: str = '-') -> dict:
    return {'n': n, 'ratio': ratio, 'flag': flag, 'word': word}


@pytest.mark.parametrize(
    ('query', 'read'),
    [
        ('', {}), ('other=1', {}), ('n=', {}), ('n=7', {'n': 7}), ('n=007', {'n': 7}),
        (f'n={"9" * 18}', {'n': 10**18 - 1}), ('ratio=2', {'ratio': 2.0}),
        (f'ratio={"9" * 15}', {'ratio': 1e15 - 1}), ('flag=true', {'flag': True}),
        ('flag=false', {'flag': False}), ('flag=1', {'flag': True}), ('flag=0', {'flag': False}),
        ('word=a', {'word': 'a'}), ('word=a+b', {'word': 'a b'}), ('word=%C3%A9', {'word': 'é'}),
        ('word=a&word=b', {'word': 'a'}), ('word=&word=b', {'word': 'b'}),
        ('word=%2B&word=b', {'word': '+'}), ('n=1&word=a=b', {'n': 1, 'word': 'a=b'}),
    ],
)  # fmt: skip
def test_usual_parameters_are_read_by_the_plan_alone(query, read, asked) -> None:
    app = build(Accelerated, Route('/', 'GET', read_all))

    answer = ask(app, query=query)

    assert answer.json() == {'n': 0, 'ratio': 0.5, 'flag': False, 'word': '-', **read}
    assert asked == []


class Own:
    class Start:
        pass

    class Path:
        pass


class Named(Component):
    """Gives a class with names that a plan has as well."""

    def __init__(self, cls: type) -> None:
        self.cls = cls

    def can_handle_parameter(self, parameter: Any) -> bool:
        return parameter.annotation is self.cls

    def resolve(self) -> Any:
        return self.cls()


def name_as_a_plan_does(response: Own.Start, params: Own.Path, pk: int) -> dict:
    are_given = isinstance(response, Own.Start) and isinstance(params, Own.Path)
    return {'are_given': are_given, 'pk': pk}


@both_modes
def test_parameters_may_be_named_as_what_a_plan_has_itself(app_class) -> None:
    route = Route('/{pk}/', 'GET', name_as_a_plan_does)
    app = build(app_class, route, components=[Named(Own.Start), Named(Own.Path)])

    assert app.responder.is_compiled(route) is app_class.accelerate
    assert ask(app, '/7/').json() == {'are_given': True, 'pk': 7}


def whole_route() -> Route:
    return {}


def read_price(pk: int, data: Price, q: str = '') -> list[Price]:
    return [data]


def test_app_says_beforehand_which_routes_will_have_a_plan() -> None:
    app = build(
        Accelerated,
        Route('/', 'GET', whole_route), Route('/b/{pk}/', 'POST', read_price),
        Route('/c/', 'GET', answer), Route('/d/', 'GET', take),
    )  # fmt: skip
    routes = [entry.route for entry in app.router.entries]

    said = [app.responder.is_compiled(route) for route in routes]

    assert said == [False, True, True, False]
    assert [app.responder.get_plan(number) is not None for number in range(4)] == said
    assert [app.responder.is_compiled(route) for route in routes] == said


def test_app_says_which_of_its_routes_are_compiled() -> None:
    alone = Route('/alone/', 'GET', answer, name='alone', standalone=True)
    routes = [Route('/', 'GET', answer), alone]

    compiled, plain = build(Accelerated, *routes), build(Plain, *routes)

    assert [compiled.responder.is_compiled(route) for route in routes] == [True, False]
    assert [plain.responder.is_compiled(route) for route in routes] == [False, False]


ROUTES = """
from apistar import Route, types, validators

class Item(types.Type):
    name = validators.String(max_length=5)

def create(item: Item, pk: int) -> list[Item]:
    return [item] * pk

routes = [Route('/items/{pk}/', 'POST', create)]
"""
WITHOUT_COMPILER = """
import django, importlib.util, sys
# An editable install finds the modules that the copy lacks.
sys.meta_path = [f for f in sys.meta_path if not f.__module__.startswith("__editable__")]
from django.conf import settings
settings.configure(
    ALLOWED_HOSTS=['*'], INSTALLED_APPS=['django_apistar'], ROOT_URLCONF='shop',
    APISTAR_ROUTE_CONF='shop', APISTAR_SETTINGS={'ACCELERATE': False},
)
django.setup()
assert importlib.util.find_spec('django_apistar.accelerate') is None
from django_apistar.test import TestClient
client = TestClient()
for path, name in (('/items/2/', 'Chair'), ('/items/2/', 'Cupboard'), ('/items/', 'Chair')):
    response = client.post(path, json={'name': name})
    print(response.status_code, response.text)
"""


def test_package_without_accelerate_serves_with_ACCELERATE_off(tmp_path: Path) -> None:
    shutil.copytree(
        Path(django_apistar.__file__).parent, tmp_path / 'django_apistar',
        ignore=shutil.ignore_patterns('accelerate', '__pycache__'),
    )  # fmt: skip
    (tmp_path / 'shop.py').write_text(ROUTES)

    done = subprocess.run(
        [sys.executable, '-c', WITHOUT_COMPILER], cwd=tmp_path, capture_output=True, text=True
    )

    assert (done.stderr, done.stdout.splitlines()) == (
        '',
        [
            '200 [{"name":"Chair"},{"name":"Chair"}]',
            '400 {"name":"Must have no more than 5 characters."}',
            '404 "Not found"',
        ],
    )
