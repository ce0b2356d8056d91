"""manage.py apistar_docs: every option, through the command."""

import json
import os
import subprocess
import sys
import types
from pathlib import Path

import pytest
import yaml
from apistar import Route
from django.test import override_settings
from django.utils.text import format_lazy

from django_apistar.schema import validation
from django_apistar.test import TestClient
from management_tests.support import nasty
from management_tests.support.docs_command import fail, run

pytestmark = pytest.mark.once

EXAMPLE = Path(__file__).resolve().parents[2] / 'example'


@pytest.fixture
def _nasty_project(settings):
    settings.APISTAR_ROUTE_CONF = 'management_tests.support.nasty'
    settings.APISTAR_SETTINGS = {'COMPONENTS': nasty.components}


def manage(*arguments):
    return subprocess.run(
        [sys.executable, 'manage.py', 'apistar_docs', *arguments],
        cwd=EXAMPLE, capture_output=True, text=True,
        env={**os.environ, 'DJANGO_SETTINGS_MODULE': 'shop.settings'},
    )  # fmt: skip


# Formats


@pytest.mark.case('M01')
@pytest.mark.parametrize(
    ('output_format', 'version'),
    [
        ('openapi', ('openapi', '3.1.0')),
        ('openapi-3.0', ('openapi', '3.0.3')),
        ('swagger', ('swagger', '2.0')),
        ('jsonschema', ('$schema', 'https://json-schema.org/draft/2020-12/schema')),
    ],
)
@pytest.mark.usefixtures('_nasty_project')
def test_every_format_of_the_nasty_app_is_valid(output_format, version):
    stdout, stderr = run('--format', output_format, '--validate')

    key, value = version
    assert json.loads(stdout)[key] == value
    assert stderr.splitlines()[-1] == 'The schema is valid.'


def test_openapi_3_1_is_the_default():
    assert run() == run('--format', 'openapi')
    assert json.loads(run()[0])['openapi'] == '3.1.0'


def test_yaml_is_the_same_document():
    as_json, as_yaml = run()[0], run('--yaml')[0]

    assert yaml.safe_load(as_yaml) == json.loads(as_json)
    assert as_yaml.startswith('openapi: 3.1.0\ninfo:\n  title: API\n')


def test_yaml_is_written_for_people(settings):
    settings.APISTAR_SETTINGS = {'TITLE': 'Bücher', 'DESCRIPTION': ' '.join(['word'] * 30)}

    lines, wider = (run('--yaml', *more)[0].splitlines() for more in ((), ('--indent', '4')))

    assert lines[:6] == [
        'openapi: 3.1.0', 'info:', '  title: Bücher', '  version: 1.0.0',
        f"  description: {' '.join(['word'] * 18)}", f"    {' '.join(['word'] * 12)}",
    ]  # fmt: skip
    assert wider[2] == '    title: Bücher'


@pytest.mark.parametrize(('first', 'columns'), [('a', 102), ('bb', 101)])
def test_yaml_breaks_a_line_after_the_word_that_is_at_column_100(settings, first, columns):
    """`rendering`"""
    settings.APISTAR_SETTINGS = {'TITLE': ' '.join([first, *['a'] * 60])}

    assert len(run('--yaml')[0].splitlines()[2]) == columns


@pytest.mark.usefixtures('_nasty_project')
def test_yaml_has_no_anchors():
    assert not any(' &id' in line or ' *id' in line for line in run('--yaml')[0].splitlines())


def test_indent():
    assert run('--indent', '4')[0].startswith('{\n    "openapi": "3.1.0",')
    assert run()[0].startswith('{\n  "openapi": "3.1.0",')
    assert run('--indent', '0')[0].startswith('{"openapi":"3.1.0",')
    assert run('--indent', '0')[0].count('\n') == 1
    assert run('--indent', '40')[0].startswith('{\n' + 40 * ' ' + '"openapi": "3.1.0",')


NASTY_SETTINGS = """
import django_apistar
from management_tests.project.settings import *
from management_tests.support import nasty

APISTAR_ROUTE_CONF = 'management_tests.support.nasty'
APISTAR_SETTINGS = {'COMPONENTS': nasty.components}
"""


def test_the_same_app_gives_the_same_bytes_in_every_process(tmp_path):
    """Sets have another order with each hash seed."""
    (tmp_path / 'nasty_settings.py').write_text(NASTY_SETTINGS)
    command = [
        sys.executable, '-m', 'django', 'apistar_docs', '--skip-checks', '--settings',
        'nasty_settings',
    ]  # fmt: skip
    path = os.pathsep.join([str(EXAMPLE.parent), str(tmp_path)])
    processes = [
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={**os.environ, 'PYTHONPATH': path, 'PYTHONHASHSEED': seed},
        )
        for seed in ('0', '1', '2')
    ]  # fmt: skip

    documents = [process.communicate()[0] for process in processes]

    assert documents[0].startswith(b'{\n  "openapi": "3.1.0",')
    assert documents == [documents[0]] * 3


