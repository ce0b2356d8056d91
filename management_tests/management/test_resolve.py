"""`manage.py apistar_routes --resolve`: what a request would meet, and that it does meet it."""

import datetime
import inspect
import io
import json
import sys
import types
import uuid
from urllib.parse import unquote

import pytest
from apistar import Component, Include, Route, http, validators
from apistar import types as types_
from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.core.management import CommandError, call_command
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import URLResolver, include, path, re_path
from django.urls.resolvers import RoutePattern
from django.utils import translation
from django.utils.translation import gettext_lazy
from django.views.decorators.common import no_append_slash
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from django_apistar.authentication.components import (
    DjangoBasicAuthentication,
    DjangoTokenAuthentication,
)
from django_apistar.permissions import authenticated_by, limit_rate, requires
from django_apistar.responses import conditional
from django_apistar.test import TestClient

pytestmark = pytest.mark.once

VIEWS = 'management_tests.project.django_views'
HANDLERS = 'management_tests.project.handlers'
FILE = 'management_tests/management/test_resolve.py'
CORS = 'django_apistar.service.cors.Cors'
ORIGIN = 'https://app.example.com'
TOKENS = 'django_apistar.authentication.components.DjangoTokenAuthentication'
HOOK = 'django_apistar.authentication.hooks.MustBeAuthenticated'
NO_PREFIX = 'No prefix in ALLOWED_DJANGO_ROUTES covers the path.'


