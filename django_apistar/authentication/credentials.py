"""Reads the Authorization header strictly: RFC 7617 (Basic) and RFC 6750 (Bearer)."""

import base64
import dataclasses
import re

# Longer ones are refused: a hasher must not get a megabyte.
MAX_LENGTH = 4096

_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+) +([A-Za-z0-9._~+/-]+=*)")
_CONTROL_CHARACTER = re.compile('[\x00-\x1f\x7f-\x9f]')
_NOT_STORABLE = re.compile('[\x00\ud800-\udfff]')


@dataclasses.dataclass(frozen=True, slots=True)
class Basic:
    username: str
    password: str = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True, slots=True)
class Bearer:
    token: str = dataclasses.field(repr=False)


def parse_authorization(header: str | None) -> Basic | Bearer | None:
    """Return the credentials in *header*; None where it is missing, malformed or of another scheme.

    *header* is decoded as latin-1, as in WSGI. Never raises.
    """
    match = _HEADER.fullmatch(header.strip(' \t')) if header else None
    if match is None:
        return None
    scheme, token68 = match.groups()
    if scheme.lower() == 'bearer':
        return Bearer(token68)
    if scheme.lower() == 'basic':
        return _parse_basic(token68)
    return None


def get_scheme(header: str | None) -> str:
    """Return the scheme of *header* in lower case, '' for none."""
    words = header.split(None, 1) if header else ()
    return words[0].lower() if words else ''


def is_plausible(text: str) -> bool:
    """Whether *text* can be a user name or a password: databases refuse NUL and surrogates."""
    return 0 < len(text) <= MAX_LENGTH and not _NOT_STORABLE.search(text)


def _parse_basic(token68: str) -> Basic | None:
    if len(token68) % 4:
        return None
    try:
        text = base64.b64decode(token68, validate=True).decode('utf-8')
    except ValueError:
        return None
    # Only the first colon separates: RFC 7617 allows colons in passwords, not in user names.
    username, _, password = text.partition(':')
    if not (is_plausible(username) and is_plausible(password)) or _CONTROL_CHARACTER.search(text):
        return None
    return Basic(username, password)
