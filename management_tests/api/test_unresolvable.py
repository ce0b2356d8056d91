"""What can never be called is an error at start, not a 500 at the first request."""

import inspect
import subprocess
import sys
import typing

import pytest
from apistar import Component, Include, Route, http
from django.test import override_settings

from django_apistar.conf.problems import SettingsError
from django_apistar.dispatch.dispatcher import get_application
from management_tests.support.checks import check_routes
from management_tests.support.server_process import Project

FILE = __file__


class Basket:
    """Nobody provides it, unless a component says so."""


class Silent(Component):
    def resolve(self):
        return Basket()


class First:
    pass


class Second:
    pass


class FirstComponent(Component):
    def resolve(self, second: Second) -> First:
        return First()


class SecondComponent(Component):
    def resolve(self, first: First) -> Second:
        return Second()


class NeedyComponent(Component):
    def resolve(self, basket: Basket) -> First:
        return First()


class NeedyHook:
    def on_response(self, basket: Basket) -> None:
        """Asks for what nobody provides."""


class NeedyFromTheFirst:
    def on_request(self, basket: Basket) -> None:
        """So does this one."""

    def on_error(self, basket: Basket) -> None:
        """And this."""


def hello() -> str:
    return 'hello'


def search(basket: Basket) -> str:
    return ''


def optional(x: typing.Optional[Basket] = None) -> str:
    return ''


def of_dicts(rows: typing.List[dict]) -> str:
    return ''


def of_optionals(x: list[typing.Optional[Basket]]): ...


def of_one_dict(body: dict): ...


def of_numbers(body: typing.Dict[str, int]): ...


def either(x: typing.Union[int, str]): ...


def literal(x: typing.Literal['a', 'b']): ...


def misspelled(x: 'Baskett') -> str:  # noqa: F821
    return ''


async def later() -> str:
    return ''


def line_of(func: typing.Any) -> int:
    return inspect.unwrap(func).__code__.co_firstlineno


def find(routes: typing.Any, **keys: typing.Any) -> list[str]:
    """Return what stops a worker, a sentence for each problem."""
    own_settings = override_settings(APISTAR_ROUTE_CONF=routes, APISTAR_SETTINGS=keys)
    with own_settings, pytest.raises(SettingsError) as info:
        get_application()
    assert {problem.id for problem in info.value.problems} == {'E015'}
    return [str(problem) for problem in info.value.problems]


@pytest.fixture
def routes(monkeypatch):
    """A route module with the given handlers."""

    def make(*handlers: typing.Any) -> str:
        module = type(sys)('routes_of_a_test')
        module.routes = [Route(f'/{n}/', 'GET', item) for n, item in enumerate(handlers)]
        monkeypatch.setitem(sys.modules, 'routes_of_a_test', module)
        return 'routes_of_a_test'

    return make


@pytest.mark.parametrize(
    ('handler', 'parameter', 'hint'),
    [
        (search, 'basket: management_tests.api.test_unresolvable.Basket',
         'Add a component whose resolve() is annotated to return Basket, or correct the type.'),
        (optional, 'x: Optional[management_tests.api.test_unresolvable.Basket]',
         ('Annotate it with Basket and give it the default None, or add a component that returns '
         'Basket.')),
        (of_dicts, 'rows: List[dict]',
         'Add a component whose resolve() is annotated to return List, or correct the type.'),
        (of_optionals, f'x: list[Optional[{__name__}.Basket]]',
         'Add a component whose resolve() is annotated to return list, or correct the type.'),
        (of_one_dict, 'body: dict',
         'Annotate it with a Type of the body, or with http.RequestData for any JSON.'),
        (of_numbers, 'body: Dict[str, int]',
         'Annotate it with a Type of the body, or with http.RequestData for any JSON.'),
        (either, 'x: Union[int, str]',
         "Annotate it with one class: str, int, float, bool, a Type, or a component's."),
        (literal, "x: Literal['a', 'b']",
         "Annotate it with one class: str, int, float, bool, a Type, or a component's."),
        (misspelled, "x: 'Baskett'", "Import the name 'Baskett' in the module of the function."),
    ],
)  # fmt: skip
def test_E015_parameter_that_nothing_provides(routes, handler, parameter, hint):
    [sentence] = find(routes(hello, handler))

    assert sentence == (
        f'Parameter {parameter!r} of {__name__}.{handler.__name__} cannot be injected '
        f'({FILE}:{line_of(handler)}). {hint}'
    )


