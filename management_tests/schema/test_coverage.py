"""`--apistar-coverage`: the documented operations and statuses that a run of pytest has seen."""

import dataclasses
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from apistar import Route, exceptions

from django_apistar.application import App
from django_apistar.schema.coverage.answers import find_answers
from django_apistar.schema.coverage.operations import Coverage, Operation, measure_coverage
from django_apistar.schema.coverage.reports import iter_table, render_json
from management_tests.support.example_server import Example
from management_tests.support.server_process import REPOSITORY

pytestmark = [pytest.mark.once, pytest.mark.slow]

SETTINGS = """
    SECRET_KEY = 'of the tests'
    INSTALLED_APPS = ['django_apistar']
    APISTAR_ROUTE_CONF = 'routes'
    APISTAR_SETTINGS = {'ALLOWED_DJANGO_ROUTES': ('/page/',)}
    ROOT_URLCONF = 'urls'
"""
URLS = 'urlpatterns = []'
ROUTES = """
    from apistar import Include, Route, exceptions, http

    def hello(number: int = 0) -> dict:
        return {}

    def make(title: str = '') -> dict:
        return http.JSONResponse({}, 201)

    def show(pk: int) -> dict:
        if pk == 1:
            raise exceptions.Forbidden()
        return {}

    def ranged(status: str = '418') -> dict:
        raise exceptions.HTTPException('No.', int(status))
        raise exceptions.HTTPException('Gone.', 410)

    ranged.openapi = {'responses': {'4XX': {'description': 'No.'}}}  # beside 410

    def hidden() -> dict:
        return {}

    def read(folder: str, number: int) -> dict:
        return {}

    things = [
        Route('/<int:pk>/', 'GET', show),
        Route('/ü/{pk}/', 'PUT', show, name='change'),
    ]
    routes = [
        Route('/', 'GET', hello),
        Route('/', 'POST', make),
        Route('/ranged/', 'DELETE', ranged),
        Route('/hidden/', 'GET', hidden, documented=False),
        Route('/files/{+folder}/{number}', 'GET', read),
        Include('/things', 'things', things),
    ]
"""
OTHER_ROUTES = """
    from apistar import Route
    from routes import make

    def other(number: int = 0) -> dict:
        return {}

    routes = [Route('/', 'GET', other), Route('/', 'POST', make)]
"""
FIRST = """
    from django.test import override_settings
    from django_apistar.test import TestClient

    def test_head_is_the_get_of_its_route_as_where_the_application_is_mounted():
        TestClient(environ={'SCRIPT_NAME': '/app'}).head('/app', params={'number': 'x'})

    def test_a_rule_of_werkzeug(apistar_client):
        apistar_client.get('/things/1/')
        apistar_client.get('/things/2/')
        apistar_client.get('/things/x/')

    def test_routes_of_other_settings(apistar_client):
        with override_settings(APISTAR_ROUTE_CONF='other_routes'):
            apistar_client.get('/')
            apistar_client.post('/')
"""
SECOND = """
    def test_what_belongs_to_no_operation(apistar_client):
        apistar_client.get('/things/1')
        apistar_client.get('/things/%ff/')
        apistar_client.put('/')
        apistar_client.get('/hidden/')
        apistar_client.get('/page/')
        apistar_client.get('http://elsewhere/things/x/')
        apistar_client.post('/nowhere/')

    def test_a_range(apistar_client):
        apistar_client.delete('/ranged/')
        apistar_client.delete('/ranged/?status=503')

    def test_a_parameter_that_is_no_number(apistar_client):
        apistar_client.put('/things/ü/é/')
        apistar_client.get('/files/a/b/c')
"""
TABLE = """
Operation                        Name           Seen  Missing
--------------------------------------------------------------
GET    /                         hello           1/2  200
POST   /                         make            1/1
DELETE /ranged/                  ranged          1/3  200, 410
GET    /files/{folder}/{number}  read            1/2  200
GET    /things/{pk}/             things:show     3/3
PUT    /things/ü/{pk}/           things:change   1/3  200, 403
--------------------------------------------------------------
TOTAL                                           8/14  57%
"""


