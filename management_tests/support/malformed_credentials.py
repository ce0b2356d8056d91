"""Authorization headers that carry nothing, each wrong in one way, as parameters of a test."""

import base64
from typing import Any

import pytest

from management_tests.support.authentication_project import basic

KEY = 'a' * 40


def wrong(case: str, name: str, *headers: str) -> list[Any]:
    return [pytest.param(header, id=name, marks=pytest.mark.case(case)) for header in headers]


MALFORMED = [
    *wrong('A02', 'scheme_alone', 'Basic', 'Basic ', ' Basic', 'basic\t'),
    *wrong('A03', 'not_base64', 'Basic %%%', 'Basic -_-_'),
    *wrong('A04', 'no_colon', f'Basic {base64.b64encode(b"alice").decode()}'),
    *wrong('A05', 'unpadded', basic('alice', 'secre').rstrip('=')),
    *wrong(
        'A06', 'junk_inside', 'Basic YWxp\nY2U6c2VjcmV0', 'Basic YWxp!Y2U6c2VjcmV0',
        'Basic YWxp=Y2U6', 'Basic YWxp._~-Y2U6c2VjcmV0',
    ),
    *wrong('A07', 'two_words', basic('alice', 'secret') + ' b', 'Basic a b'),
    *wrong(
        'A09', 'empty_name_or_password', basic('', 'secret'), basic('alice', ''), basic('', '')
    ),
    *wrong('A11', 'latin_1', basic('alice', 'senhaçã', encoding='latin-1')),
    *wrong(
        'A12', 'control_characters',
        basic('alice\0', 'secret'), basic('alice', 'sec\0ret'), basic('alice', 'sec\x1fret'),
        basic('alice', 'sec\x7fret'), basic('alice', 'sec\x85ret'), basic('al\nice', 'secret'),
    ),
    *wrong('A16', 'bearer_alone', 'Bearer', 'Bearer '),
    *wrong('A17', 'bearer_two_words', f'Bearer {KEY} b'),
    *wrong('A18', 'bearer_not_ascii', f'Bearer {KEY}\xe9', 'Bearer é', 'Bearer €'),
    *wrong('A21', 'other_keyword', f'Token {KEY}', KEY, f'Bearer{KEY}', f'Bearer:{KEY}'),
    *wrong(
        'A22', 'two_headers_joined', f'Bearer {KEY},Bearer {KEY}', f'Bearer {KEY}, Bearer {KEY}'
    ),
    *wrong('A23', 'other_scheme', 'Digest x', '', ' ', 'Digest', ','),
    *wrong('A24', 'tab', f'Bearer\t{KEY}'),
    *(
        pytest.param(header, id='too_long')
        for header in (basic('alice', 'x' * 4097), basic('x' * 4097, 'secret'))
    ),
]  # fmt: skip