def test_E015_of_what_has_no_source(routes):
    def call(self, basket: Basket) -> str:
        return ''

    made = type('Made', (), {'__call__': call, '__name__': 'made'})()
    [sentence] = find(routes(made))

    assert sentence == (
        f"Parameter 'basket: {__name__}.Basket' of {__name__}.Made cannot be injected. "
        'Add a component whose resolve() is annotated to return Basket, or correct the type.'
    )


def test_E015_async_handler(routes):
    assert find(routes(later)) == [
        (
            f'{__name__}.later is a coroutine function, which WSGI cannot run '
            f'({FILE}:{line_of(later)}). Write def instead of async def.'
        )
    ]


def test_E015_components_that_need_each_other(routes):
    sentences = find(routes(hello), COMPONENTS=[FirstComponent(), SecondComponent()])

    assert sentences == [
        f'The component {__name__}.{cls.__name__} needs itself '
        f'({FILE}:{line_of(cls.resolve)}). '
        'Break the circle: what resolve() asks for must not ask for it in turn.'
        for cls in (SecondComponent, FirstComponent)
    ]


def test_E015_component_that_does_not_say_what_it_provides(routes):
    assert find(routes(hello), COMPONENTS=[Silent()]) == [
        (
            f'The component {__name__}.Silent does not say what it provides '
            f'({FILE}:{line_of(Silent.resolve)}). '
            'Annotate what resolve() returns, or override can_handle_parameter().'
        )
    ]


def test_E015_what_api_star_says_of_a_component_stands_as_it_is(routes):
    _, sentence = find(routes(search), COMPONENTS=[Silent()])

    assert sentence == (
        'Component "Silent" must include a return annotation on the `resolve()` method, or '
        'override `can_handle_parameter`'
    )


def test_E015_component_that_is_not_used_yet(routes):
    [sentence] = find(routes(hello), COMPONENTS=[NeedyComponent()])

    assert sentence.startswith(
        f"Parameter 'basket: {__name__}.Basket' of {__name__}.NeedyComponent.resolve cannot"
    )


def test_E015_hook(routes):
    [sentence] = find(routes(hello), EVENT_HOOKS=[NeedyHook])

    assert sentence.startswith(
        f"Parameter 'basket: {__name__}.Basket' of {__name__}.NeedyHook.on_response cannot"
    )


def test_E015_hook_before_a_handler_and_at_a_fault(routes):
    sentences = find(routes(hello), EVENT_HOOKS=[NeedyFromTheFirst])

    assert [sentence.split(' cannot')[0].split()[-1] for sentence in sentences] == [
        f'{__name__}.NeedyFromTheFirst.on_request', f'{__name__}.NeedyFromTheFirst.on_error'
    ]  # fmt: skip


def test_every_such_function_is_named_at_once(routes):
    sentences = find(routes(search, later), EVENT_HOOKS=[NeedyHook])

    assert [sentence.split(' cannot')[0].split()[-1] for sentence in sentences] == [
        f'{__name__}.search', 'WSGI', f'{__name__}.NeedyHook.on_response'
    ]  # fmt: skip


def test_check_shows_it_with_the_remedy():
    nested = Include('/a', 'a', [Route('/b/', 'GET', search)])

    assert check_routes([nested]) == [
        (
            f"(django_apistar.E015) Parameter 'basket: {__name__}.Basket' of {__name__}.search "
            f'cannot be injected ({FILE}:{line_of(search)}). HINT: Add a component whose resolve() '
            'is annotated to return Basket, or correct the type.'
        )
    ]


@pytest.mark.slow
def test_worker_does_not_start_and_says_why(tmp_path):
    project = Project(tmp_path)
    project.write(
        'shop/routes.py',
        """
        from apistar import Route


        async def later() -> str:
            return ''


        routes = [Route('/', 'GET', later)]
        """,
    )

    done = subprocess.run(
        [sys.executable, '-c', 'import django_apistar.wsgi'],
        cwd=tmp_path, env=project.environment(DJANGO_SETTINGS_MODULE='shop.settings'),
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(
        'django_apistar.conf.problems.SettingsError: shop.routes.later is a coroutine function, '
        'which WSGI cannot run'
    )


def test_handlers_that_take_what_requests_have_are_no_problem(routes):
    def everything(
        a: int, b: str | None, c: typing.Optional[float], d: typing.List[int], request: http.Request
    ) -> None:
        """Nothing of it is missing."""

    with override_settings(APISTAR_ROUTE_CONF=routes(hello, everything), APISTAR_SETTINGS={}):
        assert get_application() is get_application()