def test_the_served_schema_is_the_exported_one():
    response = TestClient().get('/schema/')

    assert response.headers['Content-Type'] == 'application/vnd.oai.openapi'
    assert response.json() == json.loads(run()[0])
    assert validation.find_errors(response.json()) == ()


def test_the_served_schema_is_utf_8_without_spaces(settings):
    """`rendering`"""
    settings.APISTAR_SETTINGS = {'TITLE': 'Bücher', 'DESCRIPTION': 'a\ud800b'}

    content = TestClient().get('/schema/').content.decode()

    assert content.startswith(
        '{"openapi":"3.1.0","info":{"title":"Bücher","version":"1.0.0","description":"a?b"},'
        '"servers":[{"url":"/"}],'
    )


# Output


def test_output_to_a_file(tmp_path):
    target = tmp_path / 'schema.json'

    stdout, stderr = run('--output', str(target))

    assert (stdout, stderr.splitlines()[-1]) == ('', f'Wrote {target}.')
    assert target.read_text() == run()[0]


def test_output_that_cannot_be_written(tmp_path):
    target = tmp_path / 'missing' / 'schema.json'

    assert fail('--output', str(target))[0] == (
        f'{target} cannot be written: No such file or directory.'
    )


@pytest.mark.parametrize('indent', ['-1', '41', '99999999'])
def test_impossible_indent(indent):
    assert fail('--indent', indent)[0] == f'--indent is {indent}; it must be 0 to 40.'


def test_html_needs_a_folder():
    assert fail('--format', 'html')[0] == '--format html needs --output DIR.'


def test_html_is_no_file(tmp_path):
    for option in (['--yaml'], ['--check', 'schema.json']):
        assert fail('--format', 'html', '--output', str(tmp_path), *option)[0] == (
            '--format html writes a folder; --yaml and --check need a file.'
        )


def test_html_folder_that_cannot_be_written(tmp_path):
    target = tmp_path / 'file'
    target.write_text('')

    assert fail('--format', 'html', '--output', str(target))[0] == (
        f'{target} cannot be written: File exists.'
    )


# Validation


def test_each_error_is_a_line(settings):
    settings.APISTAR_SETTINGS = {'SERVERS': [{'description': 'no url'}]}

    message, stdout, stderr = fail('--validate')

    assert message == 'The schema is not valid: 1 error, see above.'
    assert stdout == ''
    # Its package quotes in one of two ways, by which JSON Schema library it finds.
    assert stderr.splitlines()[-1].replace('"', "'") == "servers.0: 'url' is a required property"


def show_number(number: int) -> dict: ...


show_number.openapi = {'parameters': []}


@pytest.mark.parametrize('name', ['openapi', 'openapi-3.0', 'swagger'])
def test_an_error_of_no_place_is_one_of_the_document(name):
    """`validation`"""
    write_routes(Route('/{number}/', 'GET', show_number))

    with override_settings(APISTAR_ROUTE_CONF='bare_routes'):
        _, _, stderr = fail('--validate', '--format', name)

    assert stderr == (
        "document: Path parameter 'number' for 'get' operation in '/{number}/' was not resolved\n"
    )


def test_validation_without_its_package(monkeypatch):
    monkeypatch.setitem(sys.modules, 'openapi_spec_validator', None)

    assert fail('--validate')[0] == (
        "Validation needs openapi-spec-validator. Run: pip install 'django-apistar[validate]'."
    )


# Warnings


@pytest.mark.usefixtures('_nasty_project')
def test_what_cannot_be_described_is_told():
    assert run()[1] == (
        "Warning: GET /people/ has two routes; 'never_called' is left out.\n"
        'Warning: 2 handlers have no return annotation, so their responses have no schema: '
        'management_tests.support.nasty.welcome, management_tests.support.nasty.delete_person.\n'
    )


@pytest.mark.parametrize(('count', 'rest'), [(5, ''), (6, ' and 1 more'), (7, ' and 2 more')])
def test_handlers_without_annotation_are_counted_in_one_line(count, rest):
    write_bare_routes(count)

    with override_settings(APISTAR_ROUTE_CONF='bare_routes', APISTAR_SETTINGS={}):
        message, _, stderr = fail('--fail-on-warn')

    names = ', '.join(f'{__name__}.bare{n}' for n in range(5))
    assert stderr == (
        f'Warning: {count} handlers have no return annotation, so their responses have no schema: '
        f'{names}{rest}.\n'
    )
    assert message == '1 thing cannot be described, see above.'


