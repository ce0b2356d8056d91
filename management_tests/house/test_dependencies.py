"""Which versions setup.cfg lets in, and that the matrix tests the lowest of them."""

from __future__ import annotations

import configparser
import os
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]


def read_requirements() -> list[Requirement]:
    """Return what setup.cfg has the package and the extra `test` need."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / 'setup.cfg')
    lines = setup['options']['install_requires'] + setup['options.extras_require']['test']
    return [Requirement(line) for line in lines.splitlines() if line]


def find_floors() -> dict[str, str]:
    return {
        requirement.name: specifier.version
        for requirement in read_requirements()
        for specifier in requirement.specifier
        if specifier.operator == '>='
    }


def test_lowest_versions_of_the_matrix_are_the_floors() -> None:
    lines = (ROOT / '.ci/lowest.txt').read_text().splitlines()
    pinned = dict(line.partition(' ;')[0].split(' == ') for line in lines)

    assert pinned == find_floors()
    assert list(pinned) == sorted(pinned)


def test_no_floor_is_below_what_is_without_known_holes() -> None:
    """Who finds a hole raises the floor here and in setup.cfg."""
    without_holes = {
        'gunicorn': '27.0.1',
        'jinja2': '3.1.6',  # CVE-2025-27516
        'orjson': '3.11.6',  # CVE-2025-67221
        'requests': '2.33',  # CVE-2026-25645
        'urllib3': '2.7',  # CVE-2026-44431
        'werkzeug': '3.1.9',  # GHSA-g6x2-hccm-hh4m
    }

    floors = find_floors()

    assert [n for n, v in without_holes.items() if Version(floors[n]) < Version(v)] == []


@pytest.mark.parametrize(
    ('version', 'is_allowed'),
    [
        ('4.2.29', False), ('4.2.30', True), ('5.0.14', False), ('5.1.15', False), ('5.2', False),
        ('5.2.18', False), ('5.2.19', True), ('5.2.20', True), ('6.0', False), ('6.0.9', False),
        ('6.0.10', True), ('6.1', False), ('6.1.2', False), ('6.1.3', True), ('6.2', True),
    ],
)  # fmt: skip
def test_only_releases_of_django_without_known_holes_are_allowed(
    version: str, is_allowed: bool
) -> None:
    """4.2's last has some that were found since; docs/explanation/compatibility.md says so."""
    needed = [item.specifier for item in read_requirements() if item.name == 'django']

    assert needed
    assert all(version in specifier for specifier in needed) is is_allowed


def find_chosen(environment: str) -> list[Requirement]:
    """Return what tox.ini's `deps` choose for an environment, such as `py310-dj42`."""
    tox = configparser.ConfigParser(comment_prefixes='#')
    tox.read(ROOT / 'tox.ini')
    pairs = [line.split(': ') for line in tox['testenv']['deps'].splitlines() if line]
    return [Requirement(text) for factor, text in pairs if factor in environment.split('-')]


def test_matrix_chooses_by_the_factors_of_an_environment_s_name() -> None:
    assert [str(requirement) for requirement in find_chosen('py312-dj52-apistar41')] == [
        'django<5.3,>=5.2',
        'apistar==0.5.41',
    ]
    assert find_chosen('py310-lowest') == []


@pytest.mark.skipif('TOX_ENV_NAME' not in os.environ, reason='The matrix alone chooses versions.')
def test_matrix_has_the_versions_that_its_environment_names() -> None:
    """A newer django-filter once brought Django 5.2 into the environment of 4.2."""
    chosen = find_chosen(os.environ['TOX_ENV_NAME'])

    installed = {each.name: version(each.name) for each in chosen}

    assert [str(each) for each in chosen if installed[each.name] not in each.specifier] == []
