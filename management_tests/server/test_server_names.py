"""A release of gunicorn or granian that lacks a name of ours breaks no start (case N01)."""

from __future__ import annotations

import ast
import json
import os
import re
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from gunicorn import config as gunicorn_config

from django_apistar.server import private_names
from django_apistar.server.gunicorn.server import GunicornServer
from django_apistar.server.launch import Launch, ServerError
from django_apistar.server.private_names import FOOTING, GRANIAN, LOG, MASTER, WORKER, Part
from management_tests.support import gates
from management_tests.support.renaming import make_release
from management_tests.support.server_process import REPOSITORY, Project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

pytestmark = pytest.mark.slow

PARTS = (FOOTING, WORKER, MASTER, LOG, GRANIAN)


def iter_names(part: Part) -> Iterator[str]:
    """Yield the full names of *part*."""
    for lines in part.names.values():
        for line in lines.split():
            name = re.match(r'[\w.]+', line)[0]
            if '.' in name:
                yield f'{part.package}.{name}'


class WithoutTypes(ast.NodeTransformer):
    """Drops what is imported for annotations alone: a server starts without it."""

    def visit_If(self, node: ast.If) -> ast.If | None:
        return None if ast.unparse(node.test) == 'TYPE_CHECKING' else node


def iter_used() -> Iterator[str]:
    """Yield what our modules import of gunicorn and granian, and what their classes override."""
    for path in sorted((REPOSITORY / 'django_apistar').rglob('*.py')):
        tree = WithoutTypes().visit(ast.parse(path.read_text()))
        imported = {
            alias.name: f'{node.module}.{alias.name}'
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            and (node.module or '').partition('.')[0] in ('gunicorn', 'granian')
            for alias in node.names
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                for base in map(ast.unparse, node.bases):
                    head, dot, rest = base.partition('.')
                    if head in imported:
                        owner = f'{imported[head]}{dot}{rest}'
                        yield from (f'{owner}.{own}' for own in iter_borrowed(node))
            elif isinstance(node, ast.Attribute) and ast.unparse(node.value) in imported:
                yield f'{imported[ast.unparse(node.value)]}.{node.attr}'
        yield from imported.values()


def iter_borrowed(node: ast.ClassDef) -> Iterator[str]:
    """Yield the attributes that the class may have from its base: methods, and those of self."""
    own = {each.name for each in node.body if isinstance(each, ast.FunctionDef)}
    asked = {
        each.attr
        for each in ast.walk(node)
        if isinstance(each, ast.Attribute) and ast.unparse(each.value) in ('self', 'super()')
    }
    yield from own | asked


class Base:
    def __init__(self) -> None:
        self.of_base = self.shown = 1


class Owner(Base):
    of_class = None

    def method(self: Any, first: int, *rest: int) -> object:
        self.shown = 2
        return made_by_nobody(self.only_read)  # type: ignore[name-defined]  # noqa: F821

    made_of_c = dict


HERE = __name__.partition('.')[2]


@pytest.mark.parametrize(
    ('lines', 'missing'),
    [
        ('Owner', ''), ('Owner.method', ''), ('Owner.method(self, first, rest)', ''),
        ('Owner.method(self, first)', 'Owner.method'), ('Owner.method()', 'Owner.method'),
        ('Owner.of_base', ''), ('Owner.shown', ''), ('Owner.only_read', 'Owner.only_read'),
        ('Owner.of_class', 'Owner.of_class'), ('Owner.shown.deeper', ''),
        ('Owner.method.made_by_nobody', ''), ('Owner.method.only_read', 'Owner.method.only_read'),
        ('Owner.made_of_c(self)', 'Owner.made_of_c'), ('Owner.shown(self)', 'Owner.shown'),
        ('nothing', 'nothing'), ('nothing.at_all(self)', 'nothing.at_all'),
        ('Owner\n  Owner.first\n\n  Owner.second', 'Owner.first'),
    ],
)  # fmt: skip
def test_a_name_is_missing_where_it_could_not_be_used_as_it_is(lines: str, missing: str) -> None:
    """`private_names`: a class, a method with its parameters, an attribute, a global."""
    named = '\n'.join(
        f'{HERE}.{line.strip()}' if line.strip() else '' for line in lines.split('\n')
    )
    part = Part('management_tests', 'another serves', {'one promise': '', 'other': named})

    assert private_names.find_missing(part) == (missing and f'{HERE}.{missing}')


def test_a_module_that_nobody_has_imported_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    part = Part('json', 'another serves', {'a': 'tool.main()', 'b': 'nothing_of_this_name'})
    monkeypatch.delitem(sys.modules, 'json.tool', raising=False)
    monkeypatch.delattr('json.tool', raising=False)

    assert private_names.find_missing(part) == 'nothing_of_this_name'
    assert private_names.explain(part) == (
        f'json {json.__version__} has no nothing_of_this_name as runapistar knows it, so another '
        'serves. What does not hold: a; b.'
    )
    assert private_names.get_release(Part('textwrap', '', {})) == 'textwrap of an unknown release'


def test_every_name_that_we_use_stands_in_the_table() -> None:
    listed = {name for part in PARTS for name in iter_names(part)}
    listed |= {name[: dot.start()] for name in listed for dot in re.finditer(r'\.', name)}

    def is_theirs(name: str) -> bool:
        owner, _, last = name.rpartition('.')
        is_documented = last in ('cfg', 'log') or owner.endswith(('.logger', '.cli.cli'))
        return (
            owner != 'gunicorn' and not is_documented and not last.startswith('__')
            and private_names._is_there(name)
        )  # fmt: skip

    used = {name for name in iter_used() if is_theirs(name)}

    assert len(used) > 60
    assert sorted(used - listed) == []


def test_documentation_tells_what_does_not_hold() -> None:
    page = (REPOSITORY / 'docs/reference/runapistar.md').read_text()

    for part in (WORKER, MASTER, LOG):
        assert f' | {part.instead} | {"; ".join(part.names)} |' in page


@pytest.mark.parametrize('part', PARTS)
def test_names_are_there(part: Part) -> None:
    assert private_names.find_missing(part) == ''


@pytest.mark.case('N01')
def test_a_release_without_any_name_of_ours_is_served_by_gunicorns_own(
    migrated: Project, tmp_path: Path
) -> None:
    names = ('workers.gthread.ThreadWorker._keepalive_after', 'arbiter.Arbiter.worker_age',
             'glogging.Logger._get_user')  # fmt: skip
    make_release(tmp_path, *[f'gunicorn.{name}' for name in names])
    path = f'{tmp_path}{os.pathsep}{REPOSITORY}'

    with migrated.serve('--workers', '1', '--threads', '2', '--access-log', '--max-requests', '0',
                       PYTHONPATH=path) as server:  # fmt: skip
        assert server.get('/hello/', headers={'User-Agent': 'test'}).json() == {'message': 'hello'}
        assert server.get('/admin/login/').status_code == 200
        assert server.get('/process/').json()['parent'] == server.pid
        assert '1 gthread worker with 2 threads' in server.stdout
    complaints = [line for line in server.stderr.splitlines() if line.startswith('runapistar:')]
    assert complaints == [
        *[f'runapistar: {sentence}' for sentence in explain(names)],
    ]
    assert server.returncode == 0
    assert '"test" apistar' in server.stdout


def explain(names: tuple[str, ...]) -> list[str]:
    """Return the sentences for the names that are missing of each part, in their order."""
    import gunicorn

    return [
        f'gunicorn {gunicorn.__version__} has no {name} as runapistar knows it, so {part.instead}. '
        f'What does not hold: {"; ".join(part.names)}.'
        for name, part in zip(names, (WORKER, MASTER, LOG), strict=True)
    ]


# Without these there is nothing to serve, or on.
CORE = {'bind', 'certfile', 'keyfile', 'threads', 'workers'}
GUNICORNS_OWN = {'worker_class', 'http_protocols'}  # which its own code cannot do without
SETTINGS = {each.name for each in gunicorn_config.KNOWN_SETTINGS} - GUNICORNS_OWN


@pytest.fixture
def lacking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], GunicornServer]:
    """Return a function that configures a gunicorn without a setting."""
    monkeypatch.chdir(tmp_path)
    make_settings = gunicorn_config.make_settings

    def configure(name: str) -> GunicornServer:
        monkeypatch.setattr(gunicorn_config, 'make_settings', lambda: make_settings([name]))
        return GunicornServer(Launch(settings={} if name == 'workers' else {'workers': 1}))

    return configure


