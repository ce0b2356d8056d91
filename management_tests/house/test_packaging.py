"""What `pip install django-apistar` brings, read from a real sdist and the wheel built from it."""

from __future__ import annotations

import email
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import django_apistar

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.once, pytest.mark.slow]


@pytest.fixture(scope='module')
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip('build', reason='the extra suite is not installed')
    source = tmp_path_factory.mktemp('source') / 'repository'
    ignored = shutil.ignore_patterns('.[a-z]*', '__pycache__', '*.egg-info', 'build', 'dist')
    shutil.copytree(ROOT, source, ignore=ignored)
    done = subprocess.run(
        [sys.executable, '-m', 'build', '--no-isolation', str(source)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return source / 'dist'


@pytest.fixture(scope='module')
def wheel(built: Path) -> zipfile.ZipFile:
    [path] = built.glob('*.whl')
    return zipfile.ZipFile(path)


def files_of_the_package() -> set[str]:
    """Return what git tracks of the package, the measure for both archives."""
    listed = subprocess.run(
        ['git', 'ls-files', 'django_apistar'], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip('not a git checkout')
    return set(listed.stdout.split())


def test_wheel_holds_the_whole_package_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    names = {name for name in wheel.namelist() if '.dist-info/' not in name}

    assert names == files_of_the_package()
    assert {
        'django_apistar/py.typed',
        'django_apistar/authentication/migrations/0001_initial.py',
        'django_apistar/management/commands/runapistar.py',
    } <= names


def test_wheel_names_the_api_star_it_matches(wheel: zipfile.ZipFile) -> None:
    [metadata] = [name for name in wheel.namelist() if name.endswith('.dist-info/METADATA')]
    headers = email.message_from_bytes(wheel.read(metadata))

    assert headers['Version'] == django_apistar.__version__
    assert headers['Version'].startswith('0.5.42.post')
    assert headers['Requires-Python'] == '>=3.10'
    assert 'apistar<0.6,>=0.5.40' in headers.get_all('Requires-Dist', [])


def read_metadata(wheel: zipfile.ZipFile) -> email.message.Message:
    [name] = [name for name in wheel.namelist() if name.endswith('.dist-info/METADATA')]
    return email.message_from_bytes(wheel.read(name))


def test_links_of_the_description_work_away_from_the_repository(wheel: zipfile.ZipFile) -> None:
    metadata = read_metadata(wheel)
    url = metadata['Home-page']
    written = re.findall(r'\]\((?!http|#)([^)]+)\)', (ROOT / 'README.md').read_text())

    links = re.findall(r'\]\((?!#)([^)]+)\)', str(metadata.get_payload()))

    assert [link for link in links if not link.startswith('https://')] == []
    assert f'{url}/raw/main/docs/apistar_bench.svg' in links
    assert {f'{url}/blob/main/{link}' for link in written if '.svg' not in link} <= set(links)


def test_addresses_of_the_project_come_from_one_place(wheel: zipfile.ZipFile) -> None:
    metadata = read_metadata(wheel)
    url = metadata['Home-page']
    others = [item.split(', ') for item in metadata.get_all('Project-URL', [])]

    assert {name: address.removeprefix(url) for name, address in others} == {
        'Source': '',
        'Documentation': '/blob/main/docs/index.md',
        'Changelog': '/blob/main/CHANGELOG.md',
        'Issues': '/issues',
        'Security': '/blob/main/SECURITY.md',
    }
    assert (metadata['Author'], '@' in metadata['Author-email']) == (
        'the django-apistar contributors', True,
    )  # fmt: skip
    assert 'apistar' in metadata['Keywords'].split(',')


def test_metadata_passes_the_strict_check_of_the_index(built: Path) -> None:
    pytest.importorskip('twine', reason='the extra suite is not installed')
    archives = sorted(map(str, built.iterdir()))
    done = subprocess.run(
        [sys.executable, '-m', 'twine', '--no-color', 'check', '--strict', *archives],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout.count('PASSED')) == (0, 2), done.stdout + done.stderr


def test_sdist_holds_the_package_and_its_papers(built: Path) -> None:
    [path] = built.glob('*.tar.gz')
    with tarfile.open(path) as archive:
        names = {name.partition('/')[2] for name in archive.getnames()}

    assert files_of_the_package() <= names
    assert {'LICENSE', 'README.md', 'CHANGELOG.md', 'SECURITY.md', 'setup.cfg', 'setup.py'} <= names
    assert not {name for name in names if name.startswith(('management_tests/', 'example/'))}