@pytest.fixture(scope='module')
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('project')
    files = {
        'project_settings': SETTINGS, 'urls': URLS, 'routes': ROUTES,
        'other_routes': OTHER_ROUTES, 'test_first': FIRST, 'test_second': SECOND,
    }  # fmt: skip
    for name, text in files.items():
        (folder / f'{name}.py').write_text(textwrap.dedent(text))
    (folder / 'pytest.ini').write_text('[pytest]\nDJANGO_SETTINGS_MODULE = project_settings\n')
    return folder


def run(folder: Path, *options: str, **variables: str) -> 'subprocess.CompletedProcess[str]':
    """Run pytest in *folder* as its user would, without anything of this run."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith(('DJANGO_', 'PYTEST_'))}
    plugins = ('pytest_django.plugin', 'xdist.plugin', 'django_apistar.pytest_plugin')
    command = [sys.executable, '-m', 'pytest', '-q', *(f'-p{name}' for name in plugins), *options]
    variables['PYTEST_DISABLE_PLUGIN_AUTOLOAD'] = '1'  # others take a second each time
    return subprocess.run(
        command,
        cwd=folder,
        env={**environ, 'PYTHONPATH': f'{REPOSITORY}:.', 'COLUMNS': '80', **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def read_report(output: str) -> str:
    """Return what is printed below our heading, without pytest's last line."""
    _, _, report = output.partition(' documented statuses that the tests have seen ')
    return '\n'.join(report.splitlines()[1:-1])


def test_the_table_shows_what_was_seen_and_what_is_missing(project, tmp_path):
    """The JSON names beside them what was seen and the document does not have."""
    file = tmp_path / 'coverage.json'
    options = ('--apistar-coverage-report', f'json:{file}', '--apistar-coverage-fail-under', '57.1')

    done = run(project, *options)

    found: dict[str, Any] = json.loads(file.read_text())
    assert read_report(done.stdout) == TABLE.strip()
    assert (found['percent'], found['seen'], found['documented']) == (57.14, 8, 14)
    assert found['operations'][2] == {
        'method': 'DELETE', 'path': '/ranged/', 'name': 'ranged',
        'seen': ['4XX'], 'missing': ['200', '410'], 'undocumented': ['503'],
    }  # fmt: skip
    assert done.returncode == 0


def test_a_run_of_several_workers_fails_under_the_percent_that_is_required(project):
    done = run(project, '--apistar-coverage-fail-under', '57.2', '-n', '2')

    failure = 'FAIL Required API coverage of 57.2% not reached: 57.14%.'
    assert read_report(done.stdout) == f'{TABLE.strip()}\n{failure}'
    assert done.returncode == 1


def test_nothing_is_collected_or_printed_without_the_option(project):
    (project / 'test_off.py').write_text(
        'import sys\n'
        'def test_off(apistar_client):\n'
        "    apistar_client.get('/')\n"
        '    assert not apistar_client.observers\n'
        "    assert not [name for name in sys.modules if 'apistar.schema.coverage' in name]\n"
    )
    try:
        done = run(project, 'test_off.py')
    finally:
        (project / 'test_off.py').unlink()

    assert (done.returncode, read_report(done.stdout)) == (0, '')


@pytest.mark.parametrize(
    ('options', 'sentence'),
    [
        (('--apistar-coverage-fail-under', '101'), "'101' is not a number from 0 to 100."),
        (('--apistar-coverage-fail-under', '-.5'), "'-.5' is not a number from 0 to 100."),
        (('--apistar-coverage-fail-under', 'all'), "'all' is not a number from 0 to 100."),
        (('--apistar-coverage-fail-under', 'nan'), "'nan' is not a number from 0 to 100."),
        (('--apistar-coverage-report', 'xml'), "'xml' is no report; write json:FILE."),
        (('--apistar-coverage-report', 'json:.'), "'.' is a folder; name a file."),
        (('--apistar-coverage-report', 'json:no/a'), "there is no folder 'no'; create it."),
    ],
)
def test_wrong_values_are_one_sentence(project, options, sentence):
    done = run(project, *options)

    assert done.stderr.splitlines()[1].endswith(f'error: argument {options[0]}: {sentence}')
    assert done.returncode == 4


