"""API Star 0.5.4x on today's Python and Werkzeug: what each adjustment restores."""

import copy
import datetime
import importlib.util
import inspect
import os
import pickle
import subprocess
import sys
import typing
from pathlib import Path
from types import ModuleType
from typing import Any, Optional

import apistar
import pytest
import werkzeug.urls
from apistar import App, Route, exceptions, http, types, validators
from apistar.codecs import URLEncodedCodec
from apistar.codecs.download import cgi as lent_cgi
from hypothesis import given
from hypothesis import strategies as st

from django_apistar import application
from django_apistar import validators as own
from django_apistar.compat import adjustments
from management_tests.support.oracle import ask, both_modes, build

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]


class Point(types.Type):
    x = validators.Integer()
    y = validators.Integer(default=0)


class Line(types.Type):
    start = Point
    ends = validators.Array(items=Point)


def nothing() -> dict:
    return {}


def pickle_and_back(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


def get(app: App, path: str, **kwargs: Any) -> Any:
    return apistar.TestClient(app).get(path, **kwargs)


def answer(handler: Any, path: str = '/', route: str = '/', **kwargs: Any) -> Any:
    """Return the answer of API Star's own App and TestClient with *handler* at *route*."""
    return get(App([Route(route, 'GET', handler)]), path, **kwargs)


@pytest.fixture(scope='module')
def byte_code(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp('byte_code')


def python(byte_code: Path, program: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run *program* in a Python that compiles all but what it has in the folder *byte_code*.

    Where warnings are errors, only what has none gets there.
    """
    variables = {**os.environ, 'PYTHONPYCACHEPREFIX': str(byte_code), 'PYTHONPATH': str(ROOT)}
    return subprocess.run(
        [sys.executable, *options, '-c', program],
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )


# Import


def test_imports_without_a_warning_when_warnings_are_errors(byte_code):
    done = python(
        byte_code, 'import django_apistar, apistar; print(apistar.__version__)', '-Werror'
    )

    assert (done.returncode, done.stderr) == (0, '')
    assert done.stdout.startswith('0.5.')


@pytest.mark.parametrize(
    'module',
    ['application', 'authentication.components', 'conf', 'dispatch', 'routing', 'test', 'wsgi'],
)
def test_any_module_of_ours_makes_api_star_importable(byte_code, module):
    program = (
        'import os\n'
        "os.environ['DJANGO_SETTINGS_MODULE'] = 'management_tests.project.settings'\n"
        f'import importlib.util; importlib.util.find_spec("django_apistar.{module}")\n'
        'import apistar\n'
    )

    done = python(byte_code, program, '-Werror')

    assert (done.returncode, done.stderr) == (0, '')


@pytest.mark.parametrize(
    'module',
    ['conf', 'dispatch', 'exceptions', 'logs', 'pagination', 'responses', 'validators'],
)
def test_a_star_gives_the_names_that_a_module_publishes(module):
    """Of `__init__`, `exceptions`, `logs`, `pagination`, `responses` and `validators`."""
    given: dict = {}
    exec(f'from django_apistar.{module} import *', given)

    assert set(importlib.import_module(f'django_apistar.{module}').__all__) <= given.keys()


def test_installing_twice_wraps_nothing_twice():
    """Copies of modules that are lent to one module of API Star are made anew."""

    before = get_names_of_api_star()

    adjustments.install()

    assert get_names_of_api_star() == before


def get_names_of_api_star() -> dict[str, Any]:
    """Return what its modules and their classes hold, by name.

    But `__or__`, which is made anew each time, and what plans note on a Type.
    """
    found = {
        f'{module_name}.{name}': value
        for module_name, module in sys.modules.items()
        if module_name.startswith('apistar.')
        for name, value in vars(module).items()
        if not isinstance(value, ModuleType)
    }
    for place, owner in list(found.items()):
        if isinstance(owner, type) and owner.__module__.startswith('apistar.'):
            found |= {f'{place}.{name}': value for name, value in vars(owner).items()}
    return {
        place: value
        for place, value in found.items()
        if not place.endswith('.__or__') and '.__django_apistar_' not in place
    }


# Prints what wraps a function, by its own name and by the place where it stands.
SHOW_WRAPPED = """
import sys
import django_apistar

for name, module in list(sys.modules.items()):
    if name.startswith('apistar.'):
        for owner in vars(module).values():
            if isinstance(owner, type) and owner.__module__ == name:
                for place, value in vars(owner).items():
                    function = getattr(value, '__func__', value)
                    code = getattr(function, '__code__', None)
                    if code and 'django_apistar' in code.co_filename and hasattr(
                        function, '__wrapped__'
                    ):
                        print(f'{function.__module__}.{function.__qualname__}', place)
"""


def test_what_wraps_a_function_of_api_star_is_called_as_that() -> None:
    """`adjustments`, `arrays`, `attributes`, `objects`: help() and editors show its parameters."""
    done = subprocess.run(
        [sys.executable, '-c', SHOW_WRAPPED], capture_output=True, text=True, check=True
    )

    assert sorted(done.stdout.splitlines()) == [
        'apistar.formats.DateFormat.validate validate',
        'apistar.formats.DateTimeFormat.validate validate',
        'apistar.formats.TimeFormat.validate validate',
        'apistar.test._WSGIAdapter.get_environ get_environ',
        'apistar.types.Type.__init__ __init__', 'apistar.types.Type.validate validate',
        'apistar.types.TypeMetaclass.__new__ __new__',
        'apistar.validators.Array.__init__ __init__', 'apistar.validators.Array.validate validate',
        'apistar.validators.NumericType.validate validate',
        'apistar.validators.Object.__init__ __init__',
        'apistar.validators.Object.validate validate',
        'apistar.validators.Uniqueness.make_hashable make_hashable',
    ]  # fmt: skip


def test_a_component_whose_annotations_are_text_is_found():
    """`_read_annotations_that_are_text`: by API Star's own class of components."""
    scope = {'__name__': 'shop.components'}
    exec(
        'from __future__ import annotations\n'
        'from apistar import Component\n'
        'class User: ...\n'
        'class UserComponent(Component):\n'
        '    def resolve(self, id: int) -> User: ...\n',
        scope,
    )
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    component = scope['UserComponent']()

    assert component.can_handle_parameter(inspect.Parameter('a', kind, annotation=scope['User']))
    assert not component.can_handle_parameter(inspect.Parameter('a', kind, annotation=int))


def test_url_decode_is_lent_for_the_import_alone():
    """Nobody else is to take this Werkzeug for an old one."""
    assert not hasattr(werkzeug.urls, 'url_decode')


def test_cgi_is_lent_for_the_import_alone():
    assert ('cgi' in sys.modules) is (importlib.util.find_spec('cgi') is not None)


def test_a_projects_own_stand_in_for_cgi_is_left_alone(monkeypatch):
    """It has no `__spec__`, and API Star was imported with its help."""
    stand_in = ModuleType('cgi')
    monkeypatch.setitem(sys.modules, 'cgi', stand_in)

    adjustments.install()

    assert sys.modules['cgi'] is stand_in


# Werkzeug


@pytest.mark.parametrize(
    ('body', 'pairs'),
    [
        (b'a=1&b=2', [('a', '1'), ('b', '2')]),
        (b'a=1&a=2', [('a', '1'), ('a', '2')]),
        (b'a+b=c%20d', [('a b', 'c d')]),
        (b'a=&b', [('a', ''), ('b', '')]),
        (b'%C3%A9=%c3%a9', [('é', 'é')]),
        (b'a=%FF', [('a', '\ufffd')]),
        (b'a=\xff', [('a', '\ufffd')]),
        (b'a=1;b=2', [('a', '1;b=2')]),
        (b'', []),
        (b'&&', []),
    ],
)
def test_forms_are_decoded_as_by_werkzeug_2(body, pairs):
    assert list(URLEncodedCodec().decode(body).items(multi=True)) == pairs


@pytest.mark.parametrize('path', ['/p//a', '/p/a//'])
def test_double_slashes_are_not_merged(path):
    response = answer(nothing, path, '/p/a/', allow_redirects=False)

    assert response.status_code == 404


def test_content_disposition_is_parsed():
    parsed = lent_cgi.parse_header('attachment; filename="a;b.txt"; size=5')

    assert parsed == ('attachment', {'filename': 'a;b.txt', 'size': '5'})


@pytest.mark.filterwarnings('ignore:No directory at')
def test_app_with_a_package_without_templates():
    assert get(App([], packages=['json']), '/docs/').status_code == 200


# The test client of API Star


def test_clients_response_may_have_another_length_than_declared():
    def handler() -> http.Response:
        return http.Response(b'body', status_code=204)

    assert answer(handler).status_code == 204


def test_client_spells_paths_as_servers_do():
    def handler(environ: apistar.server.wsgi.WSGIEnviron) -> dict:
        return {'path': environ['PATH_INFO']}

    def app(environ: Any, start_response: Any) -> Any:
        start_response('200 OK', [])
        return [environ['PATH_INFO'].encode('latin-1')]

    assert apistar.TestClient(app).get('/café/').content == '/café/'.encode()


# Annotations


def test_annotations_that_are_text():
    def handler(number: 'int') -> 'dict':
        return {'number': number + 1}

    app = application.App([Route('/{number}/', 'GET', handler)])

    assert get(app, '/1/').json() == {'number': 2}


def test_optional_parameters():
    def handler(a: Optional[int], b: 'int | None', c: Optional[int] = 5) -> dict:
        return {'a': a, 'b': b, 'c': c}

    app = application.App([Route('/', 'GET', handler)])

    assert get(app, '/').json() == {'a': None, 'b': None, 'c': 5}
    assert get(app, '/?a=1&b=2&c=3').json() == {'a': 1, 'b': 2, 'c': 3}


# API Star's types


@pytest.mark.parametrize(
    ('validator', 'value', 'message'),
    [
        (validators.Date(), '2018-13-45', 'Must be a valid date.'),
        (validators.Date(), '2018-02-30', 'Must be a valid date.'),
        (validators.Time(), '25:00', 'Must be a valid time.'),
        (validators.Time(), '12:00garbage', 'Must be a valid time.'),
        (validators.DateTime(), '2018-01-01T25:00:00Z', 'Must be a valid datetime.'),
        (validators.DateTime(), '2018-01-01T12:00:00+99:99', 'Must be a valid datetime.'),
        (validators.DateTime(), '2018-01-01', 'Must be a valid datetime.'),
    ],
)
def test_impossible_dates_are_a_clients_mistake(validator, value, message):
    with pytest.raises(validators.ValidationError) as caught:
        validator.validate(value)

    assert caught.value.detail == message


@pytest.mark.parametrize(
    ('validator', 'text', 'value'),
    [
        (validators.Date(), '2018-02-28', datetime.date(2018, 2, 28)),
        (validators.Time(), '12:30:15.5', datetime.time(12, 30, 15, 500000)),
        (
            validators.DateTime(),
            '2018-01-01T12:00:00Z',
            datetime.datetime(2018, 1, 1, 12, tzinfo=datetime.timezone.utc),
        ),
    ],
)
def test_possible_dates(validator, text, value):
    assert validator.validate(text) == value


@pytest.mark.parametrize(
    ('query', 'value'),
    [('', None), ('?b=true', True), ('?b=0', False), ('?b=', None), ('?b=off', False)],
)
def test_optional_boolean_parameter(query, value):
    def handler(b: bool = None) -> dict:  # noqa: RUF013
        return {'b': b}

    assert answer(handler, f'/{query}').json() == {'b': value}


def test_union_of_a_union_leaves_the_first_unchanged():
    first = validators.Integer() | validators.String()

    second = first | validators.Boolean()

    assert [type(item).__name__ for item in first.items] == ['Integer', 'String']
    assert [type(item).__name__ for item in second.items] == ['Integer', 'String', 'Boolean']


@pytest.mark.parametrize('duplicate', [copy.copy, copy.deepcopy, pickle_and_back])
def test_types_can_be_copied_and_pickled(duplicate):
    line = Line(start=Point(x=1), ends=[Point(x=2, y=3)])

    duplicated = duplicate(line)

    assert type(duplicated) is Line
    assert duplicated is not line
    assert dict(duplicated) == dict(line)
    assert duplicated.ends[0].y == 3


# Whichever of 0.5.40, 0.5.41 and 0.5.42 is installed


def draw(line: Line) -> dict:
    return {'start': line.start}


def list_points() -> typing.List[Point]:
    return [Point(x=1)]


@both_modes
def test_text_for_a_type_is_a_clients_mistake(app_class):
    """An AttributeError before 0.5.42, and so a 500."""
    app = build(app_class, Route('/', 'POST', draw))

    answers = [ask(app, '/', 'POST', body=body) for body in (b'"text"', b'{"start": "text"}')]

    assert [(answer.code, answer.json()) for answer in answers] == [
        (400, 'Must be an object.'),
        (400, {'start': 'Must be an object.', 'ends': 'The "ends" field is required.'}),
    ]


@pytest.mark.parametrize('text', ['', 'text'])
def test_no_type_is_made_of_text(text):
    with pytest.raises(validators.ValidationError) as caught:
        Point(text)

    assert caught.value.detail == 'Must be an object.'


@both_modes
def test_handler_may_return_a_list_of_types(app_class):
    """A TypeError when the Route was made, before 0.5.41."""
    app = build(app_class, Route('/', 'GET', list_points))

    assert ask(app, '/').json() == [{'x': 1, 'y': 0}]


CLASSES = [
    validators.String, validators.Integer, validators.Object, validators.Union, own.Decimal,
    own.UUID, own.File,
]  # fmt: skip


@pytest.mark.parametrize('cls', CLASSES)
def test_class_in_place_of_a_validator_is_an_error_at_start(cls):
    """A TypeError of the Type without the field; a 500 at each request in an Array."""
    body = {'__module__': 'shop.types', '__qualname__': 'Item', 'ok': validators.String()}
    remedy = f'is the class {cls.__name__}. Write {cls.__name__}(), which is a validator.'
    found = []
    for make in (
        lambda: type(types.Type)('Item', (types.Type,), {**body, 'price': cls}),
        lambda: validators.Array(items=cls),
        lambda: validators.Array(items=[validators.String(), cls]),
        lambda: validators.Array([validators.String()], cls),
        lambda: validators.Object(properties={'price': cls}),
        lambda: validators.Object(pattern_properties={'^x': cls}),
        lambda: validators.Object(additional_properties=cls),
    ):
        with pytest.raises(exceptions.ConfigurationError) as caught:
            make()
        found.append(str(caught.value))

    assert found == [
        f"shop.types.Item: 'price' {remedy}",
        f"Array: 'items' {remedy}",
        f"Array: 'items' {remedy}",
        f"Array: 'additional_items' {remedy}",
        f"Object: 'price' {remedy}",
        f"Object: '^x' {remedy}",
        f"Object: 'additional_properties' {remedy}",
    ]


def test_type_in_place_of_a_validator_is_one():
    made = type(types.Type)('Line', (types.Type,), {'start': Point})

    assert made({'start': {'x': 1}}) == {'start': {'x': 1, 'y': 0}}
    assert validators.Array(items=Point).validate([{'x': 1}]) == [{'x': 1, 'y': 0}]
    assert validators.Object(properties={'p': Point}).validate({'p': {'x': 1}}) == {
        'p': {'x': 1, 'y': 0}
    }


# The list of adjustments


def test_every_adjustment_is_documented():
    """One function each; `install` is their list."""
    names = [name for name in adjustments.install.__code__.co_names if name.startswith('_')]

    assert len(names) >= 10
    assert [name for name in names if not getattr(adjustments, name).__doc__] == []


LEAVES = st.sampled_from([validators.Integer(), validators.String(), validators.Integer(default=3)])
OBJECTS = st.builds(
    validators.Object,
    properties=st.dictionaries(st.sampled_from(['a', 'xa', 'b']), LEAVES),
    pattern_properties=st.dictionaries(st.sampled_from(['^x', 'a', 'b$']), LEAVES, min_size=1),
    additional_properties=st.sampled_from([None, True, False, validators.Integer()]),
    required=st.lists(st.sampled_from(['a', 'q']), unique=True),
    min_properties=st.sampled_from([None, 1, 2]),
    max_properties=st.sampled_from([None, 3]),
    allow_null=st.booleans(),
)
KEYS = st.sampled_from(['a', 'b', 'xa', 'xb', 'q', 3])


@given(OBJECTS, st.dictionaries(KEYS, st.sampled_from([1, '1', None])) | st.none() | st.just([]))
def test_objects_with_patterns_are_validated_as_by_api_star(validator, value):
    def describe(validate):
        try:
            validated = validate(validator, value)
        except validators.ValidationError as exc:
            return 'refused', exc.detail, list(exc.detail)
        return 'validated', validated, list(validated or ())

    repaired = validators.Object.validate

    assert describe(repaired) == describe(repaired.__wrapped__)
