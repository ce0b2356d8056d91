"""What runapistar adds to the settings of gunicorn."""

from __future__ import annotations

from gunicorn.config import Setting

from django_apistar.client_timeouts import DEFAULT_S


def _check_seconds(value: int | str) -> int:
    seconds = int(value)
    if seconds < 1:
        raise ValueError('Give 1 second or more.')
    return seconds


class ClientTimeout(Setting):
    """Known to gunicorn's configuration by its base class: in files, and on command lines."""

    name = 'client_timeout'
    section = 'Worker Processes'
    cli = ['--client-timeout']
    meta = 'SECONDS'
    validator = _check_seconds
    type = int
    default = DEFAULT_S
    desc = """\
        The seconds that a client gets for its handshake and for a head, and that it may let a
        body or an answer rest.
        """
