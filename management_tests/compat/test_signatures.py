"""Handlers' signatures, the fields that they give a link, cookies, and objects with patterns."""

import functools
import itertools
import typing
from http import cookies
from typing import List, Optional, Union

import pytest
from apistar import Route, http, types, validators
from apistar.exceptions import ConfigurationError
from apistar.validators import Object

from django_apistar.compat.cookies import unquote
from django_apistar.compat.fields import METHODS, get_item, is_type
from django_apistar.compat.signatures import (
    get_dotted_name,
    get_plain_signature,
    get_signature,
    get_source,
    mark_decorator,
    strip_optional,
    takes_one,
)
from management_tests.accelerate.dice import outcome

pytestmark = pytest.mark.once

HERE = __name__


class Point(types.Type):
    x = validators.Integer()
    y = validators.Integer(default=0)


class Callable:
    def __call__(self, a: int) -> None:
        """An object that is a handler."""

    def method(self, a: int) -> None:
        """A method that is a handler."""


def plain(a: int, b: str = 'b') -> None: ...


def as_text(a: 'int', b: 'Optional[int]', c: 'int | None' = 5) -> 'str': ...


def unknown(a: 'Nowhere', b: 'int') -> None: ...  # noqa: F821


def optional(a: Optional[int], b: Union[int, str], c: None, d: Union[int, str, None]): ...


@functools.wraps(plain)
def wrapper(*args: object) -> None:
    plain(*args)


@pytest.mark.parametrize(
    ('annotation', 'stripped'),
    [
        (Optional[int], (int, True)), (int | None, (int, True)), (None | int, (int, True)),
        (Union[int, None], (int, True)), (int, (int, False)), (None, (None, False)),
        (Union[int, str], (Union[int, str], False)), (List[int], (List[int], False)),
        (Union[int, str, None], (Union[int, str, None], False)), ('int', ('int', False)),
    ],
)  # fmt: skip
def test_optional_annotations(annotation, stripped):
    """`signatures`"""
    assert strip_optional(annotation) == stripped


def read(signature):
    return [
        (
            each.name,
            each.annotation,
            each.default is not each.empty and each.default,
            each.kind.name,
        )
        for each in signature.parameters.values()
    ]


def test_signatures_have_types_in_place_of_text():
    usual, alone = 'POSITIONAL_OR_KEYWORD', 'KEYWORD_ONLY'

    assert read(get_signature(plain)) == read(get_plain_signature(plain)) == [
        ('a', int, False, usual), ('b', str, 'b', usual)
    ]  # fmt: skip
    assert read(get_signature(as_text)) == [
        ('a', int, False, usual), ('b', Optional[int], False, usual), ('c', int | None, 5, usual)
    ]  # fmt: skip
    assert get_signature(as_text).return_annotation is str
    assert read(get_signature(unknown)) == [
        ('a', 'Nowhere', False, usual), ('b', 'int', False, usual)
    ]  # fmt: skip
    assert read(get_plain_signature(as_text)) == [
        ('a', int, False, alone), ('b', int, None, alone), ('c', int, 5, alone)
    ]  # fmt: skip
    assert get_plain_signature(as_text).return_annotation is str
    assert read(get_plain_signature(optional)) == [
        ('a', int, None, alone), ('b', Union[int, str], False, alone), ('c', None, False, alone),
        ('d', Union[int, str, None], False, alone),
    ]  # fmt: skip


def get_line(function):
    return f'{__file__}:{function.__code__.co_firstlineno}'


