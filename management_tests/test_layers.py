"""The drawing in docs/design.md is the house as it is: its modules, and who may import whom."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import django_apistar

PACKAGE = Path(django_apistar.__file__).parent
DESIGN = Path(__file__).resolve().parent.parent / 'docs/design.md'
SIDE_HOUSES = ('accelerate', 'authentication')
# reverse_url is in the package itself for its users, and imports what it needs when called.
ROOT = '__init__'


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


def read_drawing() -> dict[str, int]:
    """Return the layer of each name in the drawing: 'routing' or 'schema/*'."""
    drawing = re.search(r'```text\n(5 front doors.*?)```', DESIGN.read_text(), re.DOTALL)[1]
    layers = {}
    for line in drawing.splitlines():
        number, _, names = re.fullmatch(r'(\d)?( .{14}| {15})(.*)', line).groups()
        layer = int(number) if number else layer  # noqa: F821  # a line that goes on
        layers.update(dict.fromkeys(names.split(), layer))
    return layers


LAYERS = read_drawing()


def get_layer(module: str) -> int | None:
    """Return the layer of *module*, None for the side houses and for what is not drawn."""
    folder = '/'.join(module.split('.')[: 2 if module.startswith('management.') else 1])
    return LAYERS.get(module, LAYERS.get(f'{folder}/*'))


def iter_imports(tree: ast.AST) -> Iterator[tuple[str, list[str]]]:
    """Yield (module, names) of each import, wherever it stands."""
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


TREES = {name: ast.parse(path.read_text()) for name, path in MODULES.items()}
IMPORTS = {name: find_own_imports(tree) for name, tree in TREES.items()}


def is_in(module: str, house: str) -> bool:
    return module == house or module.startswith(f'{house}.')


def test_every_module_is_drawn():
    """Without the package's own __init__ and the folders that only hold others."""
    not_drawn = [
        name
        for name in MODULES
        if get_layer(name) is None
        and not any(is_in(name, house) for house in SIDE_HOUSES)
        and name not in (ROOT, 'management')
    ]

    assert not_drawn == []


def test_every_name_in_the_drawing_is_a_module():
    drawn = [name.removesuffix('/*').replace('/', '.') for name in LAYERS]

    assert [name for name in drawn if name not in MODULES] == []


def test_modules_import_from_their_own_layer_and_from_below():
    upwards = [
        f'{name} ({get_layer(name)}) imports {other} ({get_layer(other)})'
        for name, others in IMPORTS.items()
        for other in others
        if get_layer(name) is not None
        and get_layer(other) is not None
        and get_layer(other) > get_layer(name)
    ]

    assert upwards == []


def test_nobody_imports_the_front_doors():
    front_doors = {name for name in MODULES if get_layer(name) == 5}

    imported = {
        (name, other)
        for name, others in IMPORTS.items()
        for other in others & front_doors
        if name not in front_doors
    }

    assert imported == set()


def test_package_itself_imports_only_compat_at_once():
    tree = ast.Module(
        [node for node in TREES[ROOT].body if isinstance(node, (ast.Import, ast.ImportFrom))], []
    )

    assert find_own_imports(tree) == {'compat'}


def test_accelerate_imports_api_star_and_the_standard_library():
    """orjson is asked for where it is installed."""
    allowed = {'apistar', 'orjson', *sys.stdlib_module_names}

    foreign = {
        (name, module)
        for name, tree in TREES.items()
        if is_in(name, 'accelerate')
        for module, _ in iter_imports(tree)
        if module.split('.')[0] not in allowed
        and not module.startswith('django_apistar.accelerate')
    }

    assert foreign == set()


def test_accelerate_is_used_where_apps_are_built():
    users = {
        name
        for name, others in IMPORTS.items()
        if not is_in(name, 'accelerate') and any(is_in(other, 'accelerate') for other in others)
    }

    assert users <= {name for name in MODULES if get_layer(name) == 3}


def test_authentication_knows_the_configuration_alone():
    known = {
        other
        for name, others in IMPORTS.items()
        if is_in(name, 'authentication')
        for other in others
        if not is_in(other, 'authentication')
    }

    assert {other for other in known if get_layer(other) is None or get_layer(other) > 1} == set()


def test_nobody_imports_authentication():
    users = {
        name
        for name, others in IMPORTS.items()
        if not is_in(name, 'authentication') and any(is_in(o, 'authentication') for o in others)
    }

    assert users == set()


def find_cycle(graph: dict[str, set[str]]) -> list[str]:
    """Return one cycle of *graph*, [] where there is none."""
    done: set[str] = set()

    def visit(node: str, trail: list[str]) -> list[str]:
        if node in trail:
            return [*trail[trail.index(node) :], node]
        if node in done:
            return []
        for other in sorted(graph.get(node, ())):
            cycle = visit(other, [*trail, node])
            if cycle:
                return cycle
        done.add(node)
        return []

    for node in sorted(graph):
        cycle = visit(node, [])
        if cycle:
            return cycle
    return []


def test_no_module_imports_itself_through_others():
    """At import; an import within a function is made when the function is called."""
    graph = {}
    for name, tree in TREES.items():
        body = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
        graph[name] = find_own_imports(ast.Module(body, [])) - {ROOT, name}

    assert find_cycle(graph) == []


def test_every_module_has_its_sentence():
    """The table of docs/design.md, a row for each module and folder."""
    rows = re.findall(r'^\| `([\w/]+)(?:\.py|/)` \|', DESIGN.read_text(), re.MULTILINE)
    folders = ('accelerate', 'authentication', 'management', 'schema')
    expected = {name for name in MODULES if '.' not in name and name not in folders}

    assert sorted(rows) == sorted(
        {*expected, 'accelerate', 'authentication', 'management/commands', 'schema'}
    )


FORBIDDEN = ('utils', 'helpers', 'constants', 'types', 'exceptions', 'common', 'misc')


@pytest.mark.parametrize('name', FORBIDDEN)
def test_no_module_is_a_drawer_for_everything(name):
    assert [module for module in MODULES if module.split('.')[-1] == name] == []


def test_importing_the_dispatcher_reads_no_setting():
    environment = {k: v for k, v in os.environ.items() if k != 'DJANGO_SETTINGS_MODULE'}
    command = [sys.executable, '-W', 'error', '-c', 'import django_apistar.dispatch']

    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, '')
