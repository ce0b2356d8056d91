"""manage.py apistar_docs --check: where documents come from, what is told, how it ends."""

import io
import json
import re
import subprocess

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

pytestmark = pytest.mark.once

OLD = {
    'openapi': '3.1.0',
    'paths': {
        '/a/': {
            'get': {
                'parameters': [{'in': 'query', 'name': 'q', 'schema': {'type': 'integer'}}],
                'responses': {'200': {'description': 'OK'}},
            }
        },
        '/gone/': {'get': {'responses': {'200': {'description': 'OK'}}}},
    },
}
NEW = json.loads(json.dumps(OLD))
del NEW['paths']['/gone/']
NEW['paths']['/a/']['get']['parameters'][0]['schema']['maximum'] = 5
NEW['paths']['/a/']['get']['operationId'] = 'a'
DIFF = """\
--- old.json
+++ new.json
@@ -4,4 +4,5 @@
     "/a/": {
       "get": {
+        "operationId": "a",
         "parameters": [
           {
@@ -9,4 +10,5 @@
             "name": "q",
             "schema": {
+              "maximum": 5,
               "type": "integer"
             }
@@ -19,13 +21,4 @@
         }
       }
-    },
-    "/gone/": {
-      "get": {
-        "responses": {
-          "200": {
-            "description": "OK"
-          }
-        }
-      }
     }
   }
"""
ERRORS = (
    "- GET /a/: the query parameter 'q' is now limited by maximum 5. Example: 6. "
    '[request-maximum-decreased]\n- /gone/: the path was removed. [path-removed]\n'
)


def run(*options):
    """Return (status, sentence, stdout, remarks)."""
    stdout, stderr = io.StringIO(), io.StringIO()
    try:
        call_command('apistar_docs', *options, stdout=stdout, stderr=stderr)
    except CommandError as exc:
        return exc.returncode, str(exc), stdout.getvalue(), stderr.getvalue()
    return 0, '', stdout.getvalue(), stderr.getvalue()


