"""The least that Python can do for item, create and a QuerySet: in each application a step more.

None of them dispatches, asks for a host, limits a body, looks after a connection or tells a client
what is wrong. `account` counts ours against them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Any

import msgspec
import orjson

from management_tests.benchmarks.project.models import Product

Environ = dict[str, Any]
Application = Callable[[Environ, Any], Iterable[bytes]]
HEADERS = [
    ('content-type', 'application/json'), ('x-content-type-options', 'nosniff'),
    ('referrer-policy', 'same-origin'), ('cross-origin-opener-policy', 'same-origin'),
    ('x-frame-options', 'DENY'),
]  # fmt: skip


def respond(start_response: Any, body: bytes) -> list[bytes]:
    start_response('200 OK', [('content-length', str(len(body))), *HEADERS])
    return [body]


def after(work: Callable[[Environ], Any], result: Callable[[], Any]) -> Application:
    """Return what does *work*, and answers *result* whatever came of it."""
    body = orjson.dumps(result())

    def application(environ: Environ, start_response: Any) -> list[bytes]:
        work(environ)
        return respond(start_response, body)

    return application


def encoded(work: Callable[[Environ], Any]) -> Application:
    """Return what answers the result of *work*."""

    def application(environ: Environ, start_response: Any) -> list[bytes]:
        return respond(start_response, orjson.dumps(work(environ)))

    return application


def do_nothing(environ: Environ) -> None:
    """The work of a bare function."""


# item


def parse_item(environ: Environ) -> dict[str, Any]:
    query = dict(pair.split('=') for pair in environ['QUERY_STRING'].split('&'))
    return {
        'pk': int(environ['PATH_INFO'][6:-1]), 'limit': int(query['limit']), 'q': query['q'],
    }  # fmt: skip


def get_item() -> dict[str, Any]:
    return {'pk': 42, 'limit': 20, 'q': 'chair'}


# create


def read(environ: Environ) -> bytes:
    body: bytes = environ['wsgi.input'].read(int(environ['CONTENT_LENGTH']))
    return body


def load(environ: Environ) -> Any:
    return orjson.loads(environ['wsgi.input'].read(int(environ['CONTENT_LENGTH'])))


def validate(environ: Environ) -> dict[str, Any]:
    data = load(environ)
    name, price = data['name'], data['price']
    quantity, in_stock = data.get('quantity', 1), data.get('in_stock', True)
    if (
        type(name) is not str or not 0 < len(name) <= 100
        or type(price) not in (float, int) or not price >= 0
        or type(quantity) is not int or not quantity >= 0 or type(in_stock) is not bool
    ):  # fmt: skip
        raise ValueError
    return {'name': name, 'price': price, 'quantity': quantity, 'in_stock': in_stock}


def get_created() -> dict[str, Any]:
    return {'name': 'Chair', 'price': 12.5, 'quantity': 3, 'in_stock': True}


def build_msgspec() -> Application:
    """Return what leaves to read, to validate and to write to C."""
    item = msgspec.defstruct(
        'Item',
        [
            ('name', Annotated[str, msgspec.Meta(max_length=100)]),
            ('price', Annotated[float, msgspec.Meta(ge=0)]),
            ('quantity', Annotated[int, msgspec.Meta(ge=0)], 1), ('in_stock', bool, True),
        ],
    )  # fmt: skip
    decode, encode = msgspec.json.Decoder(item).decode, msgspec.json.Encoder().encode

    def application(environ: Environ, start_response: Any) -> list[bytes]:
        return respond(start_response, encode(decode(read(environ))))

    return application


# QuerySet


def fetch(environ: Environ) -> list[tuple[Any, ...]]:
    return list(Product.objects.values_list()[:100])


def shape(environ: Environ) -> list[dict[str, Any]]:
    return [
        {
            'id': pk, 'name': name, 'description': description, 'price': price,
            'quantity': quantity, 'in_stock': in_stock,
        }
        for pk, name, description, price, quantity, in_stock in fetch(environ)
    ]  # fmt: skip


def get_rows() -> list[dict[str, Any]]:
    return shape({})


APPLICATIONS: dict[str, Callable[[], Application]] = {
    'item: nothing': lambda: after(do_nothing, get_item),
    'item: parse': lambda: after(parse_item, get_item),
    'item: encode': lambda: encoded(parse_item),
    'create: nothing': lambda: after(do_nothing, get_created),
    'create: read': lambda: after(read, get_created),
    'create: load': lambda: after(load, get_created),
    'create: validate': lambda: after(validate, get_created),
    'create: encode': lambda: encoded(validate),
    'create: msgspec': build_msgspec,
    'queryset: nothing': lambda: after(do_nothing, get_rows),
    'queryset: fetch': lambda: after(fetch, get_rows),
    'queryset: shape': lambda: after(shape, get_rows),
    'queryset: encode': lambda: encoded(shape),
}
