"""The Type that logins take."""

from apistar import types, validators

from django_apistar.authentication.credentials import MAX_LENGTH


class TokenUser(types.Type):
    """The body of `token_login`."""

    username = validators.String(max_length=MAX_LENGTH)
    password = validators.String(max_length=MAX_LENGTH)