def test_names_and_places_of_handlers():
    of_class = get_source(Callable)

    assert of_class.startswith(f'{__file__}:')
    assert [get_source(each) for each in (plain, wrapper, Callable().method)] == [
        get_line(plain), get_line(plain), get_line(Callable.method)
    ]  # fmt: skip
    assert get_source(Callable()) == of_class
    assert get_source(functools.partial(Callable, 1)) == of_class
    assert [get_source(each) for each in (len, 5, None)] == ['', '', '']
    assert [
        get_dotted_name(each)
        for each in (
            plain, wrapper, Callable, Callable(), Callable().method, functools.partial(plain, 1),
            functools.partial(functools.partial(Callable(), 1)), len,
        )
    ] == [
        f'{HERE}.plain', f'{HERE}.plain', f'{HERE}.Callable', f'{HERE}.Callable',
        f'{HERE}.Callable.method', f'{HERE}.plain', f'{HERE}.Callable', 'builtins.len',
    ]  # fmt: skip


def test_functions_of_one_argument():
    functions = [
        plain,
        Callable(),
        lambda: None,
        lambda a, b: None,
        lambda *a: None,
        lambda *, a: 1,
    ]

    assert [takes_one(each) for each in functions] == [True, True, False, False, True, False]


def test_a_decorator_knows_that_it_was_written_without_parentheses():
    def decorate() -> None: ...

    mark_decorator(decorate, 'limit', 5)
    assert vars(decorate) == {}

    mark_decorator(decorate, 'limit', plain)
    assert vars(decorate) == {'written_bare': ('@limit', f'{HERE}.plain')}


# Fields


def everything(
    a: int, b, c: float, d: bool = True, e: str = 'e', f: http.QueryParam = None,
    g: List[int] = None, h: list[str] = ['x'], i: Optional[int] = None, j: int | None = 5,  # noqa: RUF013, B006
    k: dict = None, l: http.Header = None, *rest: object, **more: object,  # noqa: E741, RUF013
): ...  # fmt: skip


def with_point(point: Point, a: int): ...


def with_optional_point(point: Point = None): ...


def with_points(points: List[Point]): ...


def describe(field):
    schema = field.schema
    if isinstance(schema, validators.Array):
        kind = 'Array', type(schema.items).__name__ if schema.items else None
    else:
        kind = type(schema).__name__ if schema is not None else None
    has_default = schema is not None and schema.has_default()
    default = (schema.default, schema.allow_null) if has_default else ()
    return field.name, field.location, field.required, kind, default


def get_fields(method, handler, url='/'):
    return [describe(field) for field in Route(url, method, handler).link.fields]


def test_fields_of_parameters():
    """`fields`"""
    text = 'String'
    assert get_fields('GET', everything) == [
        ('a', 'query', False, 'Integer', ()), ('b', 'query', False, None, ()),
        ('c', 'query', False, 'Number', ()), ('d', 'query', False, 'Boolean', (True, False)),
        ('e', 'query', False, text, ('e', False)), ('f', 'query', False, text, (None, True)),
        ('g', 'query', False, ('Array', 'Integer'), (None, True)),
        ('h', 'query', False, ('Array', text), (['x'], False)),
        ('i', 'query', False, 'Integer', (None, True)),
        ('j', 'query', False, 'Integer', (5, False)),
    ]  # fmt: skip


def test_fields_of_a_path():
    url = '/{a}/{b}/{+e}/<int:c>/{d}'

    assert [field[:4] for field in get_fields('GET', everything, url)][:5] == [
        ('a', 'path', True, 'Integer'), ('b', 'path', True, None), ('c', 'query', False, 'Number'),
        ('d', 'path', True, 'Boolean'), ('e', 'path', True, 'String'),
    ]  # fmt: skip


@pytest.mark.parametrize('method', [*METHODS, 'get', 'post'])
def test_fields_of_bodies(method):
    point = [
        ('x', 'query', False, 'Integer', ()), ('y', 'query', False, 'Integer', (0, False))
    ]  # fmt: skip
    body, maybe = (('point', 'body', required, 'Object', ()) for required in (True, False))
    number = ('a', 'query', False, 'Integer', ())
    if method.upper() in ('GET', 'DELETE', 'HEAD'):
        assert get_fields(method, with_point) == [*point, number]
        assert get_fields(method, with_optional_point) == point
    else:
        assert get_fields(method, with_point) == [body, number]
        assert get_fields(method, with_optional_point) == [maybe]
        assert get_fields(method, with_points)[0][:2] == ('points', 'body')