@csrf_exempt
@require_http_methods(['GET', 'POST'])
def form(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def resolve(request: str, *options: str) -> tuple[str, str]:
    """Return what is written about 'GET /path', and the sentence of failure."""
    stdout = io.StringIO()
    method, wanted = request.split(' ', 1)
    options = ('--resolve', wanted, '--method', method, *options)
    try:
        call_command('apistar_routes', *options, stdout=stdout, stderr=io.StringIO())
    except CommandError as exc:
        return stdout.getvalue(), str(exc)
    return stdout.getvalue(), ''


def resolve_data(request: str) -> dict:
    return json.loads(resolve(request, '--format', 'json')[0])


def test_api_star_route():
    text, failure = resolve('GET /número/7/?limit=3')

    source = text.partition('source      ')[2].partition('\n')[0]
    assert failure == ''
    assert source.startswith('management_tests/project/handlers.py:')
    assert text == (
        'GET /número/7/\n'
        '  framework   apistar\n'
        f'  rule        {NO_PREFIX}\n'
        '  route       /número/{number}/  number\n'
        f'  handler     {HANDLERS}.number\n'
        f'  source      {source}\n'
        '  parameter   number = 7, path\n'
        '  parameter   limit, query\n'
        '  compiled    yes\n'
    )


def test_django_url():
    text, failure = resolve('GET /django/echo/you/')

    source = text.partition('source      ')[2].partition('\n')[0]
    assert failure == ''
    assert text == (
        'GET /django/echo/you/\n'
        '  framework   django\n'
        '  rule        ALLOWED_DJANGO_ROUTES covers /django/.\n'
        '  route       /django/echo/<str:name>/  django-echo-name\n'
        f'  handler     {VIEWS}.echo\n'
        f'  source      {source}\n'
        "  parameter   name = 'you'\n"
    )


class Pages(URLResolver):
    """URLs that are made for each look, as those of pages in a database."""

    @property
    def url_patterns(self):
        return [path('page/', lambda request: HttpResponse(), name='page')]


urlpatterns = [Pages(RoutePattern('django/'), [])]


@override_settings(ROOT_URLCONF=__name__)
def test_view_that_is_made_for_each_look():
    text, failure = resolve('GET /django/page/')

    assert failure == ''
    assert text.splitlines()[3] == '  route       /django/page/  page'


def test_redirect():
    text, failure = resolve('GET /echo?a=1')

    assert failure == ''
    assert text == (
        'GET /echo\n'
        '  framework   apistar\n'
        f'  rule        {NO_PREFIX}\n'
        '  redirect    302 to /echo/?a=1\n'
    )


@pytest.mark.parametrize('debug', [False, True])
def test_static_file(debug):
    with override_settings(DEBUG=debug):
        text, failure = resolve('GET /static/apistar/css/base.css')

    assert failure == ''
    assert text == (
        'GET /static/apistar/css/base.css\n'
        '  framework   static\n'
        '  rule        STATIC_URL covers /static/.\n'
    )


def test_json():
    assert resolve_data('POST /echo/a%20b/') == {
        'framework': 'apistar', 'rule': NO_PREFIX, 'status': 200, 'route': '/echo/{name}/',
        'name': 'echo_name_post', 'handler': f'{HANDLERS}.echo_name',
        'source': resolve_data('GET /echo/x/')['source'], 'parameters': {'name': 'a b'},
        'origins': {'name': 'path', 'request': 'request', 'params': 'query', 'environ': 'request'},
        'around': [], 'preflight': '', 'before': [], 'users': [], 'permissions': [], 'rates': [],
        'transactions': [], 'conditions': [], 'after': [], 'compiled': True,
        'allow': '', 'location': '', 'near': [],
    }  # fmt: skip


def test_json_is_written_for_people():
    lines = resolve('GET /número/7/', '--format', 'json')[0].splitlines()

    assert lines[1] == '  "framework": "apistar",'
    assert '  "route": "/número/{number}/",' in lines


def test_regular_expression():
    found = resolve_data('GET /django/regex/42/')

    assert (found['name'], found['route'], found['parameters']) == (
        'django-regex',
        '/^django/regex/(?P<number>[0-9]+)/$',
        {'number': '42'},
    )


def test_regular_expression_inside_an_include():
    """Django drops its ^ when it tells what it matched."""
    found = resolve_data('GET /admin/auth/')

    assert (found['name'], found['parameters']) == ('admin:app_list', {'app_label': 'auth'})


def test_parameters_are_converted():
    assert resolve_data('GET /número/-7/')['parameters'] == {'number': -7}
    assert resolve_data('GET /files/a/b')['parameters'] == {'path': 'a/b'}


def test_near_misses():
    """`near_misses`"""
    text, failure = resolve('GET /ecko/you/')

    assert failure == 'GET /ecko/you/ is answered with 404.'
    assert text == (
        'GET /ecko/you/\n'
        '  framework   apistar\n'
        f'  rule        {NO_PREFIX}\n'
        "  near        /echo/{name}/  echo_name  ('ecko' is not 'echo')\n"
        "  near        /echo/  echo  ('ecko' is not 'echo')\n"
    )


def test_near_misses_of_the_other_framework():
    assert '/django/echo/' in near_paths('GET /djano/echo/')
    assert '/django/notes/' in near_paths('GET /django/notse/')


@pytest.mark.parametrize(
    ('request_line', 'near'),
    [
        ('GET /número/abc/', ('/número/{number}/', 'number is not an integer')),
        ('GET /echo/a/b/', ('/echo/{name}/', "'b' is too much")),
        ('GET /django/notse/', ('/django/notes/', "'notse' is not 'notes'")),
    ],
)
def test_a_near_miss_says_what_does_not_match(request_line, near):
    misses = resolve_data(request_line)['near']

    assert near in [(miss['path'], miss['reason']) for miss in misses]


def near_paths(request: str) -> list[str]:
    return [near['path'] for near in resolve_data(request)['near']]


def test_wrong_method_of_api_star():
    text, failure = resolve('DELETE /echo/')

    assert failure == 'DELETE /echo/ is answered with 405.'
    assert text == (
        'DELETE /echo/\n'
        '  framework   apistar\n'
        f'  rule        {NO_PREFIX}\n'
        '  allow       GET, HEAD, POST, PUT, OPTIONS\n'
        '  near        /echo/  echo  (GET, not DELETE)\n'
        '  near        /echo/  echo_post  (POST, not DELETE)\n'
        '  near        /echo/  echo_put  (PUT, not DELETE)\n'
    )


def test_wrong_method_of_a_django_view():
    sys.modules['resolved_urls'] = types.ModuleType('resolved_urls')
    sys.modules['resolved_urls'].urlpatterns = [path('django/form/', form, name='form')]

    with override_settings(ROOT_URLCONF='resolved_urls'):
        text, failure = resolve('PUT /django/form/')

        assert TestClient().put('/django/form/').status_code == 405
    assert failure == 'PUT /django/form/ is answered with 405.'
    assert text == (
        'PUT /django/form/\n'
        '  framework   django\n'
        '  rule        ALLOWED_DJANGO_ROUTES covers /django/.\n'
        '  route       /django/form/  form\n'
        f'  handler     {__name__}.form\n'
        f'  source      {FILE}:{inspect.unwrap(form).__code__.co_firstlineno}\n'
        '  allow       GET, POST\n'
    )


def test_wrong_method_of_a_static_file():
    text, failure = resolve('POST /static/apistar/css/base.css')

    assert failure == 'POST /static/apistar/css/base.css is answered with 405.'
    assert text.endswith('  allow       GET, HEAD, OPTIONS\n')


def test_method_is_read_in_any_case():
    assert resolve('post /echo/')[1] == ''


def test_route_named_by_two_rules_of_the_prefix():
    assert resolve_data('GET /admin')['rule'] == (
        'ALLOWED_DJANGO_ROUTES covers /admin/, of which only the slash is missing.'
    )


def test_health_url():
    with override_settings(APISTAR_SETTINGS={'HEALTH_URL': '/healthz'}):
        text, failure = resolve('GET /healthz')

    assert failure == ''
    assert text == (
        'GET /healthz\n'
        '  framework   neither\n'
        '  rule        HEALTH_URL is answered before either framework.\n'
    )


REQUESTS = [
    'GET /', 'HEAD /', 'OPTIONS /echo/', 'DELETE /echo/', 'GET /echo', 'POST /echo', 'GET /nope',
    'HEAD /echo', 'HEAD /echo/',
    'GET /n%C3%BAmero/3/', 'GET /n%C3%BAmero/x/', 'GET /%FF/', 'GET //echo/',
    'GET /django/echo/', 'GET /django/echo', 'GET /django/nope/', 'GET /django',
    'GET /django/regex/1/', 'GET /django/regex/x/', 'GET /caf%C3%A9/x/', 'GET /administrate',
    'GET /admin', 'GET /static/nope.css', 'GET /static/apistar/css/base.css', 'GET /static',
    'GET /static/%61pistar/css/base.css', 'POST /static/apistar/css/base.css', 'GET /files/a/b',
    'GET /echo?a=1&b=%20', 'POST /echo?a=1', 'GET /admin?next=/', 'GET /echo/?a=1',
    'OPTIONS /static/apistar/css/base.css', 'GET /schema/', 'GET /docs', 'PUT /docs/',
]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize('request_line', REQUESTS)
def test_the_answer_is_the_real_one(request_line):
    method, url = request_line.split(' ')

    found = resolve_data(request_line)
    response = TestClient().request(method, url, allow_redirects=False)

    assert found['status'] == response.status_code
    if found['allow']:
        assert found['allow'] == response.headers['Allow']
    if found['location']:
        assert unquote(response.headers['Location']).endswith(unquote(found['location']))


@pytest.mark.django_db
@pytest.mark.parametrize('url', ['/admin/nope/', '/admin/nope', '/admin/auth/user'])
def test_the_admins_last_url_is_no_answer(url, admin_client):
    found = resolve_data(f'GET {url}')

    response = admin_client.get(url)
    assert (found['status'], found['location']) == (
        response.status_code,
        response.headers.get('Location', ''),
    )


COMMON = 'django.middleware.common.CommonMiddleware'


@pytest.mark.parametrize(
    ('url', 'changes', 'location'),
    [
        ('/django/form', {}, '/django/form/'), ('/django/strict', {}, ''), ('/django/no', {}, ''),
        ('/django/form', {'APPEND_SLASH': False}, ''), ('/django/form', {'MIDDLEWARE': []}, ''),
        ('/django/bare', {}, ''), ('/django/nope/', {}, ''),
    ],
)  # fmt: skip
def test_a_slash_is_appended_where_django_does(url, changes, location):
    urlconf = types.ModuleType('slashed_urls')
    urlconf.urlpatterns = [
        path('django/form/', form), path('django/strict/', no_append_slash(form)),
    ]  # fmt: skip
    sys.modules['slashed_urls'] = urlconf
    with override_settings(**{'ROOT_URLCONF': 'slashed_urls', 'MIDDLEWARE': [COMMON], **changes}):
        found = resolve_data(f'GET {url}')
        response = TestClient().get(url, allow_redirects=False)

    assert (found['status'], found['location']) == (301 if location else 404, location)
    assert response.status_code == found['status']
    assert response.headers.get('Location', '') == location


@pytest.mark.parametrize(('day', 'name'), [('Montag', 'shop:day'), ('Dienstag', '')])
def test_a_translated_path_is_shown_as_the_request_has_it(day, name):
    urls = [path(gettext_lazy('Monday'), form, name='day'), path(gettext_lazy('Tuesday'), form)]
    urlconf = types.ModuleType('urls_of_days')
    urlconf.urlpatterns = [path('django/', include((urls, 'shop')))]
    sys.modules['urls_of_days'] = urlconf
    with override_settings(
        ROOT_URLCONF='urls_of_days', USE_I18N=True, LANGUAGE_CODE='de',
        MIDDLEWARE=['django.middleware.locale.LocaleMiddleware'],
    ), translation.override('en'):  # fmt: skip
        found, refused = (resolve_data(f'{method} /django/{day}') for method in ('GET', 'PUT'))
        answers = [TestClient().request(method, f'/django/{day}') for method in ('GET', 'PUT')]

    assert (found['route'], found['name'], found['handler']) == (
        f'/django/{day}',
        name,
        f'{__name__}.form',
    )
    assert (refused['route'], refused['allow']) == (f'/django/{day}', 'GET, POST')
    assert [found['status'], refused['status']] == [each.status_code for each in answers]


@pytest.mark.parametrize('url', ['/en/home/', '/de/home/', '/de/home', '/fr/home/', '/de/nope/'])
def test_i18n_patterns_answer_in_the_language_of_the_path(url):
    urlconf = types.ModuleType('translated_urls')
    urlconf.urlpatterns = i18n_patterns(path('home/', form, name='home'))
    sys.modules['translated_urls'] = urlconf
    middleware = ('locale.LocaleMiddleware', 'common.CommonMiddleware')
    with override_settings(
        ROOT_URLCONF='translated_urls', USE_I18N=True, LANGUAGE_CODE='en-us',
        LANGUAGES=[('en', 'English'), ('de', 'German')],
        MIDDLEWARE=[f'django.middleware.{name}' for name in middleware],
        APISTAR_SETTINGS={'ALLOWED_DJANGO_ROUTES': ['/en/', '/de/', '/fr/']},
    ):  # fmt: skip
        found = resolve_data(f'GET {url}')
        response = TestClient().get(url, allow_redirects=False)

    assert (found['status'], found['location'], found['name']) == (
        response.status_code,
        response.headers.get('Location', ''),
        'home' if response.status_code == 200 else None,
    )


# A whole URL


@pytest.mark.parametrize(
    ('url', 'debug', 'hosts', 'status'),
    [
        ('http://api.example/echo/', False, ['api.example'], 200),
        ('http://api.example', False, ['api.example'], 200),
        ('http://me:x@api.example/echo/', False, ['api.example'], 200),
        ('https://API.example:8443/echo/', False, ['api.example'], 200),
        ('http://evil.example/echo/', False, ['api.example'], 400),
        ('http://localhost:8000/echo/', True, [], 200),
        ('http://localhost/echo/', False, [], 400),
        ('http://evil.example/django/echo/', False, ['api.example'], 400),
        ('http://evil.example/static/apistar/css/base.css', False, ['api.example'], 200),
    ],
)
def test_the_host_of_a_url_is_judged_as_the_server_does(url, debug, hosts, status):
    with override_settings(DEBUG=debug, ALLOWED_HOSTS=hosts):
        found = resolve_data(f'GET {url}')
        answer = TestClient().get(url)

    assert (found['status'], answer.status_code) == (status, status)


def test_a_refused_host_is_a_failure():
    with override_settings(ALLOWED_HOSTS=['api.example']):
        text, failure = resolve('GET http://evil.example/echo/')

    assert failure == 'GET http://evil.example/echo/ is answered with 400.'
    assert text == (
        'GET http://evil.example/echo/\n'
        '  framework   apistar\n'
        '  rule        The host is not in ALLOWED_HOSTS.\n'
    )


def test_http_is_redirected_where_the_project_wants_https():
    with override_settings(
        ALLOWED_HOSTS=['api.example'],
        SECURE_SSL_REDIRECT=True,
        MIDDLEWARE=['django.middleware.security.SecurityMiddleware'],
    ):
        found = resolve_data('GET http://api.example/echo/?a=1')
        secure = resolve_data('GET https://api.example/echo/?a=1')

    assert (found['status'], found['location']) == (301, 'https://api.example/echo/?a=1')
    assert found['rule'] == 'SECURE_SSL_REDIRECT is on.'
    assert secure['status'] == 200


def test_a_prefix_that_covers_every_path():
    with override_settings(APISTAR_SETTINGS={'ALLOWED_DJANGO_ROUTES': ['/']}):
        found = resolve_data('GET /nowhere/')

    rule = "ALLOWED_DJANGO_ROUTES holds '/', which covers every path."
    assert (found['framework'], found['rule']) == ('django', rule)


# The call


class Clock(Component):
    def resolve(self) -> datetime.datetime:
        return datetime.datetime.now(datetime.timezone.utc)


class Timer:
    def on_request(self, path: http.Path) -> None: ...

    def on_response(self, path: http.Path) -> None: ...


class Price(types_.Type):
    amount = validators.Integer()


def sell(
    number: int, price: Price, currency: str, now: datetime.datetime, user_agent: http.Header
) -> dict:
    return {}


def get_version(number: int, now: datetime.datetime) -> str: ...


@conditional(etag=get_version)
def show(number: int) -> dict: ...


def rate(share: float) -> dict: ...


def get_key(key: uuid.UUID) -> dict: ...


def show_month(number: int) -> dict: ...


def get_name(name: str) -> dict: ...


def say(word: str, *others: str, **options: str) -> dict: ...


def get_time(number: int) -> datetime.datetime: ...


@limit_rate('10/minute')
@requires('auth.add_user', staff=True)
@limit_rate('99/day')
@conditional(etag=get_version, last_modified=get_time)
def guarded(number: int) -> dict: ...


@requires(authenticated=True)
@authenticated_by(DjangoTokenAuthentication, DjangoBasicAuthentication)
def mine() -> dict: ...


@pytest.fixture
def shop(monkeypatch):
    module = types.ModuleType('called_routes')
    module.routes = [
        Include('/shop', 'shop', [
            Route('/{number}/', 'GET', show),
            Route('/{number}/', 'POST', sell),
            Route('/{number}/plain/', 'POST', sell, name='plain', standalone=True),
            Route('/rate/{share}/', 'GET', rate),
            Route('/key/<uuid:key>/', 'GET', get_key, name='find'),
            Route('/month/<int(max=12):number>/', 'GET', show_month, name='month'),
            Route('/color/<any(blue,green):name>/', 'GET', get_name, name='color'),
            Route('/share/<float:share>/', 'GET', rate, name='share'),
            Route('/say/{word}/', 'GET', say),
            Route('/guarded/{number}/', 'PUT', guarded),
            Route('/mine/', 'GET', mine),
        ]),
        Include('/write', 'shop', [Route('/<path:word>/', 'POST', say)]),
    ]  # fmt: skip
    module.urlpatterns = [
        path('admin/', admin.site.urls),
        path('number/<int:number>/', form, name='number'),
        path('slug/<slug:name>/', form, name='slug'),
        re_path('^regex/(?P<number>[0-9]+)/$', form, name='regex'),
    ]
    sys.modules['called_routes'] = module
    monkeypatch.setitem(settings.DATABASES['default'], 'ATOMIC_REQUESTS', True)
    with override_settings(
        APISTAR_ROUTE_CONF='called_routes',
        ROOT_URLCONF='called_routes',
        APISTAR_SETTINGS={
            'COMPONENTS': [f'{__name__}.Clock', TOKENS],
            'EVENT_HOOKS': [f'{__name__}.Timer', HOOK],
            'SCHEMA_URL': None,
        },
    ):
        yield


@pytest.mark.usefixtures('shop')
def test_the_call_of_a_handler_is_told_in_order():
    text, _ = resolve('POST /shop/5/')

    assert text[text.index('  parameter') :] == (
        '  parameter   number = 5, path\n'
        '  parameter   price, body\n'
        '  parameter   currency, query\n'
        f'  parameter   now, {__name__}.Clock\n'
        '  parameter   user_agent, header User-Agent\n'
        f'  before      {__name__}.Timer.on_request\n'
        f'  before      {HOOK}.on_request\n'
        '  transaction default\n'
        f'  after       {__name__}.Timer.on_response\n'
        '  compiled    yes\n'
    )


@pytest.mark.usefixtures('shop')
def test_what_no_request_gives_is_left_to_its_default():
    assert resolve_data('GET /shop/say/hello/')['origins'] == {
        'word': 'path', 'others': 'its default', 'options': 'its default',
    }  # fmt: skip


def test_a_path_that_is_no_utf8_is_a_sentence():
    with pytest.raises(CommandError) as failure:
        call_command('apistar_routes', '--resolve', '/caf\udce9/')

    assert str(failure.value) == (r"--resolve '/caf\udce9/' is no UTF-8. Write such a byte as %FF.")


@pytest.mark.usefixtures('shop')
def test_parameters_of_a_conditional_handler_are_those_that_the_project_wrote():
    found = resolve_data('GET /shop/5/')

    assert found['origins'] == {'number': 'path', 'now': f'{__name__}.Clock'}


@pytest.mark.usefixtures('shop')
def test_rules_of_a_handler_are_told_in_the_order_in_which_they_are_tried():
    text, _ = resolve('PUT /shop/guarded/5/')

    assert text[text.index('  before') :] == (
        f'  before      {__name__}.Timer.on_request\n'
        f'  before      {HOOK}.on_request\n'
        f'  user        needed, by {TOKENS}\n'
        '  rate        At most 10 requests a minute.\n'
        '  permission  auth.add_user\n'
        '  permission  staff\n'
        '  rate        At most 99 requests a day.\n'
        '  transaction default\n'
        f'  conditional ETag by {__name__}.get_version\n'
        f'  conditional Last-Modified by {__name__}.get_time\n'
        f'  after       {__name__}.Timer.on_response\n'
        '  compiled    yes\n'
    )


@pytest.mark.usefixtures('shop')
def test_each_component_that_looks_for_the_user_is_named():
    text, _ = resolve('GET /shop/mine/')

    assert f'  user        needed, by {TOKENS}, {TOKENS.replace("Token", "Basic")}\n' in text


@pytest.mark.usefixtures('shop')
def test_rules_of_a_handler_as_json():
    found = resolve_data('PUT /shop/guarded/5/')

    assert {name: found[name] for name in ('users', 'permissions', 'rates', 'conditions')} == {
        'users': [TOKENS], 'permissions': ['auth.add_user', 'staff'],
        'rates': ['At most 10 requests a minute.', 'At most 99 requests a day.'],
        'conditions': [f'ETag by {__name__}.get_version', f'Last-Modified by {__name__}.get_time'],
    }  # fmt: skip


# CORS


@pytest.fixture
def with_cors():
    pytest.importorskip('corsheaders')
    with override_settings(
        CORS_ALLOWED_ORIGINS=[ORIGIN], CORS_URLS_REGEX='^/(echo|nope)/',
        APISTAR_SETTINGS={
            'ALLOWED_DJANGO_ROUTES': ['/django/'],
            'EVENT_HOOKS': [f'{__name__}.Timer', CORS],
        },
    ):  # fmt: skip
        yield


def is_let_in(method: str, url: str, **headers: str) -> bool:
    """Return whether a page of ORIGIN may read the real answer."""
    answer = TestClient().request(method, url, headers={'Origin': ORIGIN, **headers})
    return 'Access-Control-Allow-Origin' in answer.headers


@pytest.mark.usefixtures('with_cors')
def test_cors_stands_around_the_hooks():
    text, _ = resolve('GET /echo/')

    assert text[text.index('  around') :] == (
        f'  around      {CORS}\n'
        f'  before      {__name__}.Timer.on_request\n'
        f'  after       {__name__}.Timer.on_response\n'
        '  compiled    yes\n'
    )
    assert is_let_in('GET', '/echo/')


@pytest.mark.usefixtures('with_cors')
@pytest.mark.parametrize('url', ['/echo/', '/nope/'])
def test_a_preflight_is_answered_by_cors(url):
    text, _ = resolve(f'OPTIONS {url}')
    found = resolve_data(f'OPTIONS {url}')
    real = TestClient().options(
        url, headers={'Origin': ORIGIN, 'Access-Control-Request-Method': 'PUT'}
    )

    assert f'  around      {CORS}\n  preflight   answered with 200 by {CORS}\n' in text
    assert (found['around'], found['preflight']) == ([CORS], CORS)
    assert (real.status_code, real.headers['Access-Control-Allow-Origin']) == (200, ORIGIN)


@pytest.mark.usefixtures('with_cors')
@pytest.mark.parametrize(
    'url', ['/html/', '/django/echo/', '/static/apistar/css/base.css', 'http://evil.example/echo/']
)
def test_cors_does_not_stand_around_what_it_does_not_answer(url):
    with override_settings(ALLOWED_HOSTS=['testserver']):
        found = resolve_data(f'OPTIONS {url}')

    assert (found['around'], found['preflight']) == ([], '')
    if url.startswith(('/html', '/django')):
        assert not is_let_in('GET', url)


@pytest.mark.usefixtures('with_cors')
def test_cors_may_stand_around_any_path_where_a_receiver_decides():
    def allow(**kwargs: object) -> bool:
        return True

    from corsheaders.signals import check_request_enabled

    check_request_enabled.connect(allow)
    try:
        assert resolve_data('GET /html/')['around'] == [CORS]
        assert is_let_in('GET', '/html/')
    finally:
        check_request_enabled.disconnect(allow)


@pytest.mark.usefixtures('shop')
def test_no_hook_runs_for_a_standalone_route():
    found = resolve_data('POST /shop/5/plain/')

    assert (found['before'], found['after']) == ([], [])


# The way back


@pytest.mark.usefixtures('shop')
@pytest.mark.parametrize(
    ('asked', 'path'),
    [
        (['shop:sell', 'number=5'], '/shop/5/'),
        (['shop:sell', 'number=-5', 'page=2'], '/shop/-5/?page=2'),
        (['shop:rate', 'share=1e2'], '/shop/rate/100.0/'),
        (['shop:month', 'number=12'], '/shop/month/12/'),
        (['shop:say', 'word=a b?'], '/shop/say/a%20b%3F/'),
        (['admin:index'], '/admin/'),
    ],
)
def test_reverse_prints_the_path_of_a_name(asked, path):
    stdout = io.StringIO()

    call_command('apistar_routes', '--reverse', *asked, stdout=stdout)

    assert stdout.getvalue() == f'{path}\n'


@pytest.mark.usefixtures('shop')
@pytest.mark.parametrize(
    ('asked', 'sentence'),
    [
        (['shop:sel'], "No route is named 'shop:sel'. Did you mean 'shop:sell'?"),
        ([''], "No route is named ''."),
        (['self', 'self=1'], "No route is named 'self'."),
        (['shop:sell'], "The route 'shop:sell', /shop/{number}/, takes number; got {}."),
        (['shop:sell', 'number=x'],
         "The route 'shop:sell', /shop/{number}/: number is 'x', which is not an integer."),
        (['shop:rate', 'share=x'],
         "The route 'shop:rate', /shop/rate/{share}/: share is 'x', which is not a number."),
        (['shop:share', 'share=x'],
         ("The route 'shop:share', /shop/share/<float:share>/: share is 'x', which is not a number "
         'with a point.')),
        (['shop:find', 'key=x'],
         "The route 'shop:find', /shop/key/<uuid:key>/: key is 'x', which is not a UUID."),
        (['shop:month', 'number=13'],
         ("The route 'shop:month', /shop/month/<int(max=12):number>/: number is '13', which is not "
         'a value of <int(max=12):number>.')),
        (['shop:color', 'name=red'],
         ("The route 'shop:color', /shop/color/<any(blue,green):name>/: name is 'red', which is "
         'not a value of <any(blue,green):name>.')),
        (['shop:say', 'word=a/b'],
         ("The route 'shop:say', /shop/say/{word}/: word is 'a/b', which is not text without a "
         'slash.')),
        (['number', 'number=x'],
         ("The route 'number', /number/<int:number>/: number is 'x', which is not an "
         'integer from 0 on.')),
        (['slug', 'name=a b'],
         ("The route 'slug', /slug/<slug:name>/: name is 'a b', which is not a value of the "
         "converter 'slug'.")),
        (['number'],
         "The route 'number', /number/<int:number>/, takes number; got {}."),
        (['regex', 'number=x'],
         ("Reverse for 'regex' with keyword arguments '{'number': 'x'}' not found. 1 pattern(s) "
         "tried: ['regex/(?P<number>[0-9]+)/$']")),
        (['shop:sell', '5'], "--reverse: '5' is no parameter. Write 5=VALUE."),
        (['shop:sell', 'number=5', 'number=6'],
         '--reverse: a parameter is given twice. Give each one value.'),
    ],
)  # fmt: skip
def test_what_cannot_be_reversed_is_one_sentence(asked, sentence):
    """`kinds`"""
    with pytest.raises(CommandError) as failure:
        call_command('apistar_routes', '--reverse', *asked, stdout=io.StringIO())

    assert str(failure.value) == sentence
