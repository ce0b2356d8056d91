"""What `make type` sees: mypy knows the attributes of API Star, of servers, and of this package."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# A module, and an attribute that it reads, of the class that the comment names.
PLANTS = (
    ('application.py', 'find_route'),  # App
    ('api/access.py', 'event_hooks'),  # apistar.App
    ('routes/entries.py', 'url_patterns'),  # django.urls.URLResolver
    ('routes/table.py', 'apistar_entries'),  # RouteTable
    ('management/listing.py', 'handler_name'),  # RouteEntry
    ('conf/route_module.py', 'routes'),  # apistar.Include
    ('schema/served.py', 'documented'),  # RouteEntry
    ('schema/schemas.py', 'pattern_properties'),  # apistar.validators.Object
    ('api/responses.py', 'status_code'),  # apistar.http.Response
    ('server/gunicorn/worker.py', 'deadline'),  # gunicorn's TConn, and ours
    ('server/launch.py', 'sockets'),  # Launch
    ('checks.py', 'auth_components'),  # Settings
    ('accelerate/types/stock.py', 'required'),  # apistar.validators.Object
)


@pytest.mark.slow
def test_misspelt_attributes_are_errors(tmp_path, request):
    for folder in ('django_apistar', 'stubs', 'management_tests'):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / 'setup.cfg', tmp_path)
    for module, attribute in PLANTS:
        misspell(tmp_path / 'django_apistar' / module, attribute)
    cache = request.config.cache.mkdir('mypy')  # so that the second run takes seconds

    done = subprocess.run(
        [sys.executable, '-m', 'mypy', '--cache-dir', str(cache)],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip

    line = r'^django_apistar/(\S+?):.* error: .*"(\w+)_misspelt"'
    found = set(re.findall(line, done.stdout, re.MULTILINE))
    assert found >= set(PLANTS), done.stdout + done.stderr


def misspell(file: Path, attribute: str) -> None:
    text, count = re.subn(rf'\.{attribute}\b', f'.{attribute}_misspelt', file.read_text(), count=1)
    assert count, f'{file.name} reads no .{attribute} any more: plant another.'
    file.write_text(text)
