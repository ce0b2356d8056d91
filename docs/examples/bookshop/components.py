import inspect
from typing import NewType

from apistar import Component, Route, exceptions, http
from django.http import parse_cookie

Language = NewType('Language', str)


class Pagination:
    """Which part of a list the client wants."""

    def __init__(self, offset: int, limit: int) -> None:
        self.offset = offset
        self.limit = limit


class PaginationComponent(Component):
    def resolve(self, params: http.QueryParams) -> Pagination:
        try:
            offset, limit = int(params.get('offset', '0')), int(params.get('limit', '20'))
        except ValueError:
            raise exceptions.BadRequest({'limit': 'Must be a number.'}) from None
        return Pagination(max(offset, 0), min(max(limit, 1), 100))


class LanguageComponent(Component):
    def resolve(self, accept_language: http.Header) -> Language:
        return Language((accept_language or 'en')[:2])


class Cookie(str):
    """The cookie that has the name of the parameter."""


class CookieComponent(Component):
    def resolve(self, parameter: inspect.Parameter, headers: http.Headers) -> Cookie:
        cookies = parse_cookie(headers.get('Cookie', ''))
        return Cookie(cookies.get(parameter.name, ''))


def list_numbers(page: Pagination, language: Language) -> dict:
    numbers = list(range(100))[page.offset : page.offset + page.limit]
    return {'language': language, 'numbers': numbers}


def show_theme(theme: Cookie) -> dict:
    return {'theme': theme}


routes = [
    Route('/numbers/', 'GET', list_numbers),
    Route('/theme/', 'GET', show_theme),
]
