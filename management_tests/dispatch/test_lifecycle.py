"""What Django does around its requests happens around API Star's too."""

import contextlib
import logging
import sqlite3
import threading
from asyncio import CancelledError
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import django
import pytest
from apistar import Route, exceptions, http
from django.core import mail
from django.core.cache import caches
from django.core.cache.backends.base import BaseCache
from django.core.signals import got_request_exception, request_finished, request_started
from django.db import OperationalError, connections, transaction
from django.db.backends.signals import connection_created
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path

from management_tests.project.models import Note
from management_tests.support.raw_wsgi import Answer, call

# Around a request, connections that earlier tests have opened are looked after.
pytestmark = pytest.mark.django_db

ALIAS = 'scratch'
# Django 6 deprecates the pairs that it demanded before.
ADMINS = ['a@example.com'] if django.VERSION >= (6, 0) else [('Admin', 'a@example.com')]
# Django 6.1 deprecates a project without MAILERS; older ones do not know the setting.
MAILERS = {'default': {'BACKEND': 'django.core.mail.backends.locmem.EmailBackend'}}
INLINE, SIGNALS = 'inline', 'signals'


def count_notes() -> int:
    return Note.objects.using(ALIAS).count()


def make_note() -> int:
    return Note.objects.using(ALIAS).create(text='made').pk


def make_note_and_fail() -> None:
    make_note()
    raise ZeroDivisionError('after a note')


def make_note_and_refuse() -> None:
    make_note()
    raise exceptions.BadRequest('after a note')


def make_note_and_redirect() -> None:
    make_note()
    raise exceptions.Found('/')


@transaction.non_atomic_requests(using=ALIAS)
def make_note_without_transaction() -> None:
    make_note_and_fail()


def turn_autocommit_off() -> None:
    connections[ALIAS].set_autocommit(False)
    make_note()


def stream_notes() -> Iterator[str]:
    for note in Note.objects.using(ALIAS).iterator():
        yield note.text


def lose_connection() -> int:
    with connections[ALIAS].cursor() as cursor:
        cursor.execute('SELECT pg_terminate_backend(pg_backend_pid())')
    return 1


def exit_worker() -> None:
    raise SystemExit(3)


def stream_and_exit() -> Iterator[str]:
    yield 'a'
    raise SystemExit(3)


def use_cache() -> int:
    caches['closing'].set('a', 1)
    return ClosingCache.made


def use_broken_cookie() -> http.Response:
    return http.Response(b'', headers={'X-Bad': 'a\nb'})


def count_notes_of(text: str) -> int:
    return Note.objects.using(ALIAS).filter(text=text).count()


def make_note_of(text: str = 'made', pk: int | None = None) -> int:
    return Note.objects.using(ALIAS).create(text=text, pk=pk).pk


routes = [
    Route('/' + handler.__name__.replace('_', '-') + '/', 'GET', handler)
    for handler in (
        count_notes,
        make_note,
        make_note_and_fail,
        make_note_and_refuse,
        make_note_and_redirect,
        make_note_without_transaction,
        turn_autocommit_off,
        stream_notes,
        lose_connection,
        exit_worker,
        stream_and_exit,
        use_cache,
        use_broken_cookie,
        count_notes_of,
        make_note_of,
    )
]
own_routes = override_settings(
    APISTAR_ROUTE_CONF=__name__, APISTAR_SETTINGS={'ALLOWED_DJANGO_ROUTES': ['/django/']}
)
ENDINGS = {  # how a request can end, and its status
    '/count-notes/': 200, '/make-note-and-fail/': 500, '/make-note-and-refuse/': 400,
    '/make-note-and-redirect/': 302, '/stream-notes/': 200, '/count-notes/?wrong': 200,
}  # fmt: skip


class ClosingCache(BaseCache):
    """A cache with a connection, as memcached's and Redis'."""

    made = 0
    closed = 0

    def __init__(self, location: str, params: Any) -> None:
        super().__init__(params)
        type(self).made += 1

    def set(self, *args: Any, **kwargs: Any) -> None:
        """Nothing is kept."""

    def close(self, **kwargs: Any) -> None:
        type(self).closed += 1


