"""Routes with each shape of a field, an annotation, a rule of a path and a status of an answer."""

import collections.abc
import datetime
import decimal
import enum
import functools
import typing
import uuid
from typing import Any, NewType, Optional

from apistar import Component, Include, Route, exceptions, http, types, validators
from apistar.server import validation
from django import shortcuts
from django.shortcuts import get_list_or_404, get_object_or_404

from bookshop.filtering import BookFilter
from django_apistar.exceptions import ProblemDetails
from django_apistar.pagination import LimitOffset, Page
from django_apistar.responses import responds
from django_apistar.types import ModelType
from django_apistar.validators import Decimal, File
from management_tests.support.shop import Ware

# Fields


class Texts(types.Type):
    """Patterns of Python, some of which JavaScript does not have."""

    example = {'around': b'c', 'ends': 'a'}

    around = validators.String(pattern='(?<=a)(?<!b)(?:c)(?=d)(?!e)')
    remark = validators.String(pattern='a(?#b)')
    condition = validators.String(pattern='(a)?(?(1)b|c)')
    again = validators.String(pattern='(?P<a>x)(?P=a)')
    escaped = validators.String(pattern=r'\(?P<a>x')
    huge = validators.String(pattern='a{99999999999}')
    broken = validators.String(pattern='(')
    ends = validators.String(pattern=r'\Aa\Z', title='Ends', description='Of a text.')
    day = validators.String(format='date', pattern='^x', default=datetime.date(2026, 1, 2))
    moment = validators.String(format='datetime', min_length=0, max_length=0)
    nothing = validators.String(enum=[])
    null = validators.String(enum=[], allow_null=True)
    twice = validators.String(enum=['b', 'a', 'b'], default='a', description='One of two.')


class Numbers(types.Type):
    low = validators.Integer(minimum=1, exclusive_minimum=True, maximum=9, default=2.0)
    high = validators.Number(minimum=1, maximum=9, exclusive_maximum=True, format='double')
    endless = validators.Number(minimum=float('-inf'), maximum=float('inf'), multiple_of=-2)
    step = validators.Number(multiple_of=0.5, default=1.5)
    whole = validators.Number(default=3.0)
    part = validators.Number(default=2.5)
    price = Decimal(max_digits=5, decimal_places=2, default=decimal.Decimal('1.50'))
    cost = Decimal(max_digits=5, decimal_places=2, allow_null=True)


class Lists(types.Type):
    anything = validators.Array()
    closed = validators.Array(items=[], additional_items=False)
    fixed = validators.Array(
        items=[validators.String(), validators.String()], additional_items=False, max_items=5
    )
    shorter = validators.Array(items=[validators.String()] * 3, additional_items=False, max_items=2)
    free = validators.Array(items=[validators.String()], additional_items=True)
    typed = validators.Array(
        items=[validators.String()], additional_items=validators.Integer(), default=('a', 1)
    )
    days = validators.Array(items=validators.Date(), default=[datetime.date(2026, 1, 2)])
    numbers = validators.Array(
        items=validators.Integer(), min_items=1, max_items=3, unique_items=True, default=[1]
    )


class Objects(types.Type):
    anything = validators.Object(min_properties=1, max_properties=3)
    open = validators.Object(pattern_properties={'^a': validators.String()})
    told_open = validators.Object(
        pattern_properties={'^a': validators.String()}, additional_properties=True
    )
    closed = validators.Object(
        pattern_properties={'^a': validators.String(), '(?i)b': validators.Integer()},
        additional_properties=False,
    )  # fmt: skip
    typed = validators.Object(
        pattern_properties={'(?i)a': validators.String()},
        additional_properties=validators.Boolean(),
    )  # fmt: skip
    named = validators.Object(
        properties={'the first-one_2': validators.String(enum=['a'], allow_null=True)},
        required=['b', 'the first-one_2', 'b'], additional_properties=True,
        default={'the first-one_2': 'a', 'b': 1.0},
    )  # fmt: skip
    years = validators.Object(
        additional_properties=validators.DateTime(),
        default={'a': datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc)},
    )


