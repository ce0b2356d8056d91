"""What each command says of itself with --help: every argument, whole, in `help.json`.

`python -m management_tests.management.test_help` writes that file anew.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import BaseCommand, load_command_class

APPS = {
    'apistar_bench': 'django_apistar',
    'apistar_docs': 'django_apistar',
    'apistar_routes': 'django_apistar',
    'apistar_token': 'django_apistar.authentication',
    'run': 'django_apistar',
    'runapistar': 'django_apistar',
}
FIELDS = ('metavar', 'choices', 'default', 'nargs')
HELP = Path(__file__).with_name('help.json')


def read_help(command: str) -> dict[str, Any]:
    """Return what *command* is, and its own arguments: what they take, and what is said of them."""
    parser = load_command_class(APPS[command], command).create_parser('manage.py', command)
    djangos = BaseCommand().create_parser('manage.py', command)
    usual = {(action.dest, action.help) for action in djangos._actions}
    own = [
        (name, action) for name, action in iter_arguments(parser)
        if (action.dest, action.help) not in usual
    ]  # fmt: skip
    return {
        'description': parser.description,
        'arguments': {name: describe(action) for name, action in own},
    }


def iter_arguments(
    parser: argparse.ArgumentParser, start: str = ''
) -> Iterator[tuple[str, argparse.Action]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for choice in action._choices_actions:
                yield choice.dest, choice
            for name, inner in action.choices.items():
                yield from iter_arguments(inner, f'{name} ')
        else:
            yield start + (', '.join(action.option_strings) or action.dest), action


def describe(action: argparse.Action) -> dict[str, Any]:
    """Return what a user sees of *action*: fields that are None are left out."""
    said = {name: getattr(action, name) for name in FIELDS} | {'help': action.help}
    return {key: _plain(value) for key, value in said.items() if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return value if isinstance(value, (str, int, float)) else str(value)


@pytest.mark.parametrize('command', APPS)
def test_help_of_each_command(command: str) -> None:
    assert read_help(command) == json.loads(HELP.read_text())[command]


@pytest.mark.parametrize('command', APPS)
def test_help_fits_a_terminal_of_80_columns(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('COLUMNS', '80')
    parser = load_command_class(APPS[command], command).create_parser('manage.py', command)

    assert [line for line in parser.format_help().splitlines() if len(line) > 80] == []


def write() -> None:
    content = {command: read_help(command) for command in APPS}
    HELP.write_text(json.dumps(content, indent=1, ensure_ascii=False) + '\n')


if __name__ == '__main__':
    import django

    django.setup()
    write()
