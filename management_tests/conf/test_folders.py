"""TEMPLATE_DIR, STATIC_DIR and PACKAGES: API Star's templates and static files, through HTTP."""

import contextlib
import sys
import types
from io import StringIO
from pathlib import Path
from typing import Any

import apistar
import django
import pytest
from apistar import Route
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import override_settings

from django_apistar.application import App
from django_apistar.test import TestClient
from management_tests.support.checks import check, check_keys

# Around a request, connections that earlier tests have opened are looked after.
pytestmark = pytest.mark.django_db
ALL = ('TEMPLATE_DIR', 'STATIC_DIR', 'PACKAGES')
FILES = {
    'templates/page.html': "Hello {{ who }}, {{ reverse_url('page') }} {{ static_url('a.css') }}",
    'static/a.css': 'from STATIC_DIR',
    'static/folders_shop/a.css': 'from STATIC_DIR',
    'static/admin/css/base.css': 'from STATIC_DIR',
    'folders_shop/__init__.py': '',
    'folders_shop/templates/page.html': 'Hello {{ who }}, I am a shop.',
    'folders_shop/static/a.css': 'from the package',
    'folders_bare/__init__.py': '',
    'folders_module.py': '',
    'folders_faulty/__init__.py': '1 / 0',
}


def page(app: App, name: str = 'page.html') -> str:
    return app.render_template(name, who='<you>')


