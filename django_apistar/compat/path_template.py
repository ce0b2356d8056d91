"""The path of an API Star route: literal text, `{braces}` and Werkzeug's `<rules>`, mixed.

API Star turns each pair of braces into a rule, by the handler's annotation, and Werkzeug reads the
result. All other code reads a path by this module.
"""

import contextlib
import dataclasses
import functools
import re
import uuid
from collections.abc import Callable

from werkzeug.routing import BaseConverter, Map, Rule
from werkzeug.routing.converters import DEFAULT_CONVERTERS
from werkzeug.routing.rules import parse_converter_args

TEXT = 'string'  # Werkzeug's name for what has no name
WILDCARD = 'path'
# The type of a converter's values, where that is not str.
VALUE_TYPES: dict[str, type] = {'int': int, 'float': float, 'uuid': uuid.UUID}
CONVERTERS = tuple(sorted(name for name in DEFAULT_CONVERTERS if name != 'default'))
_PARAMETER = re.compile(
    r"""
    { (?P<plus>\+?) (?P<brace>[^{}]*) }
    |
    < (?: (?P<converter>[a-zA-Z_]\w*) (?:\( (?P<arguments>.*?) \))? : )? (?P<name>[a-zA-Z_]\w*) >
    """,
    re.VERBOSE | re.ASCII,
)


@dataclasses.dataclass(frozen=True, slots=True)
class PathParameter:
    """A parameter of a path. `converter` is '' in braces: the handler's annotation decides."""

    name: str
    converter: str = ''
    arguments: str = ''  # of the converter, as written: 'signed=True'

    @property
    def takes_slashes(self) -> bool:
        return self.converter == WILDCARD

    def build_converter(self) -> BaseConverter:
        """Return Werkzeug's converter. Raises what Werkzeug raises for an unknown one."""
        args, kwargs = parse_converter_args(self.arguments)
        return DEFAULT_CONVERTERS[self.converter or TEXT](Map(), *args, **kwargs)


@functools.lru_cache(maxsize=4096)
def parse_path(path: str) -> tuple[str | PathParameter, ...]:
    """Return the literal parts and the parameters of *path* in order."""
    parts: list[str | PathParameter] = []
    end = 0
    for match in _PARAMETER.finditer(path):
        parts += [path[end : match.start()], _read_parameter(match)]
        end = match.end()
    return tuple(part for part in (*parts, path[end:]) if part)


def _read_parameter(match: re.Match[str]) -> PathParameter:
    if match['brace'] is not None:
        return PathParameter(match['brace'], WILDCARD if match['plus'] else '')
    converter = match['converter'] or TEXT
    return PathParameter(match['name'], converter, match['arguments'] or '')


def get_parameters(path: str) -> tuple[PathParameter, ...]:
    return tuple(part for part in parse_path(path) if isinstance(part, PathParameter))


def get_names(path: str) -> list[str]:
    """Return the names of the parameters: ['id', 'rest'] for '/{id}/<path:rest>'."""
    return [parameter.name for parameter in get_parameters(path)]


def get_head(path: str) -> str:
    """Return the literal beginning of *path*, which is all of it without parameters."""
    first = next(iter(parse_path(path)), '')
    return first if isinstance(first, str) else ''


def split_segments(path: str) -> list[list[str | PathParameter]]:
    """Return the segments of *path*, each as its parts."""
    segments: list[list[str | PathParameter]] = [[]]
    for part in parse_path(path):
        first, *others = part.split('/') if isinstance(part, str) else [part]
        segments[-1] += [first] if first else []
        segments += [[other] if other else [] for other in others]
    return segments


def write_path(path: str, write: Callable[[PathParameter], str]) -> str:
    """Return *path* with each parameter replaced by *write(parameter)*."""
    return ''.join(part if isinstance(part, str) else write(part) for part in parse_path(path))


def to_uri_template(path: str) -> str:
    """Return *path* with braces alone: '/{id}/{+rest}' for '/<int:id>/<path:rest>'."""
    return write_path(
        path, lambda parameter: f'{{{"+" * parameter.takes_slashes}{parameter.name}}}'
    )


def rename(path: str, old: str, new: str) -> str:
    """Return *path* with the name *new* for the parameter *old*."""

    def write(match: re.Match[str]) -> str:
        group = 'name' if match['brace'] is None else 'brace'
        if match[group] != old:
            return match[0]
        return path[match.start() : match.start(group)] + new + path[match.end(group) : match.end()]

    return _PARAMETER.sub(write, path)


def write_rule(parameter: PathParameter, converter: str = TEXT) -> str:
    """Return *parameter* as a rule of Werkzeug. *converter* is for a parameter in braces."""
    arguments = f'({parameter.arguments})' if parameter.arguments else ''
    return f'<{parameter.converter or converter}{arguments}:{parameter.name}>'


@functools.lru_cache(maxsize=4096)
def explain_refusal(path: str) -> str:
    """Return why Werkzeug refuses *path*, '' where it does not."""
    try:
        Map([Rule(write_path(path, write_rule))])
        for parameter in get_parameters(path):
            _try_out(parameter.build_converter())
    except Exception as exc:
        return str(exc).rstrip('.')
    return ''


def _try_out(converter: BaseConverter) -> None:
    """Do what Werkzeug does at the first request, so that it fails here if it would fail there."""
    re.compile(converter.regex)
    with contextlib.suppress(ValueError):  # '0' is not one of its values
        converter.to_python('0')


def get_shape(parameter: PathParameter, converter: str) -> tuple[object, ...]:
    """Return a value that is equal for parameters that take the same values.

    *converter* is for a parameter in braces.
    """
    if not parameter.converter:
        return (converter,)
    values = vars(parameter.build_converter())
    # The regex of `any` has its items in the order of a set, which varies.
    own = {key: value for key, value in values.items() if key not in ('map', 'regex')}
    if parameter.converter == TEXT and parameter.arguments:
        own['regex'] = values['regex']
    return (parameter.converter, *sorted((key, _sort(value)) for key, value in own.items()))


def _sort(value: object) -> str:
    return repr(sorted(value) if isinstance(value, set) else value)
