"""Each status that the tutorial's service documents; run in its project by test_tutorial."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from records.models import Artist, Record

pytestmark = pytest.mark.django_db

RECORD = {'title': 'Blue Train', 'artist': 1, 'price': '20.00'}
PICTURE = {'cover': ('a.png', b'picture', 'image/png')}
LOGIN = {'username': 'ann', 'password': 'correct horse'}
OTHER_TYPE: dict[str, Any] = {'data': b'<a/>', 'headers': {'Content-Type': 'text/xml'}}
JSON_TOO_LARGE: dict[str, Any] = {
    'data': b' ' * 3_000_000, 'headers': {'Content-Type': 'application/json'},
}  # fmt: skip
FORM_TOO_LARGE: dict[str, Any] = {'files': {'cover': ('a.png', b' ' * 3_000_000, 'image/png')}}
ANSWERS: list[tuple[str, str, dict[str, Any], int]] = [
    ('GET', '/', {}, 200),
    ('GET', '/records/', {}, 200),
    ('GET', '/records/?page=x', {}, 400),
    ('GET', '/records/?page=9', {}, 404),
    ('GET', '/records/1/', {}, 200),
    ('GET', '/records/9/', {}, 404),
    ('POST', '/records/', {'json': RECORD}, 201),
    ('POST', '/records/', {'json': {**RECORD, 'artist': 9}}, 400),
    ('POST', '/records/', OTHER_TYPE, 415),
    ('POST', '/records/', JSON_TOO_LARGE, 413),
    ('PATCH', '/records/1/', {'json': {'price': '1.00'}}, 200),
    ('PATCH', '/records/1/', {'json': {'price': '-1'}}, 400),
    ('PATCH', '/records/9/', {'json': {'price': '1.00'}}, 404),
    ('PATCH', '/records/1/', OTHER_TYPE, 415),
    ('PATCH', '/records/1/', JSON_TOO_LARGE, 413),
    ('POST', '/records/1/cover/', {'files': PICTURE}, 200),
    ('POST', '/records/1/cover/', {'files': {'other': b'x'}}, 400),
    ('POST', '/records/9/cover/', {'files': PICTURE}, 404),
    ('POST', '/records/1/cover/', OTHER_TYPE, 415),
    ('POST', '/records/1/cover/', FORM_TOO_LARGE, 413),
    ('POST', '/auth/token-login/', {'data': LOGIN}, 200),
    ('POST', '/auth/token-login/', {'data': {**LOGIN, 'password': 'wrong'}}, 400),
    ('POST', '/auth/token-login/', OTHER_TYPE, 415),
    ('POST', '/auth/token-login/', JSON_TOO_LARGE, 413),
    ('GET', '/auth/token-logout/', {}, 200),
    ('POST', '/auth/token-logout/', {}, 200),
    ('POST', '/auth/token-logout-all/', {}, 200),
]
CLOSED = [
    ('POST', '/records/'), ('PATCH', '/records/1/'), ('POST', '/records/1/cover/'),
]  # fmt: skip
LOGOUTS = [
    ('GET', '/auth/token-logout/'), ('POST', '/auth/token-logout/'),
    ('POST', '/auth/token-logout-all/'),
]  # fmt: skip


@pytest.fixture(autouse=True)
def ann(settings: Any, tmp_path: Any) -> User:
    settings.MEDIA_ROOT = tmp_path
    settings.PASSWORD_HASHERS = ['django.contrib.auth.hashers.MD5PasswordHasher']
    artist = Artist.objects.create(pk=1, name='John Coltrane')
    Record.objects.create(pk=1, title='Giant Steps', artist=artist, price=20)
    return User.objects.create_user(**LOGIN)


def log_in(client: Any) -> None:
    token = client.post('/auth/token-login/', data=LOGIN).text
    client.headers['Authorization'] = f'Bearer {token}'


@pytest.mark.parametrize(('method', 'path', 'request_options', 'status'), ANSWERS)
def test_a_user_who_may(
    apistar_client: Any, ann: User, method: str, path: str, request_options: Any, status: int
) -> None:
    ann.user_permissions.set(Permission.objects.filter(content_type__app_label='records'))
    log_in(apistar_client)

    assert apistar_client.request(method, path, **request_options).status_code == status


@pytest.mark.parametrize(('method', 'path'), CLOSED + LOGOUTS)
def test_nobody_may_without_a_token(apistar_client: Any, method: str, path: str) -> None:
    assert apistar_client.request(method, path).status_code == 401


@pytest.mark.parametrize(('method', 'path'), CLOSED)
def test_a_user_may_not_without_the_permission(apistar_client: Any, method: str, path: str) -> None:
    log_in(apistar_client)

    assert apistar_client.request(method, path).status_code == 403


def test_a_login_that_fails_too_often_waits(apistar_client: Any) -> None:
    wrong = {**LOGIN, 'password': 'wrong'}
    seen = {apistar_client.post('/auth/token-login/', data=wrong).status_code for _ in range(40)}

    assert seen == {400, 429}
