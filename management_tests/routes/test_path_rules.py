"""Werkzeug's rules in a Route's URL: `/<float(signed=True):lat>`, `/<path:rest>`, with `{braces}`.

API Star hands them to Werkzeug as they are, and so it is the oracle.
"""

import io
import itertools
import json
import sys
import types
import uuid
from typing import Any

import apistar
import pytest
from apistar import Component, Include, Route, exceptions, http
from django.core.management import CommandError, call_command
from django.test import override_settings
from hypothesis import given, settings
from hypothesis import strategies as st

from django_apistar import reverse_url
from django_apistar.schema import build_app_openapi
from django_apistar.schema.validation import find_errors
from django_apistar.test import TestClient
from management_tests.support.checks import check, check_routes
from management_tests.support.oracle import (
    Accelerated,
    Plain,
    Request,
    ask,
    both_modes,
    build,
    build_trio,
    send,
)

ID = '12345678-1234-5678-1234-567812345678'


def locate(lat: float, lon: float, zoom: int = 1) -> list:
    return [lat, lon, zoom]


def walk(lat: int, lon: str) -> list:
    return [lat, lon]


def choose(x: str) -> list:
    return [x]


def count(x: int) -> list:
    return [x]


def measure(x: float) -> list:
    return [x]


def show(id) -> list:
    return [str(id), type(id).__name__]


def identify(id: uuid.UUID) -> list:
    return [id.hex]


def both(shop: int, item: str) -> list:
    return [shop, item]


def make_routes() -> list[Any]:
    return [
        Route('/reverse/<float(signed=True):lat>:<float(signed=True):lon>', 'GET', locate),
        Route('/int/<int:lat>/<path:lon>', 'GET', walk),
        Route('/any/<any(a,"b c"):x>/', 'GET', choose, name='any'),
        Route('/lang/<string(length=2):x>/', 'GET', choose, name='lang'),
        Route('/short/<string(minlength=2, maxlength=3):x>/', 'GET', choose, name='short'),
        Route('/plain/<x>', 'GET', choose, name='plain'),
        Route('/text/<string:x>', 'GET', choose, name='text'),
        Route('/signed/<int(signed=True):x>', 'GET', count, name='signed'),
        Route('/month/<int(fixed_digits=2, min=1, max=12):x>', 'GET', count, name='month'),
        Route('/coerced/<int:x>', 'GET', measure, name='coerced'),
        Route('/whole/<float:x>', 'GET', count, name='whole'),
        Route('/digits/<x>', 'GET', count, name='digits'),
        Route('/never/<int:x>', 'GET', choose, name='never'),
        Route('/uuid/<uuid:id>', 'GET', show),
        Include('/shops/<int:shop>', 'shops', [Route('/items/{item}/', 'GET', both)]),
        Include('/braces/{shop}', 'braces', [Route('/items/<item>/', 'GET', both)]),
        Route('/a>b/<x>', 'GET', choose, name='greater'),
    ]


TRIO = build_trio(make_routes)


