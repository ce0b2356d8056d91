"""Static files: both frameworks', in development from the apps, in production from STATIC_ROOT."""

import re
from io import StringIO
from pathlib import Path
from typing import Any

import apistar
import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import override_settings

from django_apistar.dispatch.static import APIStarFinder
from management_tests.support.raw_wsgi import call

# Around a request, connections that earlier tests have opened are looked after.
pytestmark = pytest.mark.django_db

MANIFEST = 'whitenoise.storage.CompressedManifestStaticFilesStorage'
PLAIN = 'django.contrib.staticfiles.storage.StaticFilesStorage'
APISTAR_FILES = Path(apistar.__file__).parent / 'static'


def storages(backend: str) -> dict[str, Any]:
    return {
        'default': {'BACKEND': 'django.core.files.storage.FileSystemStorage'},
        'staticfiles': {'BACKEND': backend},
    }


def collect(folder: Path, backend: str = PLAIN) -> Any:
    """Return the settings of a production with collected static files, entered by `with`."""
    settings = override_settings(STATIC_ROOT=str(folder), STORAGES=storages(backend))
    with settings:
        call_command('collectstatic', interactive=False, verbosity=0, stdout=StringIO())
    return settings


@pytest.fixture
def development():
    with override_settings(DEBUG=True):
        yield


@pytest.fixture
def letters(tmp_path):
    (tmp_path / 'letters.txt').write_text('abcdef')
    with override_settings(STATIC_ROOT=str(tmp_path)):
        yield


# Development


@pytest.mark.parametrize(
    'path',
    [
        '/static/admin/css/base.css',
        '/static/apistar/css/base.css',
        '/static/django_apistar/docs.js',
    ],
)
def test_development_serves_the_apps_files_without_collectstatic(development, path):
    response = call(path)

    assert (response.status, response.framework) == (200, 'static')
    assert response.headers['content-type'].startswith(('text/css', 'text/javascript'))
    assert response.headers['access-control-allow-origin'] == '*'


def test_development_serves_a_new_file_at_once(development, tmp_path):
    with override_settings(STATICFILES_DIRS=[str(tmp_path)]):
        assert call('/static/new.txt').status == 404
        (tmp_path / 'new.txt').write_text('first')
        assert call('/static/new.txt').body == b'first'
        (tmp_path / 'new.txt').write_text('second')
        assert call('/static/new.txt').body == b'second'


def test_projects_files_come_before_the_packages(development, tmp_path):
    (tmp_path / 'apistar/css').mkdir(parents=True)
    (tmp_path / 'apistar/css/base.css').write_text('overridden')

    with override_settings(STATICFILES_DIRS=[str(tmp_path)]):
        assert call('/static/apistar/css/base.css').body == b'overridden'


# Production


def test_production_serves_static_root(tmp_path):
    (tmp_path / 'a.css').write_text('a {}')

    with override_settings(STATIC_ROOT=str(tmp_path)):
        assert call('/static/a.css').body == b'a {}'


@pytest.mark.case('J01')
def test_production_serves_nothing_from_the_apps(tmp_path):
    with override_settings(STATIC_ROOT=str(tmp_path)):
        assert call('/static/admin/css/base.css').status == 404


@pytest.mark.parametrize('root', [None, '/nowhere/static'])
def test_production_without_collected_files_serves_the_documentations_own(root):
    with override_settings(STATIC_ROOT=root):
        assert call('/static/apistar/css/base.css').status == 200
        assert call('/static/admin/css/base.css').status == 404


def test_collectstatic_collects_api_stars_files_without_a_setting(tmp_path):
    collect(tmp_path)

    collected = {
        path.relative_to(tmp_path / 'apistar').as_posix()
        for path in (tmp_path / 'apistar').rglob('*')
        if path.is_file()
    }
    assert collected == {
        path.relative_to(APISTAR_FILES).as_posix()
        for path in APISTAR_FILES.rglob('*')
        if path.is_file()
    }


def test_collected_files_are_served(tmp_path):
    with collect(tmp_path):
        paths = ['/static/apistar/css/base.css', '/static/admin/css/base.css']

        assert [call(path).status for path in paths] == [200, 200]


def test_collected_files_with_hashed_names_are_served_for_ever(tmp_path):
    with collect(tmp_path, MANIFEST):
        [hashed] = (tmp_path / 'admin/css').glob('base.????????????.css')
        plain = call('/static/admin/css/base.css')
        immutable = call(f'/static/admin/css/{hashed.name}')

    assert plain.headers['cache-control'] == 'max-age=60, public'
    assert immutable.headers['cache-control'] == 'max-age=315360000, public, immutable'


def test_pages_link_to_hashed_names(tmp_path, db):
    with collect(tmp_path, MANIFEST):
        login = call('/admin/login/').body.decode()
        docs = call('/docs/').body.decode()

        links = re.findall(r'(?:href|src)="(/static/[^"]+)"', login + docs)
        assert len(links) > 5
        assert {link: call(link).status for link in links} == dict.fromkeys(links, 200)


def test_compressed_files_are_served_to_who_takes_them(tmp_path):
    with collect(tmp_path, MANIFEST):
        response = call('/static/admin/css/base.css', HTTP_ACCEPT_ENCODING='gzip')

    assert response.headers['content-encoding'] == 'gzip'
    assert response.headers['vary'] == 'Accept-Encoding'


# HTTP


@pytest.mark.case('J03')
@pytest.mark.parametrize('method', ['POST', 'PUT', 'DELETE'])
def test_other_methods_are_405_with_allow(development, method):
    response = call('/static/apistar/css/base.css', method)

    assert (response.status, response.json()) == (405, 'Method not allowed')
    assert response.headers['allow'] == 'GET, HEAD, OPTIONS'