@pytest.fixture(params=['sqlite', 'postgresql'])
def database(request, tmp_path, django_db_blocker) -> Iterator[dict[str, Any]]:
    """A database of a file or a server, with a table of notes; the fixture is its settings."""
    if request.param == 'sqlite':
        config = {'ENGINE': 'django.db.backends.sqlite3', 'NAME': str(tmp_path / 'db')}
    else:
        config = request.getfixturevalue('postgres').databases()['default']
    connections.settings[ALIAS] = connections.configure_settings({'default': config})['default']
    with django_db_blocker.unblock(), own_routes:
        with connections[ALIAS].schema_editor() as editor:
            editor.create_model(Note)
        connections[ALIAS].close()
        yield connections.settings[ALIAS]
        connections[ALIAS].close()
    del connections[ALIAS], connections.settings[ALIAS]


on_postgresql = pytest.mark.parametrize('database', ['postgresql'], indirect=True)


@pytest.fixture(params=[INLINE, SIGNALS])
def way(request) -> Iterator[str]:
    """Both ways of the lifecycle: with another receiver of the signals, and without."""

    def receiver(**kwargs: Any) -> None:
        """Whatever a monitoring tool connects."""

    if request.param == SIGNALS:
        request_started.connect(receiver)
    yield request.param
    request_started.disconnect(receiver)


def is_open() -> bool:
    return connections[ALIAS].connection is not None


def count_committed() -> int:
    """Count on a connection of another thread."""
    counts: list[int] = []

    def count() -> None:
        counts.append(count_notes())
        connections[ALIAS].close()

    run_in_thread(count)
    return counts[0]


def run_in_thread(function: Any) -> None:
    thread = threading.Thread(target=function)
    thread.start()
    thread.join()


# Connections


@pytest.mark.case('G02')
@pytest.mark.parametrize(('path', 'status'), ENDINGS.items())
def test_connection_is_closed_after_each_request(database, way, path, status):
    answer = call(path.partition('?')[0], QUERY_STRING=path.partition('?')[2])

    assert answer.status == status
    assert not is_open()


@pytest.mark.case('G02')
@pytest.mark.parametrize('max_age', [60, None])
def test_connection_is_kept_for_its_age(database, way, max_age):
    database['CONN_MAX_AGE'] = max_age

    call('/count-notes/')
    first = connections[ALIAS].connection
    call('/count-notes/')

    assert first is not None
    assert connections[ALIAS].connection is first


def test_old_connection_is_closed_before_the_next_request(database, way):
    database['CONN_MAX_AGE'] = 60
    call('/count-notes/')
    connections[ALIAS].close_at = 0

    call('/nope/')

    assert not is_open()


def test_a_request_never_asks_by_an_old_connection(database, way):
    database['CONN_MAX_AGE'] = 60
    call('/count-notes/')
    old = connections[ALIAS].connection
    connections[ALIAS].close_at = 0

    call('/count-notes/')

    assert connections[ALIAS].connection not in (None, old)


def test_connection_of_each_thread_is_closed(database, way):
    open_after: list[bool] = []

    def request() -> None:
        call('/count-notes/')
        open_after.append(is_open())

    for _ in range(3):
        run_in_thread(request)

    assert open_after == [False, False, False]


def test_connection_that_was_opened_before_the_application_was_made_is_closed(database):
    """As by system checks: before its receiver was connected, in a thread that serves later."""
    from django_apistar.dispatch.lifecycle import remember_connection

    open_after: list[bool] = []

    def request() -> None:
        connections[ALIAS].ensure_connection()
        connection_created.connect(remember_connection)
        call('/nope/')
        open_after.append(is_open())

    connection_created.disconnect(remember_connection)
    run_in_thread(request)

    assert open_after == [False]


def test_connection_is_open_while_a_stream_is_sent(database, way):
    call('/make-note/')
    call('/make-note/')

    answer = call('/stream-notes/')

    assert answer.body == b'mademade'
    assert not is_open()


