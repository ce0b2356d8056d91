"""What a mistake in a project's code is called, and which file and line it names."""

import sysconfig
from pathlib import Path
from typing import Any

import pytest

import django_apistar
from django_apistar.conf.problems import (
    Problem,
    SettingsError,
    format_cause,
    is_installed,
    report_import,
    report_value,
)

pytestmark = pytest.mark.once

PATHS = sysconfig.get_paths()
STDLIB, LIBRARY = f'{PATHS["stdlib"]}/own.py', f'{PATHS["purelib"]}/lib/own.py'
PLATFORM = f'{PATHS["platlib"]}/lib/own.py'
DEBIAN = '/usr/lib/python3/dist-packages/lib/own.py'  # of python3 -m venv --system-site-packages
OURS = str(Path(django_apistar.__file__).with_name('own.py'))
FROZEN, IMPORTLIB = '<frozen importlib._bootstrap>', f'{PATHS["stdlib"]}/importlib/__init__.py'
DJANGO = f'{PATHS["purelib"]}/django/utils/module_loading.py'
OWN, OTHER = '/srv/shop/routes.py', '/srv/shop/other.py'


def raise_through(files: list[str], error: Exception) -> Exception:
    """Return *error* as it is caught, raised by the last of *files*, which call each other."""
    namespace: dict[str, Any] = {'error': error, 'inner': None}
    exec(compile('def inner():\n    raise error', files[-1], 'exec'), namespace)
    for file in files[-2::-1]:
        called = {'inner': namespace['inner']}
        exec(compile('def call():\n    pass\n    inner()', file, 'exec'), called)
        namespace['inner'] = called['call']
    try:
        namespace['inner']()
    except Exception as exc:
        return exc
    raise AssertionError('It is raised.')


@pytest.mark.parametrize(
    ('files', 'place'),
    [
        ([OWN], f'{OWN}:2'), ([OWN, OTHER], f'{OTHER}:2'), ([OWN, LIBRARY], f'{OWN}:3'),
        ([OTHER, OWN, STDLIB, PLATFORM], f'{OWN}:3'), ([OWN, OURS], f'{OWN}:3'),
        ([LIBRARY], f'{LIBRARY}:2'), ([LIBRARY, STDLIB], f'{STDLIB}:2'),
        ([FROZEN, IMPORTLIB], ''), ([DJANGO, FROZEN], ''), ([FROZEN, OWN, FROZEN], f'{OWN}:3'),
        ([DJANGO, IMPORTLIB, OWN], f'{OWN}:2'),
    ],
)  # fmt: skip
def test_the_place_of_an_error_is_the_projects_line(files: list[str], place: str) -> None:
    """`problems`"""
    cause = format_cause(raise_through(files, ValueError('Set\nSHOP_X..')))

    assert cause == 'ValueError: Set SHOP_X' + (f' ({place})' if place else '')


def test_an_error_without_a_text_shows_its_line() -> None:
    try:
        raise ValueError
    except ValueError as exc:
        cause = format_cause(exc)

    assert cause == 'ValueError: raise ValueError'
    assert format_cause(ValueError()) == 'ValueError: '
    assert format_cause(raise_through([OWN], ValueError())) == f'ValueError:  ({OWN}:2)'


def test_a_mistake_of_syntax_has_its_own_place() -> None:
    with pytest.raises(SyntaxError) as caught:
        compile('\n(', OWN, 'exec')

    assert format_cause(caught.value) == f"SyntaxError: '(' was never closed ({OWN}:2)"
    assert format_cause(SyntaxError('odd.')) == 'SyntaxError: odd'


@pytest.mark.parametrize(
    ('filename', 'expected'),
    [
        (FROZEN, True), (STDLIB, True), (LIBRARY, True), (PLATFORM, True), (OURS, True),
        (DEBIAN, True), (OWN, False), ('<string>', False), ('frozen.py', False),
    ],
)  # fmt: skip
def test_files_that_are_installed(filename: str, expected: bool) -> None:
    assert is_installed(filename) is expected


def test_problems_are_sentences() -> None:
    error, warning = Problem('E001', 'Wrong.', 'Do so.'), Problem('W001', 'Odd.', '')

    assert [str(error), str(warning)] == ['Wrong. Do so.', 'Odd.']
    assert [error.is_error, warning.is_error] == [True, False]
    assert [error.check_id, warning.check_id] == ['django_apistar.E001', 'django_apistar.W001']
    both = SettingsError(iter([error, warning]))
    assert (both.problems, str(both)) == ((error, warning), 'Wrong. Do so.\nOdd.')


def test_reports_of_values_and_imports() -> None:
    told: list[Any] = []
    report_value(lambda *problem: told.append(problem), 'TITLE', 5, 'a string')
    report_import(lambda *problem: told.append(problem), 'HOOKS', 'a.b', ValueError('odd'))

    assert told == [
        ('E011', 'TITLE is 5; it must be a string.', 'Remove TITLE, or correct it.'),
        ('E010', "HOOKS names 'a.b', which cannot be imported: ValueError: odd.",
         'Correct the dotted path.'),
    ]  # fmt: skip
