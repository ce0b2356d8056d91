"""`manage.py check`: rules that cannot hold, one test for each id."""

import pytest
from apistar import Include, Route
from django.test import override_settings

from django_apistar.conf.problems import SettingsError
from django_apistar.dispatch.dispatcher import get_application
from django_apistar.permissions import requires
from management_tests.support.authentication_project import TOKEN
from management_tests.support.checks import check_keys, check_routes, routes_of_a_module

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
            requires(5),
            (
                'asks for 5, which is no permission. HINT: Write it as Django does: '
                "'shop.add_product'."
            ),
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


@pytest.mark.parametrize(
    ('name', 'hint'),
    [
        ('project.ad_note', "Did you mean 'project.add_note'?"),
        (
            'nobody.knows',
            "Correct it, or silence this where the permission is a backend's own.",
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