def test_stream_whose_client_leaves_closes_the_connection(database, way):
    from django_apistar.dispatch.dispatcher import get_application
    from management_tests.support.raw_wsgi import build_environ

    call('/make-note/')
    body = get_application()(build_environ('/stream-notes/'), lambda *args: None)
    next(iter(body))
    assert is_open()

    body.close()

    assert not is_open()


@pytest.mark.case('G01')
@on_postgresql
def test_lost_connection_costs_one_request(database, way, caplog):
    database['CONN_MAX_AGE'] = None

    assert call('/lose-connection/').status == 500
    assert call('/count-notes/').json() == 0


@pytest.mark.case('G03')
@on_postgresql
def test_connection_that_broke_while_idle_costs_none_with_health_checks(database, way):
    database.update(CONN_MAX_AGE=None, CONN_HEALTH_CHECKS=True)
    call('/count-notes/')
    pid = connections[ALIAS].connection.info.backend_pid

    def terminate() -> None:
        with connections[ALIAS].cursor() as cursor:
            cursor.execute('SELECT pg_terminate_backend(%s)', [pid])
        connections[ALIAS].close()

    run_in_thread(terminate)

    assert call('/count-notes/').json() == 0


@pytest.mark.case('G04')
def test_queries_are_logged_for_one_request_alone(database, way):
    database['CONN_MAX_AGE'] = None
    with override_settings(DEBUG=True):
        for _ in range(3):
            call('/count-notes/')

        assert len(connections[ALIAS].queries_log) == 1


# Transactions


@pytest.mark.case('G06')
def test_open_transaction_does_not_reach_the_next_request(database, way):
    database['CONN_MAX_AGE'] = None

    call('/turn-autocommit-off/')

    assert not is_open()
    assert call('/count-notes/').json() == 0
    assert connections[ALIAS].get_autocommit()


@pytest.mark.case('G05')
@pytest.mark.parametrize(
    ('path', 'notes'),
    [
        ('/make-note/', 1),
        ('/make-note-and-redirect/', 1),
        ('/make-note-and-fail/', 0),
        ('/make-note-and-refuse/', 0),
        ('/make-note-without-transaction/', 1),
    ],
)
def test_atomic_requests(database, way, path, notes):
    database['ATOMIC_REQUESTS'] = True

    call(path)

    assert count_committed() == notes


@pytest.mark.parametrize('path', ['/make-note-and-fail/', '/make-note-and-refuse/'])
def test_without_atomic_requests_each_query_is_committed(database, way, path):
    call(path)

    assert count_committed() == 1


# What a database refuses

BAD_REQUEST = (400, 'Bad request')


def ask(path: str, query: str = '') -> tuple[int, Any]:
    answer = call(path, QUERY_STRING=query)
    return answer.status, answer.json()


@pytest.mark.case('F10')
@pytest.mark.parametrize('number', [2**63, -(2**63) - 1, 10**40])
@pytest.mark.parametrize('debug', [False, True])
def test_integer_that_the_database_does_not_have_is_a_bad_request(database, caplog, number, debug):
    with override_settings(DEBUG=debug):
        assert ask('/make-note-of/', f'pk={number}') == BAD_REQUEST

    [record] = caplog.records
    assert (record.name, record.levelno) == ('django.request', logging.WARNING)
    assert 'in make_note_of' in caplog.text  # the traceback


@pytest.mark.case('F11')
@on_postgresql
@pytest.mark.parametrize('path', ['/count-notes-of/', '/make-note-of/'])
@pytest.mark.parametrize('text', ['a%00', '%00'])
def test_text_with_a_nul_is_a_bad_request(database, path, text):
    assert ask(path, f'text={text}') == BAD_REQUEST
    assert ask('/count-notes/') == (200, 0)


@on_postgresql
def test_text_that_is_too_long_for_its_column_is_a_bad_request(database):
    assert ask('/make-note-of/', f'text={"x" * 101}') == BAD_REQUEST


