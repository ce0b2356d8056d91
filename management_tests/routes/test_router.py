"""What API Star's router, injector and documents did wrong (R1 to R19 of compatibility.md)."""

import functools
import gc
import inspect
import typing
import weakref

import apistar
import pytest
from apistar import Component, Include, Route, http, types, validators
from apistar.server.wsgi import WSGIEnviron

from django_apistar.api import errors
from django_apistar.routes.router import Router
from management_tests.support.future_handlers import future_handler
from management_tests.support.oracle import (
    Accelerated,
    Plain,
    Request,
    ask,
    both_modes,
    build,
    build_trio,
    quiet,
)


class Item(types.Type):
    name = validators.String(max_length=5)
    size = validators.Integer(allow_null=True)


def hello() -> str:
    return 'hello'


def goodbye() -> str:
    return 'goodbye'


def number(n: int) -> list:
    return [n]


def fraction(n: float) -> list:
    return [n]


def truth(n: bool) -> list:
    return [n]


def word(name: str) -> list:
    return [name]


@both_modes
def test_two_routes_of_one_name_keep_their_own_handlers(app_class):
    """R1: the last of the name answered for both."""
    app = build(
        app_class, Route('/admin/', 'GET', hello, name='x', documented=False),
        Route('/public/', 'GET', goodbye, name='x', documented=False),
    )  # fmt: skip

    assert (ask(app, '/admin/').body, ask(app, '/public/').body) == (b'hello', b'goodbye')


@both_modes
def test_two_includes_of_one_name_keep_their_own_handlers(app_class):
    """R1"""
    app = build(
        app_class, Include('/a', 'v', [Route('/', 'GET', hello)]),
        Include('/b', 'v', [Route('/', 'GET', goodbye, name='hello')]),
    )  # fmt: skip

    assert (ask(app, '/a/').body, ask(app, '/b/').body) == (b'hello', b'goodbye')


@both_modes
def test_nested_includes_are_in_the_document(app_class):
    """R2"""
    inner = Include('/inner', 'inner', [Route('/x/', 'GET', hello)])
    app = build(app_class, Include('/outer', 'outer', [inner]))

    [link] = app.document.content[0].content
    assert (link.url, app.document.content[0].name) == ('/outer/inner/x/', 'outer:inner')


@both_modes
def test_undocumented_routes_of_an_include_are_not_in_the_document(app_class):
    """R3"""
    hidden = Route('/hidden/', 'GET', goodbye, documented=False)
    app = build(app_class, Include('/in', 'in', [Route('/x/', 'GET', hello), hidden]))

    assert [link.url for link in app.document.content[0].content] == ['/in/x/']


@both_modes
def test_two_apps_of_one_include_have_each_prefix_once(app_class):
    """R4"""
    include = Include('/in', 'in', [Route('/x/', 'GET', hello)])

    apps = [build(app_class, include) for _ in range(2)]

    assert [app.document.content[0].content[0].url for app in apps] == ['/in/x/', '/in/x/']
    assert [ask(app, '/in/x/').body for app in apps] == [b'hello', b'hello']


@both_modes
@pytest.mark.parametrize(
    ('method', 'status'), [('GET', '302 Found'), ('HEAD', '302 Found'),
                           ('POST', '308 Permanent Redirect'), ('PUT', '308 Permanent Redirect')]
)  # fmt: skip
def test_redirect_for_a_slash_keeps_method_query_and_script_name(app_class, method, status):
    """R5"""
    route_method = 'GET' if method == 'HEAD' else method
    app = build(app_class, Route('/café/', route_method, hello))

    answer = ask(app, '/café', method, query='a=1&b=%20', environ={'SCRIPT_NAME': '/mnt'})

    assert (answer.status, answer.get('location')) == (status, '/mnt/caf%C3%A9/?a=1&b=%20')
    assert answer.body == (b'' if method == 'HEAD' else f'"{status[4:]}"'.encode())


@both_modes
def test_a_redirect_is_to_the_root_where_the_server_names_no_script(app_class):
    environ = Request('/X').build_environ()
    del environ['SCRIPT_NAME']
    told = []

    build(app_class, Route('/X/', 'GET', hello))(environ, lambda *args: told.extend(args))

    assert (told[0], dict(told[1])['location']) == ('302 Found', '/X/')


