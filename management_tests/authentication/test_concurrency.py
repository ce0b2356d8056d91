"""Many logins at once, in processes of their own, on both databases."""

import json
import subprocess
import sys
from collections import Counter

import pytest

from management_tests.support import gates

pytestmark = pytest.mark.slow

SCRIPT = """
import json, sys
from concurrent.futures import ThreadPoolExecutor

import django
from django.conf import settings

settings.configure(
    SECRET_KEY='for tests only', ALLOWED_HOSTS=['*'], USE_TZ=True,
    DATABASES=json.loads(sys.argv[1]),
    INSTALLED_APPS=['django.contrib.auth', 'django.contrib.contenttypes', 'django_apistar',
                    'django_apistar.authentication'],
    PASSWORD_HASHERS=['django.contrib.auth.hashers.MD5PasswordHasher'],
    APISTAR_ROUTE_CONF='management_tests.support.authentication_project',
    APISTAR_SETTINGS={
        'COMPONENTS': ['django_apistar.authentication.components.DjangoTokenAuthentication'],
        'LOGIN_THROTTLE': None,
        **json.loads(sys.argv[2]),
    },
)
django.setup()

from django.core.management import call_command
from django_apistar.dispatch import get_application
from management_tests.support.authentication_project import PASSWORD, make_user
from management_tests.support.raw_wsgi import call

call_command('migrate', verbosity=0)


def log_in(username):
    body = json.dumps({'username': username, 'password': PASSWORD}).encode()
    return call('/auth/token-login/', 'POST', body, CONTENT_TYPE='application/json').status


get_application()  # as a worker does before its first request
statuses = []
with ThreadPoolExecutor(16) as executor:
    for round in range(int(sys.argv[3])):
        name = f'user{round}'
        make_user(name)
        statuses += executor.map(log_in, [name] * 16)
        statuses.append(log_in(name))

from django_apistar.authentication.models import Token
print(json.dumps([statuses, Token.objects.count()]))
"""


@pytest.fixture(params=['sqlite', 'postgresql'])
def databases(request, tmp_path):
    if request.param == 'sqlite':
        name = str(tmp_path / 'db.sqlite3')
        options = {'timeout': 20}
        return {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': name,
                            'OPTIONS': options}}  # fmt: skip
    return request.getfixturevalue('postgres').databases()


def log_in_at_once(databases, settings, rounds):
    done = subprocess.run(
        [
            sys.executable, '-W', 'error', '-c', SCRIPT,
            json.dumps(databases), json.dumps(settings), str(rounds),
        ],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.case('L12', 'B07')
@pytest.mark.faults
def test_sixteen_first_logins_at_once_all_get_a_token(databases):
    rounds = gates.choose(5, 25)
    statuses, count = log_in_at_once(databases, {}, rounds)

    assert (Counter(statuses), count) == ({200: rounds * 17}, rounds * 17)
    gates.record('L12', '0 of 400 failed, with SQLite and with PostgreSQL')


@pytest.mark.case('B07')
def test_the_limit_holds_with_the_next_login(databases):
    statuses, count = log_in_at_once(databases, {'TOKEN_LIMIT_PER_USER': 4}, rounds=3)

    assert (Counter(statuses), count) == ({200: 3 * 17}, 3 * 4)