@pytest.mark.parametrize('database', ['sqlite'], indirect=True)
def test_locked_database_is_503_and_may_be_read(database, caplog):
    database['OPTIONS']['timeout'] = 0.01
    writer = sqlite3.connect(database['NAME'])
    writer.execute('BEGIN IMMEDIATE')

    answer = call('/make-note/')

    assert (answer.status, answer.json()) == (503, 'Service unavailable')
    assert answer.headers['retry-after'] == '1'
    [record] = caplog.records
    assert (record.name, record.levelno) == ('django.request', logging.ERROR)
    assert record.exc_info[0] is OperationalError
    assert ask('/count-notes/') == (200, 0)
    writer.close()
    assert ask('/make-note/') == (200, 1)


# Signals


@pytest.fixture
def signals() -> Iterator[list[Any]]:
    """What is received of both signals, in order, as (name, arguments)."""
    received: list[Any] = []

    def started(**kwargs: Any) -> None:
        received.append(('started', kwargs))

    def finished(**kwargs: Any) -> None:
        received.append(('finished', kwargs))

    request_started.connect(started)
    request_finished.connect(finished)
    yield received
    request_started.disconnect(started)
    request_finished.disconnect(finished)


def test_request_finished_is_sent_where_the_server_refuses_the_answer(signals):
    def refuse(status: str, headers: Any, exc_info: Any = None) -> Any:
        raise ConnectionResetError

    from django_apistar.dispatch.dispatcher import get_application
    from management_tests.support.raw_wsgi import build_environ

    with contextlib.suppress(ConnectionResetError):
        get_application()(build_environ('/echo/'), refuse)

    assert [name for name, _ in signals] == ['started', 'finished']


@pytest.mark.parametrize('signal', [request_started, request_finished])
def test_a_receiver_of_one_signal_alone_is_called_where_no_database_is_open(signal):
    received: list[Any] = []

    def receive(**kwargs: Any) -> None:
        received.append(kwargs['signal'])

    def ask() -> None:
        """In a thread of its own, which has no connection."""
        call('/echo/')
        signal.connect(receive)
        call('/echo/')
        signal.disconnect(receive)

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()

    assert received == [signal]


@pytest.mark.case('G07')
@own_routes
@pytest.mark.parametrize('path', ['/nope/', '/exit-worker/', '/use-broken-cookie/', '/docs'])
def test_signals_are_sent_once_for_each_request(signals, path):
    answer = call(path)

    assert [name for name, _ in signals] == ['started', 'finished']
    assert signals[0][1]['environ'] is answer.environ


def test_signals_of_a_stream_enclose_it(signals, database):
    call('/stream-notes/')

    assert [name for name, _ in signals] == ['started', 'finished']


@pytest.mark.parametrize('path', ['/nope/', '/django/echo/'])
def test_signals_enclose_a_request_for_a_refused_host(signals, path):
    answer = call(path, HTTP_HOST='evil.example')

    assert answer.status == 400
    assert [name for name, _ in signals] == ['started', 'finished']


def test_signals_of_djangos_own_requests_are_sent_once(signals):
    call('/django/echo/')

    assert [name for name, _ in signals] == ['started', 'finished']


# Exceptions


@pytest.fixture
def exception_signals() -> Iterator[list[Any]]:
    received: list[Any] = []

    def receive(**kwargs: Any) -> None:
        received.append(kwargs)

    got_request_exception.connect(receive)
    yield received
    got_request_exception.disconnect(receive)


@pytest.mark.case('H01')
def test_unhandled_exception_is_logged_once_with_its_traceback(caplog):
    answer = call('/boom/')

    assert (answer.status, answer.json()) == (500, 'Server error')
    [record] = caplog.records
    assert (record.name, record.levelno) == ('django.request', logging.ERROR)
    assert record.getMessage() == 'Internal Server Error: /boom/'
    assert record.exc_info[0] is ZeroDivisionError
    assert 'raise ZeroDivisionError' in caplog.text
    assert (record.status_code, record.request.path) == (500, '/boom/')


@pytest.mark.case('H01')
def test_unhandled_exception_is_signalled_once(exception_signals):
    call('/boom/')

    [received] = exception_signals
    assert received['request'].path == '/boom/'


def test_receiver_of_the_signal_can_ask_for_the_exception_in_flight():
    import sys

    seen: list[Any] = []

    def receive(**kwargs: Any) -> None:
        seen.append(sys.exc_info()[0])

    got_request_exception.connect(receive)
    call('/boom/')
    got_request_exception.disconnect(receive)

    assert seen == [ZeroDivisionError]


