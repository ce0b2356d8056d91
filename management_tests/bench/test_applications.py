"""What each target of a benchmark answers, whole."""

import dataclasses

import pytest
from django.conf import settings
from django.test import override_settings
from werkzeug.test import Client

from django_apistar.bench.applications import build_application, load_target
from django_apistar.bench.in_process import call
from django_apistar.bench.targets import APISTAR, BARE_APISTAR, BARE_DJANGO, FLOOR, STAND_IN

HELLO = b'{"message":"Hello, World!"}'
JSON = [('Content-Length', '27'), ('Content-Type', 'application/json')]


def ask(target, path='/'):
    with Client(build_application(target)).get(path) as answer:  # Django forgets its URLconf then
        headers = sorted((name.title(), value) for name, value in answer.headers)
        return answer.status, headers, answer.data


@pytest.mark.django_db
@pytest.mark.parametrize(
    'target', [FLOOR, BARE_APISTAR, BARE_DJANGO], ids=lambda target: target.key
)
def test_a_target_that_is_not_the_projects_greets(target):
    """`applications`, `targets`"""
    assert ask(target) == ('200 OK', JSON, HELLO)
    assert ask(target, '/x/')[0] == ('200 OK' if target is FLOOR else '404 Not Found')


@pytest.mark.django_db
def test_a_stand_in_answers_what_api_star_does_at_its_path():
    path = '/n%C3%BAmero/5/?limit=20'
    stand_in = dataclasses.replace(STAND_IN, path=path)
    secure = [
        ('Cross-Origin-Opener-Policy', 'same-origin'), ('Referrer-Policy', 'same-origin'),
        ('X-Content-Type-Options', 'nosniff'), ('X-Frame-Options', 'DENY'),
    ]  # fmt: skip
    headers = [('Content-Length', '23'), JSON[1], *secure]
    answer = ('200 OK', headers, b'{"number":5,"limit":20}')

    assert [ask(target, path) for target in (APISTAR, stand_in)] == [answer, answer]
    assert ask(stand_in, '/echo/')[0] == '404 Not Found'


@pytest.mark.django_db
def test_a_server_lets_requests_to_the_loopback_pass():
    with override_settings(
        ALLOWED_HOSTS=['shop.example'], SECURE_SSL_REDIRECT=True,
        MIDDLEWARE=['django.middleware.security.SecurityMiddleware'],
    ):  # fmt: skip
        refused = call(build_application(APISTAR), APISTAR)
        answer = call(load_target(APISTAR), APISTAR)
        hosts = settings.ALLOWED_HOSTS

    assert (refused.status, answer.status) == (400, 200)
    assert hosts == ['shop.example', '127.0.0.1']
