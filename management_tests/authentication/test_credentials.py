"""The Authorization header: strict, and never a 500. Cookies, as Python reads them."""

import base64
import importlib.util

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_apistar.authentication.credentials import Basic, Bearer, parse_authorization
from django_apistar.compat import cookies
from management_tests.support.authentication_project import basic
from management_tests.support.malformed_credentials import KEY, MALFORMED

pytestmark = pytest.mark.once


@pytest.mark.parametrize('header', MALFORMED)
def test_malformed_header_carries_nothing(header):
    assert parse_authorization(header) is None


def test_no_header_carries_nothing():
    assert parse_authorization(None) is None


@pytest.mark.case('A08')
def test_password_keeps_its_colons():
    assert parse_authorization(basic('alice', 'a:b:c')) == Basic('alice', 'a:b:c')


@pytest.mark.case('A10')
def test_password_is_utf_8():
    assert parse_authorization(basic('zoë', 'senhaçã€')) == Basic('zoë', 'senhaçã€')


@pytest.mark.case('A15')
@pytest.mark.parametrize('scheme', ['Bearer', 'bearer', 'BEARER'])
def test_scheme_in_any_case(scheme):
    assert parse_authorization(f'{scheme} {KEY}') == Bearer(KEY)


def test_space_around_the_scheme_and_the_token():
    assert parse_authorization(f' \tBearer   X{KEY}X\t ') == Bearer(f'X{KEY}X')


def test_name_and_password_of_one_letter():
    assert parse_authorization(basic('a', 'b')) == Basic('a', 'b')


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
