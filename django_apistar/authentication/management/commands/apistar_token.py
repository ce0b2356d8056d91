"""manage.py apistar_token: issue a token."""

import json
from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.template.defaultfilters import pluralize
from django.utils import timezone

from django_apistar.authentication.models import Token

COLUMNS = ('id', 'user', 'created', 'last_used', 'expires', 'usable')


class Command(BaseCommand):
    help = 'Issue, list, revoke and purge the tokens that authenticate API requests.'

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest='action', required=True, metavar='ACTION')
        issue = actions.add_parser('issue', help='Issue a token and print its key, once.')
        issue.add_argument('username')
        issue.add_argument('--never-expires', action='store_true', help='Leave TOKEN_TTL aside.')
        show = actions.add_parser('list', help='List the tokens of one user or of all.')
        show.add_argument('username', nargs='?')
        revoke = actions.add_parser('revoke', help='Delete tokens by ID, or all of a user.')
        revoke.add_argument('id', nargs='*', help='ID as listed.')
        revoke.add_argument('--user', metavar='USERNAME', help='Revoke all tokens of this user.')
        actions.add_parser('purge', help='Delete all expired and revoked tokens.')
        for action in (issue, show):
            action.add_argument(
                '--format', choices=('text', 'json'), default='text', help='Default: %(default)s.'
            )

    def handle(self, *args: object, action: str, **options: object) -> None:
        try:
            getattr(self, action)(**options)
        except DatabaseError as exc:
            raise CommandError(
                f'The tokens cannot be read or written: {str(exc).strip()}. '
                'Run manage.py migrate authentication.'
            ) from exc

    def issue(self, username: str, never_expires: bool, format: str, **options: object) -> None:
        user = _get_user(username)
        if not getattr(user, 'is_active', True):
            raise CommandError(f'{username!r} is not active: a token would be refused.')
        token = Token.objects.issue(user, **({'expires': None} if never_expires else {}))
        if format == 'json':
            self._print_json({'id': token.id, 'token': token.key, 'expires': token.expires})
            return
        self.stdout.write(token.key)
        self.stderr.write(
            f'Token {token.id} of {username}, expires: {_format_time(token.expires)}. '
            'Its key is not shown again.'
        )

    def list(self, username: str | None, format: str, **options: Any) -> None:
        tokens = Token.objects.select_related('user').order_by('created')
        if username is not None:
            tokens = tokens.filter(user=_get_user(username))
        rows = [_build_row(token) for token in tokens]
        if format == 'json':
            self._print_json({'tokens': rows})
        else:
            self.stdout.write(_render_table(rows))

    def revoke(self, id: Iterable[str], user: str | None, **options: object) -> None:
        ids = set(id)
        if bool(ids) == bool(user):
            raise CommandError('Name either token IDs or --user USERNAME.')
        if user:
            tokens = Token.objects.filter(user=_get_user(user))
        else:
            tokens = Token.objects.filter(pk__in=ids)
            unknown = ids - set(tokens.values_list('pk', flat=True))
            if unknown:
                raise CommandError(
                    f'No token has the ID {", ".join(map(repr, sorted(unknown)))}. '
                    'Nothing was revoked.'
                )
        self._delete(tokens, 'revoked')

    def purge(self, **options: object) -> None:
        dead = [
            token.pk
            for token in Token.objects.select_related('user').iterator()
            if token.is_expired or token.is_revoked
        ]
        self._delete(Token.objects.filter(pk__in=dead), 'purged')

    def _delete(self, tokens: Any, done: str) -> None:
        count, _ = tokens.delete()
        self.stderr.write(f'{count} token{pluralize(count)} {done}.')

    def _print_json(self, document: object) -> None:
        self.stdout.write(json.dumps(document, default=_format_json_time, indent=2))


def _get_user(username: str) -> Any:
    user_model = get_user_model()
    try:
        return user_model._default_manager.get_by_natural_key(username)
    except user_model.DoesNotExist:
        raise CommandError(f'There is no user {username!r}.') from None


def _build_row(token: Token) -> dict[str, Any]:
    is_usable = not (token.is_expired or token.is_revoked) and token.user.is_active
    return {
        'id': token.id, 'user': token.user.get_username(), 'created': token.created,
        'last_used': token.last_used, 'expires': token.expires, 'usable': is_usable,
    }  # fmt: skip


def _render_table(rows: list[dict[str, object]]) -> str:
    lines = [[column.upper().replace('_', ' ') for column in COLUMNS]]
    lines += [[_write_cell(row[column]) for column in COLUMNS] for row in rows]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    return '\n'.join(
        '  '.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _write_cell(value: object) -> str:
    if isinstance(value, bool):
        return 'yes' if value else 'no'
    return value if isinstance(value, str) else _format_time(value)


def _format_time(moment: Any) -> str:
    """Return *moment* to the second, in the current time zone if it has one."""
    if moment is None:
        return 'never'
    local = timezone.localtime(moment) if timezone.is_aware(moment) else moment
    return str(local.isoformat(sep=' ', timespec='seconds'))


def _format_json_time(moment: Any) -> str:
    return str(moment.isoformat())
