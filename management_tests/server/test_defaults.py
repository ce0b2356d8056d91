"""What a server does that nobody has told: workers, threads, address; and what it refuses."""

import errno
import os
import socket
import ssl
import sys
from types import ModuleType

import pytest
from django.test import override_settings
from gunicorn.config import Config

from django_apistar.application import get_route_table
from django_apistar.server import banner, defaults, listeners
from django_apistar.server.launch import ServerError

pytestmark = pytest.mark.once


@pytest.mark.parametrize(('cores', 'workers'), [(1, 3), (2, 5), (5, 11), (6, 12), (64, 12)])
def test_workers_go_by_the_cores_that_the_process_may_use(cores, workers, monkeypatch):
    monkeypatch.delenv('WEB_CONCURRENCY', raising=False)
    monkeypatch.setattr(os, 'sched_getaffinity', lambda pid: {*range(cores)}, raising=False)

    assert defaults.count_workers(is_development=False) == workers
    assert defaults.count_workers(is_development=True) == 1


@pytest.mark.parametrize(('cores', 'workers'), [(4, 9), (None, 3)])
def test_workers_go_by_all_cores_where_the_system_tells_no_others(cores, workers, monkeypatch):
    monkeypatch.delenv('WEB_CONCURRENCY', raising=False)
    monkeypatch.delattr(os, 'sched_getaffinity', raising=False)
    monkeypatch.setattr(os, 'cpu_count', lambda: cores)

    assert defaults.count_workers(is_development=False) == workers


def test_WEB_CONCURRENCY_is_the_number_of_workers(monkeypatch):
    monkeypatch.setenv('WEB_CONCURRENCY', '20')

    assert defaults.count_workers(is_development=False) == 20
    assert defaults.count_workers(is_development=True) == 1


@pytest.mark.parametrize('text', ['0', '-1', 'two', '1.5', '٣'])
@pytest.mark.parametrize('is_development', [False, True])
def test_WEB_CONCURRENCY_that_is_no_number_is_a_sentence(text, is_development, monkeypatch):
    monkeypatch.setenv('WEB_CONCURRENCY', text)

    with pytest.raises(ServerError) as failure:
        defaults.count_workers(is_development)

    assert str(failure.value) == (
        f'WEB_CONCURRENCY is {text!r}. Set it to a number of workers, 1 or more.'
    )


@pytest.mark.parametrize(
    ('workers', 'threads'), [(0, 32), (1, 32), (3, 32), (4, 24), (5, 19), (12, 8), (13, 8), (99, 8)]
)
def test_workers_and_threads_stay_below_the_connections_of_a_database(workers, threads):
    assert defaults.count_threads(workers, is_development=False) == threads
    assert defaults.count_threads(workers, is_development=True) == 16


def test_address_where_no_option_names_one(monkeypatch):
    monkeypatch.delenv('PORT', raising=False)
    assert defaults.default_address(is_development=False) == '127.0.0.1:8000'

    monkeypatch.setenv('PORT', '5000')
    assert defaults.default_address(is_development=False) == '0.0.0.0:5000'
    assert defaults.default_address(is_development=True) == '127.0.0.1:8000'


def refuse(workers=1, threads=1, drain_s=0, **options):
    """Return the sentence of the refusal, '' for none."""
    config = Config()
    for name, value in options.items():
        config.set(name, value)
    try:
        defaults.check_options(config, workers, threads, drain_s)
    except ServerError as exc:
        return str(exc)
    return ''


@pytest.mark.parametrize(
    ('options', 'sentence'),
    [
        ({}, ''),
        ({'workers': 1000, 'threads': 10_000, 'drain_s': 3600}, ''),
        ({'workers': 0}, 'workers is 0. Serving needs 1 worker or more.'),
        ({'threads': 0}, 'threads is 0. Serving needs 1 thread or more.'),
        ({'workers': 1001}, 'workers is 1001. Give 1000 or fewer: each is a process.'),
        (
            {'threads': 99_999_999_999},
            'threads is 99999999999. Give 10,000 or fewer: each may use the database.',
        ),
        ({'drain_s': -1}, 'drain is -1. Give 0 to 3,600 seconds.'),
        ({'drain_s': 3601}, 'drain is 3601. Give 0 to 3,600 seconds.'),
        ({'keyfile': 'x.key'}, 'The key x.key has no certificate. Give --certfile too.'),
        (
            {'certfile': 'x.pem'},
            'The file x.pem of --certfile or --keyfile does not exist.',
        ),
        (
            {'certfile': __file__, 'keyfile': 'x.key'},
            'The file x.key of --certfile or --keyfile does not exist.',
        ),
        (
            {'pidfile': '/no/such/folder/pid'},
            'The pid file /no/such/folder/pid cannot be written: its folder does not exist.',
        ),
        (
            {'accesslog': '/no/such/folder/log'},
            'The log /no/such/folder/log cannot be written: No such file or directory.',
        ),
        (
            {'errorlog': '/no/such/folder/log'},
            'The log /no/such/folder/log cannot be written: No such file or directory.',
        ),
        ({'accesslog': '-', 'errorlog': '-'}, ''),
    ],
)
def test_options_with_which_no_server_can_start(options, sentence):
    assert refuse(**options) == sentence


