"""gunicorn's master as runapistar has it, in process: what it does when it is told something."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn import sock
from gunicorn.arbiter import Arbiter
from gunicorn.errors import HaltServer
from gunicorn.sock import TCP6Socket, TCPSocket, UnixSocket

from django_apistar.api.server_state import server_state
from django_apistar.server.drain import Drain
from django_apistar.server.gunicorn import master as module
from django_apistar.server.gunicorn import server as server_module
from django_apistar.server.gunicorn.master import Master
from django_apistar.server.gunicorn.server import GunicornServer
from django_apistar.server.launch import Launch, ServerError
from django_apistar.server.listeners import AddressError
from django_apistar.server.private_names import MASTER

pytestmark = pytest.mark.once

PATCHED = (
    'start', 'init_signals', 'signal', 'spawn_worker', 'handle_term', 'handle_int', 'handle_hup',
    'reload', 'stop', 'reap_workers', 'manage_workers',
)  # fmt: skip


class Told:
    """What happens, in order."""

    def __init__(self) -> None:
        self.events: list[Any] = []

    def note(self, name: str, result: Any = None) -> Any:
        def call(*args: Any) -> Any:
            shown = [arg for arg in args if not isinstance(arg, Master)]
            self.events.append((name, *shown))
            return result

        return call


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """Notes calls of gunicorn's own methods, of the clock and of the log."""
    told = Told()
    for name in PATCHED:
        monkeypatch.setattr(Arbiter, name, told.note(f'gunicorn {name}', 7))
    monkeypatch.setattr(module, 'end_line', told.note('end line'))
    monkeypatch.setattr(module, 'accept_signals', told.note('accept signals'))
    monkeypatch.setattr(module.listeners, 'drain_backlogs', told.note('drain backlogs'))
    monkeypatch.setattr(sock, 'close_sockets', lambda sockets, unlink: told.events.append(
        ('close', sockets, unlink)
    ))  # fmt: skip
    monkeypatch.setattr(server_state, 'drain_flag', None)
    monkeypatch.delenv('GUNICORN_FD', raising=False)
    return told


@pytest.fixture
def build(told: Told) -> Any:
    """Return what builds a master of a launch with gunicorn's *settings*."""

    def build(settings: Any = (), **launch: Any) -> Any:
        given = {'workers': 2, 'bind': ['127.0.0.1:0'], **dict(settings)}
        master = Master(GunicornServer(Launch(settings=given, **launch)))
        master.pid = os.getpid()
        master.drain = Drain(told.note('drain'))
        master.log = SimpleNamespace(error=told.note('error'), info=told.note('info'))
        return master

    return build


def test_a_master_can_be_started_again_by_its_own_command(build: Any) -> None:
    master = build()
    launch, context = master.app.launch, master.START_CTX

    assert context == {
        'args': launch.command(), 'cwd': launch.directory, 0: launch.command()[0]
    }  # fmt: skip
    assert (master.is_reloading, master.is_stopping) == (False, False)


@pytest.fixture
def opened() -> Iterator[socket.socket]:
    with socket.socket() as opened:
        opened.bind(('127.0.0.1', 0))
        opened.listen()
        yield opened


