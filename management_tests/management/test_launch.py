"""What a command line of runapistar orders, whole."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from django_apistar.management.commands.runapistar import Command, build_launch
from django_apistar.server.launch import Launch

APPLICATION = 'django_apistar.wsgi.application'
HERE = str(Path.cwd())


def order(*line: str) -> Launch:
    command = Command()
    command._called_from_command_line = False
    options = vars(command.create_parser('manage.py', 'runapistar').parse_args(line))
    return build_launch(options, ['--an', 'argument'])


def expect(**given: object) -> Launch:
    fields = {
        'server': 'gunicorn', 'application': APPLICATION, 'settings': {},
        'arguments': ['--an', 'argument'], 'config': None, 'is_development': False,
        'is_reloading': False, 'skips_checks': False,
    }  # fmt: skip
    return Launch(**{**fields, **given})


EACH = (
    '--workers 2 --threads 3 --worker-class sync --timeout 4 --graceful-timeout 5 --drain 6 '
    '--client-timeout 7 --keep-alive 8 --max-requests 9 --pid a --certfile b --keyfile c '
    '--access-log d --access-log-format json'
)
SETTINGS = {
    'workers': 2, 'threads': 3, 'worker_class': 'sync', 'timeout': 4, 'graceful_timeout': 5,
    'drain': 6, 'client_timeout': 7, 'keepalive': 8, 'max_requests': 9, 'pidfile': 'a',
    'certfile': 'b', 'keyfile': 'c', 'accesslog': 'd', 'access_log_format': 'json',
}  # fmt: skip


@pytest.mark.parametrize(
    ('line', 'expected'),
    [
        ('', {}),
        ('--server granian --skip-checks', {'server': 'granian', 'skips_checks': True}),
        (EACH, {'settings': SETTINGS}),
        ('--drain -1 --workers 0', {'settings': {'drain': -1, 'workers': 0}}),
        ('--access-log --preload', {'settings': {'accesslog': '-', 'preload_app': True}}),
        ('8001', {'settings': {'bind': ['127.0.0.1:8001']}}),
        ('-6', {'settings': {'bind': ['[::1]:8000']}}),
        ('--ipv6 8001', {'settings': {'bind': ['[::1]:8001']}}),
        ('-6 a:1', {'settings': {'bind': ['a:1']}}),
        ('a:1 --bind unix:/b --bind 2',
         {'settings': {'bind': ['a:1', 'unix:/b', '127.0.0.1:2']}}),
        ('--bind fd://3', {'settings': {'bind': ['fd://3']}}),
        ('--config a.py', {'config': f'{HERE}/a.py'}),
        ('--config file:a.py', {'config': f'{HERE}/a.py'}),
        ('--config /a.py', {'config': '/a.py'}),
        ('--config python:a.b', {'config': 'python:a.b'}),
    ],
)  # fmt: skip
def test_what_a_command_line_orders(line: str, expected: dict) -> None:
    """`runapistar`"""
    assert order(*line.split()) == expect(**expected)


@pytest.mark.parametrize(
    ('line', 'is_reloading'), [('', True), ('--noreload', False), ('--preload', False)]
)
def test_a_server_reloads_in_development_alone(line: str, is_reloading: bool) -> None:
    with override_settings(DEBUG=True):
        launch = order(*line.split())

    assert (launch.is_development, launch.is_reloading) == (True, is_reloading)
    assert not order(*line.split()).is_reloading


@pytest.mark.parametrize(
    ('line', 'sentence'),
    [
        ('--bind', 'argument --bind: expected one argument.'),
        ('--workers a', "argument --workers: invalid int value: 'a'."),
        ('--pid=', 'argument --pid: it is empty; give a name, or leave it out.'),
        ('1 2', 'unrecognized arguments: 2.'),
    ],
)  # fmt: skip
def test_a_wrong_call_is_one_sentence(line: str, sentence: str) -> None:
    with pytest.raises(CommandError) as raised:
        call_command('runapistar', *line.split())

    assert str(raised.value) == sentence
