"""Who trusts a header that a client can write in two ways, and so is not served by granian."""

import functools
import importlib.util
import sys

import pytest
from django.contrib.auth.middleware import RemoteUserMiddleware
from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings
from werkzeug.middleware.proxy_fix import ProxyFix

from django_apistar.server import trusted_headers
from django_apistar.wsgi import application

HERE = __name__


class OfOneWord(RemoteUserMiddleware):
    header = 'HTTP_AUTHUSER'


class OfTwoWords(RemoteUserMiddleware):
    header = 'HTTP_AUTH_USER'


class RealAddress:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.META['REMOTE_ADDR'] = request.headers.get('X-Real-IP')
        return self.get_response(request)


class Wrapper:
    def __init__(self, inner):
        self.inner = inner

    def __call__(self, environ, start_response):
        return self.inner(environ, start_response)


class Believing(Wrapper):
    def __call__(self, environ, start_response):
        environ['REMOTE_USER'] = environ.get('HTTP_X_REMOTE_USER', '')
        return super().__call__(environ, start_response)


def wrap(inner):
    def wrapped(environ, start_response):
        environ['REMOTE_ADDR'] = environ.get('HTTP_X_FORWARDED_FOR')
        return inner(environ, start_response)

    return wrapped


@pytest.mark.case('I07')
@pytest.mark.parametrize(
    ('changed', 'found'),
    [
        ({}, []),
        ({'SECURE_PROXY_SSL_HEADER': ('HTTP_XFORWARDEDPROTO', 'https')}, []),
        ({'SECURE_PROXY_SSL_HEADER': ('HTTP_X_FORWARDED_PROTO', 'https')},
         [('SECURE_PROXY_SSL_HEADER', 'X-Forwarded-Proto')]),
        ({'USE_X_FORWARDED_HOST': True}, [('USE_X_FORWARDED_HOST', 'X-Forwarded-Host')]),
        ({'USE_X_FORWARDED_PORT': True}, [('USE_X_FORWARDED_PORT', 'X-Forwarded-Port')]),
        ({'MIDDLEWARE': ['django.contrib.auth.middleware.RemoteUserMiddleware']},
         [('django.contrib.auth.middleware.RemoteUserMiddleware', 'Remote-User')]),
        ({'MIDDLEWARE': ['django.contrib.auth.middleware.PersistentRemoteUserMiddleware']},
         [('django.contrib.auth.middleware.PersistentRemoteUserMiddleware', 'Remote-User')]),
        ({'MIDDLEWARE': [f'{HERE}.OfOneWord', 'django.middleware.common.CommonMiddleware',
                         'django.middleware.csrf.CsrfViewMiddleware']}, []),
        ({'MIDDLEWARE': [f'{HERE}.OfTwoWords']}, [(f'{HERE}.OfTwoWords', 'Auth-User')]),
        ({'MIDDLEWARE': [f'{HERE}.RealAddress']}, [(f'{HERE}.RealAddress', 'X-Real-Ip')]),
    ],
)  # fmt: skip
def test_setting_that_trusts_a_header_is_found(changed, found):
    with override_settings(**changed):
        assert list(trusted_headers.find_trusting(application)) == found


def test_project_without_users_is_searched(monkeypatch):
    """Without the app django.contrib.auth, its middleware cannot be imported."""
    monkeypatch.setitem(sys.modules, 'django.contrib.auth.middleware', None)
    spec = importlib.util.find_spec(trusted_headers.__name__)
    anew = importlib.util.module_from_spec(spec)
    changed = {'INSTALLED_APPS': ['django_apistar'], 'MIDDLEWARE': [f'{HERE}.RealAddress']}

    with override_settings(**changed):
        spec.loader.exec_module(anew)
        found = [*anew.find_trusting(application)]

    assert found == [(f'{HERE}.RealAddress', 'X-Real-Ip')]


@pytest.mark.case('I07')
@pytest.mark.parametrize(
    ('wrapped', 'found'),
    [
        (Wrapper(application), []),
        (Wrapper(Believing(application)), [(f'{HERE}.Believing', 'X-Remote-User')]),
        (Wrapper(wrap(application)), [(f'{HERE}.wrap.<locals>.wrapped', 'X-Forwarded-For')]),
        (Wrapper(wrap(application).__call__),
         [(f'{HERE}.wrap.<locals>.wrapped', 'X-Forwarded-For')]),
    ],
)  # fmt: skip
def test_wrapper_that_trusts_a_header_is_found(wrapped, found):
    assert list(trusted_headers.find_trusting(wrapped)) == found


class Slotted:
    __slots__ = ('inner',)

    def __call__(self, environ, start_response):
        return environ.get('X-Real-IP')


def wrap_later():
    def wrapped(environ, start_response):
        return inner(environ, start_response)

    if not wrapped:
        inner = None
    return wrapped


