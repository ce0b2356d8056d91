"""The drawing in design.md is the house as it is: its rooms, and which may import which."""

import ast
import functools
import importlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import django_apistar

pytestmark = pytest.mark.once

PACKAGE = Path(django_apistar.__file__).parent
DESIGN = Path(__file__).resolve().parents[2] / 'docs/explanation/design.md'
# The package itself, whose reverse_url imports what it needs when it is called.
ROOT = '__init__'
BESIDE = 'authentication'  # the app beside the house
MOST_FOLDERS, MOST_MODULES = 14, 16  # at the top: one screen
MOST_LINES = 400  # of a file


def list_modules() -> dict[str, Path]:
    """Return the modules of the package, by dotted name below it, without migrations."""
    modules = {}
    for path in sorted(PACKAGE.rglob('*.py')):
        parts = path.relative_to(PACKAGE).with_suffix('').parts
        if 'migrations' not in parts:
            name = '.'.join(part for part in parts if part != '__init__')
            modules[name or ROOT] = path
    return modules


MODULES = list_modules()


def get_room(module: str) -> str:
    return module.split('.')[0]


def read_drawing() -> dict[str, int]:
    """Return the floor of each room in the drawing."""
    drawing = re.search(r'```text\n(entry .*?)```', DESIGN.read_text(), re.DOTALL)[1]
    return {
        room: floor
        for floor, line in enumerate(reversed(drawing.splitlines()))
        for room in line[len('application     ') :].split()
    }


FLOORS = read_drawing()


def iter_imports(tree: ast.AST) -> Iterator[tuple[str, list[str]]]:
    """Yield (module, names) of each import, in functions and under TYPE_CHECKING as well."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module, [alias.name for alias in node.names]
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, []


def find_own_imports(tree: ast.AST) -> set[str]:
    """Return our modules that *tree* imports."""
    found = set()
    for module, names in iter_imports(tree):
        head, *rest = module.split('.')
        if head != 'django_apistar':
            continue
        for name in names or ['']:
            dotted = '.'.join([*rest, name])
            found.add(dotted if dotted in MODULES else '.'.join(rest) or ROOT)
    return found


@functools.cache
def parse_modules() -> dict[str, ast.Module]:
    return {name: ast.parse(path.read_text()) for name, path in MODULES.items()}


@functools.cache
def list_imports() -> dict[str, set[str]]:
    """Return our modules that each module imports, without itself."""
    return {name: find_own_imports(tree) - {name} for name, tree in parse_modules().items()}


def list_between_rooms() -> list[tuple[str, str]]:
    return sorted(
        (name, other)
        for name, others in list_imports().items()
        for other in others
        if get_room(name) != get_room(other) and ROOT not in (name, other)
    )


def test_every_room_is_drawn():
    assert set(FLOORS) == {get_room(name) for name in MODULES} - {ROOT, BESIDE}


def test_rooms_import_downwards_only():
    """Two rooms of one floor do not import each other either."""
    upwards = [
        f'{name} imports {other}'
        for name, other in list_between_rooms()
        if BESIDE not in (get_room(name), get_room(other))
        and FLOORS[get_room(other)] >= FLOORS[get_room(name)]
    ]

    assert upwards == []


def test_package_itself_imports_only_compat_at_once():
    tree = ast.Module(
        [
            node
            for node in parse_modules()[ROOT].body
            if isinstance(node, (ast.Import, ast.ImportFrom))
        ],
        [],
    )

    assert {get_room(name) for name in find_own_imports(tree)} == {'compat'}


def test_accelerate_imports_api_star_and_the_standard_library():
    """orjson is asked for where it is installed. _typeshed is mypy's."""
    allowed = {'_typeshed', 'apistar', 'orjson', *sys.stdlib_module_names}

    foreign = {
        (name, module)
        for name, tree in parse_modules().items()
        if get_room(name) == 'accelerate'
        for module, _ in iter_imports(tree)
        if module.split('.')[0] not in allowed
        and not module.startswith('django_apistar.accelerate')
    }

    assert foreign == set()


def test_authentication_imports_what_its_projects_could():
    known = {get_room(other) for name, other in list_between_rooms() if get_room(name) == BESIDE}

    assert known <= {'compat', 'conf', 'api'}


def test_nobody_imports_authentication():
    assert [pair for pair in list_between_rooms() if get_room(pair[1]) == BESIDE] == []


def find_circle(graph: dict[str, set[str]]) -> list[str]:
    """Return one circle of *graph*, [] where there is none."""
    done: set[str] = set()

    def visit(node: str, trail: list[str]) -> list[str]:
        if node in trail:
            return [*trail[trail.index(node) :], node]
        if node in done:
            return []
        for other in sorted(graph.get(node, ())):
            circle = visit(other, [*trail, node])
            if circle:
                return circle
        done.add(node)
        return []

    for node in sorted(graph):
        circle = visit(node, [])
        if circle:
            return circle
    return []


def test_no_module_imports_itself_through_others():
    graph = {name: others - {ROOT} for name, others in list_imports().items() if name != ROOT}

    assert ' imports '.join(find_circle(graph)) == ''


