"""runapistar with gevent's workers: the standard library is patched before it is used."""

from __future__ import annotations

import http.server
import signal
import ssl
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from gunicorn.workers.sync import SyncWorker

from django_apistar.server.gunicorn.server import GunicornServer
from django_apistar.server.launch import Launch, ServerError
from management_tests.support.server_process import Project
from management_tests.support.services import certificate

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

FETCH = """


    def fetch(url: str, pem: str) -> dict:
        import requests
        from gevent import monkey

        answer = requests.get(url, verify=pem, timeout=30)
        return {'answer': answer.text, 'patched': monkey.is_module_patched('ssl')}


    routes.append(Route('/fetch/', 'GET', fetch))
"""


class Hello(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'hello over TLS')

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(scope='module')
def remote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A server with https, and its certificate."""
    pem = certificate(tmp_path_factory.mktemp('remote'))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Hello)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield {'url': f'https://127.0.0.1:{server.server_port}/', 'pem': str(pem)}
    server.shutdown()
    server.server_close()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path)
    made.append('shop/routes.py', FETCH)
    return made


@pytest.mark.parametrize(
    ('arguments', 'config', 'variables'),
    [
        (['--worker-class', 'gevent_pywsgi', '--preload'], '', {}),
        ([], "worker_class = 'gevent'; preload_app = True", {}),
        ([], '', {'GUNICORN_CMD_ARGS': '-k gevent_pywsgi'}),
    ],
)
def test_handler_asks_another_server_over_tls(
    project: Project,
    remote: dict[str, str],
    arguments: list[str],
    config: str,
    variables: dict[str, str],
) -> None:
    project.write('gunicorn.conf.py', config)

    with project.serve('--workers', '1', *arguments, **variables) as server:
        # gevent_pywsgi ends when the last connection does, be it idle.
        answer = server.get('/fetch/', params=remote, headers={'Connection': 'close'})

        assert answer.json() == {'answer': 'hello over TLS', 'patched': True}
        assert server.get('/admin/login/').status_code == 200
    assert server.returncode == 0
    assert 'Warning' not in server.stderr


def test_edits_show_with_gevent(project: Project, remote: dict[str, str]) -> None:
    with project.serve('--worker-class', 'gevent', DEBUG='1') as server:
        assert server.get('/fetch/', params=remote).json()['patched'] is True
        project.write('shop/greeting.py', "MESSAGE = 'edited'")
        server.wait_for(lambda: 'edited' in server.get('/hello/').text, 'the edit')


def test_gevent_is_chosen_at_the_start(project: Project) -> None:
    config = project.write('server.py', "worker_class = 'gthread'")
    with project.serve('--workers', '1', '--config', str(config)) as server:
        first = server.get('/process/').json()

        project.write('server.py', "worker_class = 'gevent'")
        server.send(signal.SIGHUP)
        server.wait_for(lambda: 'Not reloaded' in server.stderr, 'the refusal')

        assert server.get('/process/').json() == first
    assert '[ERROR] gevent is chosen at the start, not by a reload.' in server.stderr


class OtherWorker(SyncWorker):
    """A worker that patches the standard library for something else, as eventlet's did."""

    def patch(self) -> None:
        raise AssertionError


def test_class_that_patches_for_something_else_is_refused() -> None:
    name = f'{__name__}.OtherWorker'

    with pytest.raises(ServerError) as caught:
        GunicornServer(Launch(settings={'worker_class': name}))

    assert str(caught.value) == (
        f'The worker class {name!r} patches the standard library, which must be done before '
        'anything is imported: runapistar does it for gevent alone. Use gevent.'
    )


SCRIPT = """
    import sys

    if sys.argv.pop() == 'patch':
        from gevent import monkey
        monkey.patch_all()

    from django.conf import settings
    from django.core.management import execute_from_command_line

    from shop import settings as values

    settings.configure(**{name: getattr(values, name) for name in dir(values) if name.isupper()})
    execute_from_command_line(sys.argv)
"""


def test_settings_of_this_process_alone_need_a_script_that_patches(project: Project) -> None:
    project.write('manage.py', SCRIPT)
    project.may_fork = False
    command = ('runapistar', '--check', '--worker-class', 'gevent')

    refused = project.run(*command, 'not')
    taken = project.run(*command, 'patch')
    threaded = project.run(*command[:2], 'not')

    assert (refused.returncode, refused.stderr) == (1, (
        'runapistar: gevent must patch the standard library before anything is imported, and this '
        'process serves settings.configure() itself. Begin the script with '
        'gevent.monkey.patch_all().\n'
    ))  # fmt: skip
    assert (taken.returncode, taken.stderr) == (0, '')
    assert (threaded.returncode, threaded.stderr) == (0, '')