BELIEVING = (f'{HERE}.Believing', 'X-Remote-User')


@pytest.mark.case('I07')
@pytest.mark.parametrize(
    ('wrapped', 'found'),
    [
        (functools.partial(Believing(application)), [BELIEVING]),
        (functools.partial(print, Believing(application)), [BELIEVING]),
        (functools.partial(print, file=Believing(application)), [BELIEVING]),
        (
            Believing(application).__call__,
            [BELIEVING, (f'{HERE}.Believing.__call__', 'X-Remote-User')],
        ),
        (Slotted(), [(f'{HERE}.Slotted', 'X-Real-Ip')]), (Slotted, []), (wrap_later(), []),
    ],
)  # fmt: skip
def test_what_wraps_in_another_way_is_searched(wrapped, found):
    """`trusted_headers`"""
    assert list(trusted_headers.find_trusting(wrapped)) == found


@pytest.mark.case('I07')
def test_middleware_within_djangos_own_handler_is_found_once():
    with override_settings(MIDDLEWARE=[f'{HERE}.RealAddress']):
        found = list(trusted_headers.find_trusting(WSGIHandler()))

    assert found == [(f'{HERE}.RealAddress', 'X-Real-Ip')]


@pytest.mark.case('I07')
@pytest.mark.parametrize(
    ('named', 'header'),
    [
        ('HTTP_X_FORWARDED_FOR', 'X-Forwarded-For'), ('HTTP_FORWARDED_FOR', 'Forwarded-For'),
        ('x-forwarded-host', 'X-Forwarded-Host'), ('HTTP_X_SCHEME', 'X-Scheme'),
        ('X-URL-Scheme', 'X-Url-Scheme'), ('CF-Connecting-IP', 'Cf-Connecting-Ip'),
        ('True-Client-IP', 'True-Client-Ip'), ('X-Cluster-Client-IP', 'X-Cluster-Client-Ip'),
        ('X-Original-URL', 'X-Original-Url'), ('X-Script-Name', 'X-Script-Name'),
        ('X-Client-IP', 'X-Client-Ip'), ('X-Real-IP', 'X-Real-Ip'), ('HTTP_FORWARDED', None),
        ('HTTP_HOST', None), ('REMOTE_ADDR', None), ('X-Realm', None), ('X_REAL_IP', None),
        ('HTTP_X_SCHEMES', None),
    ],
)  # fmt: skip
def test_headers_by_which_proxies_tell_who_their_client_is(named, header):
    scope = {'__name__': HERE}
    exec(f'def view(environ, start_response): return lambda: environ.get({named!r})', scope)

    found = [name for _, name in trusted_headers.find_trusting(scope['view'])]
    assert found == ([header] if header else [])


@pytest.mark.case('I07')
@pytest.mark.parametrize(('number', 'is_found'), [(199, True), (200, False)])
def test_so_many_wrappers_are_searched(number, is_found):
    wrapped = Believing(application)
    for _ in range(number):
        wrapped = Wrapper(wrapped)

    assert bool([*trusted_headers.find_trusting(wrapped)]) is is_found


@pytest.mark.case('I07')
def test_werkzeugs_proxy_fix_is_found():
    assert trusted_headers.explain(Wrapper(ProxyFix(application)), 'granian') == (
        'werkzeug.middleware.proxy_fix.ProxyFix trusts X-Forwarded-For, which granian cannot tell '
        'from X_Forwarded_For that a client sends. Use gunicorn.'
    )


@pytest.mark.case('I07')
@pytest.mark.parametrize(
    ('changed', 'sentence'),
    [
        (
            {'USE_X_FORWARDED_HOST': True},
            ('USE_X_FORWARDED_HOST trusts X-Forwarded-Host, which granian cannot tell from '
             'X_Forwarded_Host that a client sends. Use gunicorn, or let the proxy send Host as it '
             'came, without this setting.'),
        ),
        (
            {'SECURE_PROXY_SSL_HEADER': ('HTTP_X_FORWARDED_PROTO', 'https')},
            ('SECURE_PROXY_SSL_HEADER trusts X-Forwarded-Proto, which granian cannot tell from '
             'X_Forwarded_Proto that a client sends. Use gunicorn, or a header without a hyphen, '
             'as XForwardedProto.'),
        ),
        ({}, ''),
    ],
)  # fmt: skip
def test_a_setting_that_trusts_a_header_has_a_remedy_of_its_own(changed, sentence):
    with override_settings(**changed):
        assert trusted_headers.explain(application, 'granian') == sentence


@pytest.mark.case('I07')
def test_sentrys_wrapper_only_reports():
    wsgi = pytest.importorskip('sentry_sdk.integrations.wsgi')

    assert trusted_headers.explain(wsgi.SentryWsgiMiddleware(application), 'granian') == ''