def test_methods_that_http_has():
    assert METHODS == ('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD', 'TRACE')
    with pytest.raises(ConfigurationError, match=r"^The route '/' has the method 'FETCH'\. Write"):
        Route('/', 'FETCH', plain)


@pytest.mark.parametrize(
    ('annotation', 'item'),
    [
        (List[int], int), (list[int], int), (List[Point], Point), (list, None), (List, None),
        (int, None), (typing.Dict[str, int], None), (None, None), (tuple[int], None),
        (list[typing.Annotated[int, []]], None),
    ],
)  # fmt: skip
def test_item_of_a_list(annotation, item):
    assert get_item(annotation) is item


def test_types_are_classes():
    assert [is_type(each) for each in (Point, types.Type, int, Point(x=1), None, List[Point])] == [
        True, True, False, False, False, False
    ]  # fmt: skip


# Cookies


@pytest.mark.parametrize(
    ('value', 'text'),
    [
        (None, None), ('', ''), ('a', 'a'), ('"', '"'), ('""', ''), ('"a', '"a'), ('a"', 'a"'),
        ('"a"', 'a'), (r'"\""', '"'), (r'"\\"', '\\'), (r'"\054"', ','), (r'"\303\251"', 'Ã©'),
        (r'"\08"', '08'), (r'"\400"', '400'), (r'"\a\b"', 'ab'),
        ('a\\054', 'a\\054'), ('"a"b', '"a"b'),
    ],
)  # fmt: skip
def test_quoted_cookies_are_read_as_by_fixed_pythons(value, text):
    """`cookies`"""
    assert unquote(value) == text


def test_the_standard_librarys_reader_is_replaced_where_it_takes_quadratic_time():
    assert (cookies._unquote is unquote) is hasattr(cookies, '_QuotePatt')


# Objects with patterns

WHOLE, NAMED = validators.Integer(), validators.Integer(default=3)
RULES = {
    'properties': [{}, {'a': WHOLE, 'xa': NAMED}],
    'pattern_properties': [{'^x': WHOLE}, {'a': WHOLE, 'b$': validators.String()}],
    'additional_properties': [None, True, False, WHOLE],
    'required': [[], ['a', 'q']],
    'min_properties': [None, 2],
    'max_properties': [None, 2],
    'allow_null': [False, True],
}
SENT = [
    None, [], {}, {'a': 1}, {'a': '1'}, {'xa': 1, 'b': 's'}, {'xa': '1', 'q': 2}, {'q': 'x'},
    {3: 1},    {'a': 1, 'b': 2}, {'a': 1, 'b': 's', 'xb': 's'}, {'xa': None, 'xb': 1, 'a': 2},
]  # fmt: skip


@pytest.mark.parametrize('allow_coerce', [False, True])
def test_objects_with_patterns_are_validated_as_by_api_star(allow_coerce):
    """`objects`"""
    stock = Object.validate.__wrapped__

    for values in itertools.product(*RULES.values()):
        validator = Object(**dict(zip(RULES, values, strict=True)))
        for value in SENT:
            assert outcome(validator.validate, value, None, allow_coerce) == outcome(
                stock, validator, value, None, allow_coerce
            )


def test_an_object_with_patterns_hands_its_definitions_down():
    named = Object(
        def_name='Named', properties={'a': validators.Ref('Named')},
        pattern_properties={'^x': validators.Ref('Named')}, additional_properties=False,
    )  # fmt: skip

    assert named.validate({'a': {'xa': {}}, 'x': {}}) == {'a': {'xa': {}}, 'x': {}}
    with pytest.raises(validators.ValidationError) as refusal:
        named.validate({'xa': {'b': 1}})
    assert refusal.value.detail == {'xa': {'b': 'Invalid property name.'}}