def test_one_handler_without_annotation_is_told_with_its_route():
    write_bare_routes(1)

    with override_settings(APISTAR_ROUTE_CONF='bare_routes', APISTAR_SETTINGS={}):
        stderr = run()[1]

    assert stderr == (
        f'Warning: GET /0/ ({__name__}.bare0) has no return annotation: '
        'its response has no schema.\n'
    )


def write_bare_routes(count):
    write_routes(*(Route(f'/{n}/', 'GET', make_bare(n), name=f'bare{n}') for n in range(count)))


def write_routes(*routes):
    sys.modules['bare_routes'] = types.ModuleType('bare_routes')
    sys.modules['bare_routes'].routes = list(routes)


def make_bare(number):
    def bare(): ...

    bare.__name__ = bare.__qualname__ = f'bare{number}'
    return bare


@pytest.mark.usefixtures('_nasty_project')
def test_fail_on_warn():
    message, stdout, stderr = fail('--fail-on-warn')

    assert message == f'{len(stderr.splitlines())} things cannot be described, see above.'
    assert stdout == ''


# Comparison with a committed file


def test_check_of_an_equal_file(tmp_path):
    committed = tmp_path / 'schema.json'
    run('--output', str(committed), '--indent', '0')

    stdout, stderr = run('--check', str(committed))

    assert (stdout, stderr.splitlines()[-1]) == ('', f'{committed} is up to date.')


def test_check_of_an_equal_yaml_file(tmp_path):
    committed = tmp_path / 'schema.yaml'
    run('--yaml', '--output', str(committed))

    assert run('--check', str(committed))[0] == ''


def test_check_shows_the_difference_and_names_what_breaks(tmp_path):
    committed = tmp_path / 'schema.json'
    document = json.loads(run()[0])
    document['paths'] = {'/gone/': document['paths']['/']}
    document['info']['title'] = 'Old'
    committed.write_text(json.dumps(document))

    message, stdout, _ = fail('--check', str(committed))

    assert message == (f'{committed} is not the schema of this project, with 1 breaking change.')
    assert stdout.startswith(f'--- {committed}\n+++ this project\n@@ ')
    assert '-    "title": "Old",\n+    "title": "API",\n' in stdout
    assert '\n\nBreaking changes:\n- /gone/: the path was removed. [path-removed]\n\n' in stdout


def test_check_of_a_difference_that_breaks_nobody(tmp_path):
    committed = tmp_path / 'schema.json'
    document = json.loads(run()[0])
    document['info']['title'] = 'Old'
    committed.write_text(json.dumps(document))

    message, stdout, _ = fail('--check', str(committed))

    assert message == f'{committed} is not the schema of this project.'
    assert 'Breaking' not in stdout


@pytest.mark.parametrize(
    ('content', 'sentence'),
    [
        (None, 'cannot be read: No such file or directory.'),
        (b'{', 'is neither JSON nor YAML.'),
        (b'[' * 100_000, 'is neither JSON nor YAML.'),
        (b'\xff', 'is not UTF-8 text.'),
        (b'[]', 'holds no schema: it is not an object.'),
    ],
)
def test_check_of_a_file_that_is_no_schema(tmp_path, content, sentence):
    committed = tmp_path / 'schema.json'
    if content is not None:
        committed.write_bytes(content)

    assert fail('--check', str(committed))[0] == f'{committed} {sentence}'


def test_check_of_yaml_that_json_does_not_know(tmp_path):
    committed = tmp_path / 'schema.yaml'
    text = run('--yaml')[0]
    for number in ('200', '400', '404'):
        text = text.replace(f"'{number}':", f'{number}:')
    committed.write_text(text)

    assert run('--check', str(committed))[1] == f'{committed} is up to date.\n'

    committed.write_text(text + 'x-date: 2026-11-26\n')
    message, stdout, _ = fail('--check', str(committed))
    assert message == f'{committed} is not the schema of this project.'
    assert '-  "x-date": "2026-11-26"' in stdout


def test_check_of_yaml_that_holds_itself(tmp_path):
    committed = tmp_path / 'schema.yaml'
    committed.write_text('a: &a [*a]\n')

    assert fail('--check', str(committed))[0] == (
        f'{committed} holds no schema: Circular reference detected.'
    )


# The settings


