"""reverse_url: the names of both frameworks."""

import apistar
import django.urls
import pytest
from apistar import Include, Route
from django.test import override_settings
from django.urls import path, re_path

import django_apistar
from django_apistar import reverse_url
from django_apistar.routes.reverse import NoReverseMatch
from management_tests.support.raw_wsgi import call

# Around a request, connections that earlier tests have opened are looked after.
pytestmark = pytest.mark.django_db


def welcome() -> dict:
    return {}


def item(item_id: int) -> dict:
    return {}


def by_price(price: float) -> dict:
    return {}


def files(path: str) -> dict:
    return {}


def where() -> dict:
    return {'api': reverse_url('shop:item', item_id=1), 'admin': reverse_url('admin:index')}


def where_by_app(app: apistar.App) -> dict:
    return {'api': app.reverse_url('shop:item', item_id=1)}


routes = [
    Route('/', 'GET', welcome),
    Route('/where/', 'GET', where),
    Route('/where-by-app/', 'GET', where_by_app),
    Route('/admin-of-the-api/', 'GET', welcome, name='admin:index'),
    Route('/twice/{item_id}/', 'GET', item, name='twice'),
    Route('/twice/{item_id}/', 'POST', item, name='twice'),
    Include('/shop', 'shop', [
        Route('/item/{item_id}/', 'GET', item),
        Route('/price/{price}/', 'GET', by_price),
        Route('/files/{+path}', 'GET', files),
        Include('/deep', 'deep', [Route('/', 'GET', welcome)]),
    ]),
]  # fmt: skip


@pytest.fixture(autouse=True)
def _own_routes():
    with override_settings(APISTAR_ROUTE_CONF=__name__):
        yield


@pytest.mark.parametrize(
    ('name', 'params', 'url'),
    [
        ('welcome', {}, '/'),
        ('shop:item', {'item_id': 5}, '/shop/item/5/'),
        ('shop:item', {'item_id': '5'}, '/shop/item/5/'),
        ('shop:by_price', {'price': 1.5}, '/shop/price/1.5/'),
        ('shop:files', {'path': 'a/b c.txt'}, '/shop/files/a/b%20c.txt'),
        ('shop:files', {'path': 'é'}, '/shop/files/%C3%A9'),
        ('shop:deep:welcome', {}, '/shop/deep/'),
        ('django-echo', {}, '/django/echo/'),
        ('django-echo-name', {'name': 'a b'}, '/django/echo/a%20b/'),
        ('django-café', {'name': 'x'}, '/caf%C3%A9/x/'),
        ('admin:auth_user_changelist', {}, '/admin/auth/user/'),
    ],
)
def test_reverse_url(name, params, url):
    assert reverse_url(name, **params) == url


def test_apistar_names_come_first():
    assert reverse_url('admin:index') == '/admin-of-the-api/'


def test_what_is_no_parameter_becomes_the_query_string_as_in_api_star():
    assert reverse_url('welcome', page=2) == '/?page=2'


def test_methods_of_one_path_may_share_a_name():
    assert reverse_url('twice', item_id=1) == '/twice/1/'


def test_unknown_name_is_both_frameworks_error_and_proposes_the_closest():
    with pytest.raises(NoReverseMatch) as caught:
        reverse_url('shop:itme')

    assert str(caught.value) == "No route is named 'shop:itme'. Did you mean 'shop:item'?"
    assert isinstance(caught.value, apistar.exceptions.NoReverseMatch)
    assert isinstance(caught.value, django.urls.NoReverseMatch)


def test_unknown_name_like_a_django_name():
    with pytest.raises(
        NoReverseMatch,
        match=(r"^No route is named 'admin:auth_user_ad'\. Did you mean 'admin:auth_user_add'\?$"),
    ):
        reverse_url('admin:auth_user_ad')


def test_unknown_name_like_no_other():
    with pytest.raises(NoReverseMatch, match=r"^No route is named 'zzz'\.$"):
        reverse_url('zzz')


@pytest.mark.parametrize('params', [{}, {'other': 1}])
def test_parameters_that_do_not_fit(params):
    with pytest.raises(NoReverseMatch) as caught:
        reverse_url('shop:item', **params)

    assert str(caught.value) == (
        f"The route 'shop:item', /shop/item/{{item_id}}/, takes item_id; got {params!r}."
    )


def test_parameters_that_do_not_fit_a_django_name():
    with pytest.raises(NoReverseMatch) as caught:
        reverse_url('django-echo-name')

    assert str(caught.value) == (
        "The route 'django-echo-name', /django/echo/<str:name>/, takes name; got {}."
    )


class Urls:
    """A URLconf whose names have more than one path, or a regular expression."""

    urlpatterns = (
        re_path('^django/a$', where, name='anchored'),
        re_path('django/b/(?P<x>[0-9]+)/', where, name='group'),
        path('django/c/<int:x>/', where, name='twice'),
        path('django/d/<int:x>/', where, name='twice'),
    )


@pytest.mark.parametrize('name', ['anchored', 'group', 'twice'])
@override_settings(ROOT_URLCONF=Urls, APISTAR_ROUTE_CONF='management_tests.project.routes')
def test_django_says_more_of_several_paths_and_of_regular_expressions(name):
    with pytest.raises(django.urls.NoReverseMatch) as said:
        django.urls.reverse(name, kwargs={'y': 1})
    with pytest.raises(NoReverseMatch) as caught:
        reverse_url(name, y=1)

    assert str(caught.value) == str(said.value)


def test_parameter_may_be_called_name():
    assert reverse_url('django-echo-name', name='x') == '/django/echo/x/'


def test_urls_are_below_the_script_name():
    assert call('/where/', SCRIPT_NAME='/mnt').json() == {
        'api': '/mnt/shop/item/1/',
        'admin': '/mnt/admin-of-the-api/',
    }


def test_urls_are_below_the_forced_script_name():
    with override_settings(FORCE_SCRIPT_NAME='/mnt'):
        assert call('/where/').json() == {
            'api': '/mnt/shop/item/1/',
            'admin': '/mnt/admin-of-the-api/',
        }


def test_app_reverses_below_the_script_name_too():
    answer = call('/where-by-app/', SCRIPT_NAME='/mnt')

    assert answer.json() == {'api': '/mnt/shop/item/1/'}


def test_name_is_importable_from_the_package():
    assert django_apistar.reverse_url is reverse_url