def test_a_file_that_is_no_certificate_is_a_sentence():
    with pytest.raises(ssl.SSLError) as broken:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(__file__)

    assert refuse(certfile=__file__) == (
        f'The certificate {__file__} cannot be used: {broken.value.strerror}. '
        'Give the PEM file of a certificate, and its key by --keyfile.'
    )


def test_a_pid_file_of_a_process_that_runs_is_a_sentence(tmp_path, monkeypatch):
    file = tmp_path / 'pid'
    file.write_text(f'{os.getppid()}\n')

    assert refuse(pidfile=str(file)) == (
        f'The pid file {file} is that of process {os.getppid()}, which runs. '
        'Stop it, or remove the file.'
    )
    monkeypatch.setenv('GUNICORN_PID', '1')
    assert refuse(pidfile=str(file)) == ''


@pytest.mark.parametrize(
    'text', ['ours', '', 'x', str(2**70), str(2**22)],
    ids=['ours', 'empty', 'no number', 'too large', 'of no process'],
)  # fmt: skip
def test_a_pid_file_of_nobody_else_is_written_anew(text, tmp_path):
    (tmp_path / 'pid').write_text(str(os.getpid()) if text == 'ours' else text)

    assert refuse(pidfile=str(tmp_path / 'pid')) == ''


@pytest.mark.parametrize(
    ('workers', 'threads', 'text'),
    [
        (1, None, 'gunicorn 1.2, 1 gthread worker'),
        (2, None, 'gunicorn 1.2, 2 gthread workers'),
        (1, 1, 'gunicorn 1.2, 1 gthread worker with 1 thread'),
        (1, 8, 'gunicorn 1.2, 1 gthread worker with 8 threads'),
        (2, 1, 'gunicorn 1.2, 2 gthread workers with 1 thread each'),
        (2, 8, 'gunicorn 1.2, 2 gthread workers with 8 threads each'),
    ],
)
def test_the_banner_counts_workers_and_threads(workers, threads, text):
    assert defaults.format_workers('gunicorn 1.2', 'gthread worker', workers, threads) == text


@pytest.mark.parametrize(
    ('address', 'fault', 'sentence'),
    [
        (
            '127.0.0.1:8000', OSError(errno.EADDRINUSE, 'x'),
            'is already in use. Choose another port: manage.py runapistar 8001.',
        ),
        (
            '[::1]:65534', OSError(errno.EADDRINUSE, 'x'),
            'is already in use. Choose another port: manage.py runapistar 65535.',
        ),
        (
            '127.0.0.1:65535', OSError(errno.EADDRINUSE, 'x'),
            'is already in use. Choose another port: manage.py runapistar 8000.',
        ),
        (
            'unix:/a/b', OSError(errno.EADDRINUSE, 'x'),
            'is already in use: another server answers there. Choose another path.',
        ),
        (
            '127.0.0.1:80', OSError(errno.EPERM, 'x'),
            ('needs privileges that this user lacks. '
            'Choose a port above 1023: manage.py runapistar 8000.'),
        ),
        ('unix:/a/b', OSError(errno.EACCES, 'Not allowed'), 'cannot be opened: Not allowed.'),
        (
            '203.0.113.7:80', OSError(errno.EADDRNOTAVAIL, 'x'),
            ('is not an address of this machine. '
            'Use 127.0.0.1, or 0.0.0.0 for all of its addresses.'),
        ),
        (
            'nowhere:80', socket.gaierror(-2, 'x'),
            'cannot be served on: its host name is unknown.',
        ),
        (
            'fd://9', OSError(errno.EBADF, 'x'),
            'is not a listening socket that this process has inherited.',
        ),
        ('unix:/a/b', ValueError('exists'), 'cannot be opened: exists.'),
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_bound_is_a_sentence(address, fault, sentence):
    assert listeners.explain(address, fault) == f'{address} {sentence}'


@pytest.mark.parametrize(
    ('address', 'text'),
    [
        (3, 'fd://3'), (('127.0.0.1', 80), '127.0.0.1:80'), (('::1', 80, 0, 0), '[::1]:80'),
        ('/a/b', 'unix:/a/b'),
    ],
)  # fmt: skip
def test_an_address_is_written_as_on_the_command_line(address, text):
    assert listeners.format_address(address) == text


@pytest.mark.parametrize(
    ('prefixes', 'urlconf', 'url'),
    [
        (['/admin/'], 'management_tests.project.urls', '/admin/'),
        (['/django/'], 'management_tests.project.urls', None),
        (['/admin/'], 'management_tests.project.no_urls', None),
    ],
)
def test_the_banner_has_the_admin_where_a_browser_can_reach_it(prefixes, urlconf, url, monkeypatch):
    """`banner`"""
    monkeypatch.setitem(sys.modules, 'management_tests.project.no_urls', no_urls := ModuleType('a'))
    no_urls.urlpatterns = []
    keys = {'ALLOWED_DJANGO_ROUTES': prefixes}

    with override_settings(APISTAR_SETTINGS=keys, ROOT_URLCONF=urlconf):
        assert banner.find_admin_url(get_route_table()) == url