@pytest.fixture
def _files(tmp_path, monkeypatch):
    """old.json and new.json in the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'old.json').write_text(json.dumps(OLD))
    (tmp_path / 'new.json').write_text(json.dumps(NEW))


def compare(*options):
    return run('--check', 'old.json', '--with', 'new.json', *options)


@pytest.mark.usefixtures('_files')
def test_two_files_as_text():
    status, sentence, stdout, remarks = compare()

    assert (status, remarks) == (1, '')
    assert sentence == 'old.json is not the same as new.json, with 2 breaking changes.'
    assert stdout == (
        f'{DIFF}\nBreaking changes:\n{ERRORS}\nOther changes:\n'
        '- GET /a/: the operationId was none, now a. [operation-id-changed]\n'
    )


@pytest.mark.usefixtures('_files')
@override_settings(APISTAR_SETTINGS=['no dict'])
def test_two_files_are_compared_whatever_the_checks_find_of_the_project():
    with pytest.raises(CommandError, match=r'old\.json is not the same as new\.json'):
        call_command(
            'apistar_docs', '--check', 'old.json', '--with', 'new.json',
            skip_checks=False, stdout=io.StringIO(), stderr=io.StringIO(),
        )  # fmt: skip


@pytest.mark.usefixtures('_files')
def test_what_may_break_a_client_has_a_title_of_its_own(tmp_path, monkeypatch):
    monkeypatch.delenv('NO_COLOR', raising=False)
    servers = [{'url': 'https://a.example'}, {'url': 'https://b.example'}]
    for name, left in (('old', servers), ('new', servers[:1])):
        (tmp_path / f'{name}.json').write_text(json.dumps({**NEW, 'servers': left}))

    assert compare()[2].endswith(
        '\n\nChanges that may break a client:\n'
        '- the document: the server https://b.example was removed. [server-removed]\n'
    )
    assert '\n\x1b[33;1mChanges that may break a client:\x1b[0m\n' in compare('--force-color')[2]
    assert compare('--report', 'github')[2] == (
        '::warning file=old.json,title=server-removed::the document: the server '
        'https://b.example was removed. Keep it until no client needs it.\n'
    )


@pytest.mark.usefixtures('_files')
def test_breaking_changes_are_red_on_a_terminal(monkeypatch):
    monkeypatch.delenv('NO_COLOR', raising=False)
    stdout = compare('--force-color')[2]

    assert f'\n\x1b[31;1mBreaking changes:\x1b[0m\n{ERRORS}' in stdout
    assert '\n\x1b[32;1mOther changes:\x1b[0m\n' in stdout


@pytest.mark.usefixtures('_files')
def test_a_report_in_json_is_one_document():
    where = "the query parameter 'q'"

    assert json.loads(compare('--report', 'json')[2]) == {'changes': [
        {
            'rule': 'request-maximum-decreased', 'level': 'error', 'method': 'GET', 'path': '/a/',
            'where': where, 'message': f'{where} is now limited by maximum 5. Example: 6.',
        },
        {
            'rule': 'path-removed', 'level': 'error', 'method': '', 'path': '/gone/', 'where': '',
            'message': 'the path was removed.',
        },
        {
            'rule': 'operation-id-changed', 'level': 'info', 'method': 'GET', 'path': '/a/',
            'where': '', 'message': 'the operationId was none, now a.',
        },
    ]}  # fmt: skip


@pytest.mark.usefixtures('_files')
def test_a_report_in_json_of_equal_files_is_one_document():
    assert run('--check', 'old.json', '--with', 'old.json', '--report', 'json') == (
        0, '', '{\n  "changes": []\n}\n', 'old.json is up to date.\n',
    )  # fmt: skip


@pytest.mark.usefixtures('_files')
def test_a_report_in_json_is_written_for_people(tmp_path):
    (tmp_path / 'old.json').write_text(json.dumps({**NEW, 'paths': {'/é/': {}}}))

    stdout = compare('--report', 'json')[2]

    assert '\n      "path": "/é/",\n' in stdout
    assert '\n-    "/é/": {}\n' in compare()[2]


@pytest.mark.usefixtures('_files')
def test_annotations_of_github_escape_what_github_would_read():
    assert compare('--report', 'github')[2] == (
        "::error file=old.json,title=request-maximum-decreased::GET /a/: the query parameter 'q' "
        'is now limited by maximum 5. Example: 6. Go on taking it, or add a field, parameter or '
        'route that takes the new.\n'
        '::error file=old.json,title=path-removed::/gone/: the path was removed. Mark it '
        'deprecated, with x-sunset, and remove it after that day.\n'
        '::notice file=old.json,title=operation-id-changed::'
        'GET /a/: the operationId was none, now a.\n'
    )


@pytest.mark.usefixtures('_files')
def test_annotations_of_github_keep_the_name_and_the_path_of_odd_characters(tmp_path):
    paths = {**NEW['paths'], '/50%\r\n/': {}}
    (tmp_path / 'a,b%.json').write_text(json.dumps({**NEW, 'paths': paths}))

    stdout = run('--check', 'a,b%.json', '--with', 'new.json', '--report', 'github')[2]

    assert stdout == (
        '::error file=a%2Cb%25.json,title=path-removed::/50%25%0D%0A/: the path was removed. '
        'Mark it deprecated, with x-sunset, and remove it after that day.\n'
    )


@pytest.mark.usefixtures('_files')
def test_a_report_in_markdown():
    assert compare('--report', 'markdown')[2].splitlines() == [
        '## Changes since `old.json`', '', '### Breaking changes', '',
        '| where | what | rule |', '| --- | --- | --- |',
        ("| `GET /a/` | the query parameter 'q' is now limited by maximum 5. Example: 6. | "
        '`request-maximum-decreased` |'),
        '| `/gone/` | the path was removed. | `path-removed` |', '',
        '### Other changes', '', '| where | what | rule |', '| --- | --- | --- |',
        '| `GET /a/` | the operationId was none, now a. | `operation-id-changed` |',
    ]  # fmt: skip


@pytest.mark.usefixtures('_files')
def test_a_report_in_markdown_says_what_markdown_would_read(tmp_path):
    for name, word in (('old', 'X|b'), ('new', '\\`*_<>[]\nc')):
        paths = {'/a|b/': {'get': {'operationId': word, 'responses': {}}}}
        (tmp_path / f'{name}.json').write_text(json.dumps({'openapi': '3.1.0', 'paths': paths}))

    assert compare('--report', 'markdown')[2].splitlines()[2:] == [
        '### Other changes', '', '| where | what | rule |', '| --- | --- | --- |',
        (r'| `GET /a\|b/` | the operationId was X\|b, now \\\`\*\_\<\>\[\] c. | '
         '`operation-id-changed` |'),
    ]  # fmt: skip


@pytest.mark.usefixtures('_files')
def test_a_report_in_markdown_of_equal_files():
    options = ('--with', 'old.json', '--report', 'markdown')

    assert run('--check', 'old.json', *options) == (
        0, '', '## Changes since `old.json`\n\nNone.\n', 'old.json is up to date.\n',
    )  # fmt: skip


@pytest.mark.usefixtures('_files')
def test_another_order_of_the_same_words_is_no_difference(tmp_path):
    (tmp_path / 'new.json').write_text(json.dumps(dict(reversed(OLD.items()))))

    assert compare() == (0, '', '', 'old.json is up to date.\n')


@pytest.mark.usefixtures('_files')
@pytest.mark.parametrize(
    'ignored',
    [
        ('request-maximum-decreased', 'path-removed'),
        ('request-maximum-decreased:/a/', 'path-removed:/go*'),
        ('request-maximum-decreased:GET /a/', 'path-removed'),
        ("request-maximum-decreased:*parameter 'q'", 'path-removed'),
        ('request-maximum-decreased:GET /a/ the query *', 'path-removed'),
    ],
)
def test_what_is_ignored_is_left_out_and_breaks_nothing(ignored):
    options = [option for name in ignored for option in ('--ignore', name)]

    status, _, stdout, remarks = compare('--fail-on', 'breaking', *options, '--report', 'json')

    assert (status, len(json.loads(stdout)['changes'])) == (0, 1)
    assert remarks == 'old.json is not the same as new.json; nothing breaks a client.\n'
    assert compare(*options)[0] == 1


@pytest.mark.usefixtures('_files')
def test_a_glob_that_fits_nothing_ignores_nothing():
    assert compare('--fail-on', 'breaking', '--ignore', 'path-removed:/other/*')[1] == (
        'old.json is not the same as new.json, with 2 breaking changes.'
    )


@pytest.mark.usefixtures('_files')
def test_SCHEMA_ACCEPTED_is_left_out_for_good(settings):
    settings.APISTAR_SETTINGS = {
        'SCHEMA_ACCEPTED': {'path-removed:/gone/': 'Nobody calls it.'}
    }  # fmt: skip

    assert compare()[1] == 'old.json is not the same as new.json, with 1 breaking change.'


@pytest.mark.usefixtures('_files')
@pytest.mark.parametrize(
    ('accepted', 'sentence'),
    [
        (
            {'path-remove': 'x'},
            ("SCHEMA_ACCEPTED names the rule 'path-remove', which does not exist. "
            "Did you mean 'path-removed'?"),
        ),
        ({'path-removed': ''}, "SCHEMA_ACCEPTED has no reason for 'path-removed'. Write one."),
        (['path-removed'], ("SCHEMA_ACCEPTED is ['path-removed']; it must be a dict of 'RULE:GLOB' "
         'and the reason.')),
    ],
)  # fmt: skip
def test_a_wrong_SCHEMA_ACCEPTED_is_one_sentence(settings, accepted, sentence):
    settings.APISTAR_SETTINGS = {'SCHEMA_ACCEPTED': accepted}

    assert compare()[:3] == (2, sentence, '')


@pytest.mark.usefixtures('_files')
def test_two_files_are_compared_without_a_look_at_the_project(settings):
    settings.APISTAR_ROUTE_CONF = 'there.is.no.such.module'

    assert compare()[0] == 1
    assert run('--check', 'old.json', '--with', 'old.json')[0] == 0


def test_a_default_that_is_no_number_in_yaml_is_the_same_in_both(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'x.yaml').write_text(
        'openapi: 3.1.0\n'
        'paths: {/a/: {get: {parameters: [{in: query, name: q, schema: {default: .nan}}]}}}'
    )

    checked = run('--check', 'x.yaml', '--with', 'x.yaml')

    assert checked == (0, '', '', 'x.yaml is up to date.\n')


@pytest.mark.parametrize(
    ('option', 'value'),
    [
        ('--with', 'new.json'),
        ('--ignore', 'operation-removed'),
        ('--fail-on', 'breaking'),
        ('--report', 'json'),
    ],
)
def test_option_of_a_check_alone_is_one_sentence(option, value):
    assert run(option, value)[:2] == (1, f'{option} needs --check OLD.')


# What cannot be read


def grow(nodes: int) -> str:
    """Return YAML of that many *nodes*, the first a circle: nobody gets to write them out."""
    rest = nodes - 19_999_000 - 4
    return (
        f'z: &z [*z{", x" * rest}]\n'
        f'a: &a [{"x, " * 999}]\n'
        f'b: [{"*a, " * 19_998}]\n'
    )  # fmt: skip


@pytest.mark.usefixtures('_files')
@pytest.mark.parametrize(
    ('name', 'content', 'sentence'),
    [
        ('x.json', None, 'x.json cannot be read: No such file or directory.'),
        ('x.yaml', 'a: [', 'x.yaml is neither JSON nor YAML.'),
        ('x.json', '[1]', 'x.json holds no schema: it is not an object.'),
        ('x.yaml', 'a: &a [*a]', 'x.yaml holds no schema: Circular reference detected.'),
        ('x.yml', 'a: &a {b: *a}', 'x.yml holds no schema: Circular reference detected.'),
        ('x.json', '{"a": 1}', 'x.json is neither OpenAPI, Swagger nor JSON Schema.'),
        ('x.json', '{"openapi": "4.0"}',
         "x.json is of the version '4.0'; OpenAPI 3 and Swagger 2 are known."),
        ('x.json', '{"$schema": "x"}',
         'x.json is JSON Schema and new.json is OpenAPI: they cannot be compared.'),
        ('x.json', '{"openapi": "3.1.0", "a": ' + '[' * 600 + ']' * 600 + '}',
         'x.json is deeper than 400 levels.'),
        ('x.json', '{"openapi": "3.1.0", "a": {"$ref": "#/b"}, "b": {"$ref": "#/a"}}',
         "x.json holds the reference '#/a', which is only a circle."),
        ('x.yaml', 'a: &a [' + 'x, ' * 99 + ']\n' + ''.join(
            f'{new}: &{new} [' + f'*{old}, ' * 99 + ']\n' for old, new in ('ab', 'bc', 'cd', 'de')
        ), 'x.yaml holds aliases that grow beyond 20000000 nodes.'),
        ('x.yaml', grow(20_000_000), 'x.yaml holds no schema: Circular reference detected.'),
        ('x.yaml', grow(20_000_001), 'x.yaml holds aliases that grow beyond 20000000 nodes.'),
        ('git:HEAD', None, 'git:HEAD names no file of a commit. Write git:REV:PATH.'),
        ('git:--help:x', None, 'git:--help:x names no file of a commit. Write git:REV:PATH.'),
        ('git:HEAD:\0', None, 'git:HEAD:\0 cannot be read: embedded null byte.'),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_one_sentence_and_status_2(tmp_path, name, content, sentence):
    if content is not None:
        (tmp_path / name).write_text(content)

    assert run('--check', name, '--with', 'new.json') == (2, sentence, '', '')


@pytest.mark.usefixtures('_files')
def test_an_unknown_rule_is_one_sentence():
    assert compare('--ignore', 'path-remov')[:3] == (
        2, ("--ignore names the rule 'path-remov', which does not exist. "
        "Did you mean 'path-removed'?"), '',
    )  # fmt: skip
    assert compare('--ignore', 'zzz')[:3] == (
        2, ("--ignore names the rule 'zzz', which does not exist. "
        'They are in the documentation.'), '',
    )  # fmt: skip


# Commits


@pytest.fixture
def _commit(_files, tmp_path):
    (tmp_path / 'sub').mkdir()
    (tmp_path / 'sub' / 'schema.json').write_text(json.dumps(OLD))
    identity = ('-c', 'user.name=a', '-c', 'user.email=a@example.com')
    for command in (('init', '-q'), ('add', '.'), (*identity, 'commit', '-qm', 'first')):
        subprocess.run(['git', *command], cwd=tmp_path, check=True, capture_output=True)


@pytest.mark.usefixtures('_commit')
def test_a_file_of_a_commit():
    name = 'git:HEAD:sub/schema.json'

    assert run('--check', name, '--with', 'old.json')[::3] == (0, f'{name} is up to date.\n')
    assert run('--check', name, '--with', 'new.json')[1] == (
        f'{name} is not the same as new.json, with 2 breaking changes.'
    )
    stdout = run('--check', name, '--with', 'new.json', '--report', 'github')[2]
    assert stdout.startswith('::error file=sub/schema.json,title=request-maximum-decreased::')


@pytest.mark.usefixtures('_commit')
@pytest.mark.parametrize('name', ['git:HEAD:nowhere.json', 'git:nobranch:old.json', 'git:HEAD:sub'])
def test_a_commit_or_a_path_that_does_not_exist(name):
    status, sentence, stdout, remarks = run('--check', name, '--with', 'new.json')

    assert (status, stdout, remarks) == (2, '', '')
    assert re.fullmatch(re.escape(f'{name} cannot be read: ') + r"(?!fatal)[^\n]*[\w']\.", sentence)


@pytest.mark.usefixtures('_files')
def test_git_that_is_missing(monkeypatch):
    monkeypatch.setenv('PATH', '')

    assert run('--check', 'git:HEAD:old.json', '--with', 'new.json')[:2] == (
        2, 'git:HEAD:old.json cannot be read: git is not installed.'
    )  # fmt: skip


@pytest.mark.usefixtures('_files')
@pytest.mark.parametrize(
    ('mode', 'said', 'reason'),
    [
        (0o700, '', 'git failed'), (0o700, 'echo one. >&2; echo two. >&2', 'one'),
        (0o700, r"printf 'no\377' >&2", 'no\N{REPLACEMENT CHARACTER}'),
        (0o600, '', "[Errno 13] Permission denied: 'git'"),
    ],
)  # fmt: skip
def test_git_that_says_little_or_much_or_is_no_program(tmp_path, monkeypatch, mode, said, reason):
    (tmp_path / 'git').write_text(f'#!/bin/sh\n{said}\nexit 1\n')
    (tmp_path / 'git').chmod(mode)
    monkeypatch.setenv('PATH', str(tmp_path))

    assert run('--check', 'git:HEAD:old.json', '--with', 'new.json')[:2] == (
        2, f'git:HEAD:old.json cannot be read: {reason}.'
    )  # fmt: skip


# What cannot be compared


def test_an_odd_property_hides_no_other(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, kind in (('old', 'string'), ('new', 'integer')):
        schema = {'properties': {'odd': {'properties': 1, 'title': kind}, 'a': {'type': kind}}}
        content = {'content': {'application/json': {'schema': schema}}}
        operation = {'requestBody': content, 'responses': {'200': {'description': 'OK'}}}
        document = {'openapi': '3.1.0', 'paths': {'/a/': {'post': operation}}}
        (tmp_path / f'{name}.json').write_text(json.dumps(document))

    changes = json.loads(compare('--report', 'json')[2])['changes']

    assert [(change['level'], change['message']) for change in changes] == [
        ('error', 'the body.a no longer takes string. Example: "".'),
        (
            'warning',
            "the body.odd holds 'something that is not well-formed', which cannot be compared.",
        ),
    ]


def test_an_odd_part_gives_a_remark_and_hides_nothing_else(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    old, new = json.loads(json.dumps(OLD)), json.loads(json.dumps(NEW))
    for document in (old, new):
        document['paths']['/a/']['get']['parameters'].append({'name': 'odd'})
        document['paths']['/a/']['get']['responses']['404'] = {'$ref': 'other.json#/x'}
    new['paths']['/a/']['get']['responses']['404'] = {'$ref': 'https://example.com/y'}
    (tmp_path / 'old.json').write_text(json.dumps(old))
    (tmp_path / 'new.json').write_text(json.dumps(new))

    _, sentence, stdout, remarks = compare()

    assert sentence == 'old.json is not the same as new.json, with 2 breaking changes.'
    assert ERRORS in stdout
    assert remarks.splitlines() == [
        'Warning: GET /a/: a parameter cannot be compared: not well-formed.',
        'Warning: GET /a/: the response 404 cannot be compared: not well-formed.',
        "Warning: The reference 'other.json#/x' leads nowhere in the document.",
    ]


def test_the_first_servers_that_a_document_names_replace_none(tmp_path):
    for name, url in (('old', '/'), ('new', 'https://api.example/')):
        text = json.dumps({**OLD, 'servers': [{'url': url}]})
        (tmp_path / f'{name}.json').write_text(text)

    status, *_ = run(
        '--check', f'{tmp_path}/old.json', '--with', f'{tmp_path}/new.json',
        '--fail-on', 'breaking',
    )  # fmt: skip

    assert status == 0