@both_modes
def test_a_redirect_keeps_a_script_name_that_is_no_latin_1(app_class):
    """The setting FORCE_SCRIPT_NAME may be any text."""
    answer = ask(
        build(app_class, Route('/a/', 'GET', hello)), '/a', query='b=日',
        environ={'SCRIPT_NAME': '/日'},
    )  # fmt: skip

    assert (answer.status, answer.get('location')) == ('302 Found', '/%3F/a/?b=?')


@both_modes
def test_paths_and_their_parameters_are_text(app_class):
    """R6"""
    app = build(app_class, Route('/café/{name}/', 'GET', word))

    assert ask(app, '/café/naïve 日/').json() == ['naïve 日']


@both_modes
@pytest.mark.parametrize('byte', ['\xff', '\xc3', '\xed\xa0\x80'])
def test_paths_that_are_not_utf_8_are_not_found(app_class, byte):
    """R6"""
    app = build(app_class, Route('/{name}/', 'GET', word))

    assert ask(app, environ={'PATH_INFO': f'/{byte}/'}).status == '404 Not Found'


@both_modes
@pytest.mark.parametrize(
    ('handler', 'text', 'expected'),
    [
        (number, '-3', [-3]), (number, '007', [7]), (number, '0', [0]), (fraction, '1', [1.0]),
        (fraction, '-1.5', [-1.5]), (number, str(2**63 - 1), [2**63 - 1]), (truth, 'true', [True]),
        (truth, '0', [False]),
    ],
)  # fmt: skip
def test_path_parameter_is_converted(app_class, handler, text, expected):
    """R7"""
    app = build(app_class, Route('/{n}/', 'GET', handler))

    assert ask(app, f'/{text}/').json() == expected


@both_modes
@pytest.mark.parametrize(
    ('handler', 'text'),
    [
        (number, 'x'), (number, '1.5'), (number, str(2**63)), (number, '9' * 5000), (number, '٣'),
        (number, '+3'), (number, '1_0'), (number, '--3'), (fraction, 'nan'), (fraction, 'inf'),
        (fraction, '1e3'), (truth, 'maybe'),
    ],
)  # fmt: skip
def test_path_parameter_that_does_not_fit_is_not_found(app_class, handler, text):
    """R7"""
    app = build(app_class, Route('/{n}/', 'GET', handler))

    assert ask(app, f'/{text}/').status == '404 Not Found'


def test_negative_number_is_the_ints_where_stock_goes_on_to_a_path_of_any_text():
    """R7, as a random app found it."""
    trio = build_trio(lambda: [Route('/{n}/', 'GET', number), Route('/{+name}', 'GET', word)])

    answer, stock = trio.compare(Request('/-3/')), ask(trio.stock, '/-3/')

    assert (answer.json(), stock.json()) == ([-3], ['-3/'])


@both_modes
def test_head_has_the_headers_of_get_and_no_body(app_class):
    """R8"""
    app = build(app_class, Route('/', 'GET', hello))

    head, get = ask(app, method='HEAD'), ask(app)

    assert (head.status, head.headers, head.body) == (get.status, get.headers, b'')


@both_modes
def test_405_says_which_methods_there_are(app_class):
    """R9"""
    app = build(app_class, Route('/', 'GET', hello), Route('/', 'PUT', hello, name='put'))

    answer = ask(app, method='DELETE')

    assert (answer.status, answer.body, answer.get('allow')) == (
        '405 Method Not Allowed', b'"Method not allowed"', 'GET, HEAD, PUT, OPTIONS'
    )  # fmt: skip


@both_modes
def test_refusal_is_logged_once_with_the_place_that_logs_it(app_class, caplog):
    app = build(app_class, Route('/a/', 'GET', hello))

    statuses = [ask(app, '/nope/').code, ask(app, '/a/', 'POST').code]

    assert statuses == [404, 405]
    assert [
        (record.name, record.levelname, record.getMessage(), record.exc_info,
         record.pathname, record.funcName, record.stack_info)
        for record in caplog.records
    ] == [
        ('django.request', 'WARNING', message, None,
         errors.__file__, 'warn', None)
        for message in ('NotFound: /nope/', 'MethodNotAllowed: /a/')
    ]  # fmt: skip


@both_modes
def test_options_is_answered_where_no_route_does(app_class):
    """R9"""
    app = build(app_class, Route('/', 'POST', hello))

    answer = ask(app, method='OPTIONS')

    assert (answer.status, answer.headers, answer.body) == (
        '204 No Content', (('allow', 'POST, OPTIONS'),), b''
    )  # fmt: skip


