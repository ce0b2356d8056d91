"""Routes whose document has what ours says of pages, problems, dates, statuses and logins."""

import datetime

from apistar import Include, Route, types, validators

from django_apistar.authentication import views
from django_apistar.exceptions import ProblemDetails
from django_apistar.pagination import Cursor, LimitOffset, Page
from django_apistar.responses import conditional, responds


class Entry(types.Type):
    id = validators.Integer()


def list_by_offset(page: LimitOffset) -> Page[Entry]:
    raise NotImplementedError


def list_by_cursor(page: Cursor) -> Page[Entry]:
    raise NotImplementedError


def get_date() -> datetime.datetime:
    raise NotImplementedError


@conditional(last_modified=get_date)
def show() -> Entry:
    raise NotImplementedError


@conditional(last_modified=get_date)
@responds({409: ProblemDetails, **dict.fromkeys((413, 414, 416, 418, 422, 499), Entry)})
def change(entry: Entry) -> Entry:
    raise NotImplementedError


routes = [
    Route('/offset/', 'GET', list_by_offset),
    Route('/cursor/', 'GET', list_by_cursor),
    Route('/entry/', 'GET', show),
    Route('/entry/', 'HEAD', show),
    Route('/entry/', 'PUT', change),
    Include('/auth', 'auth', views.routes),
]
