"""ALLOWED_DJANGO_ROUTES: the path prefixes that go to Django."""

from collections.abc import Iterable
from typing import TypeAlias, TypeGuard

from django.utils.functional import Promise

from django_apistar.conf.lazies import read_path
from django_apistar.conf.problems import Problem, Report

KEY = 'ALLOWED_DJANGO_ROUTES'
Prefix: TypeAlias = str | Promise


def parse(given: object, report: Report) -> tuple[Prefix, ...]:
    """Return the prefixes in *given*; *report* every mistake.

    Lazy ones stay lazy: `reverse_lazy` fails while the URLconf is imported, which may need the
    settings.
    """
    if isinstance(given, (list, tuple)):
        return tuple(
            prefix for prefix in given if isinstance(prefix, Promise) or _is_prefix(prefix, report)
        )
    kind = 'the string ' if isinstance(given, str) else ''
    report(
        'E006', f'{KEY} is {kind}{given!r}; it must be a list or tuple of path prefixes.',
        f'Write [{_propose(given)!r}].',
    )  # fmt: skip
    return ()


def _propose(given: object) -> str:
    name = given.strip('/') if isinstance(given, str) else ''
    return f'/{name}/' if name else '/admin/'


def read(prefixes: Iterable[Prefix]) -> tuple[tuple[str, ...], tuple[Problem, ...]]:
    """Return (*prefixes* as paths, a problem for each lazy one that is none)."""
    problems: list[Problem] = []

    def report(id: str, message: str, hint: str) -> None:
        problems.append(Problem(id, message, hint))

    paths = [
        _read(prefix, report) if isinstance(prefix, Promise) else prefix for prefix in prefixes
    ]
    return tuple(path for path in paths if path is not None), tuple(problems)


def _read(prefix: object, report: Report) -> str | None:
    try:
        path = read_path(prefix)
    except Exception as exc:
        report(
            'E007',
            f'{KEY} holds lazy text that cannot be read: {type(exc).__name__}: '
            f'{str(exc).rstrip(".")}.',
            "Correct it, or write the path, as in '/admin/'.",
        )
        return None
    return path if _is_prefix(path, report) else None


def _is_prefix(prefix: object, report: Report) -> TypeGuard[str]:
    if isinstance(prefix, str) and prefix.startswith('/'):
        return True
    hint = f"Write '/{prefix}'." if isinstance(prefix, str) and prefix else "Write '/admin/'."
    report(
        'E007', f'{KEY} holds {prefix!r}; a prefix is a string that starts with a slash.', hint
    )  # fmt: skip
    return False
