"""TEMPLATE_DIR, STATIC_DIR and PACKAGES: the folders of API Star's templates and static files."""

import dataclasses
import importlib
import os
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings as django_settings

from django_apistar.conf.problems import Report, report_import, report_value

TEMPLATES, STATIC = 'templates', 'static'  # the folders that API Star looks for in a package


@dataclasses.dataclass(frozen=True, slots=True)
class Package:
    name: str
    folder: Path

    def has(self, name: str) -> bool:
        return (self.folder / name).is_dir()


@dataclasses.dataclass(frozen=True, slots=True)
class Folders:
    """What `apistar.App` takes as template_dir, static_dir and packages."""

    template_dir: str | None = None
    static_dir: str | None = None
    packages: tuple[Package, ...] = ()

    def iter_static(self) -> Iterator[tuple[str, str]]:
        """Yield (folder, its name below STATIC_URL); later ones win, as in API Star."""
        if self.static_dir is not None:
            yield self.static_dir, ''
        for package in self.packages:
            if package.has(STATIC):
                yield str(package.folder / STATIC), package.name


def get_folders() -> Folders:
    """Return the project's folders, without those that are wrong: `find_problems` reports them.

    For collectstatic, which must not import the project's routes.
    """
    given = getattr(django_settings, 'APISTAR_SETTINGS', None)
    return parse(given if isinstance(given, dict) else {}, lambda *problem: None)


def parse(given: dict[str, object], report: Report) -> Folders:
    """Return the folders that *given*, APISTAR_SETTINGS, names; *report* every mistake."""
    return Folders(
        _parse_folder('TEMPLATE_DIR', given.get('TEMPLATE_DIR'), report),
        _parse_folder('STATIC_DIR', given.get('STATIC_DIR'), report),
        _parse_packages(given.get('PACKAGES'), report),
    )


def _parse_folder(key: str, given: object, report: Report) -> str | None:
    if given is None:
        return None
    if isinstance(given, (str, os.PathLike)) and given and Path(given).is_dir():
        return str(Path(given).absolute())
    report_value(report, key, given, 'the path of a folder that exists')
    return None


def _parse_packages(given: object, report: Report) -> tuple[Package, ...]:
    if given is None:
        return ()
    if isinstance(given, (list, tuple)) and all(isinstance(name, str) for name in given):
        packages = [_find_package(name, report) for name in given]
        return tuple(package for package in packages if package is not None)
    report_value(report, 'PACKAGES', given, 'a list of names of packages')
    return ()


def _find_package(name: str, report: Report) -> Package | None:
    try:
        module = importlib.import_module(name)  # as Jinja2 does
        paths = [*getattr(module, '__path__', ())]
    except Exception as exc:
        report_import(report, 'PACKAGES', name, exc)
        return None
    if paths:
        return Package(name, Path(paths[0]))
    report(
        'E010', f'PACKAGES names {name!r}, which is a module, not a package.',
        'Name the package whose folder holds templates or static.',
    )  # fmt: skip
    return None
