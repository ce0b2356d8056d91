"""granian's master as runapistar has it, in process: what it does when it is told something."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from django_apistar.api.server_state import server_state
from django_apistar.server.drain import Drain
from django_apistar.server.launch import Launch, ServerError
from django_apistar.server.private_names import LOG

wsgi = pytest.importorskip('granian.wsgi')
# An older release lacks names that it needs, and is refused.
pytest.importorskip('django_apistar.server.granian.server', exc_type=ImportError)
from granian.net import SocketHolder  # noqa: E402
from granian.server.mp import MPServer  # noqa: E402

from django_apistar.server.access_log import AccessLogged  # noqa: E402
from django_apistar.server.granian import server as module  # noqa: E402
from django_apistar.server.granian.server import Draining, GranianServer, Master  # noqa: E402

pytestmark = pytest.mark.once


def respond(environ: Any, start_response: Any) -> list[bytes]:
    """The project's application."""
    return [b'']


class Told:
    """What happens, in order."""

    def __init__(self) -> None:
        self.events: list[Any] = []

    def note(self, name: str, result: Any = None) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            shown = [arg for arg in args if not isinstance(arg, (Master, SimpleNamespace))]
            self.events.append((name, *shown, *kwargs.items()))
            return result

        return call


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket() as opened:
        opened.bind(('127.0.0.1', 0))
        opened.listen()
        yield opened


class Timer:
    """A timer whose time has come when it is started."""

    told: Told

    def __init__(self, seconds: float, function: Any, arguments: Any) -> None:
        self.told.events.append(('in', seconds, function.__name__, arguments))

    def start(self) -> None:
        self.told.events.append(('start',))

    def join(self) -> None:
        self.told.events.append(('join',))


@pytest.fixture
def build(monkeypatch: pytest.MonkeyPatch, told: Told, listener: socket.socket) -> Any:
    """Return what builds a master, of which granian's own methods and the clock only note."""
    for name in ('signal_handler_interrupt', '_respawn_workers', 'shutdown', '_stop_workers',
                 '_reload'):  # fmt: skip
        monkeypatch.setattr(MPServer, name, told.note(f'granian {name}'))
    monkeypatch.setattr(module.time, 'sleep', told.note('sleep'))
    monkeypatch.setattr(module, 'end_line', told.note('end line'))
    monkeypatch.setattr(module.listeners, 'drain_backlogs', told.note('drain backlogs'))
    Timer.told = told
    monkeypatch.setattr(module.threading, 'Timer', Timer)
    monkeypatch.setattr(server_state, 'drain_flag', None)

    def build(drain_s: int = 0, owns_socket: bool = True, **launch: Any) -> Any:
        given = Launch('granian', **launch)
        options = GranianServer(given)._options(listener.getsockname())
        master = Master(given, listener, owns_socket, Drain(told.note('log'), drain_s), **options)
        master.pid = os.getpid()
        master.wrks = [build_worker(number) for number in range(2)]
        return master

    return build


def build_worker(pid: Any, is_alive: bool = True) -> Any:
    inner = SimpleNamespace(pid=pid, is_alive=lambda: is_alive)
    return SimpleNamespace(inner=inner, interrupt_by_parent=False)


def test_workers_share_the_socket_that_was_bound(build: Any, listener: socket.socket) -> None:
    master = build()
    master._init_shared_socket()

    assert listener.getblocking() is False
    assert (master._sfd, master._sso) == (listener.fileno(), listener)
    assert type(master._shd) is SocketHolder


