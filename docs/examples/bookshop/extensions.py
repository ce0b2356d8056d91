import inspect
from typing import Any

from apistar import Component, Route, http, types, validators
from apistar.http import Response
from apistar.server.components import ReturnValue
from apistar.server.wsgi import WSGIEnviron, WSGIStartResponse

from django_apistar.application import App


class ShopApp(App):
    """Wraps each answer of a handler: {"data": …}."""

    def render_response(self, return_value: ReturnValue) -> Response:
        if isinstance(return_value, Response | str):
            return super().render_response(return_value)
        return super().render_response({'data': return_value})


class Isbn(validators.String):
    """A String whose check digit is right."""

    errors = {**validators.String.errors, 'isbn': 'Must be a valid ISBN-13.'}

    def validate(self, value: Any, definitions: Any = None, allow_coerce: bool = False) -> Any:
        value = super().validate(value, definitions, allow_coerce)
        digits = value.replace('-', '')
        if len(digits) != 13 or not digits.isdecimal():
            self.error('isbn')
        if sum(int(digit) * (1, 3)[i % 2] for i, digit in enumerate(digits)) % 10:
            self.error('isbn')
        return digits


class Book(types.Type):
    isbn = Isbn(max_length=17)


class RequestComponent(Component):
    """Gives the request to every parameter that is named `request`, whatever its annotation."""

    def can_handle_parameter(self, parameter: inspect.Parameter) -> bool:
        return parameter.name == 'request'

    def identity(self, parameter: inspect.Parameter) -> str:
        return 'request by its name'

    def resolve(self, request_by_type: http.Request) -> http.Request:
        return request_by_type


def add_book(book: Book) -> dict:
    return {'isbn': book.isbn}


def show_method(request) -> dict:
    return {'method': request.method}


def raw(environ: WSGIEnviron, start_response: WSGIStartResponse) -> list:
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [b'written by hand']


routes = [
    Route('/books/', 'POST', add_book),
    Route('/method/', 'GET', show_method),
    Route('/raw/', 'GET', raw, standalone=True),
]
