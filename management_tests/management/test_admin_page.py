"""The page "API" of the admin: the routes, for staff alone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.test import Client, RequestFactory, override_settings
from django.test.utils import isolate_apps
from django.urls import path

from django_apistar.admin import add_page
from django_apistar.authentication.models import Token
from django_apistar.test import TestClient
from management_tests.project.settings import APISTAR_SETTINGS

pytestmark = [pytest.mark.django_db, pytest.mark.once]

NAMES = {'django_apistar': 'API Star', 'authentication': 'API authentication'}
PAGE = '/admin/django_apistar/'


@pytest.fixture
def staff(client: TestClient) -> User:
    user = User.objects.create_user('staff', password='staff', is_staff=True)
    client.force_login(user)
    return user


def read_rows(text: str) -> list[list[str]]:
    """Return the texts of the cells of each row of the page's table."""
    rows = re.findall(r'<tr>\s*<td>(.*?)</tr>', text, re.DOTALL)
    return [
        [' '.join(re.sub('<[^>]*>', ' ', cell).split()) for cell in re.split('</td>|</th>', row)][
            :-1
        ]
        for row in rows
    ]


def test_staff_without_any_permission_read_the_routes(client: TestClient, staff: User) -> None:
    page = client.get(PAGE)

    rows = read_rows(page.text)
    assert page.status_code == 200
    assert '<title>API | Django site admin</title>' in page.text
    assert len(rows) == 26
    assert rows[0] == [
        'GET', '/', 'welcome', 'management_tests.project.handlers.welcome', 'anyone',
    ]  # fmt: skip
    assert ['POST', '/auth/token-logout/', 'auth:token_logout_post',
            'django_apistar.authentication.views.token_logout', 'user'] in rows  # fmt: skip


@pytest.mark.parametrize('is_logged_in', [False, True])
def test_who_is_no_staff_is_sent_to_the_login(client: TestClient, is_logged_in: bool) -> None:
    if is_logged_in:
        client.force_login(User.objects.create_user('someone'))

    page = client.get(PAGE, allow_redirects=False)

    assert page.status_code == 302
    assert page.headers['Location'] == f'/admin/login/?next={PAGE}'


def test_page_is_in_the_list_of_the_admin_for_staff_alone(client: TestClient) -> None:
    link = f'<a href="{PAGE}"'
    login = client.get('/admin/login/').text
    client.force_login(User.objects.create_user('staff', is_staff=True))

    assert link not in login
    assert link in client.get('/admin/').text


def test_the_page_is_an_app_with_one_model_that_is_only_viewed(staff: User) -> None:
    request = RequestFactory().get('/admin/')
    request.user = staff

    [app] = admin.site.get_app_list(request)

    assert app == {
        'name': 'API', 'app_label': 'django_apistar', 'app_url': PAGE, 'has_module_perms': True,
        'models': [{
            'model': None, 'name': 'Routes', 'object_name': 'Route', 'admin_url': PAGE,
            'add_url': None, 'view_only': True,
            'perms': {'add': False, 'change': False, 'delete': False, 'view': True},
        }],
    }  # fmt: skip


def test_routes_lead_to_their_place_on_the_docs_page(client: TestClient, staff: User) -> None:
    anchors = re.findall(r'<a href="/docs/#(.*?)">(.*?)</a>', client.get(PAGE).text)

    ids = re.findall(r'<h3 id="(.*?)"', client.get('/docs/').text)
    assert ('echo_name_post', '/echo/{name}/') in anchors
    assert sorted(anchor for anchor, _ in anchors) == sorted(ids)


def test_prefix_of_a_proxy_is_kept(staff: User) -> None:
    client = TestClient(environ={'SCRIPT_NAME': '/shop'})
    client.force_login(staff)

    text = client.get(PAGE).text

    assert '<a href="/shop/docs/">Documentation of the API</a>' in text
    assert '<a href="/shop/docs/#welcome">/</a>' in text


@override_settings(APISTAR_SETTINGS={**APISTAR_SETTINGS, 'DOCS_URL': None})
def test_without_a_docs_page_no_link_leads_there(client: TestClient, staff: User) -> None:
    text = client.get(PAGE).text

    assert '/docs/' not in text
    assert 'Documentation of the API' not in text


@pytest.mark.parametrize('may_see_tokens', [False, True])
def test_tokens_are_linked_for_who_may_see_them(
    client: TestClient, staff: User, may_see_tokens: bool
) -> None:
    if may_see_tokens:
        staff.user_permissions.add(Permission.objects.get(codename='view_token'))

    text = client.get(PAGE).text

    links = text.count('<a href="/admin/authentication/token/">Tokens</a>')
    assert links == (2 if may_see_tokens else 0)  # the admin's own beside the page, and the page's


def test_another_model_of_that_label_is_not_taken_for_the_tokens(
    client: TestClient, staff: User
) -> None:
    staff.is_superuser = True
    staff.save()
    with isolate_apps('django_apistar.authentication'):

        class Key(Token):
            class Meta:
                proxy = True
                app_label = 'authentication'

    admin.site.register(Key)
    try:
        text = client.get(PAGE).text
    finally:
        admin.site.unregister(Key)

    assert text.count('<a href="/admin/authentication/token/">Tokens</a>') == 2


def test_routes_of_django_are_shown_where_they_are_asked_for(
    client: TestClient, staff: User
) -> None:
    rows = read_rows(client.get(PAGE, params={'framework': 'django', 'q': 'NOTES'}).text)

    assert rows == [
        ['*', '/django/notes/', 'django-notes',
         'management_tests.project.django_views.notes', ''],
    ]  # fmt: skip


def test_what_is_searched_for_is_escaped(client: TestClient, staff: User) -> None:
    text = client.get(PAGE, params={'q': '"><script>'}).text

    assert 'No route matches.' in text
    assert '<script>' not in text.partition('id="content"')[2].replace('<script>\n', '')
    assert 'value="&quot;&gt;&lt;script&gt;"' in text


def test_broken_settings_are_a_sentence(client: TestClient, staff: User) -> None:
    """Django alone may serve the admin, and starts with settings that we refuse."""
    django = Client()
    django.force_login(staff)
    with override_settings(APISTAR_ROUTE_CONF='nothing.here'):
        page = django.get(PAGE)

    assert page.status_code == 200
    assert 'APISTAR_ROUTE_CONF &#x27;nothing.here&#x27; cannot be imported' in page.content.decode()


class Urls:
    """A URLconf with an admin site of the project's own."""

    site = admin.AdminSite(name='office')
    add_page(site)
    add_page(site)  # A second time changes nothing.
    urlpatterns: list[Any] = [
        path('admin/', admin.site.urls),
        path('django/office/', site.urls),
    ]


def test_site_of_the_project_has_the_page_once_it_is_added(client: TestClient, staff: User) -> None:
    with override_settings(ROOT_URLCONF=Urls):
        index = client.get('/django/office/').text
        page = client.get('/django/office/django_apistar/')

    assert index.count('<caption>') == 1
    assert '<a href="/django/office/django_apistar/"' in index
    assert page.status_code == 200
    assert '<a href="/django/office/">' in page.text
    assert '/admin/authentication/token/' not in page.text


def test_tables_and_permissions_are_none(staff: User) -> None:
    assert not Permission.objects.filter(content_type__app_label='django_apistar').exists()


def test_apps_have_names_for_people() -> None:
    names = {name: apps.get_app_config(name).verbose_name for name in NAMES}

    assert names == NAMES
