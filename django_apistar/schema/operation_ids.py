"""The operations' ids: identifiers, as generators name functions and types after them."""

import keyword
import re
import unicodedata

WORD = re.compile(r'[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+')


def build_id(name: str, method: str, path: str) -> str:
    """Return the id that the route *name* would like: 'auth_token_login' of 'auth:token_login'."""
    wanted = _to_identifier(name)
    if not wanted or wanted[0].isdigit() or keyword.iskeyword(wanted):
        return _to_identifier(f'{method}_{wanted or path}')
    return wanted


class OperationIds:
    """Gives each operation of one document an id of its own.

    An operation whose id is taken gets its method and path into its id: a number alone would
    change with the operations before it.
    """

    def __init__(self) -> None:
        self._taken: set[tuple[str, ...]] = set()

    def give(self, wanted: str, method: str, path: str) -> str:
        longer = _to_identifier(f'{wanted}_{method}_{path}')
        given, number = wanted, 1
        while _split(given) in self._taken:
            given = longer if number == 1 else f'{longer}_{number}'
            number += 1
        self._taken.add(_split(given))
        return given


def _to_identifier(text: str) -> str:
    """Return *text* in ASCII, with an underscore for what a name cannot have."""
    plain = unicodedata.normalize('NFKD', text).encode('ascii', 'ignore').decode()
    return re.sub(r'[^A-Za-z0-9]+', '_', plain).strip('_')


def _split(given: str) -> tuple[str, ...]:
    """Return the words of *given*: list_x and listX are one name to a generator."""
    return tuple(word.lower() for word in WORD.findall(given)) or (given,)