@pytest.mark.parametrize(
    ('drain_s', 'numbers', 'events', 'is_draining'),
    [
        (0, [signal.SIGTERM], ['granian'], True),
        (5, [signal.SIGTERM], [], True),
        (5, [signal.SIGTERM, signal.SIGTERM], ['granian'], True),
        (5, [signal.SIGINT], ['end line', 'granian'], False),
        (0, [signal.SIGINT], ['end line', 'granian'], False),
    ],
)
def test_signals_that_stop(
    build: Any, told: Told, drain_s: int, numbers: Any, events: Any, is_draining: bool
) -> None:
    """`server`"""
    master = build(drain_s)
    master.interrupt_children = [1]
    master.drain._is_stopping.wait = lambda seconds: True
    for number in numbers:
        master.signal_handler_interrupt(number, None)

    seen = [event for event in told.events if event[0] != 'log']
    assert [event[0].split()[0] if 'granian' in event[0] else event[0] for event in seen] == events
    assert all(event[1:] == (numbers[0], None) for event in seen if 'granian' in event[0])
    assert master.drain.has_begun is is_draining
    is_stopping = bool(events)
    assert [worker.interrupt_by_parent for worker in master.wrks] == [is_stopping] * 2
    assert master.interrupt_children == ([] if is_stopping else [1])