def test_without_django_settings_it_says_what_to_do(tmp_path):
    (tmp_path / 'test_a.py').write_text('def test_a(): ...\n')
    (tmp_path / 'pytest.ini').write_text('[pytest]\n')

    done = run(tmp_path, '--apistar-coverage')

    assert done.stderr.strip() == (
        'ERROR: --apistar-coverage needs Django settings. Install pytest-django and set '
        'DJANGO_SETTINGS_MODULE, or call settings.configure() in pytest_configure.'
    )
    assert done.returncode == 4


def test_settings_without_an_api_fail_the_run(tmp_path):
    (tmp_path / 'test_a.py').write_text('def test_a(): ...\n')
    (tmp_path / 'pytest.ini').write_text('[pytest]\nDJANGO_SETTINGS_MODULE = empty_settings\n')
    (tmp_path / 'empty_settings.py').write_text("SECRET_KEY = 'a'\n")

    done = run(tmp_path, '--apistar-coverage')

    assert read_report(done.stdout) == (
        'FAIL The API has no document. APISTAR_ROUTE_CONF is not set. Set it to the module that '
        "holds your API Star routes, e.g. 'shop.routes'."
    )
    assert done.returncode == 1


def test_a_lost_worker_and_a_file_that_cannot_be_written_are_said(project):
    (project / 'test_crash.py').write_text('import os\ndef test_crash(): os._exit(1)\n')
    try:
        done = run(
            project, '--apistar-coverage-report', 'json:/dev/full', '-n', '1', 'test_crash.py'
        )
    finally:
        (project / 'test_crash.py').unlink()

    assert 'Not counted is what these workers have seen: gw0.' in done.stdout
    assert 'FAIL /dev/full cannot be written: No space left on device.' in done.stdout
    assert done.returncode == 1


def test_the_examples_own_tests_see_all_that_it_documents(tmp_path):
    example = Example(tmp_path)
    options = ('--ds', 'shop.settings', '--apistar-coverage-fail-under', '100')

    done = run(example.directory, *options, 'products/tests.py', **example.variables)

    assert done.stdout.rpartition('TOTAL')[2].split()[:2] == ['24/24', '100%']
    assert done.returncode == 0


def hello(number: int = 0) -> dict[str, Any]:
    return {}


def read(folder: str, number: int) -> dict[str, Any]:
    return {}


def ranged() -> dict[str, Any]:
    raise exceptions.HTTPException('Gone.', 410)