@pytest.mark.parametrize(
    ('path', 'expected'),
    [
        ('/reverse/-33.5:151.25', [-33.5, 151.25, 1]),
        ('/reverse/-33:151', 'Not found'),  # Werkzeug's float has a fraction.
        ('/reverse/-33.5', 'Not found'),
        ('/int/3/a/b', [3, 'a/b']),
        ('/int/-3/a', 'Not found'),  # Werkzeug's int has a sign where `signed` says so.
        ('/any/a/', ['a']),
        ('/any/b c/', ['b c']),
        ('/any/c/', 'Not found'),
        ('/any/a', 'Found'),
        ('/lang/de/', ['de']),
        ('/lang/deu/', 'Not found'),
        ('/short/deu/', ['deu']),
        ('/short/d/', 'Not found'),
        ('/plain/a b', ['a b']),
        ('/plain/a/b', 'Not found'),
        ('/text/7', ['7']),
        ('/signed/-7', [-7]),
        ('/month/07', [7]),
        ('/month/7', 'Not found'),
        ('/month/13', 'Not found'),
        ('/coerced/7', [7.0]),
        ('/whole/7.0', [7]),
        ('/whole/7.5', {'x': 'Must be an integer.'}),
        ('/digits/7', [7]),
        ('/digits/seven', {'x': 'Must be a number.'}),
        ('/never/7', {'x': 'Must be a string.'}),
        (f'/uuid/{ID}', [ID, 'UUID']),
        (f'/uuid/{ID.replace("-", "")}', 'Not found'),
        ('/shops/7/items/chair/', [7, 'chair']),
        ('/shops/x/items/chair/', 'Not found'),
        ('/braces/7/items/chair/', [7, 'chair']),
        ('/a>b/c', ['c']),
    ],
)
def test_a_rule_is_answered_as_api_star_answers_it(path, expected):
    answers = [send(app, Request(path)) for app in (TRIO.stock, TRIO.accelerated, TRIO.plain)]

    assert answers[0] == answers[1] == answers[2]
    assert answers[0].json() == expected


@both_modes
@pytest.mark.parametrize('path', ['/int/٣/a', f'/int/{2**63}/a', f'/int/{"9" * 400}/a',
                                  '/reverse/٣.٣:1.0', f'/reverse/{"9" * 400}.0:1.0'])  # fmt: skip
def test_a_rule_for_numbers_takes_ascii_digits_that_a_database_takes(app_class, path):
    """R7, D13"""
    assert ask(build(app_class, *make_routes()), path).status == '404 Not Found'


@both_modes
def test_the_query_string_does_not_get_at_a_parameter_of_the_path(app_class):
    """API Star reads the parameters of a rule, and of an Include, as query parameters as well."""
    app = build(app_class, *make_routes())

    answers = [ask(app, path, query='lat=x&shop=x&item=x&zoom=7').json() for path in (
        '/reverse/-33.5:151.25', '/shops/7/items/chair/', '/braces/7/items/chair/',
    )]  # fmt: skip

    assert answers == [[-33.5, 151.25, 7], [7, 'chair'], [7, 'chair']]


@both_modes
def test_a_uuid_is_injected(app_class):
    app = build(app_class, Route('/<uuid:id>/', 'GET', identify))

    assert ask(app, f'/{ID}/').json() == [uuid.UUID(ID).hex]


class Hexadecimal(Component):
    def resolve(self, path_params: http.PathParams) -> uuid.UUID:
        return uuid.UUID(path_params['id'])


@both_modes
def test_a_components_own_uuid_comes_first(app_class):
    """As it did before the path had any."""
    app = build(app_class, Route('/{id}/', 'GET', identify), components=[Hexadecimal()])

    assert ask(app, f'/{ID}/').json() == [uuid.UUID(ID).hex]


RULES = (
    '<x>', '<int:x>', '<string(length=2):x>', '<path:x>', '<any(a,"7"):x>', '<any(a,b):x>', '{x}',
    '<float:x>', '<int(signed=True):x>', '<uuid:x>', '<int:x>-<int:y>', 'v<int:x>',
)  # fmt: skip
LITERALS = ('a', '7', 'ab')
SEGMENTS = ('a', 'b', '7', '-7', 'ab', '7.5', '7-8', 'v7', ID)


@st.composite
def draw_path(draw: Any) -> str:
    """Return a path with at most one rule of each name."""
    segments = draw(st.lists(st.sampled_from((*RULES, *LITERALS)), min_size=1, max_size=3))
    names = iter('pqr')
    own = [segment.replace('x>', f'{n}>').replace('{x}', f'{{{n}}}').replace('y>', f'{n}{n}>')
           for segment, n in zip(segments, names, strict=False)]  # fmt: skip
    return '/' + '/'.join(own) + draw(st.sampled_from(['', '/']))