@both_modes
def test_options_route_answers_itself(app_class):
    """R9"""
    app = build(app_class, Route('/', 'OPTIONS', hello))

    assert ask(app, method='OPTIONS').body == b'hello'


def make_user_class(text: str) -> typing.Any:
    class User:
        def __str__(self) -> str:
            return text

    return User


FirstUser, SecondUser = make_user_class('first'), make_user_class('second')


class FirstUserComponent(Component):
    def resolve(self) -> FirstUser:
        return FirstUser()


class SecondUserComponent(Component):
    def resolve(self) -> SecondUser:
        return SecondUser()


def users(a: FirstUser, b: SecondUser) -> list:
    return [str(a), str(b)]


@both_modes
def test_two_classes_of_one_name_are_two(app_class):
    """R10: the second got the first's object."""
    components = [FirstUserComponent(), SecondUserComponent()]
    app = build(app_class, Route('/', 'GET', users), components=components)

    assert ask(app).json() == ['first', 'second']


class Environ:
    """Not the WSGI one."""


class EnvironComponent(Component):
    def resolve(self) -> Environ:
        return Environ()


@both_modes
def test_class_named_like_a_part_of_the_request_is_its_own(app_class):
    """R10: it received the WSGI environ."""

    def handler(environ: Environ) -> str:
        return type(environ).__name__

    app = build(app_class, Route('/', 'GET', handler), components=[EnvironComponent()])

    assert ask(app).body == b'Environ'


class ItemComponent(Component):
    def resolve(self, environ: WSGIEnviron) -> Item:
        return Item(name='mine', size=1)


class HeadersComponent(Component):
    def resolve(self) -> http.Headers:
        return http.Headers({'x': 'mine'})


class ByName(Component):
    def can_handle_parameter(self, parameter: inspect.Parameter) -> bool:
        return parameter.name == 'magic'

    def resolve(self, parameter: inspect.Parameter) -> str:
        return parameter.name.upper()


@both_modes
def test_components_of_the_project_come_before_api_stars(app_class):
    """R11: for a Type, http.Headers, and by the name of a parameter without annotation."""

    def handler(item: Item, headers: http.Headers, magic, other: str = 'query') -> list:
        return [item, list(headers), magic, other]

    components = [ItemComponent(), HeadersComponent(), ByName()]
    app = build(app_class, Route('/', 'GET', handler), components=components)

    assert ask(app).json() == [{'name': 'mine', 'size': 1}, [['x', 'mine']], 'MAGIC', 'query']


class Chosen(Component):
    def resolve(self) -> str:
        return 'chosen'


@both_modes
def test_component_that_returns_a_str_does_not_take_every_str(app_class):
    """R11: only one that overrides can_handle_parameter comes before query parameters."""
    app = build(app_class, Route('/{name}/', 'GET', word), components=[Chosen()])

    assert ask(app, '/x/').json() == ['x']


def find_items(item: Item, page: int = 1) -> list:
    return [item, page]


@both_modes
@pytest.mark.parametrize('method', ['GET', 'DELETE', 'get'])
def test_type_of_a_get_is_read_from_the_query_string(app_class, method):
    """R12: it is documented so, and was read from the body."""
    app = build(app_class, Route('/', method, find_items))

    answer = ask(app, method=method.upper(), query='name=x&size=3&page=2')

    assert answer.json() == [{'name': 'x', 'size': 3}, 2]


@both_modes
def test_type_of_a_get_that_does_not_fit_is_a_bad_request(app_class):
    """R12"""
    app = build(app_class, Route('/', 'GET', find_items))

    answer = ask(app, query='name=toolong&size=x')

    assert (answer.status, answer.json()) == (
        '400 Bad Request',
        {'name': 'Must have no more than 5 characters.', 'size': 'Must be a number.'},
    )


@both_modes
def test_type_of_a_delete_is_read_from_its_body_where_it_has_one(app_class):
    """R12: what API Star did stays possible."""
    app = build(app_class, Route('/', 'DELETE', find_items))

    answer = ask(app, method='DELETE', body=b'{"name": "x", "size": null}')

    assert answer.json() == [{'name': 'x', 'size': None}, 1]


@both_modes
def test_annotations_may_be_text(app_class):
    """R14: every request was a 500, and a path parameter a KeyError."""
    app = build(app_class, Route('/{n}/', 'POST', future_handler))

    answer = ask(app, '/7/', 'POST', query='q=x', body=b'{"title": "t"}')

    assert answer.json() == [7, 'x', {'title': 't'}, 'POST']


