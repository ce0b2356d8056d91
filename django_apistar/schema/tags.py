"""The tags of a document: the Includes around a route, else the app that its handler is of."""

from collections.abc import Iterator, Mapping

from django.apps import apps

from django_apistar.compat.path_template import to_uri_template
from django_apistar.routes.entries import APIStarEntry
from django_apistar.schema.dialect import Schema


def find_tag(entry: APIStarEntry) -> str:
    return ':'.join(entry.sections) or _get_app_name(entry.handler)


def _get_app_name(handler: object) -> str:
    """Return the label of the Django app that holds *handler*, else its top-level module."""
    module = str(getattr(getattr(handler, 'func', handler), '__module__', None) or 'api')
    config = apps.get_containing_app_config(module) if apps.apps_ready else None
    return config.label if config else module.partition('.')[0]


class Tags:
    """The tags of one document, in the order of their first use.

    *descriptions*: what the project says of them, by name. The others tell where their paths are.
    """

    def __init__(self, descriptions: Mapping[str, object]) -> None:
        self._descriptions = descriptions
        self._prefixes: dict[str, dict[str, None]] = {}  # by name, those of its Includes

    def add(self, name: str, entry: APIStarEntry) -> None:
        prefix = to_uri_template(entry.path.removesuffix(entry.route.url))
        self._prefixes.setdefault(name, {})[prefix] = None

    def find_unused(self) -> Iterator[str]:
        """Yield the names of the descriptions that no tag needs."""
        return (name for name in self._descriptions if name not in self._prefixes)

    def list(self) -> list[Schema]:
        return [
            {'name': name, 'description': self._descriptions.get(name) or _describe(name, prefixes)}
            for name, prefixes in self._prefixes.items()
        ]


def _describe(name: str, prefixes: Mapping[str, None]) -> str:
    if '' in prefixes:
        return f'The API of {name}.'
    return f'Under {", ".join(prefixes)}.'
