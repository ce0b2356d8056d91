"""What the values of a path's parameters look like, and what they are called."""

import re
from collections.abc import Iterator, Mapping

from django.urls.converters import get_converters
from werkzeug.routing import ValidationError

from django_apistar.compat.path_template import (
    TEXT,
    WILDCARD,
    PathParameter,
    get_parameters,
    write_rule,
)
from django_apistar.routes.entries import APIStarEntry, RouteEntry, parameter_types

Kind = tuple[str, str]  # regular expression of the values, what they are called
_UUID: Kind = ('[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}', 'a UUID')
_UNSIGNED: Kind = ('[0-9]+', 'an integer from 0 on')
_SEGMENT: Kind = ('[^/]+', 'text without a slash')
_PATH: Kind = ('.+', 'text')
# Of braces, by the handler's annotation.
_BRACES: dict[type, Kind] = {
    int: ('-?[0-9]{1,19}', 'an integer'),
    float: (r'-?[0-9]+(\.[0-9]+)?', 'a number'),
}
# Of Werkzeug's rules and of Django's converters, where they have no arguments.
_RULES: dict[str, Kind] = {
    'int': _UNSIGNED, 'uuid': _UUID, TEXT: _SEGMENT, 'default': _SEGMENT, WILDCARD: _PATH,
    'float': (r'[0-9]+\.[0-9]+', 'a number with a point'),
}  # fmt: skip
_DJANGO: dict[str, Kind] = {
    'int': _UNSIGNED, 'uuid': _UUID, 'str': _SEGMENT, TEXT: _SEGMENT, WILDCARD: _PATH
}  # fmt: skip


def read_kind(entry: RouteEntry, parameter: PathParameter) -> Kind:
    """Return the kind of the values that *parameter*, in the path of *entry*, takes."""
    converter = parameter.converter
    if not isinstance(entry, APIStarEntry):
        known = get_converters().get(converter)
        regex = known.regex if known else _PATH[0]
        return _DJANGO.get(converter, (regex, f'a value of the converter {converter!r}'))
    if not converter:
        return _BRACES.get(parameter_types(entry)[parameter.name], _SEGMENT)
    if converter in _RULES and not parameter.arguments:
        return _RULES[converter]
    return parameter.build_converter().regex, f'a value of {write_rule(parameter)}'


def find_misfits(entry: RouteEntry, params: Mapping[str, object]) -> Iterator[str]:
    """Yield a sentence for each value in *params* that the path of *entry* does not take."""
    for parameter in get_parameters(entry.path):
        value = params.get(parameter.name)
        if value is None:
            continue
        pattern, kind = read_kind(entry, parameter)
        if not _fits(parameter, pattern, str(value)):
            yield f'{parameter.name} is {value!r}, which is not {kind}.'


def _fits(parameter: PathParameter, pattern: str, text: str) -> bool:
    if not re.fullmatch(pattern, text, re.DOTALL):
        return False
    if parameter.arguments:  # of a rule of Werkzeug: the least, the most
        try:
            parameter.build_converter().to_python(text)
        except ValidationError:
            return False
    return True
