"""An app with everything that is hard to describe: routes, handlers, Types and components.

Annotations of every spelling that API Star takes are used on purpose.
"""

import datetime
import enum
import functools
from collections.abc import Iterator
from typing import Any, List, Optional, Union

from apistar import Component, Include, Route, exceptions, http, types, validators


class Color(enum.Enum):
    RED = 'red'
    BLUE = 'blue'


class Address(types.Type):
    """Where somebody lives."""

    street = validators.String(max_length=100)
    country = validators.String(pattern=r'\A[A-Z]{2}\Z', default='DE')


class Person(types.Type):
    """Somebody.

    With an address.
    """

    example = {'name': 'Zoë', 'born': datetime.date(1990, 1, 2)}

    name = validators.String(title='Full name', description='As in the passport.', min_length=1)
    born = validators.Date(default=datetime.date(2000, 1, 31))
    seen = validators.DateTime(allow_null=True)
    alarm = validators.Time(allow_null=True)
    address = Address
    rating = validators.Number(minimum=0, exclusive_minimum=True, maximum=5, default=2.5)
    size = validators.String(enum=['small', 'large', 'small'], allow_null=True)
    anything = validators.Any(default={'a': [1, 'b', None]})
    tuple = validators.Array(
        items=[validators.String(), validators.Integer()], additional_items=False, default=[]
    )
    open_tuple = validators.Array(items=[validators.Integer()], default=[])
    typed_tuple = validators.Array(
        items=[validators.Integer()], additional_items=validators.Boolean(), min_items=1,
        default=[1, True],
    )  # fmt: skip
    friends = validators.Array(items=validators.Ref('Person'), default=[], unique_items=True)
    best_friend = validators.Ref('Person', allow_null=True)
    number_or_name = validators.Integer(minimum=1) | validators.String() | validators.Boolean()
    labels = validators.Object(
        properties={'main': validators.String()},
        pattern_properties={'^x-': validators.Integer()},
        additional_properties=validators.String(),
        min_properties=1, max_properties=9, default={'main': 'x'},
    )  # fmt: skip
    closed = validators.Object(additional_properties=False, default={})
    named = validators.Object(
        def_name='Named Object', properties={'n': validators.Integer(multiple_of=5)}, default={}
    )
    nowhere = validators.Array(
        items=validators.Ref('Leaf'), definitions={'Leaf': validators.String()}, default=[]
    )


def another_person() -> type:
    """Return a second class of the same name and module."""

    class Person(types.Type):
        nickname = validators.String()

    return Person


OtherPerson = another_person()


class Filter(types.Type):
    text = validators.String(description='Part of the name.')
    limit = validators.Integer(minimum=1, maximum=100, default=10)
    color = validators.String(enum=['red', 'blue'], allow_null=True)


class Page:
    def __init__(self, number: int) -> None:
        self.number = number


class PageComponent(Component):
    def resolve(self, page: int, x_page_size: http.Header = None) -> Page:
        return Page(page)


class Session:
    pass


class SessionComponent(Component):
    def resolve(self, page: Page, cookie: http.Header) -> Session:
        return Session()


def welcome():
    return {'message': 'no annotations at all'}


def list_people(page: Page, session: Session, filter: Filter) -> List[Person]:
    return []


def create_person(person: Person) -> Person:
    """Add a person.

    Answers with what was stored.
    """
    return http.JSONResponse(dict(person), status_code=201)


def create_people(people: List[Person]) -> list[Person]:
    return people


def replace_person(person_id: int, person: OtherPerson, if_match: http.Header) -> OtherPerson:
    if if_match == '*':
        raise exceptions.Forbidden()
    return person


def delete_person(person_id: int, filter: Filter):
    return http.Response(b'', status_code=204)


def find(
    text: str,
    number: int = 5,
    ratio: float = 0.5,
    exact: bool = False,
    nothing: int = None,  # noqa: RUF013
    optional: Optional[str] = None,
    union: 'int | None' = None,
    untyped='x',
    raw: http.QueryParam = None,
    tags: List[str] = None,  # noqa: RUF013
    ids: List[int] = (),
    rest: http.QueryParams = None,
) -> Union[Person, OtherPerson, None]:
    return None


def download(path, **options) -> http.Response:
    return http.Response(path, headers={'Content-Type': 'text/plain'})


def upload(data: http.RequestData) -> dict:
    return {}


def raw(body: http.Body) -> http.HTMLResponse:
    return http.HTMLResponse('')


def page() -> str:
    return '<p>page</p>'


def stream() -> Iterator[str]:
    yield 'a'


def anything() -> Any:
    return None


def nothing() -> None:
    return None


def numbers() -> dict[str, tuple[int, float]]:
    return {}


def color() -> Color:
    return Color.RED


def hidden() -> dict:
    return {}


def annotated_as_text(when: 'int' = 1) -> 'Address':
    raise exceptions.NotFound()


def documented_by_hand() -> dict:
    return {}


documented_by_hand.openapi = {
    'deprecated': True,
    'responses': {'202': {'description': 'Later.'}},
}


class CallableHandler:
    def __call__(self, a: int) -> dict:
        """Call an object."""
        return {'a': a}

    __name__ = 'callable_handler'


def with_prefix(prefix: str, name: str) -> dict:
    """Partly applied."""
    return {'name': prefix + name}


partly_applied = functools.partial(with_prefix, prefix='x')
partly_applied.__name__ = 'partly_applied'

inner = [
    Route('/', 'GET', welcome),
    Route('/{a}/{+rest}', 'GET', download, name='deep'),
]
outer: list[Route | Include] = [
    Route('/', 'GET', welcome),
    Include('/inner', 'inner', inner),
]
routes = [
    Route('/', 'GET', welcome),
    Route('/people/', 'GET', list_people),
    Route('/people/', 'POST', create_person),
    Route('/people/bulk/', 'POST', create_people),
    Route('/people/{person_id}/', 'PUT', replace_person),
    Route('/people/{id}/', 'PATCH', replace_person, name='other_parameter_name'),
    Route('/people/{person_id}/', 'DELETE', delete_person),
    Route('/people/', 'GET', welcome, name='never_called'),
    Route('/find/', 'get', find),
    Route('/files/{+path}', 'GET', download),
    Route('/upload/', 'POST', upload),
    Route('/raw/', 'POST', raw),
    Route('/page/', 'GET', page),
    Route('/stream/', 'GET', stream),
    Route('/anything/', 'GET', anything),
    Route('/nothing/', 'GET', nothing),
    Route('/numbers/', 'GET', numbers),
    Route('/color/', 'GET', color),
    Route('/hidden/', 'GET', hidden, documented=False),
    Route('/text/', 'GET', annotated_as_text),
    Route('/by-hand/', 'GET', documented_by_hand),
    Route('/callable/', 'GET', CallableHandler()),
    Route('/partial/', 'GET', partly_applied),
    Route('/café/{size}/', 'GET', welcome, name='non_ascii'),
    Include('/outer', 'outer', outer),
    Include('/again', 'again', inner),
    Include('/secret', 'secret', [Route('/', 'GET', welcome)], documented=False),
]
components = [PageComponent(), SessionComponent()]
