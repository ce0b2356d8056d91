"""An option that names a file is refused where it is empty, as `--check "$FILE"` may be."""

import pytest
from django.core.management import load_command_class

pytestmark = pytest.mark.once

OPTIONS = [
    ('apistar_docs', '--check'),
    ('apistar_docs', '--with'),
    ('apistar_docs', '--output'),
    ('apistar_routes', '--baseline'),
    ('apistar_routes', '--write-baseline'),
    ('apistar_routes', '--unused'),
    ('apistar_bench', '--body'),
    ('apistar_bench', '--compare'),
    ('apistar_bench', '--output'),
    ('apistar_bench', '--plot'),
    ('runapistar', '--access-log'),
    ('runapistar', '--certfile'),
    ('runapistar', '--config'),
    ('runapistar', '--keyfile'),
    ('runapistar', '--pid'),
]


def run(command, *arguments, capsys):
    """Run *command*; return its exit status and the last line of what it says."""
    with pytest.raises(SystemExit) as ended:
        load_command_class('django_apistar', command).run_from_argv(
            ['manage.py', command, *arguments]
        )
    return ended.value.code, capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(('command', 'option'), OPTIONS)
def test_empty_name_of_a_file_is_refused(command, option, capsys):
    status, line = run(command, option, '', capsys=capsys)

    assert status == 2
    assert f'argument {option}: it is empty; give a name, or leave it out' in line


def test_empty_address_is_refused(capsys):
    status, line = run('runapistar', '', capsys=capsys)

    assert (status, line) == (
        2,
        (
            'runapistar: argument addrport: it is empty; give a name, or leave it out. '
            'See manage.py runapistar --help.'
        ),
    )