def test_broken_receiver_of_the_signal_does_not_break_the_answer(caplog):
    def receive(**kwargs: Any) -> None:
        raise KeyError('receiver')

    got_request_exception.connect(receive)
    answer = call('/boom/')
    got_request_exception.disconnect(receive)

    assert answer.json() == 'Server error'
    assert [record.exc_info[0] for record in caplog.records] == [KeyError, ZeroDivisionError]


@pytest.mark.case('H01')
@override_settings(ADMINS=ADMINS, MAILERS=MAILERS)
def test_unhandled_exception_is_mailed_to_the_admins():
    call('/boom/')

    [message] = mail.outbox
    assert 'Internal Server Error: /boom/' in message.subject
    assert 'ZeroDivisionError at /boom/\nfrom a handler' in message.body


@pytest.mark.case('H07')
def test_system_exit_is_logged_and_does_not_stop_the_worker(caplog, exception_signals):
    answer = call('/exit/')

    assert answer.json() == 'Server error'
    assert [record.exc_info[0] for record in caplog.records] == [SystemExit]
    assert len(exception_signals) == 1


@own_routes
def test_system_exit_in_a_streamed_body_is_logged_and_does_not_stop_the_worker(caplog):
    with pytest.raises(Exception, match=r'^SystemExit in a streamed body\.$'):
        call('/stream-and-exit/')

    assert [record.exc_info[0] for record in caplog.records] == [SystemExit]


@pytest.mark.case('H03')
def test_no_details_reach_the_client():
    assert call('/boom/').body == b'"Server error"'


def test_browser_sees_a_traceback_page_under_debug():
    with override_settings(DEBUG=True):
        answer = call('/boom/', HTTP_ACCEPT='text/html,*/*')

    assert answer.status == 500
    assert 'ZeroDivisionError' in answer.body.decode()


@pytest.mark.case('H08')
def test_client_error_is_logged_once_as_a_warning(caplog, exception_signals):
    call('/nope/')

    [record] = caplog.records
    assert (record.name, record.levelno) == ('django.request', logging.WARNING)
    assert '/nope/' in record.getMessage()
    assert exception_signals == []


@pytest.mark.parametrize('path', ['/', '/echo', '/docs/', '/redirect/'])
def test_success_and_redirect_are_not_logged(caplog, path):
    call(path, QUERY_STRING='to=/')

    assert caplog.records == []


@pytest.mark.case('H06')
@pytest.mark.parametrize(
    ('path', 'logged'),
    [
        ('/a\nCRITICAL forged/', r'/a\nCRITICAL forged/'), (r'/a\nb/', r'/a\\nb/'),
        ('/\x7f/', r'/\x7f/'), ('/é/', r'/\xc3\xa9/'), ('/no pe/', '/no pe/'),
    ],
)  # fmt: skip
def test_no_path_can_forge_a_log_line(caplog, path, logged):
    call(path)

    assert [record.getMessage() for record in caplog.records] == [f'NotFound: {logged}']


# What an earlier request leaves

DEFAULTS = {'language': 'en-us', 'timezone': 'UTC', 'urlconf': None}


@pytest.mark.case('G11', 'G12', 'G13')
@pytest.mark.parametrize('path', ['/activate/', '/django/activate/'])
def test_language_timezone_and_urlconf_end_with_their_request(path):
    assert call(path).body == b'activated'

    assert call('/active/').json() == DEFAULTS
    assert call('/django/echo/').json()['language'] == 'en-us'


# No transaction around it: a request ends a connection that has one, as in a server.
@pytest.mark.django_db(transaction=True)
@override_settings(LANGUAGE_CODE='de', TIME_ZONE='Europe/Berlin')
def test_language_and_timezone_are_the_settings():
    assert call('/active/').json() == {
        'language': 'de', 'timezone': 'Europe/Berlin', 'urlconf': None,
    }  # fmt: skip