@pytest.mark.case('N01')
@pytest.mark.parametrize('name', sorted(SETTINGS - CORE))
def test_release_without_a_setting(lacking: Callable[[str], GunicornServer], name: str) -> None:
    server = lacking(name)

    assert server.trial_text is None
    assert server.format_addresses([]) == ('127.0.0.1:8000',)
    assert server.format_workers().startswith('gunicorn ')


@pytest.mark.case('N01')
@pytest.mark.parametrize('name', sorted(CORE))
def test_release_without_a_setting_that_serving_needs(
    lacking: Callable[[str], GunicornServer], name: str
) -> None:
    with pytest.raises(ServerError) as caught:
        lacking(name)

    assert str(caught.value) == (
        f'{private_names.get_release(WORKER)}: No configuration setting for: {name}. '
        'Install another release.'
    )


OPTIONAL = [(part, name) for part in (WORKER, MASTER, LOG) for name in iter_names(part)]
NEEDED = [(part, name) for part in (FOOTING, GRANIAN) for name in iter_names(part)]


@pytest.mark.case('N01')
@pytest.mark.faults
@pytest.mark.parametrize(('part', 'name'), OPTIONAL if gates.IS_FULL else OPTIONAL[8::36])
def test_request_is_served_without(
    migrated: Project, tmp_path: Path, part: Part, name: str
) -> None:
    make_release(tmp_path, name)
    path = f'{tmp_path}{os.pathsep}{REPOSITORY}'

    with migrated.serve('--noreload', DEBUG='1', PYTHONPATH=path) as server:
        assert server.get('/hello/').json() == {'message': 'hello'}
        if name.endswith('.handle_term'):  # which ends gunicorn's own as well
            server.stop(signal.SIGINT)

    # Another class may have an attribute of this name, which then is gone as well.
    last = name.rpartition('.')[2]
    assert re.search(rf' has no [\w.]+\.{last} as runapistar knows it, so ', server.stderr)
    assert part.instead in server.stderr
    assert server.returncode == 0


@pytest.mark.case('N01')
@pytest.mark.faults
@pytest.mark.parametrize(('part', 'name'), NEEDED if gates.IS_FULL else NEEDED[5::25])
def test_server_is_refused_without(
    migrated: Project, tmp_path: Path, part: Part, name: str
) -> None:
    make_release(tmp_path, name)

    done = migrated.run('runapistar', '--check', '--server', part.package,
                       PYTHONPATH=f'{tmp_path}{os.pathsep}{REPOSITORY}')  # fmt: skip

    short = name.removeprefix(f'{part.package}.')
    remedy = ', or use gunicorn' if part is GRANIAN else ''
    assert done.returncode == 1
    assert done.stderr.endswith(
        f' has no {short} as runapistar knows it, which it needs. '
        f'Install another release{remedy}.\n'
    )
    assert len(done.stderr.splitlines()) == 1
