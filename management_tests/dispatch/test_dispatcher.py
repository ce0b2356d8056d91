"""What the dispatcher spares a request that comes often: it decides, and looks, once."""

from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path

from django_apistar.dispatch.dispatcher import Dispatcher, get_application
from django_apistar.dispatch.path_memory import PathMemory
from management_tests.support.raw_wsgi import build_environ, call

pytestmark = [pytest.mark.django_db, pytest.mark.once]

KEYS = {'ALLOWED_DJANGO_ROUTES': ['/admin/', '/django/'], 'HEALTH_URL': '/up'}


@pytest.fixture
def application() -> Any:
    with override_settings(APISTAR_SETTINGS=KEYS):
        yield get_application()


@pytest.mark.parametrize(
    ('path', 'method', 'is_kept'),
    [
        ('/', 'GET', True), ('/', 'HEAD', True), ('/echo/', 'POST', True),
        ('/echo/x/', 'GET', True),
        ('/django/echo/', 'GET', True), ('/django/echo/', 'POST', True),
        ('/django/echo/', 'PUT', False), ('/django/echo/', 'HEAD', False), ('/nope/', 'GET', False),
        ('/', 'DELETE', False), ('/static/a.css', 'GET', False), ('/up', 'GET', False),
        ('/echo', 'GET', False), ('/echo/' + 'x' * 250 + '/', 'GET', False),
        ('/echo/' + 'x' * 249 + '/', 'GET', True),
    ],
)  # fmt: skip
def test_a_path_that_has_a_route_is_decided_once(
    application: Any, path: str, method: str, is_kept: bool
) -> None:
    """`dispatcher`, `path_memory`"""
    decided: list[str] = []
    decide = application._decide

    def note(path_info: str, method: str) -> Any:
        decided.append(path_info)
        return decide(path_info, method)

    application._decide = note
    answers = {(call(path, method, app=application).status) for _ in range(30)}

    assert len(answers) == 1
    assert len(decided) == (8 if is_kept else 30)


def test_a_memory_keeps_one_path_of_eight_and_forgets_all_when_it_is_full() -> None:
    memory: PathMemory[int] = PathMemory(2)
    for number in range(24):
        memory.offer(f'/{number}', 'GET', number)
    assert memory.targets == {'/23': {'GET': 23}}

    for number in range(16):
        memory.offer('/23', 'POST', number)
    assert memory.targets == {'/23': {'GET': 23, 'POST': 15}}


def screen_all(application: Any, **environ: Any) -> list[int]:
    """Return how often two requests were looked at, after one."""
    seen: list[Any] = []
    hosts = application._hosts
    screen = hosts.screen
    hosts.screen = lambda respond, environ: seen.append(environ) or screen(respond, environ)
    counts = []
    for _ in range(3):
        call('/', app=application, **environ)
        counts.append(len(seen))
    return counts


SECURITY = 'django.middleware.security.SecurityMiddleware'


@pytest.mark.parametrize(
    ('settings', 'counts'),
    [
        ({}, [1, 1, 1]), ({'MIDDLEWARE': [SECURITY]}, [1, 1, 1]),
        ({'USE_X_FORWARDED_HOST': True}, [1, 2, 3]),
        ({'MIDDLEWARE': [SECURITY], 'SECURE_HSTS_SECONDS': 5}, [1, 2, 3]),
        ({'MIDDLEWARE': [SECURITY], 'SECURE_SSL_REDIRECT': True}, [1, 2, 3]),
        ({'MIDDLEWARE': [], 'SECURE_SSL_REDIRECT': True}, [1, 1, 1]),
        ({'MIDDLEWARE': [], 'SECURE_HSTS_SECONDS': 5}, [1, 1, 1]),
    ],
)  # fmt: skip
def test_a_host_is_looked_at_once_where_no_more_is_asked(settings: Any, counts: list[int]) -> None:
    """`hosts`"""
    with override_settings(**settings):
        assert screen_all(get_application()) == counts


def test_hosts_that_are_refused_are_looked_at_each_time(application: Any) -> None:
    assert screen_all(application, HTTP_HOST='evil.example') == [1, 2, 3]


def count_signals(path: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    sent: list[str] = []
    for name, signal in (('started', request_started), ('finished', request_finished)):
        monkeypatch.setattr(
            signal, 'send', lambda name=name, **given: sent.append(f'{name} {[*given]}')
        )
    for _ in range(2):
        assert call(path).status == 200
    return sent


def test_signals_with_djangos_own_receivers_alone_are_not_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`lifecycle`"""
    assert count_signals('/', monkeypatch) == []


@pytest.mark.parametrize('signal', [request_started, request_finished])
def test_with_another_receiver_both_signals_are_sent(
    signal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def receive(**given: object) -> None:
        """Never called: nothing is sent here."""

    signal.connect(receive)
    try:
        sent = count_signals('/', monkeypatch)
    finally:
        signal.disconnect(receive)

    assert sent == ["started ['sender', 'environ']", "finished ['sender']"] * 2


def answer_finely(request: HttpRequest) -> HttpResponse:
    return HttpResponse('fine', reason='Fine')


urlpatterns = [path('django/fine/', answer_finely)]


@override_settings(APISTAR_SETTINGS=KEYS, ROOT_URLCONF=__name__)
def test_a_view_may_give_its_status_a_reason_of_its_own() -> None:
    heads: list[str] = []

    body = get_application()(build_environ('/django/fine/'), lambda *head: heads.append(head[0]))

    assert (heads, b''.join(body)) == (['200 Fine'], b'fine')
    body.close()


def test_the_projects_application_is_one(application: Any) -> None:
    assert type(application) is Dispatcher
    assert get_application() is application