vars(ranged)['openapi'] = {'responses': {'4XX': {'description': 'No.'}}}  # beside 410
ROUTES_OF_AN_APP = [
    Route('/', 'GET', hello),
    Route('/', 'POST', hello, name='make'),
    Route('/ranged/', 'DELETE', ranged),
    Route('/files/{+folder}/{number}', 'GET', read),
    Route('/lines/{+folder}/{number}', 'GET', read, name='lines'),
    Route('/odd/{folder}/{number}', 'GET', read, name='odd'),
    Route('/ü/{number}.x', 'GET', hello, name='first'),
    Route('/ü/{other}.x', 'GET', read, name='never'),
    Route('/hidden/', 'GET', hello, name='hidden', documented=False),
]
ASKED = [
    ('HEAD', '/', 200), ('POST', '/', 400), ('POST', '/', 500), ('PUT', '/', 405),
    ('DELETE', '/ranged/', 418), ('DELETE', '/ranged/', 503), ('DELETE', '/ranged/', 410),
    ('GET', '/files/a/b/c', 404), ('GET', '/files/a/b/c', 500), ('GET', '/files//1', 404),
    ('GET', '/Ã¼/9.x', 200), ('GET', '/odd/\xff/c', 404), ('GET', '/Ã¼/9xx', 404),
    ('HEAD', '/lines/a\n/b/c', 404), ('POST', '/files/a/c', 404), ('GET', '/nowhere/', 404),
]  # fmt: skip
SEEN = [
    ('GET', '/', 'hello', ('200', '400'), ('200',), ()),
    ('POST', '/', 'make', ('200', '400'), ('400',), ('500',)),
    ('DELETE', '/ranged/', 'ranged', ('200', '410', '4XX'), ('410', '4XX'), ('503',)),
    ('GET', '/files/{folder}/{number}', 'read', ('200', '404'), ('404',), ()),
    ('GET', '/lines/{folder}/{number}', 'lines', ('200', '404'), ('404',), ()),
    ('GET', '/odd/{folder}/{number}', 'odd', ('200', '404'), ('404',), ()),
    ('GET', '/ü/{number}.x', 'first', ('200', '404'), ('200',), ()),
]


def test_answers_are_counted_for_the_routes_that_gave_them() -> None:
    """`answers`, `operations`"""
    app = App(ROUTES_OF_AN_APP)
    answers = [
        answer for method, path, status in ASKED
        for answer in find_answers(app.router, path, method, status)
    ]  # fmt: skip

    found = measure_coverage(app, answers)

    assert [dataclasses.astuple(operation) for operation in found.operations] == SEEN
    assert (found.seen, found.documented) == (8, 15)


OPERATIONS = (
    Operation('GET', '/café/', 'café', ('200', '404', '4XX'), ('200',), ('500',)),
    Operation('OPTIONS', '/a/long/path/{of}/', 'x', ('200',), ('200',), ()),
)
RENDERED = """{
  "percent": 50.0,
  "seen": 2,
  "documented": 4,
  "operations": [
    {
      "method": "GET",
      "path": "/café/",
      "name": "café",
      "seen": [
        "200"
      ],
      "missing": [
        "404",
        "4XX"
      ],
      "undocumented": [
        "500"
      ]
    },
    {
      "method": "OPTIONS",
      "path": "/a/long/path/{of}/",
      "name": "x",
      "seen": [
        "200"
      ],
      "missing": [],
      "undocumented": []
    }
  ]
}
"""
ROWS = """
Operation                   Name  Seen  Missing
------------------------------------------------
GET    /café/               café   1/3  404, 4XX
OPTIONS /a/long/path/{of}/  x      1/1
------------------------------------------------
TOTAL                              2/4  50%
"""


def test_the_reports_are_read_by_people():
    """`reports`"""
    coverage = Coverage(OPERATIONS)

    assert render_json(coverage) == RENDERED
    assert '\n'.join(iter_table(coverage)) == ROWS.strip()


@pytest.mark.parametrize(
    ('seen', 'documented', 'percent'),
    [(0, 0, 100.0), (0, 3, 0.0), (2, 3, 66.66), (9999, 10000, 99.99), (3, 3, 100.0)],
)
def test_a_percent_is_rounded_down_and_that_of_nothing_is_whole(seen, documented, percent):
    """`operations`"""
    statuses = tuple(map(str, range(documented)))

    assert Coverage((Operation('GET', '/', '', statuses, statuses[:seen], ()),)).percent == percent


def test_the_options_say_what_they_do(project: Path) -> None:
    """`pytest_plugin`"""
    words = ' '.join(run(project, '--help', COLUMNS='80').stdout.split())

    assert (
        ' coverage of the API document: --apistar-coverage list the documented statuses that no '
        'TestClient has seen --apistar-coverage-report=json:FILE write what was seen and what was '
        'not to FILE, as JSON --apistar-coverage-fail-under=PERCENT fail the run if less of the '
        'documented statuses was seen '
    ) in words