@settings(max_examples=60, deadline=None)
@given(st.lists(draw_path(), min_size=1, max_size=5, unique=True), st.data())
def test_random_rules_lead_where_api_star_leads(paths, data):
    def make_handler(number: int) -> Any:
        def handler(params: http.PathParams) -> list:
            return [number, {name: str(value) for name, value in params.items()}]

        return handler

    def make_random_routes() -> list[Any]:
        return [Route(path, 'GET', make_handler(n), name=str(n)) for n, path in enumerate(paths)]

    apps = [build(cls, *make_random_routes()) for cls in (apistar.App, Accelerated, Plain)]
    for _ in range(10):
        segments = data.draw(st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=4))
        path = '/' + '/'.join(segments) + data.draw(st.sampled_from(['', '/']))
        answers = [send(app, Request(path)) for app in apps]
        assert answers[0] == answers[1] == answers[2], (paths, path)


PATHS = ('/', '/a', '/a/', '/a/b', '/{x}', '/{x}/', '/{n}', '/{n}/', '/a/{n}', '/{x}/b', '/{n}/b/',
         '/{n}/{x}', '/{x}/{y}', '/<path:x>', '/<int(signed=True):n>')  # fmt: skip
ASKED = ('/', '//', '/a', '/a/', '/b', '/7', '/7/', '/-7', '/a/b', '/a/7', '/a/b/', '/7/b', '/7/b/',
         '/b/b', '/b/7', '/7/7', '/a/b/7', '/\xc3\xa9', '/.', f'/{10**20}')  # fmt: skip


def test_each_pair_of_routes_leads_where_werkzeug_leads():
    def make_handler(path: str) -> Any:
        def with_number(n: int, params: http.PathParams) -> list:
            return [path, {**params}]

        def without(params: http.PathParams) -> list:
            return [path, {**params}]

        return with_number if '{n}' in path else without

    for pair in itertools.combinations(PATHS, 2):
        routes = [
            Route(path, method, make_handler(path), name=method)
            for path, method in zip(pair, ('GET', 'POST'), strict=True)
        ]
        apps = [build(cls, *routes) for cls in (Accelerated, Plain)]
        for path, method in itertools.product(ASKED, ('GET', 'POST')):
            compiled, plain = (send(app, Request(path, method=method)) for app in apps)
            assert compiled == plain, (pair, method, path)


# The project: every command and check reads the same rules


@pytest.fixture
def project():
    module = types.ModuleType('rule_routes')
    module.routes = [route for route in make_routes() if route.name != 'never']
    sys.modules['rule_routes'] = module
    with override_settings(
        APISTAR_ROUTE_CONF='rule_routes', APISTAR_SETTINGS={'ALLOWED_DJANGO_ROUTES': ['/django/']}
    ):
        yield
    del sys.modules['rule_routes']


def run(*options: str) -> str:
    stdout = io.StringIO()
    call_command('apistar_routes', *options, stdout=stdout, stderr=io.StringIO())
    return stdout.getvalue()


@pytest.mark.usefixtures('project')
def test_a_route_with_a_rule_is_reversed():
    assert [
        reverse_url('locate', lat=-33.5, lon=151.25), reverse_url('walk', lat=3, lon='a/b'),
        reverse_url('any', x='a'), reverse_url('month', x=7),
        reverse_url('show', id=uuid.UUID(ID)), reverse_url('shops:both', shop=7, item='chair'),
    ] == [
        '/reverse/-33.5:151.25', '/int/3/a/b', '/any/a/', '/month/07', f'/uuid/{ID}',
        '/shops/7/items/chair/',
    ]  # fmt: skip


@pytest.mark.usefixtures('project')
@pytest.mark.parametrize(
    ('name', 'params', 'sentence'),
    [
        ('any', {'x': 'c'},
         ("""The route 'any', /any/<any(a,"b c"):x>/: x is 'c', which is not a value of """
         '<any(a,"b c"):x>.')),
        ('walk', {'lat': 'three', 'lon': 'a'},
         ("The route 'walk', /int/<int:lat>/<path:lon>: lat is 'three', "
          'which is not an integer from 0 on.')),
    ],
)  # fmt: skip
def test_a_value_that_the_rule_does_not_take_is_not_reversed(name, params, sentence):
    with pytest.raises(exceptions.NoReverseMatch) as failure:
        reverse_url(name, **params)

    assert str(failure.value) == sentence


