"""The Authorization header: strict, and never a 500. Cookies, as Python reads them."""

import base64
import importlib.util

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_apistar.authentication.credentials import Basic, Bearer, parse_authorization
from django_apistar.compat import cookies
from management_tests.support.authentication_project import basic

pytestmark = pytest.mark.once

KEY = 'a' * 40

MALFORMED = {
    'A02_scheme_alone': ['Basic', 'Basic ', ' Basic', 'basic\t'],
    'A03_not_base64': ['Basic %%%', 'Basic -_-_'],
    'A04_no_colon': [f'Basic {base64.b64encode(b"alice").decode()}'],
    'A05_unpadded': [basic('alice', 'secre').rstrip('=')],
    'A06_junk_inside': ['Basic YWxp\nY2U6c2VjcmV0', 'Basic YWxp!Y2U6c2VjcmV0', 'Basic YWxp=Y2U6'],
    'A07_two_words': [basic('alice', 'secret') + ' b', 'Basic a b'],
    'A09_empty_name_or_password': [basic('', 'secret'), basic('alice', ''), basic('', '')],
    'A11_latin_1': [basic('alice', 'senhaçã', encoding='latin-1')],
    'A12_control_characters': [
        basic('alice\0', 'secret'), basic('alice', 'sec\0ret'), basic('alice', 'sec\x1fret'),
        basic('alice', 'sec\x7fret'), basic('alice', 'sec\x85ret'), basic('al\nice', 'secret'),
    ],
    'A16_bearer_alone': ['Bearer', 'Bearer '],
    'A17_bearer_two_words': [f'Bearer {KEY} b'],
    'A18_bearer_not_ascii': [f'Bearer {KEY}\xe9', 'Bearer é', 'Bearer €'],
    'A21_other_keyword': [f'Token {KEY}', KEY, f'Bearer{KEY}', f'Bearer:{KEY}'],
    'A22_two_headers_joined': [f'Bearer {KEY},Bearer {KEY}', f'Bearer {KEY}, Bearer {KEY}'],
    'A23_other_scheme': ['Digest x', '', ' ', 'Digest', ','],
    'A24_tab': [f'Bearer\t{KEY}'],
    'too_long': [basic('alice', 'x' * 4097), basic('x' * 4097, 'secret')],
}  # fmt: skip


@pytest.mark.parametrize(
    'header', [pytest.param(item, id=name) for name, items in MALFORMED.items() for item in items]
)
def test_malformed_header_carries_nothing(header):
    assert parse_authorization(header) is None


def test_no_header_carries_nothing():
    assert parse_authorization(None) is None


def test_A08_password_keeps_its_colons():
    assert parse_authorization(basic('alice', 'a:b:c')) == Basic('alice', 'a:b:c')


def test_A10_password_is_utf_8():
    assert parse_authorization(basic('zoë', 'senhaçã€')) == Basic('zoë', 'senhaçã€')


@pytest.mark.parametrize('scheme', ['Bearer', 'bearer', 'BEARER'])
def test_A15_scheme_in_any_case(scheme):
    assert parse_authorization(f'{scheme} {KEY}') == Bearer(KEY)


def test_several_spaces_behind_the_scheme():
    assert parse_authorization(f' Bearer   {KEY} ') == Bearer(KEY)


def test_repr_shows_no_secret():
    assert repr(Basic('alice', 'secret')) == "Basic(username='alice')"
    assert repr(Bearer(KEY)) == 'Bearer()'


@given(st.one_of(st.text(), st.text(st.characters(max_codepoint=255)).map('Basic {}'.format)))
def test_any_text_is_read_without_raising(header):
    parse_authorization(header)


@given(st.binary())
def test_any_bytes_in_base64_are_read_without_raising(data):
    found = parse_authorization('Basic ' + base64.b64encode(data).decode())

    assert found is None or f'{found.username}:{found.password}'.encode() == data


@given(st.text('\\"0137ax;é\n', max_size=12))
def test_quoted_cookie_is_read_as_by_the_standard_library(text):
    spec = importlib.util.find_spec('http.cookies')
    library = importlib.util.module_from_spec(spec)  # as it was before any repair
    spec.loader.exec_module(library)

    for value in (text, f'"{text}"'):
        assert cookies.unquote(value) == library._unquote(value)
