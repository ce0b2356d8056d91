"""runapistar's autoreload in development: edits show, and no mistake ends the server."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from management_tests.support.server_process import Project, Server

pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(params=['gunicorn', 'granian'])
def server(request: pytest.FixtureRequest, project: Project) -> Iterator[Server]:
    if request.param == 'granian':
        pytest.importorskip('granian')
    with project.serve('--server', request.param, DEBUG='1') as server:
        yield server
        server.stop()
        assert server.returncode == 0
        assert server.children() == []


@pytest.fixture(scope='module')
def development(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that meets one mistake after the other."""
    project = Project(tmp_path_factory.mktemp('development'))
    project.write('shop/models.py', '')
    with project.serve(DEBUG='1') as server:
        yield server


def shown(server: Server, path: str, text: str) -> Callable[[], bool]:
    """Return a condition: the answer at *path* holds *text*."""
    return lambda: text in server.get(path).text


def wait_for(server: Server, path: str, text: str) -> None:
    """Wait until the answer at *path* holds *text*."""
    server.wait_for(shown(server, path, text), f'{text!r} at {path}', interval_s=0.1)


def test_edits_show(project: Project, server: Server) -> None:
    assert server.get('/hello/').json() == {'message': 'hello'}

    project.write('shop/greeting.py', "MESSAGE = 'a new module'")
    wait_for(server, '/hello/', 'a new module')
    project.replace('shop/routes.py', "'message': MESSAGE", "'message': 'a new handler'")
    wait_for(server, '/hello/', 'a new handler')
    project.replace('shop/routes.py', "Route('/slow/'", "Route('/new/'")
    wait_for(server, '/new/?seconds=0', 'slept')
    project.replace(
        'shop/settings.py', "STATIC_URL = '/static/'", "STATIC_URL = '/static/'\nAPPEND_SLASH = 0"
    )
    server.wait_for(lambda: server.stdout.count('Reloaded: ') == 4, 'the new settings')

    assert server.stderr.count(' changed, reloading.') == 4


def test_edited_template_shows_without_a_new_worker(project: Project, server: Server) -> None:
    assert server.get('/page/').text == 'The first page.\n'

    project.write('shop/templates/page.html', 'The second page.')
    server.wait_for(shown(server, '/page/', 'The second page.'), 'the new template')

    assert 'Reloaded' not in server.stdout


def test_syntax_error_shows_until_it_is_repaired(project: Project, server: Server) -> None:
    project.write('shop/greeting.py', 'MESSAGE = ')
    wait_for(server, '/hello/', 'SyntaxError: invalid syntax')

    broken = server.get('/hello/')
    assert broken.status_code == 500
    assert broken.headers['Content-Type'] == 'text/plain; charset=utf-8'
    assert broken.text.endswith('\nThe server waits for a change.\n')
    assert 'SyntaxError: invalid syntax' in server.stderr
    assert server.stderr.endswith('Waiting for a change.\n')

    project.write('shop/greeting.py', "MESSAGE = 'repaired'")
    wait_for(server, '/hello/', 'repaired')


@pytest.mark.parametrize(
    ('name', 'mistake', 'sign'),
    [
        ('shop/settings.py', 'raise RuntimeError("settings")', 'RuntimeError: settings'),
        ('shop/settings.py', '1 +', 'SyntaxError'),
        ('shop/routes.py', 'import nothing_of_this_name', "No module named 'nothing_of_this_name'"),
        ('shop/urls.py', 'undefined_name', "name 'undefined_name' is not defined"),
        ('shop/greeting.py', 'import sys; sys.exit("enough")', 'enough'),
        ('shop/models.py', '1 +', 'SyntaxError'),
    ],
)
def test_mistake_is_survived(development: Server, name: str, mistake: str, sign: str) -> None:
    project = development.project
    right = (project.directory / name).read_text()
    project.write(name, f'{right}\n{mistake}\n')
    wait_for(development, '/hello/', sign)

    project.write(name, right)
    wait_for(development, '/hello/', '"message":"hello"')


def test_repair_during_the_restart_is_seen(project: Project) -> None:
    with project.serve(DEBUG='1') as server:
        project.write('shop/greeting.py', 'import time; time.sleep(1); MESSAGE = ')
        server.wait_for(lambda: 'changed, reloading' in server.stderr, 'the reload')
        time.sleep(0.8)  # the new worker has read the file, but watches nothing yet
        project.write('shop/greeting.py', "MESSAGE = 'repaired'")

        wait_for(server, '/hello/', 'repaired')


def test_wrong_settings_are_sentences(project: Project) -> None:
    with project.serve('--skip-checks', DEBUG='1') as server:
        project.replace('shop/settings.py', "'shop.routes'", "'shop.no_routes'")
        wait_for(server, '/hello/', 'runapistar: ')

        assert 'Traceback' not in server.stderr
        assert "APISTAR_ROUTE_CONF 'shop.no_routes' cannot be imported" in server.stderr

        project.replace('shop/settings.py', "'shop.no_routes'", "'shop.routes'")
        wait_for(server, '/hello/', '"message":"hello"')


def test_running_request_is_answered_by_the_old_code(project: Project, server: Server) -> None:
    import concurrent.futures

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        running = pool.submit(server.get, '/slow/?seconds=3')
        time.sleep(0.3)
        project.write('shop/greeting.py', "MESSAGE = 'new'")
        wait_for(server, '/hello/', 'new')

        assert running.result().json() == {'slept': 3.0}


def test_no_reload_without_the_reloader(project: Project) -> None:
    with project.serve('--noreload', DEBUG='1') as server:
        assert 'autoreload' not in server.stdout
        project.write('shop/greeting.py', "MESSAGE = 'new'")
        time.sleep(2.5)

        assert server.get('/hello/').json() == {'message': 'hello'}


def test_production_does_not_reload(project: Project) -> None:
    with project.serve('--workers', '1') as server:
        assert 'autoreload' not in server.stdout


def test_serving_process_has_the_mark_of_djangos_reloader(project: Project) -> None:
    project.write('shop/greeting.py', "import os\nMESSAGE = os.environ.get('RUN_MAIN')")
    with project.serve(DEBUG='1') as server:
        assert server.get('/hello/').json() == {'message': 'true'}