@pytest.mark.usefixtures('project')
def test_a_route_with_a_rule_is_resolved():
    text = run('--resolve', '/reverse/-33.5:151.25')

    lines = [line for line in text.splitlines() if 'source' not in line and 'compiled' not in line]
    assert lines == [
        'GET /reverse/-33.5:151.25',
        '  framework   apistar',
        '  rule        No prefix in ALLOWED_DJANGO_ROUTES covers the path.',
        '  route       /reverse/<float(signed=True):lat>:<float(signed=True):lon>  locate',
        f'  handler     {__name__}.locate',
        '  parameter   lat = -33.5, path',
        '  parameter   lon = 151.25, path',
        '  parameter   zoom, query',
    ]


@pytest.mark.usefixtures('project')
def test_a_path_that_no_rule_takes_is_404_with_the_near_ones():
    with pytest.raises(CommandError, match='is answered with 404'):
        run('--resolve', '/int/three/a')


@pytest.mark.usefixtures('project')
def test_routes_with_rules_are_listed_as_they_are_written():
    routes = json.loads(run('--path', '/int/*', '--format', 'json'))['routes']

    assert [(route['path'], route['reachable']) for route in routes] == [
        ('/int/<int:lat>/<path:lon>', True)
    ]


@pytest.mark.usefixtures('project')
def test_routes_with_rules_are_compiled():
    """But for what is validated once more, as its annotation wants something else."""
    keys = {'ALLOWED_DJANGO_ROUTES': ['/django/'], 'ACCELERATE': True}
    with override_settings(APISTAR_SETTINGS=keys):
        routes = json.loads(run('--framework', 'apistar', '--format', 'json'))['routes']

    assert [route['path'] for route in routes if route['compiled'] is not True] == []


@pytest.mark.usefixtures('project')
def test_the_project_serves_its_rules():
    client = TestClient()

    assert client.get('/reverse/-33.5:151.25?zoom=3').json() == [-33.5, 151.25, 3]
    assert client.get('/shops/7/items/chair/').json() == [7, 'chair']
    assert client.get('/nowhere/7').status_code == 404
    paths = client.get('/schema/').json()['paths']
    assert [item['in'] for item in paths['/reverse/{lat}:{lon}']['get']['parameters']] == [
        'path', 'path', 'query'
    ]  # fmt: skip


# The documents


def describe(path: str, handler: Any) -> Any:
    document = build_app_openapi(build(Accelerated, Route(path, 'GET', handler)))
    assert find_errors(document) == ()
    [(documented, item)] = document['paths'].items()
    parameters = item['get'].get('parameters', [])
    return documented, {p['name']: (p['in'], p.get('required'), p['schema']) for p in parameters}


@pytest.mark.parametrize(
    ('path', 'handler', 'documented', 'schemas'),
    [
        ('/reverse/<float(signed=True):lat>:<float:lon>', locate, '/reverse/{lat}:{lon}',
         {'lat': {'type': 'number'}, 'lon': {'type': 'number', 'minimum': 0}}),
        ('/<int:lat>/<path:lon>', walk, '/{lat}/{lon}',
         {'lat': {'type': 'integer', 'minimum': 0}, 'lon': {'type': 'string'}}),
        ('/<any(b,a):x>', choose, '/{x}', {'x': {'type': 'string', 'enum': ['a', 'b']}}),
        ('/<string(length=2):x>', choose, '/{x}',
         {'x': {'type': 'string', 'minLength': 2, 'maxLength': 2}}),
        ('/<string(minlength=2):x>', choose, '/{x}', {'x': {'type': 'string', 'minLength': 2}}),
        ('/<int(min=1, max=12):x>', count, '/{x}',
         {'x': {'type': 'integer', 'minimum': 1, 'maximum': 12}}),
        ('/<uuid:id>', show, '/{id}', {'id': {'type': 'string', 'format': 'uuid'}}),
        ('/<uuid:id>', identify, '/{id}', {'id': {'type': 'string', 'format': 'uuid'}}),
        ('/<x>', count, '/{x}', {'x': {'type': 'integer'}}),
        ('/<x>', choose, '/{x}', {'x': {'type': 'string'}}),
    ],
)  # fmt: skip
def test_the_schema_describes_a_rule_as_a_path_parameter(path, handler, documented, schemas):
    own_path, parameters = describe(path, handler)

    in_path = {name: item[2] for name, item in parameters.items() if item[:2] == ('path', True)}
    assert (own_path, in_path) == (documented, schemas)
    assert [name for name, item in parameters.items() if item[0] == 'query'] == (
        ['zoom'] if handler is locate else []
    )


