"""The names of gunicorn and granian that our server code needs, by the promise that needs them.

Most of them are not documented, and a release may rename them. So they are looked up before the
server starts. Where one is missing, or takes other parameters, the part of ours that needs it is
not used.
"""

from __future__ import annotations

import dataclasses
import dis
import functools
import importlib
import inspect
from types import FunctionType
from typing import Any


@dataclasses.dataclass(frozen=True, eq=False)
class Part:
    """A part of our server code. It is used as a whole or not at all."""

    package: str
    instead: str  # what takes its place if it cannot be used, '' for nothing
    names: dict[str, str]  # by promise: names in the package, methods with their parameters


_STARTED = 'the server starts'

FOOTING = Part(
    'gunicorn',
    '',
    {
        _STARTED: """
            app.base.Application.cfg
            app.base.Application.load(self)
            app.base.Application.load_config(self)
            app.base.Application.load_default_config(self)
            app.base.Application.run(self)
            config.Setting
            config.Config.address
            config.Config.is_ssl
            config.Config.parser(self)
            config.Config.set(self, name, value)
            config.Config.settings
            config.Config.worker_class
            config.Config.worker_class_str
            workers.gthread.ThreadWorker
        """
    },
)

WORKER = Part(
    'gunicorn',
    "gunicorn's own gthread worker serves",
    {
        'a worker that stops serves every connection in the backlog': """
            workers.gthread.ThreadWorker.accept(self, listener)
            workers.gthread.ThreadWorker.alive
            workers.gthread.ThreadWorker.booted
            workers.gthread.ThreadWorker.handle_quit(self, sig, frame)
            workers.gthread.ThreadWorker.nr_conns
            workers.gthread.ThreadWorker.run(self)
            workers.gthread.ThreadWorker.set_accept_enabled(self, enabled)
            workers.gthread.ThreadWorker.sockets
            workers.gthread.ThreadWorker._cap_keepalive(self, deadline)
        """,
        'no client is waited for beyond --client-timeout': """
            http.get_parser(cfg, source, source_addr, http2_connection)
            http.message.Request.parse(self, unreader)
            http.parser.RequestParser.finish_body(self, deadline, max_bytes)
            http.parser.RequestParser.req_count
            http.parser.RequestParser.unreader
            http.unreader.SocketUnreader(sock, max_chunk)
            http.unreader.SocketUnreader.buf
            http.unreader.SocketUnreader.chunk(self, size_hint)
            http.unreader.SocketUnreader.max_body_chunk
            http.unreader.SocketUnreader.mxchunk
            http.unreader.SocketUnreader.sock
            http.unreader.SocketUnreader.unread(self, data)
            sock.is_http2_negotiated(ssl_socket)
            sock.ssl_context(conf)
            workers.gthread.TConn(cfg, sock, client, server)
            workers.gthread.TConn.client
            workers.gthread.TConn.data_ready
            workers.gthread.TConn.init(self)
            workers.gthread.TConn.is_http2
            workers.gthread.ThreadWorker.accept.TConn
            workers.gthread.ThreadWorker.murder_pending(self)
            workers.gthread.ThreadWorker.poller
            workers.gthread.ThreadWorker.wait_for_and_dispatch_events(self, timeout)
        """,
        'a client is asked for its body when the application reads it': """
            http.body.Body.reader
            http.message.Request.body
            http.message.Request.must_close
            http.message.Request.set_body_reader(self)
            http.message.Request.unreader
            http.message.Request._expected_100_continue
        """,
        'SystemExit in the application is answered with 500': """
            workers.gthread.ThreadWorker.handle_error(self, req, client, addr, exc)
        """,
        'a small request takes four system calls on its socket': """
            http.body.LengthReader.length
            http.message.Request.peer_addr
            http.message.Request._peer_is_trusted_proxy(self)
            http.parser.RequestParser.mesg
            http.parser.RequestParser.mesg_class
            http.wsgi.create.Response
            http.wsgi.Response.chunked
            http.wsgi.Response.default_headers(self)
            http.wsgi.Response.headers
            http.wsgi.Response.headers_sent
            http.wsgi.Response.process_headers(self, headers)
            http.wsgi.Response.req
            http.wsgi.Response.response_length
            http.wsgi.Response.sendfile(self, respiter)
            http.wsgi.Response.sent
            http.wsgi.Response.should_close(self)
            http.wsgi.Response.sock
            http.wsgi.Response.status
            http.wsgi.Response.upgrade
            http.wsgi.Response.version
            http.wsgi.Response.write(self, arg)
            http.wsgi.Response._emit_body(self, data)
            http.wsgi.Response._omits_body
            util.http_date(timestamp)
            workers.gthread.PollableMethodQueue.defer(self, callback, args)
            workers.gthread.PollableMethodQueue.run_callbacks(self, _fileobj, max_callbacks)
            workers.gthread.PollableMethodQueue._queue
            workers.gthread.PollableMethodQueue._read_fd
            workers.gthread.PollableMethodQueue._write_fd
            workers.gthread.TConn.initialized
            workers.gthread.TConn.parser
            workers.gthread.TConn.sock
            workers.gthread.ThreadWorker.enqueue_req(self, conn)
            workers.gthread.ThreadWorker.finish_request(self, conn, fs)
            workers.gthread.ThreadWorker.get_thread_pool(self)
            workers.gthread.ThreadWorker.handle(self, conn)
            workers.gthread.ThreadWorker.init_process(self)
            workers.gthread.ThreadWorker.method_queue
            workers.gthread.ThreadWorker.tpool
            workers.gthread.ThreadWorker._keepalive_after(self, conn, keepalive)
        """,
    },
)