def test_options(development):
    response = call('/static/apistar/css/base.css', 'OPTIONS')

    assert (response.status, response.body) == (204, b'')
    assert response.headers['allow'] == 'GET, HEAD, OPTIONS'


@pytest.mark.case('J03')
def test_head(development):
    get, head = (call('/static/apistar/css/base.css', method) for method in ('GET', 'HEAD'))

    assert (head.status, head.body) == (200, b'')
    assert head.headers['content-length'] == get.headers['content-length'] == str(len(get.body))


@pytest.mark.case('J03')
def test_not_modified(development):
    path = '/static/apistar/css/base.css'
    headers = call(path).headers

    etag = call(path, HTTP_IF_NONE_MATCH=headers['etag'])
    date = call(path, HTTP_IF_MODIFIED_SINCE=headers['last-modified'])

    assert [(answer.status, answer.body) for answer in (etag, date)] == [(304, b'')] * 2


@pytest.mark.case('J03')
@pytest.mark.parametrize('method', ['GET', 'HEAD'])
@pytest.mark.parametrize(
    ('asked', 'status', 'sent', 'shown'),
    [
        ('bytes=0-3', 206, b'abcd', 'bytes 0-3/6'), ('bytes=0-0', 206, b'a', 'bytes 0-0/6'),
        ('bytes=5-', 206, b'f', 'bytes 5-5/6'), ('bytes=-1', 206, b'f', 'bytes 5-5/6'),
        ('bytes=4-99', 206, b'ef', 'bytes 4-5/6'), ('bytes=-99', 206, b'abcdef', 'bytes 0-5/6'),
        ('bytes=6-', 416, b'', 'bytes */6'), ('bytes=3-2', 200, b'abcdef', None),
        ('bytes=--3', 200, b'abcdef', None), ('bytes=1_0-2_0', 200, b'abcdef', None),
        ('bytes=0-1,3-4', 200, b'abcdef', None), ('items=0-1', 200, b'abcdef', None),
        ('x', 200, b'abcdef', None),
    ],
)  # fmt: skip
def test_range(letters, method, asked, status, sent, shown):
    response = call('/static/letters.txt', method, HTTP_RANGE=asked)

    assert (response.status, response.body) == (status, sent if method == 'GET' else b'')
    headers = response.headers
    assert (headers['content-length'], headers.get('content-range')) == (str(len(sent)), shown)
    assert (headers['x-content-type-options'], headers['access-control-allow-origin']) == (
        'nosniff', '*',
    )  # fmt: skip


@pytest.mark.case('J03')
def test_part_of_an_older_version_is_the_whole(letters):
    now = call('/static/letters.txt').headers

    versions = [now['etag'], now['last-modified'], '"older"', 'Mon, 01 Jan 2018 00:00:00 GMT', 'x']
    statuses = [
        call('/static/letters.txt', HTTP_RANGE='bytes=0-0', HTTP_IF_RANGE=version).status
        for version in versions
    ]

    assert statuses == [206, 206, 200, 200, 200]


@pytest.mark.case('J03')
def test_part_of_what_a_client_has_is_304(letters):
    etag = call('/static/letters.txt').headers['etag']

    response = call('/static/letters.txt', HTTP_RANGE='bytes=0-0', HTTP_IF_NONE_MATCH=etag)

    assert (response.status, response.body) == (304, b'')


@pytest.mark.parametrize('method', ['GET', 'HEAD', 'POST'])
def test_missing_file_is_404_as_json(method):
    response = call('/static/nope.css', method)

    assert response.status == 404
    assert response.body == (b'' if method == 'HEAD' else b'"Not found"')
    assert response.headers['content-type'] == 'application/json'


def test_host_of_static_files_does_not_matter(development):
    assert call('/static/apistar/css/base.css', HTTP_HOST='10.0.0.1').status == 200


# STATIC_URL


@pytest.mark.case('D18')
@pytest.mark.parametrize(
    ('static_url', 'path'),
    [
        ('/assets/', '/assets/apistar/css/base.css'),
        ('/deep/er/', '/deep/er/apistar/css/base.css'),
        ('https://cdn.example.com/assets/', '/assets/apistar/css/base.css'),
    ],
)
def test_static_url_elsewhere(static_url, path):
    with override_settings(DEBUG=True, STATIC_URL=static_url):
        assert call(path).status == 200
        assert call('/static/apistar/css/base.css').framework == 'apistar'


@pytest.mark.case('D18')
@pytest.mark.parametrize('static_url', ['/', None])
def test_without_a_static_prefix_no_files_are_served(static_url):
    with override_settings(DEBUG=True, STATIC_URL=static_url):
        assert call('/static/apistar/css/base.css').framework == 'apistar'
        assert call('/').status == 200


# The finder


def test_finder_finds_one_or_all():
    name, path = 'apistar/css/base.css', str(APISTAR_FILES / 'css/base.css')
    finder = APIStarFinder()

    assert finders.find(name) == finder.find(name) == path
    assert finder.find(name, find_all=True) == finder.find(name, all=True) == [path]
    assert finder.find('none.css', find_all=True) == finder.find('none.css') == []


@pytest.mark.parametrize('name', ['apistar/nope.css', 'apistar/', 'apistar', 'other/css/base.css'])
def test_finder_finds_nothing_else(name):
    assert finders.find(name) is None


def test_findstatic_command():
    stdout = StringIO()

    call_command('findstatic', 'apistar/css/base.css', stdout=stdout)

    assert str(APISTAR_FILES / 'css/base.css') in stdout.getvalue()


def test_finder_is_added_once():
    from django.conf import settings

    assert settings.STATICFILES_FINDERS.count('django_apistar.dispatch.static.APIStarFinder') == 1