def test_api_stars_document_has_braces_and_path_fields():
    """Its page and its client know no other."""
    app = build(Accelerated, *make_routes())

    links = {link.name: link for link in app.document.content if hasattr(link, 'fields')}

    assert links['walk'].url == '/int/{lat}/{+lon}'
    assert [(field.name, field.location) for field in links['locate'].fields] == [
        ('lat', 'path'), ('lon', 'path'), ('zoom', 'query')
    ]  # fmt: skip


# System checks


def welcome() -> dict:
    return {}


@pytest.mark.parametrize(
    ('path', 'refusal'),
    [
        ('/<regex("a"):x>/', "the converter 'regex' does not exist"),
        ('/a<b/', "malformed url rule: '/a<b/'"),
        ('/<int:>/', "malformed url rule: '/<int:>/'"),
        ('/<any(a,7):x>', 'decoding to str: need a bytes-like object, int found'),
        ('/<int(min="a"):x>/{y}', "'<' not supported between instances of 'int' and 'str'"),
        ('/<string(minlength=3, maxlength=2):x>',
         'min repeat greater than max repeat at position 5'),
    ],
)  # fmt: skip
def test_E014_what_werkzeug_refuses(path, refusal):
    assert check_routes([Route(path, 'GET', welcome)]) == [
        (
            f"(django_apistar.E014) The path {path!r} of the route 'welcome' is refused by "
            f'Werkzeug: {refusal}. HINT: Converters are any, float, int, path, string and uuid, '
            "as in '/<float(signed=True):lat>'."
        )
    ]


def test_E014_one_name_in_a_rule_and_in_braces():
    assert check_routes([Route('/<int:x>/{x}', 'GET', count)]) == [
        (
            "(django_apistar.E014) The path '/<int:x>/{x}' of the route 'count' has the parameter "
            "'x' twice. HINT: Give each parameter a name of its own."
        )
    ]


@pytest.mark.parametrize(
    ('first', 'second'),
    [
        ('/<int:x>/', '/<int:x>/'),
        ('/<x>/', '/<string:x>/'),
        ('/{x}/a', '/<int:x>/a'),  # a signed number is any number
        ('/<path:x>/', '/{+x}/'),
        ('/<any(a,b):x>/', '/<any(b,a):x>/'),
        ('/<int(min=1):x>/', '/<int(min = 1):x>/'),
    ],
)
def test_E013_two_rules_that_take_the_same(first, second):
    func = choose if 'path' in first or first[:4] in ('/<x>', '/<an') else count
    routes = [Route(first, 'GET', func, name='a'), Route(second, 'GET', func, name='b')]

    assert check_routes(routes) == [
        (
            f"(django_apistar.E013) GET {second} has two routes, 'a' and 'b'; the second is never "
            'called. HINT: Remove one of them.'
        )
    ]