def test_settings_of_the_document(settings):
    settings.APISTAR_SETTINGS = {
        'TITLE': 'Shop', 'DESCRIPTION': 'Sells.', 'VERSION': '2.1',
        'SERVERS': ['https://api.example.com/v2', {'url': '/', 'description': 'Here.'}],
    }  # fmt: skip

    document = json.loads(run()[0])
    swagger = json.loads(run('--format', 'swagger')[0])

    assert document['info'] == {'title': 'Shop', 'version': '2.1', 'description': 'Sells.'}
    assert document['servers'] == [
        {'url': 'https://api.example.com/v2'},
        {'url': '/', 'description': 'Here.'},
    ]
    assert (swagger['host'], swagger['basePath'], swagger['schemes']) == (
        'api.example.com', '/v2', ['https'],
    )  # fmt: skip


def test_without_servers_the_document_names_its_own_host(settings):
    assert json.loads(run()[0])['servers'] == [{'url': '/'}]
    assert json.loads(run('--format', 'swagger')[0])['basePath'] == '/'

    settings.FORCE_SCRIPT_NAME = '/shop'

    assert json.loads(run()[0])['servers'] == [{'url': '/shop'}]


def test_info_and_tags_say_what_no_route_does(settings):
    settings.APISTAR_SETTINGS = {
        'TITLE': 'Shop', 'INFO': {'license': {'name': format_lazy('MIT')}, 'title': 'The shop'},
        'TAGS': {'project': format_lazy('All of it.'), 'auht': 'Tokens.'},
    }  # fmt: skip

    stdout, stderr = run('--validate')

    document = json.loads(stdout)
    assert document['info'] == {
        'title': 'The shop', 'version': '1.0.0', 'license': {'name': 'MIT'},
    }  # fmt: skip
    assert document['tags'] == [
        {'name': 'project', 'description': 'All of it.'},
        {'name': 'auth', 'description': 'Under /auth.'},
    ]
    assert "Warning: TAGS describes 'auht', which no route has for a tag." in stderr.splitlines()


@pytest.mark.case('M03')
def test_security_of_the_authentication_components_and_hooks(settings):
    module = 'django_apistar.authentication'
    settings.APISTAR_SETTINGS = {
        'COMPONENTS': [f'{module}.components.DjangoBasicAuthentication'],
        'AUTH_COMPONENTS': [
            f'{module}.components.DjangoBasicAuthentication',
            f'{module}.components.DjangoTokenAuthentication',
            f'{module}.components.DjangoSessionAuthentication',
        ],
        'EVENT_HOOKS': [f'{module}.hooks.MustBeAuthenticated'],
        'PUBLIC_ROUTES': ['welcome'],
    }

    document = json.loads(run('--validate')[0])
    operations = {
        operation['operationId']: operation
        for item in document['paths'].values()
        for operation in item.values()
    }

    assert document['components']['securitySchemes'] == {
        'basic': {'type': 'http', 'scheme': 'basic'},
        'bearer': {'type': 'http', 'scheme': 'bearer'},
        'session': {'type': 'apiKey', 'in': 'cookie', 'name': 'sessionid'},
    }
    schemes = [{'basic': []}, {'bearer': []}, {'session': []}]
    unauthorized = {'$ref': '#/components/responses/Unauthorized'}
    assert operations['echo']['security'] == schemes
    assert operations['echo']['responses']['401'] == unauthorized
    # A handler that wants a token of its own takes no other credentials.
    assert operations['auth_token_logout']['security'] == [{'bearer': []}]
    assert operations['auth_token_logout']['responses']['401'] == unauthorized
    for public in ('welcome', 'auth_token_login'):
        assert operations[public]['security'] == []
        assert '401' not in operations[public]['responses']
    assert run('--format', 'swagger', '--validate')[1].splitlines()[-1] == 'The schema is valid.'


def test_a_wrong_setting_is_its_own_sentence(settings):
    settings.APISTAR_ROUTE_CONF = None

    assert fail()[0].startswith('APISTAR_ROUTE_CONF is not set.')


# The command line


def test_stdout_is_nothing_but_the_document():
    completed = manage('--validate', '--indent', '0')

    assert completed.returncode == 0
    assert json.loads(completed.stdout)['info']['title'] == 'Shop'
    assert completed.stderr.splitlines()[-1] == 'The schema is valid.'


def test_a_file_that_cannot_be_read_is_one_sentence_and_exit_status_2():
    completed = manage('--check', 'nowhere.json')

    assert completed.returncode == 2
    assert completed.stdout == ''
    assert completed.stderr.splitlines()[-1] == (
        'CommandError: nowhere.json cannot be read: No such file or directory.'
    )
    assert 'Traceback' not in completed.stderr


def test_unknown_format_is_refused_by_the_parser():
    completed = manage('--format', 'raml')

    assert completed.returncode == 2
    assert "invalid choice: 'raml'" in completed.stderr