MASTER = Part(
    'gunicorn',
    "gunicorn's own master serves",
    {
        'a stop or a reload loses no request': """
            arbiter.Arbiter.app
            arbiter.Arbiter.master_pid
            arbiter.Arbiter.reap_workers(self)
            arbiter.Arbiter.reexec_pid
            arbiter.Arbiter.stop(self, graceful)
            arbiter.Arbiter.systemd
            arbiter.Arbiter.LISTENERS
            arbiter.Arbiter.WORKERS
            errors.HaltServer.reason
            sock.close_sockets(listeners, unlink)
            arbiter.Arbiter.manage_workers(self)
            arbiter.Arbiter.num_workers
            arbiter.Arbiter.spawn_worker(self)
            arbiter.Arbiter.worker_age
            workers.base.Worker.age
            workers.base.Worker.tmp
            workers.workertmp.WorkerTmp.last_update(self)
        """,
        'with --drain it is not ready for so long before it stops': """
            arbiter.Arbiter.handle_int(self)
            arbiter.Arbiter.handle_term(self)
        """,
        'a broken reload keeps the old workers': """
            app.base.Application.do_load_config(self)
            arbiter.Arbiter.handle_hup(self)
            arbiter.Arbiter.reload(self)
        """,
        'a signal during the start is obeyed, and SIGUSR2 starts a new master': """
            arbiter.Arbiter.init_signals(self)
            arbiter.Arbiter.signal(self, sig, frame)
            arbiter.Arbiter.start(self)
            arbiter.Arbiter.pid
            arbiter.Arbiter.run(self)
            arbiter.Arbiter.START_CTX
            debug.spew
            sock.TCPSocket(address, conf, log, fd)
            sock.TCP6Socket(address, conf, log, fd)
            sock.UnixSocket(addr, conf, log, fd)
            util.daemonize(enable_stdio_inheritance)
        """,
    },
)

LOG = Part(
    'gunicorn',
    "gunicorn's own logger writes",
    {
        'the access log hides credentials': """
            glogging.Logger.access_log
            glogging.Logger.atoms_wrapper_class
            glogging.SafeAtoms
            glogging.Logger.atoms(self, resp, req, environ, request_time)
            glogging.Logger._get_user(self, environ)
            glogging.Logger.now(self)
            instrument.statsd.Statsd
        """,
        'an access log that cannot be written fails no request': """
            glogging.Logger._set_handler(self, log, output, fmt, stream)
        """,
    },
)

