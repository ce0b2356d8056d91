"""`manage.py check`: rules that cannot hold, one test for each id."""

import pathlib
import sys
import types
from unittest import mock

import pytest
from apistar import Component, Include, Route, http
from django import views
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path

from django_apistar.authentication.components import DjangoTokenAuthentication
from django_apistar.conf.problems import SettingsError
from django_apistar.dispatch.dispatcher import get_application
from django_apistar.permissions import authenticated_by, limit_rate, requires
from django_apistar.responses import conditional
from management_tests.support.authentication_project import TOKEN
from management_tests.support.checks import check, check_keys, check_routes, routes_of_a_module

pytestmark = pytest.mark.once


def hello() -> dict:
    return {}


def lay(rule):
    """Return a new function of one name with *rule* on it."""

    def shown() -> dict:
        return {}

    shown.__qualname__ = 'shown'
    return rule(shown)


def check_rule(rule):
    return check_routes([Route('/', 'GET', lay(rule))], components=[TOKEN])


def test_rules_that_can_hold_are_fine():
    rule = requires('project.add_note', 'auth.view_user', 'auth.change_user', staff=True)

    assert check_rule(rule) == []


@pytest.mark.parametrize('target', [5, 'shop', None, [Route('/', 'GET', hello)]])
def test_E020_what_is_no_handler_takes_no_rule(target):
    with pytest.raises(SettingsError) as caught:
        requires('project.add_note')(target)

    assert str(caught.value) == (
        f'{target!r} takes no rule: it is no handler, Route or Include. Decorate the function '
        'itself, or the whole Include: requires(staff=True)(Include(…)).'
    )


class Needy(Component):
    def __init__(self, needed: int) -> None:
        """Never called with what it needs."""


class Silent(Component):
    """Is asked for a user, and cannot be: it takes no Authorization."""

    def __repr__(self) -> str:
        return 'Silent()'

    def resolve(self) -> User:
        raise NotImplementedError


SILENT = Silent()


class View:
    def get(self) -> dict:
        return {}


def test_E020_bound_method_takes_no_rule():
    with pytest.raises(SettingsError, match=r'^management_tests\.[\w.]+View\.get takes no rule'):
        requires('project.add_note')(View().get)


def test_E020_is_told_of_the_route_module_as_it_is(tmp_path, monkeypatch):
    (tmp_path / 'wrong_routes.py').write_text(
        'from django_apistar.permissions import requires\nroutes = [requires(staff=True)([])]\n'
    )
    monkeypatch.syspath_prepend(tmp_path)

    with override_settings(APISTAR_ROUTE_CONF='wrong_routes'):
        found = check_keys()

    assert found == [
        (
            '(django_apistar.E020) [] takes no rule: it is no handler, Route or Include. HINT: '
            'Decorate the function itself, or the whole Include: requires(staff=True)(Include(…)).'
        )
    ]


@requires('project.add_note')
def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


class Pages(views.View):
    @requires('project.add_note')
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse()


@requires(staff=True)
class Hook:
    def on_request(self) -> None:
        """Nothing to do."""


class HookWithRule:
    @requires(staff=True)
    def on_request(self) -> None:
        """Nothing to do."""

    @requires(staff=True)
    def on_error(self) -> None:
        """Nothing to do."""

    @requires(staff=True)
    def on_response(self) -> None:
        """Nothing to do."""


class Path(Component):
    @requires(staff=True)
    def resolve(self) -> pathlib.Path:
        return pathlib.Path()


def test_E020_rule_where_it_refuses_nobody():
    urls = types.ModuleType('ruled_urls')
    urls.urlpatterns = [path('admin/a/', page), path('admin/b/', Pages.as_view())]
    keys = {'ALLOWED_DJANGO_ROUTES': ['/admin/'], 'COMPONENTS': [Path(), Path()],
            'EVENT_HOOKS': [Hook, HookWithRule, Hook]}  # fmt: skip
    with mock.patch.dict(sys.modules, ruled_urls=urls):
        found = check(ROOT_URLCONF='ruled_urls', APISTAR_SETTINGS=keys)

    refuses_nobody = 'a rule of django_apistar.permissions refuses nobody there. HINT: '
    laid = 'Lay it on handlers, Routes or Includes.'
    decorated = 'Decorate it with permission_required of django.contrib.auth.decorators.'
    assert [line.removeprefix(f'(django_apistar.E020) {__name__}.') for line in found] == [
        f'Hook is a hook: {refuses_nobody}{laid}',
        f'HookWithRule.on_error is a hook: {refuses_nobody}{laid}',
        f'HookWithRule.on_request is a hook: {refuses_nobody}{laid}',
        f'HookWithRule.on_response is a hook: {refuses_nobody}{laid}',
        f'Pages.get is a view of Django: {refuses_nobody}{decorated}',
        f'Path.resolve is a component: {refuses_nobody}{laid}',
        f'page is a view of Django: {refuses_nobody}{decorated}',
    ]


