"""What `make type` sees: attributes of API Star, of servers, Django and ours; what it may not."""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / 'django_apistar'
MOST_ANY = 30  # times the word, in 1,000 lines
MOST_IGNORED = 15
PLANTS = [  # a class, a module, and an attribute of the class that the module reads
    ('App', 'management/rows.py', 'responder'),
    ('apistar.Include', 'routes/entries.py', 'routes'),
    ('apistar.Route', 'routes/router.py', 'link'),
    ('apistar.document.Link', 'schema/served.py', 'encoding'),
    ('apistar.http.Response', 'api/responses.py', 'status_code'),
    ('apistar.validators.Object', 'schema/schemas.py', 'pattern_properties'),
    ('gunicorn.arbiter.Arbiter', 'server/gunicorn/master.py', 'reexec_pid'),
    ('granian.server.mp.MPServer', 'server/granian/server.py', 'interrupt_signal'),
    ('whitenoise.WhiteNoise', 'dispatch/static.py', 'add_files'),
    ('Connection', 'server/gunicorn/worker.py', 'has_begun'),
    ('Launch', 'server/gunicorn/server.py', 'directory'),
    ('RouteEntry', 'management/rows.py', 'handler_name'),
    ('RouteTable', 'server/banner.py', 'apistar_entries'),
    ('Settings', 'checks.py', 'auth_components'),
    ('Token', 'authentication/models.py', 'is_revoked'),
    ('Worker', 'server/gunicorn/worker.py', 'nr_conns'),
    ('AppParts', 'api/compiled.py', 'encode_default'),
    ('AppParts', 'api/compiled.py', 'json_encoder'),
    ('AppParts', 'service/conditional.py', 'render_response'),
    ('DescribedApp', 'schema/served.py', 'docs_csp'),
    ('Hook', 'api/stepped.py', 'on_error'),
    ('Wrapper', 'management/answers.py', 'covers'),
    ('apistar.Component', 'api/injector.py', 'resolve'),
    ('django.db.connection', 'dispatch/lifecycle.py', 'health_check_done'),
    ('django.db.models.Field', 'service/saving.py', 'is_relation'),
    ('django_filters.filters.Filter', 'api/filter_values.py', 'field_name'),
]


@pytest.mark.once
@pytest.mark.slow
def test_misspelt_attributes_are_errors(tmp_path, request):
    for folder in ('django_apistar', 'management_tests', 'stubs'):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / 'setup.cfg', tmp_path)
    planted = {
        (module, attribute): misspell(tmp_path / 'django_apistar' / module, attribute)
        for _, module, attribute in PLANTS
    }
    cache = request.config.cache.mkdir('mypy')  # for the next run
    modules = sorted({f'django_apistar/{module}' for module, _ in planted})

    # django-stubs imports the project, for its models: not the misspelt one, which cannot start.
    done = subprocess.run(
        [Path(sys.executable).with_name('mypy'), '--cache-dir', cache, *modules],
        cwd=tmp_path, env={**os.environ, 'PYTHONPATH': str(ROOT)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    line = r'^django_apistar/(\S+?):.* error: .*"(\w+)_misspelt"'
    found = Counter(re.findall(line, done.stdout, re.MULTILINE))
    assert found == planted, done.stdout + done.stderr


def misspell(file: Path, attribute: str) -> int:
    """Misspell *attribute* wherever *file* reads it, and return how often that is."""
    read = rf'(?m)^(?!from |import )(.*?\w)\.{attribute}\b'
    text, count = re.subn(read, rf'\1.{attribute}_misspelt', file.read_text())
    assert count, f'{file.name} reads no .{attribute} any more: plant another.'
    file.write_text(text)
    return count


def test_package_says_Any_at_most_30_times_in_1000_lines():
    words = {file: len(re.findall(r'\bAny\b', file.read_text())) for file in list_modules()}
    lines = sum(len(file.read_text().splitlines()) for file in words)

    rate = 1000 * sum(words.values()) / lines
    most = [f'{words[file]} {file.name}' for file in sorted(words, key=words.get)[-5:]]
    assert rate <= MOST_ANY, f'{sum(words.values())} in {lines} lines are {rate:.1f}: {most}'


def test_each_ignored_error_of_the_package_has_its_reason():
    ignored = [
        f'{file.name}: {line.strip()}'
        for file in list_modules()
        for line in file.read_text().splitlines()
        if 'type: ignore' in line
    ]

    bare = [line for line in ignored if not re.search(r'# type: ignore\[[a-z-]+\]  # \w', line)]
    assert bare == []
    assert len(ignored) <= MOST_IGNORED, f'{len(ignored)}: {ignored}'


def list_modules() -> list[Path]:
    return [file for file in PACKAGE.rglob('*.py') if 'migrations' not in file.parts]