def name_alike(number: int) -> type:
    """Return a Type that has the name, and the module, of three more."""

    class Alike(types.Type):
        value = validators.Integer(default=number)

    return Alike


FIRST, SECOND, THIRD, FOURTH = (name_alike(number) for number in range(4))
LEAF = validators.String(max_length=3)
TWIG = validators.Object(def_name='Twig.of-2 leaves', properties={'leaf': validators.Ref('Leaf')})
NULLABLE = validators.Object(def_name='Nullable', allow_null=True)


class References(types.Type):
    first, second, third, fourth = FIRST, SECOND, THIRD, FOURTH
    twigs = validators.Array(items=TWIG, definitions={'Leaf': LEAF})
    named = validators.Object(
        properties={'leaf': validators.Ref('Leaf'), 'own': validators.Ref('Own')},
        def_name='Own', definitions={'Leaf': LEAF},
    )  # fmt: skip
    others = validators.Array(
        items=validators.Ref('Leaf'), definitions={'Leaf': validators.Integer()}
    )
    nameless = validators.Array(
        items=validators.Ref(''), definitions={'': validators.String(min_length=1)}
    )
    typed = validators.Array(
        items=validators.Ref('Alike', description='One.'), definitions={'Alike': FIRST.validator}
    )
    described = validators.Ref('References', allow_null=True, title='Itself', description='Again.')
    noted = validators.Object(def_name='Noted', title='A title', description='Words.')


class Choices(types.Type):
    one = validators.Union([validators.String()])
    same = validators.Union([validators.String(), validators.String()])
    none = validators.Union([])
    null = validators.Union([validators.String(), validators.Integer()], allow_null=True)
    inner = validators.Union([NULLABLE, validators.String(allow_null=True, default=None)])
    by_name = validators.Array(
        items=validators.Ref('Any', allow_null=True) | validators.Ref('Nullable'),
        definitions={'Any': validators.Array(allow_null=True), 'Nullable': NULLABLE},
    )
    listed = validators.Any(default=[1, 2.0])
    unknown = validators.Union([validators.Ref('Nowhere'), validators.String()], default='a')
    anything = validators.Any(allow_null=True, description='All.')
    color = validators.String(enum=['red'], allow_null=True, title='Color', default='red')


class Photo(types.Type):
    photo = File()


class Stock(ModelType):
    """What a shop has."""

    class Meta:
        model = Ware
        fields = ['id', 'name', 'price', 'stock', 'state', 'note', 'labels', 'secret', 'created']
        write_only = ['secret']


class Query(types.Type):
    size = validators.String(enum=['s', 'l'], allow_null=True, description='A size.')
    limit = validators.Integer(allow_null=True, default=None)
    either = validators.Union(
        [validators.Integer(), validators.Boolean()], allow_null=True, description='Two.'
    )
    perhaps = validators.Union([validators.Integer()], allow_null=True)
    anything = validators.Any(allow_null=True)


TYPES = (Texts, Numbers, Lists, Objects, References, Choices, Photo, Stock)


def answer(annotation: Any, name: str = 'answer') -> Any:
    """Return a handler that is annotated to answer with *annotation*."""

    def handler() -> None:
        raise NotImplementedError

    handler.__annotations__['return'] = annotation
    handler.__name__ = handler.__qualname__ = name
    return handler


lost = answer(dict, 'lost')
lost.__module__ = None


def take(annotation: Any, default: Any = ..., name: str = 'value') -> Any:
    """Return a handler with a parameter of that *annotation*."""

    def handler(value: Any) -> None:
        raise NotImplementedError

    handler.__annotations__['value'] = annotation
    handler.__defaults__ = () if default is ... else (default,)
    handler.__name__ = handler.__qualname__ = name
    return handler


# Annotations


class Number(enum.IntEnum):
    ONE = 1
    TWO = 2


class Mixed(enum.Enum):
    ONE = 1
    TEXT = 'text'
    FOREIGN = b'foreign'


class Names(list[str]): ...