@pytest.mark.parametrize(
    ('rule', 'sentence'),
    [
        (
            requires(),
            'asks for nothing. HINT: Name a permission, or write requires(authenticated=True).',
        ),
        (
            requires('add_note'),
            (
                "asks for 'add_note', which is no permission. HINT: Write it as Django does: "
                "'shop.add_product'."
            ),
        ),
        (
            requires('.add_note'),
            (
                "asks for '.add_note', which is no permission. HINT: Write it as Django does: "
                "'shop.add_product'."
            ),
        ),
        (
            requires('project.'),
            (
                "asks for 'project.', which is no permission. HINT: Write it as Django does: "
                "'shop.add_product'."
            ),
        ),
        (
            requires(5),
            (
                'asks for 5, which is no permission. HINT: Write it as Django does: '
                "'shop.add_product'."
            ),
        ),
        (
            requires(['project.add_note']),
            (
                "asks for ['project.add_note'], which is no permission. HINT: Write it as Django "
                "does: 'shop.add_product'."
            ),
        ),
        (
            requires('staff'),
            "asks for 'staff', which is no permission. HINT: Write requires(staff=True).",
        ),
    ],
)
def test_E021_what_is_asked_for_is_nothing(rule, sentence):
    assert check_rule(rule) == [f'(django_apistar.E021) requires() on {__name__}.shown {sentence}']


def test_E021_stops_a_worker():
    with (
        routes_of_a_module([Route('/', 'GET', lay(requires('x')))], components=[TOKEN]),
        pytest.raises(SettingsError, match=r"^requires\(\) on .* asks for 'x', which is no perm"),
    ):
        get_application()


def test_E021_names_an_include_once():
    routes = [Route('/a/', 'GET', hello), Route('/b/', 'GET', hello, name='b')]

    found = check_routes([requires('x')(Include('/shop', 'shop', routes))], components=[TOKEN])

    assert found == [
        (
            "(django_apistar.E021) requires() on the Include 'shop' asks for 'x', which is no "
            "permission. HINT: Write it as Django does: 'shop.add_product'."
        )
    ]


def test_E022_nothing_knows_users():
    routes = [Route('/', 'GET', lay(requires('project.add_note')))]

    assert check_routes(routes) == [
        (
            f'(django_apistar.E022) {__name__}.shown is for users only, and no component knows a '
            'user: nobody gets in. HINT: Add DjangoTokenAuthentication() to COMPONENTS.'
        )
    ]


@pytest.mark.parametrize('decorator', [requires, limit_rate, authenticated_by, conditional])
def test_E015_decorator_without_parentheses(decorator):
    assert check_routes([Route('/', 'GET', decorator(hello))], components=[TOKEN]) == [
        (
            f'(django_apistar.E015) @{decorator.__name__} on {__name__}.hello is written without '
            f'parentheses: it returns no handler. HINT: Write @{decorator.__name__}(…).'
        )
    ]


@pytest.mark.parametrize(
    'rate', ['10 per minute', '0/minute', '10/week', '/minute', '', None, 10, '\u0661/minute']
)
def test_E025_rate_that_is_none(rate):
    assert check_rule(limit_rate(rate)) == [
        (
            f'(django_apistar.E025) limit_rate() on {__name__}.shown is given {rate!r}, which is '
            "no rate. HINT: Write requests per second, minute, hour or day: '10/minute'."
        )
    ]


WRITE_INSTANCES = 'HINT: Write instances, as in authenticated_by(DjangoTokenAuthentication()).'


@pytest.mark.parametrize(
    ('components', 'mistake'),
    [
        ((), 'names no component.'),
        (('token',), "is given 'token', which is no component."),
        ((int,), 'is given 0, which is no component.'),
        ((Silent(),), f'is given {SILENT!r}, which finds no user by `authorization`.'),
        ((Needy,), f'is given {Needy!r}, which is no component.'),
    ],
)
def test_E024_what_is_to_know_users_is_no_component(components, mistake):
    assert check_rule(authenticated_by(*components)) == [
        f'(django_apistar.E024) authenticated_by() on {__name__}.shown {mistake} {WRITE_INSTANCES}'
    ]


class ByHeader(Component):
    def resolve(self, x_user: http.Header) -> User:
        raise NotImplementedError


def test_E024_projects_own_component_asks_no_other():
    routes = [Route('/', 'GET', lay(authenticated_by(DjangoTokenAuthentication)))]

    assert check_routes(routes, components=[ByHeader()]) == [
        (
            f'(django_apistar.E024) authenticated_by() on {__name__}.shown has no effect: '
            f'{__name__}.ByHeader gives the user, and asks no other component. HINT: Put a '
            'component of django_apistar.authentication before it.'
        )
    ]


@pytest.mark.parametrize(
    ('name', 'hint'),
    [
        ('project.ad_note', "Did you mean 'project.add_note'?"),
        *(
            (name, "Correct it, or silence this where the permission is a backend's own.")
            for name in ('nobody.knows', 'X.X')
        ),
    ],
)
def test_W022_permission_that_no_model_has(name, hint):
    assert check_rule(requires(name)) == [
        (
            f'(django_apistar.W022) requires() on {__name__}.shown asks for the permission '
            f'{name!r}, which no model has: only superusers get in. HINT: {hint}'
        )
    ]