class FoldersApp(App):
    """As APP_CLASS names one."""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder of each sort, and a package `folders_shop` with both of its own."""
    for name, text in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    module = types.ModuleType('folders_routes')
    module.routes = [Route('/', 'GET', page)]
    monkeypatch.setitem(sys.modules, 'folders_routes', module)
    yield tmp_path
    for name in ('folders_shop', 'folders_bare', 'folders_module'):
        sys.modules.pop(name, None)


def settings(folder: Path, *keys: str, more_keys: Any = (), **more: Any) -> Any:
    """Return the settings with those of *keys* that are to be set, entered by `with`."""
    given = {
        'TEMPLATE_DIR': str(folder / 'templates'), 'STATIC_DIR': folder / 'static',
        'PACKAGES': ['folders_shop'],
    }  # fmt: skip
    return override_settings(
        APISTAR_ROUTE_CONF='folders_routes',
        APISTAR_SETTINGS={key: given[key] for key in keys} | dict(more_keys),
        **more,
    )


def ask(path: str) -> tuple[int, str]:
    response = TestClient().get(path)
    return response.status_code, response.text


def collect() -> None:
    call_command('collectstatic', interactive=False, verbosity=0, stdout=StringIO())


def test_a_handler_renders_a_template_of_template_dir(project):
    with settings(project, 'TEMPLATE_DIR'):
        assert ask('/') == (200, 'Hello &lt;you&gt;, / /static/a.css')


def test_a_handler_renders_a_template_of_a_package(project):
    with settings(project, *ALL):
        assert ask('/?name=folders_shop/page.html') == (200, 'Hello &lt;you&gt;, I am a shop.')


def test_template_dir_comes_before_packages_as_in_api_star(project):
    """A file in the folder of the package's name takes the place of the package's."""
    own = project / 'templates/folders_shop/page.html'
    own.parent.mkdir()
    own.write_text('Mine.')

    with settings(project, *ALL):
        assert ask('/?name=folders_shop/page.html') == (200, 'Mine.')


def test_templates_are_there_with_an_app_of_the_project(project):
    with settings(project, 'TEMPLATE_DIR', more_keys={'APP_CLASS': f'{__name__}.FoldersApp'}):
        assert ask('/') == (200, 'Hello &lt;you&gt;, / /static/a.css')


def test_the_documentation_page_is_there_beside_own_templates(project):
    with settings(project, *ALL, more_keys={'DOCS_URL': '/docs/'}):
        assert 'folders_shop' not in ask('/docs/')[1]
        assert [ask(path)[0] for path in ('/docs/', '/static/apistar/css/base.css')] == [200, 200]


@pytest.mark.parametrize('debug', [True, False])
def test_static_files_are_served_without_collectstatic(project, debug):
    with settings(project, *ALL, DEBUG=debug, STATIC_ROOT=None):
        assert ask('/static/a.css') == (200, 'from STATIC_DIR')
        assert ask('/static/folders_shop/a.css') == (200, 'from the package')
        assert ask('/static/nothing.css')[0] == 404
        assert ask('/static/folders_shop')[0] == 404
        assert ask('/static/%2e%2e/templates/page.html')[0] == 404


@pytest.mark.parametrize('debug', [True, False])
def test_djangos_own_static_files_come_first(project, tmp_path, debug):
    """The admin keeps its style, whatever lies in STATIC_DIR."""
    with settings(project, *ALL, DEBUG=debug, STATIC_ROOT=str(tmp_path / 'root')):
        if not debug:
            collect()
        assert 'DJANGO Admin' in ask('/static/admin/css/base.css')[1]


def test_collectstatic_collects_them(project, tmp_path):
    root = tmp_path / 'root'
    with settings(project, *ALL, STATIC_ROOT=str(root)):
        collect()

    assert (root / 'a.css').read_text() == 'from STATIC_DIR'
    assert (root / 'folders_shop/a.css').read_text() == 'from the package'
    assert (root / 'apistar/css/base.css').is_file()


def test_collectstatic_does_not_import_the_routes(project, tmp_path):
    """Where images are built, what the routes need is often not there."""
    root = tmp_path / 'root'
    with (
        settings(project, *ALL, STATIC_ROOT=str(root)),
        override_settings(APISTAR_ROUTE_CONF='folders_nowhere'),
    ):
        collect()

    assert (root / 'a.css').is_file()


def test_a_finder_finds_all_that_are_there(project):
    with settings(project, *ALL):
        name = 'find_all' if django.VERSION >= (5, 2) else 'all'
        found = finders.find('folders_shop/a.css', **{name: True})

    assert [Path(path).relative_to(project).as_posix() for path in found] == [
        'folders_shop/static/a.css', 'static/folders_shop/a.css'
    ]  # fmt: skip


def test_api_star_itself_serves_the_same(project):
    folders = {'template_dir': str(project / 'templates'), 'static_dir': str(project / 'static')}
    app = apistar.App([], **folders, packages=['folders_shop'])
    with settings(project, *ALL):
        ours = [ask(path)[1] for path in ('/static/a.css', '/static/folders_shop/a.css')]

    assert [read(app, path) for path in ('/static/a.css', '/static/folders_shop/a.css')] == ours


def read(app: Any, path: str) -> str:
    environ = {'PATH_INFO': path, 'REQUEST_METHOD': 'GET'}
    with contextlib.closing(app.statics(environ, lambda *args: None)) as body:
        return b''.join(body).decode()


@pytest.mark.parametrize('key', ['TEMPLATE_DIR', 'STATIC_DIR'])
@pytest.mark.parametrize('value', [5, '', '/nowhere', __file__, ['/tmp']])
def test_E011_what_is_no_folder(key, value):
    assert check_keys(**{key: value}) == [
        (
            f'(django_apistar.E011) {key} is {value!r}; it must be the path of a folder that '
            f'exists. HINT: Remove {key}, or correct it.'
        )
    ]


@pytest.mark.parametrize('value', ['shop', 5, [5]])
def test_E011_packages_are_no_list_of_names(value):
    assert check_keys(PACKAGES=value) == [
        (
            f'(django_apistar.E011) PACKAGES is {value!r}; it must be a list of names of packages. '
            'HINT: Remove PACKAGES, or correct it.'
        )
    ]


@pytest.mark.usefixtures('project')
@pytest.mark.parametrize(
    ('name', 'sentence'),
    [
        ('nowhere', "which cannot be imported: ModuleNotFoundError: No module named 'nowhere'"),
        ('folders_faulty', 'which cannot be imported: ZeroDivisionError: division by zero'),
        (
            'folders_module',
            (
                'which is a module, not a package. '
                'HINT: Name the package whose folder holds templates or static.'
            ),
        ),
        ('', 'which cannot be imported: ValueError: Empty module name'),
    ],
)
def test_E010_packages_that_are_none(name, sentence):
    [message] = check_keys(PACKAGES=[name])

    assert message.startswith(f'(django_apistar.E010) PACKAGES names {name!r}, {sentence}')


@pytest.mark.usefixtures('project')
def test_W018_package_without_templates_and_static():
    assert check_keys(PACKAGES=['folders_bare', 'folders_shop']) == [
        (
            "(django_apistar.W018) PACKAGES names 'folders_bare', which has neither a folder "
            'templates nor a folder static. HINT: Remove it, or add the folder.'
        )
    ]


def test_a_package_without_templates_stops_nothing(project):
    """Jinja2 3 refuses such a package, that of 2018 did not."""
    with settings(project, 'TEMPLATE_DIR', more_keys={'PACKAGES': ['folders_bare']}):
        assert ask('/')[0] == 200


@pytest.mark.parametrize('key', ['STATIC_DIR', 'PACKAGES'])
def test_W019_static_files_without_static_url(project, key):
    value = {'STATIC_DIR': str(project / 'static'), 'PACKAGES': ['folders_shop']}[key]

    lines = check(APISTAR_SETTINGS={key: value}, STATIC_URL=None)

    assert [line for line in lines if 'W003' not in line] == [
        (
            f'(django_apistar.W019) {key} has static files, and STATIC_URL is None: they are not '
            "served. HINT: Set STATIC_URL = '/static/'."
        )
    ]