class Record(typing.TypedDict):
    id: int


class Csv(http.Response):
    media_type = 'text/csv'


class Problem(http.JSONResponse):
    media_type = 'application/vnd.own+json'


MAYBE = NewType('MAYBE', validators.Integer(allow_null=True))
ANNOTATIONS: dict[str, Any] = {
    'sets': tuple[
        set[int], frozenset[str], collections.abc.Set[bool], collections.abc.Collection[int],
    ],
    'iterables': tuple[collections.abc.Iterable[int], collections.abc.Sequence[Names], Names],
    'maps': tuple[
        collections.abc.Mapping[str, int], collections.abc.MutableMapping[str, Any],
        dict[str, Any], Record, collections.abc.Mapping,
    ],
    'numbers': Number, 'mixed': Mixed, 'no': type(None), 'object': object,
    'optional': tuple[
        Optional[Number], Optional[MAYBE], Optional[Any], Optional[Texts],
        int | str | None, Optional[int], Optional[uuid.UUID],
    ],
    'literals': tuple[
        typing.Literal[1, 2], typing.Literal[True], typing.Literal['a', None], typing.Literal[1.5],
    ],
    'choice': validators.String(enum=['a'], allow_null=True),
    'pages': tuple[dict[str, int], ...], 'nones': list[None],
    'generator': collections.abc.Generator[str, None, None],
    'iterator': collections.abc.Iterator, 'csv': Csv, 'problem': Problem, 'plain': http.Response,
    'queries': http.QueryParams, 'headers': http.Headers, 'generic': type[int],
}  # fmt: skip


def list_again(page: LimitOffset) -> Page[Texts]:
    raise NotImplementedError


# Parameters


class Word:
    """A component gives it."""


class Words(Component):
    def resolve(self, word: str, x_word: http.Header, missing: Record) -> Word:
        raise NotImplementedError


class Texting(Component):
    def resolve(self, x_never: http.Header) -> str:  # which is a parameter's own
        raise NotImplementedError


class Knot:
    """A component gives it that asks for it."""


class Knots(Component):
    def resolve(self, knot: Knot, x_knot: http.Header) -> Knot:
        raise NotImplementedError


class Unsure(Component):
    def can_handle_parameter(self, parameter: Any) -> bool:
        raise LookupError(parameter.name)


def take_rules(
    low: int, ratio: float, kind: str, key: uuid.UUID, code, least: str, most: float, rest: str,
    *more: Any, **others: Any,
) -> None:  # fmt: skip
    raise NotImplementedError


def take_all(
    word: Word, again: Optional[Word], x_a: http.Header, x_b: Optional[http.Header],
    content_type: http.Header, query: http.QueryString, checked: validation.ValidatedQueryParams,
    path: validation.ValidatedPathParams, request: http.Request, method: http.Method,
    any_list: list[Any], texts: list[str] = ['a'], a_set: list[int] = {1},  # noqa: B006
    numbers: list[int] = (1, 2), frozen: list[float] = frozenset({1.5}),
    pair: Optional[list[bool]] = None, untyped=None, zero=0, text='x', unknown: Word | int = 1,
) -> None:  # fmt: skip
    raise NotImplementedError


def take_header(low: http.Header, number: Word) -> None:
    raise NotImplementedError


def filter_books(price__lt: str, books: BookFilter, again: BookFilter) -> None:
    raise NotImplementedError


def take_form_first(form: http.RequestData, texts: Texts, body: http.Body) -> None:
    raise NotImplementedError


def take_form_last(texts: Texts, form: validation.ValidatedRequestData) -> None:
    raise NotImplementedError


# Statuses


def compute() -> int:
    raise NotImplementedError


def find_ware() -> Any:
    return get_object_or_404(Ware)


def list_wares() -> Any:
    return shortcuts.get_list_or_404(Ware)


def list_others() -> Any:
    return get_list_or_404(Ware)