def test_no_room_imports_itself_through_others():
    graph: dict[str, set[str]] = {}
    for name, other in list_between_rooms():
        graph.setdefault(get_room(name), set()).add(get_room(other))

    assert ' imports '.join(find_circle(graph)) == ''


def test_a_circle_is_named():
    graph = {'a': {'b'}, 'b': {'c'}, 'c': {'b'}, 'd': {'a'}}

    assert find_circle(graph) == ['b', 'c', 'b']


def test_every_module_has_its_sentence():
    """The tables of explanation/design.md: a row for each module, below the heading of its room."""
    text = DESIGN.read_text()
    rows = re.findall(r'^\| `([\w./]+)\.py` \|', text, re.MULTILINE)
    expected = {
        name.replace('.', '/')
        for name, path in MODULES.items()
        if path.name != '__init__.py' or name == ROOT
    }

    assert sorted(rows) == sorted(expected)


def read_sentence(path: Path) -> str:
    """Return the first paragraph of a module's docstring, as one line without backticks."""
    docstring = ast.get_docstring(ast.parse(path.read_text())) or ''
    return ' '.join(docstring.partition('\n\n')[0].split()).replace('`', '')


def test_sentence_of_a_module_is_that_of_its_docstring():
    rows = re.findall(r'^\| `([\w./]+\.py)` \| (.+) \|$', DESIGN.read_text(), re.MULTILINE)
    said = {name: sentence.replace('`', '') for name, sentence in rows}

    assert said == {name: read_sentence(PACKAGE / name) for name in said}


def test_the_top_is_read_at_a_glance():
    folders = [path for path in PACKAGE.iterdir() if path.is_dir() and path.name[0] not in '_.']
    modules = list(PACKAGE.glob('*.py'))

    assert len(folders) <= MOST_FOLDERS
    assert len(modules) <= MOST_MODULES


def test_no_file_is_longer_than_its_noun():
    lengths = {name: path.read_text().count('\n') for name, path in MODULES.items()}

    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


FORBIDDEN = ('utils', 'helpers', 'constants', 'common', 'misc')


@pytest.mark.parametrize('name', FORBIDDEN)
def test_no_module_is_a_drawer_for_everything(name):
    assert [module for module in MODULES if module.split('.')[-1] == name] == []


IMPORTS = re.compile(r'^ *(?:from +(\S+) +)?import +(\([^)]*\)|.*)', re.MULTILINE)
TEST_FILE = re.compile(r'\btest_\w+')


def find_imports_of_tests(text: str) -> list[str]:
    """Return the test files of this repository that a file with *text* imports.

    By their look: to parse all tests would take seconds.
    """
    return [
        name
        for module, names in IMPORTS.findall(text)
        if (module or names).startswith(('management_tests', '.'))
        for name in TEST_FILE.findall(f'{module} {names}')
    ]


@pytest.mark.parametrize(
    'text',
    [
        'from management_tests.api import test_costs',
        'from management_tests.api.test_costs import spend',
        '    from management_tests.api import (\n        spend,\n        test_costs,\n    )',
        'import management_tests.api.test_costs as costs',
        'from . import test_costs',
        'from .test_costs import spend',
    ],
)
def test_import_of_a_test_file_is_found(text: str) -> None:
    assert find_imports_of_tests(text) == ['test_costs']


def test_no_test_file_is_imported_by_another_file() -> None:
    """What several share is in `support`, or beside them in a module of its own."""
    tests = DESIGN.parents[2] / 'management_tests'
    found = {
        str(path.relative_to(tests)): names
        for path in sorted(tests.rglob('*.py'))
        if (names := find_imports_of_tests(path.read_text()))
    }

    assert found == {}


def test_each_face_has_the_names_that_it_publishes():
    """`cors`, `exceptions`, `logs`, `pagination`, `permissions`, `responses` and `validators`.

    And `types`: a project may import * from each.
    """
    names = ('cors', 'exceptions', 'logs', 'pagination', 'permissions', 'responses', 'types',
             'validators')  # fmt: skip
    faces = [importlib.import_module(f'django_apistar.{name}') for name in names]

    missing = [
        f'{face.__name__}.{name}' for face in faces for name in face.__all__
        if not hasattr(face, name)
    ]  # fmt: skip
    assert missing == []


def test_importing_the_dispatcher_reads_no_setting():
    environment = {k: v for k, v in os.environ.items() if k != 'DJANGO_SETTINGS_MODULE'}
    command = [sys.executable, '-W', 'error', '-c', 'import django_apistar.dispatch']

    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, '')


def test_project_without_pages_and_filters_loads_none_of_their_code():
    program = (
        'import django, sys; django.setup(); from django_apistar.application import get_app; '
        "get_app().responder; print([m for m in sys.modules if 'django_apistar.service' in m or "
        "'django_filters' in m])"
    )
    environment = {**os.environ, 'DJANGO_SETTINGS_MODULE': 'management_tests.project.settings'}

    done = subprocess.run(
        [sys.executable, '-c', program],
        env=environment, capture_output=True, text=True, check=False,
        cwd=Path(__file__).resolve().parents[2],
    )  # fmt: skip

    assert (done.returncode, done.stdout) == (0, '[]\n')
