"""`manage.py apistar_docs`, run in this process."""

import io

import pytest
from django.core.management import CommandError, call_command


def run(*options: str) -> tuple[str, str]:
    """Return what the command wrote to stdout, and to stderr."""
    stdout, stderr = io.StringIO(), io.StringIO()
    call_command('apistar_docs', *options, stdout=stdout, stderr=stderr)
    return stdout.getvalue(), stderr.getvalue()


def fail(*options: str) -> tuple[str, str, str]:
    """Return the command's sentence of failure, and stdout and stderr."""
    stdout, stderr = io.StringIO(), io.StringIO()
    with pytest.raises(CommandError) as failure:
        call_command('apistar_docs', *options, stdout=stdout, stderr=stderr)
    return str(failure.value), stdout.getvalue(), stderr.getvalue()