def at_the_limits(which: int) -> Any:
    if which == 199:
        return http.Response(b'', 199)
    if which == 203:
        return http.Response(b'', status_code=203)
    if which == 299:
        return http.Response(b'', 299)
    if which == 300:
        return http.Response(b'', 300)
    if which == 599:
        raise exceptions.HTTPException('', 599)
    if which == 600:
        raise exceptions.HTTPException('', 600)
    if which:
        raise exceptions.HTTPException('', None)
    return http.Response(b'')


def choose() -> Any:
    return http.Response(b'', 300)


def computed() -> Any:
    if compute():
        raise exceptions.NotFound('', compute())
    if compute() > 1:
        raise exceptions.Forbidden
    if compute() > 2:
        raise ValueError(409)
    [compute][0]()
    return http.Response(b'', compute())


def create(name: str) -> Any:
    return http.JSONResponse({}, 201)


create_one = functools.partial(create, name='one')
create_one.__name__ = 'create_one'


@responds({
    204: Texts, 205: Texts, 206: Texts, 207: None, 299: Csv, 399: ProblemDetails,
    400: ProblemDetails, 401: Texts, 404: None, 451: http.Response,
})  # fmt: skip
def declare(texts: Texts) -> Texts:
    raise NotImplementedError


def sentence() -> None:
    """What is this?  It is a summary of
    two lines! And a rest.

    And a paragraph.
    """
    raise NotImplementedError


def blank() -> None:
    raise NotImplementedError


blank.__doc__ = '\n    \n    '


def narrow() -> Any:
    raise NotImplementedError


vars(narrow)['openapi'] = {
    'responses': {
        '200': {'content': {'text/csv': {'schema': {'type': 'string'}}}},
        '201': {'content': {'*/*': {'example': 1}, 'text/csv': {}}},
        '202': {'content': {'*/*': {}}},
        '203': 1,
        '204': {'$ref': '#/components/responses/Error', 'description': 'Else.'},
        'default': {'description': 'Words.', 'summary': 'Short.'},
    },
    'tags': [1, 'own'],
}

RULES = (
    '/<int(min=1, max=5):low>/<float(signed=True):ratio>/<any(b, a):kind>/<uuid:key>'
    '/<string(length=2):code>/<string(minlength=2):least>/<string(minlength=1, maxlength=3):most>'
    '/<path:rest>'
)
UNREAD = '<int(signed=True, max=9):low>/<float(min=0.5):ratio>/<int:number>'
components = [Words(), Texting(), Knots(), Unsure()]
routes = [
    *(Route(f'/types/{each.__name__}', 'GET', answer(each, each.__name__)) for each in TYPES),
    *(Route(f'/types/{each.__name__}', 'PUT', take(each)) for each in TYPES),
    *(Route(f'/{name}', 'GET', answer(each, name)) for name, each in ANNOTATIONS.items()),
    Route('/query', 'GET', take(Query)),
    Route('/query', 'DELETE', take(Query, None)),
    Route('/pages/texts', 'GET', list_again),
    Route('/pages/again', 'GET', list_again, name='again'),
    Route(f'/rules{RULES}', 'GET', take_rules),
    Route(f'/unread/{UNREAD}', 'GET', answer(None)),
    Route(f'/headers/{UNREAD}', 'GET', take_header),
    Route('/books', 'GET', filter_books),
    Route('/knot', 'GET', take(Knot)),
    Route('/all', 'GET', take_all),
    Route('/form', 'POST', take_form_first),
    Route('/form', 'PUT', take_form_last),
    Include('/statuses', 'statuses', [
        Route('/found', 'GET', find_ware),
        Route('/wares', 'GET', list_wares),
        Route('/others', 'GET', list_others),
        Route('/limits', 'GET', at_the_limits),
        Route('/choose', 'GET', choose),
        Route('/computed', 'GET', computed),
        Route('/created', 'POST', create_one),
        Route('/declared', 'POST', declare),
    ]),
    Route('/lost', 'GET', lost),
    Route('/sentence', 'GET', sentence),
    Route('/blank', 'GET', blank),
    Route('/narrow', 'GET', narrow),
]  # fmt: skip