def test_a_worker_that_has_not_loaded_ends_at_once(
    build: Any, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    master = build()
    master.pid = -1

    def leave(status: int) -> None:
        raise SystemExit(status)

    monkeypatch.setattr(os, '_exit', leave)
    with pytest.raises(SystemExit) as left:
        master.signal_handler_interrupt(signal.SIGTERM, None)

    assert (left.value.code, told.events) == (0, [])


@pytest.mark.parametrize(
    ('given', 'delay', 'waits'),
    [([3.5], 3.5, 1.5), ([2], 2, 0), ([0], 0, 0), ([0.3], 0.3, 0), ([], 0, 0)],
)
def test_a_worker_drains_before_it_is_replaced(
    build: Any, told: Told, given: list[float], delay: float, waits: float
) -> None:
    """At a reload; one that has ended is replaced without a delay."""
    master = build()
    workers = list(master.wrks)

    master._respawn_workers([0, 1], 'target', 'loader', *given)

    assert told.events == [
        event
        for number, worker in enumerate(workers)
        for event in (
            ('in', waits, 'tell_to_drain', [worker]), ('start',),
            ('granian _respawn_workers', [number], 'target', 'loader', delay), ('join',),
        )
    ]  # fmt: skip


def test_no_worker_is_replaced_once_the_server_is_to_stop(build: Any, told: Told) -> None:
    master = build()
    master.interrupt_signal = True

    master._respawn_workers([0, 1], 'target', 'loader')

    assert told.events == []


@pytest.mark.parametrize(
    ('owns_socket', 'is_development', 'alive', 'drains'),
    [
        (True, False, [True, False], True), (True, False, [False, False], False),
        (False, False, [True, True], False), (True, True, [True, True], False),
    ],
)  # fmt: skip
def test_the_backlog_is_accepted_before_workers_stop(
    build: Any, told: Told, listener: socket.socket,
    owns_socket: bool, is_development: bool, alive: Any, drains: bool,
) -> None:  # fmt: skip
    master = build(owns_socket=owns_socket, is_development=is_development)
    master.wrks = [build_worker(1, is_alive) for is_alive in alive]

    master.shutdown(3)

    backlogs = [('drain backlogs', [listener], 5 if is_development else 30)]
    assert told.events == [*(backlogs if drains else []), ('granian shutdown', 3)]
    assert master.drain.has_begun is True
    master.workers_kill_timeout = None
    master.shutdown()
    assert told.events[-1] == ('granian shutdown', 0)
    assert not drains or told.events[-2] == ('drain backlogs', [listener], 0)


@pytest.mark.parametrize(('is_development', 'seconds'), [(False, 2.0), (True, 0)])
def test_workers_that_stop_drain_first(
    build: Any, told: Told, monkeypatch: pytest.MonkeyPatch, is_development: bool, seconds: float
) -> None:
    master = build(is_development=is_development)
    monkeypatch.setattr(module.os, 'kill', told.note('kill'))

    master._stop_workers()

    assert told.events == [
        ('kill', 0, signal.SIGUSR1), ('kill', 1, signal.SIGUSR1), ('sleep', seconds),
        ('granian _stop_workers',),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ('is_draining', 'is_reloading', 'is_loadable', 'refusal'),
    [
        (True, True, True, 'the server is about to stop'), (False, True, False, ''),
        (False, False, True, ''),
        (False, False, False, 'the workers go on with the code that they have'),
    ],
)  # fmt: skip
@pytest.mark.parametrize('is_interrupted', [False, True])
def test_reload(
    build: Any, told: Told, monkeypatch: pytest.MonkeyPatch, is_draining: bool,
    is_reloading: bool, is_loadable: bool, refusal: str, is_interrupted: bool,
) -> None:  # fmt: skip
    master = build(is_reloading=is_reloading)
    master.drain.flag.value = is_draining
    master.reload_signal = True
    master.interrupt_signal = is_interrupted
    master.main_loop_interrupt.set()
    monkeypatch.setattr(module, 'is_loadable', lambda launch: is_loadable)
    monkeypatch.setattr(module.logger, 'error', told.note('error'))

    master._reload('target', 'loader')

    if refusal:
        assert told.events == [('error', 'Not reloaded: %s.', refusal)]
        assert master.reload_signal is False
        assert master.main_loop_interrupt.is_set() is is_interrupted
    else:
        assert told.events == [('granian _reload', 'target', 'loader')]
        assert master.main_loop_interrupt.is_set() is True


def test_who_has_no_id_or_is_gone_is_not_told(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    module.tell_to_drain(build_worker(None))

    def lose(*args: Any) -> None:
        raise ProcessLookupError

    monkeypatch.setattr(module.os, 'kill', lose)
    module.tell_to_drain(build_worker(1))


def test_a_worker_ends_with_its_master(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    parents = iter([7, 7, 1])
    monkeypatch.setattr(module.os, 'getppid', lambda: next(parents))
    monkeypatch.setattr(module.os, 'kill', told.note('kill'))
    monkeypatch.setattr(module.time, 'sleep', told.note('sleep'))

    module.end_with_master(7)

    assert told.events == [('sleep', 1), ('sleep', 1), ('kill', os.getpid(), signal.SIGTERM)]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch, told: Told, listener: socket.socket) -> Iterator[Any]:
    """Return what loads the application as a worker does, with what signals and threads start."""
    before = signal.getsignal(signal.SIGUSR1)
    monkeypatch.setattr(module.threading, 'Thread', lambda **given: SimpleNamespace(
        start=told.note('thread', None) if told.events.append(given) is None else None
    ))  # fmt: skip
    monkeypatch.setattr(server_state, 'drain_flag', None)
    monkeypatch.setattr(server_state, 'start', told.note('start'))
    monkeypatch.setattr(wsgi, 'os', os)

    def load(**launch: Any) -> Any:
        server = GranianServer(Launch('granian', application=f'{__name__}.respond', **launch))
        server.listener, server.drain_flag = listener, 'flag'
        return server.load()

    yield load
    signal.signal(signal.SIGUSR1, before)


@pytest.mark.parametrize('log', ['-', None])
def test_what_a_worker_does_when_it_begins(
    load: Any, told: Told, settings: Any, log: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WSGI_APPLICATION = f'{__name__}.respond'
    bound = load(settings={'threads': 3, 'accesslog': log})
    draining = bound.__self__

    assert type(draining) is Draining
    assert bound.__func__ is Draining.respond
    assert signal.getsignal(signal.SIGUSR1) == draining.begin
    assert server_state.drain_flag == 'flag'
    assert wsgi.os.environ == {}
    assert told.events == [
        {'target': module.end_with_master, 'args': (os.getppid(),), 'daemon': True}, ('thread',),
        ('start', 3),
    ]  # fmt: skip
    application = draining.application
    if log:
        assert type(application) is AccessLogged
        assert type(application.log).__name__ == 'AccessLogger'
        application = application.application
    assert application is respond


def test_without_the_names_of_our_log_gunicorns_own_serves(
    load: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WSGI_APPLICATION = f'{__name__}.respond'
    monkeypatch.setattr(module, 'find_missing', lambda part: 'a name' if part is LOG else '')

    assert type(load(settings={'accesslog': '-'}).__self__.application.log) is module.Logger


@pytest.mark.parametrize(
    ('family', 'host'),
    [
        (socket.AF_INET, '127.0.0.1'), (socket.AF_UNIX, ''),
        pytest.param(
            socket.AF_INET6, '::1', marks=pytest.mark.skipif(not socket.has_ipv6, reason='no IPv6')
        ),
    ],
)  # fmt: skip
def test_who_drains_listens_where_no_client_knows(family: int, host: str) -> None:
    with module.open_unused(family) as unused:
        address = unused.getsockname()

        assert unused.getblocking() is False
        assert unused.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) == 1
        # A name that begins with a zero is no file.
        assert address[0] == (0 if family == socket.AF_UNIX else host)


# The server around the master


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """The masters that were run. One raises the last of the list, where that is an exception."""
    served: list[Any] = []

    def serve(self: Any, **given: Any) -> None:
        if served and isinstance(served[-1], Exception):
            raise served[-1]
        served.append((self, given, signal.getsignal(signal.SIGUSR1)))

    before = signal.getsignal(signal.SIGUSR1)
    monkeypatch.setattr(MPServer, 'serve', serve)
    monkeypatch.setattr(server_state, 'drain_flag', None)
    yield served
    signal.signal(signal.SIGUSR1, before)


def configure(listener: socket.socket, **settings: Any) -> GranianServer:
    return GranianServer(
        Launch('granian', sockets=[os.dup(listener.fileno())], settings=settings)
    )  # fmt: skip


def test_our_master_serves_on_the_socket(served: list[Any], listener: socket.socket) -> None:
    server = configure(listener, client_timeout=9, drain=7)
    server.run()

    [(master, given, handler)] = served
    assert given == {'target_loader': server.load, 'wrap_loader': False}
    assert handler is signal.SIG_IGN  # A worker may be told to drain before it handles the signal.
    assert (type(master), master.launch, master._owns_socket) == (Master, server.launch, True)
    assert (master.bind_addr, master.bind_port) == listener.getsockname()
    assert master._listener.getsockname() == listener.getsockname()
    assert (master.drain.seconds, master.drain.flag) == (7, server.drain_flag)
    assert listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 9000
    assert master.hooks_startup == [module.accept_signals]
    assert server.is_first_load is True
    for hook in master.hooks_reload:
        hook()
    assert server.is_first_load is False
    server.listener.close()


def test_a_socket_that_was_handed_over_is_not_drained(
    served: list[Any], listener: socket.socket
) -> None:
    server = configure(listener, bind=['fd://3'])
    server.run()

    assert served[0][0]._owns_socket is False
    server.listener.close()


def test_the_file_of_a_unix_socket_is_removed_at_the_end(served: list[Any], tmp_path: Path) -> None:
    path = str(tmp_path / 'web.sock')
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind(path)
        opened.listen()
        for _ in range(2):  # the second time it is gone
            server = configure(opened)
            server.run()
            server.listener.close()

    assert (served[0][0].bind_addr, served[0][0].bind_port) == (path, 0)
    assert not Path(path).exists()


@pytest.mark.parametrize(
    'exc', [module.FatalError('no'), ValueError('no'), OverflowError('no')], ids=repr
)
def test_what_keeps_granian_from_serving_is_a_sentence(
    served: list[Any], listener: socket.socket, exc: Any
) -> None:
    noted = type(exc)('no')
    noted.__notes__ = ['a', 'b']
    for each, reason in ((exc, 'no'), (noted, 'no a b')):
        served[:] = [each]
        server = configure(listener)
        with pytest.raises(ServerError) as caught:
            server.run()
        assert str(caught.value) == (
            f'granian cannot start: {type(exc).__name__} {reason}.'
        )  # fmt: skip
        server.listener.close()


def test_the_socket_is_opened_before_granian_starts(listener: socket.socket) -> None:
    server = configure(listener, bind=['127.0.0.1:0'])

    [opened] = server.open_listeners()

    assert server.format_addresses([opened]) == (f'127.0.0.1:{opened.getsockname()[1]}',)
    opened.close()
    os.close(server.launch.sockets[0])