@pytest.mark.case('G13')
def test_script_prefix_ends_with_its_request():
    call('/echo/', SCRIPT_NAME='/mnt')
    call('/django/echo/', SCRIPT_NAME='/mnt')

    from django_apistar import reverse_url

    assert reverse_url('echo') == '/echo/'
    assert reverse_url('admin:index') == '/admin/'


def test_language_outside_of_requests_stays():
    from django.utils import translation

    with translation.override('fr'):
        call('/activate/')

        assert translation.get_language() == 'fr'


# Caches


@pytest.fixture
def closing_cache() -> Iterator[type[ClosingCache]]:
    ClosingCache.made = ClosingCache.closed = 0
    backend = {'BACKEND': f'{__name__}.ClosingCache'}
    default = {'BACKEND': 'django.core.cache.backends.locmem.LocMemCache'}
    with own_routes, override_settings(CACHES={'default': default, 'closing': backend}):
        yield ClosingCache


@pytest.mark.case('G10')
def test_cache_is_closed_after_a_request(closing_cache, way):
    run_in_thread(lambda: call('/use-cache/'))

    assert closing_cache.closed == 1


def test_cache_and_its_connections_serve_a_thread_for_ever(closing_cache, way):
    made: list[Any] = []

    def requests() -> None:
        made.extend(call('/use-cache/').json() for _ in range(3))

    run_in_thread(requests)

    assert made == [1, 1, 1]


def show_cache(request: HttpRequest) -> HttpResponse:
    return HttpResponse(use_cache())


urlpatterns = [path('django/cache/', show_cache)]


def test_cache_serves_a_thread_whose_first_request_is_djangos(closing_cache):
    """Django makes it in the context of a request, which here is a copy for each."""
    made: list[bytes] = []

    def requests() -> None:
        made.extend(call('/django/cache/').body for _ in range(3))

    with override_settings(ROOT_URLCONF=__name__):
        run_in_thread(requests)

    assert made == [b'1', b'1', b'1']


def test_answer_names_its_framework():
    answers: list[Answer] = [call('/'), call('/django/echo/'), call('/static/nope.css')]

    assert [answer.framework for answer in answers] == ['apistar', 'django', 'static']


# Receivers and application code that fail where no framework answers


@contextmanager
def receiver(signal: Any, exception: BaseException) -> Iterator[None]:
    def fail(**kwargs: Any) -> None:
        raise exception

    signal.connect(fail)
    try:
        yield
    finally:
        signal.disconnect(fail)


@pytest.mark.case('H10')
@pytest.mark.parametrize('exception', [SystemExit(3), KeyError('a'), CancelledError()])
@pytest.mark.parametrize('path', ['/echo/', '/django/echo/'])
def test_receiver_of_request_started_that_fails_is_a_logged_500(path, exception, caplog):
    with receiver(request_started, exception):
        answer = call(path)

    assert (answer.status, answer.json()) == (500, 'Server error')
    assert [record.exc_info[1] for record in caplog.records] == [exception]


@pytest.mark.case('H10')
@pytest.mark.parametrize('exception', [SystemExit(3), KeyError('a')])
def test_receiver_of_request_finished_that_fails_spoils_no_answer(exception, caplog):
    with receiver(request_finished, exception):
        answer = call('/echo/')

    assert answer.status == 200
    assert [(record.message, record.exc_info[1]) for record in caplog.records] == [
        ('A receiver of request_finished failed.', exception)
    ]


@pytest.mark.case('H10')
def test_receiver_of_the_fault_that_exits_is_logged(caplog):
    exception = SystemExit(3)
    with receiver(got_request_exception, exception):
        answer = call('/boom/')

    assert (answer.status, answer.json()) == (500, 'Server error')
    first, second = caplog.records
    assert (first.message, first.exc_info[1]) == (
        'A receiver of got_request_exception failed.', exception,
    )  # fmt: skip
    assert second.message == 'Internal Server Error: /boom/'


def test_django_fault_goes_on_where_the_settings_say_so():
    with (
        override_settings(DEBUG_PROPAGATE_EXCEPTIONS=True),
        pytest.raises(ZeroDivisionError),
    ):
        call('/django/boom/')