class Adder:
    """Adds."""

    def __init__(self, amount: int) -> None:
        self.amount = amount

    def __call__(self, n: int) -> list:
        return [n + self.amount]


@both_modes
@pytest.mark.parametrize(
    ('handler', 'expected'),
    [(Adder(2), [5]), (functools.partial(Adder(2)), [5]), (Adder(1).__call__, [4]),
     (functools.partial(number), [3])],
)  # fmt: skip
def test_handler_may_be_any_callable(app_class, handler, expected):
    """R15"""
    app = build(app_class, Route('/{n}/', 'GET', handler, name='adder'))

    assert ask(app, '/3/').json() == expected


@both_modes
def test_routes_components_and_hooks_may_be_tuples(app_class):
    """R16"""
    app = app_class(
        routes=(Route('/', 'GET', users),),
        components=(FirstUserComponent(), SecondUserComponent()), event_hooks=(),
        schema_url=None, docs_url=None, static_url=None,
    )  # fmt: skip

    assert ask(app).json() == ['first', 'second']


class FailingHook:
    made = 0

    def __init__(self) -> None:
        type(self).made += 1
        if self.made > 1:  # App() makes one to see whether it can.
            raise RuntimeError('cannot be made')


def test_hook_that_cannot_be_made_is_a_500():
    """R18: the exception left the application."""
    for app_class in (Accelerated, Plain):
        FailingHook.made = 0
        app = build(app_class, Route('/', 'GET', hello), hooks=[FailingHook])
        FailingHook.made = 1

        with quiet():
            assert ask(app).status == '500 Internal Server Error'


@both_modes
def test_environ_without_path_info_and_script_name(app_class):
    """R18: KeyError."""

    def handler(path: http.Path, query: http.QueryString) -> list:
        return [path, query]

    app = build(app_class, Route('/', 'GET', handler))
    environ = {'REQUEST_METHOD': 'GET', 'wsgi.url_scheme': 'http'}

    assert list(app(environ, lambda *args: None)) == [b'["",""]']


@both_modes
def test_app_without_templates_still_answers(app_class):
    """R19 is kept: render_template needs templates, and a call without is the project's fault."""

    def page(app: apistar.App) -> str:
        return app.render_template('index.html')

    app = build(app_class, Route('/', 'GET', page))

    with quiet():
        assert ask(app).status == '500 Internal Server Error'


@both_modes
@pytest.mark.parametrize(
    ('path', 'code'),
    [
        ('/shop//5/', 200), ('/shop//5', 302), ('/shop/5/', 404), ('/shop///5/', 404),
        ('//shop//5/', 404), ('/shop//5//', 404), ('/p/a/b', 200), ('/p/a//b', 404),
        ('/p/a//', 404), ('/x//', 404), ('//', 404), ('/q/a/b', 302), ('/q/a//b', 404),
        ('/q/a//b/', 404),
    ],
)  # fmt: skip
def test_two_slashes_in_a_row_are_asked_for_where_a_route_has_them(app_class, path, code):
    """W027 tells of it."""
    app = build(
        app_class, Include('/shop/', 'shop', [Route('/{n}/', 'GET', number)]),
        Route('/p/{+name}', 'GET', word), Route('/x/', 'GET', hello), Route('/', 'GET', goodbye),
        Route('/q/{+name}/', 'GET', word, name='closed'),
    )  # fmt: skip

    assert ask(app, path).code == code


class Text(str):
    """A text that can be waited for to be forgotten."""


def test_paths_are_kept_unless_they_are_long():
    """Clients choose them."""
    router = Router([Route('/{+path}', 'GET', lambda path: {}, name='any')])
    paths = {length: Text('/' + 'a' * (length - 1)) for length in (2, 256, 4096)}
    kept = {length: weakref.ref(path) for length, path in paths.items()}
    for path in paths.values():
        router.lookup(path, 'GET')
    del path
    paths.clear()
    gc.collect()

    assert [length for length, reference in kept.items() if reference()] == [2, 256]


def go_home() -> str:
    return 'home'


def go_shopping() -> str:
    return 'shop'


@both_modes
def test_a_project_finds_routes_by_their_names_as_with_api_star(app_class):
    routes = [
        Route('/', 'GET', go_home, name='home'),
        Include('/shop', 'shop', [Route('/', 'GET', go_shopping, name='all')]),
    ]

    found = app_class(routes, schema_url=None, docs_url=None).router.name_lookups

    assert {name: route.handler for name, route in found.items()} == {
        'home': go_home,
        'shop:all': go_shopping,
    }