GRANIAN = Part(
    'granian',
    'use gunicorn',
    {
        _STARTED: """
            cli.cli
            constants.Interfaces.WSGI
            constants.SSLProtocols.tls12
            errors.FatalError
            http.HTTP1Settings
            http.HTTP2Settings
            log.LogLevels
            log.logger
            net.SocketHolder
            server.mp.MPServer.backlog
            server.mp.MPServer.on_startup(self, hook)
            server.mp.MPServer.pid
            server.mp.MPServer.serve(self, spawn_target, target_loader, wrap_loader)
            server.mp.MPServer.signal_handler_interrupt(self, args, kwargs)
            server.mp.MPServer._init_shared_socket(self)
            server.mp.MPServer._sfd
            server.mp.MPServer._shd
            server.mp.MPServer._sso
        """,
        "nothing of the process's environment stands in a request": """
            wsgi._callback_wrapper.os
        """,
        'a stop or a reload loses no request': """
            server.mp.MPServer.interrupt_children
            server.mp.MPServer.interrupt_signal
            server.mp.MPServer.main_loop_interrupt
            server.mp.MPServer.on_reload(self, hook)
            server.mp.MPServer.reload_signal
            server.mp.MPServer.shutdown(self, exit_code)
            server.mp.MPServer.wrks
            server.mp.MPServer.workers_kill_timeout
            server.mp.MPServer._reload(self, spawn_target, target_loader)
            server.mp.MPServer._respawn_workers(self, workers, spawn_target, target_loader, delay)
            server.mp.MPServer._stop_workers(self)
            server.mp.WorkerProcess.inner
        """,
    },
)  # fmt: skip


@functools.cache
def find_missing(part: Part) -> str:
    """Return the first name of *part* that this release lacks or has changed, '' for none."""
    for lines in part.names.values():
        for line in lines.split('\n'):
            name = line.strip()
            if name and not _is_there(f'{part.package}.{name}'):
                return name.partition('(')[0]
    return ''


def explain(part: Part) -> str:
    """Return the sentences that say what is missing, and which promises do not hold without it."""
    return (
        f'{get_release(part)} has no {find_missing(part)} as runapistar knows it, so '
        f'{part.instead}. What does not hold: {"; ".join(part.names)}.'
    )


def get_release(part: Part) -> str:
    """Return the package of *part* with its release: 'gunicorn 27.0.1'."""
    package = importlib.import_module(part.package)
    return f'{part.package} {getattr(package, "__version__", "of an unknown release")}'


def _is_there(line: str) -> bool:
    name, _, parameters = line.rstrip(')').partition('(')
    found = _find(name)
    if '(' not in line or found is None:
        return found is not None
    try:
        return ', '.join(inspect.signature(found).parameters) == parameters
    except (TypeError, ValueError):
        return False


def _find(name: str) -> Any:
    """Return the object of the dotted *name*; True for an attribute of instances, else None."""
    module_name, _, rest = name.partition('.')
    found: Any = importlib.import_module(module_name)
    path = module_name
    for part in rest.split('.'):
        path = f'{path}.{part}'
        following = getattr(found, part, None)
        if following is None and inspect.ismodule(found):
            following = _import(path)
        if following is None and _names(found, part):
            return True
        if following is None:
            return None
        found = following
    return found


def _import(path: str) -> Any:
    try:
        return importlib.import_module(path)
    except ImportError:
        return None


def _names(owner: object, name: str) -> bool:
    """Return whether a function reads the global *name*, or a class sets it on an instance."""
    if isinstance(owner, FunctionType):
        return _has(owner, 'LOAD_GLOBAL', name)
    bases = owner.__mro__ if isinstance(owner, type) else ()
    methods = [each for base in bases for each in vars(base).values()]
    return any(
        isinstance(each, FunctionType) and _has(each, 'STORE_ATTR', name) for each in methods
    )


def _has(function: FunctionType, instruction: str, name: str) -> bool:
    if name not in function.__code__.co_names:
        return False
    found = dis.get_instructions(function)
    return any(each.opname == instruction and each.argval == name for each in found)