@pytest.mark.parametrize(
    ('first', 'second'),
    [
        ('/<int:x>/', '/<int(signed=True):x>/'),
        ('/<int:x>/', '/{x}/'),
        ('/<int(min=1):x>/', '/<int:x>/'),
        ('/<string(length=2):x>/', '/<x>/'),
        ('/<any(a,b):x>/', '/<any(a,c):x>/'),
        ('/<x>/', '/<path:x>/'),
    ],
)
def test_rules_that_leave_something_to_the_next_are_no_conflict(first, second):
    func = count if 'int' in first else choose
    routes = [Route(first, 'GET', func, name='a'), Route(second, 'GET', func, name='b')]

    assert check_routes(routes) == []


def test_E012_a_rule_below_a_django_prefix():
    assert check_routes([Route('/django/<int:x>/', 'GET', count)])[:1] == [
        (
            "(django_apistar.E012) The API Star route /django/<int:x>/ ('count') is never reached: "
            'ALLOWED_DJANGO_ROUTES covers its path. HINT: Move the route, or remove the prefix.'
        )
    ]


def test_W014_two_rules_that_take_slashes():
    def copy(a: str, b: str) -> None:
        """Copy a file."""

    [message] = check_routes([Route('/<path:a>/to/{+b}', 'GET', copy)])

    assert message.startswith(
        "(django_apistar.W014) The path /<path:a>/to/{+b} ('copy') has 2 parameters that take"
    )


def test_W015_a_rule_that_the_handler_does_not_take():
    [message] = check_routes([Route('/<int(min=1):number>/', 'GET', count)])

    assert message.startswith(
        "(django_apistar.W015) The path /<int(min=1):number>/ of the route 'count' has the "
        "parameter 'number', which"
    )
    assert message.endswith("HINT: Give both one name: '/<int(min=1):x>/'.")


def read_text(id: str) -> list:
    return [id]


@pytest.mark.parametrize(
    ('path', 'func', 'parameter', 'kind'),
    [
        ('/<int:x>/', choose, 'x: str', 'int'),
        ('/<float:x>/', choose, 'x: str', 'float'),
        ('/<uuid:id>/', read_text, 'id: str', 'UUID'),
    ],
)
def test_E015_annotation_that_no_value_of_the_rule_fits(path, func, parameter, kind):
    [message] = check_routes([Route(path, 'GET', func)])

    assert message.partition(' (/')[0] == (
        f"(django_apistar.E015) Parameter '{parameter}' of {__name__}.{func.__name__} is never "
        f'what {path} makes of it, {kind}: each request is a 404'
    )
    assert message.endswith(f'HINT: Annotate it with {kind}.')


@pytest.mark.parametrize(
    ('rule', 'fitting'),
    [
        ('int', [int, float]), ('float', [int, float]), ('uuid', [uuid.UUID]),
        ('string', [str, int, float, bool]), ('path', [str, int, float, bool]),
    ],
)  # fmt: skip
def test_annotations_that_fit_a_rule_are_no_error(rule, fitting):
    def handler(x): ...

    found = []
    for annotation in (str, int, float, bool, uuid.UUID):
        handler.__annotations__['x'] = annotation
        if check_routes([Route(f'/<{rule}:x>/', 'GET', handler)]) == []:
            found.append(annotation)

    assert found == fitting


@pytest.mark.parametrize('path', ['/{id}/', '/', '/<id>/'])
def test_E015_a_uuid_that_is_none_in_the_path(path):
    [message] = check_routes([Route(path, 'GET', identify)])

    assert message.startswith(
        f"(django_apistar.E015) Parameter 'id: uuid.UUID' of {__name__}.identify cannot be injected"
    )
    assert message.endswith(
        'HINT: Write <uuid:id> in the path, or add a component that returns UUID.'
    )


class Asker:
    def on_request(self, id: uuid.UUID) -> None:
        """Never called."""


def test_E015_a_uuid_of_a_hook():
    messages = check(APISTAR_SETTINGS={'EVENT_HOOKS': [Asker]})

    assert [message.partition(' cannot')[0] for message in messages if 'E015' in message] == [
        f"(django_apistar.E015) Parameter 'id: uuid.UUID' of {__name__}.Asker.on_request"
    ]