def test_it_starts_on_the_sockets_that_were_bound(
    build: Any, told: Told, opened: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    master = build(sockets=[os.dup(opened.fileno())])
    master.start()
    master.init_signals()

    [listener] = master.LISTENERS
    assert (type(listener), listener.getsockname()) == (TCPSocket, opened.getsockname())
    assert told.events == [('gunicorn start',), ('gunicorn init_signals',), ('accept signals',)]
    listener.close()
    monkeypatch.setenv('GUNICORN_FD', '3')
    other = build(sockets=[-1])
    other.start()
    assert other.LISTENERS == Arbiter.LISTENERS


@pytest.mark.parametrize(
    ('family', 'address', 'kind'),
    [
        (socket.AF_INET, ('127.0.0.1', 0), TCPSocket), (socket.AF_UNIX, '', UnixSocket),
        pytest.param(
            socket.AF_INET6, ('::1', 0), TCP6Socket,
            marks=pytest.mark.skipif(not socket.has_ipv6, reason='no IPv6'),
        ),
    ],
)  # fmt: skip
def test_sockets_of_each_kind(build: Any, family: int, address: Any, kind: type) -> None:
    bound = socket.socket(family)
    bound.bind(address)
    bound.listen()
    name = bound.getsockname()
    wrapped = module._wrap(bound, build().cfg, None)  # type: ignore[arg-type]  # it logs nothing

    assert (type(wrapped), wrapped.getsockname(), bound.fileno()) == (kind, name, -1)
    wrapped.sock.close()


def test_a_worker_that_has_not_loaded_ends_at_once(
    build: Any, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`master`"""
    master = build()
    master.signal(signal.SIGTERM, None)
    assert told.events == [('gunicorn signal', signal.SIGTERM, None)]
    master.pid = -1
    monkeypatch.setattr(os, '_exit', told.note('exit'))
    told.events.clear()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGUSR1):
        master.signal(number, None)

    assert told.events == [('exit', 0)] * 3


@pytest.mark.parametrize(('age', 'is_first'), [(0, True), (1, True), (2, False), (3, False)])
def test_the_first_workers_know_it(build: Any, age: int, is_first: bool) -> None:
    master = build()
    master.worker_age = age

    assert master.spawn_worker() == 7
    assert master.app.is_first_load is is_first


def test_term_drains_first(build: Any, told: Told) -> None:
    master = build({'drain': 5})
    master.drain._is_stopping.wait = lambda seconds: True

    master.handle_term()
    assert [event for event in told.events if event[0] != 'drain'] == []
    assert master.drain.has_begun is True
    master.handle_term()
    assert told.events[-1] == ('gunicorn handle_term',)


def test_term_and_int_stop(build: Any, told: Told) -> None:
    build().handle_term()
    build().handle_int()

    assert told.events == [
        ('gunicorn handle_term',), ('end line',), ('gunicorn handle_int',)
    ]  # fmt: skip


GOES_ON = ('error', 'Not reloaded: the workers go on with the code that they have.')


@pytest.mark.parametrize(
    ('settings', 'launch', 'is_loadable', 'events'),
    [
        ({}, {}, True, ['gunicorn']), ({}, {}, False, [GOES_ON]),
        ({}, {'is_reloading': True}, False, ['gunicorn']),
        ({'preload_app': True}, {}, False, ['gunicorn']),
        ({}, {'uses_gevent': True}, True, [
            ('error', '%s', 'gevent is chosen at the start, not by a reload.'), GOES_ON,
        ]),
    ],
)  # fmt: skip
def test_reload_with_code_that_can_be_loaded(
    build: Any, told: Told, monkeypatch: pytest.MonkeyPatch, settings: Any, launch: Any,
    is_loadable: bool, events: Any,
) -> None:  # fmt: skip
    master = build(settings, **launch)
    monkeypatch.setattr(module, 'is_loadable', lambda launch: is_loadable)

    master.handle_hup()

    hup = ('gunicorn handle_hup',)
    shown = [tuple(str(part) for part in event) for event in told.events]
    assert shown == [hup if event == 'gunicorn' else event for event in events]


def test_no_reload_once_it_is_to_stop(build: Any, told: Told) -> None:
    master = build()
    master.drain.flag.value = True

    master.handle_hup()

    assert told.events == [('error', 'Not reloaded: the server is about to stop.')]


def test_a_reload_with_a_broken_configuration_is_refused(build: Any, told: Told) -> None:
    master = build()
    master.app.launch.settings['workers'] = 0

    master.handle_hup()

    assert [str(part) for part in told.events[0]] == [
        'error', '%s', 'workers is 0. Serving needs 1 worker or more.'
    ]  # fmt: skip
    assert told.events[1:] == [GOES_ON]


def test_new_workers_are_waited_for_within_a_reload_alone(
    build: Any, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    master = build()
    seen: list[bool] = []
    monkeypatch.setattr(Arbiter, 'reload', lambda self: seen.append(self.is_reloading) or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        master.reload()
    assert (seen, master.is_reloading) == ([True], False)

    monkeypatch.setattr(master, '_wait_for_new_workers', told.note('wait'))
    master.manage_workers()
    master.is_reloading = True
    master.manage_workers()
    assert told.events == [
        ('gunicorn manage_workers',), ('wait',), ('gunicorn manage_workers',)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ('graceful', 'workers', 'changes', 'launch', 'drains'),
    [
        (True, {1: 'worker'}, {}, {}, True), (False, {1: 'worker'}, {}, {}, False),
        (True, {}, {}, {}, False), (True, {1: 'worker'}, {'systemd': True}, {}, False),
        (True, {1: 'worker'}, {'reexec_pid': 5}, {}, False),
        (True, {1: 'worker'}, {'master_pid': 5}, {}, False),
        (True, {1: 'worker'}, {'reexec_pid': 5, 'master_pid': 5}, {}, False),
        (True, {1: 'worker'}, {}, {'is_development': True}, False),
        (True, {1: 'worker'}, {}, {'settings': {'bind': ['fd://0']}}, False),
    ],
)  # fmt: skip
def test_the_backlog_is_accepted_before_workers_stop(
    build: Any, told: Told, graceful: bool, workers: Any, changes: Any, launch: Any, drains: bool
) -> None:
    master = build(launch.get('settings', {}), is_development=launch.get('is_development', False))
    master.LISTENERS, master.WORKERS = ['listener'], workers
    vars(master).update(changes)

    master.stop(graceful)

    stop = ('gunicorn stop', graceful)
    accepted = [('drain backlogs', ['listener'], 30), ('close', ['listener'], False)]
    assert told.events == [*(accepted if drains else []), stop]
    kept = master.LISTENERS
    assert kept == ([] if drains else ['listener'])
    assert (master.is_stopping, master.drain.has_begun) == (True, True)


def test_a_worker_that_failed_ends_no_stop(build: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    master = build()
    calls = iter([HaltServer('first', 3), HaltServer('second', 3), None])

    def reap(self: Any) -> None:
        error = next(calls)
        if error:
            raise error

    monkeypatch.setattr(Arbiter, 'reap_workers', reap)
    with pytest.raises(HaltServer, match='first'):
        master.reap_workers()
    master.is_stopping = True
    master.reap_workers()

    assert list(calls) == []


class New:
    """A worker that serves after some looks at it."""

    def __init__(self, age: int, looks: int) -> None:
        self.age = age
        self.looks = looks
        self.tmp = self

    def last_update(self) -> float:
        self.looks -= 1
        return float(self.looks < 0)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(module.time, 'monotonic', lambda: now[0])
    monkeypatch.setattr(module.time, 'sleep', lambda s: now.__setitem__(0, round(now[0] + s, 2)))
    return now


@pytest.mark.parametrize(
    ('looks', 'waited'),
    [([1, 1], 0.05), ([1, 3], 0.15), ([4, 1], 0.2), ([10**9, 1], 30.0), ([10**9, 10**9], 30.0)],
)
def test_a_reload_waits_until_the_newest_workers_serve(
    build: Any, clock: list[float], looks: Any, waited: float
) -> None:
    master = build()
    master.num_workers = 2
    old = [New(age, 10**9) for age in (1, 2)]
    master.WORKERS = dict(enumerate([New(4, looks[1]), *old, New(3, looks[0])]))

    master._wait_for_new_workers()

    assert round(clock[0] - 100, 2) == waited


def test_workers_that_have_ended_are_not_waited_for(
    build: Any, told: Told, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    master = build()
    master.num_workers = 1
    master.WORKERS = {1: New(1, 10**9)}

    def reap(self: Any) -> None:
        self.WORKERS.clear()
        raise HaltServer('Worker failed to boot.', 3)

    monkeypatch.setattr(Arbiter, 'reap_workers', reap)
    master._wait_for_new_workers()

    assert told.events == [('error', '%s The old workers go on.', 'Worker failed to boot.')]
    assert round(clock[0] - 100, 2) == 0.05


# The server around the master


def answer(environ: Any, start_response: Any) -> list[bytes]:
    """The project's application."""
    return []


@pytest.fixture
def configure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what configures gunicorn with *settings*."""
    monkeypatch.chdir(tmp_path)

    def configure(sockets: Any = (), **settings: Any) -> GunicornServer:
        return GunicornServer(Launch(settings=settings, sockets=list(sockets)))

    return configure


def run(
    server: GunicornServer, monkeypatch: pytest.MonkeyPatch, exc: BaseException | None,
    is_worker: bool = False,
) -> Any:  # fmt: skip
    """Return the masters that *server* runs, each of which raises *exc*, or a worker of it."""
    masters: list[Any] = []

    def serve(self: Any) -> None:  # as gunicorn's own, whose parameters are looked at
        masters.append(self)
        if is_worker:
            monkeypatch.setattr(server_module, 'os', SimpleNamespace(getpid=lambda: -1))
        if exc:
            raise exc

    monkeypatch.setattr(Arbiter, 'run', serve)
    monkeypatch.setattr(server_state, 'drain_flag', None)
    server.run()
    return masters


def test_our_master_serves(configure: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    server = configure()
    [master] = run(server, monkeypatch, None)

    assert (type(master), master.app) == (Master, server)
    assert (type(master.drain), master.drain.seconds) == (Drain, 0)
    assert master.drain._log == master.log.info
    assert server_state.drain_flag is master.drain.flag


@pytest.mark.parametrize(
    ('exc', 'sentence'),
    [
        (RuntimeError('Error: no.'), 'no.'), (OSError(5, 'broken'), '[Errno 5] broken.'),
        (ValueError('wrong'), 'wrong.'),
    ],
)  # fmt: skip
def test_what_keeps_a_master_from_serving_is_a_sentence(
    configure: Any, monkeypatch: pytest.MonkeyPatch, exc: Exception, sentence: str
) -> None:
    with pytest.raises(ServerError) as caught:
        run(configure(), monkeypatch, exc)

    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ('status', 'is_worker', 'left_with'),
    [(3, False, 1), (4, False, 1), (3, True, 3), (4, True, 4), (0, False, 0), (2, False, 2)],
)
def test_a_worker_that_cannot_start_ends_the_master_with_status_1(
    configure: Any, monkeypatch: pytest.MonkeyPatch, status: int, is_worker: bool, left_with: int
) -> None:
    """`server`: workers are forked within, and keep their status."""
    with pytest.raises(SystemExit) as left:
        run(configure(), monkeypatch, SystemExit(status), is_worker)

    assert left.value.code == left_with


def test_a_daemon_and_a_tracer_are_begun_before_the_master(
    configure: Any, monkeypatch: pytest.MonkeyPatch, told: Told
) -> None:
    monkeypatch.setattr('gunicorn.util.daemonize', told.note('daemonize'))
    monkeypatch.setattr('gunicorn.debug.spew', told.note('spew'))
    for settings in ({'daemon': True, 'enable_stdio_inheritance': True}, {'spew': True}, {}):
        run(configure(**settings), monkeypatch, None)

    assert told.events == [('daemonize', True), ('spew',)]


@pytest.mark.parametrize('sockets', [[], [7, 8]])
def test_gunicorns_own_master_serves_where_ours_cannot(
    configure: Any, monkeypatch: pytest.MonkeyPatch, told: Told, sockets: list[int]
) -> None:
    monkeypatch.setattr(
        server_module, 'find_missing', lambda part: 'a name' if part is MASTER else ''
    )
    monkeypatch.setattr(server_module, 'accept_signals', told.note('accept signals'))
    server = configure(sockets, bind=['127.0.0.1:1'])

    [master] = run(server, monkeypatch, None)

    assert type(master) is Arbiter
    assert server.cfg.settings['bind'].get() == (
        [f'fd://{number}' for number in sockets] or ['127.0.0.1:1']
    )
    assert told.events == [('accept signals',)]


def test_addresses_are_bound_before_the_server_starts(
    configure: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = configure(bind=['127.0.0.1:0', f'unix:{tmp_path}/web.sock'])

    opened = server.open_listeners()

    port = opened[0].getsockname()[1]
    assert server.format_addresses(opened) == (f'127.0.0.1:{port}', f'unix:{tmp_path}/web.sock')
    assert server.format_addresses([]) == ('127.0.0.1:0', f'unix:{tmp_path}/web.sock')
    assert server.scheme == 'http'
    refused = configure(bind=[f'unix:{tmp_path}/other.sock', f'127.0.0.1:{port}'])
    with pytest.raises(AddressError):
        refused.open_listeners()
    assert not (tmp_path / 'other.sock').exists()
    for each in opened:
        each.close()


def test_where_each_worker_opens_its_own_socket_none_is_left_open(
    configure: Any,
) -> None:
    assert configure(bind=['127.0.0.1:0', '127.0.0.1:0'], reuse_port=True).open_listeners() == []


def test_sockets_of_systemd_are_left_to_gunicorn(
    configure: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('LISTEN_PID', str(os.getpid()))
    monkeypatch.setenv('LISTEN_FDS', '2')
    server = configure(bind=['127.0.0.1:0'])

    assert server.open_listeners() == []
    assert server.format_addresses([]) == ('fd://3', 'fd://4')


def test_the_application_is_loaded_by_each_worker(
    configure: Any, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    server = configure()
    settings.WSGI_APPLICATION = f'{__name__}.answer'
    assert server.load() is answer
    settings.WSGI_APPLICATION = 'nowhere.application'
    with pytest.raises(SystemExit) as left:
        server.load()
    assert left.value.code == Arbiter.APP_LOAD_ERROR
